"""`whistle policy migrate`: open orders under another version of the policy; what moves is always listed first."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.text import Text

from desk import render
from desk.client import Desk, Refused, Usage
from desk.options import Api, As, Machine
from desk.policy_desk import policy_desk

HEADQUARTERS = "hq-supervisor-1"
"""The demo log-in of one of those who may migrate orders."""
PAGE = 100
"""Orders that are previewed and migrated at once."""

_CHANGES = {"retimed": "调整 moved", "cancelled": "取消 ends", "started": "新起 begins"}
_OUTCOMES = {
    "applied": "已迁移 applied",
    "unchanged": "已是该版本 unchanged",
    "changed": "已有变化, 请重新预览 changed since: list it again",
    "refused": "被拒 refused",
    "unknown": "结果未知, 请重复执行 unknown: apply it again",
}
_FAILED = ("changed", "refused", "unknown")


def migrate(
    version: Annotated[str, typer.Argument(help="迁移到此版本 / the version to migrate to.")],
    order: Annotated[
        list[str] | None, typer.Option(help="只此工单, 可多次 / this order alone; may be repeated.")
    ] = None,
    province: Annotated[str, typer.Option(help="省分 / of this province only.")] = "",
    order_class: Annotated[str, typer.Option("--class", help="类 / of this class only, such as fault.")] = "",
    from_version: Annotated[str, typer.Option("--from", help="现行版本 / only those that run by this version.")] = "",
    rehearsal: Annotated[bool, typer.Option(help="演练 / rehearsals instead of real orders.")] = False,
    apply: Annotated[
        bool, typer.Option("--apply/--dry-run", help="列出后执行 / apply it after the list; otherwise only the list.")
    ] = False,
    reason: Annotated[str, typer.Option(help="理由, 执行时必填 / why; needed to apply.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="不再询问 / do not ask once more.")] = False,
    api: Api = "",
    person: As = HEADQUARTERS,
    machine: Machine = False,
) -> None:
    """政策迁移 / list every deadline that moves when open orders run by another version; with --apply, do it."""
    if apply and not reason.strip():
        raise Usage("缺少理由 / no reason is given · → --reason '…'")
    if apply and machine and not yes:
        raise Usage("--json 执行时不能询问 / --json cannot ask · → --yes")
    numbers = [number.upper() for number in order or ()]
    filters = {
        "order_ids": numbers,
        "province": province,
        "order_class": order_class or None,
        "from_version": from_version,
        "rehearsal": rehearsal,
    }
    with policy_desk(api, person) as connection:
        pages = _previewed(connection, version, filters)
        if not machine:
            _show(version, pages)
            _say_left_out(numbers, pages)
        wanted = [page for page in pages if any(not one["unchanged"] for one in page["orders"])]
        if not apply or not wanted:
            if machine:
                render.as_json({"preview": pages, "orders": []})
            return
        if not yes and not typer.confirm("执行以上变更? / apply what is listed above?"):
            render.out.print("未执行 / nothing was changed")
            raise typer.Exit(1)
        done = [one for page in wanted for one in _applied(connection, version, page, reason)]
    if machine:
        render.as_json({"preview": pages, "orders": done})
    else:
        _say(done)
    if any(one["outcome"] in _FAILED for one in done):
        raise typer.Exit(1)


def _previewed(connection: Desk, version: str, filters: dict[str, Any]) -> list[dict[str, Any]]:
    """All pages of the preview."""
    pages: list[dict[str, Any]] = []
    after = ""
    while not pages or after:
        asked = {**filters, "after": after, "limit": PAGE}
        try:
            pages.append(connection.post(f"/policies/{version}/migration/preview", asked))
        except Refused as refused:
            raise _by_option(refused) from None
        after = pages[-1]["next"]
    return pages


_OPTIONS = {"order_ids": "--order", "province": "--province", "order_class": "--class", "from_version": "--from"}


def _by_option(refused: Refused) -> Refused | Usage:
    """What is wrong with the filters, by the options that set them; any other refusal as it is."""
    lines = [
        f"{_OPTIONS[one['field']]}: {one['message_zh']} / {one['message']} · → {one['remedy_zh']} / {one['remedy']}"
        for one in refused.problem.get("errors", [])
        if one.get("field") in _OPTIONS and "message_zh" in one
    ]
    return Usage("\n".join(lines)) if lines else refused


def _say_left_out(numbers: list[str], pages: list[dict[str, Any]]) -> None:
    """The orders that were named and are not listed: they ended."""
    listed = {one["order_id"] for page in pages for one in page["orders"]}
    if ended := [number for number in dict.fromkeys(numbers) if number not in listed]:
        render.out.print(f"已了结, 不在列 / no longer open, left out: {', '.join(ended)}", soft_wrap=True)


def _applied(connection: Desk, version: str, page: dict[str, Any], reason: str) -> list[dict[str, Any]]:
    """One page, applied as it was listed."""
    orders = [
        {"order_id": one["order_id"], "expected": one["digest"]} for one in page["orders"] if not one["unchanged"]
    ]
    asked = {"at": page["at"], "reason": reason, "orders": orders}
    found: list[dict[str, Any]] = connection.post(f"/policies/{version}/migration", asked)["orders"]
    return found


def _show(version: str, pages: list[dict[str, Any]]) -> None:
    orders = [one for page in pages for one in page["orders"]]
    render.out.print(
        "时限 limit · 单位 unit · 原 was → 新 now (单位时区 on the unit's clock) · 规则 rule", style="bold"
    )
    for one in orders:
        if one["moves"]:
            head = f"{one['order_id']}  {one['province']} {one['order_class']} {one['policy_version']}"
            render.out.print(head, style="cyan", soft_wrap=True)
        for move in one["moves"]:
            render.out.print(_line(move), soft_wrap=True)
    already = sum(one["unchanged"] for one in orders)
    moved, breaching = sum(page["moved"] for page in pages), sum(page["breaching"] for page in pages)
    render.out.print(
        f"政策 policy {version} · 工单 orders: {len(orders)} (已是该版本 already there: {already}) · "
        f"时限变更 limits that move: {moved} · 立即超期 missed at once: {breaching}",
        soft_wrap=True,
    )


def _line(move: dict[str, Any]) -> Text:
    """One deadline in one line."""
    was, now = _local(move["was"], move["zone"]), _local(move["due_at"], move["zone"])
    line = Text.assemble(f"  {move['kind']:<12} {move['unit'] or '–':<8} {_CHANGES[move['change']]}  {was} → ")
    line.append(now, style="bold red" if move["breaches"] else "bold")
    line.append(f"  {move['zone']}")
    if move["breaches"]:
        line.append("  立即超期 missed at once", style="bold red")
    line.append(f"  {move['rule'] or move['was_rule']}", style="dim")
    return line


def _local(at: str | None, zone: str) -> str:
    """An instant on the clock of the unit's calendar; '–' for none."""
    return "–" if not at else datetime.fromisoformat(at).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


def _say(done: list[dict[str, Any]]) -> None:
    """How often each outcome came, and why what was not applied was not."""
    for outcome, words in _OUTCOMES.items():
        count = sum(one["outcome"] == outcome for one in done)
        if count:
            render.out.print(f"{words}: {count}")
    for one in done:
        if one["outcome"] in _FAILED:
            render.err.print(f"{one['order_id']}: {one['outcome']} · {one['detail']}", style="red", markup=False)
