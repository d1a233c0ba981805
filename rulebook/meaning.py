"""What a document of the right shape may still get wrong: limits that lengthen, unknown names, impossible calls.

Each check takes the usable part of the document (`shapes.MISSING` marks what is not) and adds its faults.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from domain.calendar import Calendar, check
from domain.policy import calendar_from
from domain.spans import Span, span
from rulebook.document import CLASSES
from rulebook.faults import Faults, nearest, under
from rulebook.kinds import KINDS
from rulebook.shapes import present
from rulebook.words import length_words

HEADQUARTERS = "HQ"
_TILL_THE_ANSWER = ("register", "dispatch", "sign", "contact", "target", "due", "co_due", "progress", "return_window")
"""What counts from registration or dispatch, so that it means nothing after the answer."""
_COARSE = timedelta(hours=37)
"""Warnings need no more: every hour of the day and every day of the week comes up."""
_OFTEN = 0.1
"""A long holiday alone is no reason to warn of a limit."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the directory knows: provinces by id with names (Chinese, English), and unit ids; empty = not asked.

    `now` is the earliest instant at which the policy can be in force, None = by the year of its version.
    """

    provinces: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    units: frozenset[str] = frozenset()
    now: datetime | None = None


def limits_of(document: dict[str, Any]) -> Iterator[tuple[str, str, str, dict[str, str | None]]]:
    """Every mapping of limits: its path, the class it is for (`*` for all), whose it is, and the limits."""
    for name, own in document.get("classes", {}).items():
        yield f"classes.{name}.limits", name, "", own.get("limits", {})
    for section in ("areas", "provinces", "tiers", "categories", "units"):
        for name, overlay in document.get(section, {}).items():
            for order_class, limits in overlay.get("limits", {}).items():
                path = under(under(under(under("", section), name), "limits"), order_class)
                yield path, order_class, name if section in ("provinces", "units") else "", limits


def statutory(document: dict[str, Any], faults: Faults, known: Known) -> None:
    """The statutory limit is there for every class, exempt from what shortens, and no overlay moves it out."""
    general = document.get("classes", {}).get("*", {}).get("limits")
    base = (general or {}).get("statutory")
    if base is None and general is not None and not faults.within("classes.*.limits.statutory"):
        reason = ("没有法定答复期限", "there is no statutory limit for all classes")
        faults.add("classes.*.limits", reason, ("补上 statutory: 15d", "add statutory: 15d"))
    if "statutory" not in present(document.get("exempt", ["statutory"])) and not faults.within("exempt"):
        reason = ("法定期限不可缩放", "the statutory limit must be exempt")
        faults.add("exempt", reason, ("加入 statutory", "add statutory to the list"))
    for path, _, place, limits in limits_of(document):
        if "statutory" not in limits or path == "classes.*.limits":
            continue
        own = limits["statutory"]
        where = under(path, "statutory")
        if own is None:
            reason = ("法定期限不可取消", "the statutory limit cannot be taken away")
            faults.add(where, reason, ("删去此项", "leave it out"))
        elif base is not None and _longer(document, place, own, base, faults) > 0:
            (zh, en), (base_zh, base_en) = length_words(own), length_words(base)
            reason = (f"{zh} 超过法定的 {base_zh}", f"{en} is longer than the statutory {base_en}")
            faults.add(where, reason, ("只可缩短, 否则删去", "shorten it, or leave it out"))


def later_than_statutory(document: dict[str, Any], faults: Faults, known: Known) -> None:
    """A warning for each limit that mostly ends later than the statutory answer; a result will be cut to it."""
    base = document.get("classes", {}).get("*", {}).get("limits", {}).get("statutory")
    for path, _, place, limits in limits_of(document):
        for kind in _TILL_THE_ANSWER:
            length = limits.get(kind)
            if length is None or base is None or _is_past(document, place, length, faults, known):
                continue
            if _longer(document, place, length, base, faults, _COARSE) <= _OFTEN:
                continue
            (zh, en), (base_zh, base_en) = length_words(length), length_words(base)
            reason = (f"{zh} 晚于法定的 {base_zh}", f"{en} mostly end later than the statutory {base_en}")
            remedy = ("写短些, 届时法定期限已过", "shorten it: by then the statutory answer is overdue")
            if kind == "due":
                remedy = ("届时以法定期限为准", "it will then be due with the statutory answer")
            faults.warn(under(path, kind), reason, remedy)


def no_result(document: dict[str, Any], faults: Faults, known: Known) -> None:
    """A warning wherever the result's limit is taken away: nothing but the statutory answer is then owed."""
    for path, _, _, limits in limits_of(document):
        if "due" in limits and limits["due"] is None:
            reason = (
                "办结时限被取消, 只剩法定期限",
                "the result has no limit at all; only the statutory answer is left",
            )
            remedy = ("删去此项, 则用上一级的时限", "leave it out to keep that of the more general rule")
            faults.warn(under(path, "due"), reason, remedy)


