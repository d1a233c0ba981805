"""Changes of class, tier, category and priority, and migrations, through HTTP: seen first, done once, said to whom."""

import asyncio
import copy
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session, sessionmaker

from api.gateway import Gateway
from api.keys import Pending
from domain.commands import MigratePolicy
from domain.model import Role
from identity.people import Identified
from store import policies, tables
from store.session import EVERYWHERE, make_engine, sessions
from tests.api.conftest import DISPATCHER, LEADER, NET, Caller, key

HQ, COLLEAGUE, ADMIN = "hq-supervisor-1", "hq-supervisor-2", "hq-admin"


@pytest.fixture(scope="module")
def made(database: Any) -> Iterator[sessionmaker[Session]]:
    """Sessions of the application's role."""
    engine = make_engine(database.app_url, pool_size=2, sight=EVERYWHERE)
    yield sessions(engine)
    engine.dispose()


def publish(made: sessionmaker[Session], name: str, **limits: str | None) -> str:
    """Another version of the shipped policy, published; new orders get the shipped one's limits all the same."""
    with made.begin() as session:
        document = policies.document(session, shipped(session))
        changed = copy.deepcopy(document)
        changed["version"], document["version"] = name, f"{name}-as-shipped"
        changed["classes"]["fault"]["limits"].update(limits)
        for one in (changed, document):
            policies.publish(session, one["version"], one)
    return name


def shipped(session: Session) -> str:
    """The first version that was ever published."""
    found = session.query(tables.policies.c.version).order_by(tables.policies.c.id).first()
    assert found is not None
    return str(found[0])


def due(view: dict[str, Any]) -> datetime:
    """The lead's limit."""
    return datetime.fromisoformat(view["due_at"])


async def events(api: Caller, number: str, name: str) -> list[dict[str, Any]]:
    found = (await api.get(f"/orders/{number}/events")).json()["items"]
    return [event for event in found if event["type"] == name]


async def preview(api: Caller, version: str, who: str = HQ, **wanted: Any) -> dict[str, Any]:
    answer = await api.post(f"/policies/{version}/migration/preview", wanted, who)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def wanted(found: dict[str, Any], reason: str = "decided for all faults") -> dict[str, Any]:
    """The request that applies a preview."""
    orders = [{"order_id": one["order_id"], "expected": one["digest"]} for one in found["orders"]]
    return {"at": found["at"], "reason": reason, "orders": orders}


async def apply(api: Caller, version: str, found: dict[str, Any], who: str = HQ) -> list[str]:
    answer = await api.post(f"/policies/{version}/migration", wanted(found), who)
    assert answer.status_code == 200, answer.text
    return [one["outcome"] for one in answer.json()["orders"]]


async def test_class_tier_and_priority_re_time_and_say_so(api: Caller) -> None:
    number = await api.opened(order_class="general")
    before = due((await api.get(f"/orders/{number}")).json())
    higher = await api.act(number, "reprioritise", DISPATCHER, priority="critical", reason="a hospital")
    assert due(higher) < before
    retiered = await api.act(number, "retier", LEADER, tier="diamond", order_class="urgent", reason="it is an outage")
    clock = next(one for one in retiered["order"]["clocks"].values() if one["kind"] == "due")
    assert clock["rule"] == "classes.urgent.due × tiers.diamond 0.5 × priorities.critical 0.5"
    assert clock["first_due_at"] != clock["due_at"]
    assert (retiered["order"]["customer"]["tier"], retiered["order"]["order_class"]) == ("diamond", "urgent")
    (event,) = await events(api, number, "OrderRetiered")
    assert {change["change"] for change in event["clocks"]} >= {"retimed"}
    told = (await api.get("/notices", NET)).json()["items"]
    assert any(number in str(one) for one in told)
    deadlines = (await api.get(f"/orders/{number}/deadlines")).json()
    assert next(one for one in deadlines if one["kind"] == "due")["due_at"] == clock["due_at"]


async def test_the_same_key_is_the_same_command_whatever_terms_the_server_found(api: Caller) -> None:
    number = await api.opened()
    use = key()
    body = {"priority": "high", "reason": "twice"}
    first = await api.post(f"/orders/{number}/reprioritise", body, DISPATCHER, use)
    await api.act(number, "retier", LEADER, tier="gold", reason="meanwhile")
    again = await api.post(f"/orders/{number}/reprioritise", body, DISPATCHER, use)
    assert (again.status_code, again.json()) == (200, first.json())
    assert len(await events(api, number, "OrderReprioritised")) == 1


