"""Answers as bytes: an order's view is encoded once, straight from the rules' records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from fastapi import Response

from api.errors import PROBLEM_JSON, RETRY_SECONDS
from contracts.messages import EventRow
from contracts.messages import View as Live
from domain.clocks import next_deadline
from domain.model import STATUS, Order, Role
from domain.order import allowed
from domain.records import replace
from domain.sight import (
    CUSTOMER_REASONS,
    VIEWS,
    View,
    actor_shown,
    changes_shown,
    data_shown,
    event_shown,
    rated,
    shown,
)
from store.ledger import Head
from store.orders import OrderLine

JSON = "application/json"
LEAD_CLOCK = "due"
"""The kind of the clock that the lead answers for."""


def etag(seq: int) -> str:
    """The entity tag of an order at that seq."""
    return f'"{seq}"'


def due_at(order: Order) -> datetime | None:
    """The lead's limit (UTC), if it runs."""
    return next((clock.due_at for clock in order.clocks.values() if clock.kind == LEAD_CLOCK), None)


def view(whole: Order, role: Role) -> dict[str, Any]:
    """The fields of `schemas.OrderView`, as far as the role is shown them."""
    order, may = shown(whole, role), allowed(whole)
    lead = order.lead
    return {
        "order": order,
        "status": STATUS[order.state],
        "overdue": order.overdue,
        "lead": lead.unit if lead else "",
        "due_at": due_at(order),
        "next_at": next_deadline(order),
        "allowed": may if role is not Role.CUSTOMER else {role: may.get(role, ())},
    }


class _Keyed(msgspec.Struct):
    key: str = ""


class Stored(msgspec.Struct, frozen=True):
    """An answer as it is kept under its key: asked again, the same status and the same bytes go out."""

    status: int
    seq: int
    body: msgspec.Raw


_STORED = msgspec.json.Decoder(Stored)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer on its way out: the status, the JSON, and the order's seq for the ETag (0 = none).

    `replayed` marks one that was kept under its key: nothing was done anew.
    """

    status: int
    body: bytes
    seq: int = 0
    order_id: str = ""
    replayed: bool = False

    def stored(self) -> str:
        """The text to keep under the key."""
        return msgspec.json.encode(Stored(self.status, self.seq, msgspec.Raw(self.body))).decode()

    @staticmethod
    def restored(text: str, order_id: str) -> Reply:
        """The reply of a kept text."""
        kept = _STORED.decode(text)
        return Reply(kept.status, bytes(kept.body), kept.seq, order_id, replayed=True)

    def response(self) -> Response:
        """The HTTP answer."""
        headers: dict[str, str] = {}
        if self.seq and self.status < 400:
            headers["ETag"] = etag(self.seq)
        if self.status == 201:
            headers["Location"] = f"/v1/orders/{self.order_id}"
        if self.status == 503:
            headers["Retry-After"] = str(RETRY_SECONDS)
        if self.replayed:
            headers["Idempotent-Replayed"] = "true"
        media_type = PROBLEM_JSON if self.status >= 400 else JSON
        return Response(self.body, self.status, headers, media_type)


def shown_to(head: Head, role: Role) -> Reply:
    """The reply that shows an order to a role; a unit is told no seq that would tell it of a call-back."""
    seq = seq_told(head, role)
    body = view(head.order, role)
    body["order"] = replace(body["order"], seq=seq)
    return Reply(200, msgspec.json.encode(body), seq, head.order.id)


def seq_told(head: Head, role: Role) -> int:
    """The order's last seq as a role is told it."""
    return head.unit_seq if VIEWS[role] is View.UNIT and not rated(head.order) else head.last_seq


def line_shown(line: OrderLine, role: Role) -> OrderLine:
    """A line of a list as a role is shown it: nothing that the order itself does not show it."""
    match VIEWS[role]:
        case View.UNIT:
            return replace(line, next_at=None)
        case View.CUSTOMER:
            return replace(line, next_at=None, level=0, colour="")
        case _:
            return line


def live(found: Live, head: Head, role: Role) -> Reply:
    """The reply that shows an order as its workflow holds it; `head` is what the ledger has of it."""
    body = view(found.order, role)
    if VIEWS[role] is View.UNIT:
        body["order"] = replace(body["order"], seq=seq_told(head, role))
    body["allowed"] = found.allowed
    return Reply(200, msgspec.json.encode(body), body["order"].seq, found.order.id)


def done(order: Order, role: Role, *, command_id: str, verb: str, first: int, last: int) -> Reply:
    """The reply to a command that was carried out, for the role that asked for it."""
    body = view(order, role)
    body["command"] = {"id": command_id, "verb": verb, "first": first, "last": last}
    return Reply(201 if verb == "register" else 200, msgspec.json.encode(body), order.seq, order.id)


def event_line(row: EventRow, order: Order, role: Role, *, final: bool) -> dict[str, Any] | None:
    """An event as a role is shown it, None for one that it is not; `final` when its round has ended.

    Defaults are left out of a stored row; readers get every field.
    """
    key = msgspec.json.decode(row.data, type=_Keyed).key if VIEWS[role] is View.UNIT else ""
    if not event_shown(row.type, role, final=final, key=key):
        return None
    line: dict[str, Any] = {"reason": "", "command_id": "", "clocks": (), **msgspec.structs.asdict(row)}
    if VIEWS[role] is View.DESK:
        return line
    data = data_shown(row.type, msgspec.json.decode(row.data), role, final=final)
    told = VIEWS[role] is View.UNIT or row.type in CUSTOMER_REASONS
    return {
        **line,
        "data": data,
        "actor": replace(row.actor, id=actor_shown(row.actor.id, role), acting_for=""),
        "reason": row.reason if told else "",
        "command_id": "",
        "clocks": changes_shown(row.clocks, order, role, final=final),
    }
