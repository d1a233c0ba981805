"""`whistle rebuild`: every open order is started again from the ledger, after the engine's data is gone."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from desk import render
from desk.options import Api, As, Machine, desk

ADMINISTRATOR = "hq-admin"
"""The demo log-in that may do this."""
PAGE = 100
"""Orders that the API is asked to start at once."""


def rebuild(
    api: Api = "",
    person: As = ADMINISTRATOR,
    after: Annotated[
        str, typer.Option(help="从此工单号之后开始 / begin after this order, to go on where one was interrupted.")
    ] = "",
    machine: Machine = False,
) -> None:
    """引擎数据丢失后重建 / start every open order again from the ledger; what runs is left alone."""
    totals = {"started": 0, "running": 0, "over": 0}
    failed: list[dict[str, Any]] = []
    with desk(api, person) as connection:
        while True:
            page = connection.rebuild(after, PAGE)
            for name in totals:
                totals[name] += page[name]
            failed += page["failed"]
            after = page["next"]
            if not after:
                break
            if not machine:
                seen = sum(totals.values()) + len(failed)
                render.err.print(f"已处理 / seen so far: {seen} · 至 / up to {after}", markup=False)
    if machine:
        render.as_json({**totals, "failed": failed})
    else:
        _tell(totals, failed)
    if failed:
        raise typer.Exit(1)


def _tell(totals: dict[str, int], failed: list[dict[str, Any]]) -> None:
    render.out.print(
        f"重新启动 / started again: {totals['started']} · 本在运行 / ran already: {totals['running']} · "
        f"已结束 / ended meanwhile: {totals['over']} · 失败 / failed: {len(failed)}"
    )
    for one in failed:
        render.err.print(f"{one['order_id']}: {one['why']}", style="red", soft_wrap=True, markup=False)
    if failed:
        render.err.print("→ 再运行一次, 只会处理未成功的 / run it again: only what has failed is left", style="yellow")
