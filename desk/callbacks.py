"""`whistle orders callbacks` and `sample`: whom to call back and when, and whose call-back the sample draws."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from desk import render
from desk.client import PAGE
from desk.listing import Listing
from desk.options import DEFAULT_PERSON, Api, As, Machine, Zone, desk
from desk.orders import OrderId, checked
from domain.calling import draw

COLUMNS = (
    "可致电 from",
    "工单 order",
    "电话 phone",
    "客户 customer",
    "状态 status",
    "未接 missed",
    "24h",
    "时限 limit",
)
FORM = "%m-%d %H:%M"
_STATUS = {"planned": "待呼 planned", "deferred": "顺延 deferred", "attempting": "续呼 attempting"}


def callbacks(
    province: Annotated[str, typer.Option(help="省分 / of this province only.")] = "",
    ready: Annotated[bool, typer.Option("--ready", help="已到时 / only those whose not_before has come.")] = False,
    rehearsal: Annotated[bool, typer.Option(help="演练 / rehearsals instead of real orders.")] = False,
    limit: Annotated[int, typer.Option(help="至多 / at most so many.", min=1, max=PAGE)] = 50,
    zone: Zone = render.DEFAULT_ZONE,
    api: Api = "",
    person: As = DEFAULT_PERSON,
    machine: Machine = False,
) -> None:
    """回访清单 / whom to call back, the earliest first, and when he may be called."""
    with desk(api, person) as connection:
        page = connection.get("/callbacks", province=province, ready=ready, rehearsal=rehearsal, limit=limit)
    if machine:
        render.as_json(page["items"])
        return
    rows = [_cells(line) for line in page["items"]]
    render.out.print(Listing(COLUMNS, rows, whole=(0, 1, 2), words=(4,), title=render.times()))
    if page["next"]:
        render.out.print(f"… 还有更多, 用 --limit / there are more; see --limit (now {limit})")


def _cells(line: dict[str, Any]) -> tuple[str, ...]:
    status = _STATUS.get(line["status"], line["status"])
    return (
        render.when(line["may_call_at"], FORM),
        line["order_id"],
        line["customer_phone"],
        line["customer_name"],
        f"{status} · 超时 expiry" if line["expiry"] else status,
        str(line["attempts"]),
        str(line["calls_today"]),
        render.when(line["due_at"], FORM),
    )


def sample(
    order: OrderId,
    seed: Annotated[str | None, typer.Option(help="种子 / the policy's seed; default: that in force.")] = None,
    percent: Annotated[int | None, typer.Option(help="比例 / sample_percent; default: that in force.")] = None,
    api: Api = "",
    person: As = DEFAULT_PERSON,
    machine: Machine = False,
) -> None:
    """抽样复算 / draw an order's lot for the call-back again; escalated and such orders are called whatever it is."""
    order = checked(order)
    if seed is None or percent is None:
        with desk(api, person) as connection:
            rules = connection.get("/policies/current")["document"]["calling"]
        seed = rules["seed"] if seed is None else seed
        percent = rules["sample_percent"] if percent is None else percent
    lot = draw(seed, order)
    drawn = lot < percent
    if machine:
        render.as_json({"order_id": order, "seed": seed, "sample_percent": percent, "lot": lot, "drawn": drawn})
        return
    said = f"是 yes ({lot} < {percent})" if drawn else f"否 no ({lot} ≥ {percent})"
    render.out.print(f"{order}  {lot}  抽中 drawn: {said}", soft_wrap=True, markup=False, highlight=False)
