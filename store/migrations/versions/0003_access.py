"""Who may see what: customers' keys, sights, ways in, the record of who looked; and the walls between rows."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from store import walls

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
NOW = sa.func.clock_timestamp()


def text(name: str, default: str | None = None) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=False, server_default=default)


def instant(name: str, *, required: bool = False, now: bool = False) -> sa.Column:
    return sa.Column(name, INSTANT, nullable=not (required or now), server_default=NOW if now else None)


def upgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT 1 FROM events LIMIT 1")):
        raise RuntimeError(
            "此数据由早期版本建立, 其中的个人信息未加密; 请换一个数据目录 (WHISTLE_DATA_DIR) 或移走旧目录 · "
            "this data was made by an earlier version, with personal data in clear; "
            "take another data folder (WHISTLE_DATA_DIR) or move the old one away"
        )
    op.drop_index("orders_customer", "orders")
    op.add_column("orders", text("customer"))
    op.create_index("orders_customer", "orders", ["customer", "registered_at", "order_id"])
    op.add_column("orders", sa.Column("unit_seq", sa.Integer(), nullable=False))
    op.add_column("orders", instant("unit_at", required=True))
    op.create_index("orders_told", "orders", ["rehearsal", "unit_at", "order_id"])
    op.drop_index("order_texts_grams", "order_texts")
    op.drop_column("order_texts", "text")
    op.drop_column("order_texts", "grams")
    op.add_column("order_texts", text("customer"))
    op.add_column("order_texts", sa.Column("marks", postgresql.ARRAY(sa.BigInteger()), nullable=False))
    op.create_index("order_texts_marks", "order_texts", ["marks"], postgresql_using="gin")
    op.create_index("order_texts_customer", "order_texts", ["customer"])
    op.add_column("events", text("acting_for", ""))
    op.add_column("refusals", text("acting_for", ""))
    op.alter_column("calls", "phone", new_column_name="callee")
    op.create_table(
        "customers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("lookup", sa.Text(), nullable=True),
        sa.Column("wrapped", sa.Text(), nullable=True),
        text("kek"),
        text("called", ""),
        instant("created_at", now=True),
        instant("erased_at"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("lookup"),
    )
    op.create_index("customers_kek", "customers", ["kek", "id"])
    op.create_table(
        "sights",
        text("order_id"),
        text("place"),
        sa.Column("rehearsal", sa.Boolean(), nullable=False),
        instant("registered_at", required=True),
        sa.PrimaryKeyConstraint("order_id", "place"),
    )
    op.create_index("sights_newest", "sights", ["place", "rehearsal", "registered_at", "order_id"])
    op.create_table(
        "accounts",
        text("person"),
        text("hash"),
        sa.Column("must_change", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        instant("locked_until"),
        instant("changed_at", now=True),
        sa.PrimaryKeyConstraint("person"),
    )
    op.create_table(
        "federated",
        text("issuer"),
        text("subject"),
        text("person"),
        instant("at", now=True),
        sa.PrimaryKeyConstraint("issuer", "subject"),
    )
    op.create_table(
        "sessions",
        text("hash"),
        text("person", ""),
        text("customer", ""),
        text("order_id", ""),
        text("csrf"),
        text("how"),
        text("address", ""),
        instant("created_at", now=True),
        instant("seen_at", now=True),
        instant("expires_at", required=True),
        instant("ended_at"),
        sa.PrimaryKeyConstraint("hash"),
    )
    op.create_index("sessions_person", "sessions", ["person"], postgresql_where=sa.text("ended_at IS NULL"))
    op.create_table(
        "tokens",
        text("id"),
        text("hash"),
        text("name"),
        text("person"),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        text("created_by"),
        instant("created_at", now=True),
        instant("expires_at", required=True),
        instant("revoked_at"),
        instant("used_at"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("hash"),
    )
    op.create_index("tokens_person", "tokens", ["person"])
    op.create_table(
        "challenges",
        text("hash"),
        text("kind"),
        text("data"),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        instant("created_at", now=True),
        instant("expires_at", required=True),
        instant("used_at"),
        sa.PrimaryKeyConstraint("hash"),
    )
    op.create_index("challenges_old", "challenges", ["expires_at"])
    op.create_table(
        "actings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        text("person"),
        text("absent"),
        instant("at", now=True),
        instant("until", required=True),
        text("reason"),
        instant("ended_at"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("actings_person", "actings", ["person", "absent", "id"])
    op.create_table(
        "accesses",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        instant("at", now=True),
        text("actor_id"),
        text("role"),
        text("unit", ""),
        text("acting_for", ""),
        text("operation"),
        sa.Column("orders", postgresql.ARRAY(sa.Text()), nullable=False, server_default=sa.text("'{}'")),
        text("outcome"),
        text("code", ""),
        text("detail", ""),
        text("reason", ""),
        text("address", ""),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("accesses_at", "accesses", ["at", "id"])
    op.create_index("accesses_actor", "accesses", ["actor_id", "id"])
    op.create_index("accesses_orders", "accesses", ["orders"], postgresql_using="gin")
    op.create_table(
        "files",
        text("id"),
        text("order_id"),
        text("customer"),
        text("name"),
        text("media_type"),
        sa.Column("size", sa.Integer(), nullable=False),
        text("sha256"),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        text("by"),
        instant("at", now=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("files_order", "files", ["order_id", "id"])
    for statement in walls.STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("the ledger is kept; restore a backup instead")
