"""`whistle acting`: taking it on to act for an absent colleague, and giving it up."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from desk import render
from desk.listing import Listing
from desk.options import DEFAULT_PERSON, Api, As, Machine, Zone, desk

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="代行 / act for an absent colleague: take it on, give it up; then `orders act --acting-for`.",
)

Absent = Annotated[
    str, typer.Argument(metavar="PERSON", help="外出的同事 / the absent colleague, such as gd-net-head.")
]
FORM = "%Y-%m-%d %H:%M"


@app.command("take")
def take(
    absent: Absent,
    reason: Annotated[str, typer.Option(help="理由, 记录在案 / why; it goes on record.")],
    hours: Annotated[
        float | None, typer.Option(help="小时 / for so many hours; without it as long as may be.", min=0.0)
    ] = None,
    zone: Zone = render.DEFAULT_ZONE,
    api: Api = "",
    person: As = DEFAULT_PERSON,
    machine: Machine = False,
) -> None:
    """代行 / act for an absent colleague from now on, as the substitute that the directory names."""
    asked = {"for": absent, "reason": reason} | ({} if hours is None else {"hours": hours})
    with desk(api, person) as connection:
        taken = connection.post("/acting", asked)
    if machine:
        render.as_json(taken)
        return
    until = f"至 until {render.when(taken['until'], FORM)} ({render.zone().key})"
    render.out.print(f"{_both(taken)} · {until}", soft_wrap=True, markup=False)
    render.out.print(f"→ whistle orders act ORDER VERB --acting-for {taken['absent']}", soft_wrap=True, markup=False)


@app.command("give")
def give(absent: Absent, api: Api = "", person: As = DEFAULT_PERSON, machine: Machine = False) -> None:
    """交还 / act for him no more."""
    with desk(api, person) as connection:
        ended = connection.delete(f"/acting/{quote(absent, safe='')}")
    if machine:
        render.as_json(ended)
        return
    for one in ended:
        render.out.print(f"{_both(one)}: 已交还 given up", soft_wrap=True, markup=False)
    if not ended:
        render.out.print(f"并未代行 / nobody was acted for: {absent}", soft_wrap=True, markup=False)


@app.command("list")
def list_acting(
    zone: Zone = render.DEFAULT_ZONE, api: Api = "", person: As = DEFAULT_PERSON, machine: Machine = False
) -> None:
    """代行清单 / for whom I act now, and for whom I may."""
    with desk(api, person) as connection:
        found = connection.get("/acting")
    if machine:
        render.as_json(found)
        return
    running = [
        (one["absent"], "代行中 acting", render.when(one["until"], FORM), one["reason"]) for one in found["running"]
    ]
    acted = {row[0] for row in running}
    possible = [
        (one["person"], "可代行 possible", render.when(one["until"], FORM), f"{one['name_zh']} {one['name_en']}")
        for one in found["possible"]
        if one["person"] not in acted
    ]
    rows = (*running, *possible)
    if not rows:
        render.out.print("无人可代行 / there is nobody to act for")
        return
    headings = ("同事 colleague", "代行 acting", "至 until", "理由或姓名 reason or name")
    render.out.print(Listing(headings, rows, whole=(0, 2), words=(1,), title=render.times()))


def _both(one: dict[str, Any]) -> str:
    return f"{one['person']} 代行 for {one['absent']}"
