"""What is wrong with a document's limits and other spans: taken away, lengthened, passed, or too long for a calendar.

Each different span is reckoned once a calendar, and those of one unit together, for a longer one is never due earlier:
the most limits that a document may have cost little more than one.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any, NamedTuple

from domain.calendar import Calendar, check, runs_of
from domain.policy import calendar_from
from domain.spans import Span, span
from domain.stretches import Work, least, stretches
from rulebook.document import CLASSES, MOST_LIMITS
from rulebook.faults import Faults, under
from rulebook.kinds import NEEDED
from rulebook.meaning import Known, limits_of
from rulebook.shapes import FIRST_YEAR, MISSING, PAST_YEARS, present
from rulebook.words import length_words

_TILL_THE_ANSWER = ("register", "dispatch", "sign", "contact", "target", "due", "co_due", "progress", "return_window")
"""What counts from registration or dispatch, so that it means nothing after the answer."""
_MISSED = ("due", "co_due", "sign", "contact", "progress", "whistle_sign", "whistle_contact", "whistle_report_in")
"""What nobody waits for, and yet somebody will miss."""
_COARSE = timedelta(hours=131)
"""Warnings need no more: every hour of the day and every day of the week comes up."""
_FINE = timedelta(hours=11)
"""Every day twice or three times, and in eleven days at every hour."""
_OFTEN = 0.1
"""A long holiday alone is no reason to warn of a limit."""
_TRIED = timedelta(days=1096)
_YEARS = 5
_WITHIN = 365 * _YEARS


def limits(document: dict[str, Any], faults: Faults, known: Known) -> None:
    """All of it: how many limits there are, which are taken away, how long they are, and against the statutory one."""
    number = sum(len(one) for _, _, _, one in limits_of(document))
    if number > MOST_LIMITS:
        reason = (f"共 {number} 个时限, 过多", f"{number} limits are too many")
        remedy = (f"最多 {MOST_LIMITS} 个: 用更一般的规则", f"keep at most {MOST_LIMITS}: use more general rules")
        faults.add("", reason, remedy)
        return
    _statutory(document, faults)
    _needed(document, faults)
    calendars = _Calendars(document, faults)
    _landing(document, faults, calendars)
    _compared(document, faults, calendars)
    _later_than_statutory(document, faults, known, calendars)
    _taken_away(document, faults)
    _passed(document, faults, known, calendars)


def _statutory(document: dict[str, Any], faults: Faults) -> None:
    """The statutory limit is there for every class, exempt from what shortens, and taken away by nobody."""
    general = document.get("classes", {}).get("*", {}).get("limits")
    if general is not None and general.get("statutory") is None and not faults.within("classes.*.limits.statutory"):
        reason = ("没有法定答复期限", "there is no statutory limit for all classes")
        faults.add("classes.*.limits", reason, ("补上 statutory: 15d", "add statutory: 15d"))
    if "statutory" not in present(document.get("exempt", ["statutory"])) and not faults.within("exempt"):
        reason = ("法定期限不可缩放", "the statutory limit must be exempt")
        faults.add("exempt", reason, ("加入 statutory", "add statutory to the list"))
    for path, _, _, own in limits_of(document):
        if "statutory" in own and own["statutory"] is None and path != "classes.*.limits":
            reason = ("法定期限不可取消", "the statutory limit cannot be taken away")
            faults.add(under(path, "statutory"), reason, ("删去此项", "leave it out"))


def _needed(document: dict[str, Any], faults: Faults) -> None:
    """The limits without which an order would wait for ever are there for every class, and taken away by nobody."""
    for path, _, _, own in limits_of(document):
        for kind in NEEDED:
            if kind in own and own[kind] is None:
                reason = (
                    f"{kind} 不可取消, 否则工单无限期等待, 无人得知",
                    f"{kind} cannot be taken away: orders would wait for ever and nobody would be told",
                )
                faults.add(under(path, kind), reason, ("删去此项", "leave it out"))
    classes = document.get("classes", {})
    general = classes.get("*", {}).get("limits")
    own_limits = {name: classes[name]["limits"] for name in CLASSES if "limits" in classes.get(name, {})}
    if general is None or not own_limits:
        return
    for kind in NEEDED:
        if kind in general or faults.within(f"classes.*.limits.{kind}"):
            continue
        lacking = [
            name
            for name, own in own_limits.items()
            if kind not in own and not faults.within(f"classes.{name}.limits.{kind}")
        ]
        for name in ("*",) if len(lacking) == len(CLASSES) else lacking:
            reason = (
                f"没有 {kind} 时限, 工单会无限期等待",
                f"there is no {kind} limit: orders would wait for ever and nobody would be told",
            )
            faults.add(f"classes.{name}.limits", reason, (f"补上 {kind}", f"add {kind}, such as {kind}: 1wd"))


def _taken_away(document: dict[str, Any], faults: Faults) -> None:
    """A warning for each limit that is taken away and will be missed."""
    for path, order_class, _, own in limits_of(document):
        by_class = path.startswith("classes.") and order_class != "*"
        for kind in ("due", "co_due", "sign", "contact") if by_class else _MISSED:
            if kind in own and own[kind] is None:
                reason = (f"{kind} 没有时限: 逾期无人得知", f"{kind} has no limit at all: nobody is told of a delay")
                if kind == "due":
                    reason = (
                        "办结时限被取消, 只剩法定期限",
                        "the result has no limit at all; only the statutory answer is left",
                    )
                remedy = ("删去此项, 则用上一级的时限", "leave it out to keep that of the more general rule")
                faults.warn(under(path, kind), reason, remedy)


class _Calendars:
    """The usable calendars of a document, each made and measured once, and which one a place goes by."""

    def __init__(self, document: dict[str, Any], faults: Faults) -> None:
        self._document = document
        places = [one for section in ("provinces", "units") for one in document.get(section, {}).values()]
        names = dict.fromkeys(
            name for name in (document.get("calendar"), *(one.get("calendar") for one in places)) if name
        )
        self.usable = {name: made for name in names if (made := _made(document, name, faults)) is not None}
        self.work = {name: _least(calendar) for name, calendar in self.usable.items()}

    def name_of(self, place: str) -> str:
        """The calendar of a unit or province, '' for the nation's."""
        name: str = self._document.get("calendar", "")
        for section, one in (("provinces", place.partition(".")[0]), ("units", place)):
            name = self._document.get(section, {}).get(one, {}).get("calendar", name)
        return name

    def too_long(self, length: Span, names: Iterable[str]) -> str:
        """The first of these calendars that may take more than five years for the span; '' when none does."""
        if not length.working:
            return ""
        for name in names:
            work = self.work.get(name)
            if work is not None and length.amount > (work.days if length.unit == "wd" else work.minutes):
                return name
        return ""


