"""Orders whose events tests hand to the ledger."""

from __future__ import annotations

import itertools

from contracts.messages import EventRow, to_rows
from domain import commands as c
from domain.model import Rating, Satisfaction, WhistleKind
from tests.domain.lives import Life, awaiting, working

_NUMBERS = itertools.count(1)


def number(prefix: str = "WH") -> str:
    """An order id that no other test has."""
    return f"{prefix}20260302-{next(_NUMBERS):08d}"


def rows(life: Life, after: int = 0) -> tuple[EventRow, ...]:
    """The order's events after a seq, as they go to the ledger."""
    return to_rows(life.at.id, life.events[after:])


def quiet(**register: object) -> Life:
    """Registered, dispatched, signed, contacted."""
    return working("GD.cs", **{"order_id": number(), **register})


def eventful() -> Life:
    """Whistled with two departments of which one stays away for days; rated, replied, disputed, closed, over."""
    life = quiet()
    life.do("agent", c.RequestWhistle(WhistleKind.EMERGENCY, "cross_department", ("GD.bill", "GD.it")))
    life.do("bill", c.ReportIn("w1", "Zhang"))
    life.wait(days=5)
    life.do("it", c.ReportIn("w1", "Qian"))
    for unit in ("bill", "it"):
        life.do(unit, c.FinishPart("w1", "part done"))
    life.do("net", c.Dispose("w1", "line changed"))
    life.do("agent", c.VerifyWhistle("w1", solved=True))
    life.do("agent", c.RateAttendance("w1", "GD.bill", Rating(5, 5, 5, 5)))
    life.do("net", c.ExplainPart("GD.cs"))
    life.do("net", c.Reply(life.now, "Li", "line changed", life.now))
    life.do("audit", c.AuditReply(accepted=True))
    life.do("caller", c.RecordCallback("reached", True, False, Satisfaction.DISSATISFIED, "still no signal"))
    life.do("province", c.ReviewCallback(rework=False, explanation="the mast is to be built in May"))
    life.wait(days=30)
    return life


def closing() -> Life:
    """An order that was closed as satisfied."""
    life = awaiting(order_id=number())
    life.do("caller", c.RecordCallback("reached", True, True, Satisfaction.SATISFIED))
    return life
