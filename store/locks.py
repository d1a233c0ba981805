"""Work that one process at a time does: the advisory locks of the database, each a number that all agree on."""

from __future__ import annotations

from enum import IntEnum, unique

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session


@unique
class Lock(IntEnum):
    """What is done by one at a time. The numbers stay: an older version may be at work beside this one."""

    MIGRATING = 0x57484953
    NOTARY = 0x4C4F47
    HISTORIAN = 0x48495354
    NIGHTLY_REPLAY = 0x57484E52
    LAB = 0x4C414230
    SHADOW_BEGINS = 0x4C414233


def wait(connection: Session | Connection, lock: Lock) -> None:
    """Take a lock until the transaction ends, as soon as whoever has it lets it go."""
    connection.execute(select(func.pg_advisory_xact_lock(lock.value)))


def take(connection: Session | Connection, lock: Lock) -> bool:
    """Take a lock until the transaction ends; False, at once, where another has it."""
    return bool(connection.scalar(select(func.pg_try_advisory_xact_lock(lock.value))))


def keep(connection: Session | Connection, lock: Lock) -> bool:
    """Take a lock as long as the connection lives; False, at once, where another has it."""
    return bool(connection.scalar(select(func.pg_try_advisory_lock(lock.value))))
