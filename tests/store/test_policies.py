"""Published policies: who published which, and which is in force after an upgrade of the program."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session, sessionmaker

from store import demo, policies
from store.session import EVERYWHERE, make_engine, sessions
from tests.conftest import Database

Made = sessionmaker[Session]


@pytest.fixture
def owner(database: Database) -> Iterator[Engine]:
    engine = make_engine(database.owner_url, 1, sight=EVERYWHERE)
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE policies"))
    yield engine
    engine.dispose()


def test_a_start_publishes_the_shipped_policy_over_an_older_shipped_one(database: Database, owner: Engine) -> None:
    with sessions(owner).begin() as session:
        policies.publish(session, "2025.1", {"version": "2025.1", "calendar": "of an older shape"})
    demo.load(database.owner_url)
    demo.load(database.owner_url)
    with sessions(owner)() as session:
        version, document = policies.current(session)
        listed = policies.versions(session)
    assert version == demo.document("policy")["version"]
    assert document == demo.document("policy")
    assert [(one.version, one.in_force) for one in listed] == [(version, True), ("2025.1", False)]
    assert (listed[0].title_en, listed[1].title_en) == ("National default policy", "")


def test_a_start_leaves_a_policy_of_ones_own_in_force(database: Database, owner: Engine) -> None:
    own = {**demo.document("policy"), "version": "2026.3-ours"}
    with sessions(owner).begin() as session:
        assert policies.publish(session, "2026.3-ours", own, "hq-admin")
    demo.load(database.owner_url)
    with sessions(owner)() as session:
        assert policies.current(session)[0] == "2026.3-ours"
        [only] = policies.versions(session)
    assert only.published_by == "hq-admin"
    assert only.created_at.tzinfo is not None


def test_the_application_may_publish_and_change_nothing(database: Database, owner: Engine) -> None:
    engine = make_engine(database.app_url, 1, sight=EVERYWHERE)
    try:
        with sessions(engine).begin() as session:
            assert policies.publish(session, "v1", {"version": "v1"}, "hq-admin")
            assert not policies.publish(session, "v1", {"version": "v1"}, "somebody else")
        with sessions(engine)() as session:
            assert [one.published_by for one in policies.versions(session)] == ["hq-admin"]
    finally:
        engine.dispose()
