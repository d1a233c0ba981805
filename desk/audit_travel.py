"""`whistle audit at`: board, inbox or order as it stood, what changed until another instant, who knew what."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from desk import render, verbs
from desk.client import Desk, Usage
from desk.listing import Listing
from desk.options import AUDITOR, Api, As, Machine, Zone, desk
from desk.orders import checked

BY = ("happened", "known")
SHOWN = 30


def at(
    instant: Annotated[str, typer.Argument(help="时刻 / the instant, such as 2026-03-02T09:30; or `latest`.")],
    place: Annotated[str, typer.Option(help="看板 / the board of this place. Default: HQ.")] = "",
    unit: Annotated[str, typer.Option(help="收件箱 / this unit's inbox; with --order what it knew.")] = "",
    order: Annotated[str, typer.Option(help="工单 / this order: who knew what of it.")] = "",
    who: Annotated[str, typer.Option("--person", help="人员 / with --order: what this person knew.")] = "",
    to: Annotated[str, typer.Option(help="至 / what changed from the first instant to this one.")] = "",
    by: Annotated[str, typer.Option(help="按 / by what had `happened`, or by what was `known`.")] = "happened",
    limit: Annotated[int, typer.Option(help="至多 / at most so many lines.")] = SHOWN,
    zone: Zone = render.DEFAULT_ZONE,
    api: Api = "",
    person: As = AUDITOR,
    machine: Machine = False,
) -> None:
    """回看 / the board, an inbox or an order as it stood, what changed since, and who knew what."""
    if by not in BY:
        raise Usage(f"by={by!r} · → 可用 one of: {', '.join(BY)}")
    if place and (unit or order):
        raise Usage("--place 不能与 --unit 或 --order 同用 / the board has neither a unit nor an order · → 去掉其一")
    first = "" if instant == "latest" else verbs.instant("at", instant)
    last = verbs.instant("to", to) if to else ""
    with desk(api, person) as connection:
        if order:
            found, shown = _order(connection, checked(order), first, last, who, unit)
        elif unit:
            found, shown = _inbox(connection, unit, first, last, by)
        else:
            found, shown = _board(connection, place, first, last, by)
    if machine:
        render.as_json(found)
        return
    if "known_up_to" in found:
        render.out.print(f"已整理至 known up to {render.when(found['known_up_to'])}", markup=False)
    for listing in shown:
        more = len(listing.rows) - limit
        cut = Listing(listing.headings, listing.rows[:limit], listing.whole, title=listing.title, right=listing.right)
        render.out.print(cut)
        if more > 0:
            render.out.print(f"… 还有 and {more} more; --limit", markup=False)


def _board(connection: Desk, place: str, first: str, last: str, by: str) -> tuple[dict[str, Any], tuple[Listing, ...]]:
    if last:
        found = connection.get("/audit/board/difference", place=place, **{"from": first, "to": last}, by=by)
        difference = found["difference"]
        counts = Listing(
            ("如何 how", "项 orders"), [(name, str(n)) for name, n in difference["counts"].items()], right=(1,)
        )
        figures = _figures({"前 before": difference["before"], "后 after": difference["after"]})
        lines = Listing(
            ("工单 order", "如何 how", "主办 lead", "级别 level", "变化 changes"),
            [(one["order_id"], one["how"], one["lead_unit"], str(one["level"]), _changes(one["changes"]))
             for one in difference["lines"]],
            title=f"{found['place']} {render.when(found['from'])} → {render.when(found['to'])}",
        )  # fmt: skip
        return found, (figures, counts, lines)
    found = connection.get("/audit/board", place=place, at=first, by=by)
    wall = found["wall"]
    figures = _figures({f"{one['id']} {one['zh']}": one["figures"] for one in wall["places"]})
    worst = Listing(
        ("工单 order", "省 province", "欠办 owes", "级别 level", "颜色 colour", "时限 due"),
        [(one["order_id"], one["province"], one["unit"], str(one["level"]), one["colour"], render.when(one["due_at"]))
         for one in wall["worst"]],
        title=f"最差 worst · {render.when(found['at'])} · {render.times()}",
    )  # fmt: skip
    return found, (figures, worst)


_FIGURES = {
    "open": "在办 open",
    "overdue": "超时 overdue",
    "unreported": "未到 unreported",
    "unsigned": "未签 unsigned",
    "breaches": "当日超限 breached",
    "registered": "当日受理 registered",
    "closed": "当日办结 closed",
}


def _figures(places: dict[str, dict[str, Any]]) -> Listing:
    rows = [(name, *(str(figures[key]) for key in _FIGURES)) for name, figures in places.items()]
    return Listing(("地点 place", *_FIGURES.values()), rows, right=tuple(range(1, len(_FIGURES) + 1)))


def _inbox(connection: Desk, unit: str, first: str, last: str, by: str) -> tuple[dict[str, Any], tuple[Listing, ...]]:
    if last:
        found = connection.get(f"/audit/inbox/{unit}/difference", **{"from": first, "to": last}, by=by)
        rows = [(one["order_id"], one["subject"], one["how"], _changes(one["changes"])) for one in found["items"]]
        return found, (Listing(("工单 order", "事项 subject", "如何 how", "变化 changes"), rows),)
    found = connection.get(f"/audit/inbox/{unit}", at=first, by=by, limit=200)
    listing = Listing(
        ("工单 order", "角色 role", "状态 status", "级别 level", "时限 due", "欠办 owed"),
        [(one["order_id"], one["role"], one["status"], str(one["level"]), render.when(one["due_at"]),
          ", ".join(debt["kind"] for debt in one["owed"])) for one in found["items"]],
        title=f"{unit} · {render.when(found['at'])} · 共 {found['total']} in all · {render.times()}",
    )  # fmt: skip
    return found, (listing,)


def _order(
    connection: Desk, order: str, first: str, last: str, who: str, unit: str
) -> tuple[dict[str, Any], tuple[Listing, ...]]:
    if last:
        found = connection.get(f"/orders/{order}/difference", **{"from": first, "to": last})
        rows = [(one["path"], _said(one["before"]), _said(one["after"])) for one in found["changes"]]
        title = f"{order}: 事件 events {found['first']} → {found['last']}"
        return found, (Listing(("字段 field", "前 before", "后 after"), rows, title=title),)
    found = connection.get(f"/orders/{order}/known", at=first, person=who, unit=unit)
    title = (
        f"{order} {render.when(found['at'])}: 已记录 recorded {found['recorded']}, 已发生 happened {found['happened']}"
        f", {found['state']}, {render.times()}"
    )
    people = Listing(
        ("人员 person", "角色 role", "单位 unit", "知至 up to", "看过 looks", "最后 last", "办过 deeds", "通知 told",
         "已读 read"),
        [(one["person"], one["role"], one["unit"], str(one["seq"]), str(one["looks"]), render.when(one["last_look"]),
          str(one["deeds"]), str(one["told"]), str(one["read"])) for one in found["people"]],
        title=title, right=(3, 4, 6, 7, 8),
    )  # fmt: skip
    told = Listing(
        ("通知 notice", "给 to", "何时 at", "发出 sent", "已读 read"),
        [(one["template"], one["audience"], render.when(one["at"]), render.when(one["sent_at"]),
          render.when(one["read_at"])) for one in found["told"]],
    )  # fmt: skip
    places = Listing(
        ("可见处 seen from", "经由 through", "自事件 since event", "自 since"),
        [(one["place"], one["of"], str(one["seq"]), render.when(one["since"])) for one in found["places"]],
    )
    return found, (people, told, places)


def _changes(changes: list[dict[str, Any]]) -> str:
    return ", ".join(f"{one['path']}: {_said(one['before'])} → {_said(one['after'])}" for one in changes)


def _said(value: Any) -> str:
    return "–" if value is None or value == "" else str(value)
