"""`whistle orders clocks`: an order's limits, and why one of them ended as it did."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from desk import render
from desk.listing import Listing
from desk.options import DEFAULT_PERSON, Api, As, Machine, Zone, desk
from desk.orders import OrderId, checked

COLUMNS = (
    "时限 limit",
    "状态 status",
    "到期 due",
    "单位 unit",
    "用时 used",
    "暂停 paused",
    "原到期 first due",
    "依据 rule",
)
FORM = "%Y-%m-%d %H:%M"


def clocks(
    order: OrderId,
    key: Annotated[str, typer.Argument(metavar="KEY", help="时限 / one of them, such as due/a1: its account.")] = "",
    zone: Zone = render.DEFAULT_ZONE,
    api: Api = "",
    person: As = DEFAULT_PERSON,
    machine: Machine = False,
) -> None:
    """时限与说明 / the limits of an order; with KEY the hours that counted, the pauses, and who held it."""
    order = checked(order)
    with desk(api, person) as connection:
        if key:
            found = connection.get(f"/orders/{order}/clocks/{key}")
            if machine:
                render.as_json(found)
            else:
                for line in (*found["zh"], "", *found["en"]):
                    render.out.print(line, soft_wrap=True, markup=False, highlight=False)
            return
        rows = connection.get(f"/orders/{order}/deadlines")
    if machine:
        render.as_json(rows)
        return
    render.out.print(Listing(COLUMNS, [_cells(row) for row in rows], whole=(0, 2), words=(1,), title=render.times()))


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    status = row["how"] if row["status"] == "ended" else row["status"]
    moved = row["first_due_at"] != row["due_at"]
    late = " · 曾超期 late" if row["late"] and status != "breached" else ""
    return (
        row["key"],
        render.LIMITS.get(status, status) + late,
        render.when(row["due_at"], FORM),
        row["unit"],
        _length(row["worked_minutes"]),
        _length(row["paused_minutes"]),
        render.when(row["first_due_at"], FORM) if moved else "",
        row["rule"],
    )


def _length(minutes: float | None) -> str:
    """Hours and minutes, as the account has them; '' for none."""
    hours, rest = divmod(round(minutes or 0), 60)
    return " ".join(f"{number} {unit}" for number, unit in ((hours, "h"), (rest, "min")) if number)
