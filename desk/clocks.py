"""`whistle clocks report`: how punctual the clocks are, by the record that every fired mark leaves."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from desk import render
from desk.listing import Listing
from desk.options import Api, As, Machine, Zone, desk
from desk.rebuild import ADMINISTRATOR
from domain.notice_texts import LABELS

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


def _kinds(kinds: list[dict[str, Any]], tolerance: float) -> Listing:
    figures = ("次 fired", "p50", "p90", "p99", "最大 max", "提前 early", f"迟于 over {tolerance:.0f} s")
    rows = [
        (
            _kind(one["kind"]),
            str(one["count"]),
            *(f"{one[name]:.2f}" for name in ("p50", "p90", "p99", "max")),
            str(one["early"]),
            str(one["over"]),
        )
        for one in kinds
    ]
    right = tuple(range(1, len(figures) + 1))
    return Listing(("时限 clock", *figures), rows, whole=right, words=(0,), right=right)


def _kind(kind: str) -> str:
    """A kind of clock with its Chinese name."""
    return f"{LABELS['clock'].get(kind, ('', ''))[0]} {kind}".strip() if kind else "全部 all"


def _late(late: list[dict[str, Any]]) -> Listing:
    rows = [
        (
            one["order_id"],
            one["key"],
            f"{_CHANGES.get(one['change'], '')} {one['change']}".strip(),
            f"{one['late_seconds']:.1f} s",
            render.when(one["due_at"]),
        )
        for one in late
    ]
    return Listing(("工单 order", "时限 clock", "事 mark", "迟 late", "应于 due"), rows, whole=(0, 1, 3), words=(2,))


_CHANGES = {"warned": "预警", "breached": "超期", "climbed": "升级", "dead_end": "告警", "expired": "到期处理"}


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
