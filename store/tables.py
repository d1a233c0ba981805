"""Every table of the application's database.

`events` is the record; everything keyed by an order beside it is derived from it and is written in the same
transaction by `store.ledger.record`. There are no foreign keys among these: one function writes them all, and the
derived ones must be free to be thrown away and built again. Instants are `timestamptz`, in UTC. Documents that only
the program reads back (snapshots, terms, answers) are JSON in text columns, kept byte for byte.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    Identity,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData()

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
"""Stands for "no due time" where rows are sorted by it, so that they come last and a cursor can name them."""


def _text(name: str, default: str | None = None) -> Column[str]:
    return Column(name, Text, nullable=False, server_default=default)


def _number(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False)


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False)


def _instant(name: str, *, required: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=not required)


def _now(name: str) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp())


events = Table(
    "events",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("seq", Integer, primary_key=True),
    _text("type"),
    _instant("at", required=True),
    _text("actor_id"),
    _text("role"),
    _text("unit"),
    _text("reason"),
    _text("policy_version"),
    _text("command_id"),
    Column("data", JSONB, nullable=False),
    Column("clocks", JSONB, nullable=False),
    _now("recorded_at"),
)
"""One row an event, for good: a trigger refuses every change, whoever asks."""

orders = Table(
    "orders",
    metadata,
    Column("order_id", Text, primary_key=True),
    _number("last_seq"),
    _text("state"),
    _text("status"),
    _text("order_class"),
    _text("category"),
    _text("title"),
    _text("province"),
    _text("region"),
    _text("channel"),
    _text("customer_name"),
    _text("customer_phone"),
    _number("level"),
    _text("colour"),
    _flag("overdue"),
    _number("round"),
    _text("lead_unit"),
    _instant("registered_at", required=True),
    _instant("updated_at", required=True),
    _instant("due_at"),
    _instant("next_at"),
    _instant("closed_at"),
    _text("outcome"),
    _flag("over"),
    _flag("rehearsal"),
    _text("terms"),
    _text("snapshot"),
    _instant("callback_at"),
    Index("orders_newest", "rehearsal", "registered_at", "order_id"),
    Index("orders_updated", "rehearsal", "updated_at", "order_id"),
    Index("orders_due", "rehearsal", "due_at", "order_id", postgresql_where=text("due_at IS NOT NULL")),
    Index("orders_by_level", "rehearsal", "level", "registered_at", "order_id"),
    Index("orders_state", "rehearsal", "state", "registered_at", "order_id"),
    Index("orders_unit", "rehearsal", "lead_unit", "registered_at", "order_id"),
    Index("orders_province", "rehearsal", "province", "registered_at", "order_id"),
    Index("orders_category", "rehearsal", "category", "registered_at", "order_id"),
    Index("orders_customer", "customer_phone", "registered_at", "order_id"),
    Index("orders_raised", "rehearsal", "registered_at", "order_id", postgresql_where=text("level > 0")),
    Index("orders_overdue", "rehearsal", "registered_at", "order_id", postgresql_where=text("overdue")),
    Index("orders_next", "next_at", postgresql_where=text("next_at IS NOT NULL")),
    Index("orders_running", "order_id", postgresql_where=text("NOT over")),
    Index("orders_to_call", "rehearsal", "callback_at", "order_id", postgresql_where=text("callback_at IS NOT NULL")),
    Index(
        "orders_to_call_at",
        "rehearsal",
        "province",
        "callback_at",
        "order_id",
        postgresql_where=text("callback_at IS NOT NULL"),
    ),
)
"""The head of each order: the columns that lists need, and the whole state as JSON in `snapshot`.

`callback_at` is the earliest instant at which the customer may be called, null when he is not to be called.
"""

order_texts = Table(
    "order_texts",
    metadata,
    Column("order_id", Text, primary_key=True),
    _text("text"),
    Column("grams", ARRAY(Text), nullable=False),
    Index("order_texts_grams", "grams", postgresql_using="gin"),
)
"""What text search looks at (see store.texts), written once: apart from the head, so that commands never touch it."""

assignments = Table(
    "assignments",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    _text("unit"),
    _text("role"),
    _text("status"),
    _flag("active"),
    _number("round"),
    _number("hop"),
    _instant("dispatched_at", required=True),
    _flag("designated"),
    _instant("signed_at"),
    _flag("auto_signed"),
    _instant("contacted_at"),
    _flag("explained"),
    _instant("due_at", required=True),
    _flag("rehearsal"),
    Index("assignments_inbox", "unit", "rehearsal", "due_at", "order_id", "id", postgresql_where=text("active")),
)
"""Each unit's part; `active` while the unit owes or may watch something in an open order.

