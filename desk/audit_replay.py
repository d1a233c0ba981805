"""`whistle audit replay`: orders replayed here and now, over the database itself; or what the last nights found."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from audit.replay_finding import Finding
from audit.replaying import Checked, Replaying
from desk import render, verbs
from desk.client import Usage
from desk.options import AUDITOR, Api, As, Machine, desk
from runtime import instance, keyring, vitals
from runtime.settings import Settings, load


def replay(
    orders: Annotated[list[str] | None, typer.Argument(help="工单 / orders to replay.", metavar="[ORDER]...")] = None,
    every: Annotated[bool, typer.Option("--all", help="全部 / every order of the ledger.")] = False,
    since: Annotated[str, typer.Option(help="未结的, 及此后变动的 / those open, and those that moved since.")] = "",
    report: Annotated[bool, typer.Option("--report", help="夜间复演的报告 / what the nightly replays found.")] = False,
    api: Api = "",
    person: As = AUDITOR,
    machine: Machine = False,
) -> None:
    """复演 / replay orders by the rules and by the engine; exit code 1 when something is not as it should be."""
    if report:
        _reports(api, person, machine=machine)
        return
    if sum((bool(orders), every, bool(since))) != 1:
        raise Usage("给出工单, 或 --all, 或 --since, 或 --report / name orders, or give --all, --since or --report")
    settings = load()
    if running := instance.find(settings):
        settings = running.settings
    begun = time.monotonic()
    found = asyncio.run(_replay(settings, orders, verbs.instant("since", since) if since else "", machine=machine))
    seconds = time.monotonic() - begun
    if machine:
        render.as_json(_plain(found, seconds))
    else:
        _show(found, seconds)
    if found.findings or found.unknown:
        raise typer.Exit(1)


async def _replay(settings: Settings, orders: list[str] | None, since: str, *, machine: bool) -> Checked:
    replaying = Replaying(_address(settings), keyring.load(settings.keyring_path))
    try:
        wanted = orders or replaying.every(datetime.fromisoformat(since) if since else None)
        with render.err.status("复演 / replaying …") as status:

            def told(so_far: Checked) -> None:
                status.update(f"复演 / replaying … {so_far.orders} / {len(wanted)}")

            return await replaying.check(wanted, (lambda _: None) if machine else told)
    finally:
        replaying.close()


def _address(settings: Settings) -> str:
    """The database itself, for SQLAlchemy; the API is not asked, for it is not what is trusted here."""
    try:
        return vitals.address(settings).replace("postgresql://", "postgresql+psycopg2://", 1)
    except OSError:
        raise Usage(
            "本数据目录没有数据库; 先运行 whistle up, 或设 WHISTLE_APP_DATABASE_URL / "
            "this data folder has no database; run `whistle up`, or set WHISTLE_APP_DATABASE_URL"
        ) from None


def _show(found: Checked, seconds: float) -> None:
    for order_id in found.unknown:
        render.out.print(f"[yellow]? {order_id}[/] 账本中没有 / not in the ledger")
    for one in found.findings:
        render.out.print(_line(one), soft_wrap=True)
    said = f"{found.orders} 件工单 orders, {found.events} 条事件 events, {found.runs} 次运行 runs, {seconds:.1f} s"
    if found.findings:
        render.out.print(f"[red]✗[/] {said}: {len(found.findings)} 处不符 / findings")
    else:
        render.out.print(f"[green]✓[/] {said}: 全部相符 / everything is as it should be")


def _line(one: Finding) -> Text:
    where = f" run {one.run[:8]}" if one.run else ""
    return Text.assemble(
        ("✗ ", "red"),
        (f"{one.order_id} ", "bold"),
        (f"seq {one.seq}{where} " if one.seq or where else "", "dim"),
        (f"{one.part} {one.field}: ", "cyan"),
        f"记为 recorded {one.recorded} · 应为 recomputed {one.recomputed}",
    )


def _plain(found: Checked, seconds: float) -> dict[str, Any]:
    names = Finding.__slots__
    return {
        "orders": found.orders,
        "events": found.events,
        "runs": found.runs,
        "seconds": round(seconds, 2),
        "unknown": list(found.unknown),
        "findings": [{name: getattr(one, name) for name in names} for one in found.findings],
    }


def _reports(api: str, person: str, *, machine: bool) -> None:
    with desk(api, person) as connection:
        body = connection.get("/audit/replays")
        worst = next((one for one in body["items"] if one["findings"]), None)
        found = connection.get("/audit/replays", report=worst["id"])["findings"] if worst else []
    if machine:
        render.as_json({**body, "findings": found})
        return
    table = Table("id", "始 begun", "至 ended", "工单 orders", "事件 events", "运行 runs", "不符 findings", box=None)
    for one in body["items"]:
        ended = render.when(one["ended_at"]) if one["ended_at"] else f"{one['stage']} …"
        mark = f"[red]{one['findings']}[/]" if one["findings"] else "[green]0[/]"
        table.add_row(
            str(one["id"]),
            render.when(one["begun_at"]),
            ended,
            *(str(one[n]) for n in ("orders", "events", "runs")),
            mark,
        )
    render.out.print(table)
    for one in found:
        render.out.print(_line(Finding(**one)), soft_wrap=True)
    for one in body["archive"]:
        lag = f"滞后 lag {one['lag']:.0f} s, 引擎保留 kept {one['retention'] / 86400:.0f} d"
        render.out.print(f"存档 archive {one['namespace']}: {lag}")
