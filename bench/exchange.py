"""How fast histories come in and event logs go out, and how much memory that takes: `python -m bench.exchange`.

Brings up the whole system in a folder of its own. An invented log of `--cases` cases, or `--file` with its `--mapping`,
comes in over HTTP as `whistle import history` sends it, then once more, when nothing may come in. Then everything goes
out in each format, in this process, a quarter of it first: the peak of memory must not grow with the log.
"""

from __future__ import annotations

import argparse
import csv
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session, sessionmaker

from audit.exports import reading
from audit.exports.formats import KINDS, Format
from audit.exports.reading import Selection
from audit.exports.writing import shown
from bench import temporary
from desk import history, history_mapping, history_reading
from desk.client import Desk
from desk.history import Result
from domain.model import Role
from runtime import keyring
from store.session import EVERYWHERE, make_engine, sessions, within
from vault import veil
from vault.rack import Rack

MAPPING = """
system: bench
zone: Asia/Shanghai
case: "{case}"
sequence: n
time: "{at}"
words: [note]
step:
  activity: "{activity}"
  by: "{by}"
  unit: "{unit}"
  state:
    of: "{activity}"
    map: {New: registered, Work: in_progress, Wait: pending_info, Solved: awaiting_callback, Closed: closed}
order:
  title: "case {case}"
  text: "what {case} is about"
  category: network.fault
  province: {of: "{case}", spread: [GD, BJ, SH, ZJ, SC]}
  channel: hotline
  customer.name: "caller {caller}"
  customer.phone: "00000 91 {caller}"
"""
ACTIVITIES = ("New", "Work", "Wait", "Work", "Solved", "Closed")


def invented(path: Path, cases: int) -> None:
    """A log of that many ended cases, their rows mixed as systems write them."""
    dice = random.Random(1)  # the same log each time
    begun = datetime(2020, 1, 1, tzinfo=UTC)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["case", "n", "at", "activity", "by", "unit", "caller", "note", "priority"])
        for n, activity in enumerate(ACTIVITIES):
            for case in range(cases):
                at = begun + timedelta(minutes=case, hours=n * dice.random() * 20)
                row = [f"C-{case}", n, at.isoformat(), activity, f"p{dice.randrange(300)}", f"u{dice.randrange(60)}"]
                writer.writerow([*row, f"{case % (cases // 2 + 1):06d}", "said on the telephone", dice.randrange(4)])


def brought_in(file: Path, mapping: str, url: str) -> tuple[Result, float]:
    """Take the log in; what came of it, and the seconds it took."""
    rules, begun = history_mapping.load(mapping), time.perf_counter()
    log = history_reading.look(file, rules.format, delimiter=rules.delimiter, case_object=rules.case_object)
    result = Result()
    with Desk(url, history.HEADQUARTERS) as connection:
        history.send(connection, history.cases(log, rules, result), result, quiet=True)
    return result, time.perf_counter() - begun


def written(made: sessionmaker[Session], rack: Rack, format_: Format, most: int) -> tuple[int, int, int, float]:
    """Export at most so many orders: orders, events, bytes, seconds; what is written goes nowhere."""

    def lift(document: bytes) -> bytes:
        return veil.unveiled(document, veil.RIGHTS[Role.AUDITOR], rack.keys(veil.sealed_by(document)))

    writer, selection, begun = KINDS[format_].made(), Selection(), time.perf_counter()
    size, orders, events, after = len(writer.begin()), 0, 0, ""
    with made() as session:
        while orders < most and (page := reading.page(session, selection, _same, after)):
            after = page[-1].order_id
            orders, events = orders + len(page), events + sum(len(trace.events) for trace in page)
            size += len(writer.page(shown(page, lift)))
    size += sum(len(piece) for piece in writer.end())
    writer.close()
    return orders, events, size, time.perf_counter() - begun


def _same(customer: str) -> str:
    return customer


@contextmanager
def peak() -> Iterator[list[float]]:
    """Fills in how many MB of memory this process had at most inside the block, beyond what it had before."""
    Path("/proc/self/clear_refs").write_text("5")
    before, found = _memory("VmRSS"), list[float]()
    yield found
    found.append(max(0.0, _memory("VmHWM") - before))


def _memory(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) / 1024 for line in lines if line.startswith(name))


def report(args: argparse.Namespace) -> Iterator[str]:
    """The figures, line by line."""
    with tempfile.TemporaryDirectory() as given, temporary.folder() as settings, temporary.servers(settings) as stack:
        file, mapping = Path(given) / "log.csv", args.mapping
        if args.file is None:
            invented(file, args.cases)
            (Path(given) / "map.yaml").write_text(MAPPING, encoding="utf-8")
            mapping = str(Path(given) / "map.yaml")
        with temporary.programs(stack.settings):
            for again in ("first", "again"):
                result, seconds = brought_in(args.file or file, mapping, stack.settings.api_url)
                yield (
                    f"import, {again}: {result.events} events of {result.cases} cases in {seconds:.1f} s, "
                    f"{result.events / seconds:.0f} events/s, {result.cases / seconds:.0f} cases/s: "
                    f"{result.imported} in ({result.open} go on), {result.there} there, {result.refused} refused, "
                    f"{len(result.mismatches)} counts that differ"
                )
        engine = make_engine(stack.app_url, 2, autocommit=True)
        made = sessions(within(engine, EVERYWHERE))
        rack = Rack(made, keyring.ensure(settings.keyring_path))
        for format_ in Format:
            written(made, rack, format_, 400)  # what is loaded and made once is not counted
            figures, peaks = [], []
            for most in (result.cases // 4, result.cases):
                with peak() as found:
                    figures.append(written(made, rack, format_, most))
                peaks.append(found[0])
            orders, events, size, seconds = figures[-1]
            yield (
                f"export, {format_.value}: {events} events of {orders} orders in {seconds:.1f} s, "
                f"{events / seconds:.0f} events/s, {size / 1e6:.1f} MB; memory beyond the program's own: "
                f"{peaks[0]:.0f} MB for a quarter, {peaks[1]:.0f} MB for all"
            )
        engine.dispose()


def main() -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=2000, help="cases of the invented log")
    parser.add_argument("--file", type=Path, help="another log")
    parser.add_argument("--mapping", default="", help="its mapping")
    for line in report(parser.parse_args()):
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
