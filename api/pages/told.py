"""One order as its customer is told of it: where it stands, who has it, what comes next and until when, what happened.

It is made of what his rights show him (`domain.sight`), and still sealed; `veiled` opens it afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from api.pages.events import STEPS
from api.pages.speech import ZH, clock, say, written
from contracts.messages import EventRow
from domain.model import CallbackStatus, Clock, Order, Part, Role, State, Ticking, UnitRole
from domain.notice_texts import LABELS
from domain.order import allowed
from domain.sight import CUSTOMER_REPLY, shown
from store.files import FileLine
from store.notices import Entry

COMING: dict[State, tuple[str, ...]] = {
    State.REGISTERED: ("register", "contact", "due", "statutory"),
    State.TRIAGE: ("contact", "due", "statutory"),
    State.DISPATCHED: ("contact", "progress", "due", "statutory"),
    State.IN_PROGRESS: ("contact", "progress", "due", "statutory"),
    State.PENDING_INFO: ("info", "due", "statutory"),
    State.LEDGERED: ("progress", "due", "statutory"),
    State.REPLIED: ("due", "statutory"),
    State.AWAITING_CALLBACK: ("callback", "rating", "statutory"),
    State.CLOSED: ("reopen",),
}
"""The limits that say what comes next in each state, of those that a customer may count on."""
PROMISES = ("due", "statutory")
"""The limits whose passing is told first: a result, and the law's answer."""
DEEDS = ("supply_info", "rate_by_sms", "reopen", "urge", "attach", "withdraw")
"""What a customer may do, the most pressing first."""

AT_ONCE = 100
"""Steps that a page shows; the earlier ones have pages of their own."""

Names = Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Known:
    """What a page is made from; `events` are the lines that the customer is shown, in the order of their seqs."""

    order: Order
    events: list[dict[str, Any]]
    notices: list[Entry]
    files: list[FileLine]
    names: Names


def telling(known: Known, lang: str, before: int = 0) -> dict[str, Any]:
    """All that the page of an order says of it, in that language and in the customer's zone.

    Of its steps the newest, with `before` the newest of those before that seq.
    """
    order = shown(known.order, Role.CUSTOMER)
    zone = order.customer.zone
    at = partial(written, lang, zone=zone)
    return {
        "id": order.id,
        "title": order.title,
        "text": _last(known.events, "OrderRegistered", "text") or _last(known.events, "OrderImported", "text"),
        "category": _named(known.names, "category", order.category, lang),
        "registered": at(order.registered_at),
        "round": order.round,
        "rehearsal": order.rehearsal,
        "state": order.state.value,
        "state_said": say(lang, f"state.{order.state}"),
        "told": say(lang, f"told.{_standing(order)}"),
        "outcome": _outcome(order, lang),
        "handling": _handling(order, known.names, lang),
        "coming": [_step(one, lang, zone) for one in coming(order)],
        "late": _late(known, order, lang),
        "moved": _moved(known, order, lang),
        "question": _last(known.events, "InformationRequired", "question"),
        "deeds": deeds(order),
        "reopen_until": next((at(one.due_at) for one in order.clocks.values() if one.kind == "reopen"), ""),
        "urges": order.urges,
        **_steps(timeline(known, lang), before),
        "files": [{"id": one.id, "name": one.name, "size": _size(one.size), "at": at(one.at)} for one in known.files],
        "times": clock(lang, known.order.registered_at, zone),
        "seq": order.seq,
    }


def deeds(order: Order) -> list[str]:
    """What the customer may do now."""
    may = [verb for verb in DEEDS if verb in allowed(order).get(Role.CUSTOMER, ())]
    asked = order.callback is not None and order.callback.status is CallbackStatus.SMS_SENT
    window = not order.final_review and any(one.kind == "reopen" for one in order.clocks.values())
    closed = {"rate_by_sms": asked, "reopen": window}
    return [verb for verb in may if closed.get(verb, True)]


def coming(order: Order) -> list[Clock]:
    """The limits that say what comes next, the earliest first; of several of a kind the first that runs out."""
    found: dict[str, Clock] = {}
    for one in sorted(order.clocks.values(), key=lambda one: one.due_at):
        answered = one.kind == "statutory" and one.status is Ticking.ANSWERED
        if one.kind in COMING.get(order.state, ()) and not answered:
            found.setdefault(one.kind, one)
    return list(found.values())


def _standing(order: Order) -> str:
    callback = order.callback
    if order.state is State.AWAITING_CALLBACK and callback is not None:
        by_status = {CallbackStatus.SMS_SENT: "rating", CallbackStatus.UNDER_REVIEW: "under_review"}
        return by_status.get(callback.status, order.state.value)
    if order.state is State.CLOSED:
        return "closed_finally" if order.final_review else "closed_open" if "reopen" in deeds(order) else "closed"
    return order.state.value


def _outcome(order: Order, lang: str) -> str:
    if order.outcome is None:
        return ""
    if order.outcome == "answered_at_once":
        return "当场答复" if lang == ZH else "answered at once"
    return LABELS["outcome"][order.outcome][0 if lang == ZH else 1]


def _handling(order: Order, names: Names, lang: str) -> dict[str, Any]:
    """Who leads and who helps in this round, by name."""
    lead, gone = order.lead, (Part.RETURN_UPHELD, Part.WITHDRAWN)
    helping = [
        _named(names, "unit", one.unit, lang)
        for one in order.assignments
        if one.round == order.round and one.role is UnitRole.CO and one.status not in gone
    ]
    return {"lead": _named(names, "unit", lead.unit, lang) if lead else "", "co": list(dict.fromkeys(helping))}


