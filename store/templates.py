"""The notices' wordings: which are in force, who published them, and publishing another.

A row that this version of the program cannot render, because a field is gone, is passed over: the shipped text stands
in for it, and no order ever waits for a wording.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from weakref import WeakKeyDictionary

from sqlalchemy import Row, func, select
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session
from sqlalchemy.pool import Pool

from domain.wordings import SHIPPED, Wording, sound
from store.session import pool_of
from store.template_tables import notice_templates as t

_log = logging.getLogger(__name__)

SECONDS = 5.0
"""How long another process may go on with the wordings that it has."""
_WORDS = (t.c.title_zh, t.c.title_en, t.c.body_zh, t.c.body_en)


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a template's wording, and who published it when (UTC), and why.

    Version 0 is the one that comes with the program: nobody published it, and it has no time.
    """

    template: str
    version: int
    wording: Wording
    published_by: str = ""
    reason: str = ""
    published_at: datetime | None = None


def shipped(template: str) -> Version:
    """Version 0 of a template; raises KeyError for an unknown one."""
    return Version(template, 0, SHIPPED[template])


def current(session: Session) -> dict[str, Version]:
    """The version in force of every template that the program knows."""
    rows = session.execute(select(t).ext(distinct_on(t.c.template)).order_by(t.c.template, t.c.version.desc()))
    found = {row.template: _version(row) for row in rows}
    return {template: found.get(template) or shipped(template) for template in SHIPPED}


def versions(session: Session, template: str) -> tuple[Version, ...]:
    """Every version of a template, the youngest, which is in force, first; raises KeyError for an unknown template."""
    oldest = shipped(template)
    rows = session.execute(select(t).where(t.c.template == template).order_by(t.c.version.desc()))
    return (*(_version(row) for row in rows), oldest)


def hold(session: Session, template: str) -> None:
    """Have others who publish this template's wordings wait until this transaction has ended."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"template {template}", 0))))


def publish(session: Session, template: str, after: int, wording: Wording, by: str, reason: str) -> Version | None:
    """Put a wording in force as the version after `after`; None when that is not the one in force any more.

    Who checks it first (`domain.wordings.flaws`) is the caller; what is unsound is refused with ValueError.
    """
    if not sound(template, wording):
        raise ValueError(f"this wording of {template} cannot be rendered")
    if versions(session, template)[0].version != after:
        return None
    names = ("title_zh", "title_en", "body_zh", "body_en")
    adding = insert(t).values(
        template=template,
        version=after + 1,
        **{name: getattr(wording, name) for name in names},
        published_by=by,
        reason=reason,
    )
    row = session.execute(adding.on_conflict_do_nothing().returning(t)).one_or_none()
    return None if row is None else _version(row)


_KEPT: WeakKeyDictionary[Pool, tuple[float, dict[str, Wording]]] = WeakKeyDictionary()
_LOCK = threading.Lock()


def wordings(session: Session) -> Mapping[str, Wording]:
    """The published wordings in force, by template, read at most `SECONDS` ago; only those that can be rendered."""
    pool = pool_of(session)
    with _LOCK:
        kept = _KEPT.get(pool)
    if kept is not None and kept[0] + SECONDS > time.monotonic():
        return kept[1]
    rows = session.execute(
        select(t.c.template, *_WORDS).ext(distinct_on(t.c.template)).order_by(t.c.template, t.c.version.desc())
    )
    found = {row.template: Wording(*row[1:]) for row in rows}
    usable = {template: wording for template, wording in found.items() if sound(template, wording)}
    for template in found.keys() - usable.keys():
        _log.warning("the published wording of %s cannot be rendered; the shipped one stands in", template)
    with _LOCK:
        _KEPT[pool] = (time.monotonic(), usable)
    return usable


def forget() -> None:
    """Read them anew at the next notice: this process has just published one."""
    with _LOCK:
        _KEPT.clear()


def _version(row: Row[tuple[object, ...]]) -> Version:
    wording = Wording(row.title_zh, row.title_en, row.body_zh, row.body_en)
    return Version(row.template, row.version, wording, row.published_by, row.reason, row.published_at)
