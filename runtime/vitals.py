"""What the database of this installation says about its health, asked without the application."""

import json
from dataclasses import dataclass
from datetime import datetime

import psycopg2

from runtime.postgres import APP, DATABASE
from runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Vitals:
    """Version, orders, keys left pending (and since when), notices held up and not mailed, by state.

    `archive` is the largest share of the engine's retention by which a namespace's archive lags, and that lag in
    seconds; `replay` the number, findings and age in seconds of the last nightly replay that ended; `past` how many
    seconds ago the past ends that is written down. None: none yet.
    """

    version: str
    orders: int
    stale_keys: int
    stale_since: datetime | None
    held_notices: dict[str, int]
    unsent_notices: dict[str, int]
    archive: tuple[float, float] | None = None
    replay: tuple[int, int, float] | None = None
    past: float | None = None


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
_WITNESSES = "select substr(name, 9), detail from pulses where name like 'witness %' order by name"
_UNSENT = "select state, count(*) from notices where state in ('not_sent', 'expired') group by state order by state"
_ARCHIVE = """
select (extract(epoch from clock_timestamp() - until) / retention_seconds)::float,
       extract(epoch from clock_timestamp() - until)::float
from archive_marks order by 1 desc limit 1
"""
_REPLAY = """
select id, findings, extract(epoch from clock_timestamp() - begun_at)::float
from replay_reports where kind = 'nightly' and ended_at is not null order by id desc limit 1
"""
_PAST = "select extract(epoch from clock_timestamp() - whole_until)::float from span_progress"


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
            unsent = dict(cursor.fetchall())
            cursor.execute(_ARCHIVE)
            archive = cursor.fetchone()
            cursor.execute(_REPLAY)
            replay = cursor.fetchone()
            cursor.execute(_PAST)
            (past,) = cursor.fetchone() or (None,)
            return Vitals(version, orders, stale, since, held, unsent, archive, replay, past)
    finally:
        connection.close()


def witnesses(settings: Settings) -> dict[str, str]:
    """What each witness last said, by name: the size that it cosigned, or why it did not; raises as `ask`."""
    connection = psycopg2.connect(address(settings), connect_timeout=5, options=SEEING)
    try:
        with connection.cursor() as cursor:
            cursor.execute(_WITNESSES)
            return dict(cursor.fetchall())
    finally:
        connection.close()


def address(settings: Settings) -> str:
    """Where the database is for the application's role; raises OSError where the embedded one was never started."""
    if settings.app_database_url is not None:
        return settings.app_database_url.replace("postgresql+psycopg2://", "postgresql://", 1)
    password = json.loads((settings.data_dir / "passwords.json").read_text())["app"]
    return f"postgresql://{APP}:{password}@{settings.loopback}:{settings.postgres_port}/{DATABASE}"
