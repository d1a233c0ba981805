"""The past, kept so that any instant of it is found by an index: what lists show of an order, from when until when.

A row holds from the event `seq` on for as long as two ranges say. `happened` goes by the times at which the events
happened, `known` by those at which they were recorded; each instant is the latest so far in the order's history, so
that the ranges follow the sequence of the events. A range without an end still lasts, one that is empty never was seen.

The rows are derived from the events by `store.spans` and written by `store.historian`. For each of the two times there
is a schema of views that are named like the tables of the present and show what these held at the instant of
`whistle.then`: so the queries of the present, the supervisor's wall first, read the past word for word. Beside them
`orders_before` shows the orders at the instant of `whistle.before`.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, SmallInteger, Table, Text, text
from sqlalchemy.dialects.postgresql import TSTZRANGE

from store.columns import flag, instant, metadata, number, words
from store.tables import DECISIONS, OPEN_ORDERS
from store.walls import THE_SYSTEM

AXES = ("happened", "known")
"""The two times by which the past can be asked for; each is a column of ranges and a schema of views."""

UNIT = "int8range(hashtext(unit)::bigint, hashtext(unit)::bigint, '[]'::text)"
"""A unit in a form that stands in one index with a range of time; two units may share it, so the name is asked too."""


def _ranges() -> Iterator[Column[object]]:
    return (Column(axis, TSTZRANGE, nullable=False) for axis in AXES)


def _within(table: str, first: str = "", where: str = "") -> Iterator[Index]:
    """For each time the index that finds the rows of an instant, of a unit where `first` says so."""
    for axis in AXES:
        columns = (text(first), text(axis)) if first else (text(axis),)
        yield Index(f"{table}_{axis}", *columns, postgresql_using="gist", postgresql_where=text(where))


order_spans = Table(
    "order_spans",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("seq", Integer, primary_key=True),
    *(words(name) for name in ("state", "status", "order_class", "category", "province", "channel")),
    number("level"),
    words("colour"),
    flag("overdue"),
    number("round"),
    words("lead_unit"),
    instant("registered_at", required=True),
    instant("due_at"),
    instant("closed_at"),
    words("outcome"),
    flag("over"),
    flag("rehearsal"),
    *_ranges(),
    *_within("order_spans", where=OPEN_ORDERS),
    Index("order_spans_registered", "registered_at", postgresql_where=text("NOT rehearsal")),
    Index("order_spans_closed", "closed_at", postgresql_where=text("closed_at IS NOT NULL AND NOT rehearsal")),
)
"""The head of an order, without what never changes and what changes with every event."""

assignment_spans = Table(
    "assignment_spans",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("seq", Integer, primary_key=True),
    *(words(name) for name in ("unit", "role", "status")),
    instant("dispatched_at", required=True),
    flag("designated"),
    flag("auto_signed"),
    instant("contacted_at"),
    instant("due_at", required=True),
    flag("rehearsal"),
    *_ranges(),
    *_within("assignment_spans", UNIT, "NOT rehearsal"),
)
"""A unit's part, while it is active."""

attendance_spans = Table(
    "attendance_spans",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("whistle", Text, primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("seq", Integer, primary_key=True),
    words("status"),
    flag("absent"),
    instant("summoned_at", required=True),
    instant("reported_in_at"),
    instant("due_at", required=True),
    flag("rehearsal"),
    *_ranges(),
    *_within("attendance_spans", UNIT, "NOT rehearsal"),
)
"""A summoned unit, while its attendance is active."""

deadline_spans = Table(
    "deadline_spans",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("seq", Integer, primary_key=True),
    *(words(name) for name in ("kind", "unit", "status")),
    instant("started_at", required=True),
    instant("due_at", required=True),
    instant("first_due_at", required=True),
    instant("ended_at"),
    instant("breached_at"),
    flag("rehearsal"),
    *_ranges(),
    *_within("deadline_spans", where=DECISIONS),
    Index("deadline_spans_breached", "breached_at", postgresql_where=text("breached_at IS NOT NULL AND NOT rehearsal")),
)
"""A clock: while it runs, and after its end where a list still tells of it: it was breached, or the signature's."""

callback_spans = Table(
    "callback_spans",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("round", Integer, primary_key=True),
    Column("expiry", Boolean, primary_key=True),
    Column("seq", Integer, primary_key=True),
    *(words(name) for name in ("province", "status")),
    instant("due_at", required=True),
    Column("contacted", Boolean),
    Column("solved", Boolean),
    words("satisfaction"),
    flag("rehearsal"),
    *_ranges(),
    Index("callback_spans_due", "due_at", postgresql_where=text("NOT rehearsal")),
)
"""A call-back, from when it was planned."""

span_progress = Table(
    "span_progress",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    instant("whole_until"),
)
"""One row: the position in the log of all events up to which the spans are written, and up to when they are whole.

All that was recorded before `whole_until` is in them; null while the historian has not caught up for the first time.
"""

SPANS = (order_spans, assignment_spans, attendance_spans, deadline_spans, callback_spans)
NEW = (*SPANS, span_progress)

PRESENT = {
    "orders": order_spans,
    "assignments": assignment_spans,
    "attendances": attendance_spans,
    "deadlines": deadline_spans,
    "callbacks": callback_spans,
}
"""Table of the present → where its past is."""
_ALWAYS = {"assignments": ", true AS active", "attendances": ", true AS active"}


def views() -> Iterator[str]:
    """The statements that make the two schemas.

    The views look past the policies of their tables, whose conditions PostgreSQL would have to ask before it may use an
    index over ranges; they ask the same of the session as a whole: they are for the system alone.
    """
    shown = {**{name: (spans, "then") for name, spans in PRESENT.items()}, "orders_before": (order_spans, "before")}
    for axis in AXES:
        yield f"CREATE SCHEMA {axis}"
        for name, (spans, instant_of) in shown.items():
            columns = ", ".join(column.name for column in spans.columns if column.name not in AXES)
            yield (
                f"CREATE VIEW {axis}.{name} AS"  # nosec B608  # our own names
                f" SELECT {columns}{_ALWAYS.get(name, '')} FROM public.{spans.name}"
                f" WHERE {axis} @> current_setting('whistle.{instant_of}')::timestamptz AND {THE_SYSTEM}"
            )


def grants(role: str) -> Iterator[str]:
    """The statements that let a role read the past, as far as it may read what it is made of."""
    for axis in AXES:
        yield f"GRANT USAGE ON SCHEMA {axis} TO {role}"
        yield f"GRANT SELECT ON ALL TABLES IN SCHEMA {axis} TO {role}"
