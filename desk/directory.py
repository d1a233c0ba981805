"""`whistle directory`: the categories, units and people that the other commands name."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from desk import render
from desk.options import DEFAULT_PERSON, Api, As, Machine, desk

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="目录 / the categories, units and people there are."
)

Province = Annotated[str, typer.Option("--province", help="省分 / the province's unit id, such as GD.")]


@app.command("categories")
def categories(province: Province = "GD", api: Api = "", person: As = DEFAULT_PERSON, machine: Machine = False) -> None:
    """类别与承办 / the dispatch catalogue: each category, its class, and who leads, helps and is told in a province."""
    with desk(api, person) as connection:
        entries = connection.get("/catalogue")
    valid = [entry for entry in entries if entry["province"] in ("*", province)]
    own = {entry["category"] for entry in valid if entry["province"] == province}
    chosen = [entry for entry in valid if entry["province"] == province or entry["category"] not in own]
    if machine:
        render.as_json(chosen)
        return
    rows = [
        (entry["category"], entry["order_class"], entry["lead"], " ".join(entry["co"]), " ".join(entry["copy"]))
        for entry in chosen
    ]
    _print(("类别 category", "类 class", "主办 lead", "协办 co", "抄送 copy"), rows)


@app.command("units")
def units(
    province: Province = "",
    kind: Annotated[str, typer.Option(help="province, department, region or headquarters.")] = "",
    api: Api = "",
    person: As = DEFAULT_PERSON,
    machine: Machine = False,
) -> None:
    """单位 / units: provinces, their departments, regional centres, headquarters."""
    with desk(api, person) as connection:
        found = connection.get("/units", province=province, kind=kind)
    if machine:
        render.as_json(found)
        return
    rows = [(one["id"], one["kind"], one["parent"], f"{one['name_zh']} {one['name_en']}") for one in found]
    _print(("单位 unit", "类 kind", "上级 parent", "名称 name"), rows)


@app.command("people")
def people(
    role: Annotated[str, typer.Option(help="岗位 / the role, such as unit_member.")] = "",
    at: Annotated[str, typer.Option(help="单位或省分 / a unit, or a province with its departments; '' = all.")] = "GD",
    api: Api = "",
    person: As = DEFAULT_PERSON,
    machine: Machine = False,
) -> None:
    """人员 / people, whom `--as` can name, with role and unit; by default those of Guangdong."""
    with desk(api, person) as connection:
        found = connection.get("/people", role=role, at=at)
    if machine:
        render.as_json(found)
        return
    rows = [(one["id"], one["role"], one["unit"], f"{one['name_zh']} {one['name_en']}") for one in found]
    _print(("登录 --as", "岗位 role", "单位 unit", "姓名 name"), rows)


def _print(headings: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    """A table whose first column, which other commands take, is whole at any width."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column(headings[0], no_wrap=True, min_width=max([8, *(len(row[0]) for row in rows)]))
    for heading in headings[1:]:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*row)
    render.out.print(table)
