"""`whistle import history`: another system's log comes in as orders with their history, each once.

What cannot come in is listed with its row, field, reason and remedy; every count of that system which its own steps do
not bear out is listed too, and comes in as that system says beside what was counted.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from desk import history_mapping, history_reading, render
from desk.client import Desk, Refused, Unreachable
from desk.history_checks import STEP
from desk.history_mapping import BadCase, Brought, HistoryMapping
from desk.history_reading import Log, Shelf, Xes
from desk.importing import REPORT_COLUMNS, Bad
from desk.mapping import BadRow
from desk.options import Api, As, Machine, desk
from desk.reading import Row, Unreadable
from runtime.cells import safe_row

HEADQUARTERS = "hq-supervisor-1"
"""The demo log-in that imports histories when nobody else is named."""
MOST_CASES, MOST_BYTES, MOST_PARTS = 100, 200_000, 8_000
"""What one request holds at most: a little less than the API takes."""
WAYS = 3
"""Requests under way at once."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A count of the other system that its own steps do not bear out."""

    case: str
    count: str
    said: int
    counted: int


@dataclass(slots=True)
class Result:
    """How an import went: events read, cases that came in, of these open ones, those that were there, those refused."""

    events: int = 0
    cases: int = 0
    imported: int = 0
    open: int = 0
    there: int = 0
    fit: int = 0
    refused: int = 0
    mismatches: list[Mismatch] = field(default_factory=list)
    bad: list[Bad] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, Any]:
        """The figures by name."""
        figures: dict[str, Any] = {
            "events": self.events,
            "cases": self.cases,
            "imported": self.imported,
            "open": self.open,
            "already_there": self.there,
            "refused": self.refused,
            "bad_rows": len(self.bad),
            "mismatches": dict.fromkeys(("reopens", "moves"), 0),
        }
        for one in self.mismatches:
            figures["mismatches"][one.count] += 1
        return figures


