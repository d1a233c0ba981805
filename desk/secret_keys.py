"""`whistle keys`: which secret keys there are, a new one while everything runs, and an old one's end."""

from __future__ import annotations

import time
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import quote

import typer

from desk import render
from desk.client import Desk
from desk.listing import Listing
from desk.options import Api, As, Machine, Zone, desk
from desk.rebuild import ADMINISTRATOR

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="密钥 / the secret keys, by id and age.")

ROUND = 500
"""Customers that the API is asked to seal anew at once."""
PASSES = 5
"""Times that all customers are gone through: for a second after a change some process may seal with the old key."""
PASS_SECONDS = 1.5

_KINDS = {"personal": "个人信息 personal", "engine": "引擎 engine"}


class Kind(StrEnum):
    """What a key is for."""

    PERSONAL = "personal"
    ENGINE = "engine"


KindArgument = Annotated[
    Kind, typer.Argument(help="personal: 客户资料 / customers' data; engine: Temporal 的数据 / what Temporal keeps.")
]


@app.callback()
def keys() -> None:
    """密钥 / the secret keys, by id and age."""


@app.command("list")
def list_keys(
    api: Api = "", person: As = ADMINISTRATOR, zone: Zone = render.DEFAULT_ZONE, machine: Machine = False
) -> None:
    """密钥清单 / which keys there are, and how many customers are sealed with each; never the keys themselves."""
    with desk(api, person) as connection:
        found = connection.get("/keys")["items"]
    _show(found, machine)


@app.command("rotate")
def rotate(
    kind: KindArgument,
    api: Api = "",
    person: As = ADMINISTRATOR,
    zone: Zone = render.DEFAULT_ZONE,
    machine: Machine = False,
) -> None:
    """更换密钥 / make a new key while everything runs; customers' keys are then sealed with it."""
    with desk(api, person) as connection:
        connection.post("/keys/rotate", {"kind": kind.value})
        left = _seal_anew(connection, machine) if kind is Kind.PERSONAL else 0
        found = connection.get("/keys")["items"]
    _show(found, machine)
    _end(left)


@app.command("rewrap")
def rewrap(
    api: Api = "", person: As = ADMINISTRATOR, zone: Zone = render.DEFAULT_ZONE, machine: Machine = False
) -> None:
    """继续重新封装 / seal customers' keys with the current key: what an interrupted `rotate personal` has left."""
    with desk(api, person) as connection:
        left = _seal_anew(connection, machine)
        found = connection.get("/keys")["items"]
    _show(found, machine)
    _end(left)


@app.command("drop")
def drop(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="旧密钥的编号 / the old key's id.")],
    api: Api = "",
    person: As = ADMINISTRATOR,
    zone: Zone = render.DEFAULT_ZONE,
    machine: Machine = False,
) -> None:
    """删除旧密钥 / take an old key away for good; refused while anything is sealed with it."""
    with desk(api, person) as connection:
        found = connection.delete(f"/keys/{quote(key_id, safe='')}")["items"]
    _show(found, machine)


def _seal_anew(connection: Desk, machine: bool) -> int:
    """Go through all customers until none is left; how many are nevertheless."""
    left, seen = 0, 0
    for turn in range(PASSES):
        if turn:
            time.sleep(PASS_SECONDS)
        after = ""
        while True:
            page = connection.post("/keys/rewrap", {"after": after, "limit": ROUND})
            after, left = page["next"], page["left"]
            if not after:
                break
            seen += 1
            if not machine:
                render.err.print(f"第 {seen} 批 / round {seen} · 尚余 / still left: {left}", markup=False)
        if not left:
            break
    return left


def _show(found: list[dict[str, Any]], machine: bool) -> None:
    if machine:
        render.as_json(found)
        return
    rows = [
        (
            one["id"],
            _KINDS[one["kind"]],
            "现用 current" if one["current"] else "旧 old",
            render.when(one["made_at"]),
            "" if one["customers"] is None else str(one["customers"]),
        )
        for one in found
    ]
    render.out.print(render.times())
    render.out.print(
        Listing(("编号 id", "用于 for", "状态 state", "生成 made", "客户 customers"), rows, whole=(0, 3, 4), right=(4,))
    )


def _end(left: int) -> None:
    if left:
        render.err.print(
            f"尚有 {left} 位客户使用旧密钥 / {left} customers are sealed with old keys still · → whistle keys rewrap",
            style="yellow",
            markup=False,
        )
        raise typer.Exit(1)
