"""The table of the time stamps (RFC 3161) that the log's checkpoints were given."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, LargeBinary, Table

from store.columns import metadata, now, words

stamps = Table(
    "stamps",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    words("authority"),
    Column("token", LargeBinary, nullable=False),
    now("at"),
)
"""A stamp over the checkpoint of that size: who gave it, and its token as it came."""

NEW = (stamps,)
APPEND_ONLY = (stamps,)
"""The application may add to these and change nothing."""

KEPT = """
CREATE TRIGGER keep_stamps BEFORE UPDATE OR DELETE OR TRUNCATE ON stamps
    FOR EACH STATEMENT EXECUTE FUNCTION keep_log();
"""
"""The trigger, for the migration; the function is the log's."""
