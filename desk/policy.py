"""`whistle policy`: look at policies, check them, try them, and put one in force.

A policy is named by its file (YAML, or frozen JSON), by its published version, or as `national`, the one that is
shipped; without a name it is the one in force. Files work without a running system; versions are asked of the API.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

import rulebook
from desk import policy_shown as shown
from desk import render
from desk.client import Refused, Usage
from desk.options import DEFAULT_PERSON, Api, As, Category, Machine, Province, Zone
from desk.policy_desk import policy_desk
from desk.rebuild import ADMINISTRATOR
from domain.model import OrderClass
from rulebook import NATIONAL, Asked, Fault, Frozen, Known, feeds
from rulebook.paste import pasted

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="政策 / the limits that orders run by.")

File = Annotated[Path, typer.Argument(metavar="FILE", help="政策文件 / the policy's file: YAML, or frozen JSON.")]
Named = Annotated[
    str,
    typer.Argument(
        metavar="[FILE|VERSION]",
        help=f"文件、版本或 {NATIONAL}; 默认现行版本 / a file, a version or '{NATIONAL}'; default: the one in force.",
    ),
]
Tier = Annotated[str, typer.Option("--tier", help="客户等级 / the customer's tier.")]
Area = Annotated[str, typer.Option("--area", help="地区 / the area, such as rural.")]
Priority = Annotated[str, typer.Option("--priority", help="优先级 / the priority: low, normal, high, critical.")]
Unit = Annotated[str, typer.Option("--unit", help="承办单位 / the unit that would have it, such as GD.net.")]
_YEARS = re.compile(r"(\d{4})(?:-(\d{4}))?", re.ASCII)


@app.callback()
def policy() -> None:
    """政策 / the limits that orders run by."""


@app.command("check")
def check(file: File, machine: Machine = False) -> None:
    """检查政策文件 / everything that is wrong with a policy, by line, and exit 2; else what would be in force."""
    found = _loaded(str(file), Known(now=datetime.now(UTC)))
    if machine:
        render.as_json({"ok": not found.errors, "faults": [asdict(fault) for fault in found.faults]})
    else:
        shown.faults(str(file), found.faults)
        if not found.errors:
            shown.in_force(found.document, _asked(found.document, "", "normal", "", "", "normal", ""))
    if found.document.get("units"):
        shown.units_unchecked(render.err if machine else render.out)
    if found.errors:
        raise typer.Exit(2)


@app.command("show")
def show(
    name: Named = "",
    order_class: Annotated[str, typer.Option("--class", help="只看一类, 并说明规则 / one class, with its rules.")] = "",
    province: Province = "",
    tier: Tier = "normal",
    area: Area = "",
    category: Category = "",
    priority: Priority = "normal",
    unit: Unit = "",
    api: Api = "",
    person: As = DEFAULT_PERSON,
    machine: Machine = False,
) -> None:
    """查看政策 / what is in force by class; with --class each limit and the rule that set it."""
    document = _document(name, api, person)
    if machine:
        render.as_json(document)
        return
    asked = _asked(document, province, tier, area, category, priority, unit)
    if order_class:
        shown.rules(document, _of_class(asked, order_class))
    else:
        shown.in_force(document, asked)


@app.command("diff")
def diff(
    before: Annotated[str, typer.Argument(metavar="FILE|VERSION", help="原政策 / the old policy.")],
    after: Annotated[str, typer.Argument(metavar="FILE|VERSION", help="新政策 / the new policy.")],
    api: Api = "",
    person: As = DEFAULT_PERSON,
    machine: Machine = False,
) -> None:
    """比较政策 / what changed between two policies, limit by limit."""
    changes = rulebook.diff(_document(before, api, person), _document(after, api, person))
    if machine:
        render.as_json([asdict(change) for change in changes])
        return
    shown.changes(changes)


@app.command("due")
def due(
    name: Named = "",
    order_class: Annotated[
        str, typer.Option("--class", help="工单类别 / the order's class, such as general.")
    ] = "general",
    province: Province = "GD",
    tier: Tier = "normal",
    area: Area = "",
    category: Category = "",
    priority: Priority = "normal",
    unit: Unit = "",
    opened: Annotated[
        str,
        typer.Option("--opened", help="起始时间, 默认现在 / when it begins, such as 2026-11-20T16:40; default: now."),
    ] = "",
    kind: Annotated[
        list[str] | None, typer.Option("--kind", help="只看此时限, 可多次 / this limit alone; may be repeated.")
    ] = None,
    api: Api = "",
    person: As = DEFAULT_PERSON,
    zone: Zone = render.DEFAULT_ZONE,
    machine: Machine = False,
) -> None:
    """试算时限 / every due time that an order would have, with its rule and how it was reckoned. Touches no order."""
    document, begins = _document(name, api, person), _begin(opened)
    asked = _of_class(_asked(document, province, tier, area, category, priority, unit), order_class)
    try:
        found = rulebook.preview(document, asked, begins)
    except ValueError as error:
        raise Usage(f"--opened: {opened}: {error}") from None
    if kind:
        unknown = [one for one in kind if one not in {due.kind for due in found}]
        if unknown:
            there = ", ".join(due.kind for due in found)
            raise Usage(f"--kind: {', '.join(unknown)}: 无此时限 / there is no such limit · → {there}")
        found = tuple(due for due in found if due.kind in kind)
    if machine:
        render.as_json([shown.as_data(one) for one in found])
    else:
        shown.due_times(document, asked, begins, found)


@app.command("freeze")
def freeze(
    file: File,
    out: Annotated[Path | None, typer.Option("--out", help="写入文件 / write it there instead of printing.")] = None,
) -> None:
    """冻结政策 / the document that is stored: every holiday expanded, with its source."""
    text = rulebook.text_of(_demanded(str(file))) + "\n"
    if out is None:
        typer.echo(text, nl=False)
    else:
        _write(out, text)


@app.command("publish")
def publish(file: File, api: Api = "", person: As = ADMINISTRATOR, machine: Machine = False) -> None:
    """发布政策 / put a policy in force for new orders; administrators and headquarters. Refused with all its faults."""
    document = _demanded(str(file))
    with policy_desk(api, person) as connection:
        try:
            answer = connection.post("/policies", {"document": document})
        except Refused as refused:
            shown.refused(refused.problem)
            raise
    if machine:
        render.as_json(answer)
        return
    one = answer["published"]
    shown.faults(str(file), [Fault(**fault) for fault in answer["warnings"]], quiet=True)
    if answer["changed"]:
        said = "已发布, 对新工单生效 / is published and now in force for new orders"
        if answer["before"]:
            said += f" · 此前生效的是 / in force before: {answer['before']}"
    else:
        said = "此前已发布, 内容相同 / was published before with this very content"
        if answer["before"] != one["version"]:
            said += f" · 现行仍为 / still in force is: {answer['before']}"
    render.out.print(f"{one['version']} {said}", soft_wrap=True)
    if answer["changed"]:
        hint = f"办理中的工单不变 / running orders keep theirs · → whistle policy migrate {one['version']}"
        render.out.print(hint, style="dim", soft_wrap=True)


@app.command("versions")
def versions(
    api: Api = "", person: As = DEFAULT_PERSON, zone: Zone = render.DEFAULT_ZONE, machine: Machine = False
) -> None:
    """政策版本 / every published version: who published it, when, which is in force."""
    with policy_desk(api, person) as connection:
        found = connection.get("/policies")
    if machine:
        render.as_json(found)
    else:
        shown.versions(found)


@app.command("holidays")
def holidays(
    country: Annotated[str, typer.Argument(help="国家 / the country's code, such as CN.")],
    years: Annotated[str, typer.Argument(help="年份 / years, such as 2026 or 2026-2028,2030.")],
    subdivision: Annotated[str, typer.Option(help="省州 / a province or state, where the library knows it.")] = "",
) -> None:
    """列出节假日 / a country's public holidays and make-up days by the library, as YAML to paste into `holidays`."""
    asked = _years(years)
    try:
        found = feeds.library_days(country, asked, subdivision)
    except LookupError as error:
        known = feeds.countries()
        listed = known if error.args[0] == country else known[country]
        raise Usage(f"{error.args[0]}: 假日库中没有 / the library does not know it · → {', '.join(listed)}") from None
    typer.echo(pasted(found, f"{country} {years}"), nl=False)


