"""Policies and the terms frozen from them: both are added, never changed."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
from sqlalchemy import Connection, Engine, cast, select, text
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Session

from contracts.messages import decode, encode
from domain.policy import Terms, named
from store.tables import policies
from store.tables import terms as frozen

SHIPPED = ""
"""Who published the policy that comes with the program: nobody in particular."""
TERMS_KEPT = 2000
"""Terms kept in memory: classes × tiers × provinces are some hundred, and to decode one costs milliseconds."""


def current(session: Session) -> tuple[str, dict[str, Any]]:
    """The version in force for new orders, and its document; raises LookupError when none was ever published."""
    row = session.execute(
        select(policies.c.version, policies.c.document).order_by(policies.c.id.desc()).limit(1)
    ).one_or_none()
    if row is None:
        raise LookupError("no policy has been published")
    return row.version, msgspec.json.decode(row.document, type=dict[str, Any])


def document(session: Session, version: str) -> dict[str, Any]:
    """The document of one version; raises LookupError."""
    text = session.scalar(select(policies.c.document).where(policies.c.version == version))
    if text is None:
        raise LookupError(version)
    return msgspec.json.decode(text, type=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Published:
    """A version of the policy: who published it ('' for the one that is shipped), when, and whether it is in force."""

    version: str
    title_zh: str
    title_en: str
    published_by: str
    created_at: datetime
    in_force: bool


def versions(session: Session) -> tuple[Published, ...]:
    """Every published version, the youngest, which is in force, first."""
    title = cast(policies.c.document, JSONB)["title"]
    rows = session.execute(
        select(
            policies.c.version,
            title["zh"].astext.label("zh"),
            title["en"].astext.label("en"),
            policies.c.published_by,
            policies.c.created_at,
        ).order_by(policies.c.id.desc())
    )
    return tuple(
        Published(row.version, row.zh or "", row.en or "", row.published_by, row.created_at, in_force=place == 0)
        for place, row in enumerate(rows)
    )


def publish(session: Session, version: str, content: dict[str, Any], by: str = SHIPPED) -> bool:
    """Put a version in force for new orders; False when it is published already and is the same.

    `by` is the id of who publishes it, on record with the time.

    Raises:
        ValueError: the version is published with another content; a published policy is never changed.
    """
    written = encode(content).decode()
    adding = insert(policies).values(version=version, document=written, published_by=by).on_conflict_do_nothing()
    if session.execute(adding.returning(policies.c.id)).one_or_none() is not None:
        return True
    if document(session, version) != content:
        raise ValueError(f"policy {version} is published already, with another content")
    return False


def ship(session: Session, version: str, content: dict[str, Any]) -> bool:
    """Publish the policy that comes with the program, unless somebody's own is in force: that stays. True when done.

    A version that is published already is left alone, whatever its content, so a start never fails for it.
    """
    session.execute(text("LOCK TABLE policies IN SHARE ROW EXCLUSIVE MODE"))
    in_force = session.scalar(select(policies.c.published_by).order_by(policies.c.id.desc()).limit(1))
    there = session.scalar(select(policies.c.id).where(policies.c.version == version))
    if there is not None or in_force not in (None, SHIPPED):
        return False
    return publish(session, version, content)


def save_terms(session: Session, terms: Terms) -> str:
    """Keep these terms under their digest, which is returned; terms that are kept already are left alone.

    Raises:
        ValueError: the digest is not that of the content.
    """
    digest = terms.digest
    if named(terms).digest != digest:
        raise ValueError(f"terms {digest or '(unnamed)'} do not have the content that their digest names")
    adding = insert(frozen).values(digest=digest, document=encode(terms).decode())
    session.execute(adding.on_conflict_do_nothing())
    return digest


_TERMS: WeakKeyDictionary[Engine, dict[str, Terms]] = WeakKeyDictionary()
_LOCK = threading.Lock()


def terms(session: Session, digest: str) -> Terms:
    """The terms of that digest, which never change: read and decoded once a process; raises LookupError."""
    bind = session.get_bind()
    with _LOCK:
        kept = _TERMS.setdefault(bind.engine if isinstance(bind, Connection) else bind, {})
        if digest in kept:
            return kept[digest]
    text = session.scalar(select(frozen.c.document).where(frozen.c.digest == digest))
    if text is None:
        raise LookupError(digest)
    found: Terms = decode(text, Terms)
    with _LOCK:
        if len(kept) >= TERMS_KEPT:
            kept.clear()
        kept[digest] = found
    return found
