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
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from domain.model import OPEN
from store.columns import flag, instant, metadata, now, number, words

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
"""Stands for "no due time" where rows are sorted by it, so that they come last and a cursor can name them."""


OPEN_ORDERS = f"""state IN ({", ".join(f"'{state}'" for state in OPEN)}) AND NOT rehearsal"""
"""The condition of the partial index over what is open, letter for letter that of the queries that use it."""


events = Table(
    "events",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("seq", Integer, primary_key=True),
    words("type"),
    instant("at", required=True),
    words("actor_id"),
    words("role"),
    words("unit"),
    words("reason"),
    words("policy_version"),
    words("command_id"),
    Column("data", JSONB, nullable=False),
    Column("clocks", JSONB, nullable=False),
    now("recorded_at"),
    words("acting_for", ""),
    words("hash"),
)
"""One row an event, for good: a trigger refuses every change, whoever asks; `hash` as `store.chain` defines it."""

orders = Table(
    "orders",
    metadata,
    Column("order_id", Text, primary_key=True),
    number("last_seq"),
    words("state"),
    words("status"),
    words("order_class"),
    words("category"),
    words("title"),
    words("province"),
    words("region"),
    words("channel"),
    words("customer"),
    words("customer_name"),
    words("customer_phone"),
    number("level"),
    words("colour"),
    flag("overdue"),
    number("round"),
    words("lead_unit"),
    instant("registered_at", required=True),
    instant("updated_at", required=True),
    instant("due_at"),
    instant("next_at"),
    instant("closed_at"),
    words("outcome"),
    flag("over"),
    flag("rehearsal"),
    words("terms"),
    words("snapshot"),
    instant("callback_at"),
    number("unit_seq"),
    instant("unit_at", required=True),
    words("chain"),
    Index("orders_newest", "rehearsal", "registered_at", "order_id"),
    Index("orders_updated", "rehearsal", "updated_at", "order_id"),
    Index("orders_told", "rehearsal", "unit_at", "order_id"),
    Index("orders_due", "rehearsal", "due_at", "order_id", postgresql_where=text("due_at IS NOT NULL")),
    Index("orders_by_level", "rehearsal", "level", "registered_at", "order_id"),
    Index("orders_state", "rehearsal", "state", "registered_at", "order_id"),
    Index("orders_unit", "rehearsal", "lead_unit", "registered_at", "order_id"),
    Index("orders_province", "rehearsal", "province", "registered_at", "order_id"),
    Index("orders_category", "rehearsal", "category", "registered_at", "order_id"),
    Index("orders_customer", "customer", "registered_at", "order_id"),
    Index("orders_raised", "rehearsal", "registered_at", "order_id", postgresql_where=text("level > 0")),
    Index("orders_overdue", "rehearsal", "registered_at", "order_id", postgresql_where=text("overdue")),
    Index("orders_next", "next_at", postgresql_where=text("next_at IS NOT NULL")),
    Index("orders_running", "order_id", postgresql_where=text("NOT over")),
    Index(
        "orders_open",
        "province",
        "level",
        "overdue",
        "category",
        "channel",
        "order_id",
        postgresql_where=text(OPEN_ORDERS),
    ),
    Index("orders_closed", "closed_at", postgresql_where=text("closed_at IS NOT NULL AND NOT rehearsal")),
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

`customer` is the id of whoever complains in `customers`; title, name and number are sealed with his key.

`callback_at` is the earliest instant at which the customer may be called, null when he is not to be called. `unit_seq`
and `unit_at` are the seq and the time of the last event that handling units are told of. `chain` is the hash of the
last event (`store.chain`).
"""

order_texts = Table(
    "order_texts",
    metadata,
    Column("order_id", Text, primary_key=True),
    words("customer"),
    Column("marks", ARRAY(BigInteger), nullable=False),
    Index("order_texts_marks", "marks", postgresql_using="gin"),
    Index("order_texts_customer", "customer"),
)
"""What text search looks at: keyed hashes of the pieces of number and title (see vault.finding), written once."""

UNSIGNED = "active AND NOT rehearsal AND (status = 'offered' OR (auto_signed AND contacted_at IS NULL))"
"""A part that its unit has not signed; where the system signed for it, until the unit has spoken to the customer."""

assignments = Table(
    "assignments",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    words("unit"),
    words("role"),
    words("status"),
    flag("active"),
    number("round"),
    number("hop"),
    instant("dispatched_at", required=True),
    flag("designated"),
    instant("signed_at"),
    flag("auto_signed"),
    instant("contacted_at"),
    flag("explained"),
    instant("due_at", required=True),
    flag("rehearsal"),
    Index(
        "assignments_inbox",
        "unit",
        "rehearsal",
        "due_at",
        "order_id",
        "id",
        postgresql_where=text("active"),
        postgresql_include=["role"],
    ),
    Index(
        "assignments_unsigned",
        "due_at",
        "order_id",
        "id",
        postgresql_where=text(UNSIGNED),
    ),
)
"""Each unit's part; `active` while the unit owes or may watch something in an open order.

`due_at` is what the unit owes next in this order, `NEVER` when it owes nothing now.
"""

whistles = Table(
    "whistles",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    words("kind"),
    words("matter"),
    words("lead"),
    words("status"),
    words("requested_by"),
    instant("requested_at", required=True),
    instant("blown_at"),
    number("blows"),
    Column("valid", Boolean),
    flag("rehearsal"),
    Index("whistles_status", "rehearsal", "status", "requested_at"),
)

AWAITED = "active AND NOT rehearsal AND reported_in_at IS NULL"
"""A summoned unit that has not reported in, in time yet or not."""

attendances = Table(
    "attendances",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("whistle", Text, primary_key=True),
    Column("unit", Text, primary_key=True),
    words("status"),
    flag("active"),
    flag("absent"),
    instant("summoned_at", required=True),
    instant("reported_in_at"),
    words("reported_in_by"),
    flag("accepted"),
    words("substitute"),
    Column("rating", JSONB),
    words("appeal"),
    instant("due_at", required=True),
    flag("rehearsal"),
    Index("attendances_inbox", "unit", "rehearsal", "due_at", "order_id", "whistle", postgresql_where=text("active")),
    Index("attendances_awaited", "order_id", "whistle", "unit", postgresql_where=text(AWAITED)),
)
"""Each summoned unit; `active` from the blow until it is done or excused; `due_at` as in `assignments`."""

DECISIONS = (
    "ended_at IS NULL AND NOT rehearsal AND kind IN ('return_decision', 'extension_decision', 'ledger_decision', "
    "'termination_decision', 'whistle_decision', 'whistle_review', 'callback_review', 'appeal_decision')"
)
"""Clocks that run while something waits for a decision, an order's end or not."""

deadlines = Table(
    "deadlines",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    words("kind"),
    words("unit"),
    words("status"),
    flag("late"),
    instant("started_at", required=True),
    instant("due_at", required=True),
    instant("first_due_at", required=True),
    instant("next_at"),
    instant("ended_at"),
    words("how"),
    flag("rehearsal"),
    Column("hop", Integer, nullable=False, server_default="0"),
    Column("round", Integer, nullable=False, server_default="1"),
    words("rule", ""),
    Column("worked_minutes", Double),
    Column("paused_minutes", Double),
    instant("breached_at"),
    Index("deadlines_next", "next_at", postgresql_where=text("next_at IS NOT NULL")),
    Index("deadlines_unit", "unit", "rehearsal", "due_at", postgresql_where=text("ended_at IS NULL")),
    Index("deadlines_decisions", "due_at", postgresql_where=text(DECISIONS)),
    Index("deadlines_breached", "breached_at", postgresql_where=text("breached_at IS NOT NULL AND NOT rehearsal")),
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
    words("kind"),
    words("unit"),
    words("change"),
    instant("due_at", required=True),
    instant("fired_at", required=True),
    Column("late_seconds", Double, nullable=False),
    flag("rehearsal"),
    Index("firings_at", "rehearsal", "fired_at"),
)
"""Each mark of a clock that time fired: when it was due, when it was noticed, and how late that was, in seconds."""

criticisms = Table(
    "criticisms",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("seq", Integer, primary_key=True),
    words("unit"),
    words("province"),
    words("key"),
    words("kind"),
    number("level"),
    instant("due_at"),
    instant("at", required=True),
    flag("rehearsal"),
    Index("criticisms_at", "rehearsal", "at", "order_id", "seq"),
    Index("criticisms_unit", "unit", "rehearsal", "at", "order_id", "seq"),
    Index("criticisms_province", "province", "rehearsal", "at", "order_id", "seq"),
)
"""The public-criticism list (通报批评): which unit let which clock of which order run so far past its limit."""

calls = Table(
    "calls",
    metadata,
    Column("id", Text, primary_key=True),
    words("order_id"),
    words("callee"),
    instant("at", required=True),
    flag("rehearsal"),
    Index("calls_callee", "callee", "rehearsal", "at"),
)
"""Each attempt to call a customer, by the command that records it, over all orders: carriers bound them a number.

`callee` is the customer who was called, by his id: one number, one customer. A call is written down before its command
is sent, and once more with its event.
"""

callbacks = Table(
    "callbacks",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("round", Integer, primary_key=True),
    Column("expiry", Boolean, primary_key=True),
    words("province"),
    words("unit"),
    words("status"),
    instant("due_at", required=True),
    instant("settled_at"),
    Column("contacted", Boolean),
    Column("solved", Boolean),
    words("satisfaction", ""),
    flag("by_sms"),
    flag("rehearsal"),
    Index(
        "callbacks_due",
        "due_at",
        "order_id",
        postgresql_where=text("NOT rehearsal"),
        postgresql_include=["province", "status", "contacted", "solved", "satisfaction"],
    ),
)
"""Each call-back that was planned, and what came of it: what the three rates and their coverage are counted from.

`due_at` is the first instant at which the customer could be asked. `status` is due, completed (he answered), refused,
lapsed, replaced (an expiry's, by that of the reply) or void (the order ended otherwise). A question that was not
asked stays null.
"""

sweeps = Table(
    "sweeps",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("next_at", DateTime(timezone=True), primary_key=True),
    now("found_at"),
    Column("late_seconds", Double, nullable=False),
    words("outcome", ""),
    Column("tries", Integer, nullable=False, server_default="1"),
    now("tried_at"),
    instant("settled_at"),
    Index("sweeps_found", "found_at"),
    Index("sweeps_open", "found_at", postgresql_where=text("settled_at IS NULL")),
)
"""Each overdue mark that the sweeper found, once: `outcome` is woken, restarted, recorded meanwhile, or the error."""

pulses = Table(
    "pulses",
    metadata,
    Column("name", Text, primary_key=True),
    instant("at", required=True),
    words("detail", ""),
)
"""When each watcher last did its work, such as sweeper, reconciler, outbox and canary."""

notices = Table(
    "notices",
    metadata,
    Column("id", Text, primary_key=True),
    words("order_id"),
    number("seq"),
    words("audience"),
    words("channel"),
    words("template"),
    words("title_zh"),
    words("title_en"),
    words("body_zh"),
    words("body_en"),
    words("state", "queued"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    now("next_attempt_at"),
    instant("sent_at"),
    words("receipt", ""),
    instant("read_at"),
    flag("rehearsal"),
    now("created_at"),
    words("post", ""),
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
    now("at"),
    words("order_id"),
    words("verb"),
    words("command_id"),
    words("actor_id"),
    words("role"),
    words("unit"),
    words("code"),
    words("message"),
    words("state"),
    words("field"),
    words("acting_for", ""),
    Index("refusals_order", "order_id", "id"),
    Index("refusals_at", "at"),
)
"""What was asked and not allowed."""

commands = Table(
    "commands",
    metadata,
    Column("key", Text, primary_key=True),
    words("order_id"),
    words("verb"),
    words("fingerprint"),
    words("state", "pending"),
    words("message"),
    words("terms"),
    Column("answer", Text),
    now("claimed_at"),
    now("tried_at"),
    Column("tries", Integer, nullable=False, server_default="1"),
    instant("finished_at"),
    Index("commands_pending", "tried_at", postgresql_where=text("state = 'pending'")),
    Index("commands_order", "order_id"),
)
"""One row an Idempotency-Key; `message` is what is sent to the workflow, so that anybody can send it again."""

terms = Table(
    "terms",
    metadata,
    Column("digest", Text, primary_key=True),
    words("document"),
    now("created_at"),
)
"""Frozen terms by the hash of their content."""

policies = Table(
    "policies",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("version", Text, nullable=False, unique=True),
    words("document"),
    now("created_at"),
    words("published_by", ""),
)
"""Every version of the policy; the youngest is in force for new orders. `published_by` is '' for the shipped one."""

units = Table(
    "units",
    metadata,
    Column("id", Text, primary_key=True),
    words("parent", ""),
    words("kind"),
    words("province", ""),
    words("name_zh"),
    words("name_en"),
    words("zone", "Asia/Shanghai"),
    words("email", ""),
    Index("units_parent", "parent"),
)

people = Table(
    "people",
    metadata,
    Column("id", Text, primary_key=True),
    words("name_zh"),
    words("name_en"),
    words("role"),
    words("unit", ""),
    words("province", ""),
    words("email", ""),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    instant("away_from"),
    instant("away_until"),
    words("substitute", ""),
    Index("people_role", "role", "unit"),
    Index("people_province", "role", "province"),
)

absences = Table(
    "absences",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    words("person"),
    now("at"),
    words("actor_id"),
    words("role"),
    instant("away_from"),
    instant("away_until"),
    words("substitute", ""),
    Index("absences_person", "person", "id"),
)
"""Who said when that a person is away, from when to when, and who stands in; without `away_from`: that he is back."""

catalogue = Table(
    "catalogue",
    metadata,
    Column("id", Text, primary_key=True),
    words("category"),
    words("province", "*"),
    words("order_class"),
    words("lead"),
    Column("co", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("copy", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    words("clause", ""),
    Index("catalogue_category", "category", "province"),
)
"""The dispatch catalogue: category and place give the lead, the co and the copied units."""

APPEND_ONLY = (events, refusals, terms, policies, firings, criticisms, absences)
"""The application may add to these, as to `access_tables.APPEND_ONLY`, and change nothing."""
