"""How the lab's reports look on a terminal, and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.text import Text

from desk import policy_shown, render
from desk.client import Usage
from desk.listing import Listing
from domain.notice_texts import LABELS
from rulebook import Fault
from runtime.cells import safe_row

STATES = {"waiting": "排队", "running": "推演中", "done": "完成", "failed": "失败", "cancelled": "已取消"}
TOTALS = (
    ("breached_orders", "有超期的工单", "orders with a breach"),
    ("breaches", "超期", "breaches"),
    ("raised_orders", "升级的工单", "orders raised"),
    ("escalations", "升级次数", "escalations"),
    ("warnings", "预警", "warnings"),
    ("dead_ends", "断头告警", "dead-end alarms"),
    ("criticised", "通报批评", "public criticism"),
    ("notices", "通知", "notices"),
    ("closed", "办结", "closed"),
    ("hours_to_close", "平均办结小时", "hours to close, mean"),
)
RATES = (
    ("kept", "按时率", "limits kept"),
    ("coverage", "回访覆盖率", "call-back coverage"),
    ("contacted", "响应率", "response rate"),
    ("solved", "解决率", "resolution rate"),
    ("satisfied", "满意率", "satisfaction rate"),
)
HOWS = {
    "same": ("照旧", "the same"),
    "retimed": ("时限有变", "limits moved"),
    "different": ("结果不同", "other events"),
    "refused": ("不再允许", "refused now"),
    "implied": ("代为签收", "stands for a signature"),
    "overtaken": ("系统已先签收", "the system had signed"),
    "set_aside": ("不适用", "set aside"),
    "stood_in": ("由他单位办理", "by another unit"),
}
SHOWN = 15


def runs(found: Sequence[dict[str, Any]]) -> Listing:
    """The runs, a line each."""
    rows = [
        (
            one["id"],
            render.when(one["asked_at"]),
            one["asked_by"],
            one["policy"] or "原条款 as recorded",
            f"{STATES[one['state']]} {one['state']}",
            f"{one['done']}/{one['total']}",
        )
        for one in found
    ]
    heads = ("编号 run", "提出 asked", "提出人 by", "政策 policy", "状态 state", "工单 orders")
    return Listing(heads, rows, whole=(0, 1), words=(2, 3), right=(5,))


def report(found: dict[str, Any]) -> None:
    """A run, its report side by side."""
    run, told = found["run"], found["report"]
    policy = run["policy"] or "原条款 as recorded"
    render.out.print(f"{run['id']} · {policy} · {STATES[run['state']]} {run['state']} · {run['digest'][:12]}")
    if told is None:
        if run["error"]:
            render.out.print(f"原因 why: {run['error']}", style="red", soft_wrap=True, markup=False)
        return
    orders = told["orders"]
    render.out.print(
        f"工单 orders {orders['orders']} · 事件全同 same events {orders['same']} · 有差异 differ {orders['differ']} · "
        f"指令全部适用 every command fits {orders['whole']}",
        soft_wrap=True,
    )
    render.out.print(
        f"新增超期 newly breached {orders['newly_breached']} · 不再超期 no longer {orders['no_longer_breached']} · "
        f"升得更高 raised higher {orders['raised_higher']} · 较低 less {orders['raised_less']} · "
        f"时限提前 due earlier {orders['due_earlier']} · 推后 later {orders['due_later']} "
        f"({told['due_moved_hours']:+.1f} h)",
        soft_wrap=True,
    )
    if told["unplayable"]:
        said = ", ".join(f"{why} {many}" for why, many in told["unplayable"].items())
        render.out.print(f"无法推演 cannot be played: {said}", style="yellow")
    was, would = told["was"], told["would"]
    rows = [(f"{zh} {en}", was["totals"].get(name), would["totals"].get(name)) for name, zh, en in TOTALS]
    render.out.print(_sides("合计 totals", [(name, _number(one), _number(two)) for name, one, two in rows]))
    rates = [(f"{zh} {en}", _share(was["rates"][name]), _share(would["rates"][name])) for name, zh, en in RATES]
    render.out.print(_sides("比率 rates", rates))
    for title, group, label in (
        ("超期时限 breaches by limit", "breaches_by_kind", _kind),
        ("最高级别 highest level", "level", lambda name: render.LEVELS[int(name)]),
    ):
        render.out.print(_sides(title, _group(was, would, group, label)))
    units = {one["unit"]: one for one in was["units"]}, {one["unit"]: one for one in would["units"]}
    render.out.print(_units(*units))
    fates = [(f"{HOWS[name][0]} {HOWS[name][1]}", str(many)) for name, many in told["commands"].items() if many]
    render.out.print(Listing(("指令 recorded commands", "件 many"), fates, whole=(1,), words=(0,), right=(1,)))
    for what, many in list(told["refusals"].items())[:SHOWN]:
        render.out.print(f"  ✗ {what} × {many}", style="dim", markup=False)


def shadow(found: dict[str, Any]) -> None:
    """A shadow and its sums side by side."""
    one, sums = found["shadow"], found["sums"]
    ended = f" · 止 until {render.when(one['stopped_at'])}" if one["stopped_at"] else ""
    render.out.print(f"{one['id']} · {one['policy']} · 自 since {render.when(one['started_at'])}{ended}")
    if one["behind"]:
        render.out.print("尚在纳入在办工单 / open orders are still being taken in", style="yellow")
    if one["error"]:
        render.out.print(one["error"], style="red", markup=False)
    render.out.print(
        f"工单 orders {sums['orders']} · 有差异 differ {sums['differ']} · 新增超期 newly breached "
        f"{sums['newly_breached']} · 无法推演 cannot be played {sums['unplayable']}",
        soft_wrap=True,
    )
    names = ("breached_orders", "breaches", "raised_orders", "escalations", "notices")
    labels = {name: f"{zh} {en}" for name, zh, en in TOTALS}
    rows = [(labels[name], str(sums[f"{name}_was"]), str(sums[f"{name}_would"])) for name in names]
    render.out.print(_sides("合计 totals", rows))


def orders(differ: Sequence[dict[str, Any]]) -> None:
    """The first orders that differ, and in what."""
    rows = [(one["order_id"], one["province"], _difference(one)) for one in differ[:SHOWN]]
    if rows:
        render.out.print(Listing(("工单 order", "省 prov.", "差异 what"), rows, whole=(0, 1), words=(2,)))
    if len(differ) > SHOWN:
        render.out.print(f"… {len(differ)} · --json", style="dim")


def as_csv(path: Path, differ: Iterable[dict[str, Any]]) -> None:
    """Each order's differences, a line a field; raises Usage when the file cannot be written."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("order_id", "province", "order_class", "registered_at", "whole", "field", "was", "would"))
    for one in differ:
        head = (one["order_id"], one["province"], one["order_class"], one["registered_at"], one["whole"])
        for name in one["was"]:
            writer.writerow(safe_row((*head, name, one["was"][name], one["would"][name])))
        for fate in one["commands"]:
            said = f"{fate['how']} {fate['code']}".strip()
            what = f"command {fate['verb']} {fate['at']}"
            writer.writerow(safe_row((*head, what, ", ".join(fate["recorded"]), said)))
    try:
        path.write_text("\ufeff" + text.getvalue(), encoding="utf-8")
    except OSError as error:
        raise Usage(f"{path}: 无法写入 / cannot be written: {error.strerror}") from None


