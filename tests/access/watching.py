"""What is looked at beside an answer: how it compares with another, what the database was asked, what it holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread
from typing import Any

import httpx
from sqlalchemy import Engine, event, text

from tests.access.world import like

RECORDS = ("accesses", "sessions", "tokens", "pulses", "sweeps", "firings")
"""Tables that may change although nobody was let do anything: looks and refusals, when a log-in was last used, time."""
VARIES = ("date", "content-length", "x-request-id")
"""Headers that differ from answer to answer."""


def bare(answer: httpx.Response, *ids: str) -> str:
    """What was answered, without the ids that were asked about."""
    body = f"{answer.status_code} {answer.text}"
    for one in sorted({part for given in ids for part in (given, like(given) if len(given) > 7 else given)}, key=len):
        body = body.replace(one, "…")
    return re.sub(r'"instance":"[^"]*",?|"code":"\d{6}"', "", body)


def headers(answer: httpx.Response) -> tuple[tuple[str, str], ...]:
    """The headers of an answer that do not vary."""
    return tuple(sorted((name, value) for name, value in answer.headers.items() if name not in VARIES))


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements that the API sends to the database meanwhile, by their first words."""
    found: list[str] = []

    def seen(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if current_thread().name.startswith("ledger"):
            found.append(re.sub(r"\s+", " ", statement)[:60])

    event.listen(Engine, "before_cursor_execute", seen)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", seen)


def fingerprints(session: Any) -> dict[str, tuple[int, str]]:
    """Of every table how many rows it has, and a hash of all of them."""
    names = session.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars().all()
    found = {}
    for name in sorted(set(names) - set(RECORDS) - {"alembic_version"}):
        row = session.execute(
            text(f"SELECT count(*), coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {name} t")
        )
        found[name] = tuple(row.one())
    return found
