"""`whistle policy`: the limits that orders run by."""

from __future__ import annotations

import typer

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="政策 / the limits that orders run by.")


@app.callback()
def policy() -> None:
    """政策 / the limits that orders run by."""
