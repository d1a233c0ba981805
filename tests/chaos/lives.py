"""The lives that orders lead while parts are being killed: each a script that reads the last answer and goes on.

A life yields what is to be done next (steps that may run side by side, a pause, or something to wait for) and gets the
order's latest view back. Everything random comes from the life's own seed, so a run can be told again.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.chaos.system import HASTY
from tests.support.hours import noon

View = dict[str, Any]

ENDS = ("closed", "cancelled", "terminated", "not_accepted")
"""The states in which a life may end."""


@dataclass(frozen=True, slots=True)
class Step:
    """One command of one person.

    Attributes:
        refused: the code with which the rules must refuse it; '' when they must not.
        late: the code with which they may refuse it, because time may have done it first.
        last: it ends the order, so it is held back until the killing is over.
        alone: nothing else is sent to the order beside it.
        double: it is sent twice at once with the same key.
        impatient: the caller hangs up after milliseconds and never asks again.
    """

    who: str
    verb: str
    body: dict[str, Any] = field(default_factory=dict)
    refused: str = ""
    late: str = ""
    last: bool = False
    alone: bool = False
    double: bool = False
    impatient: bool = False


@dataclass(frozen=True, slots=True)
class Pause:
    """Seconds in which nobody does anything."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Until:
    """What time itself must bring about."""

    what: str
    holds: Callable[[View], bool]


Turn = tuple[Step, ...] | Pause | Until
Life = Generator[Turn, View, None]


class Case:
    """One complaint: where it is from and who deals with it."""

    def __init__(self, draw: random.Random, number: int, province: str) -> None:
        self.draw = draw
        self.number = number
        self.province = province
        self.phone = f"139{number:08d}"

    def step(self, desk: str, verb: str, /, **body: Any) -> tuple[Step, ...]:
        """Somebody of the province, or the customer, does something."""
        return (self.one(desk, verb, **body),)

    def one(self, desk: str, verb: str, /, **body: Any) -> Step:
        """The same, to be put beside others."""
        who = f"customer:{self.phone}" if desk == "customer" else f"{self.province.lower()}-{desk}"
        return Step(who, verb, body)

    def refused(self, code: str, desk: str, verb: str, /, **body: Any) -> tuple[Step, ...]:
        """Somebody tries what the rules forbid."""
        return (replace(self.one(desk, verb, **body), refused=code),)

    def last(self, desk: str, verb: str, /, **body: Any) -> tuple[Step, ...]:
        """The step that ends the order."""
        return (replace(self.one(desk, verb, **body), last=True, alone=True),)

    def unit(self, name: str) -> str:
        """The id of a department of the province."""
        return f"{self.province}.{name}"

    def opened(self, category: str, *, dispatch: bool = True) -> tuple[Step, ...]:
        """The registration."""
        email = f"customer-{self.number}@example.invalid" if self.draw.random() < 0.4 else ""
        customer = {"name": f"客户 {self.number}", "phone": self.phone, "email": email, "zone": noon()}
        return (
            Step(
                f"{self.province.lower()}-agent-1",
                "register",
                {
                    "title": f"第 {self.number} 单 / complaint {self.number}",
                    "text": "Nothing works since Monday. " * self.draw.randint(1, 20),
                    "category": category,
                    "province": self.province,
                    "channel": "hotline",
                    "customer": customer,
                    "dispatch": dispatch,
                },
                alone=True,
            ),
        )


def _reply(case: Case, lead: str, view: View) -> tuple[Step, ...]:
    at = view["order"]["registered_at"]
    return case.step(lead, "reply", received_at=at, spoke_to="Ms Chen", done="Repaired and measured", done_by=at)


def _rated(case: Case, satisfaction: str = "satisfied", **said: Any) -> tuple[Step, ...]:
    told = {"result": "reached", "contacted": True, "solved": True, "satisfaction": satisfaction, **said}
    return case.last("caller-1", "record_callback", **told)


