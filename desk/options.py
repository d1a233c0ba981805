"""Options that all commands share, and the connection they make."""

from __future__ import annotations

import os
import socket
from typing import Annotated
from urllib.parse import urlsplit

import typer

from desk import logins, render
from desk.client import PATIENCE_SECONDS, Desk, Usage
from desk.logins import LogIn
from domain.model import OrderClass

TOKEN = "WHISTLE_TOKEN"
"""The variable with the service token that says who asks, where there is no demo log-in."""
DEFAULT_PERSON = "gd-agent-1"
"""The demo log-in of whoever does not say who he is."""
AUDITOR = "hq-auditor-1"
"""The demo log-in that reads the record and looks into the past when nobody else is named."""


def _use_zone(name: str) -> str:
    try:
        render.use_zone(name)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    return name


class Assumed(str):
    """A demo log-in that nobody named: it gives way to a log-in that is kept."""

    __slots__ = ()


def _sole(context: typer.Context, option: typer.CallbackParam, name: str) -> str:
    """The person that was named, unless a token says already who asks."""
    source = context.get_parameter_source(option.name or "")
    if source is None or source.name not in ("COMMANDLINE", "ENVIRONMENT"):
        return Assumed(name)
    if os.environ.get(TOKEN):
        raise typer.BadParameter(
            f"{TOKEN} 已指明身份; 取消其一 / {TOKEN} says who asks already; unset it, or leave --as and WHISTLE_AS out"
        )
    return name


Api = Annotated[
    str, typer.Option("--api", help="API 地址 / where the API is. Default: this installation's own.", metavar="URL")
]
As = Annotated[
    str,
    typer.Option(
        "--as",
        help="开发登录 / development log-in, such as gd-agent-1 or customer:13900000001; comes before `whistle login`.",
        metavar="PERSON",
        envvar="WHISTLE_AS",
        callback=_sole,
    ),
]
Machine = Annotated[bool, typer.Option("--json", help="输出 JSON, 时间带时区 / print JSON for a machine.")]
Zone = Annotated[
    str,
    typer.Option(
        "--zone",
        help="时间以此时区显示 / the time zone in which times are shown, and read where none is given.",
        metavar="ZONE",
        envvar="WHISTLE_ZONE",
        callback=_use_zone,
    ),
]

Since = Annotated[
    str, typer.Option("--from", help="受理自 / registered then or later, such as 2026-08-01.", metavar="TIME")
]
Until = Annotated[str, typer.Option("--until", help="受理至 / registered before then.", metavar="TIME")]
Province = Annotated[str, typer.Option("--province", help="省分 / the province, such as GD.")]
Category = Annotated[str, typer.Option("--category", help="业务类别 / the category, such as network.fault.")]
Class = Annotated[str, typer.Option("--class", help=f"工单类别 / the class: {', '.join(OrderClass)}.")]


def desk(
    api: str, person: str, *, connections: int = 16, patience: float = PATIENCE_SECONDS, acting_for: str = ""
) -> Desk:
    """The connection that the options ask for; without --api to the instance of this data folder.

    The service token in `WHISTLE_TOKEN`, if there is one, says who asks; where nobody is named either, the log-in that
    `whistle login` keeps for this address.

    Raises:
        Usage: the file of log-ins cannot be used.
    """
    url = api or own_address()
    token = os.environ.get(TOKEN, "")
    login = kept(url) if isinstance(person, Assumed) and not token else None
    return Desk(
        url, person, connections=connections, patience=patience, token=token, login=login, acting_for=acting_for
    )


def kept(url: str) -> LogIn | None:
    """The log-in that is kept for this address; raises Usage."""
    try:
        return logins.find(url)
    except logins.BadFile as error:
        raise Usage(str(error)) from None


def own_address() -> str:
    """Where the API of this installation is: of the instance that runs on the data folder, else by the settings.

    Raises:
        SettingError: a setting is not understood.
    """
    from runtime import instance
    from runtime.settings import SettingError, demand_known, load

    try:
        demand_known()
    except SettingError as error:  # `up` refuses it; here it may be somebody else's
        render.err.print(str(error), style="yellow", soft_wrap=True, markup=False)
    settings = load()
    running = instance.find(settings)
    here = settings.database_url is None and settings.app_database_url is None  # else `up` does not run it here
    if running is None and here and _answers(settings.api_url):
        render.err.print(
            f"! 数据目录 {settings.data_dir} 没有实例在运行, {settings.api_url} 应答的是另一个 / "
            f"no instance runs on the data folder {settings.data_dir}; what answers at {settings.api_url} is another's "
            "· → 设 WHISTLE_DATA_DIR, 或用 --api 指明 / set WHISTLE_DATA_DIR, or name it with --api",
            style="yellow",
            soft_wrap=True,
            markup=False,
        )
    return (running.settings if running else settings).api_url


def _answers(url: str) -> bool:
    """Whether something listens there."""
    where = urlsplit(url)
    try:
        with socket.create_connection((where.hostname or "", where.port or 80), _LOOK_SECONDS):
            return True
    except OSError:
        return False


_LOOK_SECONDS = 1.0
