"""What the console needs: each part's own tables and indexes."""

import sqlalchemy as sa
from alembic import op

from store import chain

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _chain()


def _chain() -> None:
    """Link what was recorded before there was a chain; the trigger that keeps events steps aside for its own owner."""
    for table, column in (("events", "hash"), ("orders", "chain")):
        op.add_column(table, sa.Column(column, sa.Text(), server_default="", nullable=False))
    op.execute("ALTER TABLE events DISABLE TRIGGER keep_events")
    chain.chain_all(op.get_bind())
    op.execute("ALTER TABLE events ENABLE TRIGGER keep_events")
    for table, column in (("events", "hash"), ("orders", "chain")):
        op.alter_column(table, column, server_default=None)


def downgrade() -> None:
    raise RuntimeError("the ledger is kept; restore a backup instead")