def _handled(case: Case, lead: str) -> Life:
    """Speak to the customer, do it, reply, and have the reply accepted."""
    yield case.step(lead, "contact", spoke_to="Ms Chen", summary="A visit was agreed")
    view = yield case.step(lead, "report_progress", text="A team is on its way")
    yield _reply(case, lead, view)
    yield case.refused("role_forbidden", lead, "audit_reply", accepted=True)
    yield case.refused("not_allowed_now", "replyauditor-1", "terminate", approved=True, reason="In haste")
    yield case.step("replyauditor-1", "audit_reply", accepted=True)


def plain(case: Case) -> Life:
    """Dispatched and solved."""
    yield case.opened("network.fault")
    yield case.step("net-1", "sign")
    yield from _handled(case, "net-1")
    yield _rated(case)


def shared(case: Case) -> Life:
    """Two departments, one leads."""
    yield case.opened("broadband.fault")
    yield (case.one("inst-1", "sign"), case.one("net-1", "sign"))
    yield case.step("net-1", "submit_part", done="The riser fibre was spliced anew")
    yield from _handled(case, "inst-1")
    yield _rated(case, "basically")


def sent_back(case: Case) -> Life:
    """The reply auditor is not content."""
    yield case.opened("network.fault")
    view = yield case.step("net-1", "sign")
    yield _reply(case, "net-1", view)
    yield case.step("replyauditor-1", "audit_reply", accepted=False, reason="It does not say what was done")
    yield from _handled(case, "net-1")
    yield _rated(case)


def reworked(case: Case) -> Life:
    """Dissatisfied, done again, and then closed with an explanation."""
    yield case.opened("network.fault")
    yield case.step("net-1", "sign")
    yield from _handled(case, "net-1")
    unhappy = {"solved": False, "why": "It still drops every evening"}
    yield (replace(_rated(case, "dissatisfied", **unhappy)[0], last=False, alone=False),)
    yield case.step("manager", "review_callback", rework=True, explanation="Congested indeed", reason="It is so")
    yield from _handled(case, "net-1")
    yield (replace(_rated(case, "dissatisfied", **unhappy)[0], last=False, alone=False),)
    yield case.last("manager", "review_callback", rework=False, explanation="A mast comes in May", reason="Explained")


def reopened(case: Case) -> Life:
    """Closed, and restarted by the customer."""
    yield case.opened("network.fault")
    yield case.step("net-1", "sign")
    yield from _handled(case, "net-1")
    yield (replace(_rated(case)[0], last=False),)
    yield (replace(case.one("customer", "reopen", reason="The same fault is back"), alone=True),)
    yield from _handled(case, "net-1")
    yield _rated(case)


def returned(case: Case) -> Life:
    """Not ours: upheld, and dispatched to another department."""
    yield case.opened("billing.dispute")
    why = {"clause": "billing.dispute", "suggested_unit": case.unit("it"), "reason": "A fault of the app"}
    yield case.step("bill-1", "request_return", **why)
    yield case.step("dispatcher-1", "decide_return", upheld=True, reason="It is so")
    yield case.step("dispatcher-1", "dispatch", lead=case.unit("it"))
    yield case.step("it-1", "sign")
    yield from _handled(case, "it-1")
    yield _rated(case)


def whistled(case: Case) -> Life:
    """An emergency whistle; three departments hear it, come and leave at the same time."""
    yield case.opened("network.outage")
    yield (case.one("net-1", "sign"), case.one("inst-1", "sign"))
    yield from _whistle(case, ("inst", "it", "bill"))
    yield case.step("inst-1", "submit_part", done="Fibre restored")
    yield from _handled(case, "net-1")
    yield _rated(case)


