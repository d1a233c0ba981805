"""Connections to the application's database, and from where a session sees it (see `store.walls`).

A session sees no order and nothing of anybody's log-in until it says where its person stands: `within(engine, sight)`.
Where that is said once for all, as for a worker, it is `EVERYWHERE`. The settings travel with the first statement of
each transaction, in the same round trip. Whoever is not the system only reads: what he may have done, the system does
for him.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import msgspec
import psycopg2
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import Pool

LOST: tuple[type[Exception], ...] = (
    OperationalError,
    InterfaceError,
    PoolTimeout,
    psycopg2.OperationalError,
    psycopg2.InterfaceError,
)
"""How it looks when the database is away; the driver's own come up where a broken connection is given back."""

STATEMENT_TIMEOUT = "10s"
"""No statement of ours takes longer in health; a stuck one must not hold its connection for ever."""


_SAFE = re.compile(r"[\w@.:+-]*|\*", re.ASCII)
_OPTION = "whistle_sight"
_SENT = "whistle_sight_sent"
READ_ONLY = ", set_config('transaction_read_only', 'on', true)"
"""What goes with a person's sight; PostgreSQL lets nobody take it back within the transaction."""


@dataclass(frozen=True, slots=True)
class Sight:
    """Where somebody stands: the places from which he sees orders, and who he is.

    Raises ValueError for a place or a person whose name has other characters than letters, digits and `@.:+_-`.
    """

    places: tuple[str, ...] = ()
    person: str = ""

    def __post_init__(self) -> None:
        for name in (*self.places, self.person):
            if not _SAFE.fullmatch(name):
                raise ValueError(f"no place and no person can be called {name!r}")

    @property
    def statement(self) -> str:
        """The SQL that says so for the rest of the transaction; its names need no quoting."""
        places = ",".join(self.places)
        said = {"places": places, "person": self.person}
        told = ", ".join(f"set_config('whistle.{name}', '{text}', true)" for name, text in said.items())
        return f"SELECT {told}{'' if self == EVERYWHERE else READ_ONLY}"


EVERYWHERE = Sight(("*",), "*")
"""The system's own: all orders, and everything that is nobody's order."""
NOWHERE = Sight()
"""Nothing at all."""


def within(engine: Engine, sight: Sight) -> Engine:
    """The same engine, its pool shared, for sessions that see from there."""
    return engine.execution_options(**{_OPTION: sight})


def make_engine(url: str, pool_size: int = 5, *, autocommit: bool = False, sight: Sight = NOWHERE) -> Engine:
    """An engine with `pool_size` lasting connections and none beyond: make it as large as the thread pool above it.

    With `autocommit` every statement is a transaction of its own and takes one round trip. That needs connections of
    its own: one that changes between the two ways is reset each time, which costs the round trip that was spared.
    `sight` is where its sessions stand unless `within` says otherwise. Waiting for a free connection for more than 10
    seconds raises sqlalchemy.exc.TimeoutError.
    """
    made = create_engine(
        url,
        **({"isolation_level": "AUTOCOMMIT"} if autocommit else {}),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        pool_pre_ping=False,  # a round trip before every transaction; a broken connection is replaced after one error
        pool_use_lifo=True,  # the fewest connections stay warm
        hide_parameters=True,  # an error's text ends in a log, and what was asked for has no place there
        json_serializer=_dumps,
        json_deserializer=msgspec.json.decode,
        connect_args={
            "connect_timeout": 5,
            "tcp_user_timeout": 15_000,  # ms; a server that vanished is noticed, where TCP alone would wait for minutes
            "application_name": "whistle",
            "options": f"-c timezone=UTC -c statement_timeout={STATEMENT_TIMEOUT}",
        },
    )
    event.listen(made, "begin", _begun)
    event.listen(made, "before_cursor_execute", _said_first if not autocommit else _said_always, retval=True)
    return within(made, sight)


def _begun(connection: Connection) -> None:
    connection.info[_SENT] = None


def _said_first(
    connection: Connection, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
) -> tuple[str, Any]:
    """Say where the session stands before the first statement of a transaction."""
    sight: Sight = connection.get_execution_options()[_OPTION]
    if connection.info.get(_SENT) == sight:
        return statement, parameters
    connection.info[_SENT] = sight
    return _said_always(connection, cursor, statement, parameters, context, executemany)


def _said_always(
    connection: Connection, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
) -> tuple[str, Any]:
    said: Sight = connection.get_execution_options()[_OPTION]
    if executemany:
        cursor.execute(said.statement)
        return statement, parameters
    if cursor.name is not None:  # it is declared for one statement, whose rows come as they are asked for
        with cursor.connection.cursor() as plain:
            plain.execute(said.statement)
        return statement, parameters
    return f"{said.statement};\n{statement}", parameters


def sessions(engine: Engine) -> sessionmaker[Session]:
    """What makes sessions; `with made.begin() as session:` is one transaction."""
    return sessionmaker(engine, expire_on_commit=False, autoflush=False)


def pool_of(session: Session) -> Pool:
    """The pool of a session's engine, which those that see from elsewhere share: what memory of a database hangs by."""
    bind = session.get_bind()
    return (bind.engine if isinstance(bind, Connection) else bind).pool


def _dumps(value: Any) -> str:
    return msgspec.json.encode(value).decode()
