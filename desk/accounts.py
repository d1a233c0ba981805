"""`whistle accounts`: what administrators do with the accounts of others."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any
from urllib.parse import quote

import typer

from desk import render
from desk.client import Desk
from desk.options import Api, As, Machine, Zone, desk

ADMINISTRATOR = "hq-admin"
"""The demo log-in that may do all this."""

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="账号 / accounts: give a password for one log-in, unlock, log out. For administrators.",
)

Somebody = Annotated[str, typer.Argument(metavar="PERSON", help="人员 / whose account, such as gd-net-1.")]
ByPassword = Annotated[
    bool,
    typer.Option(
        "--log-in",
        help="以 --as 所指人员的密码登录 (询问或从标准输入读取) / log in as --as by password, asked for or read from "
        "the standard input; where there is no demo log-in.",
    ),
]


@app.command("reset")
def reset(
    who: Somebody,
    zone: Zone = render.DEFAULT_ZONE,
    api: Api = "",
    person: As = ADMINISTRATOR,
    by_password: ByPassword = False,
    machine: Machine = False,
) -> None:
    """重置密码 / give somebody a password for one log-in within 24 hours, shown this once; all his sessions end."""
    with _administrator(api, person, by_password) as connection:
        given = connection.post(_path(who, "reset"), {})
    if machine:
        render.as_json(given)
        return
    render.out.print(f"一次性密码 password for one log-in: {given['password']}", soft_wrap=True, markup=False)
    until = f"{render.when(given['good_until'])} · {render.times()}"
    render.out.print(f"{who} 须在此前登录并改密 / must log in and choose his own before {until}", markup=False)


@app.command("unlock")
def unlock(
    who: Somebody, api: Api = "", person: As = ADMINISTRATOR, by_password: ByPassword = False, machine: Machine = False
) -> None:
    """解锁 / forget the wrong passwords that were counted against somebody."""
    with _administrator(api, person, by_password) as connection:
        done = connection.post(_path(who, "unlock"), {})
    _told(done, machine, "已解锁 unlocked" if done["unlocked"] else "未有错误密码 no wrong passwords were counted")


@app.command("logout")
def log_out(
    who: Somebody, api: Api = "", person: As = ADMINISTRATOR, by_password: ByPassword = False, machine: Machine = False
) -> None:
    """强制退出 / end all of somebody's sessions."""
    with _administrator(api, person, by_password) as connection:
        done = connection.post(_path(who, "logout"), {})
    _told(done, machine, f"已结束会话 sessions ended: {done['ended']}")


@contextmanager
def _administrator(api: str, person: str, by_password: bool) -> Iterator[Desk]:
    """A connection as the administrator, logged in by his password if that is wanted."""
    with desk(api, person) as connection:
        if not by_password:
            yield connection
            return
        connection.log_in(person, _typed(person))
        try:
            yield connection
        finally:
            connection.log_out()


def _typed(person: str) -> str:
    """The password that somebody types unseen, or the first line of the standard input."""
    if sys.stdin.isatty():
        return getpass.getpass(f"密码 password ({person}): ")
    return sys.stdin.readline().rstrip("\r\n")


def _path(who: str, what: str) -> str:
    return f"/accounts/{quote(who, safe='')}/{what}"


def _told(done: dict[str, Any], machine: bool, said: str) -> None:
    if machine:
        render.as_json(done)
        return
    render.out.print(f"{done['person']}: {said}", markup=False)
