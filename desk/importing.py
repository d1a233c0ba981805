"""`whistle import`: a table of complaints, each row once, however often it is run."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from desk import mapping, reading, render
from desk.client import Desk, Refused, Unreachable
from desk.mapping import BadRow, Complaint, Mapping
from desk.options import Api, As, Machine, desk
from desk.reading import Row, Table, Unreadable
from runtime.cells import safe_row

IMPORTER = "web-channel"
"""The demo log-in that imports when nobody else is named: the electronic channel may register for everybody."""
REPORT_COLUMNS = ("row", "line", "id", "field", "reason", "remedy")


@dataclass(frozen=True, slots=True)
class Bad:
    """A row that did not become an order."""

    row: int
    line: int
    id: str
    field: str
    reason: str
    remedy: str


@dataclass(slots=True)
class Result:
    """How an import went: rows read, orders opened, rows whose order was there already, rows refused.

    `fit` are the rows that a check found fit to be opened.
    """

    read: int = 0
    opened: int = 0
    there: int = 0
    fit: int = 0
    bad: list[Bad] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """The figures by name."""
        return {"read": self.read, "opened": self.opened, "already_there": self.there, "refused": len(self.bad)}


def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV (also .gz) 或 XLSX / CSV (also .gz) or XLSX.")],
    mapping_name: Annotated[
        str,
        typer.Option("--mapping", metavar="MAP", help=f"映射 / a JSON file, or {' or '.join(mapping.built_in())}."),
    ],
    concurrency: Annotated[int, typer.Option(help="并发 / rows under way at once.", min=1, max=64)] = 8,
    report: Annotated[
        Path | None,
        typer.Option(
            help="坏行报告 / where the bad rows are listed. Default: FILE.bad-rows.csv in the current folder."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--check", help="只检查 / read and map only, open nothing.")] = False,
    api: Api = "",
    person: As = IMPORTER,
    machine: Machine = False,
) -> None:
    """导入投诉 / open a table of complaints as orders; run again, it goes on where it was and opens nothing twice."""
    rules = mapping.load(mapping_name)
    table = reading.look(file, rules.delimiter, rules.sheet)
    rules.check(table.columns)
    report = report or Path(f"{file.name}.bad-rows.csv")
    if not machine:
        render.out.print(f"{file.name}: {table.kind}, {table.total} 行 rows → {rules.source}", markup=False)
    result = Result()
    try:
        if dry_run:
            for _ in _complaints(table, rules, result):
                result.fit += 1
        else:
            with desk(api, person, connections=concurrency) as connection:
                run(connection, table, rules, concurrency, result, quiet=machine)
    except (KeyboardInterrupt, Unreachable):
        _tell(result, machine, dry_run)
        render.err.print("中断; 再次运行即从此处继续 / interrupted; run it again to go on from here", style="yellow")
        raise
    finally:
        _write_report(report, result.bad)
    _tell(result, machine, dry_run)
    if result.bad:
        render.err.print(f"坏行见 / bad rows are listed in {report}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1)


def run(
    connection: Desk, table: Table, rules: Mapping, concurrency: int, result: Result, *, quiet: bool = False
) -> None:
    """Send every complaint of the table, so many at once, counting into `result`; raises Unreachable."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with (
        Progress(*columns, TimeRemainingColumn(), console=render.err, disable=quiet) as progress,
        ThreadPoolExecutor(concurrency) as pool,
    ):
        task = progress.add_task("导入 import", total=table.total)
        under_way: dict[Future[bool], tuple[Row, Complaint]] = {}
        try:
            for row, complaint in _complaints(table, rules, result):
                while len(under_way) >= 2 * concurrency:
                    _settle(under_way, result)
                    progress.update(task, completed=result.read - len(under_way))
                under_way[pool.submit(_send, connection, complaint)] = (row, complaint)
            while under_way:
                _settle(under_way, result)
                progress.update(task, completed=result.read - len(under_way))
        except BaseException:
            for future in under_way:
                future.cancel()
            raise
        progress.update(task, completed=result.read)


def _send(connection: Desk, complaint: Complaint) -> bool:
    """Register it; True when its order was there already."""
    return connection.register(complaint.body, complaint.key).replayed


def _settle(under_way: dict[Future[bool], tuple[Row, Complaint]], result: Result) -> None:
    """Wait for at least one answer, and count all that have come."""
    done, _ = wait(under_way, return_when=FIRST_COMPLETED)
    for future in done:
        row, complaint = under_way.pop(future)
        try:
            if future.result():
                result.there += 1
            else:
                result.opened += 1
        except Refused as refused:
            result.bad.append(_refused(row, complaint, refused))


def _refused(row: Row, complaint: Complaint, refused: Refused) -> Bad:
    problem = refused.problem
    if refused.reason == "command_reused":
        reason = "此编号曾以其他内容导入 / this number was imported before with other content"
        remedy = "若是另一件投诉, 请换编号 / if it is another complaint, give it another number"
        return Bad(row.number, row.line, complaint.id, "id", reason, remedy)
    reason = str(problem.get("detail") or problem.get("title", ""))
    return Bad(row.number, row.line, complaint.id, problem.get("field", ""), reason, problem.get("remedy", ""))


def _complaints(table: Table, rules: Mapping, result: Result) -> Iterator[tuple[Row, Complaint]]:
    """Every row that gives a complaint, each number once; the others are counted where they belong."""
    seen: dict[str, tuple[int, str]] = {}
    for row in table.rows():
        result.read += 1
        if isinstance(row, Unreadable):
            result.bad.append(Bad(row.number, row.line, "", "", row.reason, row.remedy))
            continue
        try:
            complaint = rules.complaint(row.cells)
        except BadRow as bad:
            number = row.cells[rules.id].strip()
            result.bad.append(Bad(row.number, row.line, number, bad.field, bad.reason, bad.remedy))
            continue
        first = seen.setdefault(complaint.id, (row.number, complaint.digest))
        if first[0] == row.number:
            yield row, complaint
        elif first[1] == complaint.digest:
            result.there += 1
        else:
            reason = f"编号与第 {first[0]} 行相同而内容不同 / the number of row {first[0]}, with other content"
            remedy = "给它自己的编号 / give it a number of its own"
            result.bad.append(Bad(row.number, row.line, complaint.id, rules.id, reason, remedy))


def _tell(result: Result, machine: bool, dry_run: bool) -> None:
    figures = result.counts
    if machine:
        render.as_json({**figures, "would_open": result.fit} if dry_run else figures)
        return
    if dry_run:
        found = f"可开 would open {result.fit} (已导入过的不会重开 / those imported before are not opened again)"
        double = f" · 重复 double {result.there}" if result.there else ""
        render.out.print(f"读入 read {result.read} · {found}{double} · 拒绝 would refuse {len(result.bad)}")
        return
    render.out.print(
        f"读入 read {figures['read']} · 新开 opened {figures['opened']} · "
        f"已在 already there {figures['already_there']} · 拒绝 refused {figures['refused']}"
    )


def _write_report(path: Path, bad: list[Bad]) -> None:
    """The bad rows as CSV for a spreadsheet, in the file's order; an old report of a now clean file goes away."""
    if not bad:
        path.unlink(missing_ok=True)
        return
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(REPORT_COLUMNS)
        for one in sorted(bad, key=lambda one: one.row):
            writer.writerow(safe_row(getattr(one, name) for name in REPORT_COLUMNS))
