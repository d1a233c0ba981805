"""Two duties that may not be one person's: whoever did the work neither judges it nor asks the customer about it.

Neither by changing his role, nor by acting for a colleague who is away, nor by having a colleague act for him.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from domain import commands as c
from domain import errors
from domain.model import Actor, OrderClass, Rating, Role, Satisfaction, WhistleKind
from tests.domain.lives import PEOPLE, Life, awaiting, dispatched, replied, terms, working

MATTER = terms().whistle_matters[0]
REACHED = c.RecordCallback("reached", True, True, Satisfaction.SATISFIED)
UNHAPPY = c.RecordCallback("reached", True, False, Satisfaction.DISSATISFIED, "still broken")


def _asked_return() -> Life:
    life = dispatched()
    life.do("net", c.RequestReturn("3.2", "GD.bill"))
    return life


def _asked_extension() -> Life:
    life = working()
    due = next(clock.due_at for clock in life.at.clocks.values() if clock.kind == "due")
    life.do("net", c.Extend(due + timedelta(days=2)))
    return life


def _asked_ledger() -> Life:
    life = working()
    life.do("net", c.Ledger("a new mast", life.now + timedelta(days=9)))
    return life


def _asked_termination() -> Life:
    life = working()
    life.do("net", c.RequestTermination("the customer moved"))
    return life


def _whistled(kind: WhistleKind = WhistleKind.ROUTINE) -> Life:
    life = working()
    life.do("agent", c.RequestWhistle(kind, MATTER, ("GD.bill",)))
    return life


def _unhappy() -> Life:
    life = awaiting()
    life.do("caller", UNHAPPY)
    return life


def _signed_only() -> Life:
    """The lead's member did nothing but sign; a colleague did the rest."""
    life = dispatched()
    life.do("net", c.Sign())
    other = replace(PEOPLE["net"], id="net-2")
    life.do(other, c.Contact("Li", "no signal"))
    life.do(other, c.Reply(life.now, "Li", "mended", life.now))
    return life


WHISTLE = "w1"
PAIRS: dict[str, tuple[Callable[[], Life], str, Role, c.Body]] = {
    "the handler audits the reply": (replied, "net", Role.REPLY_AUDITOR, c.AuditReply(accepted=True)),
    "whoever signed audits the reply": (_signed_only, "net", Role.REPLY_AUDITOR, c.AuditReply(accepted=True)),
    "the handler calls back": (awaiting, "net", Role.CALLBACK_AGENT, REACHED),
    "the auditor calls back": (awaiting, "audit", Role.CALLBACK_AGENT, REACHED),
    "the handler reviews the call-back": (_unhappy, "net", Role.PROVINCE_MANAGER, c.ReviewCallback(False, "done")),
    "the auditor reviews the call-back": (_unhappy, "audit", Role.PROVINCE_MANAGER, c.ReviewCallback(False, "done")),
    "the caller reviews the call-back": (_unhappy, "caller", Role.PROVINCE_MANAGER, c.ReviewCallback(False, "done")),
    "the handler decides his own return": (_asked_return, "net", Role.DISPATCHER, c.DecideReturn(upheld=True)),
    "the handler extends his own time": (
        _asked_extension, "net", Role.PROVINCE_MANAGER, c.DecideExtension(granted=True),
    ),
    "the handler ledgers by himself": (_asked_ledger, "net", Role.PROVINCE_MANAGER, c.DecideLedger(approved=True)),
    "the handler ends it by himself": (_asked_termination, "net", Role.REPLY_AUDITOR, c.Terminate(approved=True)),
    "the whistler approves his own whistle": (_whistled, "agent", Role.TEAM_LEAD, c.DecideWhistle(WHISTLE, blow=True)),
    "the whistler reviews his own whistle": (
        lambda: _whistled(WhistleKind.EMERGENCY), "agent", Role.TEAM_LEAD, c.ReviewWhistle(WHISTLE, valid=True),
    ),
}  # fmt: skip
"""What may not be: how the order came there, who did the work, in which other role he comes back, and what he asks."""


@pytest.mark.parametrize("pair", PAIRS)
def test_nobody_judges_his_own_work_in_another_role(pair: str) -> None:
    made, who, role, body = PAIRS[pair]
    life = made()
    with pytest.raises(errors.SamePerson):
        life.do(replace(PEOPLE[who], role=role), body)


@pytest.mark.parametrize("pair", PAIRS)
def test_nobody_judges_his_own_work_in_a_colleagues_place(pair: str) -> None:
    made, who, role, body = PAIRS[pair]
    life = made()
    with pytest.raises(errors.SamePerson):
        life.do(Actor(PEOPLE[who].id, role, "GD", acting_for="somebody-else"), body)


@pytest.mark.parametrize("pair", PAIRS)
def test_nobody_has_a_colleague_judge_his_work_in_his_place(pair: str) -> None:
    made, who, role, body = PAIRS[pair]
    life = made()
    with pytest.raises(errors.SamePerson):
        life.do(Actor("stand-in", role, "GD", acting_for=PEOPLE[who].id), body)


@pytest.mark.parametrize("pair", PAIRS)
def test_another_person_may(pair: str) -> None:
    made, _, role, body = PAIRS[pair]
    life = made()
    assert life.do(Actor("nobody-before", role, "GD"), body)


def test_whoever_works_in_a_colleagues_place_makes_both_of_them_handlers() -> None:
    life = dispatched()
    stand_in = replace(PEOPLE["net"], id="stand-in", acting_for="net")
    life.do(stand_in, c.Sign())
    life.do(stand_in, c.Contact("Li", "no signal"))
    life.do(stand_in, c.Reply(life.now, "Li", "mended", life.now))
    assert life.at.handlers == ("stand-in", "net")
    for person in life.at.handlers:
        with pytest.raises(errors.SamePerson):
            life.do(Actor(person, Role.REPLY_AUDITOR, "GD.svc"), c.AuditReply(accepted=True))
    life.do("audit", c.AuditReply(accepted=True))


def test_every_event_says_who_acted_for_whom() -> None:
    life = dispatched()
    (signed,) = life.do(replace(PEOPLE["net"], id="stand-in", acting_for="net"), c.Sign())
    assert (signed.actor.id, signed.actor.acting_for) == ("stand-in", "net")
    assert life.rebuilt() == life.at


def test_a_summoned_unit_does_not_rate_itself_nor_decide_on_its_own_appeal() -> None:
    life = _whistled(WhistleKind.EMERGENCY)
    good = Rating(5, 5, 5, 5)
    with pytest.raises(errors.RoleForbidden):
        life.do("bill", c.RateAttendance(WHISTLE, "GD.bill", good))
    with pytest.raises(errors.RoleForbidden):
        life.do("bill", c.DecideAppeal(WHISTLE, "GD.bill", good))
    assert life.at.order_class is OrderClass.GENERAL
