"""`whistle audit process`: how orders in fact go, and where they wait."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from desk import render, verbs
from desk.client import Usage
from desk.listing import Listing
from desk.options import AUDITOR, Api, As, Category, Class, Machine, Province, Since, Until, Zone, desk
from domain.model import OrderClass

BY = {"event": "事件 event", "unit": "主办 lead unit", "state": "状态 state"}


def process(
    by: Annotated[str, typer.Option(help=f"活动 / what counts as an activity: {', '.join(BY)}.")] = "event",
    since: Since = "",
    until: Until = "",
    province: Province = "",
    category: Category = "",
    order_class: Class = "",
    unit: Annotated[str, typer.Option(help="单位 / that this unit led at any time.")] = "",
    variants: Annotated[int, typer.Option(help="变体 / at most so many variants.")] = 10,
    limit: Annotated[int, typer.Option(help="至多 / at most so many lines a table.")] = 20,
    zone: Zone = render.DEFAULT_ZONE,
    api: Api = "",
    person: As = AUDITOR,
    machine: Machine = False,
) -> None:
    """流程 / who follows whom and after how long, variants, where orders wait, and work that is handed back."""
    if by not in BY:
        raise Usage(f"by={by!r} · → 可用 one of: {', '.join(BY)}")
    if order_class and order_class not in tuple(OrderClass):
        raise Usage(f"class={order_class!r} · → 可用 one of: {', '.join(OrderClass)}")
    times = {name: verbs.instant(name, text) for name, text in (("from", since), ("until", until)) if text}
    narrowed = {"province": province, "category": category, "class": order_class, "unit": unit}
    with desk(api, person) as connection:
        found = connection.get("/audit/process", by=by, variants=variants, **times, **narrowed)
    if machine:
        render.as_json(found)
        return
    picture = found["process"]["picture"]
    render.out.print(
        f"工单 orders {picture['cases']} · 步骤 steps {picture['steps']} · 变体 variants {picture['variants_in_all']}"
        f" · 转手 hand-overs {picture['handovers']} · {BY[by]}",
        markup=False,
    )
    for listing in (_edges(picture, limit), _nodes(picture, limit), _variants(picture), _stays(found, limit),
                    _pongs(picture, limit)):  # fmt: skip
        if listing.rows:
            render.out.print(listing)


def _edges(picture: dict[str, Any], limit: int) -> Listing:
    rows = [(one["source"], one["target"], *_timed(one["times"])) for one in picture["edges"][:limit]]
    return Listing(("自 from", "至 to", *_TIMES), rows, whole=(0, 1), title="直接相随 directly follows",
                   right=(2, 3, 4, 5, 6))  # fmt: skip


def _nodes(picture: dict[str, Any], limit: int) -> Listing:
    names = ("n", "cases", "starts", "ends", "rework_cases", "repeats")
    rows = [(one["activity"], *(str(one[name]) for name in names)) for one in picture["nodes"][:limit]]
    headings = ("活动 activity", "次 n", "工单 orders", "起 starts", "止 ends", "返工 rework", "重复 repeats")
    return Listing(headings, rows, right=(1, 2, 3, 4, 5, 6))


def _variants(picture: dict[str, Any]) -> Listing:
    rows = [(str(one["cases"]), length(one["times"]["median"]), " → ".join(one["activities"]))
            for one in picture["variants"]]  # fmt: skip
    return Listing(("工单 orders", "中位 median", "变体 variant"), rows, whole=(0, 1), right=(0, 1))


def _stays(found: dict[str, Any], limit: int) -> Listing:
    rows = [
        (one["unit"] or "–", one["state"], f"{one['share']:.0%}", str(one["orders"]), str(one["still"]),
         length(one["wall"]["median"]), length(one["wall"]["most"]), length(one["working"]["median"]))
        for one in found["process"]["bottlenecks"][:limit]
    ]  # fmt: skip
    headings = ("单位 unit", "状态 state", "占比 share", "工单 orders", "仍在 still", "中位 median", "最长 most",
                "工作时间中位 median of work")  # fmt: skip
    return Listing(headings, rows, whole=(0, 1), title="瓶颈 bottlenecks", right=(2, 3, 4, 5, 6, 7))


def _pongs(picture: dict[str, Any], limit: int) -> Listing:
    rows = [(one["place"], one["other"], str(one["n"]), str(one["cases"])) for one in picture["ping_pong"][:limit]]
    return Listing(("自 from", "往返 there and back", "次 n", "工单 orders"), rows, title="踢皮球 ping-pong",
                   right=(2, 3))  # fmt: skip


_TIMES = ("次 n", "最短 least", "中位 median", "平均 mean", "最长 most")


def _timed(times: dict[str, Any]) -> tuple[str, ...]:
    return (str(times["n"]), *(length(times[name]) for name in ("least", "median", "mean", "most")))


def length(seconds: float) -> str:
    """A span of time in its two largest units, such as `2d 3h`."""
    left, parts = round(seconds), list[str]()
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count or (unit == "s" and not parts):
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2])
