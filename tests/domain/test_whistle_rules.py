"""The whistle's rules one by one, by the words of the field."""

from __future__ import annotations

import pytest

from domain import commands as c
from domain import errors
from domain.model import Presence, Rating, State, WhistleKind
from domain.owed import owed
from tests.domain.lives import Life, dispatched, terms, working

MATTER = terms().whistle_matters[0]
GOOD = Rating(5, 5, 4, 5)


def keys(life: Life, kind: str) -> list[str]:
    return [key for key in life.at.clocks if key.startswith(kind + "/")]


def due_at(life: Life, kind: str):
    return next(clock.due_at for clock in life.at.clocks.values() if clock.kind == kind)


def whistled(*units: str) -> Life:
    life = working()
    life.do("agent", c.RequestWhistle(WhistleKind.ROUTINE, MATTER, units or ("GD.bill", "GD.mkt")))
    life.do("lead", c.DecideWhistle("w1", blow=True))
    return life


def test_a_whistle_needs_its_approver_and_never_the_requester() -> None:
    life = working()
    life.do("agent", c.RequestWhistle(WhistleKind.HARD, MATTER, ("GD.bill",)))
    with pytest.raises(errors.RoleForbidden):
        life.do("lead", c.DecideWhistle("w1", blow=True))
    life.do("province", c.DecideWhistle("w1", blow=True))
    emergency = working()
    emergency.do("agent", c.RequestWhistle(WhistleKind.EMERGENCY, MATTER, ("GD.bill",)))
    assert emergency.at.whistles[0].status == "blown"


def test_only_listed_matters_are_whistled() -> None:
    with pytest.raises(errors.InvalidField) as refused:
        working().do("agent", c.RequestWhistle(WhistleKind.ROUTINE, "the weather", ("GD.bill",)))
    assert refused.value.field == "matter"


def test_an_absent_department_climbs_to_headquarters_and_raises_the_dead_end() -> None:
    life = whistled("GD.mkt")
    life.do("net", c.ReportProgress("on it"))
    life.wait(days=20)
    climbs = [
        event.body.level
        for event in life.events
        if event.type == "OrderEscalated" and event.body.key == "whistle_report_in/w1.1/GD.mkt"
    ]
    assert climbs == [1, 2, 3, 4, 5]
    assert life.at.whistles[0].attendances[0].absent
    assert any(
        event.type == "DeadEndRaised" and event.body.key == "whistle_report_in/w1.1/GD.mkt" for event in life.events
    )


def test_reporting_in_late_stops_the_ladder_and_is_marked_late() -> None:
    life = whistled("GD.mkt")
    life.wait(days=4)
    level = life.at.level
    life.do("mkt", c.ReportIn("w1", "Wang"))
    assert life.events[-1].body.late
    assert keys(life, "whistle_report_in") == []
    assert not any(getattr(event.body, "key", "").startswith("whistle_") for event in life.wait(days=5))
    assert level >= 1


def test_nobody_leaves_before_the_matter_ends() -> None:
    life = whistled()
    answer = c.Reply(life.now, "Li", "mended", life.now)
    with pytest.raises(errors.WhistleOpen):
        life.do("net", answer)
    with pytest.raises(errors.WhistleOpen):
        life.do("net", c.Dispose("w1", "done"))
    for who in ("bill", "mkt"):
        life.do(who, c.ReportIn("w1", "Wang"))
        life.do(who, c.FinishPart("w1", "done"))
    life.do("net", c.Dispose("w1", "done"))
    with pytest.raises(errors.WhistleOpen):
        life.do("net", answer)
    life.do("agent", c.VerifyWhistle("w1", solved=True))
    life.do("net", answer)
    assert life.at.state is State.REPLIED


def test_an_unsolved_whistle_is_blown_again_with_fresh_clocks() -> None:
    life = whistled("GD.mkt")
    life.do("mkt", c.ReportIn("w1", "Wang"))
    life.do("mkt", c.FinishPart("w1", "done"))
    life.do("net", c.Dispose("w1", "done"))
    life.do("agent", c.VerifyWhistle("w1", solved=False))
    assert life.at.whistles[0].blows == 2
    assert keys(life, "whistle_report_in") == ["whistle_report_in/w1.2/GD.mkt"]