async def test_what_the_server_fills_in_no_caller_may_give_and_what_is_unknown_is_refused(api: Caller) -> None:
    number = await api.opened()
    forged = await api.post(
        f"/orders/{number}/reprioritise", {"priority": "high", "terms": {}, "reason": "x"}, DISPATCHER
    )
    assert (forged.status_code, forged.json()["code"], forged.json()["field"]) == (422, "invalid_request", "terms")
    tier = await api.post(f"/orders/{number}/retier", {"tier": "brass", "reason": "x"}, LEADER)
    assert (tier.status_code, tier.json()["code"], tier.json()["field"]) == (422, "invalid_field", "tier")
    version = await api.post(f"/orders/{number}/migrate_policy", {"version": "1066.1", "reason": "x"}, HQ)
    assert (version.status_code, version.json()["field"]) == (422, "version")
    neither = await api.post(f"/orders/{number}/retier", {"reason": "x"}, LEADER)
    assert (neither.status_code, neither.json()["code"]) == (422, "invalid_field")
    for who in (NET, DISPATCHER):
        refused = await api.post(f"/orders/{number}/migrate_policy", {"version": "1066.1", "reason": "x"}, who)
        assert refused.status_code in (403, 422)
    assert (await api.get(f"/orders/{number}")).json()["order"]["priority"] == "normal"


async def test_a_preview_lists_every_moved_deadline_and_changes_nothing(
    api: Caller, made: sessionmaker[Session]
) -> None:
    number = await api.opened()
    view = (await api.get(f"/orders/{number}")).json()
    version = publish(made, "2101.1", due="24h", progress=None)
    found = await preview(api, version, order_ids=[number])
    (order,) = found["orders"]
    moved = {move["kind"]: move for move in order["moves"]}
    assert set(moved) == {"due", "progress"}
    assert datetime.fromisoformat(moved["due"]["was"]) == due(view)
    assert datetime.fromisoformat(moved["due"]["due_at"]) == due(view) - timedelta(hours=24)
    assert (moved["due"]["zone"], moved["due"]["unit"], moved["due"]["breaches"]) == ("Asia/Shanghai", "GD.net", False)
    assert (moved["progress"]["change"], moved["progress"]["due_at"]) == ("cancelled", None)
    assert (found["moved"], found["breaching"]) == (2, 0)
    assert (await api.get(f"/orders/{number}")).json() == view


async def test_a_migration_does_what_was_listed_and_nothing_the_second_time(
    api: Caller, made: sessionmaker[Session]
) -> None:
    numbers = [await api.opened() for _ in range(3)]
    version = publish(made, "2101.2", due="30h")
    found = await preview(api, version, order_ids=numbers)
    foreseen = {one["order_id"]: one["moves"][0]["due_at"] for one in found["orders"]}
    outcomes = await asyncio.gather(*(apply(api, version, found) for _ in range(3)))
    assert {outcome for one in outcomes for outcome in one} <= {"applied", "unchanged", "changed"}
    for number in numbers:
        view = (await api.get(f"/orders/{number}")).json()
        assert view["due_at"] == foreseen[number]
        assert view["order"]["policy_version"] == version
        (event,) = await events(api, number, "PolicyMigrated")
        assert (event["reason"], event["actor"]["id"], event["policy_version"]) == (
            "decided for all faults", HQ, version,
        )  # fmt: skip
    seqs = [(await api.get(f"/orders/{number}")).json()["order"]["seq"] for number in numbers]
    assert await apply(api, version, found) == ["unchanged"] * 3
    again = await preview(api, version, order_ids=numbers)
    assert all(one["unchanged"] and not one["moves"] for one in again["orders"])
    assert [(await api.get(f"/orders/{number}")).json()["order"]["seq"] for number in numbers] == seqs


async def test_two_people_who_apply_one_list_at_once_are_told_what_became_of_it(
    api: Caller, made: sessionmaker[Session]
) -> None:
    numbers = [await api.opened() for _ in range(6)]
    version = publish(made, "2101.21", due="29h")
    found = await preview(api, version, order_ids=numbers)
    both = await asyncio.gather(*(apply(api, version, found, who) for who in (HQ, COLLEAGUE)))
    for outcomes in zip(*both, strict=True):
        assert sorted(outcomes) == ["applied", "unchanged"], both
    for number in numbers:
        assert len(await events(api, number, "PolicyMigrated")) == 1


async def test_the_same_list_for_another_reason_is_another_command(api: Caller, made: sessionmaker[Session]) -> None:
    number = await api.opened()
    version = publish(made, "2101.22", due="28h")
    found = await preview(api, version, order_ids=[number])
    asked = [wanted(found, reason) for reason in ("the first", "the second")]
    answers = await asyncio.gather(*(api.post(f"/policies/{version}/migration", one, HQ) for one in asked))
    assert sorted(answer.json()["orders"][0]["outcome"] for answer in answers) == ["applied", "unchanged"]
    assert len(await events(api, number, "PolicyMigrated")) == 1


