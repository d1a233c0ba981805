"""What the clocks leave on record, the watchers' tables, absences, and who was told."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
TERMS_OF_OLD = "SELECT 1 FROM terms WHERE document NOT LIKE '%\"calendars\"%' LIMIT 1"


def upgrade() -> None:
    if op.get_bind().scalar(sa.text(TERMS_OF_OLD)):
        raise RuntimeError(
            "此数据由早期版本 0.1 建立, 无法读取其日历; 请换一个数据目录 (WHISTLE_HOME) 或移走旧目录 · "
            "this data was made by version 0.1, whose calendars cannot be read; "
            "take another data folder (WHISTLE_HOME) or move the old one away"
        )
    op.add_column("deadlines", sa.Column("hop", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("deadlines", sa.Column("round", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("deadlines", sa.Column("rule", sa.Text(), nullable=False, server_default=""))
    op.add_column("deadlines", sa.Column("worked_minutes", sa.Double(), nullable=True))
    op.add_column("deadlines", sa.Column("paused_minutes", sa.Double(), nullable=True))
    op.add_column("deadlines", sa.Column("breached_at", INSTANT, nullable=True))
    op.create_table(
        "firings",
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("change", sa.Text(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("fired_at", INSTANT, nullable=False),
        sa.Column("late_seconds", sa.Double(), nullable=False),
        sa.Column("rehearsal", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "seq", "key"),
    )
    op.create_index("firings_at", "firings", ["rehearsal", "fired_at"])
    op.create_table(
        "criticisms",
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("province", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("rehearsal", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "seq"),
    )
    op.create_index("criticisms_at", "criticisms", ["rehearsal", "at", "order_id", "seq"])
    op.create_index("criticisms_unit", "criticisms", ["unit", "rehearsal", "at", "order_id", "seq"])
    op.create_index("criticisms_province", "criticisms", ["province", "rehearsal", "at", "order_id", "seq"])
    op.create_table(
        "calls",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("rehearsal", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("calls_callee", "calls", ["phone", "rehearsal", "at"])
    op.add_column("orders", sa.Column("callback_at", INSTANT, nullable=True))
    to_call = sa.text("callback_at IS NOT NULL")
    op.create_index("orders_to_call", "orders", ["rehearsal", "callback_at", "order_id"], postgresql_where=to_call)
    op.create_index(
        "orders_to_call_at", "orders", ["rehearsal", "province", "callback_at", "order_id"], postgresql_where=to_call
    )
    op.create_table(
        "sweeps",
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("next_at", INSTANT, nullable=False),
        sa.Column("found_at", INSTANT, nullable=False, server_default=sa.func.clock_timestamp()),
        sa.Column("late_seconds", sa.Double(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False, server_default=""),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("tried_at", INSTANT, nullable=False, server_default=sa.func.clock_timestamp()),
        sa.Column("settled_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("order_id", "next_at"),
    )
    op.create_index("sweeps_found", "sweeps", ["found_at"])
    op.create_index("sweeps_open", "sweeps", ["found_at"], postgresql_where=sa.text("settled_at IS NULL"))
    op.create_table(
        "pulses",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("detail", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("name"),
    )
    op.add_column("notices", sa.Column("post", sa.Text(), nullable=False, server_default=""))
    op.add_column(
        "notices",
        sa.Column("holders", postgresql.ARRAY(sa.Text()), nullable=False, server_default=sa.text("'{}'")),
    )
    op.add_column("people", sa.Column("away_from", INSTANT, nullable=True))
    op.add_column("people", sa.Column("away_until", INSTANT, nullable=True))
    op.add_column("people", sa.Column("substitute", sa.Text(), nullable=False, server_default=""))
    op.add_column("policies", sa.Column("published_by", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "absences",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False, server_default=sa.func.clock_timestamp()),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("away_from", INSTANT, nullable=True),
        sa.Column("away_until", INSTANT, nullable=True),
        sa.Column("substitute", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("absences_person", "absences", ["person", "id"])
