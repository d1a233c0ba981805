"""Re-timing: what becomes of the running limits when an order's terms change, and the four commands that change them.

The category, the class, the customer's tier, the priority or the policy's version is set; the event carries the new
terms' digest and every clock that they move. By rule, and by nothing else:

- A running or paused limit is as long as the new terms say, counted from when it began, and what stood still is added
  back: of one that was paused what it has used up stays used up. It may become shorter or longer; one that is used up
  already is breached at once, and its ladder counts from then.
- What a person has set by hand (an extension, a ledgered plan) never moves by itself.
- A miss is never undone, made larger or smaller; what was handed in is judged by the rules that it was handed in under.
- A limit that the new terms do not have ends with its warnings and its ladder; one that they bring is started where its
  duty is owed now, and counts from when that began, so that nobody gains time by a detour. What waits for the customer
  alone, and the call to him, goes on as it began.
- No warning is given twice, and no step of a ladder is taken twice or left out: a breached clock goes on with the first
  step of the new ladder above the level that it has reached.
- The result's due time never passes the statutory one, and that one moves only when its own limit is another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from domain import commands as c
from domain import errors
from domain import events as e
from domain.calendar import Calendar, Span, span
from domain.clocks import PAUSABLE, armed, due_now, gone, of_kind, start, stopped, worked
from domain.duties import statutory_cap
from domain.events import ClockChange
from domain.model import (
    COLOUR_RANK,
    Blow,
    CallbackStatus,
    Clock,
    Order,
    Part,
    Presence,
    State,
    Ticking,
    UnitRole,
    WhistleKind,
)
from domain.policy import Document, Terms, WarningMark, named, resolve
from domain.records import replace
from domain.scribe import Scribe, required
from domain.transitions import MEETS, WORKED
from domain.whistle import KINDS as WHISTLE_KINDS
from domain.whistle import STEPS

PRIORITIES = ("low", "normal", "high", "critical")

_TOLERANCE = timedelta(seconds=1)
"""Due times that differ by less are the same: minutes used up are kept as fractions."""
_HANDLED = (Part.OFFERED, Part.SIGNED, Part.WORKING, Part.RETURN_REQUESTED)
_SUMMONED: dict[str, tuple[Presence, ...]] = {kind: STEPS[MEETS[kind][0]] for kind in WHISTLE_KINDS}
"""In which status a summoned unit still owes what each limit of a whistle watches: where what meets it can begin."""


def relabel(scribe: Scribe, command: c.Relabel) -> None:
    """Correct the category; its limits hold from now on."""
    required(command.category, "category", "the right category")
    terms = _checked(scribe, command.terms, category=command.category)
    _retime(scribe, terms, e.OrderRelabelled(command.category, scribe.order.category, terms.digest))


def reprioritise(scribe: Scribe, command: c.Reprioritise) -> None:
    """Set the priority; the limits that it shortens hold from now on."""
    if command.priority not in PRIORITIES:
        raise errors.InvalidField("priority is unknown", field="priority", remedy="one of " + ", ".join(PRIORITIES))
    terms = _checked(scribe, command.terms, priority=command.priority)
    _retime(scribe, terms, e.OrderReprioritised(command.priority, scribe.order.priority, terms.digest))


def retier(scribe: Scribe, command: c.Retier) -> None:
    """Correct the class or the customer's tier, or both; their limits hold from now on."""
    order = scribe.order
    if command.order_class is None and not command.tier:
        raise errors.InvalidField(
            "neither order_class nor tier is given", field="tier", remedy="give the one that was wrong, or both"
        )
    order_class, tier = command.order_class or order.order_class, command.tier or order.customer.tier
    terms = _checked(scribe, command.terms, order_class=order_class, tier=tier)
    _retime(
        scribe, terms, e.OrderRetiered(order_class, tier, order.order_class, order.customer.tier, terms=terms.digest)
    )


def migrate_policy(scribe: Scribe, command: c.MigratePolicy) -> None:
    """Put the order under another version of the policy; its limits hold from now on."""
    required(command.version, "version", "the version to migrate to")
    terms = _checked(scribe, command.terms, policy_version=command.version)
    _retime(scribe, terms, e.PolicyMigrated(command.version, scribe.order.policy_version, terms.digest))


def renewed(order: Order, body: c.Body, document: Document) -> Terms:
    """The terms that an order shall have after a command that changes them; raises as `resolve` does."""
    return resolve(
        document,
        getattr(body, "order_class", None) or order.order_class,
        getattr(body, "tier", "") or order.customer.tier,
        order.province,
        order.area,
        getattr(body, "category", order.category),
        getattr(body, "priority", order.priority),
    )


