"""What one due time costs: median and p99 in microseconds of add, back and between, by span and distance.

Run as `python -m bench.due [calls]`. The calendar has two shifts a day, a short Saturday and a hundred specials. Each
line makes its calls twice and measures the second time, as in a worker that has been up for a while.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

from domain.calendar import Calendar, Span, Special, span, text_of
from domain.reckoning import Reckoning, reckon

_SHIFTS = ((540, 720), (810, 1080))
_DISTANCES = {"1 hour": 1 / 24, "3 days": 3.0, "1 year": 365.0, "5 years": 1826.0}
_UNITS = {"min": 1440.0, "d": 1.0, "wmin": 450.0 * 5 / 7, "wd": 5 / 7, "wd end": 5 / 7}
"""How much of each unit goes into a day of distance."""


def _specials() -> Iterator[Special]:
    for number in range(100):
        first = date(2024, 1, 1) + timedelta(days=31 * number)
        last = first + timedelta(days=number % 7)
        yield Special(first.isoformat(), last.isoformat(), _SHIFTS if number % 4 == 0 else (), "假日", "holiday")


def _measured(calls: int, work: Callable[..., object], *after: object) -> str:
    """Median and p99 in µs of `work(start, *after)`, each call from another start within a year."""
    starts = [
        datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=7919 * number % 31_536_000) for number in range(calls)
    ]
    for start in starts:
        work(start, *after)
    took = []
    for start in starts:
        before = time.perf_counter_ns()
        work(start, *after)
        took.append(time.perf_counter_ns() - before)
    took.sort()
    return f"{took[calls // 2] / 1000:>10.2f} {took[calls * 99 // 100] / 1000:>8.2f}"


def main(calls: int) -> None:
    """Print one line a span and distance; the starts are the same in every line."""
    calendar = Calendar("Europe/Berlin", (_SHIFTS,) * 5 + (((600, 720),), ()), tuple(_specials()))
    began = time.perf_counter_ns()
    calendar.add(datetime(2026, 1, 1, tzinfo=UTC), span("1wmin"))
    print(f"first due time of a new calendar: {(time.perf_counter_ns() - began) / 1000:.0f} µs")
    print(f"{'span':>14} {'distance':>8} {'':>8} {'median µs':>10} {'p99 µs':>8}")
    for unit, per_day in _UNITS.items():
        name, _, end = unit.partition(" ")
        for distance, days in _DISTANCES.items():
            amount = max(1, round(days * per_day)) if name == "wd" else round(days * per_day, 3)
            length = Span(float(amount), name, end_of_day=bool(end))
            for what, work in (("add", calendar.add), ("back", calendar.back)):
                print(f"{text_of(length):>14} {distance:>8} {what:>8} {_measured(calls, work, length)}")
    for text in ("0.5wd", "2.5wd", "250.5wd"):
        print(f"{text:>14} {'':>8} {'add':>8} {_measured(calls, calendar.add, span(text))}")

    def between(start: datetime, days: float) -> float:
        return calendar.between(start, start + timedelta(days=days))

    for distance, days in _DISTANCES.items():
        print(f"{'':>14} {distance:>8} {'between':>8} {_measured(calls, between, days)}")

    def explained(start: datetime, length: Span) -> Reckoning:
        return reckon(calendar, start, length)

    for text in ("3wd", "1300wd"):
        print(f"{text:>14} {'':>8} {'reckon':>8} {_measured(min(calls, 100), explained, span(text))}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000)
