"""The tables of the log: one sequence over all events, and the tree of RFC 9162 over it (see `notary`).

`unsequenced` is filled by the ledger's pen, with the event itself; everything else is written by the notary alone.
Triggers keep what was once said: no leaf, checkpoint or cosignature is changed or removed, and a tile only grows.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Identity, Integer, LargeBinary, Table, Text, UniqueConstraint

from store.columns import metadata, now, number, words

unsequenced = Table(
    "unsequenced",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    words("order_id"),
    number("seq"),
)
"""Events that have no place in the log yet, an order's always in the order of their seqs."""

leaves = Table(
    "leaves",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    words("order_id"),
    Column("seq", Integer, nullable=False),
    words("hash"),
    UniqueConstraint("order_id", "seq", name="leaves_event"),
)
"""The log: every event at its position, from 0 without gaps; `hash` is the event's own, as `store.chain` defines it."""

tiles = Table(
    "tiles",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("index", BigInteger, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
)
"""The tree over the leaves, 256 hashes a tile (see `notary.tree`); the last of a level may have fewer."""

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    words("root"),
    now("signed_at"),
    words("note"),
)
"""What was signed: the tree's size, its root in hexadecimal, and the signed note."""

cosignatures = Table(
    "cosignatures",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("witness", Text, primary_key=True),
    words("line"),
    now("at"),
)
"""What witnesses answered: the line that each puts under the checkpoint of that size."""

APPEND_ONLY = (unsequenced, leaves, checkpoints, cosignatures)
"""The application may add to these and change nothing; from the first alone it also takes."""

KEPT = """
CREATE FUNCTION keep_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the log is append-only: % of % refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
CREATE FUNCTION keep_tile() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.level <> OLD.level OR NEW.index <> OLD.index
        OR substring(NEW.hashes FROM 1 FOR octet_length(OLD.hashes)) <> OLD.hashes THEN
        RAISE EXCEPTION 'the log is append-only: a tile only grows' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER keep_leaves BEFORE UPDATE OR DELETE OR TRUNCATE ON leaves
    FOR EACH STATEMENT EXECUTE FUNCTION keep_log();
CREATE TRIGGER keep_checkpoints BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION keep_log();
CREATE TRIGGER keep_cosignatures BEFORE UPDATE OR DELETE OR TRUNCATE ON cosignatures
    FOR EACH STATEMENT EXECUTE FUNCTION keep_log();
CREATE TRIGGER keep_tiles BEFORE DELETE OR TRUNCATE ON tiles
    FOR EACH STATEMENT EXECUTE FUNCTION keep_log();
CREATE TRIGGER grow_tiles BEFORE UPDATE ON tiles
    FOR EACH ROW EXECUTE FUNCTION keep_tile();
"""
"""The triggers, for the migration."""

ENQUEUED = """
INSERT INTO unsequenced (order_id, seq)
SELECT order_id, seq FROM (
    SELECT order_id, seq, max(recorded_at) OVER (PARTITION BY order_id ORDER BY seq) AS known FROM events
) recorded
ORDER BY known, order_id, seq
"""
"""What was recorded before there was a log waits for its place in the order of recording.

The database sorts it, on its disk where it is much. A clock that was set back does not put a seq before an earlier one.
"""