def _whistle(case: Case, names: tuple[str, ...], absent: str = "") -> Life:
    units = [case.unit(name) for name in (*names, absent) if name]
    yield case.step(
        "agent-1", "request_whistle", kind="emergency", matter="network_outage", units=units, lead=case.unit("net"),
        reason="Three buildings are down",
    )  # fmt: skip
    yield tuple(case.one(f"{name}-1", "answer_whistle", whistle="w1") for name in names)
    yield tuple(case.one(f"{name}-1", "contact_whistle", whistle="w1", spoke_to="the agent") for name in names)
    yield tuple(case.one(f"{name}-1", "report_in", whistle="w1", who="team 2") for name in names)
    if absent:
        yield Until(
            f"{absent} is absent", lambda view: any(a["absent"] for a in view["order"]["whistles"][0]["attendances"])
        )
        yield case.step("manager", "excuse", whistle="w1", unit=case.unit(absent), substitute="HQ", reason="HQ comes")
    yield tuple(case.one(f"{name}-1", "finish_part", whistle="w1", done="restored") for name in names)
    yield case.step("net-1", "dispose", whistle="w1", result="All restored")
    yield case.step("agent-1", "verify_whistle", whistle="w1", solved=True)
    rating = {"report_in": 4, "cooperation": 5, "quality": 4, "result": 5}
    yield tuple(
        case.one("agent-1", "rate_attendance", whistle="w1", unit=case.unit(name), rating=rating) for name in names
    )
    yield case.step("teamlead-1", "review_whistle", whistle="w1", valid=True, reason="A true emergency")


def ledgered(case: Case) -> Life:
    """Put on the ledger with a plan, and settled."""
    yield case.opened("network.coverage")
    yield (case.one("net-1", "sign"), case.one("mkt-1", "sign"))
    yield case.step("net-1", "contact", spoke_to="Ms Chen", summary="No room for equipment")
    yield case.step("mkt-1", "submit_part", done="A compensating tariff was given")
    until = (datetime.now(UTC) + timedelta(days=4)).isoformat()
    yield case.step("net-1", "ledger", plan="A mast in May", until=until, reason="No room in the building")
    yield case.step("manager", "decide_ledger", approved=True, reason="The project is approved")
    yield case.step("net-1", "settle", result="The mast is on air")
    yield from _handled(case, "net-1")
    yield _rated(case)


def extended(case: Case) -> Life:
    """More time, asked for and granted."""
    yield case.opened("network.fault")
    view = yield case.step("net-1", "sign")
    until = (datetime.fromisoformat(view["due_at"]) + timedelta(hours=20)).isoformat()
    yield case.step("net-1", "extend", until=until, reason="The permit comes on Thursday")
    yield case.step("manager", "decide_extension", granted=True, reason="The permit was seen")
    yield from _handled(case, "net-1")
    yield _rated(case)


def asked(case: Case) -> Life:
    """The customer is asked, and urges when nothing happens."""
    yield case.opened("network.fault")
    yield case.step("net-1", "sign")
    yield case.step("net-1", "request_info", question="Which line?", asked_by="call-0113", reason="Two lines")
    yield case.step("customer", "supply_info", text="The one that ends in 0021")
    yield (case.one("customer", "urge", text="How much longer?"), case.one("net-1", "report_progress", text="Soon"))
    yield from _handled(case, "net-1")
    yield _rated(case)


def answered(case: Case) -> Life:
    """Answered by the agent on the spot."""
    yield case.opened("service.enquiry", dispatch=False)
    yield case.step("agent-1", "relabel", category="billing.refund", reason="It is about money")
    yield case.step("agent-1", "answer_at_once", answer="The October bill was explained line by line")
    yield _rated(case)


def withdrawn(case: Case) -> Life:
    """The customer takes it back."""
    yield case.opened("network.fault")
    yield case.step("net-1", "sign")
    yield case.step("net-1", "contact", spoke_to="Ms Chen", summary="It works again")
    yield case.last("customer", "withdraw", proof="recording 0142", reason="The line works again")