def _made(document: dict[str, Any], name: str, faults: Faults) -> Calendar | None:
    """A calendar; None when it is at fault or not there."""
    if faults.within(f"calendars.{name}"):
        return None
    try:
        calendar = calendar_from(document["calendars"][name])
    except (KeyError, ValueError, TypeError):
        return None
    return None if check(calendar) else calendar


def _least(calendar: Calendar) -> Work:
    return least(stretches(calendar.week, runs_of(calendar.specials)), _WITHIN)


class _Place(NamedTuple):
    path: str
    place: str | None
    text: str


def _spans(document: dict[str, Any]) -> Iterator[_Place]:
    """Every span that is reckoned forward, and whose calendar reckons it; None for anybody's."""
    for path, _, place, own in limits_of(document):
        yield from (_Place(under(path, kind), place or None, text) for kind, text in own.items() if text)
    for path, own in [("", document), *((f"classes.{name}", own) for name, own in document.get("classes", {}).items())]:
        if "grace" in own:
            yield _Place(under(path, "grace"), None, own["grace"])
        for name, steps in own.get("ladders", {}).items():
            for number, step in enumerate(steps):
                if step is not MISSING and "after" in step:
                    where = under(under(under(under(path, "ladders"), name), number), "after")
                    yield _Place(where, None, step["after"])
    for section, keys in (("calling", ("gap", "rating_window")), ("batch", ("within",))):
        own = document.get(section, {})
        yield from (_Place(f"{section}.{key}", None, own[key]) for key in keys if key in own)


