"""Every cell of the access matrix, asked of the running system; and that the document shows it as it is."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest

from api.access import GRANTS
from domain.commands import COMMANDS
from domain.model import Role
from runtime.settings import PROJECT
from tests.access import leaks, matrix
from tests.access.asking import FOREIGN, NOBODYS, OWN, asked, lab_run, said, send, shadow
from tests.access.expected import (
    ABOUT,
    BY_NAME,
    COLUMNS,
    MISSING,
    NOBODY,
    REFUSED,
    SECRET,
    UNKNOWN,
    YES,
    Column,
    Operation,
    cell,
    document,
    operations,
)
from tests.access.watching import bare, fingerprints, headers, statements
from tests.access.world import LASTING, World, all_of
from tests.support.notary import round_of

ABSENT = (UNKNOWN, REFUSED)
"""What is said to whoever may not ask at all."""


def test_no_route_is_without_a_grant_and_an_expectation_and_neither_without_a_route() -> None:
    routes = {item["operationId"] for methods in document()["paths"].values() for item in methods.values()}
    assert routes == set(GRANTS) == set(ABOUT)


def test_every_role_has_a_column_and_the_document_is_up_to_date() -> None:
    assert {column.role for column in COLUMNS} == {*Role, None} - {Role.SYSTEM}
    kept = (PROJECT / "docs" / "access.md").read_text()
    assert kept == matrix.page(), "run: python -m tests.access.matrix > docs/access.md"


def _cells() -> Iterator[tuple[Operation, Column, tuple[str, ...]]]:
    for operation in operations():
        for column in COLUMNS:
            found = cell(operation.id, column)
            yield operation, column, {3: (OWN, FOREIGN, NOBODYS), 2: (OWN, NOBODYS)}.get(len(found), (OWN,))


class Wrong(list[str]):
    """Everything that was not as expected, said together."""

    def check(self, operation: Operation, column: Column, whose: str, answer: httpx.Response, wanted: str) -> None:
        """Note an answer that is not what the cell says."""
        found = said(operation, answer)
        if found != wanted:
            self.append(f"{operation.id} · {column.name} · {whose}: {found}, not {wanted}: {answer.text[:200]}")


async def test_whoever_may_not_ask_is_refused_alike_whatever_he_asks_about_and_nothing_changes(world: World) -> None:
    wrong, answers = Wrong(), Counter[str]()

    async def one(operation: Operation, column: Column, kinds: tuple[str, ...]) -> None:
        bodies = set()
        for whose, wanted in zip(kinds, cell(operation.id, column), strict=True):
            request = await asked(world, operation, column, whose)
            answer = await send(world, operation, column, request)
            wrong.check(operation, column, whose, answer, wanted)
            answers[wanted] += 1
            bodies.add(bare(answer, *request.ids, request.path))
        if len(bodies) > 1:
            wrong.append(f"{operation.id} · {column.name}: refused in more than one way: {bodies}")

    await _warm(world)
    before = await world.write(fingerprints)
    refused = [one for one in _cells() if set(cell(one[0].id, one[1])) <= set(ABSENT) and len(set(one[2])) > 0]
    refused = [found for found in refused if _at_the_wall(found[0], found[1])]
    await all_of([lambda found=found: one(*found) for found in refused])  # type: ignore[misc]
    after = await world.write(fingerprints)
    assert not wrong, "\n".join(wrong)
    assert {name for name in before if before[name] != after[name]} == set()
    assert answers[REFUSED] > 2500
    assert answers[UNKNOWN] > 250
    print(f"refused: {dict(answers)}")


def _at_the_wall(operation: Operation, column: Column) -> bool:
    """Whether it is the role that is refused, so that nothing is to be asked about the object."""
    grant = GRANTS[operation.id]
    return not grant.public and (column is NOBODY or REFUSED in cell(operation.id, column)[:1])


async def test_another_s_and_nobody_s_are_answered_alike_and_take_the_same_trouble(world: World) -> None:
    wrong, pairs = Wrong(), 0
    for operation, column, kinds in _cells():
        wanted = dict(zip(kinds, cell(operation.id, column), strict=True))
        if operation.about not in SECRET or _at_the_wall(operation, column) or wanted[FOREIGN] != wanted[NOBODYS]:
            continue
        pairs += 1
        for trial in (1, 2, 3):  # somebody who is looked up anew in between costs one of the two a statement
            found = {}
            for whose in (FOREIGN, NOBODYS):
                request = await asked(world, operation, column, whose)
                with statements() as count:
                    answer = await send(world, operation, column, request)
                if trial == 1:
                    wrong.check(operation, column, whose, answer, wanted[whose])
                found[whose] = (bare(answer, *request.ids, request.path), headers(answer), tuple(count))
            if found[FOREIGN] == found[NOBODYS]:
                break
        else:
            wrong.append(f"{operation.id} · {column.name}: {found}"[:900])
    assert not wrong, "\n".join(wrong)
    assert pairs > 250
    print(f"pairs: {pairs}")


async def test_whoever_may_ask_is_answered_about_his_own_and_told_what_is_not_there(world: World) -> None:
    wrong, outcomes = Wrong(), Counter[str]()

    async def one(operation: Operation, column: Column, kinds: tuple[str, ...]) -> None:
        for whose, wanted in zip(kinds, cell(operation.id, column), strict=True):
            if operation.about in SECRET and whose != OWN and wanted == MISSING:
                continue  # asked by the test above
            if operation.id in COMMANDS and operation.id != "register":
                outcomes[await _commanded(world, operation, column, whose, wrong, wanted)] += 1
                continue
            await _ready(world, operation)
            request = await asked(world, operation, column, whose)
            answer = await send(world, operation, column, request)
            wrong.check(operation, column, whose, answer, wanted)
            outcomes["others"] += 1

    found = [one for one in _cells() if not _at_the_wall(one[0], one[1])]
    together = [cells for cells in found if cells[0].id not in (*_LAST, *_ALONE)]
    await all_of([lambda cells=cells: one(*cells) for cells in together], at_once=6)  # type: ignore[misc]
    for name in (*_ALONE, *_LAST):
        for cells in found:
            if cells[0].id == name:
                await one(*cells)
    assert not wrong, "\n".join(wrong)
    print(f"asked: {dict(outcomes)}")
    assert outcomes["carried out"] > 2 * outcomes["refused by the rules"]


_ALONE = (
    "get_proof_bundle",
    "log_in",
    "log_in_demo",
    "log_out_everywhere",
    "take_on",
    "give_up",
    "revoke_token",
    "erase_customer",
    "track",
    "track_code",
    "track_link",
)
"""What is asked one after another, for one asking changes what the next one finds."""
_LAST = ("change_password",)
"""After these somebody cannot log in as before."""


async def _commanded(world: World, operation: Operation, column: Column, whose: str, wrong: Wrong, wanted: str) -> str:
    stage = world.stage(operation.id, column.role)
    at = "GD" if whose == OWN else "BJ"
    order = await world.take(stage, at)
    request = await asked(world, operation, column, whose)
    number = request.ids[0] if whose == NOBODYS else order.id
    request.path, request.ids = operation.path.format(order_id=number), (number,)
    request.customer_of = order if whose == OWN else None
    answer = await send(world, operation, column, request)
    wrong.check(operation, column, whose, answer, wanted)
    if answer.status_code != 200 or operation.id in LASTING:
        world.give_back(stage, order, at)
    return "carried out" if answer.status_code == 200 else "refused by the rules"


async def _ready(world: World, operation: Operation) -> None:
    """What is used up by being asked for is made anew."""
    if operation.id == "revoke_token":
        world.tokens.pop("spare", None)
        world.tokens["spare"] = await world.token("web-channel", "notices", "rehearsals")
    if operation.id == "get_proof_bundle":
        await asyncio.to_thread(round_of, world.parts.settings)
    if operation.id == "erase_customer":
        world.gone = world.phone()
        await world.ask(f"customer:{world.gone}", "GET", "/v1/me")


async def _warm(world: World) -> None:
    """Let everybody be looked up once, so that the refusals that follow find all known."""
    world.gone = "13800138001"
    world.tokens["spare"] = await world.token("web-channel", "notices", "rehearsals")
    await lab_run(world)
    await shadow(world)
    for column in COLUMNS:
        for operation in operations()[:1]:
            await world.credentials(column, operation.id, world.own)
        await world.credentials(column, "list_notices", world.own)


pytestmark = pytest.mark.timeout(400)


async def test_nothing_that_is_hidden_from_a_role_was_in_any_answer_to_it(world: World) -> None:
    """Runs last: it looks through all that was answered to the tests above, and to a look at a running call-back."""
    called = await world.take("awaiting_callback")
    await world.act(called, "gd-caller-1", "record_callback", result="no_answer", contacted=False, solved=False)
    looks = [one for one in operations() if one.id in _LOOKS]
    for operation in looks:
        for column in COLUMNS:
            request = await asked(world, operation, column, OWN)
            request.path, request.customer_of = request.path.replace(world.own.id, called.id), called
            await send(world, operation, column, request)
    wrong: dict[str, set[str]] = {}
    for name, column, answer in world.seen:
        for what in (*leaks.planted(name, answer, world.planted), *leaks.beyond(name, column, answer)):
            wrong.setdefault(f"{name} · {column.name}", set()).add(what[:300])
    assert not wrong, "\n".join(f"{where}: {sorted(what)}" for where, what in wrong.items())
    assert len(world.seen) > 4500
    desk = next(answer for name, column, answer in reversed(world.seen) if (name, column.head) == ("get_order", "PM"))
    assert list(leaks.beyond("get_order", BY_NAME["unit_member"], desk)), "what a desk sees would be found"
    assert list(leaks.beyond("get_order", BY_NAME["customer"], desk)), "what a desk sees would be found"
    shown = [answer for name, _, answer in world.seen if name == "reveal" and answer.status_code == 200]
    assert any(world.own.phone in answer.text for answer in shown), "what is revealed would be found"
    print(f"looked through {len(world.seen)} answers")


_LOOKS = (
    "get_order",
    "get_live",
    "get_events",
    "get_deadlines",
    "list_orders",
    "list_notices",
    "get_inbox",
    "list_earlier",
    "export_csv",
)


async def test_what_the_server_fills_nobody_sends(world: World) -> None:
    checked = 0
    for operation in operations():
        if "application/json" not in operation.declared.get("requestBody", {}).get("content", {}):
            continue
        column = next((one for one in COLUMNS if cell(operation.id, one)[0] is YES), None)
        if column is None:
            continue  # nobody may ask for it
        request = await asked(world, operation, column, OWN)
        extra = {name: "x" for name in FILLED if name not in _properties(operation)}
        request.body = {**request.body, **extra}
        answer = await send(world, operation, column, request)
        named = {one["field"] for one in answer.json().get("errors", [])}
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request"), (operation.id, answer.text)
        assert set(extra) <= named, (operation.id, set(extra) - named)
        checked += 1
    assert checked > 70


async def test_what_gives_a_complaint_its_standing_is_not_the_customer_s_to_say(world: World) -> None:
    phone = world.phone()
    body = world.complaint(phone, order_class="urgent", channel="regulator", source="the minister")
    body["customer"]["tier"] = "gold"
    order = (await world.ask(f"customer:{phone}", "POST", "/v1/orders", body))["order"]
    kept = (await world.ask("hq-supervisor-1", "GET", f"/v1/orders/{order['id']}"))["order"]
    plain = (await world.ask("hq-supervisor-1", "GET", f"/v1/orders/{world.own.id}"))["order"]
    events = (await world.ask("hq-supervisor-1", "GET", f"/v1/orders/{order['id']}/events"))["items"]
    assert (kept["customer"]["tier"], kept["channel"], events[0]["data"].get("source", "")) == ("normal", "web", "")
    assert kept["order_class"] == plain["order_class"]
    assert kept["registered_by"].startswith("customer:")
    body["customer"]["id"] = world.own.customer
    headers = {"Authorization": f"Bearer dev:customer:{phone}", "Idempotency-Key": "the-customer-s-own-id"}
    refused = await world.http.post("/v1/orders", json=body, headers=headers)
    assert (refused.status_code, refused.json()["field"]) == (422, "customer.id")


FILLED = (
    "recent", "terms", "actor", "role", "acting_for", "id", "seq", "order_id", "registered_by", "registered_at", "by",
    "state", "hop", "round", "expected_seq", "command_id", "customer_id", "holders", "policy_version",
)  # fmt: skip
"""Fields that the server fills, or takes from who asks; where one is a request's own field, it is left out."""


def _properties(operation: Operation) -> set[str]:
    schema = operation.declared["requestBody"]["content"]["application/json"]["schema"]
    if "$ref" in schema:
        schema = document()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return set(schema["properties"])
