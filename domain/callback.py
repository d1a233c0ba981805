"""The call-back, the end of a round, and the reopening.

An order closes only through what the customer said, or as explicitly not rated after all attempts (invariant 6).
"""

from __future__ import annotations

from datetime import datetime

from domain import calling, clocks, errors
from domain import commands as c
from domain import events as e
from domain.calendar import span
from domain.clocks import gone, of_kind, start
from domain.duties import next_round_clocks
from domain.events import ClockChange
from domain.ladder import raised
from domain.model import (
    SYSTEM,
    Assignment,
    Blow,
    Callback,
    CallbackStatus,
    Order,
    Outcome,
    Part,
    Role,
    Satisfaction,
    State,
    UnitRole,
)
from domain.policy import CallingRules
from domain.records import replace
from domain.scribe import Scribe, required

RESULTS = ("reached", "no_answer", "refused")
TO_CALL = (CallbackStatus.PLANNED, CallbackStatus.DEFERRED, CallbackStatus.ATTEMPTING)
"""While a call-back is one of these, the customer is still to be called."""


def planned_callback(scribe: Scribe, *, expiry: bool = False) -> tuple[Callback, tuple[ClockChange | None, ...]]:
    """The call-back that is now due, and its clock; an order that sampling leaves out is asked by message.

    In the customer's quiet hours and on days off either waits for the next opening.
    """
    order, terms, zone = scribe.order, scribe.terms, scribe.order.customer.zone
    callback = Callback(round=order.round, status=CallbackStatus.PLANNED, planned_at=scribe.now, expiry=expiry)
    if not expiry and not _chosen(order, terms.calling):
        opens = calling.first_message(scribe.now, zone, terms)
        return replace(callback, status=CallbackStatus.SMS_SENT, not_before=opens), (_rating_clock(scribe, opens),)
    opens = calling.first_call(scribe.now, zone, terms)
    before = order.callback
    unanswered = before.attempts if before and before.status is CallbackStatus.ATTEMPTING else ()
    if unanswered:  # the call at expiry; its gap holds for the next ring too
        again = terms.calendar.add(unanswered[-1], span(terms.calling.gap))
        opens = calling.first_call(max(scribe.now, again), zone, terms)
    clock, moved_from = _call_clock(scribe, opens)
    status = CallbackStatus.DEFERRED if opens > scribe.now else CallbackStatus.PLANNED
    return replace(callback, status=status, not_before=opens, moved_from=moved_from), (clock,)


def _chosen(order: Order, rules: CallingRules) -> bool:
    """All escalated, whistled, reopened, ledgered and VIP orders; of the others a share fixed by seed and number."""
    if order.level or order.whistles or order.ledgered or order.round > 1 or order.customer.tier != "normal":
        return True
    return calling.draw(rules.seed, order.id) < rules.sample_percent


def _call_clock(scribe: Scribe, opens: datetime) -> tuple[ClockChange | None, datetime | None]:
    """The limit for calling, and when it would have passed where nobody may call before that.

    What is promised must be possible: then it passes at the end of the first calling hours.
    """
    subject = f"r{scribe.order.round}.{scribe.order.seq + 1}"
    clock = start("callback", subject, "", scribe.now, scribe.terms)
    if clock is None or clock.clock is None or clock.clock.due_at > opens:
        return clock, None
    closes = calling.window(opens, scribe.order.customer.zone, scribe.terms).closes
    return start(
        "callback", subject, "", scribe.now, scribe.terms, due=closes, rule="calling.closes"
    ), clock.clock.due_at


def _rating_clock(scribe: Scribe, asked: datetime) -> ClockChange | None:
    """The customer's window for rating, from when he is asked."""
    due = scribe.terms.calendar.add(asked, span(scribe.terms.calling.rating_window))
    key = f"r{scribe.order.round}"
    return start("rating", key, "", scribe.now, scribe.terms, due=due, rule="calling.rating_window")


def plan_at_expiry(scribe: Scribe) -> None:
    """The limit passed without a reply: the customer is called all the same (invariant 7)."""
    order = scribe.order
    if order.callback is None and order.state is not State.REPLIED:
        callback, starts = planned_callback(scribe, expiry=True)
        scribe.emit(e.CallbackPlanned(callback), starts)