def _landing(document: dict[str, Any], faults: Faults, calendars: _Calendars) -> None:
    """Every span ends within five years, whenever it begins and by whichever calendar it may be counted."""
    for path, place, text in _spans(document):
        names = calendars.usable if place is None else (calendars.name_of(place),)
        slow = calendars.too_long(span(text), names)
        if slow:
            zh, en = length_words(text)
            reason = (
                f"按日历 {slow}, {zh} 可能超过 {_YEARS} 年",
                f"by the calendar {slow}, {en} may take more than {_YEARS} years",
            )
            remedy = ("写短些, 或增加该日历的工作时间", "shorten it, or give that calendar more working time")
            faults.add(path, reason, remedy)


def _compared(document: dict[str, Any], faults: Faults, calendars: _Calendars) -> None:
    """No overlay moves the statutory limit out."""
    base = _base(document)
    if base is None:
        return
    asked = [
        _Place(under(path, "statutory"), place, text)
        for path, _, place, own in limits_of(document)
        if (text := own.get("statutory")) is not None and path != "classes.*.limits"
    ]
    late = _late(asked, base, calendars, _FINE, 0.0)
    for one in asked:
        if (calendars.name_of(one.place or ""), one.text) in late and not faults.within(one.path):
            (zh, en), (base_zh, base_en) = length_words(one.text), length_words(base)
            reason = (f"{zh} 超过法定的 {base_zh}", f"{en} is longer than the statutory {base_en}")
            faults.add(one.path, reason, ("只可缩短, 否则删去", "shorten it, or leave it out"))


def _later_than_statutory(document: dict[str, Any], faults: Faults, known: Known, calendars: _Calendars) -> None:
    """A warning for each limit that mostly ends later than the statutory answer; a result will be cut to it."""
    base = _base(document)
    if base is None:
        return
    asked = [
        (kind, _Place(under(path, kind), place, text))
        for path, _, place, own in limits_of(document)
        for kind in _TILL_THE_ANSWER
        if (text := own.get(kind)) is not None
    ]
    late = _late([one for _, one in asked], base, calendars, _COARSE, _OFTEN)
    for kind, one in asked:
        if (calendars.name_of(one.place or ""), one.text) not in late or faults.within(one.path):
            continue
        if _is_past(document, one.place or "", one.text, known, calendars):
            continue
        (zh, en), (base_zh, base_en) = length_words(one.text), length_words(base)
        reason = (f"{zh} 晚于法定的 {base_zh}", f"{en} mostly end later than the statutory {base_en}")
        remedy = ("写短些, 届时法定期限已过", "shorten it: by then the statutory answer is overdue")
        if kind == "due":
            remedy = ("届时以法定期限为准", "it will then be due with the statutory answer")
        faults.warn(one.path, reason, remedy)


def _base(document: dict[str, Any]) -> str | None:
    """The statutory limit of all classes, when it is there."""
    found: str | None = document.get("classes", {}).get("*", {}).get("limits", {}).get("statutory")
    return found


def _passed(document: dict[str, Any], faults: Faults, known: Known, calendars: _Calendars) -> None:
    """A warning for each absolute time that lies before the policy can be in force: it would be due at once."""
    for path, _, place, own in limits_of(document):
        for kind, length in own.items():
            if length and _is_past(document, place, length, known, calendars):
                when = length_words(length)
                reason = (f"{when[0]} 早于政策生效, 立即到期", f"{when[1]}, is over before it is in force: due at once")
                faults.warn(under(path, kind), reason, ("写将来的时间", "write a time that is yet to come"))