def _checked(scribe: Scribe, terms: Terms | None, **changed: Any) -> Terms:
    """The terms that came with the command, if they are whole and of this order as it will be.

    Raises:
        InvalidField: they are missing, or their digest does not name their content.
        StaleOrder: they were resolved for something that the order no longer is.
    """
    order = scribe.order
    if terms is None or named(terms).digest != terms.digest:
        raise errors.InvalidField(
            "the order's new terms are missing or not what their digest names",
            field="terms",
            state=order.state,
            remedy="send the command through the API, which resolves and keeps them",
        )
    wanted = {
        "policy_version": order.policy_version,
        "order_class": order.order_class,
        "tier": order.customer.tier,
        "province": order.province,
        "priority": order.priority,
        "category": order.category,
        "area": order.area.partition("/")[0],
    } | changed
    for name, value in wanted.items():
        # What the policy says nothing of is left out of the terms; of a category also the head counts.
        fitting = (value, "", str(value).partition(".")[0]) if name in ("category", "area") else (value,)
        if getattr(terms, name) not in fitting:
            raise errors.StaleOrder(
                f"the new terms are for {name} {getattr(terms, name)}, the order has {value}",
                field="terms",
                state=order.state,
                remedy="look again and ask anew, with a new key",
            )
    return terms


def _retime(scribe: Scribe, terms: Terms, body: e.Happening) -> None:
    changes = retimed(scribe.order, scribe.now, scribe.terms, terms)
    counted_by, scribe.terms = scribe.terms, terms
    scribe.emit(body, changes, counted_by=counted_by)


def retimed(order: Order, now: datetime, old: Terms, new: Terms) -> tuple[ClockChange, ...]:
    """What the new terms make of the order's clocks at `now` (UTC); nothing when they are the same terms."""
    if new.digest == old.digest:
        return ()
    changes: list[ClockChange] = []
    statutory: tuple[Clock, ...] = ()
    for clock in sorted(order.clocks.values(), key=lambda one: one.kind != "statutory"):
        vanished = old.limit(clock.kind, clock.unit) is not None and new.limit(clock.kind, clock.unit) is None
        if vanished and clock.status is not Ticking.ANSWERED and not clock.extended:
            changes.extend(gone((clock,), "cancelled"))
            continue
        after = _under(clock, now, old, new, statutory)
        if clock.kind == "statutory":
            statutory = (after,)
        if after != clock:
            changes.append(ClockChange(clock.key, "retimed", due_now(after, now)))
    return (*changes, *_begun(order, now, old, new, statutory))


def _under(clock: Clock, now: datetime, old: Terms, new: Terms, statutory: tuple[Clock, ...]) -> Clock:
    """The clock under the new terms; the same record when nothing of it changes."""
    before, coming = old.warnings.get(clock.kind, ()), new.warnings.get(clock.kind, ())
    after = replace(clock, warned=_given(clock.warned, before, coming))
    if clock.step > len(before):
        return _on_ladder(after, now, old, new)
    if clock.status is not Ticking.ANSWERED:
        after = _measured(after, now, old, new, statutory)
    if clock.status is Ticking.PAUSED or (before == coming and after.due_at == clock.due_at):
        return after
    return replace(armed(after, now, new), status=clock.status)


def _given(
    warned: tuple[int, ...], before: tuple[WarningMark, ...], coming: tuple[WarningMark, ...]
) -> tuple[int, ...]:
    """The new warnings that count as given: the same ones, and for those that are no more, all up to their colour."""
    if before == coming:
        return warned
    given = [before[index] for index in warned]
    reached = max((COLOUR_RANK[mark.colour] for mark in given if mark not in coming), default=-1)
    return tuple(index for index, mark in enumerate(coming) if mark in given or COLOUR_RANK[mark.colour] <= reached)


def _on_ladder(clock: Clock, now: datetime, old: Terms, new: Terms) -> Clock:
    """A clock past its breach: the due time stays, the next step is the new ladder's first above the level reached.

    It comes as long after the last mark as the new ladder says, and not before now. What has ended stays ended.
    """
    before, after = old.ladder(clock.kind), new.ladder(clock.kind)
    breach, first = len(old.warnings.get(clock.kind, ())), len(new.warnings.get(clock.kind, ())) + 1
    if before == after:
        return replace(clock, step=clock.step - breach - 1 + first)
    taken = before[: clock.step - breach - 1]
    clock = replace(clock, reached=max(clock.reached, *(step.level for step in taken), 0))
    if clock.next_at is None and clock.step > breach + 1:
        return replace(clock, step=first + len(after) + 1)
    if not after:
        return replace(clock, step=first, next_at=None)
    index = next((index for index, step in enumerate(after) if step.level > clock.reached), len(after))
    last, calendar = clock.due_at, old.calendar_of(clock.unit)
    for step in taken:
        last = calendar.add(last, span(step.after))
    gap = span(after[index].after if index < len(after) else new.grace)
    return replace(clock, step=first + index, next_at=max(now, new.calendar_of(clock.unit).add(last, gap)))