def faults(name: str, found: Sequence[Fault]) -> None:
    """What is wrong with a policy's file."""
    policy_shown.faults(name, list(found), to=render.err)


def _difference(one: dict[str, Any]) -> str:
    return " · ".join(f"{name}: {one['was'][name]} → {one['would'][name]}" for name in one["was"])


def _sides(title: str, rows: Sequence[tuple[str, str, str]]) -> Listing:
    heads = (title, "实际 was", "推演 would")
    cells = [(name, one, Text(two, style="" if one == two else "bold")) for name, one, two in rows]
    return Listing(heads, cells, whole=(1, 2), words=(0,), right=(1, 2))


def _group(was: dict[str, Any], would: dict[str, Any], group: str, label: Any) -> list[tuple[str, str, str]]:
    one, two = was["groups"].get(group, {}), would["groups"].get(group, {})
    names = sorted(one.keys() | two.keys(), key=lambda name: (-max(one.get(name, 0), two.get(name, 0)), name))
    return [(label(name), str(one.get(name, 0)), str(two.get(name, 0))) for name in names[:SHOWN]]


def _units(was: dict[str, Any], would: dict[str, Any]) -> Listing:
    """The units whose load changes most."""
    nothing = {"peak": 0, "opened": 0, "summons": 0, "escalations": 0, "breaches": 0}
    pairs = [(unit, was.get(unit, nothing), would.get(unit, nothing)) for unit in was.keys() | would.keys()]
    names = ("peak", "escalations", "breaches")
    pairs.sort(key=lambda one: (-sum(abs(one[2][name] - one[1][name]) for name in names), one[0]))
    rows = [(unit or "–", *(f"{one[name]} → {two[name]}" for name in names)) for unit, one, two in pairs[:SHOWN]]
    heads = ("单位 unit", "在办峰值 peak open", "升级 escalations", "超期 breaches")
    return Listing(heads, rows, whole=(0, 1, 2, 3), right=(1, 2, 3))


def _kind(kind: str) -> str:
    return f"{LABELS['clock'].get(kind, ('', ''))[0]} {kind}".strip()


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"
