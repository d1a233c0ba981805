"""Alembic revisions of the database, run by store.migrate."""
