"""How often the hot path goes to the database and back, by the server's own log.

What goes there in one message the server logs as one statement, however many parts it has.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import msgspec
import pytest
from psycopg2 import sql

from contracts.messages import CommandMessage
from domain.model import Actor, Role
from runtime.postgres import EmbeddedPostgres
from runtime.settings import Settings
from store import commands, ledger
from store.session import EVERYWHERE, make_engine, sessions
from tests.conftest import Database
from tests.store.stories import number, quiet, rows

Heard = Callable[[], list[list[str]]]


@pytest.fixture
def heard(stack_settings: Settings, postgres: EmbeddedPostgres, database: Database) -> Heard:
    """The messages to the server since it was last asked, by connections made from now on; each as its parts' verbs."""
    connection = postgres.connect()
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("alter database {} set log_statement = 'all'").format(sql.Identifier(database.name)))
    connection.close()
    log = stack_settings.logs / "postgres.log"
    read = log.stat().st_size

    def since() -> list[list[str]]:
        nonlocal read
        time.sleep(0.3)
        with log.open("rb") as lines:
            lines.seek(read)
            told = lines.read().decode()
        read += len(told.encode())
        # A message goes over several lines, the further ones indented by a tab.
        ours = re.findall(rf"\] {database.name} LOG:  statement: (.*(?:\n\t.*)*)", told)
        return [[part.split()[0] for part in message.split(";\n") if part.strip()] for message in ours]

    return since


def test_a_claim_is_one_round_trip_however_busy_the_other_connections_are(database: Database, heard: Heard) -> None:
    engine, single = (
        make_engine(database.app_url, 1, sight=EVERYWHERE),
        make_engine(database.app_url, 1, autocommit=True, sight=EVERYWHERE),
    )
    made, alone, life = sessions(engine), sessions(single), quiet()

    def claim() -> None:
        message = CommandMessage(id=number("K"), actor=Actor("a", Role.AGENT), body=msgspec.Raw(b"{}"))
        with alone() as session:
            assert commands.claim_on(session, message.id, life.at.id, "note", "m", message) is not None

    try:
        with made.begin() as session:
            ledger.record(session, life.at.id, rows(life))
        claim()
        heard()
        with made.begin() as session:
            ledger.head(session, life.at.id)
        assert heard() == [["BEGIN"], ["SELECT", "SELECT"], ["COMMIT"]]  # from where it sees, and what it asks
        claim()
        assert heard() == [["SELECT", "INSERT"]]
    finally:
        engine.dispose()
        single.dispose()
