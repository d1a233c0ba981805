"""The tables of the lab: runs over past orders with what differed, and policies that run beside the live one.

Nothing that orders run on reads them; the lab writes nothing else.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, Table, Text, text

from store.columns import instant, metadata, now, number, words

lab_runs = Table(
    "lab_runs",
    metadata,
    Column("id", Text, primary_key=True),
    words("kind"),
    words("asked_by"),
    words("role"),
    now("asked_at"),
    words("policy"),
    words("digest"),
    words("question"),
    words("state", "waiting"),
    Column("total", Integer, nullable=False, server_default="0"),
    Column("done", Integer, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    instant("started_at"),
    instant("beat_at"),
    instant("ended_at"),
    words("cancelled_by", ""),
    words("error", ""),
    words("report", ""),
    Index("lab_runs_newest", "asked_at"),
    Index("lab_runs_unfinished", "asked_at", postgresql_where=text("state IN ('waiting', 'running')")),
)
"""One row a run. `question` (JSON) is all that was asked, `digest` its SHA-256, `policy` the version that it names.

`state` is waiting, running, done, failed or cancelled; `report` is JSON once it is done.
"""

lab_orders = Table(
    "lab_orders",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    words("order_id"),
    words("content"),
)
"""The orders of a run that differ, in the order in which they were played; `content` (JSON) says in what."""

lab_shadows = Table(
    "lab_shadows",
    metadata,
    Column("id", Text, primary_key=True),
    words("policy"),
    words("digest"),
    words("question"),
    words("started_by"),
    words("role"),
    now("started_at"),
    words("stopped_by", ""),
    instant("stopped_at"),
    Column("position", BigInteger, nullable=False, server_default="0"),
    words("behind", ""),
    instant("beat_at"),
    words("error", ""),
    Index("lab_shadows_running", "started_at", postgresql_where=text("stopped_at IS NULL")),
)
"""One row a policy that runs beside the live one.

`position` is the log's next that it has not seen; `behind` the number of the last order that was taken in of those open
at the start, '*' when all are in.
"""

lab_shadow_orders = Table(
    "lab_shadow_orders",
    metadata,
    Column("shadow_id", Text, primary_key=True),
    Column("order_id", Text, primary_key=True),
    words("province"),
    number("seq"),
    instant("known_at", required=True),
    instant("next_at"),
    Column("differs", Boolean, nullable=False),
    Column("whole", Boolean, nullable=False),
    words("reason", ""),
    *(
        number(f"{name}_{side}")
        for name in ("breaches", "level", "escalations", "notices")
        for side in ("was", "would")
    ),
    Column("due_moved_hours", Double),
    words("content"),
    Index("lab_shadow_orders_due", "shadow_id", "next_at", postgresql_where=text("next_at IS NOT NULL")),
    Index("lab_shadow_orders_differ", "shadow_id", "order_id", postgresql_where=text("differs")),
)
"""What a shadow's policy would have made of each live order, as known at `known_at`; `next_at` is its next mark."""

NEW = (lab_runs, lab_orders, lab_shadows, lab_shadow_orders)
DELETING = ("lab_runs", "lab_orders", "lab_shadow_orders")
"""Of these the application takes rows: old runs go, and what a shadow kept goes with the next one."""