def passed(document: dict[str, Any], faults: Faults, known: Known) -> None:
    """A warning for each absolute time that lies before the policy can be in force: it would be due at once."""
    for path, _, place, limits in limits_of(document):
        for kind, length in limits.items():
            if length and _is_past(document, place, length, faults, known):
                when = length_words(length)
                reason = (f"{when[0]} 早于政策生效, 立即到期", f"{when[1]}, is over before it is in force: due at once")
                faults.warn(under(path, kind), reason, ("写将来的时间", "write a time that is yet to come"))


def _is_past(document: dict[str, Any], place: str, length: str, faults: Faults, known: Known) -> bool:
    year = re.match(r"(?:19|20)\d\d(?!\d)", document.get("version", ""))
    begins = known.now or (datetime(int(year[0]), 1, 1, tzinfo=UTC) if year else None)
    if begins is None or span(length).unit != "at":
        return False
    calendar = _calendar(document, place, faults)
    try:
        return calendar is not None and calendar.add(begins, span(length)) <= begins
    except ValueError:
        return False


def _longer(
    document: dict[str, Any], place: str, one: str, other: str, faults: Faults, step: timedelta = timedelta(hours=4)
) -> float:
    """How often a span ends later than another that starts with it, by the place's calendar: 0 never, 1 always.

    Tried every `step`; 0 where the calendar itself is at fault, for that is told.
    """
    length, base = span(one), span(other)
    if (length.unit, length.end_of_day) == (base.unit, base.end_of_day) and length.unit != "at":
        return float(length.amount > base.amount)
    calendar = _calendar(document, place, faults)
    if calendar is None:
        return 0.0
    try:
        return _later(calendar, length, base, step)
    except ValueError:
        return 1.0  # it ends beyond the years that can be reckoned


def _calendar(document: dict[str, Any], place: str, faults: Faults) -> Calendar | None:
    """The place's calendar; None when it is at fault or not there."""
    name = document.get("calendar", "")
    for section, one in (("provinces", place.partition(".")[0]), ("units", place)):
        name = document.get(section, {}).get(one, {}).get("calendar", name)
    if faults.within(f"calendars.{name}"):
        return None
    try:
        calendar = calendar_from(document["calendars"][name])
    except (KeyError, ValueError, TypeError):
        return None
    return None if check(calendar) else calendar


