"""`whistle audit replay` over the database itself."""

from __future__ import annotations

import json
from random import Random

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from cli import app
from runtime.settings import Settings
from store import policies
from store.session import EVERYWHERE, make_engine, sessions
from tests.audit.replays import eventful, keep
from tests.audit.test_chain import owner
from tests.conftest import Database
from tests.domain.lives import document


@pytest.fixture
def environment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("environment")
def test_orders_are_replayed_here_and_now_and_a_forgery_is_shown(database: Database) -> None:
    engine = make_engine(database.app_url, 1, sight=EVERYWHERE)
    with sessions(engine).begin() as session:
        policies.publish(session, document()["version"], document())
        order = keep(session, eventful(), Random(3))
    engine.dispose()
    clean = CliRunner().invoke(app, ["audit", "replay", order])
    assert clean.exit_code == 0, clean.output
    assert "everything is as it should be" in clean.output
    with owner(database) as connection:
        change = "UPDATE events SET actor_id = 'gd-net-9' WHERE order_id = :id AND type = 'CustomerContacted'"
        connection.execute(sa.text(change), {"id": order})
    every = CliRunner().invoke(app, ["audit", "replay", "--all", "--json"])
    assert every.exit_code == 1, every.output
    found = json.loads(every.stdout)
    assert found["orders"] == 1
    assert (found["findings"][0]["field"], found["findings"][0]["recorded"]) == ("actor_id", "gd-net-9")
    told = CliRunner().invoke(app, ["audit", "replay", order])
    assert told.exit_code == 1
    assert f"{order} seq " in told.output
    assert "gd-net-9" in told.output


@pytest.mark.usefixtures("environment")
def test_what_nobody_knows_is_said() -> None:
    found = CliRunner().invoke(app, ["audit", "replay", "WH20260302-NOBODYS"])
    assert found.exit_code == 1
    assert "not in the ledger" in found.output