def _measured(clock: Clock, now: datetime, old: Terms, new: Terms, statutory: tuple[Clock, ...]) -> Clock:
    """A clock before its breach, as long as the new terms say; the same when their limit and calendar are the same."""
    was, limit = old.limit(clock.kind, clock.unit), new.limit(clock.kind, clock.unit)
    if was is None or limit is None or clock.extended or clock.kind == "callback":
        return clock
    cap = old.limit("statutory")
    if clock.rule != was[1] and not (clock.kind == "due" and cap is not None and clock.rule == cap[1]):
        return clock  # another rule set it, such as the hours in which customers may be called
    before, calendar = old.calendar_of(clock.unit), new.calendar_of(clock.unit)
    if clock.rule == was[1] and was[0] == limit[0] and _counts_alike(span(limit[0]), before, calendar):
        moved = replace(clock, rule=limit[1])
    else:
        moved = _counted(clock, now, old, span(limit[0]), calendar, rule=limit[1])
    if clock.kind == "due" and (bound := statutory_cap(statutory, clock.started_at, moved.due_at)) is not None:
        moved = _capped(moved, now, bound)
    if abs(moved.due_at - clock.due_at) < _TOLERANCE:
        return replace(clock, rule=moved.rule)
    return moved


def _counts_alike(length: Span, one: Calendar, other: Calendar) -> bool:
    """Whether a span of this unit means the same in both calendars: elapsed minutes always, days in the same zone."""
    return length.unit == "min" or one == other or (not length.working and one.zone == other.zone)


def _counted(clock: Clock, now: datetime, old: Terms, length: Span, calendar: Calendar, *, rule: str) -> Clock:
    """The clock with a new limit, counted from when it began; of one that stood still what it has used up stays so."""
    whole = calendar.add(clock.started_at, length)
    total = _signed(clock.started_at, whole, length.working, calendar)
    new = replace(clock, length=total, working=length.working, rule=rule)
    if clock.status is Ticking.RUNNING and not clock.paused:
        return replace(new, due_at=whole, since=clock.started_at, worked=0.0)
    at = clock.paused_at if clock.status is Ticking.PAUSED and clock.paused_at else now
    if clock.working == length.working:
        left = total - worked(clock, now, old)
    else:  # it was counted otherwise so far: as if it had begun later by what it stood still
        still = timedelta(minutes=clock.paused)
        due_at = calendar.add(clock.started_at + still, length) if length.working else whole + still
        left = _signed(at, due_at, length.working, calendar)
    return replace(new, due_at=_offset(at, left, length.working, calendar), worked=total - left, since=at)


def _capped(clock: Clock, now: datetime, cap: Clock) -> Clock:
    """The clock cut off at the statutory due time, counted in elapsed time like that one."""
    at = clock.paused_at if clock.status is Ticking.PAUSED and clock.paused_at else now
    used = (at - clock.started_at).total_seconds() / 60 - clock.paused
    length = used + (cap.due_at - at).total_seconds() / 60
    return replace(clock, due_at=cap.due_at, length=length, working=False, worked=used, since=at, rule=cap.rule)


def _signed(begin: datetime, end: datetime, working: bool, calendar: Calendar) -> float:
    """Minutes from `begin` to `end` as the limit counts them, below zero when `end` is earlier."""
    if not working:
        return (end - begin).total_seconds() / 60
    return calendar.between(begin, end) if begin <= end else -calendar.between(end, begin)


def _offset(at: datetime, minutes: float, working: bool, calendar: Calendar) -> datetime:
    if not working:
        return at + timedelta(minutes=minutes)
    length = Span(abs(minutes), "wmin")
    return calendar.add(at, length) if minutes >= 0 else calendar.back(at, length)