@lru_cache(maxsize=512)
def _later(calendar: Calendar, length: Span, base: Span, step: timedelta) -> float:
    """Tried through three years from the first day that the calendar lists."""
    first = int(min((special.first for special in calendar.specials), default="2026")[:4])
    begin = datetime(first, 1, 1, 0, 1, tzinfo=UTC)
    starts = [begin + step * number for number in range(timedelta(days=1096) // step)]
    return sum(calendar.add(start, length) > calendar.add(start, base) for start in starts) / len(starts)


def names(document: dict[str, Any], faults: Faults, known: Known) -> None:
    """Provinces, units and categories that nobody knows, and a default tier that is not there."""
    own = document.get("labels", {})
    provinces = list(known.provinces or own.get("provinces", {}))
    for name in document.get("provinces", {}):
        if provinces and name not in provinces:
            faults.add(
                under("provinces", name), (f"没有省分 {name}", f"there is no province {name}"), nearest(name, provinces)
            )
    for name in document.get("units", {}):
        place = name.partition(".")[0]
        path = under("units", name)
        if known.units and name not in known.units:
            faults.add(path, (f"没有单位 {name}", f"there is no unit {name}"), nearest(name, sorted(known.units)))
        elif not known.units and provinces and place not in (*provinces, HEADQUARTERS):
            faults.add(path, (f"没有省分 {place}", f"there is no province {place}"), nearest(place, provinces))
    categories = own.get("categories", {})
    heads = {name.partition(".")[0] for name in categories}
    for name in document.get("categories", {}):
        if categories and name not in categories and name not in heads:
            reason = (f"没有类别 {name}", f"there is no category {name}")
            faults.add(under("categories", name), reason, nearest(name, [*categories, *sorted(heads)]))


def calling(document: dict[str, Any], faults: Faults, known: Known) -> None:
    """Hours within the hard limits, and no more days than attempts."""
    rules = document.get("calling", {})
    opens, closes = rules.get("opens"), rules.get("closes")
    hard_opens, hard_closes = rules.get("hard_opens", 8), rules.get("hard_closes", 21)
    if opens is None or closes is None:
        return
    if not opens < closes:
        reason = (f"{opens}:00 至 {closes}:00 没有时间", f"there is no time from {opens}:00 to {closes}:00")
        faults.add("calling.closes", reason, ("结束须晚于开始", "let it close after it opens"))
        return
    for key, wrong in (("opens", opens < hard_opens), ("closes", closes > hard_closes)):
        if wrong:
            hard = f"{hard_opens}:00–{hard_closes}:00"
            reason = (f"{rules[key]}:00 超出硬性时段 {hard}", f"{rules[key]}:00 lies outside the hard limits {hard}")
            faults.add(f"calling.{key}", reason, ("收入该时段", "keep within them"))
    attempts, days = rules.get("attempts"), rules.get("days")
    if attempts is not None and days is not None and days > attempts:
        reason = (f"{attempts} 次拨打不可能分在 {days} 天", f"{attempts} attempts cannot fall on {days} days")
        faults.add("calling.days", reason, (f"最多写 {attempts}", f"write at most {attempts}"))


def caps(document: dict[str, Any], faults: Faults, known: Known) -> None:
    """No unit may return an order more often than all units together, in any class."""
    base = document.get("caps", {})
    for name, own in (("", {}), *((name, own.get("caps", {})) for name, own in document.get("classes", {}).items())):
        merged = {**base, **own}
        unit, order = merged.get("returns_per_unit"), merged.get("returns_per_order")
        if unit is not None and order is not None and unit > order and (own or not name):
            reason = (
                f"单位可退 {unit} 次, 工单却只可退 {order} 次",
                f"a unit may return {unit} times, an order {order} times",
            )
            path = f"classes.{name}.caps" if name else "caps"
            faults.add(path, reason, ("提高 returns_per_order", "raise returns_per_order"))


def labels(document: dict[str, Any], faults: Faults, known: Known) -> None:
    """A warning for each code that has no name: people would see the code."""
    own = document.get("labels", {})
    used: dict[str, list[str]] = {
        "classes": list(CLASSES),
        "kinds": sorted({kind for _, _, _, limits in limits_of(document) for kind in limits}),
        "decline_grounds": present(document.get("decline_grounds", [])),
        "whistle_matters": present(document.get("whistle_matters", [])),
        **{section: list(document.get(section, {})) for section in ("tiers", "priorities", "areas", "ladders")},
    }
    for section, codes in used.items():
        for code in codes if not faults.within(under("labels", section)) else ():
            if code not in own.get(section, {}):
                reason = (f"{code} 没有名称", f"{code} has no name")
                remedy = (f"补上 labels.{section}.{code}", f"add labels.{section}.{code}")
                faults.warn(under(under("labels", section), code), reason, remedy)


def basis(document: dict[str, Any], faults: Faults, known: Known) -> None:
    """A warning for each kind of limit whose source is not named."""
    used = {kind for _, _, _, limits in limits_of(document) for kind in limits}
    for kind in KINDS:
        if kind in used and kind not in document.get("basis", {}):
            reason = (f"时限 {kind} 没有写明依据", f"the limit {kind} names no source")
            faults.warn(under("basis", kind), reason, (f"补上 basis.{kind}", f"add basis.{kind}"))
