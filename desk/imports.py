"""`whistle import`: a table of complaints, or with `history` another system's log."""

from __future__ import annotations

import typer
from typer.core import TyperGroup

from desk import history, importing

TABLE = "table"
"""The command that is meant where none is named: `whistle import FILE` is `whistle import table FILE`."""


class _Meant(TyperGroup):
    """A group whose first command need not be named."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """Put the command before its words."""
        if args and args[0] not in self.commands and args[0] not in ("--help",):
            args = [TABLE, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=_Meant, no_args_is_help=True, rich_markup_mode=None, help="导入 / complaints, and histories.")
app.command(TABLE)(importing.import_file)
app.command("history")(history.history)