def terminated(case: Case) -> Life:
    """Nothing is left to repair."""
    yield case.opened("network.fault")
    yield case.step("net-1", "sign")
    yield case.step("net-1", "request_termination", ground="The account is closed", reason="Nothing is left")
    yield case.last("replyauditor-1", "terminate", approved=True, reason="Confirmed in writing")


def declined(case: Case) -> Life:
    """Not ours at all."""
    yield case.opened("unknown", dispatch=False)
    yield case.step("dispatcher-1", "escalate", level=2, reason="A special case")
    yield case.last("teamlead-1", "decline", ground="not_telecom", other_route="the court", reason="Not telecom")


def unreachable(case: Case) -> Life:
    """Three calls, no answer, and no rating by message: time closes it."""
    yield case.opened("network.fault")
    yield case.step("net-1", "sign")
    yield from _handled(case, "net-1")
    for _ in range(2):
        yield case.step("caller-1", "record_callback", result="no_answer")
        yield Pause(1.5)
    yield case.last("caller-1", "record_callback", result="no_answer")
    yield Until("not rated", _is("closed"))


def unsigned(case: Case) -> Life:
    """Nobody signs and nobody calls the customer: time signs, warns and climbs the ladder, and at last ends it all."""
    yield case.opened("network.fault")
    yield Until("signed by time", _is("in_progress"))
    yield Until("a level up", lambda view: view["order"]["level"] >= 2)
    yield from _handled(case, "net-1")
    yield _rated(case)
    yield Until("the window for reopening has passed", lambda view: view["order"]["over"])


def absent(case: Case) -> Life:
    """A department that was whistled never comes: time marks it absent."""
    yield case.opened("network.outage")
    yield tuple(replace(case.one(desk, "sign"), late="already_pending") for desk in ("net-1", "inst-1"))
    yield from _whistle(case, ("inst", "it"), absent="bill")
    yield case.step("inst-1", "submit_part", done="Fibre restored")
    yield from _handled(case, "net-1")
    yield _rated(case)
    yield Until("the window for reopening has passed", lambda view: view["order"]["over"])


def _is(state: str) -> Callable[[View], bool]:
    return lambda view: bool(view["order"]["state"] == state)


USUAL = (plain, shared, sent_back, reworked, reopened, returned, whistled, ledgered, extended, asked, answered,
         withdrawn, terminated, declined, unreachable)  # fmt: skip
BY_TIME = (unsigned, absent)


def life(seed: int, number: int) -> tuple[str, Life]:
    """The name and the life of the order of that number; one in four is moved by time."""
    draw = random.Random(f"{seed}/{number}")
    if number % 4 == 3:
        chosen, province = BY_TIME[number // 4 % len(BY_TIME)], HASTY
    else:
        chosen, province = USUAL[(number - number // 4) % len(USUAL)], draw.choice(("GD", "JS", "BJ"))
    case = Case(draw, number, province)
    return chosen.__name__, _among_others(case, chosen(case))


def _among_others(case: Case, inner: Life) -> Life:
    """The life with others at the same order: notes, urges, double clicks, callers who hang up."""
    try:
        turn = next(inner)
        while True:
            if isinstance(turn, tuple) and not any(step.alone for step in turn):
                turn = _with_company(case, turn)
            view = yield turn
            turn = inner.send(view)
    except StopIteration:
        return


def _with_company(case: Case, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    draw = case.draw
    steps = tuple(replace(step, double=draw.random() < 0.1) for step in steps)
    if draw.random() < 0.15:
        steps += (case.one("agent-1", "note", text=f"note {draw.random()}"),)
    if draw.random() < 0.05:
        digest = f"{draw.getrandbits(256):064x}"
        steps += (case.one("agent-1", "attach", name="photo.jpg", media_type="image/jpeg", sha256=digest),)
    if draw.random() < 0.1:
        steps += (replace(case.one("teamlead-1", "note", text=f"in haste {draw.random()}"), impatient=True),)
    return steps
