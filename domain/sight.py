"""What of an order a role is shown, where it may see the order at all.

A unit does not learn who complains, nor how the customer rates it before that is final (invariant 4: it may be the one
complained about); a customer sees the steps, and not the desks behind them. Names, numbers and texts are another
matter: they are sealed, and `vault.veil` says how far each role's are opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from domain.events import ClockChange
from domain.model import OPEN, Clock, Colour, Order, Role
from domain.records import replace


class View(StrEnum):
    """From which side an order is looked at."""

    DESK = "desk"
    UNIT = "unit"
    CUSTOMER = "customer"


VIEWS: dict[Role, View] = {
    Role.AGENT: View.DESK,
    Role.TEAM_LEAD: View.DESK,
    Role.DISPATCHER: View.DESK,
    Role.REPLY_AUDITOR: View.DESK,
    Role.CALLBACK_AGENT: View.DESK,
    Role.PROVINCE_MANAGER: View.DESK,
    Role.REGIONAL_MANAGER: View.DESK,
    Role.HEADQUARTERS: View.DESK,
    Role.AUDITOR: View.DESK,
    Role.CHANNEL: View.DESK,
    Role.REGULATOR: View.DESK,
    Role.UNIT_MEMBER: View.UNIT,
    Role.UNIT_HEAD: View.UNIT,
    Role.CUSTOMER: View.CUSTOMER,
    Role.ADMINISTRATOR: View.UNIT,
    Role.SYSTEM: View.UNIT,
}
"""The side that each role looks from."""

CALLBACK_CLOCKS = ("callback", "callback_review", "rating")
"""The limits of a call-back; they tell whether and how the customer has answered."""

CUSTOMER_CLOCKS = ("statutory", "register", "contact", "due", "progress", "info", "rating", "reopen", "callback")
"""The limits that a customer may count on."""

RATING_EVENTS = ("CallbackPlanned", "CallbackAttempted", "CallbackRecorded", "RatingLapsed")
"""What a unit does not see before the round has ended."""


def of_callback(event_type: str, key: str) -> bool:
    """Whether an event tells of a round's call-back: by its type, or by the limit `key` that it speaks of."""
    return event_type in RATING_EVENTS or key.partition("/")[0] in CALLBACK_CLOCKS


ROUND_ENDS = ("OrderClosed", "OrderReworked", "OrderReopened", "OrderTerminated", "OrderWithdrawn")
"""With these a round's rating is final."""

CUSTOMER_EVENTS: Mapping[str, tuple[str, ...]] = {
    "OrderRegistered": (
        "order_id", "title", "text", "category", "order_class", "province", "channel", "customer", "area",
    ),
    "OrderImported": (
        "order_id", "title", "text", "category", "order_class", "province", "channel", "customer", "area",
        "registered_at",
    ),
    "OrderAnswered": ("answer",),
    "OrderDeclined": ("ground", "other_route"),
    "InformationRequired": ("question",),
    "InformationSupplied": ("text", "to"),
    "InformationLapsed": ("to",),
    "TriageOpened": (),
    "OrderDispatched": ("hop",),
    "AssignmentSigned": ("assignment",),
    "CustomerContacted": ("assignment", "summary"),
    "ExtensionGranted": ("until",),
    "OrderLedgered": ("plan", "until"),
    "LedgerSettled": ("result",),
    "ProgressReported": ("text",),
    "ReplyAccepted": (),
    "CallbackAttempted": ("number", "not_before", "sms_until"),
    "CallbackRecorded": ("contacted", "solved", "satisfaction", "why", "refused", "by_sms"),
    "RatingLapsed": (),
    "OrderReworked": ("explanation", "round", "to"),
    "OrderClosed": ("outcome", "explanation", "reopen_until", "appeal_notice"),
    "ReopenWindowPassed": (),
    "OrderTerminated": ("ground",),
    "OrderWithdrawn": ("proof",),
    "OrderReopened": ("round", "to", "final_review"),
    "OrderUrged": ("number", "text"),
    "DocumentAttached": ("name", "media_type", "sha256"),
    "WhistleBlown": ("units", "again"),
    "DepartmentReportedIn": ("unit",),
}  # fmt: skip
"""The events that a customer sees, each with what he sees of it."""

