"""`whistle directory`: the categories, units and people that the other commands name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import quote

import typer

from desk import render, verbs
from desk.listing import Listing
from desk.options import DEFAULT_PERSON, Api, As, Machine, Zone, desk

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="目录 / categories, units and people; who is away; public criticism.",
)

Somebody = Annotated[str, typer.Argument(metavar="PERSON", help="人员 / whose absence, such as gd-net-head.")]

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
    at: Annotated[str, typer.Option(help="单位或省分 / a unit, or a province with its departments, such as GD.")] = "",
    zone: Zone = render.DEFAULT_ZONE,
    api: Api = "",
    person: As = DEFAULT_PERSON,
    machine: Machine = False,
) -> None:
    """人员 / people, whom `--as` and `accounts` can name, with role and unit; by default all."""
    with desk(api, person) as connection:
        found = connection.get("/people", role=role, at=at)
    if machine:
        render.as_json(found)
        return
    rows = [(one["id"], one["role"], one["unit"], f"{one['name_zh']} {one['name_en']}", _away(one)) for one in found]
    if any(row[-1] for row in rows):
        render.out.print(render.times())
    _print(("登录 --as", "岗位 role", "单位 unit", "姓名 name", "外出 away"), rows)


@app.command("away")
def away(
    who: Somebody,
    start: Annotated[str, typer.Option("--from", help="自 / from when, such as 2026-03-02T09:00.")] = "now",
    until: Annotated[str, typer.Option(help="至 / until when; without it until `back`.")] = "",
    substitute: Annotated[str, typer.Option(help="代理人 / who stands in; without one the next level up.")] = "",
    zone: Zone = render.DEFAULT_ZONE,
    api: Api = "",
    person: As = DEFAULT_PERSON,
    machine: Machine = False,
) -> None:
    """外出 / put a person down as away; what he would be told reaches his substitute, or the next level up."""
    body = {"from": verbs.instant("from", start), "substitute": substitute}
    if until:
        body["until"] = verbs.instant("until", until)
    with desk(api, person) as connection:
        _stands(connection.put(_path(who, "absence"), body), machine)


@app.command("back")
def back(
    who: Somebody,
    zone: Zone = render.DEFAULT_ZONE,
    api: Api = "",
    person: As = DEFAULT_PERSON,
    machine: Machine = False,
) -> None:
    """返岗 / put a person down as back; from now on he is told himself."""
    with desk(api, person) as connection:
        _stands(connection.delete(_path(who, "absence")), machine)


@app.command("absences")
def list_absences(
    who: Somebody,
    zone: Zone = render.DEFAULT_ZONE,
    api: Api = "",
    person: As = DEFAULT_PERSON,
    machine: Machine = False,
) -> None:
    """外出记录 / who said when that a person is away or back, the latest first."""
    with desk(api, person) as connection:
        found = connection.get(_path(who, "absences"))
    if machine:
        render.as_json(found)
        return
    render.out.print(render.times())
    rows = [(render.when(one["at"]), f"{one['actor_id']} ({one['role']})", _away(one) or "返岗 back") for one in found]
    _print(("何时 said at", "何人 by", "所记 what"), rows, (0,))


@app.command("criticisms")
def list_criticisms(
    province: Annotated[str, typer.Option(help="省分 / only this province.")] = "",
    unit: Annotated[str, typer.Option(help="单位 / only this unit.")] = "",
    start: Annotated[str, typer.Option("--from", help="自 / criticised then or later.")] = "",
    until: Annotated[str, typer.Option(help="至 / criticised before then.")] = "",
    rehearsal: Annotated[bool, typer.Option(help="演练 / rehearsals instead of real orders.")] = False,
    limit: Annotated[int, typer.Option(help="至多 / at most so many; 0 = all.")] = 20,
    zone: Zone = render.DEFAULT_ZONE,
    api: Api = "",
    person: As = DEFAULT_PERSON,
    machine: Machine = False,
) -> None:
    """通报批评 / the public-criticism list: which unit let what run far past its limit, the latest first."""
    times = {name: verbs.instant(name, text) for name, text in (("from", start), ("until", until)) if text}
    query: dict[str, Any] = {"province": province, "unit": unit, "rehearsal": rehearsal, **times}
    found: list[dict[str, Any]] = []
    more = False
    with desk(api, person) as connection:
        for one in connection.pages("/criticisms", **query):
            if limit and len(found) == limit:
                more = True
                break
            found.append(one)
    if machine:
        render.as_json(found)
        return
    rows = [
        (
            one["order_id"],
            f"{one['unit']} {one['unit_zh']} {one['unit_en']}",
            f"{one['clock_zh']} {one['clock_en']}",
            str(one["level"]),
            render.when(one["due_at"], "%m-%d %H:%M"),
            render.when(one["at"], "%m-%d %H:%M"),
        )
        for one in found
    ]
    render.out.print(render.times())
    _print(("工单 order", "单位 unit", "事项 duty", "级 level", "限时 due", "通报 criticised"), rows, (0,))
    if more:
        render.out.print(f"… 还有更多, 用 --limit / there are more; see --limit (now {limit})")


def _path(who: str, what: str) -> str:
    return f"/people/{quote(who, safe='')}/{what}"


def _away(one: dict[str, Any]) -> str:
    """From when until when, and who stands in; '' for one who is not away and will not be."""
    if not one["away_from"]:
        return ""
    until = render.when(one["away_until"], "%Y-%m-%d %H:%M") or "…"
    instead = f" → {one['substitute']}" if one["substitute"] else " → 上一级 next level up"
    return f"{render.when(one['away_from'], '%Y-%m-%d %H:%M')} – {until}{instead}"


def _stands(one: dict[str, Any], machine: bool) -> None:
    if machine:
        render.as_json(one)
        return
    name = f"{one['name_zh']} {one['name_en']} ({one['id']})"
    said = _away(one)
    stands = f"外出 away {said} · {render.times()}" if said else "在岗 present"
    render.out.print(f"{name}: {stands}", soft_wrap=True, markup=False)


def _print(headings: tuple[str, ...], rows: Sequence[Sequence[str]], whole: tuple[int, ...] = (0, 1, 2)) -> None:
    """A list whose columns `whole`, which other commands take, are never cut."""
    render.out.print(Listing(headings, rows, whole))
