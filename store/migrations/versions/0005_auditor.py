"""What the auditor needs: each part's own tables and indexes."""

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each part has a function of its own."""


def downgrade() -> None:
    raise RuntimeError("the ledger is kept; restore a backup instead")
