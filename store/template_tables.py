"""The table of the notices' wordings."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table, Text

from store.columns import metadata, now, words

notice_templates = Table(
    "notice_templates",
    metadata,
    Column("template", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    words("title_zh"),
    words("title_en"),
    words("body_zh"),
    words("body_en"),
    words("published_by"),
    words("reason"),
    now("published_at"),
)
"""Wordings that were published, by template, from version 1; version 0 comes with the program and is no row.

The highest version of a template is in force. None is ever changed: who goes back publishes the old words anew.
"""

APPEND_ONLY = (notice_templates,)
"""The application may add to these and change nothing."""
