"""The chain over an order's events: each carries the hash of what is recorded of it and of the hash before it.

**The one definition.** An event's *link* is the object of `FIELDS`: the columns of its row in `events`, under their own
names, and `previous`, the hash of the order's event before it, '' for the first. `at` is UTC with six digits of the
second and a `Z`; `data` and `clocks` are the stored JSON; personal data stand in it sealed, so an erasure breaks
nothing. The event's hash is the SHA-256, in lower-case hexadecimal, of that object as RFC 8785 writes it. The head row
of the order has the hash of its last event in `chain`.

RFC 8785 knows numbers as IEEE doubles and sorts the names, so what PostgreSQL makes of the JSON that it is given (order
of names, `1.0` or `1`, escapes) does not matter. When the database wrote a row (`recorded_at`) is not in its link.

What is once recorded is never hashed otherwise: a new form needs a new name beside the old one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from itertools import groupby
from typing import Any

import msgspec
import rfc8785
from sqlalchemy import Connection, text

from contracts.messages import EventRow, encode

FIELDS = (
    "order_id", "seq", "type", "at", "actor_id", "role", "unit", "acting_for", "reason", "policy_version",
    "command_id", "data", "clocks", "previous",
)  # fmt: skip
"""The members of a link."""

FORM = "whistle-events-1"
"""The name of this definition."""

Link = dict[str, Any]

_BATCH = 200
"""Orders that are chained in one statement when a database is brought up to date."""


class _Written(msgspec.Struct):
    """A link whose members stand in the order in which RFC 8785 writes them."""

    acting_for: str
    actor_id: str
    at: str
    clocks: Any
    command_id: str
    data: Any
    order_id: str
    policy_version: str
    previous: str
    reason: str
    role: str
    seq: int
    type: str
    unit: str


_SEEN = bytes(0x30 if 0x30 <= byte <= 0x39 else 0xFF if byte >= 0xF0 else byte for byte in range(256))
_DIGITS = b"0" * 16


@lru_cache(maxsize=8192)
def _number(text: str) -> msgspec.Raw:
    return msgspec.Raw(rfc8785.dumps(float(text)))


_PARSE = msgspec.json.Decoder(float_hook=_number).decode
_WRITE = msgspec.json.Encoder(order="deterministic").encode


def written(at: datetime) -> str:
    """The instant as it stands in a link."""
    utc = at.astimezone(UTC)
    if utc.year < 1000:
        return utc.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return utc.isoformat(timespec="microseconds")[:-6] + "Z"


def digest(link: Mapping[str, Any]) -> str:
    """The hash of a link, as 64 hexadecimal digits.

    Raises:
        rfc8785.CanonicalizationError: a value that no JSON number or text can stand for, such as an integer past 2^53.
    """
    return hashlib.sha256(rfc8785.dumps(dict(link))).hexdigest()


def row_digest(row: EventRow, previous: str) -> str:
    """The hash of `link(row, previous)`, found sooner where that is safe."""
    clocks = encode(row.clocks) if row.clocks else b"[]"
    actor = row.actor
    quick = _quick(
        bytes(row.data), clocks, actor.acting_for, actor.id, written(row.at), row.command_id, row.order_id,
        row.policy_version, previous, row.reason, actor.role.value, row.seq, row.type, actor.unit,
    )  # fmt: skip
    return quick or digest(link(row, previous))


def stored_digest(row: Mapping[str, Any], previous: str) -> str:
    """The hash of `stored_link(row, previous)`, found sooner where that is safe."""
    return line_digest({**row, "at": written(row["at"])}, previous)


def line_digest(row: Mapping[str, Any], previous: str) -> str:
    """The same of a row whose instant is written already.

    Raises:
        rfc8785.CanonicalizationError: it has no hash.
        msgspec.DecodeError: `data` or `clocks` is no JSON.
    """
    quick = _quick(
        row["data"].encode(), row["clocks"].encode(), row["acting_for"], row["actor_id"], row["at"], row["command_id"],
        row["order_id"], row["policy_version"], previous, row["reason"], row["role"], row["seq"], row["type"],
        row["unit"],
    )  # fmt: skip
    return quick or digest(_link(row, row["at"], previous))


def _quick(
    data: bytes, clocks: bytes, acting_for: str, actor_id: str, at: str, command_id: str, order_id: str,
    policy_version: str, previous: str, reason: str, role: str, seq: int, type_: str, unit: str,
) -> str:  # fmt: skip
    r"""The hash of the link with these members, '' where only `rfc8785` itself is known to write it rightly.

    msgspec writes JSON as RFC 8785 has it, but for three things: it sorts names by code points, where UTF-16 sorts
    otherwise past U+FFFF; it writes integers that no double stands for; it writes fractions in a form of its own. So a
    text in which anything of four bytes, an escape `\u` or sixteen digits in a row occurs, wherever it is, is not
    taken here, and each fraction is written by `rfc8785`.
    """
    for text_ in (data, clocks):
        seen = text_.translate(_SEEN)
        if _DIGITS in seen or b"\xff" in seen or b"\\u" in seen:
            return ""
    try:
        made = _Written(
            acting_for, actor_id, at, _PARSE(clocks), command_id, _PARSE(data), order_id, policy_version, previous,
            reason, role, seq, type_, unit,
        )  # fmt: skip
        return hashlib.sha256(_WRITE(made)).hexdigest()
    except (ValueError, TypeError):  # what cannot be written is for the other to refuse
        return ""


def link(row: EventRow, previous: str) -> Link:
    """The link of an event that follows the one with the hash `previous`."""
    return {
        "order_id": row.order_id,
        "seq": row.seq,
        "type": row.type,
        "at": written(row.at),
        "actor_id": row.actor.id,
        "role": row.actor.role.value,
        "unit": row.actor.unit,
        "acting_for": row.actor.acting_for,
        "reason": row.reason,
        "policy_version": row.policy_version,
        "command_id": row.command_id,
        "data": msgspec.json.decode(row.data),
        "clocks": msgspec.json.decode(encode(row.clocks)) if row.clocks else [],
        "previous": previous,
    }


def stored_link(row: Mapping[str, Any], previous: str) -> Link:
    """The link of a row of `events` as it is stored, with `data` and `clocks` as text; nothing of it is interpreted."""
    return _link(row, written(row["at"]), previous)


def _link(row: Mapping[str, Any], at: str, previous: str) -> Link:
    parsed = {name: msgspec.json.decode(row[name]) for name in ("data", "clocks")}
    plain = {name: row[name] for name in FIELDS if name not in ("at", "data", "clocks", "previous")}
    return {**plain, **parsed, "at": at, "previous": previous}


def hashes(rows: Iterable[EventRow], previous: str) -> list[str]:
    """The hash of each of these events, which follow each other, the first the one with the hash `previous`."""
    found: list[str] = []
    for row in rows:
        previous = row_digest(row, previous)
        found.append(previous)
    return found


def chain_all(connection: Connection) -> None:
    """Give every event and head that was recorded before there was a chain its hash; for the owner, who migrates.

    Some hundred orders at a time, so that memory does not grow with the ledger.
    """
    after = ""
    while batch := [
        dict(row) for row in connection.execute(_UNCHAINED, {"after": after, "most": _BATCH}).mappings().all()
    ]:
        events, heads = [], []
        for order_id, rows in groupby(batch, key=lambda row: str(row["order_id"])):
            previous = ""
            for row in rows:
                previous = stored_digest(row, previous)
                events.append({"order_id": order_id, "seq": row["seq"], "hash": previous})
            heads.append({"order_id": order_id, "chain": previous})
            after = order_id
        connection.execute(_CHAIN_EVENTS, {"rows": encode(events).decode()})
        connection.execute(_CHAIN_HEADS, {"rows": encode(heads).decode()})


_UNCHAINED = text("""
    SELECT order_id, seq, type, at, actor_id, role, unit, acting_for, reason, policy_version, command_id,
        data::text AS data, clocks::text AS clocks
    FROM events
    WHERE order_id IN (SELECT DISTINCT order_id FROM events WHERE order_id > :after ORDER BY order_id LIMIT :most)
    ORDER BY order_id, seq
""")
_CHAIN_EVENTS = text("""
    UPDATE events SET hash = r.hash
    FROM json_to_recordset(CAST(:rows AS json)) AS r (order_id text, seq integer, hash text)
    WHERE events.order_id = r.order_id AND events.seq = r.seq
""")
_CHAIN_HEADS = text("""
    UPDATE orders SET chain = r.chain
    FROM json_to_recordset(CAST(:rows AS json)) AS r (order_id text, chain text)
    WHERE orders.order_id = r.order_id
""")