def test_a_rating_is_appealed_once_and_the_correction_is_another_event() -> None:
    life = whistled("GD.mkt")
    life.do("mkt", c.ReportIn("w1", "Wang"))
    life.do("mkt", c.FinishPart("w1", "done"))
    life.do("net", c.Dispose("w1", "done"))
    life.do("agent", c.VerifyWhistle("w1", solved=True))
    life.do("agent", c.RateAttendance("w1", "GD.mkt", Rating(1, 1, 1, 1)))
    assert life.events[-1].type == "WhistleEnded"
    life.do("mkt", c.AppealRating("w1", "we were there"))
    life.do("province", c.DecideAppeal("w1", "GD.mkt", GOOD))
    assert life.at.whistles[0].attendances[0].rating == GOOD
    assert life.types().count("DepartmentRated") == 1
    with pytest.raises(errors.CapReached):
        life.do("mkt", c.AppealRating("w1", "again"))


def test_an_excused_unit_needs_a_substitute_and_owes_nothing_more() -> None:
    life = whistled("GD.mkt")
    with pytest.raises(errors.InvalidField):
        life.do("province", c.Excuse("w1", "GD.mkt", " "))
    life.do("province", c.Excuse("w1", "GD.mkt", "Chen of GD.bill"))
    assert life.at.whistles[0].attendances[0].status is Presence.EXCUSED
    assert keys(life, "whistle_sign") == []


def test_only_the_customer_withdraws_and_a_withdrawn_order_escalates_no_more() -> None:
    life = whistled()
    with pytest.raises(errors.RoleForbidden):
        life.do("agent", c.Withdraw("call 7"))
    life.do("customer", c.Withdraw("call 7"))
    assert life.at.state is State.CANCELLED
    assert life.at.clocks == {}
    assert life.wait(days=60) == []
    assert life.at.whistles[0].status == "ended"


def test_the_new_lead_ends_a_whistle_that_was_blown_under_the_old_one() -> None:
    life = dispatched()
    life.do("agent", c.RequestWhistle(WhistleKind.EMERGENCY, MATTER, ("GD.mkt",)))
    life.do("net", c.RequestReturn("3.2", "GD.bill"))
    life.do("dispatcher", c.DecideReturn(upheld=True))
    life.do("dispatcher", c.Dispatch("GD.bill"))
    life.do("mkt", c.ReportIn("w1", "Wang"))
    life.do("mkt", c.FinishPart("w1", "done"))
    with pytest.raises(errors.NotYourUnit):
        life.do("net", c.Dispose("w1", "done"))
    life.do("bill", c.Dispose("w1", "done"))


def test_excusing_one_unit_leaves_the_clocks_of_others_whose_names_begin_alike() -> None:
    life = whistled("GD", "GD.bill")
    life.do("province", c.Excuse("w1", "GD", "Chen"))
    assert keys(life, "whistle_report_in") == ["whistle_report_in/w1.1/GD.bill"]


def test_a_manager_ends_a_whistle_whose_lead_has_nobody() -> None:
    life = working()
    life.do("agent", c.RequestWhistle(WhistleKind.EMERGENCY, MATTER, ("HQ",), lead="HQ"))
    life.do("province", c.Excuse("w1", "HQ", "Chen"))
    life.do("province", c.Dispose("w1", "nobody was there"))
    life.do("agent", c.VerifyWhistle("w1", solved=True))


def test_a_whistle_summons_nobody_twice_and_not_without_end() -> None:
    life = whistled("GD.mkt")
    with pytest.raises(errors.AlreadyPending):
        life.do("agent", c.RequestWhistle(WhistleKind.EMERGENCY, MATTER, ("GD.mkt",)))
    many = tuple(f"GD.x{number}" for number in range(life.terms.whistle_units + 1))
    with pytest.raises(errors.InvalidField):
        life.do("agent", c.RequestWhistle(WhistleKind.EMERGENCY, MATTER, many))
    for number in range(life.terms.whistles_open - 1):
        life.do("agent", c.RequestWhistle(WhistleKind.EMERGENCY, MATTER, (f"GD.y{number}",)))
    with pytest.raises(errors.CapReached):
        life.do("agent", c.RequestWhistle(WhistleKind.EMERGENCY, MATTER, ("GD.z",)))


def test_where_nobody_leads_the_first_summoned_owes_the_end_and_may_give_it() -> None:
    life = Life()
    life.do("agent", c.RequestWhistle(WhistleKind.EMERGENCY, MATTER, ("GD.bill", "GD.mkt")))
    assert life.at.lead is None
    for person in ("bill", "mkt"):
        life.do(person, c.ReportIn("w1", "Wu"))
        life.do(person, c.FinishPart("w1", "done"))
    assert [[one.verb for one in owed(life.at, unit, "w1")] for unit in ("GD.bill", "GD.mkt")] == [["dispose"], []]
    with pytest.raises(errors.NotYourUnit):
        life.do("mkt", c.Dispose("w1", "mended"))
    life.do("bill", c.Dispose("w1", "mended"))
    assert life.at.whistles[0].status == "disposed"
