"""A calendar as people write it, frozen: hours, holidays from notices, libraries and files, closures, each expanded.

office:
zh: 办公时间
en: Office hours
zone: Asia/Shanghai
hours: {mon-fri: 09:00-12:00 13:30-18:00}         # or  always: true
holidays:                                         # one, or a list
- {library: CN, years: [2027], except: [元旦]}
- {ics: holidays.ics, only: ["*节"]}
- of: "2026"
source: which notice says so
off: [{days: 2026-10-01..2026-10-07, zh: 国庆节, en: National Day}]
work: [{days: 2026-10-10, zh: 调休上班, en: make-up day}]
days:                                             # what differs besides; the last one holds
- {on: 2026-11-20, closed: 13:00-18:00, zh: 搬迁, en: Moving}
- {on: 2026-12-31, hours: 09:00-12:00}
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from rulebook import calendar_faults, feeds, hours
from rulebook.faults import Faults, nearest, under
from rulebook.feeds import Day

Reader = Callable[[str], bytes]
"""Gives the content of a file that a policy names; raises OSError."""

FROZEN = ("week", "specials", "sources")
"""The keys of a calendar that is frozen already."""
_KEYS = ("zh", "en", "zone", "hours", "always", "make_up_hours", "holidays", "days")
_KINDS = {
    "library": ("library", "years", "subdivision", "only", "except", "note"),
    "ics": ("ics", "years", "only", "except", "note"),
    "source": ("source", "of", "off", "work"),
}
_AS_BLOCK = ("写明 library、ics 或 source 其一", "name one of library, ics or source")


@dataclass(slots=True)
class _Making:
    """A calendar on its way: its path, what is frozen so far, and the hours of make-up days with where they stand."""

    path: str
    made: dict[str, Any]
    make_up: hours.Shifts
    make_up_at: str


class Freezer:
    """Freezes the calendars of one document.

    Attributes:
        origins: from each path of the frozen calendars to the one in the source that it was made from.
    """

    def __init__(self, faults: Faults, reader: Reader) -> None:
        self.origins: dict[str, str] = {}
        self._faults = faults
        self._reader = reader

    def frozen(self, source: dict[str, Any], path: str) -> dict[str, Any]:
        """The frozen form of one calendar; what cannot be read is left out and noted as a fault."""
        for key in source:
            if key not in _KEYS:
                self._unknown(under(path, key), key, _KEYS)
        week = self._week(source, path)
        made: dict[str, Any] = {key: source[key] for key in ("zh", "en", "zone") if key in source}
        made |= {"week": week, "specials": [], "sources": []}
        it = _Making(path, made, *self._make_up(source, week, path))
        blocks = source.get("holidays", [])
        for place, block in enumerate(blocks if isinstance(blocks, list) else [blocks]):
            inner = under(under(path, "holidays"), place) if isinstance(blocks, list) else under(path, "holidays")
            self._holidays(it, block, inner)
        order = sorted(range(len(made["specials"])), key=lambda place: made["specials"][place]["first"])
        self._reorder(path, order)
        made["specials"] = [made["specials"][place] for place in order]
        listed = source.get("days", [])
        for place, entry in enumerate(self._items(listed, under(path, "days"))):
            self._day(it, entry, under(under(path, "days"), place))
        if not made["sources"]:
            del made["sources"]
        return made

    def _week(self, source: dict[str, Any], path: str) -> list[hours.Shifts]:
        if source.get("always") is True:
            if "hours" in source:
                reason = ("hours 与 always 不能同时写", "hours and always exclude each other")
                self._faults.add(under(path, "always"), reason, ("只写其一", "write one of them"))
            return [[list(shift) for shift in hours.WHOLE_DAY] for _ in hours.DAYS]
        if "hours" not in source:
            remedy = (
                "写 hours: {mon-fri: 09:00-18:00} 或 always: true",
                "write hours: {mon-fri: 09:00-18:00}, or always: true",
            )
            self._faults.add(path, ("没有工作时间", "it has no hours"), remedy)
        week, written = hours.week(source.get("hours", {}), under(path, "hours"), self._faults)
        for day, where in written.items():
            self.origins[f"{path}.week[{day}]"] = where
        self.origins[f"{path}.week"] = under(path, "hours")
        return week

    def _make_up(self, source: dict[str, Any], week: list[hours.Shifts], path: str) -> tuple[hours.Shifts, str]:
        """The hours of make-up days, and where they are written: of their own, or those of the week's first day."""
        if "make_up_hours" in source:
            where = under(path, "make_up_hours")
            return hours.shifts(source["make_up_hours"], where, self._faults), where
        day = next((day for day, shifts in enumerate(week) if shifts), 0)
        return week[day], self.origins.get(f"{path}.week[{day}]", path)

    def _holidays(self, it: _Making, block: Any, path: str) -> None:
        kind = next((key for key in _KINDS if isinstance(block, dict) and key in block), "")
        if not kind:
            self._faults.add(path, ("不知从何处取假日", "it does not say where the holidays come from"), _AS_BLOCK)
            return
        for key in block:
            if key not in _KINDS[kind]:
                self._unknown(under(path, key), key, _KINDS[kind])
        if kind == "source":
            it.made["sources"].append({"of": str(block.get("of", "")), "source": str(block["source"])})
            self._listed(it, block, path)
            return
        found = self._library(block, path) if kind == "library" else self._ics(block, path)
        if found is None:
            return
        kept = self._filtered(found.days, block, path)
        note = f"; {block['note']}" if "note" in block else ""
        it.made["sources"].append({"of": str(block[kind]), "source": f"{found.source}{note}"})
        for day in kept:
            shifts = it.make_up if day.work else []
            self._special(it, (day.first, day.last), shifts, (day.zh, day.en), path)

    def _library(self, block: dict[str, Any], path: str) -> feeds.Days | None:
        years = self._years(block.get("years"), under(path, "years"))
        country, part = str(block["library"]), str(block.get("subdivision", ""))
        if not years:
            return None
        try:
            return feeds.library_days(country, years, part)
        except LookupError as error:
            unknown = str(error.args[0])
            key, known = (
                ("library", list(feeds.countries()))
                if unknown == country
                else (
                    "subdivision",
                    feeds.countries()[country],
                )
            )
            reason = (f"假日库中没有 {unknown}", f"the library of holidays has no {unknown}")
            self._faults.add(under(path, key), reason, nearest(unknown, known))
            return None

    def _ics(self, block: dict[str, Any], path: str) -> feeds.Days | None:
        name, inner = str(block["ics"]), under(path, "ics")
        years = self._years(block["years"], under(path, "years")) if "years" in block else []
        try:
            found = feeds.ics_days(self._reader(name), Path(name).name, years)
        except OSError as error:
            reason = (f"无法读取 {name}", f"{name} cannot be read: {error.strerror or error}")
            self._faults.add(inner, reason, ("路径相对于政策文件", "its path is relative to the policy's file"))
            return None
        except ValueError as error:
            reason = (f"{name} 不是日历文件", f"{name}: {error}")
            self._faults.add(inner, reason, ("导出为 .ics 再试", "export it as .ics"))
            return None
        if not found.days:
            reason = (f"{name} 中没有全天日程", f"{name} has no whole-day event")
            self._faults.add(inner, reason, ("用 whistle policy ics 查看", "look at it with whistle policy ics"))
        for first, title, why in found.skipped:
            if why.startswith("recurs"):
                reason = (f"“{title}”（{first}）重复发生，未计入", f"“{title}” ({first}) {why}; it is left out")
                self._faults.warn(inner, reason, ("写明 years", "give years: [2026, 2027]"))
        return found

    def _years(self, value: Any, path: str) -> list[int]:
        years = value if isinstance(value, list) else [value]
        if years and all(isinstance(year, int) and year in feeds.YEARS for year in years):
            return years
        remedy = ("写成 years: [2026, 2027]", "write years: [2026, 2027]")
        self._faults.add(path, ("没有写明年份", "the years are missing"), remedy)
        return []

    def _filtered(self, days: Iterable[Day], block: dict[str, Any], path: str) -> list[Day]:
        """The days that `only` and `except` leave; a pattern that fits no name is a fault, for it was meant to."""
        kept = list(days)
        for key, stays in (("only", True), ("except", False)):
            patterns = block.get(key)
            if patterns is None:
                continue
            inner = under(path, key)
            listed = [str(pattern) for pattern in patterns] if isinstance(patterns, list) else [str(patterns)]
            fitting = feeds.named(kept, listed)
            for pattern, found in fitting.items():
                if not found:
                    names = list(dict.fromkeys(name for day in kept for name in (day.zh, day.en) if name))
                    reason = (f"没有名为 {pattern!r} 的日子", f"no day is called {pattern!r}")
                    self._faults.add(inner, reason, nearest(pattern, names[:30]))
            matched = {day for found in fitting.values() for day in found}
            kept = [day for day in kept if (day in matched) is stays]
        return kept

    def _listed(self, it: _Making, block: dict[str, Any], path: str) -> None:
        for key, keys in (("off", ("days", "zh", "en")), ("work", ("days", "hours", "zh", "en"))):
            for place, entry in enumerate(self._items(block.get(key, []), under(path, key))):
                inner = under(under(path, key), place)
                for name in entry:
                    if name not in keys:
                        self._unknown(under(inner, name), name, keys)
                range_ = hours.days(entry.get("days"), under(inner, "days"), self._faults)
                if range_ is None:
                    continue
                shifts: hours.Shifts = []
                if key == "work":
                    shifts = it.make_up
                    if "hours" in entry:
                        shifts = hours.shifts(entry["hours"], under(inner, "hours"), self._faults)
                self._special(it, range_, shifts, (entry.get("zh", ""), entry.get("en", "")), inner)

    def _day(self, it: _Making, entry: dict[str, Any], path: str) -> None:
        keys = ("on", "closed", "hours", "zh", "en")
        for name in entry:
            if name not in keys:
                self._unknown(under(path, name), name, keys)
        range_ = hours.days(entry.get("on"), under(path, "on"), self._faults)
        if ("closed" in entry) is ("hours" in entry):
            remedy = (
                "写 closed: true、closed: 13:00-18:00 或 hours: 09:00-12:00",
                "write closed: true, closed: 13:00-18:00, or hours: 09:00-12:00",
            )
            self._faults.add(path, ("应写 closed 或 hours 其一", "it needs closed or hours, and not both"), remedy)
            return
        if range_ is None:
            return
        names = (entry.get("zh", ""), entry.get("en", ""))
        if "hours" in entry:
            shifts = hours.shifts(entry["hours"], under(path, "hours"), self._faults)
            self._special(it, range_, shifts, names, path)
        else:
            self._closed(it, entry["closed"], range_, names, path)

    def _closed(self, it: _Making, text: Any, days: tuple[str, str], names: tuple[Any, Any], path: str) -> None:
        """A closure of whole days, or of some hours of each; one that takes no working time away is a slip."""
        where, each, before = under(path, "closed"), hours.each(*days), len(self._faults)
        usual = {day: _shifts_on(it.made, day) for day in each}
        if text is True or not each:  # reversed days are told by the calendar's own check
            self._special(it, days, [], names, path)
            lost = not each or any(usual.values())
        else:
            closed = hours.shifts(text, where, self._faults)
            calendar_faults.of_hours(closed, where, self._faults)
            cut = {day: left for day in each if (left := hours.without(usual[day], closed)) != usual[day]}
            for day, left in cut.items():
                self._special(it, (day, day), left, names, path)
            lost = bool(cut) or len(self._faults) > before
        if not lost and not self._faults.within(it.path):
            there = "; ".join(dict.fromkeys(hours.written(shifts) for shifts in usual.values() if shifts))
            remedy = (f"当日工作时间为 {there}", f"the day's hours are {there}")
            no_hours = ("当日本不上班, 删去此项", "nobody works on that day: leave it out")
            reason = ("没有停掉任何工作时间", "it takes no working time away")
            self._faults.add(where, reason, remedy if there else no_hours)

    def _special(
        self, it: _Making, days: tuple[str, str], shifts: hours.Shifts, names: tuple[Any, Any], path: str
    ) -> None:
        listed = it.made["specials"]
        special: dict[str, Any] = {"first": days[0], "last": days[1]}
        if shifts:
            special["shifts"] = [list(shift) for shift in shifts]
        self._origin_of(it.path, len(listed), path, it.make_up_at if shifts is it.make_up else path)
        listed.append(special | {name: text for name, text in zip(("zh", "en"), names, strict=True) if text})

    def _origin_of(self, calendar: str, place: int, path: str, shifts: str) -> None:
        """Note where a special was written, and its shifts, which may stand elsewhere."""
        self.origins[f"{calendar}.specials[{place}]"] = path
        self.origins[f"{calendar}.specials[{place}].shifts"] = shifts

    def _reorder(self, calendar: str, order: list[int]) -> None:
        heads = [f"{calendar}.specials[{place}]" for place in order]
        came = [(self.origins[head], self.origins[f"{head}.shifts"]) for head in heads]
        for place, (path, shifts) in enumerate(came):
            self._origin_of(calendar, place, path, shifts)

    def _items(self, listed: Any, path: str) -> list[dict[str, Any]]:
        if isinstance(listed, list) and all(isinstance(item, dict) for item in listed):
            return listed
        self._faults.add(path, ("应为列表", "it is no list of entries"), ("写成 - {…}", "write - {…} for each"))
        return []

    def _unknown(self, path: str, key: str, known: Iterable[str]) -> None:
        self._faults.add(path, (f"不认识的键 {key}", f"the key {key} is unknown"), nearest(key, known))


def _shifts_on(made: dict[str, Any], day: str) -> hours.Shifts:
    for special in reversed(made["specials"]):
        if special["first"] <= day <= special["last"]:
            return list(special.get("shifts", []))
    return list(made["week"][date.fromisoformat(day).weekday()])