`due_at` is what the unit owes next in this order, `NEVER` when it owes nothing now.
"""

whistles = Table(
    "whistles",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    _text("kind"),
    _text("matter"),
    _text("lead"),
    _text("status"),
    _text("requested_by"),
    _instant("requested_at", required=True),
    _instant("blown_at"),
    _number("blows"),
    Column("valid", Boolean),
    _flag("rehearsal"),
    Index("whistles_status", "rehearsal", "status", "requested_at"),
)

attendances = Table(
    "attendances",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("whistle", Text, primary_key=True),
    Column("unit", Text, primary_key=True),
    _text("status"),
    _flag("active"),
    _flag("absent"),
    _instant("summoned_at", required=True),
    _instant("reported_in_at"),
    _text("reported_in_by"),
    _flag("accepted"),
    _text("substitute"),
    Column("rating", JSONB),
    _text("appeal"),
    _instant("due_at", required=True),
    _flag("rehearsal"),
    Index("attendances_inbox", "unit", "rehearsal", "due_at", "order_id", "whistle", postgresql_where=text("active")),
)
"""Each summoned unit; `active` from the blow until it is done or excused; `due_at` as in `assignments`."""

deadlines = Table(
    "deadlines",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    _text("kind"),
    _text("unit"),
    _text("status"),
    _flag("late"),
    _instant("started_at", required=True),
    _instant("due_at", required=True),
    _instant("first_due_at", required=True),
    _instant("next_at"),
    _instant("ended_at"),
    _text("how"),
    _flag("rehearsal"),
    Column("hop", Integer, nullable=False, server_default="0"),
    Column("round", Integer, nullable=False, server_default="1"),
    _text("rule", ""),
    Column("worked_minutes", Double),
    Column("paused_minutes", Double),
    _instant("breached_at"),
    Index("deadlines_next", "next_at", postgresql_where=text("next_at IS NOT NULL")),
    Index("deadlines_unit", "unit", "rehearsal", "due_at", postgresql_where=text("ended_at IS NULL")),
)
"""Each clock's whole life: `status` is 'ended' once it left the state, `how` its last change, `late` once breached.

`hop` and `round` say where it is charged, `rule` names the policy's rule that set it. `worked_minutes` (counted as the
limit counts) and `paused_minutes` (elapsed) are written when it is breached and when it ends.
"""

firings = Table(
    "firings",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("key", Text, primary_key=True),
    _text("kind"),
    _text("unit"),
    _text("change"),
    _instant("due_at", required=True),
    _instant("fired_at", required=True),
    Column("late_seconds", Double, nullable=False),
    _flag("rehearsal"),
    Index("firings_at", "rehearsal", "fired_at"),
)
"""Each mark of a clock that time fired: when it was due, when it was noticed, and how late that was, in seconds."""

criticisms = Table(
    "criticisms",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("seq", Integer, primary_key=True),
    _text("unit"),
    _text("province"),
    _text("key"),
    _text("kind"),
    _number("level"),
    _instant("due_at"),
    _instant("at", required=True),
    _flag("rehearsal"),
    Index("criticisms_at", "rehearsal", "at", "order_id", "seq"),
    Index("criticisms_unit", "unit", "rehearsal", "at", "order_id", "seq"),
    Index("criticisms_province", "province", "rehearsal", "at", "order_id", "seq"),
)
"""The public-criticism list (通报批评): which unit let which clock of which order run so far past its limit."""

calls = Table(
    "calls",
    metadata,
    Column("id", Text, primary_key=True),
    _text("order_id"),
    _text("phone"),
    _instant("at", required=True),
    _flag("rehearsal"),
    Index("calls_callee", "phone", "rehearsal", "at"),
)
"""Each attempt to call a customer, by the command that records it, over all orders: carriers bound them a number.

