"""Documents attached to orders: kept once each, sealed, and gone when their customer's key is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from store.access_tables import files


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


@dataclass(frozen=True, slots=True)
class SealedFile:
    """A document with its content, sealed with the key of `customer` under its id."""

    line: FileLine
    customer: str
    content: bytes


_LINE = tuple(files.c[name] for name in FileLine.__dataclass_fields__)


def id_of(order_id: str, sha256: str) -> str:
    """The id of a document: the same content on the same order has the same one."""
    return hashlib.sha256(f"{order_id}\0{sha256}".encode()).hexdigest()[:32]


def add(session: Session, line: FileLine, customer: str, content: bytes) -> bool:
    """Keep a document; False when this order has it already. In a session of the system."""
    row = {name: getattr(line, name) for name in FileLine.__dataclass_fields__}
    kept = insert(files).values(**row, customer=customer, content=content).on_conflict_do_nothing()
    return session.scalar(kept.returning(files.c.id)) is not None


def count(session: Session, order_id: str, by: str = "") -> int:
    """How many documents an order has; with `by` of those that he sent."""
    mine = [files.c.by == by] if by else []
    return session.scalar(select(func.count()).where(files.c.order_id == order_id, *mine)) or 0


def drop(session: Session, file_id: str) -> bool:
    """Let go of a document; False when it is not there, or an event speaks of it, which the wall sees to."""
    return session.scalar(delete(files).where(files.c.id == file_id).returning(files.c.id)) is not None


def of_order(session: Session, order_id: str, by: str = "") -> list[FileLine]:
    """The documents of an order, the first one first; with `by` those alone that he sent."""
    found = select(*_LINE).where(files.c.order_id == order_id, *([files.c.by == by] if by else []))
    return [FileLine(*row) for row in session.execute(found.order_by(files.c.at, files.c.id))]


def line(session: Session, order_id: str, file_id: str) -> FileLine | None:
    """One document without its content; None when the order has none of that id."""
    found = select(*_LINE).where(files.c.order_id == order_id, files.c.id == file_id)
    row = session.execute(found).one_or_none()
    return FileLine(*row) if row is not None else None


def content(session: Session, order_id: str, file_id: str) -> SealedFile | None:
    """One document with its content; None when the order has none of that id."""
    found = select(*_LINE, files.c.customer, files.c.content)
    row = session.execute(found.where(files.c.order_id == order_id, files.c.id == file_id)).one_or_none()
    return SealedFile(FileLine(*row[:-2]), row.customer, bytes(row.content)) if row is not None else None
