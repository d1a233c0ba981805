"""How late time's marks fire, as a metric of the worker; a replay measures nothing."""

from __future__ import annotations

from collections.abc import Iterable

from temporalio import workflow

from contracts.names import LATENESS_METRIC
from domain.clocks import kind_of
from domain.events import Event


def measure(events: Iterable[Event]) -> None:
    """Count the lateness of each mark among these events, in seconds, by the kind of its clock."""
    late = [
        (kind_of(change.key), (event.at - change.fell_due).total_seconds())
        for event in events
        for change in event.clocks
        if change.fell_due is not None
    ]
    if not late:
        return
    meter = workflow.metric_meter()
    histogram = meter.create_histogram_float(LATENESS_METRIC, "How late a clock's mark fired.", "s")
    for kind, seconds in late:
        histogram.record(seconds, {"kind": kind})