def history(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV, XLSX, XES 或 OCEL 2.0 JSON / any of these, also .gz.")
    ],
    mapping_name: Annotated[
        str,
        typer.Option("--mapping", metavar="MAP", help=f"映射 / YAML, or {' or '.join(history_mapping.built_in())}."),
    ],
    report: Annotated[
        Path | None,
        typer.Option(help="报告 / where what is wrong is listed. Default: FILE.import.csv in the current folder."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--check", help="只检查 / read, map and count only, send nothing.")] = False,
    api: Api = "",
    person: As = HEADQUARTERS,
    machine: Machine = False,
) -> None:
    """导入历史 / take in another system's log as orders with their history; run again, nothing comes in twice."""
    rules = history_mapping.load(mapping_name)
    log = history_reading.look(
        file, rules.format, delimiter=rules.delimiter, sheet=rules.sheet, case_object=rules.case_object
    )
    if log.columns:
        rules.check(log.columns)
    report = report or Path(f"{file.name}.import.csv")
    result = Result()
    try:
        if dry_run:
            for _ in cases(log, rules, result):
                result.fit += 1
        else:
            with desk(api, person, connections=WAYS) as connection:
                send(connection, cases(log, rules, result), result, quiet=machine)
    except (KeyboardInterrupt, Unreachable):
        _tell(result, machine, dry_run)
        render.err.print("中断; 再次运行即从此处继续 / interrupted; run it again to go on from here", style="yellow")
        raise
    finally:
        _write(report, result)
    _tell(result, machine, dry_run)
    if result.bad or result.refused or result.mismatches:
        render.err.print(f"详见 / listed in {report}", style="yellow", markup=False, soft_wrap=True)
    if result.bad or result.refused:
        raise typer.Exit(1)


def cases(log: Log, rules: HistoryMapping, result: Result) -> Iterator[Brought]:
    """Every case that gives an order, counting into `result`.

    While a row cannot be told its case nothing comes in: it might be anybody's, and the ledger is not amended later.
    """
    with closing(Shelf()) as shelf:
        shelf.fill(_named(log, rules, result))
        lost = bool(result.bad)
        for name, rows in shelf.cases():
            result.cases += 1
            try:
                found = rules.brought(name, rows, as_told=isinstance(log, Xes))
            except BadCase as bad:
                result.bad.append(_bad(bad.row, name, bad.bad))
            else:
                if not lost:
                    mismatches = (Mismatch(name, *one) for one in found.mismatches)
                    result.mismatches += mismatches
                    yield found
                    continue
            result.refused += 1


def _named(log: Log, rules: HistoryMapping, result: Result) -> Iterator[tuple[str, Row]]:
    for row in log.rows():
        result.events += 1
        if isinstance(row, Unreadable):
            result.bad.append(Bad(row.number, row.line, "", "row", row.reason, row.remedy))
            continue
        try:
            yield rules.name_of(row), row
        except BadRow as bad:
            result.bad.append(_bad(row, "", bad))


def _bad(row: Row, case: str, bad: BadRow) -> Bad:
    return Bad(row.number, row.line, case, bad.field, bad.reason, bad.remedy)


def send(connection: Desk, found: Iterator[Brought], result: Result, *, quiet: bool = False) -> None:
    """Send them in requests of a bearable size, some at once; raises Unreachable."""
    columns = (TextColumn("{task.description}"), TextColumn("{task.completed}"), TimeElapsedColumn())
    with (
        Progress(*columns, console=render.err, disable=quiet) as progress,
        ThreadPoolExecutor(WAYS) as pool,
    ):
        task = progress.add_task("导入 import", total=None)
        under_way: dict[Future[list[dict[str, Any]]], list[Brought]] = {}
        for batch in batches(found):
            while len(under_way) >= WAYS:
                _settle(under_way, result)
                progress.update(task, completed=result.imported + result.there)
            under_way[pool.submit(_taken, connection, batch)] = batch
        while under_way:
            _settle(under_way, result)
            progress.update(task, completed=result.imported + result.there)


def batches(found: Iterator[Brought]) -> Iterator[list[Brought]]:
    """The cases in requests of a bearable size; one that is larger by itself goes alone, for the API to judge."""
    batch: list[Brought] = []
    size = parts = 0
    for one in found:
        own, own_parts = len(json.dumps(one.body, ensure_ascii=False).encode()), _parts(one.body)
        if batch and (len(batch) == MOST_CASES or size + own > MOST_BYTES or parts + own_parts > MOST_PARTS):
            yield batch
            batch, size, parts = [], 0, 0
        batch.append(one)
        size, parts = size + own, parts + own_parts
    if batch:
        yield batch


def _parts(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + sum(map(_parts, value.values()))
    return 1 + sum(map(_parts, value)) if isinstance(value, list) else 1


def _taken(connection: Desk, batch: list[Brought]) -> list[dict[str, Any]]:
    """What became of the cases; where one of them is not understood, they are asked one by one."""
    try:
        answer = connection.post("/orders/import_history", {"cases": [one.body for one in batch]})
        return list(answer["items"])
    except Refused as refused:
        if refused.reason not in ("invalid_request", "too_large", "malformed_request"):
            raise
        if len(batch) == 1:
            return [{"case": batch[0].case, "standing": "refused", "problem": refused.problem}]
        half = len(batch) // 2
        return [*_taken(connection, batch[:half]), *_taken(connection, batch[half:])]


def _settle(under_way: dict[Future[list[dict[str, Any]]], list[Brought]], result: Result) -> None:
    done, _ = wait(under_way, return_when=FIRST_COMPLETED)
    for future in done:
        batch = under_way.pop(future)
        for one, taken in zip(batch, future.result(), strict=True):
            match taken["standing"]:
                case "imported":
                    result.imported += 1
                    result.open += one.open
                case "there":
                    result.there += 1
                case _:
                    result.refused += 1
                    result.bad.append(_judged(one, taken["problem"]))


def _judged(one: Brought, problem: dict[str, Any]) -> Bad:
    """A case that the API refused, as a line of the report."""
    wrong = (problem.get("errors") or [problem])[0]
    if problem.get("code") == "command_reused":
        reason = "此前已以其他内容导入 / it was imported before with other content"
        remedy = "原件已在账上, 不再改写 / the first stands in the ledger, and is not rewritten"
        return Bad(0, 0, one.case, "case", reason, remedy)
    reason = str(wrong.get("reason") or wrong.get("detail") or problem.get("detail") or problem.get("title", ""))
    remedy = str(wrong.get("remedy") or problem.get("remedy") or "")
    named = str(wrong.get("field") or "")
    place = STEP.match(named)
    row, line = one.rows[int(place[1]) - 1] if place and int(place[1]) <= len(one.rows) else (0, 0)
    return Bad(row, line, one.case, named, reason, remedy)


def _write(report: Path, result: Result) -> None:
    """List what is wrong; a report of an earlier run that has nothing to say any more is taken away."""
    if not result.bad and not result.mismatches:
        report.unlink(missing_ok=True)
        return
    with report.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(REPORT_COLUMNS)
        for bad in result.bad:
            writer.writerow(safe_row(getattr(bad, name) for name in REPORT_COLUMNS))
        for one in result.mismatches:
            reason = f"原系统 {one.said}, 按步骤 {one.counted} / said {one.said}, counted {one.counted}"
            remedy = "已导入, 两数并存 / it is imported with both"
            writer.writerow(safe_row((0, 0, one.case, one.count, reason, remedy)))


def _tell(result: Result, machine: bool, dry_run: bool) -> None:
    if machine:
        render.as_json({**result.counts, **({"fit": result.fit} if dry_run else {})})
        return
    told = f"{result.events} 步 events · {result.cases} 单 cases"
    if dry_run:
        told += f" · {result.fit} 可导入 fit"
    else:
        told += f" · {result.imported} 已导入 imported ({result.open} 继续办理 go on) · {result.there} 已存在 there"
    told += f" · {result.refused} 未导入 refused · {len(result.mismatches)} 处计数不符 counts that differ"
    render.out.print(told, markup=False)
