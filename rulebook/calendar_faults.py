"""What is wrong with a document's calendars: the calendar's own check in both languages, and calendars not there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from domain.calendar import Calendar, always, check
from domain.policy import calendar_from
from rulebook.faults import Faults, Said, nearest, under
from rulebook.meaning import Known
from rulebook.shapes import MISSING


def calendars(document: dict[str, Any], faults: Faults, known: Known) -> None:
    """Zones, dates, shifts and working time of every calendar, and that every calendar named is there."""
    listed = document.get("calendars", {})
    for name, calendar in listed.items():
        usable = _usable(calendar)
        if usable is None:
            continue
        follows = faults.within(f"calendars.{name}")
        for fault in check(usable):
            if follows and fault.field == "week" and not any(usable.week):
                continue
            path = f"calendars.{name}.{fault.field}"
            faults.add(path, _both(fault.reason, _REASONS), _both(fault.remedy, _REMEDIES))
    for path, name in _named(document):
        if name not in listed and not faults.within(f"calendars.{name}"):
            faults.add(path, (f"没有日历 {name}", f"there is no calendar {name}"), nearest(name, listed))


def of_hours(hours: Sequence[Sequence[int]], path: str, faults: Faults) -> bool:
    """Add what is wrong with the hours of one day, as with those of a week; True when nothing is."""
    week = (tuple((opens, closes) for opens, closes in hours), *_USUAL.week[1:])
    found = check(replace(_USUAL, week=week))
    for fault in found:
        faults.add(path, _both(fault.reason, _REASONS), _both(fault.remedy, _REMEDIES))
    return not found


_USUAL = always("UTC")


def _usable(calendar: dict[str, Any]) -> Calendar | None:
    """The calendar, when all of its shape is in order."""
    specials = calendar.get("specials", [])
    shifts = [*calendar.get("week", []), *(one.get("shifts", []) for one in specials if one is not MISSING)]
    whole = (
        "zone" in calendar and "week" in calendar and not any(one is MISSING or "first" not in one for one in specials)
    )
    if not whole or any(
        day is MISSING or any(shift is MISSING or len(shift) != 2 or MISSING in shift for shift in day)
        for day in shifts
    ):
        return None
    return calendar_from(calendar)


def _named(document: dict[str, Any]) -> list[tuple[str, str]]:
    """Every calendar that the document names, and where."""
    found = [("calendar", document["calendar"])] if "calendar" in document else []
    for section in ("provinces", "units"):
        for name, place in document.get(section, {}).items():
            if "calendar" in place:
                found.append((under(under(under("", section), name), "calendar"), place["calendar"]))
    return found


_REASONS = {
    r"(.+) is no zone": r"\1 不是时区",
    r"it has (\d+) days": r"应有 7 天, 却有 \1 天",
    r"it has no working time at all": "没有任何工作时间",
    r"it ends on (\S+), before it begins on (\S+)": r"结束日 \1 早于开始日 \2",
    r"no working time from (\S+) to (\S+), (\d+) days on end": r"自 \1 至 \2 连续 \3 天没有工作时间",
    r"the shift (\S+) leaves the day": r"班次 \1 超出当日",
    r"the shift (\S+) is empty": r"班次 \1 没有时长",
    r"(\S+) stands after (\S+)": r"班次 \1 应写在 \2 之前",
    r"(\S+) and (\S+) overlap": r"班次 \1 与 \2 重叠",
    r"(.+) is no date": r"\1 不是日期",
}
_REMEDIES = {
    r"write an IANA name such as (.+)": r"写 IANA 时区名, 如 \1",
    r"give the shifts of 7 days, Monday first": "写满 7 天的班次, 周一在前",
    r"give at least one day a shift": "至少一天要有班次",
    r"exchange first and last": "对调 first 与 last",
    r"close at most (\d+) days on end, or change the week": r"连续停办不超过 \1 天, 或改每周班次",
    r"keep it between 00:00 and 24:00; a night shift is written on two days": "限于 00:00 至 24:00; 夜班分写在两天",
    r"let it close after it opens": "结束须晚于开始",
    r"write the shifts of a day in order": "按先后书写",
    r"let them touch at most": "首尾相接即可, 不可重叠",
    r"write it as (\S+)": r"写成 \1",
}


def _both(text: str, table: dict[str, str]) -> Said:
    """The calendar's own words, with their Chinese."""
    for pattern, chinese in table.items():
        if re.fullmatch(pattern, text):
            return re.sub(pattern, chinese, text), text
    return text, text
