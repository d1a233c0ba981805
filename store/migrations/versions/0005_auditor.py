"""What the auditor needs: each part's own tables and indexes."""

import sqlalchemy as sa
from alembic import op

from store import history_tables, lab_tables, log_tables, signing_tables, span_tables, walls

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each part has a function of its own."""
    _log()
    _spans()
    _lab()
    _histories()
    _signing()


def _log() -> None:
    """The log of all events; those recorded before it wait for their places."""
    op.create_table(
        "unsequenced",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
    )
    op.create_table(
        "leaves",
        sa.Column("position", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.UniqueConstraint("order_id", "seq", name="leaves_event"),
    )
    op.create_table(
        "tiles",
        sa.Column("level", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("index", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "checkpoints",
        sa.Column("size", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
    )
    op.create_table(
        "cosignatures",
        sa.Column("size", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("witness", sa.Text(), primary_key=True),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False),
    )
    op.execute(log_tables.KEPT)
    for statement in walls.around("unsequenced", "leaves", "tiles", "checkpoints", "cosignatures"):
        op.execute(statement)
    op.execute(log_tables.ENQUEUED)


def _spans() -> None:
    """What lists show, over time; the historian writes it from the log, of old events too."""
    for table in span_tables.NEW:
        table.create(op.get_bind())
    for statement in (*walls.around(*(table.name for table in span_tables.NEW)), *span_tables.views()):
        op.execute(statement)


def _lab() -> None:
    """What policies would have made of past orders, and of live ones beside the policy in force."""
    for table in lab_tables.NEW:
        table.create(op.get_bind())
    for statement in walls.around(*(table.name for table in lab_tables.NEW)):
        op.execute(statement)


def _histories() -> None:
    """The engine's histories, kept beyond the engine's own retention, and what replaying them showed."""
    for table in history_tables.NEW:
        table.create(op.get_bind())
    for statement in walls.around(*(table.name for table in history_tables.NEW)):
        op.execute(statement)


def _signing() -> None:
    """The time stamps over checkpoints."""
    for table in signing_tables.NEW:
        table.create(op.get_bind())
    op.execute(signing_tables.KEPT)
    for statement in walls.around(*(table.name for table in signing_tables.NEW)):
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("the ledger is kept; restore a backup instead")
