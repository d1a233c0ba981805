"""Documents attached to orders: kept once for each side, sealed, and gone when their customer's key is.

A document is kept before the ledger is told of it, and is there for readers once an event speaks of it: who attached
it, when and under which name is what the first such event says. What was kept for a command that came to nothing is let
go by whoever kept it, unless somebody has sent the same since; what a crash left behind, when it is `ORPHANED`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, exists, func, literal_column, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.model import Role
from store.access_tables import files
from store.tables import commands, events

ORPHANED = timedelta(hours=1)
"""After this nobody is about to tell the ledger of a document that it does not know."""
CUSTOMERS = "customer:"
"""How the ids of customers begin."""


@dataclass(frozen=True, slots=True)
class FileLine:
    """One document without its content; `name` is sealed, `size` in bytes, `by` who sent it, `at` UTC."""

    id: str
    order_id: str
    name: str
    media_type: str
    size: int
    sha256: str
    by: str
    at: datetime

    @property
    def of_customer(self) -> bool:
        """Whether the customer sent it himself."""
        return self.by.startswith(CUSTOMERS)


@dataclass(frozen=True, slots=True)
class SealedFile:
    """A document with its content, sealed with the key of `customer` under its id."""

    line: FileLine
    customer: str
    content: bytes


def id_of(order_id: str, sha256: str, by: str = "") -> str:
    """The id of a document: the same content on the same order has one for staff, and another for the customer."""
    side = (CUSTOMERS,) if by.startswith(CUSTOMERS) else ()
    return hashlib.sha256("\0".join((order_id, sha256, *side)).encode()).hexdigest()[:32]


def add(session: Session, line: FileLine, customer: str, content: bytes) -> bool:
    """Keep a document; False when it is there already, and then nobody lets go of it for an attempt of before.

    In a session of the system.
    """
    row = {name: getattr(line, name) for name in FileLine.__dataclass_fields__}
    keeping = insert(files).values(**row, customer=customer, content=content)
    later = func.greatest(keeping.excluded.at, files.c.at + timedelta(microseconds=1))
    kept = keeping.on_conflict_do_update(index_elements=[files.c.id], set_={"at": later})
    return bool(session.scalar(kept.returning(literal_column("xmax = 0"))))


def count(session: Session, order_id: str, by: str = "") -> int:
    """How many documents an order has; with `by` of those that he sent."""
    mine = [files.c.by == by] if by else []
    return session.scalar(select(func.count()).where(files.c.order_id == order_id, *mine)) or 0


def drop(session: Session, line: FileLine) -> bool:
    """Let go of a document as it was added; False when somebody sent it again since, or an event speaks of it.

    That no event does, the wall sees to.
    """
    mine = (files.c.id == line.id, files.c.at == line.at)
    return session.scalar(delete(files).where(*mine).returning(files.c.id)) is not None


def sweep(session: Session, order_id: str, now: datetime) -> int:
    """Let go of an order's documents that the ledger was never told of, and never will be; how many."""
    waiting = exists().where(
        commands.c.order_id == order_id, commands.c.verb == "attach", commands.c.state == "pending"
    )
    lost = (files.c.order_id == order_id, files.c.at < now - ORPHANED, ~exists().where(*_told()), ~waiting)
    return len(session.scalars(delete(files).where(*lost).returning(files.c.id)).all())


def of_order(session: Session, order_id: str, by: str = "") -> list[FileLine]:
    """The documents of an order, the first one first; with `by` those alone that he sent."""
    told, found = _known(order_id)
    mine = [files.c.by == by] if by else []
    return [FileLine(*row) for row in session.execute(found.where(*mine).order_by(told.c.seq, files.c.id))]


def line(session: Session, order_id: str, file_id: str) -> FileLine | None:
    """One document without its content; None when the order has none of that id."""
    row = session.execute(_known(order_id)[1].where(files.c.id == file_id)).one_or_none()
    return FileLine(*row) if row is not None else None


def content(session: Session, order_id: str, file_id: str) -> SealedFile | None:
    """One document with its content; None when the order has none of that id."""
    found = _known(order_id)[1].add_columns(files.c.customer, files.c.content).where(files.c.id == file_id)
    row = session.execute(found).one_or_none()
    return SealedFile(FileLine(*row[:-2]), row.customer, bytes(row.content)) if row is not None else None


def _told() -> tuple[ColumnElement[bool], ...]:
    """That an event speaks of a document: of its content, attached from its side."""
    return (
        events.c.order_id == files.c.order_id,
        events.c.type == "DocumentAttached",
        events.c.data["sha256"].astext == files.c.sha256,
        (events.c.role == Role.CUSTOMER.value) == files.c.by.startswith(CUSTOMERS),
    )


def _known(order_id: str) -> tuple[Any, Select[Any]]:
    """The first event of each document of an order, and the documents' lines by it."""
    e, f = events.c, files.c
    told = (
        select(e.seq, e.actor_id, e.at, e.data["name"].astext.label("name"))
        .where(*_told())
        .order_by(e.seq)
        .limit(1)
        .correlate(files)
        .lateral("told")
    )
    shown = {"name": told.c.name, "by": told.c.actor_id, "at": told.c.at}
    columns = (shown.get(name, f[name]) for name in FileLine.__dataclass_fields__ if name in f)
    return told, select(*columns).select_from(files.join(told, true())).where(f.order_id == order_id)
