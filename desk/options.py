"""Options that all commands share, and the connection they make."""

from __future__ import annotations

from typing import Annotated

import typer

from desk.client import PATIENCE_SECONDS, Desk

DEFAULT_PERSON = "gd-agent-1"
"""The demo log-in of whoever does not say who he is."""

Api = Annotated[
    str, typer.Option("--api", help="API 地址 / where the API is. Default: this installation's own.", metavar="URL")
]
As = Annotated[
    str,
    typer.Option(
        "--as",
        help="开发登录 / development log-in, such as gd-agent-1 or customer:13900000001.",
        metavar="PERSON",
        envvar="WHISTLE_AS",
    ),
]
Machine = Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON for a machine.")]


def desk(api: str, person: str, *, connections: int = 16, patience: float = PATIENCE_SECONDS) -> Desk:
    """The connection that the options ask for; without --api to the address in the settings."""
    if not api:
        from runtime.settings import load

        api = load().api_url
    return Desk(api, person, connections=connections, patience=patience)
