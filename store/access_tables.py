"""The tables of who may see what: people's ways in, the customers' keys, the sights of orders, and who looked.

They stand in the same metadata as `store.tables`. What a person's session may read of any table is decided by the
policies in `store.walls`; of the tables here most are for the system alone.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Identity, Index, Integer, LargeBinary, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY

from store.columns import instant, metadata, now, number, words

customers = Table(
    "customers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("lookup", Text, unique=True),
    Column("wrapped", Text),
    words("kek"),
    words("called", ""),
    now("created_at"),
    instant("erased_at"),
    Index("customers_kek", "kek", "id"),
)
"""Each customer, and the key that his personal data are sealed with, itself sealed (`wrapped`) with the key `kek`.

`id` is random; `lookup` is the keyed hash of his number; `called` the names that he gave, sealed with his key. Erasure
takes `lookup`, `wrapped` and `called` away for good.
"""

sights = Table(
    "sights",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("place", Text, primary_key=True),
    Column("rehearsal", Boolean, nullable=False),
    Column("registered_at", DateTime(timezone=True), nullable=False),
    Index("sights_newest", "place", "rehearsal", "registered_at", "order_id"),
)
"""From where an order is seen: its province, every unit that was party to it, and all units above them.

Also `customer:<id>` of whoever complains and `person:<id>` of everybody who follows it. Rows are only added, but for
followers.
"""

accounts = Table(
    "accounts",
    metadata,
    Column("person", Text, primary_key=True),
    words("hash"),
    Column("must_change", Boolean, nullable=False, server_default=text("false")),
    Column("failures", Integer, nullable=False, server_default="0"),
    instant("locked_until"),
    now("changed_at"),
)
"""The password of a person, as argon2 keeps it; `failures` in a row lock it until `locked_until`."""

federated = Table(
    "federated",
    metadata,
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    words("person"),
    now("at"),
)
"""Whom an OpenID provider means by a subject."""

sessions = Table(
    "sessions",
    metadata,
    Column("hash", Text, primary_key=True),
    words("person", ""),
    words("customer", ""),
    words("order_id", ""),
    words("csrf"),
    words("how"),
    words("address", ""),
    now("created_at"),
    now("seen_at"),
    instant("expires_at", required=True),
    instant("ended_at"),
    Index("sessions_person", "person", postgresql_where=text("ended_at IS NULL")),
)
"""Each log-in of a browser, by the hash of its cookie: a member of staff's (`person`), or a customer's (`customer`).

With `order_id` it is for that order alone (a signed link). `how` is password, oidc, link, code or demo.
"""

tokens = Table(
    "tokens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("hash", Text, nullable=False, unique=True),
    words("name"),
    words("person"),
    Column("scopes", ARRAY(Text), nullable=False),
    words("created_by"),
    now("created_at"),
    instant("expires_at", required=True),
    instant("revoked_at"),
    instant("used_at"),
    Index("tokens_person", "person"),
)
"""Service tokens: a program acts as `person`, for what its scopes name, until it expires; only its hash is kept."""

challenges = Table(
    "challenges",
    metadata,
    Column("hash", Text, primary_key=True),
    words("kind"),
    words("data"),
    Column("tries", Integer, nullable=False, server_default="0"),
    now("created_at"),
    instant("expires_at", required=True),
    instant("used_at"),
    Index("challenges_old", "expires_at"),
)
"""What a log-in on its way waits for: the return from an OpenID provider (`oidc`), or a code sent to a phone."""

actings = Table(
    "actings",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    words("person"),
    words("absent"),
    now("at"),
    instant("until", required=True),
    words("reason"),
    instant("ended_at"),
    Index("actings_person", "person", "absent", "id"),
)
"""When somebody (`person`) took it on to act for an absent colleague (`absent`), until when, and why."""

accesses = Table(
    "accesses",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    now("at"),
    words("actor_id"),
    words("role"),
    words("unit", ""),
    words("acting_for", ""),
    words("operation"),
    Column("orders", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    words("outcome"),
    words("code", ""),
    words("detail", ""),
    words("reason", ""),
    words("address", ""),
    Index("accesses_at", "at", "id"),
    Index("accesses_actor", "actor_id", "id"),
    Index("accesses_orders", "orders", postgresql_using="gin"),
)
"""Who looked at what, who was refused what, and who was shown what is hidden by default; for auditors.

`operation` is the route's operation id, `outcome` one of seen, refused, revealed, exported, erased, logged_in,
log_in_failed, logged_out, changed; `detail` names fields, filters or what was changed, never what was in them.
"""

files = Table(
    "files",
    metadata,
    Column("id", Text, primary_key=True),
    words("order_id"),
    words("customer"),
    words("name"),
    words("media_type"),
    number("size"),
    words("sha256"),
    Column("content", LargeBinary, nullable=False),
    words("by"),
    now("at"),
    Index("files_order", "order_id", "id"),
)
"""Documents attached to orders, their names and content sealed with the customer's key."""

saved_views = Table(
    "saved_views",
    metadata,
    Column("person", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    words("room"),
    words("name"),
    words("content"),
    number("place"),
    now("saved_at"),
)
"""The views of lists that somebody keeps for himself: `content` is their filters and columns, as JSON."""

APPEND_ONLY = (accesses,)
"""The application may add to these and change nothing."""
