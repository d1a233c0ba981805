"""What the database of this installation says about its health, asked without the application."""

import json
from dataclasses import dataclass
from datetime import datetime

import psycopg2

from runtime.postgres import APP, DATABASE
from runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Vitals:
    """Version, orders, keys left pending (and since when), notices held up and not mailed, by state."""

    version: str
    orders: int
    stale_keys: int
    stale_since: datetime | None
    held_notices: dict[str, int]
    unsent_notices: dict[str, int]


SEEING = "-c whistle.places=* -c whistle.person=*"
"""As the system itself: without a place the database shows no row, and all would look well (see `store.walls`)."""
_HEAD = "select current_setting('server_version'), (select count(*) from orders)"
_KEYS = """
select count(*), min(claimed_at) from commands
where state = 'pending' and claimed_at < now() - make_interval(secs => %s)
"""
_NOTICES = """
select state, count(*) from notices
where state = 'failed' or (state in ('queued', 'retry', 'sending', 'uncertain')
      and next_attempt_at < now() - make_interval(secs => %s))
group by state order by state
"""
_UNSENT = "select state, count(*) from notices where state in ('not_sent', 'expired') group by state order by state"


def ask(settings: Settings, stale_seconds: float, late_seconds: float) -> Vitals:
    """Ask the database, as the application's role.

    Raises:
        psycopg2.Error: it does not answer.
        OSError: the embedded database was never started.
    """
    connection = psycopg2.connect(address(settings), connect_timeout=5, options=SEEING)
    try:
        with connection.cursor() as cursor:
            cursor.execute(_HEAD)
            version, orders = cursor.fetchone() or ("", 0)
            cursor.execute(_KEYS, (stale_seconds,))
            stale, since = cursor.fetchone() or (0, None)
            cursor.execute(_NOTICES, (late_seconds,))
            held = dict(cursor.fetchall())
            cursor.execute(_UNSENT)
            return Vitals(version, orders, stale, since, held, dict(cursor.fetchall()))
    finally:
        connection.close()


def address(settings: Settings) -> str:
    """Where the database is for the application's role; raises OSError where the embedded one was never started."""
    if settings.app_database_url is not None:
        return settings.app_database_url.replace("postgresql+psycopg2://", "postgresql://", 1)
    password = json.loads((settings.data_dir / "passwords.json").read_text())["app"]
    return f"postgresql://{APP}:{password}@{settings.loopback}:{settings.postgres_port}/{DATABASE}"
