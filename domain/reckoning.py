"""How a due time comes about: the days that count, the days that do not, and why.

The due time itself is `Calendar.add`'s; the steps are read off the calendar between start and due. Runs of alike days
are one step, and what does not fit into a dozen steps is summed up in one in the middle.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from domain.calendar import Calendar, Span, at_local
from domain.reckoned import Reckoning, Step, StepKind, Why, why, words

__all__ = ["Reckoning", "Step", "StepKind", "Why", "reckon", "words"]

_MOST_STEPS = 12
_MOST_NAMES = 5
_MOST_BEFORE = 3
_MOST_AFTER = 2
_WORK = (StepKind.WORKED, StepKind.WHOLE, StepKind.COUNTED)
_ONE_DAY = timedelta(days=1)
_SLACK = timedelta(seconds=1)


def reckon(calendar: Calendar, start: datetime, length: Span) -> Reckoning:
    """The due time of a span and the steps that lead to it; `due` equals `calendar.add(start, length)`.

    At most twelve steps, whatever the distance. Raises ValueError as `add` does.
    """
    due, zone = calendar.add(start, length), ZoneInfo(calendar.zone)
    opened = _moment(StepKind.OPENED, start, zone)
    around = [opened, *_clock_changes(start, due, zone), _moment(StepKind.DUE, due, zone)]
    inner = _STEPS[length.unit](calendar, start, due, length, _MOST_STEPS - len(around))
    return Reckoning(start, due, calendar.zone, (opened, *inner, *around[1:]))


def _moment(kind: StepKind, at: datetime, zone: ZoneInfo) -> Step:
    local = at.astimezone(zone)
    return Step(kind, local.date().isoformat(), begins=_clock(local))


def _clock(local: datetime) -> str:
    return local.strftime("%H:%M:%S" if local.second else "%H:%M")


def _clock_changes(start: datetime, due: datetime, zone: ZoneInfo) -> list[Step]:
    """One step when the local clock was set forward or back between start and due."""
    changes: list[tuple[str, float]] = []
    at, shows = start, _offset(start, zone)
    while at < due:
        later = min(at + _ONE_DAY, due)
        if (then := _offset(later, zone)) != shows:
            changes.append((_day_of_change(at, later, zone), (then - shows).total_seconds() / 60))
        at, shows = later, then
    if not changes:
        return []
    amount = sum(shift for _, shift in changes)
    return [Step(StepKind.CLOCK, changes[0][0], changes[0][0], amount=amount, number=len(changes))]


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def _day_of_change(before: datetime, after: datetime, zone: ZoneInfo) -> str:
    shows = _offset(before, zone)
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        before, after = (middle, after) if _offset(middle, zone) == shows else (before, middle)
    return after.astimezone(zone).date().isoformat()


def _kind_of(calendar: Calendar, day: date) -> tuple[Why, str, str]:
    """Why that day does not count, or what made it a working day, with the special's names."""
    special = calendar.special_on(day)
    names = (special.zh, special.en) if special else ("", "")
    if calendar.works_on(day):
        if special is None or special.shifts == calendar.week[day.weekday()]:
            return Why.USUAL, "", ""
        return (Why.OTHER_HOURS if calendar.week[day.weekday()] else Why.MAKE_UP), *names
    if calendar.shifts_on(day):
        return Why.LEFT_OUT, "", ""
    if special is not None and (calendar.week[day.weekday()] or any(names)):
        return Why.SPECIAL, *names
    return (Why.WEEKEND if day.weekday() >= 5 else Why.NO_SHIFT), "", ""


def _skipped(calendar: Calendar, day: date) -> Step:
    why, zh, en = _kind_of(calendar, day)
    return Step(StepKind.SKIPPED, day.isoformat(), day.isoformat(), days=1, why=why, zh=zh, en=en)


def _joined(steps: list[Step]) -> list[Step]:
    """Neighbours of one kind and reason made one run."""
    runs: list[Step] = []
    for step in steps:
        before = runs[-1] if runs else None
        alike = before and (before.kind, before.why, before.zh, before.en) == (step.kind, step.why, step.zh, step.en)
        if before and alike and step.kind is not StepKind.WORKED:
            run = replace(before, last=step.last, days=before.days + step.days, number=step.number)
            runs[-1] = replace(run, amount=before.amount + step.amount)
        else:
            runs.append(step)
    return runs


