"""The tables of the archive and of the replays: what the engine once held of an order, and what replaying it showed.

A history is kept as the engine gave it, compressed, its payloads sealed as they were; the hash is that of the engine's
own bytes. It is never changed. Nothing here is needed to run an order: it is the auditor's.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Identity, Index, Integer, LargeBinary, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from store.columns import flag, instant, metadata, now, number, words

histories = Table(
    "histories",
    metadata,
    Column("run_id", Text, primary_key=True),
    words("order_id"),
    flag("rehearsal"),
    words("status"),
    words("continues", ""),
    instant("started_at", required=True),
    instant("closed_at", required=True),
    number("events"),
    Column("content", LargeBinary, nullable=False),
    words("sha256"),
    Column("keys", ARRAY(Text), nullable=False),
    now("archived_at"),
    Index("histories_order", "order_id", "started_at"),
    Index("histories_archived", "archived_at", "run_id"),
)
"""One row a run that has ended: `content` is the engine's history (a protobuf `History`, compressed by zlib), `sha256`
that of the uncompressed bytes, `continues` the run before it, '' for the first; `keys` are the engine keys that open
its payloads, and must be kept as long as it is."""

archive_marks = Table(
    "archive_marks",
    metadata,
    Column("namespace", Text, primary_key=True),
    instant("until", required=True),
    Column("retention_seconds", Integer, nullable=False),
    now("seen_at"),
)
"""How far the archivist has come: every run of the namespace that ended before `until` is archived."""

replay_reports = Table(
    "replay_reports",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    words("kind"),
    instant("since"),
    instant("until", required=True),
    words("stage"),
    words("after", ""),
    number("orders"),
    number("events"),
    number("runs"),
    number("findings"),
    Column("since_position", BigInteger),
    Column("position", BigInteger, nullable=False),
    now("begun_at"),
    now("moved_at"),
    instant("ended_at"),
    Index("replay_reports_begun", "kind", "begun_at"),
)
"""One row a replay of many orders: those that are open, and those that moved after `since` and up to `until`.

What moved has a place in the log from `since_position` on; `position` is the log's size as this one began, so that the
next goes on from there: an event's own time may lie before its record, and a record before its commit.
`stage` is rules, engine or done; `after` is the last order (the last run) that was done in it: who takes up what
another left goes on there. `kind` is nightly or asked.
"""

replay_findings = Table(
    "replay_findings",
    metadata,
    Column("report", BigInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    words("order_id"),
    words("part"),
    words("run", ""),
    number("seq"),
    words("field"),
    words("recorded"),
    words("recomputed"),
)
"""What a replay found, in the order in which it was found."""

NEW = (histories, archive_marks, replay_reports, replay_findings)
"""What the migration makes."""

APPEND_ONLY = (histories, replay_findings)
"""The application may add to these and change nothing."""
