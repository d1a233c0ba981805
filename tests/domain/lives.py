"""An order that tests drive through the pure rules: commands, waiting, and the state rebuilt from its events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from domain import commands as c
from domain.events import Event
from domain.model import Actor, Customer, Order, OrderClass, Role, Satisfaction
from domain.order import decide, due, evolve, next_deadline
from domain.policy import Terms, resolve
from domain.retime import renewed

DOCUMENT = Path(__file__).parents[2] / "store" / "documents" / "policy.json"
MONDAY = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
"""Monday 10:00 in Shanghai, with no holiday near."""

PEOPLE = {
    "agent": Actor("agent", Role.AGENT, "GD.svc"),
    "lead": Actor("team-lead", Role.TEAM_LEAD, "GD.svc"),
    "dispatcher": Actor("dispatcher", Role.DISPATCHER, "GD.svc"),
    "net": Actor("net", Role.UNIT_MEMBER, "GD.net"),
    "bill": Actor("bill", Role.UNIT_MEMBER, "GD.bill"),
    "mkt": Actor("mkt", Role.UNIT_MEMBER, "GD.mkt"),
    "it": Actor("it", Role.UNIT_HEAD, "GD.it"),
    "audit": Actor("reply-auditor", Role.REPLY_AUDITOR, "GD.svc"),
    "caller": Actor("caller", Role.CALLBACK_AGENT, "GD.svc"),
    "province": Actor("province", Role.PROVINCE_MANAGER, "GD"),
    "region": Actor("region", Role.REGIONAL_MANAGER, "R.south"),
    "hq": Actor("hq", Role.HEADQUARTERS, "HQ"),
    "auditor": Actor("auditor", Role.AUDITOR, "HQ"),
    "customer": Actor("customer", Role.CUSTOMER),
    "regulator": Actor("regulator", Role.REGULATOR),
    "channel": Actor("channel", Role.CHANNEL),
}


@lru_cache
def document() -> dict[str, Any]:
    """The shipped policy."""
    found: dict[str, Any] = json.loads(DOCUMENT.read_text())
    return found


@lru_cache
def terms(order_class: str = "general", tier: str = "normal") -> Terms:
    """The shipped policy's terms for a class."""
    return resolve(document(), OrderClass(order_class), tier, "GD")


class Life:
    """One order under the real default policy; `now` moves only when told.

    `document` is the policy that a command which changes the order's terms takes them from.
    """

    def __init__(
        self, order_class: str = "general", now: datetime = MONDAY, own: Terms | None = None, **register: Any
    ) -> None:
        self.terms = own or terms(order_class)
        self.document: Mapping[str, Any] = document()
        self.now = now
        self.order: Order | None = None
        self.events: list[Event] = []
        self.count = 0
        fields: dict[str, Any] = {
            "order_id": "WH-TEST-1",
            "title": "no signal",
            "text": "no signal since Monday",
            "category": "network.fault",
            "order_class": OrderClass(order_class),
            "province": "GD",
            "channel": "10010",
            "customer": Customer("Li", "13800000000"),
        }
        self.do("agent", c.Register(**(fields | register)))

    @property
    def at(self) -> Order:
        assert self.order is not None
        return self.order

    def do(self, who: str | Actor, body: c.Body, reason: str = "because", seq: int | None = None) -> list[Event]:
        """Decide and apply; the events that came."""
        self.count += 1
        actor = PEOPLE[who] if isinstance(who, str) else who
        if self.order is not None and getattr(body, "terms", self) is None:
            renews: Any = body  # of the many kinds, one of those with terms
            body = replace(renews, terms=renewed(self.order, body, self.document))
        command = c.Command(f"k{self.count}", actor, body, reason, seq)
        came = self._apply(decide(self.order, command, self.now, self.terms))
        self.terms = getattr(body, "terms", None) or self.terms
        return came

    def _apply(self, events: tuple[Event, ...]) -> list[Event]:
        for event in events:
            self.order = evolve(self.order, event)
            self.events.append(event)
        return list(events)

    def until(self, end: datetime) -> list[Event]:
        """Let time pass as the workflow would: wake at each deadline."""
        came: list[Event] = []
        while (deadline := next_deadline(self.at)) is not None and deadline <= end:
            self.now = max(self.now, deadline)
            fired = self._apply(due(self.at, self.now, self.terms))
            assert fired, f"the deadline {deadline} brought nothing"
            came += fired
        self.now = end
        return came

    def wait(self, **length: float) -> list[Event]:
        """Let a timedelta pass."""
        return self.until(self.now + timedelta(**length))

    def types(self) -> list[str]:
        """The names of all events so far."""
        return [event.type for event in self.events]

    def rebuilt(self) -> Order:
        """The state made anew from the events alone."""
        order: Order | None = None
        for event in self.events:
            order = evolve(order, event)
        assert order is not None
        return order


def dispatched(*co: str, **register: Any) -> Life:
    """Registered and dispatched to GD.net."""
    return Life(lead="GD.net", co=co, catalogue="1", **register)


def working(*co: str, **register: Any) -> Life:
    """Signed by the lead, customer contacted."""
    life = dispatched(*co, **register)
    life.do("net", c.Sign())
    life.do("net", c.Contact("Li", "he has no signal"))
    return life


def replied(**register: Any) -> Life:
    """The lead has replied."""
    life = working(**register)
    life.do("net", c.Reply(life.now, "Li", "antenna mended", life.now))
    return life


def awaiting(**register: Any) -> Life:
    """The reply is accepted; the call-back is due."""
    life = replied(**register)
    life.do("audit", c.AuditReply(accepted=True))
    return life


def closed(**register: Any) -> Life:
    """Closed as satisfied."""
    life = awaiting(**register)
    life.do("caller", c.RecordCallback("reached", True, True, Satisfaction.SATISFIED))
    return life
