"""`whistle accounts`: what administrators do with the accounts of others."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from desk import render
from desk.options import Api, As, Machine, Zone, desk

ADMINISTRATOR = "hq-admin"
"""The demo log-in that may do all this."""

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="账号 / accounts: give a password for one log-in, unlock, log out. For administrators.",
)

Somebody = Annotated[str, typer.Argument(metavar="PERSON", help="人员 / whose account, such as gd-net-1.")]


@app.command("reset")
def reset(
    who: Somebody,
    zone: Zone = render.DEFAULT_ZONE,
    api: Api = "",
    person: As = ADMINISTRATOR,
    machine: Machine = False,
) -> None:
    """重置密码 / give somebody a password for one log-in within 24 hours, shown this once; all his sessions end."""
    with desk(api, person) as connection:
        given = connection.post(_path(who, "reset"), {})
    if machine:
        render.as_json(given)
        return
    render.out.print(f"一次性密码 password for one log-in: {given['password']}", soft_wrap=True, markup=False)
    until = f"{render.when(given['good_until'])} · {render.times()}"
    render.out.print(f"{who} 须在此前登录并改密 / must log in and choose his own before {until}", markup=False)


@app.command("unlock")
def unlock(who: Somebody, api: Api = "", person: As = ADMINISTRATOR, machine: Machine = False) -> None:
    """解锁 / forget the wrong passwords that were counted against somebody."""
    with desk(api, person) as connection:
        done = connection.post(_path(who, "unlock"), {})
    _told(done, machine, "已解锁 unlocked" if done["unlocked"] else "未有错误密码 no wrong passwords were counted")


@app.command("logout")
def log_out(who: Somebody, api: Api = "", person: As = ADMINISTRATOR, machine: Machine = False) -> None:
    """强制退出 / end all of somebody's sessions."""
    with desk(api, person) as connection:
        done = connection.post(_path(who, "logout"), {})
    _told(done, machine, f"已结束会话 sessions ended: {done['ended']}")


def _path(who: str, what: str) -> str:
    return f"/accounts/{quote(who, safe='')}/{what}"


def _told(done: dict[str, Any], machine: bool, said: str) -> None:
    if machine:
        render.as_json(done)
        return
    render.out.print(f"{done['person']}: {said}", markup=False)
