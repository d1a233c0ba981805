"""The wall through HTTP: who may ask for which place, what it shows after a deed, and what many screens cost."""

import asyncio
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import event

from api import wall
from api.gateway import Gateway
from runtime import keyring
from runtime.settings import Settings
from tests.api.conftest import AUDITOR, CALLER, MANAGER, NET, Caller
from tests.support.hours import noon
from tests.support.wall import NAME, Planter

pytestmark = pytest.mark.usefixtures("by_day")

HQ, EAST, SOUTH, INSPECTOR, LEADER = "hq-supervisor-1", "east-manager", "south-manager", "hq-auditor-1", "gd-teamlead-1"
_PHONES = itertools.count(1)


@pytest.fixture(scope="module")
def planter(settings: Settings, worker: None) -> Iterator[Planter]:
    made = Planter(settings, keyring.load(settings.keyring_path))
    yield made
    made.close()


@pytest.fixture(scope="module")
def absent(planter: Planter) -> str:
    """An order of Guangdong's to which its billing and Jiangsu's network department were summoned, and came not."""
    return planter.whistled("GD", "GD.bill", "JS.net")


@pytest.fixture(autouse=True)
def anew(app: FastAPI) -> None:
    """Each test reads the wall itself."""
    app.state.walls = wall.Walls()