def record_callback(scribe: Scribe, command: c.RecordCallback) -> None:
    """One attempt: reached with the customer's words, no answer, or refused."""
    order = scribe.order
    callback = order.callback
    if callback is None:
        raise errors.UnknownSubject("no call-back is planned", state=order.state)
    if command.result not in RESULTS:
        raise errors.InvalidField("result is unknown", field="result", remedy="one of " + ", ".join(RESULTS))
    scribe.other_than((*order.handlers, order.audited_by), "the person calling back")
    if callback.status not in TO_CALL:
        raise errors.NotAllowedNow(
            f"the call-back is {callback.status}", state=order.state, remedy="wait for the next step of the call-back"
        )
    _may_call(scribe, callback, command.recent)
    if command.result == "no_answer":
        _no_answer(scribe, callback)
    elif command.result == "refused":
        required(command.why, "why", "what the customer said when he refused")
        done = gone(of_kind(order, "callback"), "met")
        scribe.emit(e.CallbackRecorded(True, None, None, command.why, refused=True), done)
        if not callback.expiry:
            close(scribe, Outcome.NOT_RATED, "the customer did not wish to rate")
    else:
        if command.solved is None or command.contacted is None:
            field = "solved" if command.solved is None else "contacted"
            raise errors.InvalidField(f"{field} is missing", field=field, remedy="ask the customer: yes or no")
        if command.satisfaction is None and not callback.expiry:
            raise errors.InvalidField(
                "satisfaction is missing", field="satisfaction", remedy="satisfied, basically or dissatisfied"
            )
        _recorded(scribe, command.contacted, command.solved, command.satisfaction, command.why, by_sms=False)


def _may_call(scribe: Scribe, callback: Callback, recent: tuple[datetime, ...]) -> None:
    """Refuse a call in quiet hours, before the next attempt's time, or to a number that was called too often."""
    rules, zone, now = scribe.terms.calling, scribe.order.customer.zone, scribe.now
    # A rehearsal's time is its own, so other orders' calls say nothing there: it counts its own alone.
    calls = callback.attempts if scribe.order.rehearsal else recent
    freed = calling.next_to_number(calls, now, rules)
    allowed = calling.first_call(max(freed, callback.not_before or now), zone, scribe.terms)
    if allowed <= now:
        return
    remedy = "call at " + errors.not_before(allowed)
    if calling.first_call(now, zone, scribe.terms) > now:
        raise errors.QuietHours(
            f"customers are called from {rules.opens}:00 to {rules.closes}:00 in {zone}, and not on holidays",
            state=scribe.order.state,
            remedy=remedy,
        )
    if callback.not_before is not None and callback.not_before > now:
        raise errors.TooSoon(
            f"attempts are at least {rules.gap} apart and spread over {rules.days} days",
            state=scribe.order.state,
            remedy=remedy,
        )
    raise errors.TooManyCalls(
        f"a number is called at most {rules.per_day} times in 24 hours and {rules.per_five_minutes} times in five "
        "minutes, over all orders",
        state=scribe.order.state,
        remedy=remedy,
    )


def _no_answer(scribe: Scribe, callback: Callback) -> None:
    number = len(callback.attempts) + 1
    done = gone(of_kind(scribe.order, "callback"), "met")
    if number < scribe.terms.calling.attempts:
        opens = calling.next_attempt((*callback.attempts, scribe.now), scribe.order.customer.zone, scribe.terms)
        again, moved_from = _call_clock(scribe, opens)
        attempted = e.CallbackAttempted(number, exhausted=False, not_before=opens, moved_from=moved_from)
        scribe.emit(attempted, done, again)
    elif callback.expiry:
        scribe.emit(e.CallbackAttempted(number, exhausted=True), done)
    else:
        asked = calling.first_message(scribe.now, scribe.order.customer.zone, scribe.terms)
        rating = _rating_clock(scribe, asked)
        until = rating.clock.due_at if rating and rating.clock else None
        attempted = e.CallbackAttempted(number, exhausted=True, sms_until=until, not_before=asked)
        scribe.emit(attempted, done, rating)


def rate_by_sms(scribe: Scribe, command: c.RateBySms) -> None:
    """The customer's own rating, inside the window that the message opened."""
    callback = scribe.order.callback
    if callback is None or callback.status is not CallbackStatus.SMS_SENT:
        raise errors.NotAllowedNow("no rating is asked for by message now", state=scribe.order.state)
    _recorded(scribe, command.contacted, command.solved, command.satisfaction, command.why, by_sms=True)


def _recorded(
    scribe: Scribe,
    contacted: bool | None,
    solved: bool,
    satisfaction: Satisfaction | None,
    why: str,
    *,
    by_sms: bool,
) -> None:
    expiry = scribe.order.callback is not None and scribe.order.callback.expiry
    recorded = e.CallbackRecorded(contacted, solved, satisfaction, why, by_sms=by_sms)
    done = (*gone(of_kind(scribe.order, "callback"), "met"), *gone(of_kind(scribe.order, "rating"), "met"))
    review = None
    if recorded.unhappy and not expiry:
        required(why, "why", "what the customer is not content with")
        review = start("callback_review", f"r{scribe.order.round}.{scribe.order.seq + 1}", "", scribe.now, scribe.terms)
    scribe.emit(recorded, done, review)
    if expiry:
        if not solved:
            raised(scribe, scribe.order.level + 1)
    elif not recorded.unhappy:
        on_the_spot = not scribe.order.assignments and not scribe.order.imported
        close(scribe, Outcome.ANSWERED_AT_ONCE if on_the_spot else Outcome.RESOLVED_SATISFIED, why)


