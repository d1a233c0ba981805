"""The organisation entered by one document, into a database that has none: checked whole, then written or not."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from identity import accounts, passwords
from runtime import keyring, provision
from runtime.settings import Settings
from store import demo, policies, tables
from store.access_tables import accesses
from tests.api.browsers import Browser, give_password, system
from tests.api.conftest import Caller, complaint
from tests.conftest import Database
from worker import serving

ADMIN = "wang.fang"

DOCUMENT: dict[str, Any] = {
    "units": [
        {"id": "GD.net", "kind": "department", "parent": "GD", "name_zh": "网络部", "name_en": "Network"},
        {"id": "GD.svc", "kind": "department", "parent": "GD", "name_zh": "客服部", "name_en": "Service"},
        {"id": "GD", "kind": "province", "parent": "R.south", "name_zh": "广东", "name_en": "Guangdong"},
        {"id": "R.south", "kind": "region", "parent": "HQ", "name_zh": "南方中心", "name_en": "South"},
        {"id": "HQ", "kind": "headquarters", "name_zh": "总部", "name_en": "Headquarters", "zone": "Asia/Shanghai"},
        {"id": "XJ", "kind": "province", "parent": "HQ", "name_zh": "新疆", "zone": "Asia/Urumqi"},
    ],
    "people": [
        {"id": "chen.li", "name_zh": "陈莉", "name_en": "Chen Li", "role": "agent", "unit": "GD.svc"},
        {"id": "he.jun", "name_zh": "何军", "role": "unit_member", "unit": "GD.net", "email": "he.jun@example.invalid"},
        {"id": "he.tao", "name_zh": "何涛", "role": "unit_head", "unit": "GD.net"},
        {"id": "li.na", "name_zh": "李娜", "role": "headquarters", "unit": "HQ"},
        {"id": "zhao.min", "name_zh": "赵敏", "role": "administrator"},
    ],
    "catalogue": [
        {"category": "network.fault", "province": "GD", "order_class": "fault", "lead": "GD.net", "co": [],
         "copy": ["GD.svc"]},
    ],
}  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def worker(settings: Settings, database: Database) -> AsyncIterator[None]:
    """The worker of an installation whose directory has nobody but the first administrator."""
    keyring.ensure(settings.keyring_path)
    provision.administrator(settings, ADMIN, "王芳", "Wang Fang")
    with system(database) as made, made.begin() as session:
        policy = demo.document("policy")
        policies.publish(session, policy["version"], policy, ADMIN)
    async with serving(settings):
        yield


@pytest.fixture(scope="module")
def made(database: Database) -> Iterator[sessionmaker[Session]]:
    with system(database) as found:
        yield found


async def put(api: Caller, document: Any, who: str = ADMIN, **headers: str) -> httpx.Response:
    sent = {"Authorization": f"Bearer dev:{who}"} | headers
    return await api.http.put("/v1/directory", json=document, headers=sent)


def rows(made: sessionmaker[Session]) -> dict[str, dict[str, dict[str, Any]]]:
    """Everything that the three tables hold."""
    with made() as session:
        return {
            table.name: {row.id: dict(row._mapping) for row in session.execute(select(table))}
            for table in (tables.units, tables.people, tables.catalogue)
        }


def on_record(made: sessionmaker[Session]) -> list[tuple[str, str, str]]:
    wanted = select(accesses.c.actor_id, accesses.c.outcome, accesses.c.detail).order_by(accesses.c.id)
    with made() as session:
        found = session.execute(wanted.where(accesses.c.operation == "load_directory", accesses.c.outcome == "changed"))
        return [(row.actor_id, row.outcome, row.detail) for row in found]


def figures(answer: httpx.Response) -> dict[str, tuple[int, int, int, int]]:
    assert answer.status_code == 200, answer.text
    names = ("added", "changed", "unchanged", "left")
    body = answer.json()
    return {one: tuple(body[one][name] for name in names) for one in ("units", "people", "catalogue")}


async def test_a_dry_run_writes_nothing(api: Caller, made: sessionmaker[Session]) -> None:
    before = rows(made)
    answer = await put(api, {**DOCUMENT, "dry_run": True})
    assert figures(answer) == {"units": (6, 0, 0, 0), "people": (5, 0, 0, 0), "catalogue": (1, 0, 0, 0)}
    assert answer.json()["dry_run"] is True
    assert rows(made) == before
    assert on_record(made) == []


async def test_one_document_makes_an_organisation_and_a_complaint_goes_through_it(
    api: Caller, made: sessionmaker[Session]
) -> None:
    answer = await put(api, DOCUMENT)
    assert figures(answer) == {"units": (6, 0, 0, 0), "people": (5, 0, 0, 0), "catalogue": (1, 0, 0, 0)}
    assert on_record(made) == [(ADMIN, "changed", "units +6 ~0 =0; people +5 ~0 =0; catalogue +1 ~0 =0")]
    there = rows(made)
    assert {unit["province"] for unit in there["units"].values()} == {"HQ", "", "GD", "XJ"}
    assert there["units"]["GD.net"]["zone"] == "Asia/Shanghai"
    assert there["units"]["XJ"]["name_en"] == "新疆"
    assert there["people"]["he.jun"]["province"] == "GD"
    assert there["people"][ADMIN]["name_en"] == "Wang Fang"
    assert there["catalogue"]["network.fault@GD"]["copy"] == ["GD.svc"]

    registered = await api.post("/orders", complaint(), "chen.li")
    assert registered.status_code == 201, registered.text
    order = registered.json()["order"]
    (lead,) = [part for part in order["assignments"] if part["role"] == "lead"]
    assert (order["state"], lead["unit"]) == ("dispatched", "GD.net")
    view = await api.act(order["id"], "sign", "he.jun")
    assert view["order"]["state"] == "in_progress"
    told = (await api.get("/notices", "he.jun", limit=50)).json()["items"]
    inbox = (await api.get("/units/GD.net/inbox", "he.jun")).json()["items"]
    assert [task["order_id"] for task in inbox] == [order["id"]]
    assert {one["order_id"] for one in told} == {order["id"]}


async def test_the_same_again_changes_nothing(api: Caller, made: sessionmaker[Session]) -> None:
    figures(await put(api, DOCUMENT))
    before = rows(made)
    answer = await put(api, DOCUMENT)
    assert figures(answer) == {"units": (0, 0, 6, 0), "people": (0, 0, 5, 0), "catalogue": (0, 0, 1, 0)}
    assert rows(made) == before


async def test_what_is_not_named_stays_and_what_is_named_takes_effect_at_once(
    api: Caller, made: sessionmaker[Session]
) -> None:
    figures(await put(api, DOCUMENT))
    before = rows(made)
    assert (await api.get("/people", "li.na", at="GD.net")).status_code == 200  # and the directory is remembered
    changes = {
        "units": [{"id": "XJ", "name_en": "Xinjiang"}],
        "people": [{"id": "he.jun", "unit": "GD.svc"}, {"id": "ma.lin", "name_en": "Ma Lin", "role": "unit_member",
                    "unit": "GD.net"}],
        "catalogue": [{"id": "network.fault@GD", "co": ["GD.svc"], "copy": []}],
    }  # fmt: skip
    assert figures(await put(api, changes)) == {
        "units": (0, 1, 0, 0), "people": (1, 1, 0, 0), "catalogue": (0, 1, 0, 0),
    }  # fmt: skip
    after = rows(made)
    assert after["units"]["XJ"] == before["units"]["XJ"] | {"name_en": "Xinjiang"}
    assert after["people"]["he.jun"] == before["people"]["he.jun"] | {"unit": "GD.svc"}
    assert after["catalogue"]["network.fault@GD"]["co"] == ["GD.svc"]
    assert {one: row for one, row in after["people"].items() if one not in ("he.jun", "ma.lin")} == {
        one: row for one, row in before["people"].items() if one not in ("he.jun", "ma.lin")
    }
    shown = (await api.get("/people", "li.na", at="GD.net")).json()
    assert [one["id"] for one in shown] == ["he.tao", "ma.lin"]
    await put(api, {"people": [{"id": "he.jun", "unit": "GD.net"}, {"id": "ma.lin", "active": False}]})


async def test_who_is_taken_out_is_out_at_once_and_stays_out_of_his_old_session(
    api: Caller, app: FastAPI, made: sessionmaker[Session]
) -> None:
    figures(await put(api, DOCUMENT))
    give_password(made, "he.tao")
    browser = Browser(app)
    assert (await browser.log_in("he.tao")).status_code == 200
    assert (await browser.get("/me")).json()["id"] == "he.tao"
    assert figures(await put(api, {"people": [{"id": "he.tao", "active": False}]}))["people"] == (0, 1, 0, 1)
    assert (await browser.get("/me")).status_code == 401
    assert (await browser.log_in("he.tao")).status_code == 401
    assert on_record(made)[-1][2].endswith("people out 1")
    assert figures(await put(api, {"people": [{"id": "he.tao", "active": True}]}))["people"] == (0, 1, 0, 0)
    assert (await browser.get("/me")).status_code == 401
    assert (await browser.log_in("he.tao")).status_code == 200


def unit(**changes: Any) -> dict[str, Any]:
    return {"units": [{"id": "GD.new", "kind": "department", "parent": "GD", "name_zh": "新", **changes}]}


def person(**changes: Any) -> dict[str, Any]:
    return {"people": [{"id": "new", "name_zh": "新", "role": "unit_member", "unit": "GD.net", **changes}]}


def clause(**changes: Any) -> dict[str, Any]:
    return {"catalogue": [{"category": "new", "province": "GD", "order_class": "fault", "lead": "GD.net", **changes}]}


FAULTS: list[tuple[dict[str, Any], str, str]] = [
    ({"unit": []}, "unit", "no such part"),
    ({"units": {}}, "units", "is no list"),
    ({"people": ["he.jun"]}, "people[0]", "is no object"),
    ({"dry_run": "yes"}, "dry_run", "neither true nor false"),
    (unit(color="red"), "units[0].color", "no such field"),
    (unit(name_zh=7), "units[0].name_zh", "is no text"),
    (unit(name_zh=""), "units[0].name_zh", "must be there"),
    (unit(name_zh="新 "), "units[0].name_zh", "blank"),
    (unit(name_zh="a\nb"), "units[0].name_zh", "cannot be printed"),
    (unit(name_zh="~pd1~n~c~x~"), "units[0].name_zh", "cannot be printed"),
    (unit(name_zh="x" * 101), "units[0].name_zh", "longer than 100"),
    (unit(id=""), "units[0].id", "no id"),
    (unit(id="GD net"), "units[0].id", "cannot be an id"),
    (unit(id="GD." + "x" * 50), "units[0].id", "longer than 50"),
    (unit(id="order:WH.x"), "units[0].id", "may not begin with order"),
    (unit(id="GDnew"), "units[0].id", "cannot be a department"),
    (unit(id="R.new"), "units[0].id", "cannot be a department"),
    (unit(kind="province", parent="HQ"), "units[0].id", "cannot be a province"),
    (unit(kind="province", parent="HQ", id="X" * 21), "units[0].id", "cannot be a province"),
    (unit(kind="region", parent="HQ", id="south2"), "units[0].id", "cannot be a region"),
    (unit(kind="headquarters", parent="", id="HQ2"), "units[0].id", "cannot be a headquarters"),
    (unit(kind="branch"), "units[0].kind", "not one of the known words"),
    (unit(kind=""), "units[0].kind", "not one of the known words"),
    ({"units": [{"id": "GD.new", "name_zh": "新", "parent": "GD"}]}, "units[0].kind", "must be there"),
    (unit(province="XJ"), "units[0].province", "its id says"),
    (unit(parent=""), "units[0].parent", "no unit above"),
    (unit(parent="GX"), "units[0].parent", "there is no unit GX"),
    (unit(parent="R.south"), "units[0].parent", "is a region"),
    (unit(parent="XJ"), "units[0].parent", "does not belong to GD"),
    (unit(parent="GD.new"), "units[0].parent", "above itself"),
    ({"units": [{"id": "HQ", "parent": "GD"}]}, "units[0].parent", "has none"),
    (unit(zone="Mars/Olympus"), "units[0].zone", "time zone"),
    ({"units": [{"id": "HQ", "zone": ""}]}, "units[0].zone", "no time zone"),
    (unit(email="nobody"), "units[0].email", "e-mail"),
    ({"units": [*unit()["units"], *unit()["units"]]}, "units[1].id", "stands in units[0]"),
    (person(id="dev:new"), "people[0].id", "may not begin with dev"),
    (person(id="system"), "people[0].id", "may not begin with system"),
    (person(id="x" * 65), "people[0].id", "longer than 64"),
    (person(role="customer"), "people[0].role", "not one of the known words"),
    (person(role="system"), "people[0].role", "not one of the known words"),
    ({"people": [{"id": "new", "name_zh": "新", "unit": "GD.net"}]}, "people[0].role", "must be there"),
    (person(name_zh=""), "people[0].name_zh", "must be there"),
    (person(unit=""), "people[0].unit", "stands in no unit"),
    (person(unit="GD.nix"), "people[0].unit", "there is no unit"),
    (person(unit="GD"), "people[0].unit", "is a province"),
    (person(role="province_manager"), "people[0].unit", "is a department"),
    (person(role="regional_manager", unit="GD"), "people[0].unit", "is a province"),
    (person(role="headquarters", unit="GD"), "people[0].unit", "is a province"),
    (person(role="agent", unit="R.south"), "people[0].unit", "regional centre"),
    (person(province="XJ"), "people[0].province", "belongs to GD"),
    (person(active="no"), "people[0].active", "neither true nor false"),
    (person(email="a b@c"), "people[0].email", "e-mail"),
    (person(away_from="2026-01-01T00:00:00Z"), "people[0].away_from", "no such field"),
    ({"people": [{"id": ADMIN, "active": False}]}, "people[0].active", "takes himself out"),
    (clause(category=""), "catalogue[0].category", "must be there"),
    (clause(order_class="rush"), "catalogue[0].order_class", "not one of the known words"),
    (clause(province="GX"), "catalogue[0].province", "no province GX"),
    (clause(province="GD.net"), "catalogue[0].province", "no province GD.net"),
    (clause(lead=""), "catalogue[0].lead", "must be there"),
    (clause(lead="GD"), "catalogue[0].lead", "no department GD"),
    (clause(co=["GD.svc", "GD.nix"]), "catalogue[0].co[1]", "no department GD.nix"),
    (clause(copy=["GD.net"]), "catalogue[0].copy[0]", "named twice"),
    (clause(co="GD.svc"), "catalogue[0].co", "no list"),
    (clause(co=[1]), "catalogue[0].co", "cannot be an id"),
    (clause(id="other", category="network.fault"), "catalogue[0].id", "another clause"),
    (clause(id="a b"), "catalogue[0].id", "cannot be an id"),
]


@pytest.mark.parametrize(("document", "path", "said"), FAULTS, ids=[f"{path} {said}" for _, path, said in FAULTS])
async def test_each_fault_is_named_by_path_reason_and_remedy_and_nothing_is_written(
    api: Caller, made: sessionmaker[Session], document: dict[str, Any], path: str, said: str
) -> None:
    figures(await put(api, DOCUMENT))
    before = rows(made)
    good = {"id": "GD.good", "kind": "department", "parent": "GD", "name_zh": "好"}
    if isinstance(document.get("units", []), list):
        document = {**document, "units": [*document.get("units", []), good]}
    answer = await put(api, document)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "invalid_request"), problem
    (fault,) = problem["errors"]
    assert (fault["field"], problem["field"]) == (path, path)
    assert said in fault["message"]
    assert all(fault[name] for name in ("message_zh", "remedy", "remedy_zh"))
    assert rows(made) == before


async def test_a_circle_is_found_wherever_it_is_closed(api: Caller) -> None:
    figures(await put(api, DOCUMENT))
    nested = [
        {"id": "GD.a", "kind": "department", "parent": "GD.b", "name_zh": "甲"},
        {"id": "GD.b", "kind": "department", "parent": "GD.c", "name_zh": "乙"},
        {"id": "GD.c", "kind": "department", "parent": "GD.a", "name_zh": "丙"},
    ]
    problem = (await put(api, {"units": nested})).json()
    assert [one["field"] for one in problem["errors"]] == ["units[0].parent", "units[1].parent", "units[2].parent"]
    assert figures(await put(api, {"units": [*nested[:2], {**nested[2], "parent": "GD"}]}))["units"] == (3, 0, 0, 0)
    problem = (await put(api, {"units": [{"id": "GD.c", "parent": "GD.a"}]})).json()
    assert problem["field"] == "units[0].parent"


async def test_all_faults_come_at_once_up_to_fifty(api: Caller) -> None:
    few = {"units": [{"id": "a b"}], "people": [{"id": "new", "role": "king"}], "catalogue": [{"lead": 1}]}
    fields = [one["field"] for one in (await put(api, few)).json()["errors"]]
    assert fields == ["units[0].id", "people[0].role", "catalogue[0].lead"]
    many = {"people": [{"id": f"p{number}", "role": "king"} for number in range(200)]}
    errors = (await put(api, many)).json()["errors"]
    assert (len(errors), errors[-1]["message"]) == (51, "there is more of this")


async def test_nobody_takes_the_last_administrator_away(api: Caller, made: sessionmaker[Session]) -> None:
    figures(await put(api, DOCUMENT))
    others = select(tables.people.c.id).where(tables.people.c.role == "administrator", tables.people.c.id != ADMIN)
    with made() as session:
        assert session.scalars(others).all() == ["zhao.min"]
    assert figures(await put(api, {"people": [{"id": "zhao.min", "active": False}]}))["people"] == (0, 1, 0, 1)
    problem = (await put(api, {"people": [{"id": ADMIN, "role": "auditor", "unit": "HQ"}]})).json()
    assert (problem["field"], "no active administrator" in problem["detail"]) == ("people[0].role", True), problem
    with made.begin() as session:  # as if he was demoted a moment ago, and is still believed to be one
        session.execute(update(tables.people).where(tables.people.c.id == ADMIN).values(role="auditor"))
        session.execute(update(tables.people).where(tables.people.c.id == "zhao.min").values(active=True))
    problem = (await put(api, {"people": [{"id": "zhao.min", "active": False}]})).json()
    assert problem["field"] == "people[0].active", problem
    with made.begin() as session:
        session.execute(update(tables.people).where(tables.people.c.id == ADMIN).values(role="administrator"))


async def test_it_is_for_administrators_in_person(api: Caller) -> None:
    figures(await put(api, DOCUMENT))
    for who in ("li.na", "chen.li", "he.tao"):
        answer = await put(api, {}, who)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), who
    assert (await api.http.put("/v1/directory", json={})).status_code == 401
    made = await api.post(
        "/tokens", {"name": "sync", "person": ADMIN, "scopes": ["directory:read", "directory:write"], "days": 1}, ADMIN
    )
    assert made.status_code == 201, made.text
    answer = await put(api, {}, Authorization=f"Bearer {made.json()['token']}")
    assert (answer.status_code, "scopes" in answer.json()["detail"]) == (403, True)


async def test_what_is_no_document_is_refused_before_it_is_read(api: Caller) -> None:
    headers = {"Authorization": f"Bearer dev:{ADMIN}"}
    for content, kind, status, code in (
        (b"{", "application/json", 400, "malformed_request"),
        (b"", "application/json", 400, "malformed_request"),
        (b'{"units": [], "units": []}', "application/json", 400, "malformed_request"),
        (b'{"people": [{"id": "\\ud800"}]}', "application/json", 400, "malformed_request"),
        (b"[]", "application/json", 422, "invalid_request"),
        (b"{}", "text/yaml", 415, "unsupported_media_type"),
        (b'{"units": [' + b" " * (16 << 20) + b"]}", "application/json", 413, "too_large"),
        (b'{"units": [' + b"," * 1_000_001 + b"]}", "application/json", 413, "too_large"),
    ):
        sent = headers | {"Content-Type": kind}
        answer = await api.http.put("/v1/directory", content=content, headers=sent)
        assert (answer.status_code, answer.json()["code"]) == (status, code), (content[:40], answer.text)


async def test_twenty_thousand_people_are_loaded_by_one_request(api: Caller, made: sessionmaker[Session]) -> None:
    figures(await put(api, DOCUMENT))
    many = [
        {"id": f"staff.{number}", "name_zh": f"员工{number}", "name_en": f"Staff {number}", "role": "unit_member",
         "unit": "GD.net", "email": f"staff.{number}@example.invalid"}
        for number in range(20_000)
    ]  # fmt: skip
    assert figures(await put(api, {"people": many}))["people"] == (20_000, 0, 0, 0)
    out = [{"id": one["id"], "active": False} for one in many]
    assert figures(await put(api, {"people": out}))["people"] == (0, 20_000, 0, 20_000)


async def test_the_first_day_by_a_browser(api: Caller, app: FastAPI, made: sessionmaker[Session]) -> None:
    given = passwords.one_time()
    with made.begin() as session:
        accounts.reset(session, ADMIN, passwords.hash_now(given), datetime.now(UTC))
    browser = Browser(app)
    assert (await browser.log_in(ADMIN, given)).json()["must_change"] is True
    refused = await browser.send("PUT", "/directory", DOCUMENT)
    assert refused.json()["code"] == "password_change_required"
    changed = await browser.post("/password", {"old": given, "new": "four green lanterns hum"})
    browser.csrf = changed.json()["csrf"]
    figures(await browser.send("PUT", "/directory", DOCUMENT))
    browser.csrf = ""
    assert (await browser.send("PUT", "/directory", DOCUMENT)).json()["code"] == "csrf"
