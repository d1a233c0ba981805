"""`whistle clocks report`: how punctual the clocks are, by the record that every fired mark leaves."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from desk import render
from desk.options import Api, As, Machine, Zone, desk
from desk.rebuild import ADMINISTRATOR

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="时限 / the clocks of all orders.")

_OUTCOMES = {
    "woken": "已唤醒",
    "restarted": "已重启",
    "running": "他人已重启",
    "over": "已结束",
    "unknown": "无此工单",
    "": "尚无结果",
}


@app.callback()
def clocks() -> None:
    """时限 / the clocks of all orders."""


@app.command("report")
def report(
    hours: Annotated[float, typer.Option(help="最近若干小时 / the last so many hours.")] = 24.0,
    kind: Annotated[str, typer.Option(help="只看一种时限 / one kind of clock alone, such as sign.")] = "",
    api: Api = "",
    person: As = ADMINISTRATOR,
    zone: Zone = render.DEFAULT_ZONE,
    machine: Machine = False,
) -> None:
    """准点情况 / how late the marks of the clocks fired, by kind, and what the sweeper had to wake."""
    with desk(api, person) as connection:
        found = connection.get("/operations/clocks", hours=hours, kind=kind)
    if machine:
        render.as_json(found)
        return
    render.out.print(f"自 / since {render.when(found['since'])} · {render.times()} · 单位 / unit: s")
    if not found["kinds"]:
        render.out.print("此间没有触发任何时限 / no mark fired in that time")
    else:
        render.out.print(_kinds(found["kinds"], found["tolerance"]))
    if found["late"]:
        render.out.print(_late(found["late"]))
    render.out.print(_swept(found["swept"]))


def _kinds(kinds: list[dict[str, Any]], tolerance: float) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("时限 clock", no_wrap=True)
    for heading in ("次 fired", "p50", "p90", "p99", "最大 max", "提前 early", f"迟于 over {tolerance:.0f} s"):
        table.add_column(heading, justify="right")
    for one in kinds:
        figures = [f"{one[name]:.2f}" for name in ("p50", "p90", "p99", "max")]
        table.add_row(one["kind"] or "全部 all", str(one["count"]), *figures, str(one["early"]), str(one["over"]))
    return table


def _late(late: list[dict[str, Any]]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("工单 order", "时限 clock", "事 mark", "应于 due", "迟 late"):
        table.add_column(heading, no_wrap=heading.startswith("工单"), overflow="fold")
    for one in late:
        table.add_row(
            one["order_id"], one["key"], one["change"], render.when(one["due_at"]), f"{one['late_seconds']:.1f}"
        )
    return table


def _swept(swept: dict[str, Any]) -> str:
    if not swept["outcomes"]:
        return "巡查未发现漏触发 / the sweeper found no missed mark"
    told = ", ".join(
        f"{number} {_OUTCOMES.get(outcome, '')} {outcome or 'pending'}".replace("  ", " ")
        for outcome, number in swept["outcomes"].items()
    )
    return (
        f"巡查发现的漏触发 / missed marks that the sweeper found: {told}; "
        f"最迟 / the latest {swept['latest']:.1f} s, 尝试 / tries {swept['tries']}"
    )