async def seen(api: Caller, who: str, **query: Any) -> dict[str, Any]:
    answer = await api.get("/wall", who, **query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def to_call(api: Caller) -> str:
    """An order whose customer is to be called back now."""
    customer = {"name": NAME, "phone": f"1370002{next(_PHONES):04d}", "zone": noon()}
    order = await api.opened(customer=customer)
    now = datetime.now(UTC)
    await api.act(order, "sign", NET)
    await api.act(order, "contact", NET, spoke_to="Chen", summary="no signal")
    done = {"received_at": now.isoformat(), "spoke_to": "Chen", "done": "mended", "done_by": now.isoformat()}
    await api.act(order, "reply", NET, **done)
    await api.act(order, "audit_reply", AUDITOR, accepted=True)
    return order


async def test_everybody_sees_his_own_place_and_no_other(api: Caller, absent: str) -> None:
    for who, place in (
        (HQ, "HQ"),
        (INSPECTOR, "HQ"),
        (SOUTH, "R.south"),
        (EAST, "R.east"),
        (MANAGER, "GD"),
        (LEADER, "GD"),
    ):
        found = await seen(api, who)
        assert found["place"] == place, who
        assert found["places"][0]["id"] == place
    for who in (NET, "gd-agent-1", CALLER, "hq-admin", "customer:13900000001"):
        assert (await api.get("/wall", who)).json()["code"] == "forbidden"


async def test_a_place_below_ones_own_may_be_asked_for_and_no_other(api: Caller, absent: str) -> None:
    assert (await seen(api, HQ, place="GD"))["place"] == "GD"
    assert (await seen(api, EAST, place="JS"))["place"] == "JS"
    for who, place in ((EAST, "GD"), (MANAGER, "HQ"), (MANAGER, "R.south"), (LEADER, "JS")):
        refused = await api.get("/wall", who, place=place)
        assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (403, "forbidden", "place")
    for place, field in (("GD.net", "place"), ("XX", "place")):
        wrong = (await api.get("/wall", HQ, place=place)).json()
        assert (wrong["code"], wrong["field"]) == ("invalid_request", field)
        assert wrong["remedy"]
    assert [(await seen(api, HQ, days=days))["days"] for days in (1, 7, 30)] == [1, 7, 30]
    for days in ("3", "x", "-1", "1.0"):
        assert (await api.get("/wall", HQ, days=days)).json()["field"] == "days"


async def test_who_is_absent_stands_at_his_own_place_and_at_the_orders(api: Caller, absent: str) -> None:
    country, guangdong, jiangsu = await seen(api, HQ), await seen(api, MANAGER), await seen(api, "js-manager")
    both = {("GD.bill", "GD"), ("JS.net", "JS")}
    assert {(one["unit"], one["province"]) for one in country["unreported"] if one["order_id"] == absent} == both
    assert {(one["unit"], one["province"]) for one in guangdong["unreported"] if one["order_id"] == absent} == both
    assert [one["unit"] for one in jiangsu["unreported"] if one["order_id"] == absent] == ["JS.net"]
    assert not (await seen(api, "bj-manager"))["unreported"]
    assert jiangsu["total"]["open"] == 0


async def test_no_word_of_a_customer_is_on_it(api: Caller, absent: str) -> None:
    for who in (HQ, MANAGER, LEADER):
        body = (await api.get("/wall", who)).text
        for word in (NAME, "陈", "宽带故障", "1380001", "~pd1~"):
            assert word not in body


async def test_an_excused_unit_is_off_the_list_at_once(api: Caller, app: FastAPI, planter: Planter) -> None:
    order = planter.whistled("BJ", "BJ.it", "BJ.bill")
    before = await seen(api, "bj-manager")
    assert {one["unit"] for one in before["unreported"]} == {"BJ.it", "BJ.bill"}
    view = await api.act(
        order, "excuse", "bj-manager", whistle="w1", unit="BJ.it", substitute="BJ.net", reason="not theirs"
    )
    assert view["order"]["whistles"][0]["attendances"]
    app.state.walls = wall.Walls()
    after = await seen(api, "bj-manager")
    assert {one["unit"] for one in after["unreported"]} == {"BJ.bill"}
    assert after["total"]["unreported"] == before["total"]["unreported"] - 1


async def test_a_breach_on_the_wall_is_explained(api: Caller, planter: Planter) -> None:
    await asyncio.to_thread(planter.late, "ZJ")
    midnight = datetime.now(UTC) + timedelta(hours=8)
    found = await seen(api, "zj-manager")
    for one in found["breaches"]:
        why = await api.get(f"/orders/{one['order_id']}/clocks/{one['key']}", "zj-manager")
        assert why.status_code == 200
        assert why.json()["account"]["key"] == one["key"]
        assert datetime.fromisoformat(one["due_at"]) + timedelta(hours=8) >= midnight.replace(
            hour=0, minute=0, second=0
        )
    assert found["total"]["overdue"] == 1


async def test_todays_rates_follow_what_customers_say(api: Caller, app: FastAPI) -> None:
    before = (await seen(api, MANAGER))["total"]["rates"]
    orders = [await to_call(api) for _ in range(3)]
    happy = {"result": "reached", "contacted": True, "solved": True, "satisfaction": "basically"}
    await api.act(orders[0], "record_callback", CALLER, **happy)
    sad = {"result": "reached", "contacted": True, "solved": False, "satisfaction": "dissatisfied", "why": "no signal"}
    await api.act(orders[1], "record_callback", CALLER, **sad)
    app.state.walls = wall.Walls()
    after = (await seen(api, MANAGER))["total"]["rates"]

    def more(name: str) -> tuple[int, int]:
        return after[name]["yes"] - before[name]["yes"], after[name]["of"] - before[name]["of"]

    assert (after["due"] - before["due"], after["completed"] - before["completed"]) == (3, 2)
    assert (more("response"), more("resolution"), more("satisfaction")) == ((2, 2), (1, 2), (1, 2))


async def test_many_screens_cost_one_reading_and_none_is_older_than_two_seconds(
    api: Caller, gateway: Gateway, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []
    with gateway.books.writes() as session:
        bind = session.get_bind()

    def count(*seen: Any) -> None:
        if "GROUPING SETS" in seen[2]:
            counted.append(seen[2])

    event.listen(bind, "before_cursor_execute", count)
    try:
        answers = await asyncio.gather(*(api.get("/wall", who) for who in (HQ, INSPECTOR) for _ in range(10)))
        assert len({answer.content for answer in answers}) == 1
        assert len(counted) == 1
        monkeypatch.setattr(wall, "KEPT_SECONDS", 0.0)
        await api.get("/wall", HQ)
        assert len(counted) == 2
    finally:
        event.remove(bind, "before_cursor_execute", count)


async def test_a_failed_reading_is_not_kept(api: Caller, app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = asyncio.get_running_loop().create_task(_fails())
    await asyncio.wait([broken])
    app.state.walls.readings["GD", 1] = broken
    assert (await seen(api, MANAGER))["place"] == "GD"


async def _fails() -> Any:
    raise ConnectionError("the database was away")


async def test_an_order_on_the_wall_is_on_record_once_an_hour_for_each_person(api: Caller, absent: str) -> None:
    async def looks() -> int:
        found = (await api.get("/accesses", INSPECTOR, order_id=absent, actor=SOUTH, limit=100)).json()["items"]
        return sum(one["operation"] == "get_wall" and absent in one["orders"] for one in found)

    before = await looks()
    for _ in range(3):
        assert any(one["order_id"] == absent for one in (await seen(api, SOUTH))["unreported"])
    assert await looks() == before + 1


async def test_what_was_shown_when_the_record_was_away_is_recorded_the_next_time(
    api: Caller, app: FastAPI, absent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def looks() -> int:
        found = (await api.get("/accesses", INSPECTOR, order_id=absent, actor=EAST, limit=100)).json()["items"]
        return sum(one["operation"] == "get_wall" and absent in one["orders"] for one in found)

    async def away(*given: Any) -> Any:
        raise ConnectionError("the database was away")

    before = await looks()
    with monkeypatch.context() as patch:
        patch.setattr(app.state.parts.record, "_write", away)
        refused = await api.get("/wall", EAST)
    assert refused.status_code >= 500
    assert absent not in refused.text
    assert any(one["order_id"] == absent for one in (await seen(api, EAST))["unreported"])
    assert await looks() == before + 1
