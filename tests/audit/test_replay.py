"""Replay by the rules: clean lives give no finding, and a history that could never have happened is found."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from audit import proof, replay_material
from audit.replay import Replay, Replayed, engine_for, replayed
from audit.replay_finding import Finding, Part
from audit.replay_material import Material
from audit.replay_terms import TermsKept
from contracts.messages import encode
from store import chain, policies, tables
from store.session import EVERYWHERE, make_engine, sessions
from tests.audit.forgeries import BY_OWNER
from tests.audit.lives import random_life_of
from tests.audit.replays import Told, eventful, keep
from tests.audit.test_chain import owner
from tests.conftest import Database
from tests.domain.lives import document

Made = sessionmaker[Session]
TREE = {"GD.net": "GD", "GD": "R.south"}


@pytest.fixture(scope="module")
def made(database: Database) -> Iterator[Made]:
    engine = make_engine(database.app_url, 2, sight=EVERYWHERE)
    maker = sessions(engine)
    with maker.begin() as session:
        policies.publish(session, document()["version"], document())
    yield maker
    engine.dispose()


@pytest.fixture(scope="module")
def auditor(database: Database) -> Iterator[sa.Engine]:
    engine = engine_for(database.app_url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def clean(made: Made, auditor: sa.Engine) -> Material:
    """What is recorded of one eventful order."""
    with made.begin() as session:
        order_id = keep(session, eventful(), Random(1))
    with Session(auditor) as session:
        (material,) = replay_material.read(session, [order_id])
    assert all(rows for rows in material.parts.values()), material.parts
    return material


@pytest.fixture(scope="module")
def terms(made: Made) -> TermsKept:
    """The terms and the policy of that database."""
    with made() as session:
        rows = session.execute(sa.select(tables.terms.c.digest, tables.terms.c.document)).all()
    kept = {row.digest: row.document for row in rows}
    return TermsKept(kept.get, lambda version: encode(document()).decode())


def again(material: Material, terms: TermsKept) -> tuple[Finding, ...]:
    return replayed(material, terms, TREE).findings


def test_random_lives_are_as_they_are_told(made: Made, auditor: sa.Engine) -> None:
    ids = []
    for seed in range(60):
        with made.begin() as session:
            ids.append(keep(session, random_life_of(Told, seed), Random(seed)))
    found = list(Replay(auditor).orders(ids))
    assert [one.order_id for one in found] == ids
    assert sum(one.events for one in found) > 500
    assert [finding for one in found for finding in one.findings] == []


def test_an_eventful_life_is_as_it_is_told(clean: Material, terms: TermsKept) -> None:
    assert again(clean, terms) == ()


def bent(value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, datetime):
        return value - timedelta(seconds=1) if value.year > 9000 else value + timedelta(seconds=1)
    if isinstance(value, str):
        return value + "x"
    return datetime.now().astimezone() if value is None else None


HEAD = [one.name for one in tables.orders.columns if one.name not in ("order_id", "region", "chain", "snapshot")]


@pytest.mark.parametrize("column", HEAD)
def test_a_column_of_the_head_that_is_changed_is_found(clean: Material, terms: TermsKept, column: str) -> None:
    forged = copy.deepcopy(clean)
    assert forged.head is not None
    forged.head[column] = bent(forged.head[column])
    assert [(one.part, one.field) for one in again(forged, terms)] == [(Part.STATE, f"orders.{column}")]


def test_a_changed_state_is_found_by_its_path(clean: Material, terms: TermsKept) -> None:
    forged = copy.deepcopy(clean)
    assert forged.head is not None
    state = json.loads(forged.head["snapshot"])
    state["whistles"][0]["attendances"][0]["absent"] ^= True
    state["note"] = "x"
    forged.head["snapshot"] = json.dumps(state)
    fields = [one.field for one in again(forged, terms)]
    assert fields == ["orders.snapshot.whistles.0.attendances.0.absent", "orders.snapshot.note"]


COLUMNS = [
    (table.name, column.name)
    for table in replay_material.PARTS
    for column in table.columns
    if column.name != "order_id" and (table.name, column.name) != ("calls", "at")
]


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_a_column_of_a_derived_row_that_is_changed_is_found(
    clean: Material, terms: TermsKept, table: str, column: str
) -> None:
    forged = copy.deepcopy(clean)
    row = forged.parts[table][0]
    row[column] = bent(row[column])
    found = again(forged, terms)
    assert found, (table, column)
    assert all(one.part is Part.STATE and one.field.startswith(table) for one in found)
    key = [one.name for one in replay_material.PARTS[TABLES.index(table)].primary_key.columns]
    if column not in key:
        assert [one.field.rpartition(".")[2] for one in found] == [column]


TABLES = [table.name for table in replay_material.PARTS]


@pytest.mark.parametrize("table", TABLES)
def test_a_derived_row_that_is_missing_or_too_many_is_found(clean: Material, terms: TermsKept, table: str) -> None:
    forged = copy.deepcopy(clean)
    row = min(forged.parts[table], key=str)  # of the sights one that nobody follows from
    forged.parts[table].remove(row)
    assert any(one.field.startswith(table) and one.recorded == "—" for one in again(forged, terms))
    key = replay_material.PARTS[TABLES.index(table)].primary_key.columns.keys()[-1]
    forged.parts[table] += [row, {**row, key: bent(row[key])}]
    assert any(one.field.startswith(table) and one.recomputed == "—" for one in again(forged, terms))


def _command(material: Material, verb: str) -> dict[str, Any]:
    return next(row for row in material.commands.values() if row["verb"] == verb)


def _message(verb: str, **changes: Any) -> Callable[[Material], None]:
    def forge(material: Material) -> None:
        row = _command(material, verb)
        row["message"] = json.dumps({**json.loads(row["message"]), **changes})

    return forge


def _body(verb: str, **changes: Any) -> Callable[[Material], None]:
    def forge(material: Material) -> None:
        row = _command(material, verb)
        message = json.loads(row["message"])
        message["body"] |= changes
        row["message"] = json.dumps(message)

    return forge


def _member(person: str, unit: str) -> dict[str, str]:
    return {"id": person, "role": "unit_member", "unit": unit}


def _answer(material: Material) -> None:
    row = _command(material, "contact")
    answer = json.loads(row["answer"])
    answer["body"]["order"]["level"] = 4
    row["answer"] = json.dumps(answer)


def _no_message(material: Material) -> None:
    del material.commands[_command(material, "dispose")["key"]]


def _undone(material: Material) -> None:
    row = dict(_command(material, "contact"))
    material.commands["another"] = {**row, "key": "another"}


def _refused(material: Material) -> None:
    _command(material, "contact")["state"] = "refused"


def _told(material: Material) -> None:
    material.notices.add((1, "OrderClosed"))


FORGED: dict[str, tuple[Callable[[Material], None], Part, str]] = {
    "who sent it": (_message("contact", actor=_member("gd-x", "GD.net")), Part.RULES, "actor_id"),
    "for which unit": (_message("sign", actor=_member("net", "GD.mkt")), Part.RULES, "command"),
    "why": (_message("contact", reason="another"), Part.RULES, "reason"),
    "what it said": (_body("contact", summary="another"), Part.RULES, "data.summary"),
    "what it decided": (_body("audit_reply", accepted=False), Part.RULES, "type"),
    "what he had looked at": (_message("dispose", expected_seq=1), Part.RULES, "command"),
    "its id": (_message("contact", id="another"), Part.RULES, "command.id"),
    "its shape": (_message("contact", body={"nothing": 1}), Part.RULES, "command.message"),
    "its row": (_no_message, Part.RULES, "command"),
    "that it was refused": (_refused, Part.RULES, "command"),
    "a command that nothing came of": (_undone, Part.RULES, "command"),
    "what its caller was told": (_answer, Part.ANSWER, "answer"),
    "a notice": (_told, Part.STATE, "notices.template"),
}  # fmt: skip


@pytest.mark.parametrize("what", FORGED)
def test_a_changed_command_is_found(clean: Material, terms: TermsKept, what: str) -> None:
    forge, part, field = FORGED[what]
    forged = copy.deepcopy(clean)
    forge(forged)
    found = again(forged, terms)
    assert any(one.part is part and one.field.startswith(field) for one in found), found


@pytest.mark.parametrize("what", BY_OWNER)
def test_what_the_owner_forges_and_hashes_anew_is_found(
    made: Made, auditor: sa.Engine, database: Database, what: str
) -> None:
    """The chain holds to the last link, and still the history could never have happened."""
    with made.begin() as session:
        order_id = keep(session, eventful(), Random(7))
    statements, field = BY_OWNER[what]
    with owner(database) as connection:
        terms = connection.execute(sa.text("SELECT digest, document FROM terms")).all()
        connection.execute(sa.text("ALTER TABLE terms DISABLE TRIGGER USER"))
        for statement in statements:
            assert connection.execute(sa.text(statement), {"id": order_id}).rowcount > 0
        hash_anew(connection, order_id)
    with made() as session:
        whole = proof.proof(session, order_id)
        assert whole is not None
        assert proof.faults(whole) == []
    (found,) = Replay(auditor).orders([order_id])
    with owner(database) as connection:
        for row in terms:
            connection.execute(
                sa.text("UPDATE terms SET document = :document WHERE digest = :digest"), dict(row._mapping)
            )
        connection.execute(sa.text("ALTER TABLE terms ENABLE TRIGGER USER"))
    assert any(one.part is Part.RULES and one.field.startswith(field) for one in found.findings), found.findings


def hash_anew(connection: sa.Connection, order_id: str) -> None:
    """Every hash of an order made anew, up to its head, as whoever may write the database can."""
    wanted = sa.text(
        "SELECT order_id, seq, type, at, actor_id, role, unit, acting_for, reason, policy_version, command_id,"
        " data::text AS data, clocks::text AS clocks FROM events WHERE order_id = :id ORDER BY seq"
    )
    previous, last = "", 0
    for row in connection.execute(wanted, {"id": order_id}).mappings().all():
        previous, last = chain.digest(chain.stored_link(dict(row), previous)), row["seq"]
        given = {"id": order_id, "seq": last, "hash": previous}
        connection.execute(sa.text("UPDATE events SET hash = :hash WHERE order_id = :id AND seq = :seq"), given)
    given = {"id": order_id, "seq": last, "hash": previous}
    connection.execute(sa.text("UPDATE orders SET chain = :hash, last_seq = :seq WHERE order_id = :id"), given)


def test_nobodys_order_has_nothing_to_find(auditor: sa.Engine) -> None:
    assert list(Replay(auditor).orders(["WH20260302-NOBODYS"])) == [Replayed("WH20260302-NOBODYS", 0, 0, ())]