def lapse_rating(scribe: Scribe, changes: tuple[ClockChange, ...]) -> None:
    """No rating came in its window: not rated, and never counted as satisfied."""
    scribe.emit(e.RatingLapsed(), changes)
    close(scribe, Outcome.NOT_RATED, "no rating after all attempts")


def review_callback(scribe: Scribe, command: c.ReviewCallback) -> None:
    """Reasonable, it is reworked and goes up one level; else it closes with the explanation on record."""
    order = scribe.order
    callback = order.callback
    if callback is None or callback.status is not CallbackStatus.UNDER_REVIEW:
        raise errors.NotAllowedNow("no call-back is under review", state=order.state)
    required(command.explanation, "explanation", "why")
    scribe.other_than((*order.handlers, order.audited_by, order.called_by), "the review of a call-back")
    lead = order.lead
    if not command.rework:
        outcome = Outcome.RESOLVED_DISSATISFIED if callback.solved else Outcome.UNRESOLVED
        close(scribe, outcome, command.explanation)
    else:
        part = _same_lead(scribe, lead) if lead else None
        state = State.IN_PROGRESS if part else State.TRIAGE
        scribe.emit(
            e.OrderReworked(command.explanation, order.round + 1, state, part),
            gone(of_kind(order, "callback_review"), "met"),
            clocks.resumed(of_kind(order, "statutory"), scribe.now, scribe.terms),
            next_round_clocks(scribe, part),
        )
        raised(scribe, scribe.order.level + 1)


def _same_lead(scribe: Scribe, lead: Assignment) -> Assignment:
    """The lead's assignment of the next round: known to the unit, so signed, and no longer returnable."""
    return Assignment(
        id=scribe.order.assignment_id(),
        unit=lead.unit,
        role=UnitRole.LEAD,
        status=Part.SIGNED,
        round=scribe.order.round + 1,
        hop=scribe.order.hop,
        dispatched_at=scribe.now,
        designated=True,
        signed_at=scribe.now,
    )


OUTLIVING = ("whistle_review", "appeal_decision")
"""What is still owed when an order has closed: judgements about the whistle, not about the matter."""


def all_clocks(order: Order, met: tuple[str, ...] = (), kept: tuple[str, ...] = ()) -> tuple[ClockChange, ...]:
    """The end of every clock of the order: met for the kinds in `met`, cancelled for the others but those `kept`."""
    return tuple(
        change
        for clock in order.clocks.values()
        if clock.kind not in kept
        for change in gone((clock,), "met" if clock.kind in met else "cancelled")
    )


def end_whistles(scribe: Scribe) -> None:
    """Whistles end with their order."""
    for whistle in scribe.order.whistles:
        if whistle.status not in (Blow.ENDED, Blow.REFUSED_INVALID, Blow.VERIFIED):
            scribe.emit(e.WhistleEnded(whistle.id), by=SYSTEM)


def close(scribe: Scribe, outcome: Outcome, explanation: str) -> None:
    """The round ends; the customer's window opens, or the appeal is named after the final review."""
    order, final = scribe.order, scribe.order.final_review
    until = None if final else clocks.limit("reopen", scribe.now, scribe.terms)
    window = None if until is None else start("reopen", f"r{order.round}", "", scribe.now, scribe.terms)
    scribe.emit(
        e.OrderClosed(outcome, explanation, until, appeal_notice=final),
        all_clocks(order, met=("statutory", "callback_review"), kept=() if final else OUTLIVING),
        window,
    )
    end_whistles(scribe)


def reopen(scribe: Scribe, command: c.Reopen) -> None:
    """Round + 1 and one level up; after the policy's rounds the final review, after that only the appeal."""
    order, terms = scribe.order, scribe.terms
    if scribe.actor.role is Role.CUSTOMER:
        if order.final_review:
            raise errors.AppealOnly(
                "the final review is done", state=order.state, remedy="appeal to the telecom users' appeal centre"
            )
        if not of_kind(order, "reopen"):
            raise errors.WindowClosed("the window for reopening has passed", state=order.state)
    final = order.reopens + 1 > terms.reopen_rounds
    lead = order.lead
    to_triage = command.conference or final or lead is None
    part = None if to_triage or lead is None else _same_lead(scribe, lead)
    state = State.TRIAGE if part is None else State.IN_PROGRESS
    scribe.emit(
        e.OrderReopened(order.round + 1, state, final_review=final, assignment=part),
        gone(of_kind(order, "reopen"), "cancelled"),
        start("statutory", f"r{order.round + 1}", "", scribe.now, terms),
        next_round_clocks(scribe, part),
    )
    raised(scribe, scribe.order.level + 1)
