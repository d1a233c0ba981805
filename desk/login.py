"""`whistle login`, `logout` and `password`: a log-in by password, which all other commands then use."""

from __future__ import annotations

import getpass
import ipaddress
import sys
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from desk import logins, render
from desk.client import Desk, Refused, Usage
from desk.options import Api, Machine, Zone, kept, own_address

Person = Annotated[str, typer.Argument(metavar="PERSON", help="人员 / who logs in, such as wang.fang.")]

_OVER = 401
"""The status of whoever is not logged in, or no longer."""


def log_in(who: Person, zone: Zone = render.DEFAULT_ZONE, api: Api = "", machine: Machine = False) -> None:
    """登录 / log in by password, asked for or the first line of the input; all commands then go by this log-in."""
    url = _safe(api or own_address())
    with Desk(url, login=kept(url)) as connection:
        password = _asked(f"密码 password ({who}): ")
        session = connection.log_in(who, password)
        _keep(url, connection)
        if session["must_change"]:
            render.err.print("一次性密码, 须另选密码 / this was for one log-in; choose your own", markup=False)
            session = _chosen(connection, password)
            _keep(url, connection)
    _tell(session, machine)


def change_password(zone: Zone = render.DEFAULT_ZONE, api: Api = "", machine: Machine = False) -> None:
    """改密 / change my own password, for the one that is asked for; all my other log-ins end."""
    url = _safe(api or own_address())
    login = kept(url)
    if login is None:
        raise Usage(f"未登录 / not logged in at {url} · → whistle login PERSON")
    with Desk(url, login=login) as connection:
        session = _chosen(connection, _asked(f"现用密码 password as it is ({login.person}): "))
        _keep(url, connection)
    _tell(session, machine)


def log_out(api: Api = "", machine: Machine = False) -> None:
    """退出 / end the log-in of `whistle login`, here and in the system."""
    url = api or own_address()
    login = kept(url)
    if login is None:
        _said({"person": "", "ended": False}, f"未登录 / not logged in at {url}", machine)
        return
    ended = True
    with Desk(url, login=login) as connection:
        try:
            connection.log_out()
        except Refused as refused:
            if refused.problem.get("status") != _OVER:
                raise
            ended = False
    try:
        logins.forget(url)
    except logins.BadFile as error:
        raise Usage(str(error)) from None
    said = "已退出 logged out" if ended else "登录早已结束 the log-in was over already"
    _said({"person": login.person, "ended": ended}, f"{login.person}: {said}", machine)


def _safe(url: str) -> str:
    """The address, if a password may be sent there; raises Usage."""
    said = urlsplit(url)
    if said.scheme == "https" or _is_loopback(said.hostname or ""):
        return url
    raise Usage(
        f"{url} 不加密, 密码会被窃听 / is not encrypted, so that a password could be overheard · → --api https://…"
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _asked(prompt: str) -> str:
    """What somebody types unseen, or the next line of the standard input."""
    if sys.stdin.isatty():
        return getpass.getpass(prompt)
    return sys.stdin.readline().rstrip("\r\n")


def _chosen(connection: Desk, old: str) -> dict[str, Any]:
    """The session after a new password was chosen; at a terminal as often as it takes."""
    while True:
        new = _asked("新密码, 至少 12 个字符 / new password, at least 12 characters: ")
        if sys.stdin.isatty() and getpass.getpass("再输一次 / once more: ") != new:
            render.err.print("两次不同 / the two differ", style="yellow")
            continue
        try:
            return connection.change_password(old, new)
        except Refused as refused:
            if not sys.stdin.isatty() or refused.problem.get("field") != "new":
                raise
            render.err.print(str(refused), style="yellow", soft_wrap=True, markup=False)


def _keep(url: str, connection: Desk) -> None:
    if connection.login is not None:
        try:
            logins.keep(url, connection.login)
        except logins.BadFile as error:
            raise Usage(str(error)) from None


def _tell(session: dict[str, Any], machine: bool) -> None:
    who = session["who"]
    told = {name: who[name] for name in ("id", "role", "unit")} | {
        name: session[name] for name in ("expires_at", "idle_minutes")
    }
    place = f" · {who['unit']}" if who["unit"] else ""
    until = f"至 until {render.when(session['expires_at'], '%Y-%m-%d %H:%M')} ({render.zone().key})"
    idle = f"闲置 unused {session['idle_minutes']} min"
    _said(told, f"已登录 logged in: {who['id']} ({who['role']}){place} · {until} · {idle}", machine)


def _said(told: dict[str, Any], line: str, machine: bool) -> None:
    if machine:
        render.as_json(told)
        return
    render.out.print(line, soft_wrap=True, markup=False)
