"""Published wordings: numbered, kept, in force for the next notice, never able to stop one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session, sessionmaker

from domain.notices import notices as sent
from domain.wordings import SHIPPED, Wording
from store import demo, ledger, notices, templates
from store.session import EVERYWHERE, make_engine, sessions
from store.tables import notices as t
from store.template_tables import notice_templates
from tests.conftest import Database
from tests.store.stories import quiet, rows

TEMPLATE = "customer.registered"
OURS = Wording("受理通知", "We have it", "编号 {order}（{title}）", "Number {order} ({title})")


@pytest.fixture(scope="module")
def made(database: Database) -> Iterator[sessionmaker[Session]]:
    """Sessions of the application's role, over the demo organisation."""
    demo.load(database.owner_url)
    engine = make_engine(database.app_url, pool_size=4, sight=EVERYWHERE)
    yield sessions(engine)
    engine.dispose()


@pytest.fixture(autouse=True)
def fresh() -> None:
    """No wording of the test before."""
    templates.forget()


def _told(made: sessionmaker[Session], order_id: str) -> tuple[str, str]:
    """What the customer was told at the registration."""
    with made() as session:
        row = session.execute(
            t.select().where(t.c.order_id == order_id, t.c.template == TEMPLATE, t.c.channel == "console")
        ).one()
    return row.title_en, row.body_zh


def _recorded(made: sessionmaker[Session]) -> str:
    life = quiet()
    with made.begin() as session:
        ledger.record(session, life.at.id, rows(life))
    return life.at.id


def _publish(made: sessionmaker[Session], after: int, wording: Wording) -> templates.Version | None:
    with made.begin() as session:
        version = templates.publish(session, TEMPLATE, after, wording, "hq-admin", "plainer")
    templates.forget()
    return version


def test_the_next_notice_has_the_new_words_and_those_before_keep_theirs(made: sessionmaker[Session]) -> None:
    before = _recorded(made)
    kept = _told(made, before)
    assert kept[0] == SHIPPED[TEMPLATE].title_en
    first = _publish(made, 0, OURS)
    assert first is not None
    assert (first.version, first.published_by, first.reason) == (1, "hq-admin", "plainer")
    after = _recorded(made)
    title_en, body_zh = _told(made, after)
    assert title_en == "We have it"
    assert body_zh.startswith(f"编号 {after}（")
    assert _told(made, before) == kept
    assert _publish(made, 0, SHIPPED[TEMPLATE]) is None, "somebody else has published meanwhile"
    back = _publish(made, 1, SHIPPED[TEMPLATE])
    assert back is not None
    assert back.version == 2
    assert _told(made, _recorded(made))[0] == SHIPPED[TEMPLATE].title_en
    with made() as session:
        assert [one.version for one in templates.versions(session, TEMPLATE)] == [2, 1, 0]
        assert templates.current(session)[TEMPLATE].version == 2
        assert templates.current(session)["unit.urged"].version == 0


def test_a_wording_that_cannot_be_rendered_stops_no_order(made: sessionmaker[Session]) -> None:
    with pytest.raises(ValueError, match="cannot be rendered"), made.begin() as session:
        templates.publish(session, TEMPLATE, 0, Wording("题", "T", "{nobody}", "{order"), "hq-admin", "")
    with made.begin() as session:  # as an older program may have left it
        values = {"title_zh": "题", "title_en": "T", "body_zh": "{gone}", "body_en": "{order.__class__}"}
        session.execute(
            notice_templates.insert().values(template=TEMPLATE, version=90, published_by="x", reason="", **values)
        )
    assert _told(made, _recorded(made))[0] == SHIPPED[TEMPLATE].title_en


def test_what_fails_only_while_it_is_rendered_falls_back_too(made: sessionmaker[Session]) -> None:
    life = quiet()
    with made() as session:
        names = notices.names(session)
    unsound = notices.Names(names.labels, names.organisation, {TEMPLATE: Wording("{x}", "{x}", "{x}", "{x}")})
    made_rows = notices.rows(life.at, 1, sent(None, life.at, life.events[0]), life.events[0].at, unsound)
    assert {row["title_en"] for row in made_rows if row["template"] == TEMPLATE} == {SHIPPED[TEMPLATE].title_en}


def test_no_published_wording_is_ever_changed(made: sessionmaker[Session]) -> None:
    for statement in ("UPDATE notice_templates SET body_zh = ''", "DELETE FROM notice_templates"):
        with pytest.raises(ProgrammingError, match="permission denied"), made.begin() as session:
            session.execute(text(statement))