@app.command("ics")
def ics(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="日历文件 / a calendar file (.ics).")],
    years: Annotated[str, typer.Option(help="只看这些年份 / these years alone, such as 2026-2027.")] = "",
) -> None:
    """列出日历文件 / the whole-day events of a calendar file by name, as YAML to paste into `holidays`."""
    try:
        found = feeds.ics_days(file.read_bytes(), file.name, _years(years) if years else ())
    except OSError as error:
        raise Usage(f"{file}: 无法读取 / cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise Usage(f"{file}: {error} · → 导出为 / export it as .ics") from None
    typer.echo(pasted(found, file.name), nl=False)


def _years(text: str) -> list[int]:
    found: list[int] = []
    for part in text.split(","):
        match = _YEARS.fullmatch(part.strip())
        if match is None or not (int(match[1]) in feeds.YEARS and int(match[2] or match[1]) in feeds.YEARS):
            raise Usage(f"{text!r}: 不是年份 / are no years · → 2026, 2026-2028 或 or 2026,2028")
        found.extend(range(int(match[1]), int(match[2] or match[1]) + 1))
    return found


def _is_file(name: str) -> bool:
    return Path(name).suffix.lower() in (".yaml", ".yml", ".json") or "/" in name or Path(name).is_file()


def _loaded(name: str, known: Known | None = None) -> Frozen:
    """A policy's file, or the shipped policy, frozen; raises Usage when there is no such file."""
    if name == NATIONAL and not Path(name).is_file():
        return rulebook.national()
    try:
        return rulebook.load(Path(name), known)
    except FileNotFoundError:
        raise Usage(f"{name}: 没有此文件 / there is no such file") from None
    except OSError as error:
        raise Usage(f"{name}: 无法读取 / cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise Usage(f"{name}: 须为 UTF-8 / must be UTF-8: byte {error.start}") from None


def _demanded(name: str) -> dict[str, Any]:
    """The document of a file; prints its faults and ends with exit code 2 when it has any."""
    found = _loaded(name)
    if found.errors:
        shown.faults(name, found.faults, to=render.err)
        raise typer.Exit(2)
    return found.document


def _document(name: str, api: str, person: str) -> dict[str, Any]:
    """The document that a word names: a file's, a version's, or the one in force."""
    if name and (name == NATIONAL or _is_file(name)):
        return _demanded(name)
    with policy_desk(api, person) as connection:
        found = connection.get(f"/policies/{name or 'current'}")
    document: dict[str, Any] = found["document"]
    wrong = [fault for fault in rulebook.check(document) if not fault.warning]
    if wrong:
        raise Usage(f"{document.get('version', name)}: {wrong[0]} · 此版本过旧 / this version is of an older shape")
    return document


def _asked(
    document: dict[str, Any], province: str, tier: str, area: str, category: str, priority: str, unit: str
) -> Asked:
    """The question, after its names have been looked up; raises Usage that lists all that are unknown."""
    asked = Asked(OrderClass.GENERAL, province, tier, area, category, priority, unit)
    wrong = [fault for fault in rulebook.misnamed(document, asked) if fault.path != "province" or province]
    if wrong:
        raise Usage(_listed(wrong))
    if unit:
        shown.units_unchecked(render.err)
    return asked


def _listed(faults: Sequence[Fault]) -> str:
    return "\n".join(
        f"--{fault.path}: {fault.reason_zh} / {fault.reason_en} · → {fault.remedy_zh} / {fault.remedy_en}"
        for fault in faults
    )


def _of_class(asked: Asked, order_class: str) -> Asked:
    names = [one.value for one in OrderClass]
    if order_class not in names:
        raise Usage(f"--class: {order_class}: 没有此类 / there is no such class · → {', '.join(names)}")
    return shown.of_class(asked, OrderClass(order_class))


def _begin(text: str) -> datetime:
    if not text or text == "now":
        return datetime.now(UTC).replace(microsecond=0)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Usage(f"--opened: {text!r}: 须为时间 / must be a time · → 2026-11-20T16:40") from None
    return (at if at.tzinfo else at.replace(tzinfo=render.zone())).astimezone(UTC)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Usage(f"{path}: 无法写入 / cannot be written: {error.strerror}") from None
