"""Production on a database of development says so: at the start, in the worker's log, by the doctor."""

import io
import logging

import pytest
from sqlalchemy import create_engine, text

from desk.doctor import CHECKS, Mark
from runtime import leftovers, provision
from runtime.console import Console
from runtime.settings import Profile, Settings
from store import demo
from tests.conftest import Database
from worker import warn_of_demo


def told(database: Database, settings: Settings) -> str:
    stream = io.StringIO()
    provision.tell_of_demo(database.owner_url, settings, Console(stream))
    return stream.getvalue()


def test_the_demo_organisation_in_production_is_told_loudly(
    database: Database, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    production = settings.model_copy(update={"profile": Profile.PRODUCTION})
    looked = CHECKS["organisation"]
    assert leftovers.demo(production, database.owner_url) is None
    assert (told(database, production), looked(production, "", "").mark) == ("", Mark.GOOD)
    warn_of_demo(production)
    assert caplog.messages == []

    demo.load(database.owner_url)
    for url in (database.owner_url, database.app_url):
        said = leftovers.demo(production, url)
        assert said is not None
        assert "演示组织" in said[0]
        assert "demo organisation" in said[1]
    assert "demo organisation" in told(database, production)
    finding = looked(production, "", "")
    assert (finding.mark, "demo organisation" in finding.found) == (Mark.WARN, True)
    with caplog.at_level(logging.WARNING):
        warn_of_demo(production)
    (line,) = caplog.messages
    assert "demo organisation" in line

    assert leftovers.demo(settings, database.owner_url) is None
    assert (told(database, settings), looked(settings, "", "").mark) == ("", Mark.GOOD)

    engine = create_engine(database.owner_url)
    with engine.begin() as link:  # somebody real who happens to have this id
        link.execute(text("update people set email = 'admin@example.com' where id = 'hq-admin'"))
    engine.dispose()
    assert leftovers.demo(production, database.app_url) is None


def test_a_database_that_is_away_keeps_no_worker_from_starting(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    away = {"profile": Profile.PRODUCTION, "app_database_url": "postgresql+psycopg2://nobody:x@127.0.0.1:1/none"}
    gone = settings.model_copy(update=away)
    warn_of_demo(gone)
    assert caplog.messages == []
    assert CHECKS["organisation"](gone, "", "").mark is Mark.SKIP
