"""`whistle audit export-log`: the ledger as an event log for other programs."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from audit.exports.formats import KINDS, Format
from desk import render, verbs
from desk.client import Usage
from desk.options import AUDITOR, Api, As, Category, Class, Machine, Province, Since, Until, desk
from domain.model import OrderClass, State


def export_log(
    format_: Annotated[str, typer.Option("--format", help=f"格式 / one of {', '.join(Format)}.")],
    reason: Annotated[str, typer.Option(help="理由 / why; it is kept on record.")],
    out: Annotated[Path | None, typer.Option(help="写到 / where to. Default: whistle-log.<ending> here.")] = None,
    since: Since = "",
    until: Until = "",
    province: Province = "",
    category: Category = "",
    order_class: Class = "",
    unit: Annotated[str, typer.Option(help="单位 / in which this unit had a part.")] = "",
    state: Annotated[list[str] | None, typer.Option(help="状态 / in this state; may be repeated.")] = None,
    order: Annotated[list[str] | None, typer.Option(help="工单 / this one; may be repeated.")] = None,
    imported: Annotated[
        bool | None, typer.Option(help="仅导入的, 或不含 / only imported orders, or none of them.")
    ] = None,
    api: Api = "",
    person: As = AUDITOR,
    machine: Machine = False,
) -> None:
    """导出事件日志 / write the event log as OCEL 2.0, XES, CSV or Parquet, of the selected orders or all."""
    _one_of("format", format_, tuple(Format))
    if order_class:
        _one_of("class", order_class, tuple(OrderClass))
    for one in state or ():
        _one_of("state", one, tuple(State))
    times = {name: verbs.instant(flag, text) for name, flag, text in (
        ("since", "from", since), ("until", "until", until)) if text}  # fmt: skip
    named = {"province": province, "category": category, "order_class": order_class, "unit": unit}
    body: dict[str, Any] = {"format": format_, "reason": reason, **times}
    body |= {name: value for name, value in named.items() if value}
    body |= {"state": state} if state else {}
    body |= {"ids": order} if order else {}
    body |= {} if imported is None else {"imported": imported}
    target = out or Path(f"whistle-log.{KINDS[Format(format_)].ending}")
    begun, size = time.monotonic(), 0
    part = target.with_name(target.name + ".part")
    try:
        with desk(api, person) as connection, part.open("wb") as file:
            for piece in connection.download("/audit/exports", body):
                size += file.write(piece)
        part.replace(target)
    except OSError as error:
        raise Usage(f"{target}: {error.strerror or error} · → 换一处 / name another place with --out") from error
    finally:
        part.unlink(missing_ok=True)
    seconds = round(time.monotonic() - begun, 2)
    if machine:
        render.as_json({"file": str(target), "bytes": size, "seconds": seconds})
    else:
        render.out.print(f"{target}: {size} 字节 bytes, {seconds} s", markup=False)


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise Usage(f"--{name}: 没有 / there is no {value} · → 可用 one of: {', '.join(known)}")
