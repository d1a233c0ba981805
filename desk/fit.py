"""`whistle policy fit-check`: an office's own due times, against what our calendars make of them.

The table is one of municipal requests as cities publish them (CSV, also gzipped, or XLSX), with the columns of
`COLUMNS`; times are local to the office. What is fitted, and what counts as a hit, is said in `rulebook.fit`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

import typer
from rich.table import Table as Shown

from desk import reading, render
from desk.client import Usage
from desk.options import Machine
from desk.reading import Table, Unreadable
from rulebook.candidates import Office, Request, offices
from rulebook.feeds import YEARS
from rulebook.fit import WITHIN, Fit, TypeFit, fit

COLUMNS = ("TYPE", "OPEN_DT", "TARGET_DT", "CLOSED_DT", "OnTime_Status")
"""What a table must have: the type, the three times (target and close may be empty), and the office's verdict."""
TIMES = "%m/%d/%Y %I:%M:%S %p"
_VERDICTS = {"OVERDUE": True, "ONTIME": False, "": None}
_SHOWN_FAULTS = 10


def fit_check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV (also .gz) 或 XLSX / CSV (also .gz) or XLSX.")],
    zone: Annotated[str, typer.Option(help="表中时间的时区 / the zone of the table's times.")] = "America/New_York",
    country: Annotated[str, typer.Option(help="节假日: 国家 / whose holidays: the country.")] = "US",
    province: Annotated[str, typer.Option(help="节假日: 省州 / and the province or state.")] = "MA",
    times: Annotated[str, typer.Option(help="时间格式 / how times are written, besides ISO.")] = TIMES,
    machine: Machine = False,
) -> None:
    """核对时限 / fit one policy a type to an office's own due times, on the earlier half; check it on the later."""
    found = read(reading.look(file), zone, times)
    result = fit(found, _candidates(found, zone, country, province))
    if machine:
        render.as_json(summary(result))
    else:
        _show(result, ZoneInfo(zone))
    if not result.met:
        raise typer.Exit(1)


def read(table: Table, zone: str, times: str = TIMES) -> list[Request]:
    """The requests of a table, in its order.

    Raises:
        Usage: a column is missing, or rows cannot be read: each with its number, field, reason and remedy.
    """
    if zone not in available_timezones():
        raise Usage(f"--zone: {zone}: 不是时区 / is no time zone · → 如 such as America/New_York")
    if missing := [name for name in COLUMNS if name not in table.columns]:
        raise Usage(
            f"{table.path} · row 1: {', '.join(missing)}: 缺列 / missing column · "
            f"→ 需有列 name the columns {', '.join(COLUMNS)}"
        )
    local = ZoneInfo(zone)
    requests: list[Request] = []
    faults: list[str] = []
    for row in table.rows():
        if isinstance(row, Unreadable):
            faults.append(f"row {row.number}: {row.reason} · → {row.remedy}")
            continue
        cells = {name: row.cells[name].strip() for name in COLUMNS}
        wrong = list(_faults(cells, times, local))
        faults += [f"row {row.number}: {fault}" for fault in wrong]
        if not wrong:
            opened, target, closed = (_instant(cells[name], times, local) for name in COLUMNS[1:4])
            assert opened is not None
            verdict = _VERDICTS[cells["OnTime_Status"]]
            requests.append(Request(row.number, cells["TYPE"], opened, target, closed, verdict))
    if faults:
        more = [f"… {len(faults) - _SHOWN_FAULTS} 处未列 / more"] if len(faults) > _SHOWN_FAULTS else []
        raise Usage("\n".join([f"{table.path}:", *faults[:_SHOWN_FAULTS], *more]))
    if not requests:
        raise Usage(f"{table.path}: 没有数据行 / no rows · → 换一个文件 / give a table with requests")
    return requests


def _faults(cells: dict[str, str], times: str, zone: ZoneInfo) -> Iterator[str]:
    for name in ("TYPE", "OPEN_DT"):
        if not cells[name]:
            yield f"{name}: 为空 / is empty · → 填写或删去该行 / fill it in or leave the row out"
    for name in COLUMNS[1:4]:
        try:
            at = _instant(cells[name], times, zone)
        except ValueError:
            yield (
                f"{name}: {cells[name]!r} 不是时间 / is no time · → 按 write it as "
                f"{datetime(2015, 1, 9, 14, 56, 26, tzinfo=zone).strftime(times)} 或 or ISO, 或 or --times"
            )
            continue
        if at and at.year not in YEARS:
            yield f"{name}: {cells[name]!r} 超出年份 / lies outside {YEARS[0]}–{YEARS[-1]} · → 更正 / mend the year"
    if cells["OnTime_Status"] not in _VERDICTS:
        yield f"OnTime_Status: {cells['OnTime_Status']!r} 无此结论 / is no verdict · → OVERDUE, ONTIME 或空 or nothing"


