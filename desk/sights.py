"""`whistle orders reveal`, `follow` and `unfollow`: beyond what a place shows, each time on record."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from desk import render
from desk.client import Usage
from desk.options import DEFAULT_PERSON, Api, As, Machine, desk
from desk.orders import OrderId, checked

FIELDS = {
    "customer.name": "客户 customer",
    "customer.phone": "电话 phone",
    "customer.email": "邮箱 e-mail",
    "title": "标题 title",
    "text": "原话 text",
}
"""What `reveal` can show, and what it is called."""


def reveal(
    order: OrderId,
    reason: Annotated[str, typer.Option(help="理由, 记录在案 / why; it goes on record.")] = "",
    fields: Annotated[
        list[str] | None, typer.Option("--field", help=f"字段, 可多次 / may be repeated: {', '.join(FIELDS)}.")
    ] = None,
    seq: Annotated[int, typer.Option(help="此事件的原话 / the words of the event of that seq; 0 = none.", min=0)] = 0,
    api: Api = "",
    person: As = DEFAULT_PERSON,
    machine: Machine = False,
) -> None:
    """看全 / show what is masked, for a reason that goes on record, such as `--field customer.phone`."""
    unknown = [field for field in fields or () if field not in FIELDS]
    if unknown or not (fields or seq):
        wrong = f"没有字段 / no such field: {', '.join(unknown)}" if unknown else "未指明字段 / nothing is named"
        raise Usage(f"{wrong} · → --field {' | '.join(FIELDS)}, --seq")
    if not reason.strip():
        raise Usage("缺少理由 / no reason is given · → --reason '…'")
    asked: dict[str, Any] = {"fields": fields or [], "reason": reason}
    if seq:
        asked["seq"] = seq
    with desk(api, person) as connection:
        found = connection.post(f"/orders/{checked(order)}/reveal", asked)
    if machine:
        render.as_json(found)
        return
    for name, value in found["values"].items():
        if isinstance(value, str):
            render.out.print(f"{FIELDS[name]}: {value}", soft_wrap=True, markup=False)
        else:
            render.as_json(value)
    render.out.print("已记录在案 / this is on record", style="dim")


Colleague = Annotated[str, typer.Argument(metavar="PERSON", help="同事 / a colleague; without one oneself.")]


def follow(
    order: OrderId, who: Colleague = "", api: Api = "", person: As = DEFAULT_PERSON, machine: Machine = False
) -> None:
    """关注 / keep an order in sight wherever it goes, or have a colleague do so."""
    _followed("follow", order, who, api, person, machine)


def unfollow(
    order: OrderId, who: Colleague = "", api: Api = "", person: As = DEFAULT_PERSON, machine: Machine = False
) -> None:
    """取消关注 / let an order out of sight again; one's place sees it still."""
    _followed("unfollow", order, who, api, person, machine)


def _followed(step: str, order: str, who: str, api: str, person: str, machine: bool) -> None:
    with desk(api, person) as connection:
        found = connection.post(f"/orders/{checked(order)}/{step}", {"person": who})
    if machine:
        render.as_json(found)
        return
    stands = "" if found["changed"] else "没有变化 nothing changed · "
    people = ", ".join(found["people"]) or "无人 nobody"
    render.out.print(f"{found['order_id']}: {stands}关注人 followed by {people}", soft_wrap=True, markup=False)