def _summed(steps: list[Step], room: int) -> list[Step]:
    """At most `room` steps: what stands in the middle becomes one."""
    if len(steps) <= room:
        return steps
    tail = (room - 1) // 2
    head = room - 1 - tail
    middle = steps[head : len(steps) - tail]
    worked = [step for step in middle if step.kind in _WORK]
    skipped: dict[tuple[Why, str, str], Step] = {}
    for step in middle:
        if step.kind is StepKind.SKIPPED:
            reason = (step.why, step.zh, step.en)
            before = skipped.get(reason)
            skipped[reason] = replace(step, days=step.days + (before.days if before else 0))
    step = Step(
        StepKind.SUMMED,
        middle[0].first,
        middle[-1].last,
        amount=sum(step.amount for step in worked),
        days=sum(step.days for step in worked),
        number=sum(step.days for step in skipped.values()),
        zh=_names(skipped, "zh", "{} {} 天", "其他", "、"),
        en=_names(skipped, "en", "{} {}", "others", ", "),
    )
    return [*steps[:head], step, *steps[len(steps) - tail :]]


def _names(skipped: dict[tuple[Why, str, str], Step], language: str, form: str, others: str, comma: str) -> str:
    """The reasons with their days, the most frequent first; the small ones together."""
    most = sorted(skipped.values(), key=lambda step: -step.days)
    named = [form.format(why(step, language), step.days) for step in most[:_MOST_NAMES]]
    rest = sum(step.days for step in most[_MOST_NAMES:])
    return comma.join([*named, form.format(others, rest)] if rest else named)


def _days(first: str, past: str) -> list[date]:
    """The days from `first` up to `past`, which is no longer one of them."""
    begin, end = date.fromisoformat(first), date.fromisoformat(past)
    return [begin + timedelta(days=number) for number in range((end - begin).days)]


def _local(at: datetime, zone: ZoneInfo) -> tuple[str, str]:
    local = at.astimezone(zone)
    return local.date().isoformat(), _clock(local)


def _worked(calendar: Calendar, day: date, start: datetime, due: datetime) -> Step:
    """What of that day counts between start and due: all, a part, or nothing."""
    zone = calendar.zone
    begin, end = at_local(day, 0, zone), at_local(day + _ONE_DAY, 0, zone)
    minutes = calendar.between(max(start, begin), min(due, end))
    whole = calendar.between(begin, end)
    if not minutes:
        if whole and start > begin:
            return Step(StepKind.SKIPPED, day.isoformat(), day.isoformat(), days=1, why=Why.AFTER_HOURS)
        return _skipped(calendar, day)
    reason, zh, en = _kind_of(calendar, day)
    if minutes == whole:
        name = day.isoformat()
        return Step(StepKind.WHOLE, name, name, amount=minutes, days=1, why=reason, zh=zh, en=en)
    first, last = calendar.next_working(max(start, begin)), calendar.previous_working(min(due, end))
    times = [_local(at, ZoneInfo(zone)) for at in (first, last)]
    begins, ends = times[0][1], times[1][1] if times[1][0] == day.isoformat() else "24:00"
    return Step(
        StepKind.WORKED,
        day.isoformat(),
        day.isoformat(),
        begins="" if first == start else begins,
        ends="" if last == due else ends,
        amount=minutes,
        days=1,
        why=reason,
        zh=zh,
        en=en,
        breaks=_breaks(calendar, day, begins, ends),
    )


def _breaks(calendar: Calendar, day: date, begins: str, ends: str) -> tuple[str, ...]:
    """The breaks between shifts that lie between two local times of that day."""
    pairs = [
        (f"{a // 60:02}:{a % 60:02}", f"{b // 60:02}:{b % 60:02}")
        for (_, a), (b, _) in pairwise(calendar.shifts_on(day))
    ]
    return tuple(f"{first}–{last}" for first, last in pairs if begins < first < last < ends)


def _working_minutes(calendar: Calendar, start: datetime, due: datetime, length: Span, room: int) -> list[Step]:
    zone = ZoneInfo(calendar.zone)
    if start.astimezone(zone).date() == due.astimezone(zone).date() or due <= start:
        day = start.astimezone(zone).date()
        return [_worked(calendar, day, start, due)] if start < due else []
    first, last = _local(start, zone)[0], _local(due, zone)
    days = _days(first, last[0])
    steps = [_worked(calendar, day, start, due) for day in days]
    if last[1] != "00:00" and length.amount:  # nothing added is due at the opening, before that day has counted
        steps.append(_worked(calendar, date.fromisoformat(last[0]), start, due))
    return _summed(_joined(steps), room)


