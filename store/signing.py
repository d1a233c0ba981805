"""What others have put under the log's checkpoints: witnesses' cosignatures, and time stamps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from store.log_tables import checkpoints, cosignatures
from store.signing_tables import stamps


@dataclass(frozen=True, slots=True)
class Kept:
    """A checkpoint with what witnesses put under it: their lines, by name."""

    size: int
    note: str
    lines: dict[str, str]


@dataclass(frozen=True, slots=True)
class Stamp:
    """A stamped checkpoint: its note, the token, and when it came."""

    size: int
    note: str
    token: bytes
    at: datetime


def newest(session: Session, quorum: int, witnesses: Sequence[str]) -> Kept | None:
    """The newest checkpoint that at least `quorum` of these witnesses have cosigned; None where there is none."""
    c, s = checkpoints.c, cosignatures.c
    wanted = select(c.size, c.note).order_by(c.size.desc()).limit(1)
    if quorum:
        enough = (
            select(s.size)
            .where(s.witness.in_(witnesses))
            .group_by(s.size)
            .having(func.count() >= quorum)
            .order_by(s.size.desc())
            .limit(1)
        )
        wanted = wanted.where(c.size == enough.scalar_subquery())
    found = session.execute(wanted).one_or_none()
    if found is None:
        return None
    lines = session.execute(select(s.witness, s.line).where(s.size == found.size, s.witness.in_(witnesses)))
    return Kept(found.size, found.note, {row.witness: row.line for row in lines})


def cosigned_size(session: Session, witness: str) -> int:
    """The size of the newest checkpoint that the witness has cosigned; 0 where it has none."""
    s = cosignatures.c
    return int(session.scalar(select(func.max(s.size)).where(s.witness == witness)) or 0)


def keep_cosignature(session: Session, size: int, witness: str, line: str) -> None:
    """Add a witness's line under the checkpoint of that size; the first one stays."""
    session.execute(insert(cosignatures).values(size=size, witness=witness, line=line).on_conflict_do_nothing())


def keep_stamp(session: Session, size: int, authority: str, token: bytes) -> None:
    """Add a time stamp over the checkpoint of that size; the first one stays."""
    session.execute(insert(stamps).values(size=size, authority=authority, token=token).on_conflict_do_nothing())


def stamp(session: Session, at_least: int) -> Stamp | None:
    """The oldest stamp over a checkpoint of so many leaves or more: it shows the earliest time."""
    found = session.execute(
        select(stamps.c.size, checkpoints.c.note, stamps.c.token, stamps.c.at)
        .join(checkpoints, checkpoints.c.size == stamps.c.size)
        .where(stamps.c.size >= at_least)
        .order_by(stamps.c.size)
        .limit(1)
    ).one_or_none()
    return None if found is None else Stamp(found.size, found.note, bytes(found.token), found.at)


def last_stamp(session: Session) -> Stamp | None:
    """The newest stamp."""
    found = session.execute(
        select(stamps.c.size, checkpoints.c.note, stamps.c.token, stamps.c.at)
        .join(checkpoints, checkpoints.c.size == stamps.c.size)
        .order_by(stamps.c.size.desc())
        .limit(1)
    ).one_or_none()
    return None if found is None else Stamp(found.size, found.note, bytes(found.token), found.at)