def _instant(text: str, times: str, zone: ZoneInfo) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.strptime(text, times)  # noqa: DTZ007  # the zone is the table's
    except ValueError:
        at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def _candidates(requests: list[Request], zone: str, country: str, province: str) -> tuple[Office, ...]:
    last = max(one.target or one.opened for one in requests).year
    # A policy may lead past the last target: as far as it lay behind its opening at most, and holidays move.
    first = min(one.opened for one in requests).year
    try:
        return offices(zone, range(max(first - 1, YEARS[0]), min(2 * last - first + 2, YEARS[-1])), country, province)
    except LookupError as error:
        name = "--country" if error.args[0] == country else "--province"
        raise Usage(f"{name}: {error.args[0]!r} 未知 / unknown · → 如 such as US, MA") from None


def summary(result: Fit) -> dict[str, Any]:
    """The whole result for a machine."""
    return {
        "met": result.met,
        "within_share": result.share,
        "aim": WITHIN,
        **{name: result.total(name) for name in _COUNTS},
        "verdicts": asdict(result.verdicts),
        "types": [_machine(one) for one in result.types],
    }


_COUNTS = ("early", "explained", "later", "within", "other", "dst", "dst_within", "dst_shifted", "dst_told")


def _machine(one: TypeFit) -> dict[str, Any]:
    said: dict[str, Any] = {"type": one.type, "zh": one.zh, "en": one.en, "untargeted": one.untargeted}
    said["policy"] = {"number": one.policy.number, "unit": one.policy.unit} if one.policy else None
    said["since"] = one.since.isoformat() if one.since else None
    return said | {name: getattr(one, name) for name in (*_COUNTS, "missed")}


def _show(result: Fit, zone: ZoneInfo) -> None:
    table = Shown(box=None, header_style="bold", pad_edge=False)
    table.add_column("类型 type", overflow="fold", ratio=2)
    table.add_column("行 rows", justify="right", no_wrap=True)
    table.add_column("规则 policy", overflow="fold", ratio=3)
    table.add_column("后半吻合 later half", justify="right", no_wrap=True)
    for one in result.types:
        share = f"{one.within}/{one.later}" + (f" {one.within / one.later:7.2%}" if one.later else "")
        table.add_row(one.type, str(one.early + one.later), _policy(one, zone), share)
    render.out.print(table)
    for line in _totals(result):
        render.out.print(line, soft_wrap=True)


def _policy(one: TypeFit, zone: ZoneInfo) -> str:
    since = f"\n自 since {one.since.astimezone(zone):%Y-%m-%d}" if one.since else ""
    return f"{one.zh}\n{one.en}{since}"


def _totals(result: Fit) -> Iterator[str]:
    count = result.total
    within, later, other, verdicts = count("within"), count("later"), count("other"), result.verdicts
    yield ""
    yield (
        f"合计 all types: {within}/{later} 行在两分钟内 rows within two minutes, {result.share:.2%}; "
        f"目标 aim {WITHIN:.0%}"
    )
    yield (
        f"其余 the rest: {later - within}: {other} 为同一日历的另一期限 another number on the same calendar, "
        f"{later - within - other} 非任何规则 no policy at all"
    )
    yield (
        f"跨时钟变更 across a clock change: {count('dst')}: {count('dst_within')} 吻合 within, "
        f"{count('dst_shifted')} 差一小时 wrong by an hour; 若按 24 小时一天会错 days of 24 hours would miss "
        f"{count('dst_told')}"
    )
    yield (
        f"结论 verdicts: {verdicts.checked} 行 rows, {len(verdicts.wrong)} 行不符 wrong; "
        f"{verdicts.unsaid} 行无结论 without one"
    )
    if verdicts.wrong:
        yield "行 rows: " + ", ".join(map(str, verdicts.wrong[:20])) + (" …" if len(verdicts.wrong) > 20 else "")
    yield "达到目标 all aims met" if result.met else "未达到目标 aims missed"