def _working_days(calendar: Calendar, start: datetime, due: datetime, length: Span, room: int) -> list[Step]:
    zone, whole = ZoneInfo(calendar.zone), int(length.amount + 1e-9)
    begins = calendar.next_working(start)
    reached = calendar.add(start, Span(float(whole), "wd", length.end_of_day))
    ends: list[Step] = []
    day, shown = _local(reached, zone)
    if length.end_of_day:
        midnight = shown == "00:00"
        named = (date.fromisoformat(day) - _ONE_DAY).isoformat() if midnight else day
        ends.append(Step(StepKind.DAY_END, named, ends="24:00" if midnight else shown))
        day = named
    elif whole and shown != (wanted := _local(begins, zone)[1]):
        ends.append(Step(StepKind.MOVED, day, begins=wanted, ends=shown))
    if due != reached:
        between = _days((date.fromisoformat(day) + _ONE_DAY).isoformat(), _local(due, zone)[0])
        skipped = [_skipped(calendar, on) for on in between if not calendar.works_on(on)]
        ends += _summed(_joined(skipped), _MOST_AFTER)
        ends.append(Step(StepKind.PART, day, amount=calendar.between(reached, due)))
    before = [_closed(calendar, on) for on in _days(_local(start, zone)[0], _local(begins, zone)[0])]
    before = _summed(_joined(before), _MOST_BEFORE)
    if begins != start:
        before.append(_moment(StepKind.STARTS, begins, zone))
    counted = _counted(calendar, _local(begins, zone)[0], day)
    return [*before, *_summed(counted, room - len(before) - len(ends)), *ends]


def _closed(calendar: Calendar, day: date) -> Step:
    """A day before the counting starts: it has no working time, or none that is left."""
    step = _skipped(calendar, day)
    return replace(step, why=Why.AFTER_HOURS, zh="", en="") if calendar.works_on(day) else step


def _counted(calendar: Calendar, day0: str, last: str) -> list[Step]:
    """The days after `day0` up to `last`: working days with their numbers, and those that are skipped."""
    steps: list[Step] = []
    number = 0
    for day in _days(day0, last):
        name, on = (day + _ONE_DAY).isoformat(), day + _ONE_DAY
        if calendar.works_on(on):
            reason, zh, en = _kind_of(calendar, on)
            number += 1
            steps.append(Step(StepKind.COUNTED, name, name, days=1, number=number, why=reason, zh=zh, en=en))
        else:
            steps.append(_skipped(calendar, on))
    return _joined(steps)


def _elapsed(calendar: Calendar, start: datetime, due: datetime, length: Span, room: int) -> list[Step]:
    return [Step(StepKind.ELAPSED, "", amount=length.amount)]


def _calendar_days(calendar: Calendar, start: datetime, due: datetime, length: Span, room: int) -> list[Step]:
    zone = ZoneInfo(calendar.zone)
    local = start.astimezone(zone).replace(tzinfo=None)
    steps = [Step(StepKind.DAYS, local.date().isoformat(), amount=length.amount)]
    wanted = local + timedelta(days=length.amount)
    if length.end_of_day:
        last = (local + timedelta(days=int(length.amount))).date().isoformat()
        whole, part = divmod(length.amount, 1)
        days = [replace(steps[0], amount=amount) for amount in (whole, part)]
        return [days[0], Step(StepKind.DAY_END, last, ends="24:00"), *days[1 : 2 if part else 1]]
    if _clock(wanted) != _local(due, zone)[1] and abs(due.astimezone(zone).replace(tzinfo=None) - wanted) > _SLACK:
        steps.append(Step(StepKind.MOVED, wanted.date().isoformat(), begins=_clock(wanted), ends=_local(due, zone)[1]))
    return steps


def _fixed(calendar: Calendar, start: datetime, due: datetime, length: Span, room: int) -> list[Step]:
    local = datetime.fromisoformat(length.at)
    steps = [Step(StepKind.FIXED, local.date().isoformat(), begins=_clock(local))]
    return steps if due > start else [*steps, Step(StepKind.PASSED, local.date().isoformat())]


_STEPS: dict[str, Callable[[Calendar, datetime, datetime, Span, int], list[Step]]] = {
    "min": _elapsed,
    "d": _calendar_days,
    "wmin": _working_minutes,
    "wd": _working_days,
    "at": _fixed,
}
