"""Hours as a policy writes them: `mon-fri: 09:00-12:00 13:30-18:00`, and days: `2026-10-01..2026-10-07`."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from rulebook.faults import Faults, nearest, under

Shifts = list[list[int]]
"""The shifts of a day as the frozen document has them: [opens, closes] in minutes after local midnight."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WHOLE_DAY: Shifts = [[0, 1440]]
LONGEST_RANGE = 400
"""In days: a longer range is a slip of the pen."""
_TIMES = re.compile(r"(\d{1,2}):([0-5]\d)-(\d{1,2}):([0-5]\d)", re.ASCII)
_RANGE = re.compile(r"(\S+?)(?:\s*\.\.\s*(\S+))?")
_AS_HOURS = ("写成 09:00-18:00 或 09:00-12:00 13:30-18:00", "write 09:00-18:00, or 09:00-12:00 13:30-18:00")
_AS_DAY = ("写成 2026-10-01 或 2026-10-01..2026-10-07", "write 2026-10-01, or 2026-10-01..2026-10-07")


def shifts(text: Any, path: str, faults: Faults) -> Shifts:
    """The shifts that a text such as `09:00-12:00 13:30-18:00` means; `closed` or nothing is a day off.

    Whether they overlap or leave the day is found by the calendar's own check.
    """
    if text is None or text == "closed":
        return []
    found: Shifts = []
    for part in re.sub(r"\s*-\s*", "-", str(text).strip()).replace(",", " ").split():
        match = _TIMES.fullmatch(part)
        if match is None:
            faults.add(path, (f"{part!r} 不是工作时间", f"{part!r} is no working time"), _AS_HOURS)
            continue
        hours = [int(group) for group in match.groups()]
        found.append([hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]])
    return found


def week(hours: Any, path: str, faults: Faults) -> tuple[list[Shifts], dict[int, str]]:
    """The shifts of the seven days, Monday first, and under which key each day was written."""
    found: list[Shifts] = [[] for _ in DAYS]
    written: dict[int, str] = {}
    if not isinstance(hours, dict):
        remedy = ("写成 mon-fri: 09:00-18:00", "write mon-fri: 09:00-18:00")
        faults.add(path, ("应按星期写明工作时间", "the hours are not written by weekday"), remedy)
        return found, written
    for key, text in hours.items():
        inner = under(path, key)
        for day in _weekdays(key, inner, faults):
            if day in written:
                reason = (f"{DAYS[day]} 已写于 {written[day]}", f"{DAYS[day]} stands in {written[day]} already")
                faults.add(inner, reason, ("每天只写一次", "write each day once"))
            else:
                written[day] = inner
                found[day] = shifts(text, inner, faults)
    return found, written


def _weekdays(key: str, path: str, faults: Faults) -> list[int]:
    found: list[int] = []
    for part in key.replace(" ", "").lower().split(","):
        first, _, last = part.partition("-")
        for name in (first, last or first):
            if name not in DAYS:
                faults.add(path, (f"{name!r} 不是星期", f"{name!r} is no weekday"), nearest(name, DAYS))
                return []
        begin, end = DAYS.index(first), DAYS.index(last or first)
        found.extend(day % 7 for day in range(begin, end + 1 if end >= begin else end + 8))
    return found


def days(text: Any, path: str, faults: Faults) -> tuple[str, str] | None:
    """The first and last day, ISO, of `2026-10-01` or `2026-10-01..2026-10-07`; None, with a fault, for anything else.

    A last day before the first is found by the calendar's own check.
    """
    match = _RANGE.fullmatch(text.strip()) if isinstance(text, str) else None
    first, last = (match[1], match[2] or match[1]) if match else ("", "")
    for name in (first, last):
        if not is_day(name):
            faults.add(path, (f"{name or text!r} 不是日期", f"{name or text!r} is no date"), _AS_DAY)
            return None
    if (date.fromisoformat(last) - date.fromisoformat(first)).days > LONGEST_RANGE:
        reason = (f"跨度超过 {LONGEST_RANGE} 天", f"it spans more than {LONGEST_RANGE} days")
        faults.add(path, reason, ("检查年份", "check the years"))
        return None
    return first, last


def is_day(text: str) -> bool:
    """True for an ISO date such as 2026-10-01 and no other spelling."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def each(first: str, last: str) -> list[str]:
    """Every day from the first to the last, ISO."""
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    return [(begin + timedelta(days=number)).isoformat() for number in range((end - begin).days + 1)]


def written(shifts: Shifts) -> str:
    """The shifts of a day as they are written, such as 09:00-12:00 13:30-18:00; '' for a day off."""
    return " ".join(f"{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in shifts)


def without(open_hours: Shifts, closed: Shifts) -> Shifts:
    """The shifts less the hours that are closed."""
    left = open_hours
    for begin, end in closed:
        cut = [part for opens, closes in left for part in ([opens, min(closes, begin)], [max(opens, end), closes])]
        left = [[opens, closes] for opens, closes in cut if opens < closes]
    return left
