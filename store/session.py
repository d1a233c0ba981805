"""Connections to the application's database."""

from __future__ import annotations

from typing import Any

import msgspec
import psycopg2
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker

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


def make_engine(url: str, pool_size: int = 5, *, autocommit: bool = False) -> Engine:
    """An engine with `pool_size` lasting connections and none beyond: make it as large as the thread pool above it.

    With `autocommit` every statement is a transaction of its own and takes one round trip. That needs connections of
    its own: one that changes between the two ways is reset each time, which costs the round trip that was spared.
    Waiting for a free connection for more than 10 seconds raises sqlalchemy.exc.TimeoutError.
    """
    return create_engine(
        url,
        **({"isolation_level": "AUTOCOMMIT"} if autocommit else {}),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        pool_pre_ping=False,  # a round trip before every transaction; a broken connection is replaced after one error
        pool_use_lifo=True,  # the fewest connections stay warm
        json_serializer=_dumps,
        json_deserializer=msgspec.json.decode,
        connect_args={
            "connect_timeout": 5,
            "tcp_user_timeout": 15_000,  # ms; a server that vanished is noticed, where TCP alone would wait for minutes
            "application_name": "whistle",
            "options": f"-c timezone=UTC -c statement_timeout={STATEMENT_TIMEOUT}",
        },
    )


def sessions(engine: Engine) -> sessionmaker[Session]:
    """What makes sessions; `with made.begin() as session:` is one transaction."""
    return sessionmaker(engine, expire_on_commit=False, autoflush=False)


def _dumps(value: Any) -> str:
    return msgspec.json.encode(value).decode()
