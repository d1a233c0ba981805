import asyncio

import pytest

from desk.client import Desk
from desk.play import Stage
from desk.steps import Act, Branch, Step, act, refused, see
from desk.story import BRANCHES
from desk.tour import tell
from domain.commands import COMMANDS
from tests.desk.conftest import Whistle


async def test_every_branch_comes_to_its_end(desk: Desk) -> None:
    stage = await asyncio.to_thread(Stage.of, desk)
    tellings = await asyncio.to_thread(tell, stage, BRANCHES, 4, fast=False)
    assert {one.branch.name: one.failure for one in tellings if one.failure} == {}
    ends = {one.branch.name: one.play.order for one in tellings if one.play}
    assert ends["whistled"]["level"] == 5
    assert ends["whistled"]["whistles"][0]["status"] == "ended"
    assert ends["unreachable"]["outcome"] == "not_rated"
    assert ends["reopened"]["final_review"]
    assert all(order["rehearsal"] and order["id"].startswith("R") for order in ends.values())


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (see(state="closed"), "'dispatched' ≠ 'closed'"),
        (act("net", "settle", result="x"), "step 1 net settle"),
        (refused("designated", "net", "sign"), "should have been refused"),
        (act("gardener", "sign"), "nobody holds this desk"),
    ],
)
async def test_a_branch_that_goes_wrong_stops_there_with_the_reason(desk: Desk, step: Step, said: str) -> None:
    branch = Branch("wrong", "错", "Wrong", "network.fault", (step, act("net", "sign")))
    stage = await asyncio.to_thread(Stage.of, desk)
    (telling,) = await asyncio.to_thread(tell, stage, (branch,), 1, fast=True)
    assert said in telling.failure
    assert telling.play
    assert telling.play.order["state"] in ("dispatched", "in_progress")


async def test_a_tour_that_goes_wrong_is_exit_code_1(whistle: Whistle) -> None:
    code, _, err = await whistle("tour", "--only", "withdrawn", "--as", "customer:13900000001")
    assert code == 1
    assert "Not yours to see or to do" in err


def test_the_story_uses_every_part_of_a_life() -> None:
    used = {step.verb for branch in BRANCHES for step in branch.steps if isinstance(step, Act)}
    assert used <= set(COMMANDS)
    assert {step.refused for branch in BRANCHES for step in branch.steps if isinstance(step, Act)} >= {
        "designated", "part_open", "whistle_open", "too_soon", "appeal_only", "role_forbidden",
    }  # fmt: skip