def _step(one: Clock, lang: str, zone: str) -> dict[str, str]:
    status = {
        Ticking.PAUSED: say(lang, "order.paused"),
        Ticking.ANSWERED: say(lang, "order.handed_in"),
        Ticking.BREACHED: say(lang, "order.was_until", at=written(lang, one.due_at, zone)),
    }
    until = status.get(one.status, say(lang, "order.until", at=written(lang, one.due_at, zone)))
    how = "late" if one.status is Ticking.BREACHED else ""
    return {"what": say(lang, f"next.{one.kind}"), "until": until, "iso": one.due_at.isoformat(), "how": how}


def _late(known: Known, order: Order, lang: str) -> dict[str, str] | None:
    """The promise that was broken, in the words in which he was told of it."""
    broken = [one for one in coming(order) if one.kind in PROMISES and one.status is Ticking.BREACHED]
    if not broken:
        return None
    said = next((one for one in known.notices if one.template == "customer.late"), None)
    was = say(lang, "order.was_until", at=written(lang, broken[0].due_at, order.customer.zone))
    return {"was": was, "said": _body(said, lang) if said else ""}


def _moved(known: Known, order: Order, lang: str) -> dict[str, str] | None:
    """The first date and the present one where they differ, with the reason."""
    due = next((one for one in coming(order) if one.kind == "due" and one.due_at != one.first_due_at), None)
    if due is None or due.status is Ticking.ANSWERED:
        return None
    at = partial(written, lang, zone=order.customer.zone)
    retimed = next((one for one in known.notices if one.template == "customer.retimed"), None)
    granted = next((one for one in reversed(known.events) if one["type"] == "ExtensionGranted"), None)
    reason, said = "", ""
    if granted is not None and (retimed is None or granted["seq"] > retimed.seq):
        reason = granted["reason"]
    elif retimed is not None:
        said = _body(retimed, lang)
    return {"was": at(due.first_due_at), "now": at(due.due_at), "reason": reason, "said": said}


def _steps(steps: list[tuple[int, dict[str, Any]]], before: int) -> dict[str, Any]:
    """As many steps as one page shows, which those are of how many, and before which seq the next page begins."""
    skipped = sum(seq >= before for seq, _ in steps) if before else 0
    found = steps[skipped : skipped + AT_ONCE]
    last = skipped + len(found)
    part = {"first": skipped + 1, "last": last, "all": len(steps)} if found and len(found) < len(steps) else None
    earlier = found[-1][0] if found and last < len(steps) else 0
    return {"timeline": [line for _, line in found], "part": part, "earlier": earlier, "before": before}


def timeline(known: Known, lang: str) -> list[tuple[int, dict[str, Any]]]:
    """The steps with their seqs, newest first, in the words in which he was told of each, else in those of its kind."""
    order, told = known.order, {one.seq: one for one in known.notices}
    found: list[tuple[int, dict[str, Any]]] = []
    for event in known.events:
        notice = told.pop(event["seq"], None)
        step = STEPS[event["type"]]
        title = _title(notice, lang) if notice else step.zh if lang == ZH else step.en
        body = _body(notice, lang) if notice else _own(event, order, known.names, lang)
        quoted = event["data"].get(step.quoted) or "" if step.quoted else ""
        mine = event["actor"].role is Role.CUSTOMER
        line = _line(event["at"], order, lang, title=title, body=body, quoted=quoted, mine=mine)
        found.append((event["seq"], line))
    for seq, notice in told.items():
        line = _line(notice.created_at, order, lang, title=_title(notice, lang), body=_body(notice, lang))
        found.append((seq, line))
    return sorted(found, key=lambda one: -one[0])


def reply_told(row: EventRow) -> dict[str, Any]:
    """What the customer is told of a reply, with the event that accepts it."""
    data = msgspec.json.decode(row.data)
    return {name: data[name] for name in CUSTOMER_REPLY}


def _line(at: datetime, order: Order, lang: str, **given: Any) -> dict[str, Any]:
    when = {"at": written(lang, at, order.customer.zone), "iso": at.isoformat()}
    return {"body": "", "quoted": "", "mine": False, **when, **given}


def _own(event: dict[str, Any], order: Order, names: Names, lang: str) -> str:
    """Who it is about, where no notice said so."""
    data = event["data"]
    units = [data["unit"]] if "unit" in data else list(data.get("units", ()))
    units += [part.unit for part in order.assignments if part.id == data.get("assignment")]
    if event["type"] == "DocumentAttached":
        return str(data["name"]) if event["actor"].role is Role.CUSTOMER else say(lang, "order.ours")
    return say(lang, "order.units_join").join(_named(names, "unit", one, lang) for one in units)


def _last(events: list[dict[str, Any]], kind: str, field: str) -> str:
    return next((str(one["data"][field]) for one in reversed(events) if one["type"] == kind), "")


def _named(names: Names, group: str, code: str, lang: str) -> str:
    return names.get(f"{group}:{code}", (code, code))[0 if lang == ZH else 1]


def _title(notice: Entry, lang: str) -> str:
    return notice.title_zh if lang == ZH else notice.title_en


def _body(notice: Entry, lang: str) -> str:
    return notice.body_zh if lang == ZH else notice.body_en


def _size(size: int) -> str:
    return f"{size / 2**20:.1f} MB" if size >= 2**20 else f"{max(1, round(size / 1024))} KB"
