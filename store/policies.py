"""Policies and the terms frozen from them: both are added, never changed."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from contracts.messages import decode, encode
from domain.policy import Terms, named
from store.tables import policies
from store.tables import terms as frozen


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


def publish(session: Session, version: str, content: dict[str, Any]) -> bool:
    """Put a version in force for new orders; False when it is published already and is the same.

    Raises:
        ValueError: the version is published with another content; a published policy is never changed.
    """
    text = encode(content).decode()
    adding = insert(policies).values(version=version, document=text).on_conflict_do_nothing()
    if session.execute(adding.returning(policies.c.id)).one_or_none() is not None:
        return True
    if document(session, version) != content:
        raise ValueError(f"policy {version} is published already, with another content")
    return False


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


def terms(session: Session, digest: str) -> Terms:
    """The terms of that digest; raises LookupError."""
    text = session.scalar(select(frozen.c.document).where(frozen.c.digest == digest))
    if text is None:
        raise LookupError(digest)
    found: Terms = decode(text, Terms)
    return found
