"""`whistle tour`: the whole story on the running system, under the policy in force, days passing in seconds."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from desk import render
from desk.client import DeskError, Usage
from desk.options import DEFAULT_PERSON, Api, As, Zone, desk
from desk.play import BranchFailedError, Play, Stage, told
from desk.steps import Branch
from desk.story import BRANCHES
from domain.model import STATES_ZH

AT_ONCE = 4
"""Branches that run side by side; most of a branch's time is waiting for the engine to move its clock."""


_WIDE = 90
"""Columns of a terminal that takes the whole summary."""


@dataclass(slots=True)
class Telling:
    """One branch on its way: its lines as they come, ended by None, and how it ended."""

    branch: Branch
    lines: queue.Queue[Text | None] = field(default_factory=queue.Queue)
    play: Play | None = None
    failure: str = ""
    events: int = 0
    seconds: float = 0.0


def tour(
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="BRANCH", help=f"只走 / one of: {', '.join(one.name for one in BRANCHES)}."),
    ] = None,
    fast: Annotated[bool, typer.Option("--fast", help="少说 / the steps alone, without the timelines.")] = False,
    at_once: Annotated[int, typer.Option("--concurrency", help="并行 / branches at once.", min=1, max=16)] = AT_ONCE,
    zone: Zone = render.DEFAULT_ZONE,
    api: Api = "",
    person: As = DEFAULT_PERSON,
) -> None:
    """演练全程 / the whole story, one rehearsal an ending, days in seconds."""
    chosen = _chosen(only or [])
    started = time.monotonic()
    with desk(api, person) as connection:
        stage = Stage.of(connection)
        render.out.print(f"{render.times()} (各工单自己的时间 / each order's own time)")
        tellings = tell(stage, chosen, at_once, fast=fast)
    render.out.print(Text("\n━━ 演练小结 · what became of them", style="bold"))
    render.out.print(_summary(tellings))
    failed = [one.branch.name for one in tellings if one.failure]
    render.out.print(f"{len(tellings) - len(failed)}/{len(tellings)} · {time.monotonic() - started:.0f} s")
    if failed:
        render.err.print(f"未走通 / went wrong: {', '.join(failed)}", style="red")
        raise typer.Exit(1)


def tell(stage: Stage, branches: Sequence[Branch], at_once: int, *, fast: bool) -> list[Telling]:
    """Play the branches, so many side by side, and print each whole, in order."""
    tellings = [Telling(branch) for branch in branches]
    stop = threading.Event()
    with ThreadPoolExecutor(at_once) as pool:
        for number, telling in enumerate(tellings, start=1):
            pool.submit(_play, stage, telling, f"1390000{1000 + number}", fast, stop)
        try:
            for number, telling in enumerate(tellings, start=1):
                heading = f"{number:>2} {telling.branch.zh} · {telling.branch.en}  ({telling.branch.name})"
                render.out.print(Text(f"\n━━ {heading}", style="bold"))
                while (line := telling.lines.get()) is not None:
                    render.out.print(line, soft_wrap=True)
        except BaseException:
            stop.set()
            raise
    return tellings


def _play(stage: Stage, telling: Telling, phone: str, fast: bool, stop: threading.Event) -> None:
    started = time.monotonic()

    def say(line: Text) -> None:
        if stop.is_set():
            raise BranchFailedError("已停止 / stopped")
        telling.lines.put(line)

    telling.play = play = Play(stage, telling.branch, phone, say)
    try:
        play.run()
        rows = play.timeline()
        telling.events = len(rows)
        if not fast:
            say(Text("   ── 经过 timeline", style="bold"))
            for line in told(rows):
                say(line)
    except (BranchFailedError, DeskError) as error:
        telling.failure = str(error)
        telling.lines.put(Text(f"   ✗ {error}", style="bold red"))
    except Exception as error:  # a fault of the tour's own must not leave the printer waiting
        telling.failure = f"{type(error).__name__}: {error}"
        telling.lines.put(Text(f"   ✗ {telling.failure}", style="bold red"))
    finally:
        telling.seconds = time.monotonic() - started
        telling.lines.put(None)


def _chosen(names: Sequence[str]) -> tuple[Branch, ...]:
    known = {branch.name: branch for branch in BRANCHES}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise Usage(f"没有此分支 / no such branch: {', '.join(unknown)} · → 可用 one of: {', '.join(known)}")
    return tuple(known[name] for name in names) or BRANCHES


def _summary(tellings: Sequence[Telling]) -> Table:
    """One line a branch; on a narrow terminal without the state's English name and the seconds."""
    wide = render.out.width >= _WIDE
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("分支", no_wrap=True)
    table.add_column("工单 order", no_wrap=True, min_width=18)
    table.add_column("状态 state" if wide else "状态", no_wrap=True)
    table.add_column("结果 outcome", no_wrap=True)
    for heading in ("轮", "级 level", "事件", *(["s"] if wide else [])):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in tellings:
        if one.play is None or not one.play.view:
            table.add_row(one.branch.name, "–", Text("✗", style="red"), one.failure)
            continue
        order = one.play.order
        mark = Text("✗ " if one.failure else "", style="red")
        table.add_row(
            one.branch.name,
            order["id"],
            mark.append_text(render.state(order["state"])) if wide else mark.append(STATES_ZH[order["state"]]),
            order["outcome"] or "–",
            str(order["round"]),
            render.level(order["level"], order["colour"]),
            str(one.events),
            *([f"{one.seconds:.0f}"] if wide else []),
        )
    return table
