"""Orders as the running system leaves them in the ledger: events, what was sent, what was answered, and the terms."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import msgspec
from sqlalchemy import insert
from sqlalchemy.orm import Session

from api.views import done
from contracts.messages import CommandMessage, encode
from domain import commands as c
from domain.events import Event
from domain.model import Actor, Customer, Order, Rating, Satisfaction, WhistleKind
from domain.order import decide, due, next_deadline
from domain.policy import Terms
from domain.retime import renewed
from store import ledger, policies, tables
from tests.audit.lives import Watched
from tests.domain.lives import PEOPLE
from tests.store.stories import number

SECOND = timedelta(seconds=1)


class Told(Watched):
    """A life of which every command is kept as it was sent, with its answer."""

    def __init__(self, **register: Any) -> None:
        self.sent: list[dict[str, Any]] = []
        self.under: dict[str, Terms] = {}
        super().__init__(**register)

    def do(self, who: str | Actor, body: c.Body, reason: str = "because", seq: int | None = None) -> list[Event]:
        """As a workflow does it: time's own events come first."""
        if self.order is not None and (late := next_deadline(self.order)) is not None and late <= self.now:
            self._apply(due(self.order, self.now, self.terms))
        self.count += 1
        actor = PEOPLE[who] if isinstance(who, str) else who
        if self.order is not None and getattr(body, "terms", self) is None:
            body = replace(body, terms=renewed(self.order, body, self.document))  # type: ignore[arg-type]
        order_id = body.order_id if isinstance(body, c.Register) else self.at.id
        command = c.Command(f"{order_id}/k{self.count}", actor, body, reason, seq)
        digest = self.terms.digest if self.order is None else ""
        came = self._apply(decide(self.order, command, self.now, self.terms))
        self.under[self.terms.digest] = self.terms
        self.terms = getattr(body, "terms", None) or self.terms
        self.under[self.terms.digest] = self.terms
        self.sent.append(_row(command, order_id, digest, self.at, came, self.now))
        return came


def _row(
    command: c.Command, order_id: str, digest: str, order: Order, came: list[Event], now: datetime
) -> dict[str, Any]:
    body = msgspec.Raw(encode(command.body))
    message = CommandMessage(command.id, command.actor, body, command.reason, command.expected_seq)
    answer = done(
        order,
        command.actor.role,
        command_id=command.id,
        verb=command.verb,
        first=came[0].seq,
        last=came[-1].seq,
    )
    return {
        "key": command.id,
        "order_id": order_id,
        "verb": command.verb,
        "fingerprint": "",
        "state": "done",
        "message": encode(message).decode(),
        "terms": digest,
        "answer": answer.stored(),
        "claimed_at": now - SECOND,
        "tried_at": now - SECOND,
        "finished_at": now + SECOND,
    }


def keep(session: Session, life: Told, luck: Random) -> str:
    """Record a life in batches of a few events, as people and time do; its order's number."""
    rows = list(life.rows)
    for terms in life.under.values():
        policies.save_terms(session, terms)
    session.execute(insert(tables.commands), life.sent)
    while rows:
        size = luck.randint(1, 6)
        ledger.record(session, life.at.id, rows[:size])
        rows = rows[size:]
    return life.at.id


def eventful() -> Told:
    """A life that leaves rows in every table: whistled, rated, criticised, called back, over."""
    customer = Customer("Li", "13800000000", id="c1")
    life = Told(order_id=number(), lead="GD.net", co=("GD.cs",), catalogue="1", customer=customer)
    life.do("net", c.Sign())
    life.do("net", c.Contact("Li", "he has no signal"))
    life.do("agent", c.RequestWhistle(WhistleKind.EMERGENCY, "cross_department", ("GD.bill", "GD.it")))
    life.do("bill", c.ReportIn("w1", "Zhang"))
    life.wait(days=5)
    life.do("it", c.ReportIn("w1", "Qian"))
    for unit in ("bill", "it"):
        life.do(unit, c.FinishPart("w1", "part done"))
    life.do("net", c.Dispose("w1", "line changed"))
    life.do("agent", c.VerifyWhistle("w1", solved=True))
    life.do("agent", c.RateAttendance("w1", "GD.bill", Rating(5, 5, 5, 5)))
    life.wait(days=20)
    life.do("net", c.ExplainPart("GD.cs"))
    life.do("net", c.Reply(life.now, "Li", "line changed", life.now))
    life.do("audit", c.AuditReply(accepted=True))
    life.do("caller", c.RecordCallback("reached", True, False, Satisfaction.DISSATISFIED, "still no signal"))
    life.do("province", c.ReviewCallback(rework=False, explanation="the mast is to be built in May"))
    life.wait(days=30)
    return life