def _is_past(document: dict[str, Any], place: str, length: str, known: Known, calendars: _Calendars) -> bool:
    if span(length).unit != "at":
        return False
    year = re.match(r"(?:19|20)\d\d(?!\d)", document.get("version", ""))
    begins = known.now or (datetime(int(year[0]), 1, 1, tzinfo=UTC) if year else None)
    calendar = calendars.usable.get(calendars.name_of(place))
    return begins is not None and calendar is not None and calendar.add(begins, span(length)) <= begins


def _late(
    asked: Iterable[_Place], base: str, calendars: _Calendars, step: timedelta, often: float
) -> set[tuple[str, str]]:
    """Which spans, by calendar and text, end later than the base in more than that share of all starts."""
    lengths: dict[str, set[str]] = defaultdict(set)
    for one in asked:
        lengths[calendars.name_of(one.place or "")].add(one.text)
    found: set[tuple[str, str]] = set()
    for name, texts in lengths.items():
        plain = {text: span(text) for text in texts}
        same = {text for text, length in plain.items() if _alike(length, span(base))}
        found.update((name, text) for text in same if plain[text].amount > span(base).amount)
        rest = {text: length for text, length in plain.items() if text not in same}
        slow = {text for text, length in rest.items() if calendars.too_long(length, (name,))}
        found.update((name, text) for text in slow)
        calendar = calendars.usable.get(name)
        if calendar is None or not rest.keys() - slow or calendars.too_long(span(base), (name,)):
            continue
        usable = {text: length for text, length in rest.items() if text not in slow}
        found.update((name, text) for text in _later(calendar, usable, span(base), step, often))
    return found


def _alike(one: Span, other: Span) -> bool:
    return (one.unit, one.end_of_day) == (other.unit, other.end_of_day) and one.unit != "at"


def _later(calendar: Calendar, lengths: dict[str, Span], base: Span, step: timedelta, often: float) -> Iterator[str]:
    """Tried every `step` through three years from the first day that the calendar lists."""
    first = int(min((special.first for special in calendar.specials), default="2026")[:4])
    begin = datetime(min(max(first, FIRST_YEAR), PAST_YEARS), 1, 1, 0, 1, tzinfo=UTC)
    tried = [(start, calendar.add(start, base)) for start in (begin + step * n for n in range(_TRIED // step))]
    groups: dict[tuple[str, bool], dict[Span, list[str]]] = defaultdict(lambda: defaultdict(list))
    for text, length in lengths.items():
        groups[length.unit, length.end_of_day][length].append(text)
    for (unit, _), texts in groups.items():
        if unit == "at":
            ends = sorted(due for _, due in tried)
            counts = {length: bisect_left(ends, calendar.add(begin, length)) for length in texts}
        else:
            ways = _counts if often else _ever
            counts = ways(calendar, sorted(texts, key=lambda length: length.amount), tried)
        yield from (text for length, named in texts.items() if counts[length] > often * len(tried) for text in named)


def _counts(calendar: Calendar, lengths: list[Span], tried: list[tuple[datetime, datetime]]) -> dict[Span, int]:
    """For how many of the starts each length, in rising order and of one unit, ends after the base."""
    firsts = [0] * (len(lengths) + 1)
    for start, due in tried:
        firsts[bisect_right(lengths, due, key=lambda length: calendar.add(start, length))] += 1
    return dict(zip(lengths, accumulate(firsts), strict=False))


def _ever(calendar: Calendar, lengths: list[Span], tried: list[tuple[datetime, datetime]]) -> dict[Span, int]:
    """As `_counts`, but for each that does so at all 1: one look at each start, and one for each length."""
    first = len(lengths)
    for start, due in tried:
        while first and calendar.add(start, lengths[first - 1]) > due:
            first -= 1
    return {length: int(place >= first) for place, length in enumerate(lengths)}