`phone` is the number in digits with its country code; a call for no order has none. A call is written down before its
command is sent, and once more with its event.
"""

sweeps = Table(
    "sweeps",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("next_at", DateTime(timezone=True), primary_key=True),
    _now("found_at"),
    Column("late_seconds", Double, nullable=False),
    _text("outcome", ""),
    Column("tries", Integer, nullable=False, server_default="1"),
    _now("tried_at"),
    _instant("settled_at"),
    Index("sweeps_found", "found_at"),
    Index("sweeps_open", "found_at", postgresql_where=text("settled_at IS NULL")),
)
"""Each overdue mark that the sweeper found, once: `outcome` is woken, restarted, recorded meanwhile, or the error."""

pulses = Table(
    "pulses",
    metadata,
    Column("name", Text, primary_key=True),
    _instant("at", required=True),
    _text("detail", ""),
)
"""When each watcher last did its work, such as sweeper, reconciler, outbox and canary."""

notices = Table(
    "notices",
    metadata,
    Column("id", Text, primary_key=True),
    _text("order_id"),
    _number("seq"),
    _text("audience"),
    _text("channel"),
    _text("template"),
    _text("title_zh"),
    _text("title_en"),
    _text("body_zh"),
    _text("body_en"),
    _text("state", "queued"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    _now("next_attempt_at"),
    _instant("sent_at"),
    _text("receipt", ""),
    _instant("read_at"),
    _flag("rehearsal"),
    _now("created_at"),
    _text("post", ""),
    Column("holders", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Index("notices_order", "order_id", "seq"),
    Index(
        "notices_unsettled",
        "state",
        "next_attempt_at",
        postgresql_where=text("state IN ('queued', 'retry', 'sending', 'uncertain', 'failed')"),
    ),
    Index("notices_inbox", "audience", "created_at", "id"),
)
"""The outbox: who is told what on which channel, and the receipt.

`post` is the post that was reached when it was written (the audience itself, or the first above it that somebody
present held), `holders` are the people told: on the console all of them, by mail those to whom this letter goes.
"""

refusals = Table(
    "refusals",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _now("at"),
    _text("order_id"),
    _text("verb"),
    _text("command_id"),
    _text("actor_id"),
    _text("role"),
    _text("unit"),
    _text("code"),
    _text("message"),
    _text("state"),
    _text("field"),
    Index("refusals_order", "order_id", "id"),
    Index("refusals_at", "at"),
)
"""What was asked and not allowed."""

commands = Table(
    "commands",
    metadata,
    Column("key", Text, primary_key=True),
    _text("order_id"),
    _text("verb"),
    _text("fingerprint"),
    _text("state", "pending"),
    _text("message"),
    _text("terms"),
    Column("answer", Text),
    _now("claimed_at"),
    _now("tried_at"),
    Column("tries", Integer, nullable=False, server_default="1"),
    _instant("finished_at"),
    Index("commands_pending", "tried_at", postgresql_where=text("state = 'pending'")),
    Index("commands_order", "order_id"),
)
"""One row an Idempotency-Key; `message` is what is sent to the workflow, so that anybody can send it again."""

terms = Table(
    "terms",
    metadata,
    Column("digest", Text, primary_key=True),
    _text("document"),
    _now("created_at"),
)
"""Frozen terms by the hash of their content."""

policies = Table(
    "policies",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("version", Text, nullable=False, unique=True),
    _text("document"),
    _now("created_at"),
    _text("published_by", ""),
)
"""Every version of the policy; the youngest is in force for new orders. `published_by` is '' for the shipped one."""

units = Table(
    "units",
    metadata,
    Column("id", Text, primary_key=True),
    _text("parent", ""),
    _text("kind"),
    _text("province", ""),
    _text("name_zh"),
    _text("name_en"),
    _text("zone", "Asia/Shanghai"),
    _text("email", ""),
    Index("units_parent", "parent"),
)

people = Table(
    "people",
    metadata,
    Column("id", Text, primary_key=True),
    _text("name_zh"),
    _text("name_en"),
    _text("role"),
    _text("unit", ""),
    _text("province", ""),
    _text("email", ""),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    _instant("away_from"),
    _instant("away_until"),
    _text("substitute", ""),
    Index("people_role", "role", "unit"),
    Index("people_province", "role", "province"),
)

absences = Table(
    "absences",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _text("person"),
    _now("at"),
    _text("actor_id"),
    _text("role"),
    _instant("away_from"),
    _instant("away_until"),
    _text("substitute", ""),
    Index("absences_person", "person", "id"),
)
"""Who said when that a person is away, from when to when, and who stands in; without `away_from`: that he is back."""

catalogue = Table(
    "catalogue",
    metadata,
    Column("id", Text, primary_key=True),
    _text("category"),
    _text("province", "*"),
    _text("order_class"),
    _text("lead"),
    Column("co", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("copy", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    _text("clause", ""),
    Index("catalogue_category", "category", "province"),
)
"""The dispatch catalogue: category and place give the lead, the co and the copied units."""

APPEND_ONLY = (events, refusals, terms, policies, firings, criticisms, absences)
"""The application may add to these and change nothing."""
