"""What the console needs: each part's own tables and indexes."""

import sqlalchemy as sa
from alembic import op

from store import chain, tables, walls

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _chain()
    _saved_views()
    _wall()
    _notice_templates()


def _chain() -> None:
    """Link what was recorded before there was a chain; the trigger that keeps events steps aside for its own owner."""
    for table, column in (("events", "hash"), ("orders", "chain")):
        op.add_column(table, sa.Column(column, sa.Text(), server_default="", nullable=False))
    op.execute("ALTER TABLE events DISABLE TRIGGER keep_events")
    chain.chain_all(op.get_bind())
    op.execute("ALTER TABLE events ENABLE TRIGGER keep_events")
    for table, column in (("events", "hash"), ("orders", "chain")):
        op.alter_column(table, column, server_default=None)


def _saved_views() -> None:
    op.create_table(
        "saved_views",
        sa.Column("person", sa.Text(), primary_key=True),
        sa.Column("id", sa.Text(), primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("room", "name", "content")),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False),
    )
    for statement in walls.around("saved_views"):
        op.execute(statement)


def _wall() -> None:
    """What the supervisor's wall counts by: what is open, what is awaited, what was breached, what customers said."""
    op.create_index(
        "orders_open",
        "orders",
        ["province", "level", "overdue", "category", "channel", "order_id"],
        postgresql_where=sa.text(tables.OPEN_ORDERS),
    )
    op.create_index(
        "orders_closed", "orders", ["closed_at"], postgresql_where=sa.text("closed_at IS NOT NULL AND NOT rehearsal")
    )
    op.drop_index("assignments_inbox", "assignments")
    op.create_index(
        "assignments_inbox",
        "assignments",
        ["unit", "rehearsal", "due_at", "order_id", "id"],
        postgresql_where=sa.text("active"),
        postgresql_include=["role"],
    )
    op.create_index(
        "assignments_unsigned", "assignments", ["due_at", "order_id", "id"], postgresql_where=sa.text(tables.UNSIGNED)
    )
    op.create_index(
        "attendances_awaited",
        "attendances",
        ["order_id", "whistle", "unit"],
        postgresql_where=sa.text(tables.AWAITED),
    )
    op.create_index("deadlines_decisions", "deadlines", ["due_at"], postgresql_where=sa.text(tables.DECISIONS))
    op.create_index(
        "deadlines_breached",
        "deadlines",
        ["breached_at"],
        postgresql_where=sa.text("breached_at IS NOT NULL AND NOT rehearsal"),
    )
    op.create_table(
        "callbacks",
        sa.Column("order_id", sa.Text(), primary_key=True),
        sa.Column("round", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("expiry", sa.Boolean(), primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("province", "unit", "status")),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.Column("contacted", sa.Boolean()),
        sa.Column("solved", sa.Boolean()),
        sa.Column("satisfaction", sa.Text(), server_default="", nullable=False),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in ("by_sms", "rehearsal")),
    )
    op.execute(_CALLED)
    op.create_index(
        "callbacks_due",
        "callbacks",
        ["due_at", "order_id"],
        postgresql_where=sa.text("NOT rehearsal"),
        postgresql_include=["province", "status", "contacted", "solved", "satisfaction"],
    )
    for statement in walls.around("callbacks"):
        op.execute(statement)


_CALLED = """
INSERT INTO callbacks
SELECT p.order_id, (p.back ->> 'round')::int, (p.back ->> 'expiry')::boolean, o.province, o.lead_unit,
       CASE WHEN end_type = 'CallbackRecorded' AND (said ->> 'refused')::boolean THEN 'refused'
            WHEN end_type = 'CallbackRecorded' THEN 'completed'
            WHEN end_type IS NOT NULL THEN 'lapsed'
            WHEN p.next_seq IS NOT NULL THEN 'replaced'
            WHEN o.state = 'awaiting_callback' OR o.callback_at IS NOT NULL THEN 'due'
            ELSE 'void' END,
       coalesce((p.back ->> 'not_before')::timestamptz, (p.back ->> 'planned_at')::timestamptz),
       coalesce(end_at, p.next_at, CASE WHEN o.state <> 'awaiting_callback' AND o.callback_at IS NULL THEN o.closed_at END),
       CASE WHEN end_type = 'CallbackRecorded' THEN (said ->> 'contacted')::boolean END,
       CASE WHEN end_type = 'CallbackRecorded' THEN (said ->> 'solved')::boolean END,
       CASE WHEN end_type = 'CallbackRecorded' THEN coalesce(said ->> 'satisfaction', '') ELSE '' END,
       coalesce(end_type = 'CallbackRecorded' AND (said ->> 'by_sms')::boolean, false),
       o.rehearsal
FROM (
    SELECT order_id, seq, data -> 'callback' AS back,
           lead(seq) OVER w AS next_seq, lead(at) OVER w AS next_at
    FROM events WHERE type IN ('ReplyAccepted', 'CallbackPlanned') WINDOW w AS (PARTITION BY order_id ORDER BY seq)
) p
JOIN orders o USING (order_id)
LEFT JOIN LATERAL (
    SELECT e.type AS end_type, e.at AS end_at, e.data AS said FROM events e
    WHERE e.order_id = p.order_id AND e.seq > p.seq AND (p.next_seq IS NULL OR e.seq < p.next_seq)
      AND (e.type IN ('CallbackRecorded', 'RatingLapsed') OR (e.type = 'CallbackAttempted'
           AND (e.data ->> 'exhausted')::boolean AND e.data ->> 'sms_until' IS NULL))
    ORDER BY e.seq LIMIT 1
) ended ON true
ON CONFLICT DO NOTHING
"""
"""The call-backs of orders that were recorded before, read from their events."""


def _notice_templates() -> None:
    op.create_table(
        "notice_templates",
        sa.Column("template", sa.Text(), primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("title_zh", "title_en", "body_zh", "body_en", "published_by", "reason")
        ),
        sa.Column("published_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False),
    )
    for statement in walls.around("notice_templates"):
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("the ledger is kept; restore a backup instead")
