"""`whistle orders clocks`: an order's limits, and why one of them ended as it did."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from desk import render
from desk.options import DEFAULT_PERSON, Api, As, Machine, Zone, desk
from desk.orders import OrderId, checked

COLUMNS = (
    "时限 limit",
    "单位 unit",
    "状态 status",
    "到期 due",
    "原到期 first due",
    "用时 used",
    "暂停 paused",
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
    table = Table(*COLUMNS, title=render.times(), title_justify="left", box=None)
    for row in rows:
        table.add_row(*_cells(row))
    render.out.print(table)


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    status = row["how"] if row["status"] == "ended" else row["status"]
    moved = row["first_due_at"] != row["due_at"]
    return (
        row["key"],
        row["unit"],
        f"{status} 超期" if row["late"] else status,
        render.when(row["due_at"], FORM),
        render.when(row["first_due_at"], FORM) if moved else "",
        _minutes(row["worked_minutes"]),
        _minutes(row["paused_minutes"]),
        row["rule"],
    )


def _minutes(value: float | None) -> str:
    return "" if not value else f"{value:.0f} min"