def _begun(order: Order, now: datetime, old: Terms, new: Terms, statutory: tuple[Clock, ...]) -> Iterator[ClockChange]:
    """The clocks of kinds that the old terms did not have, where what they watch is owed now."""
    for kind, subject, unit, since in _owed(order):
        if old.limit(kind, unit) is not None or of_kind(order, kind, subject):
            continue
        change = start(kind, f"{subject}/{order.seq + 1}", unit, since or now, new)
        if change is None or change.clock is None:
            continue
        clock = change.clock
        if kind == "due" and (cap := statutory_cap(statutory, clock.started_at, clock.due_at)) is not None:
            clock = _capped(clock, now, cap)
        clock = due_now(armed(clock, now, new), now)
        if order.state is State.PENDING_INFO and kind in PAUSABLE:
            clock = stopped(clock, now, new)
        yield replace(change, clock=clock)


Owed = tuple[str, str, str, datetime | None]
"""A kind of limit, the subject of its clock, the unit it is charged to, and since when it is owed, where that is known.

So nobody gains time by taking a limit away and bringing it back."""


def _owed(order: Order) -> Iterator[Owed]:
    """What is owed at this moment."""
    for part in order.assignments:
        if part.round != order.round or part.status not in _HANDLED:
            continue
        if part.status is Part.OFFERED and part.role is not UnitRole.COPY:
            yield "sign", part.id, part.unit, part.dispatched_at
        if part.status is Part.RETURN_REQUESTED:
            yield "return_decision", part.id, "", None
        if part.role is UnitRole.CO and not part.explained:
            yield "co_due", part.id, part.unit, part.dispatched_at
        if part.role is UnitRole.LEAD and order.state in WORKED:
            yield from ((kind, part.id, part.unit, part.dispatched_at) for kind in ("target", "due"))
            yield "progress", part.id, part.unit, part.told_at or part.dispatched_at
            if part.contacted_at is None:
                yield "contact", part.id, part.unit, part.dispatched_at
            yield from ((f"{request.kind}_decision", part.id, "", request.at) for request in order.requests)
    yield from _owed_by_desks(order)
    for whistle in order.whistles:
        if whistle.status is Blow.REQUESTED:
            yield "whistle_decision", whistle.id, "", whistle.requested_at
        elif whistle.status in (Blow.BLOWN, Blow.JOINT_HANDLING):
            for one in whistle.attendances:
                for kind, owing in _SUMMONED.items():
                    if one.status in owing:
                        yield kind, f"{whistle.id}.{whistle.blows}/{one.unit}", one.unit, one.summoned_at


def _owed_by_desks(order: Order) -> Iterator[Owed]:
    if order.state in (State.REGISTERED, State.TRIAGE):
        yield "dispatch", "s", "", None
    if order.state is State.REPLIED and order.lead is not None:
        yield "reply_audit", order.lead.id, "", None
    if order.callback is not None and order.callback.status is CallbackStatus.UNDER_REVIEW:
        yield "callback_review", f"r{order.round}", "", None
    for whistle in order.whistles:
        if whistle.kind is WhistleKind.EMERGENCY and whistle.valid is None:
            yield "whistle_review", whistle.id, "", whistle.requested_at
        for one in whistle.attendances:
            if one.appeal == "pending":
                yield "appeal_decision", f"{whistle.id}/{one.unit}", "", None


@dataclass(frozen=True, slots=True)
class Move:
    """One deadline that new terms would move, end (`cancelled`, without `due_at`) or bring (`started`, without `was`).

    `breaches` says that the limit would be missed at once; `zone` is that of the unit's calendar. Instants are UTC.
    """

    key: str
    kind: str
    unit: str
    change: str
    was: datetime | None
    due_at: datetime | None
    was_rule: str
    rule: str
    breaches: bool
    zone: str


def moves(order: Order, now: datetime, old: Terms, new: Terms) -> tuple[Move, ...]:
    """Every deadline of the order that the new terms would move at `now`, the earliest first; changes nothing."""
    found = []
    for change in retimed(order, now, old, new):
        before, after = order.clocks.get(change.key), change.clock
        if before is not None and after is not None and before.due_at == after.due_at:
            continue
        one = after or before
        assert one is not None, "a clock that is neither known nor begun does not change"
        found.append(
            Move(
                key=change.key,
                kind=one.kind,
                unit=one.unit,
                change=change.change,
                was=before.due_at if before else None,
                due_at=after.due_at if after else None,
                was_rule=before.rule if before else "",
                rule=after.rule if after else "",
                breaches=after is not None and after.status is Ticking.RUNNING and after.due_at <= now,
                zone=new.calendar_of(one.unit).zone,
            )
        )
    return tuple(sorted(found, key=lambda move: (move.due_at or now, move.key)))