CUSTOMER_REASONS = ("InformationRequired", "OrderDeclined", "ExtensionGranted", "OrderTerminated", "OrderReopened")
"""The events whose reason is meant for him."""

CUSTOMER_REPLY = ("done",)
"""What of a reply its customer is told once it was accepted, and not before; whom the unit spoke to is its own."""

_BY_CUSTOMER = "customer:"


def shown(order: Order, role: Role) -> Order:
    """The order as that role is shown it; what it may not know is as if it had never been."""
    match VIEWS[role]:
        case View.UNIT:
            return _to_unit(order)
        case View.CUSTOMER:
            return _to_customer(order)
        case _:
            return order


def clock_shown(kind: str, order: Order, role: Role) -> bool:
    """Whether a role is shown the limits of a kind."""
    match VIEWS[role]:
        case View.UNIT:
            return kind not in CALLBACK_CLOCKS or rated(order)
        case View.CUSTOMER:
            return kind in CUSTOMER_CLOCKS
        case _:
            return True


def event_shown(event_type: str, role: Role, *, final: bool, key: str = "") -> bool:
    """Whether a role is shown an event of a type, about the limit `key` if about one.

    `final` when the round that it belongs to has ended.
    """
    match VIEWS[role]:
        case View.UNIT:
            return final or not of_callback(event_type, key)
        case View.CUSTOMER:
            return event_type in CUSTOMER_EVENTS
        case _:
            return True


def data_shown(event_type: str, data: dict[str, Any], role: Role, *, final: bool) -> dict[str, Any]:
    """What a role is shown of an event's content."""
    match VIEWS[role]:
        case View.UNIT:
            hidden = () if final else ("callback",)
            return {
                name: _anonymous(value) if name == "customer" else None if name in hidden else value
                for name, value in data.items()
            }
        case View.CUSTOMER:
            wanted = CUSTOMER_EVENTS[event_type]
            return {name: value for name, value in data.items() if name in wanted}
        case _:
            return data


def changes_shown(
    changes: tuple[ClockChange, ...], order: Order, role: Role, *, final: bool
) -> tuple[ClockChange, ...]:
    """What a role is shown of an event's clock changes."""
    if VIEWS[role] is View.DESK or (final and VIEWS[role] is View.UNIT):
        return changes
    shown = (one for one in changes if clock_shown(one.key.partition("/")[0], order, role))
    if VIEWS[role] is View.UNIT:
        return tuple(shown)
    return tuple(replace(one, clock=one.clock and _plain(one.clock)) for one in shown)


def actor_shown(actor_id: str, role: Role) -> str:
    """The id of whoever acted, as a role is shown it: no customer's to a unit, nobody's to a customer."""
    match VIEWS[role]:
        case View.UNIT:
            return _BY_CUSTOMER.rstrip(":") if actor_id.startswith(_BY_CUSTOMER) else actor_id
        case View.CUSTOMER:
            return ""
        case _:
            return actor_id


def rated(order: Order) -> bool:
    """True when nothing about the present round's rating is open any more."""
    return order.state not in OPEN


def _anonymous(customer: dict[str, Any]) -> dict[str, Any]:
    return {**customer, "id": ""}


def _to_unit(order: Order) -> Order:
    order = replace(
        order,
        customer=replace(order.customer, id=""),
        registered_by=actor_shown(order.registered_by, Role.UNIT_MEMBER),
    )
    if rated(order):
        return order
    kept = {key: clock for key, clock in order.clocks.items() if clock.kind not in CALLBACK_CLOCKS}
    return replace(order, callback=None, called_by="", outcome=None, clocks=kept)


def _to_customer(order: Order) -> Order:
    return replace(
        order,
        against="",
        terms="",
        registered_by="",
        priority="normal",
        level=0,
        colour=Colour.NONE,
        handlers=(),
        dispatched_by="",
        audited_by="",
        called_by="",
        notes=0,
        assignments=tuple(replace(part, return_asked_by="") for part in order.assignments),
        whistles=(),
        requests=(),
        clocks={key: _plain(clock) for key, clock in order.clocks.items() if clock.kind in CUSTOMER_CLOCKS},
    )


def _plain(clock: Clock) -> Clock:
    return replace(clock, rule="", warned=(), step=0)