async def test_what_changed_since_the_preview_is_left_alone_and_said(api: Caller, made: sessionmaker[Session]) -> None:
    number, ended = await api.opened(), await api.opened(dispatch=False)
    version = publish(made, "2101.3", due="20h")
    found = await preview(api, version, order_ids=[number, ended])
    await api.act(number, "reprioritise", DISPATCHER, priority="critical", reason="meanwhile")
    await api.act(ended, "decline", LEADER, ground="not_telecom", other_route="12345", reason="not ours")
    outcomes = dict(zip([one["order_id"] for one in found["orders"]], await apply(api, version, found), strict=True))
    assert outcomes == {number: "changed", ended: "refused"}
    assert not await events(api, number, "PolicyMigrated")
    old = {**found, "at": (datetime.now(UTC) - timedelta(hours=2)).isoformat()}
    stale = await api.post(f"/policies/{version}/migration", wanted(old), HQ)
    assert (stale.status_code, stale.json()["field"]) == (422, "at")


async def test_a_crash_between_preview_and_apply_loses_nothing(
    api: Caller, made: sessionmaker[Session], gateway: Gateway
) -> None:
    """One order was done, one's key was left pending by a gateway that died; the same list applied again ends it."""
    numbers = [await api.opened() for _ in range(3)]
    version = publish(made, "2101.4", due="36h")
    found = await preview(api, version, order_ids=numbers)
    assert await apply(api, version, {**found, "orders": found["orders"][:1]}) == ["applied"]
    left = found["orders"][1]["order_id"]
    who, body = Identified(HQ, "", "", Role.HEADQUARTERS, "HQ", "HQ"), MigratePolicy(version)
    pending = await gateway.run(gateway.books.claim, left, "migrate_policy", key(), who, body, "crashed", None)
    assert isinstance(pending, Pending)
    assert not await events(api, left, "PolicyMigrated")
    await gateway.resume(pending)  # as the reconciler does
    outcomes = dict(zip([one["order_id"] for one in found["orders"]], await apply(api, version, found), strict=True))
    assert sorted(outcomes.values()) == ["applied", "unchanged", "unchanged"]
    for number in numbers:
        assert len(await events(api, number, "PolicyMigrated")) == 1


async def test_filters_choose_the_orders_and_pages_follow_one_another(api: Caller, made: sessionmaker[Session]) -> None:
    version = publish(made, "2101.5", due="47h")
    mine = {await api.opened(province="JS") for _ in range(3)}
    seen: set[str] = set()
    after, pages = "", 0
    while True:
        page = await preview(api, version, COLLEAGUE, province="JS", limit=2, after=after)
        seen |= {one["order_id"] for one in page["orders"]}
        assert {one["province"] for one in page["orders"]} <= {"JS"}
        pages += 1
        if not (after := page["next"]):
            break
    assert mine <= seen
    assert pages >= 2
    one = mine.pop()
    runs_by = (await api.get(f"/orders/{one}")).json()["order"]["policy_version"]
    assert one in {
        found["order_id"] for found in (await preview(api, version, province="JS", from_version=runs_by))["orders"]
    }
    assert not (await preview(api, version, province="JS", order_class="consult"))["orders"]


async def test_filters_that_name_nothing_that_is_there_are_refused_with_all_of_them(
    api: Caller, made: sessionmaker[Session]
) -> None:
    version, number = publish(made, "2101.6", due="47h"), await api.opened()
    answer = await api.post(f"/policies/{version}/migration/preview", {"province": "ZZ", "from_version": "2020.1"}, HQ)
    assert answer.status_code == 422
    errors = {error["field"]: error for error in answer.json()["errors"]}
    assert set(errors) == {"province", "from_version"}
    assert errors["province"]["message"] == "there is no province ZZ"
    assert version in errors["from_version"]["remedy"]
    asked = {"order_ids": [number, "WO-1", "WO-2"]}
    answer = await api.post(f"/policies/{version}/migration/preview", asked, HQ)
    assert (answer.status_code, answer.json()["field"]) == (422, "order_ids")
    assert answer.json()["errors"][0]["message"] == "there is no order WO-1, WO-2"


async def test_only_headquarters_migrates_and_only_to_what_is_published(api: Caller) -> None:
    nothing = {"at": datetime.now(UTC).isoformat(), "orders": [{"order_id": "x", "digest": "y"}]}
    for path, body in (
        ("/policies/1066.1/migration/preview", {}),
        ("/policies/1066.1/migration", wanted(nothing)),
    ):
        for who in (DISPATCHER, ADMIN):
            refused = await api.post(path, body, who)
            assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
        missing = await api.post(path, body, HQ)
        assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
