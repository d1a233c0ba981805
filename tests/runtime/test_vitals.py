"""What the doctor learns from the database: it must see what ails it, through the walls that hide it from others."""

import psycopg2

from runtime import vitals
from runtime.settings import Settings
from tests.conftest import Database


def test_pending_keys_held_letters_and_orders_are_seen(settings: Settings, database: Database) -> None:
    before = vitals.ask(settings, 60, 60)
    assert (before.orders, before.stale_keys, before.held_notices) == (0, 0, {})
    owner = psycopg2.connect(database.owner_url.replace("postgresql+psycopg2://", "postgresql://"))
    with owner, owner.cursor() as cursor:
        cursor.execute(
            "insert into commands (key, order_id, verb, fingerprint, message, terms, claimed_at)"
            " values ('k', 'WH1', 'note', 'f', '{}', '', now() - interval '1 hour')"
        )
        cursor.execute(
            "insert into notices (id, order_id, seq, audience, channel, template, title_zh, title_en, body_zh, body_en,"
            " state, rehearsal) values ('n', 'WH1', 1, 'unit:GD.net', 'email', 't', '', '', '', '', 'failed', false)"
        )
        cursor.execute(
            "insert into orders select (json_populate_record(null::orders, %s)).*",
            [
                (
                    '{"order_id":"WH1","last_seq":1,"state":"closed","status":"closed","order_class":"general","category":"c",'
                    '"title":"t","province":"GD","region":"","channel":"web","customer":"c","customer_name":"n",'
                    '"customer_phone":"p","level":0,"colour":"","overdue":false,"round":1,"lead_unit":"",'
                    '"registered_at":"2026-03-02","updated_at":"2026-03-02","outcome":"","over":true,"rehearsal":false,'
                    '"terms":"","snapshot":"{}","unit_seq":1,"unit_at":"2026-03-02","chain":""}'
                )
            ],
        )
    owner.close()
    found = vitals.ask(settings, 60, 60)
    assert (found.orders, found.stale_keys, found.held_notices) == (1, 1, {"failed": 1})


def test_how_far_the_past_is_written_down_is_seen(settings: Settings, database: Database) -> None:
    owner = psycopg2.connect(database.owner_url.replace("postgresql+psycopg2://", "postgresql://"))
    with owner, owner.cursor() as cursor:
        cursor.execute("delete from span_progress")
        owner.commit()
        assert vitals.ask(settings, 60, 60).past is None
        cursor.execute(
            "insert into span_progress (id, position, whole_until) values (1, 0, now() - interval '5 minutes')"
        )
    owner.close()
    past = vitals.ask(settings, 60, 60).past
    assert past is not None
    assert 300 <= past < 600
