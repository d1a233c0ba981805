"""The pictures of a process: against plain counting on random logs, and against known figures of a public one."""

from __future__ import annotations

import gzip
import statistics
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.process.picture import Step, Times, picture, times

HELPDESK = Path(__file__).parents[3] / "shared" / "data" / "helpdesk.xes.gz"
BEGIN = datetime(2026, 3, 2, tzinfo=UTC)


def random_log(seed: int) -> list[list[Step]]:
    luck = Random(seed)
    log = []
    for case in range(luck.randint(1, 12)):
        at, steps = BEGIN, []
        for _ in range(luck.randint(1, 9)):
            at += timedelta(seconds=luck.choice([0, 1, 60, 90.5, 4000]))
            steps.append(Step(f"c{case}", luck.choice("abcd"), at, luck.choice(["", "x", "y", "z"])))
        log.append(steps)
    return log


def told(found: list[float]) -> Times:
    return Times(len(found), min(found), statistics.median(found), sum(sorted(found)) / len(found), max(found))


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_every_figure_is_what_plain_counting_finds(seed: int) -> None:
    log = random_log(seed)
    found = picture((step for case in log for step in case), most_variants=1000)
    every = [step for case in log for step in case]
    names = {step.activity for step in every}
    assert (found.cases, found.steps) == (len(log), len(every))
    for node in found.nodes:
        assert node.n == sum(step.activity == node.activity for step in every)
        having = [case for case in log if any(step.activity == node.activity for step in case)]
        again = [sum(step.activity == node.activity for step in case) - 1 for case in having]
        assert (node.cases, node.rework_cases, node.repeats) == (len(having), sum(n > 0 for n in again), sum(again))
        assert node.starts == sum(case[0].activity == node.activity for case in log)
        assert node.ends == sum(case[-1].activity == node.activity for case in log)
    assert {node.activity for node in found.nodes} == names
    expected = {}
    for a in names:
        for b in names:
            gaps = [(y.at - x.at).total_seconds() for case in log for x, y in pairwise(case)
                    if (x.activity, y.activity) == (a, b)]  # fmt: skip
            if gaps:
                expected[a, b] = told(gaps)
    assert {(edge.source, edge.target): edge.times for edge in found.edges} == expected
    variants = Counter(tuple(step.activity for step in case) for case in log)
    assert {one.activities: one.cases for one in found.variants} == variants
    assert found.durations == told([(case[-1].at - case[0].at).total_seconds() for case in log])
    walked = [[place for n, place in enumerate(ways) if not n or place != ways[n - 1]]
              for ways in ([step.place for step in case if step.place] for case in log)]  # fmt: skip
    assert found.handovers == sum(len(way) - 1 for way in walked if way)
    back = Counter((way[n], way[n + 1]) for way in walked for n in range(len(way) - 2) if way[n] == way[n + 2])
    assert {(one.place, one.other): one.n for one in found.ping_pong} == back


def test_of_nothing_nothing_is_said() -> None:
    assert times([]) is None
    assert picture([]).cases == 0
    assert picture([]).durations is None


def helpdesk() -> Iterator[Step]:
    """The steps of the public help-desk log, case by case as it has them."""
    with gzip.open(HELPDESK) as file:
        for _, trace in ElementTree.iterparse(file):
            if trace.tag.endswith("}trace"):
                case = _named(trace)["concept:name"]
                for event in (one for one in trace if one.tag.endswith("}event")):
                    said = _named(event)
                    at = datetime.fromisoformat(said["time:timestamp"])
                    yield Step(case, said["concept:name"], at, said["org:resource"])
                trace.clear()


def _named(of: ElementTree.Element) -> dict[str, str]:
    return {one.attrib["key"]: one.attrib["value"] for one in of if "key" in one.attrib}


@pytest.mark.skipif(not HELPDESK.exists(), reason=f"the help-desk log is not here: {HELPDESK}")
def test_the_figures_of_the_help_desk_log_are_those_that_pm4py_finds() -> None:
    """What pm4py 2.7.23.11 said of the same file."""
    found = picture(helpdesk(), most_variants=500)
    assert (found.cases, found.steps, len(found.edges), found.variants_in_all) == (4580, 21348, 55, 226)
    assert found.durations is not None
    assert (found.durations.least, found.durations.median, found.durations.most) == (2647453.0, 3443836.5, 5183565.0)
    assert found.durations.mean == pytest.approx(3530166.4209606987)
    edges = {(edge.source, edge.target): edge.times for edge in found.edges}
    for source, target, n, least, median, mean, most in (
        ("Resolve ticket", "Closed", 4558, 6.0, 2592116.0, 2538109.2770952173, 5180450.0),
        ("Assign seriousness", "Take in charge ticket", 4160, 4.0, 21926.5, 323078.46153846156, 4038854.0),
        ("Take in charge ticket", "Resolve ticket", 3563, 4.0, 9758.0, 295563.94386752736, 3893556.0),
        ("Take in charge ticket", "Wait", 1265, 1.0, 74555.0, 289725.4252964427, 3361626.0),
    ):
        said = edges[source, target]
        assert (said.n, said.least, said.median, said.most) == (n, least, median, most)
        assert said.mean == pytest.approx(mean)
    nodes = {node.activity: node for node in found.nodes}
    assert {name: node.starts for name, node in nodes.items() if node.starts} == {
        "Assign seriousness": 4384, "Insert ticket": 118, "Take in charge ticket": 74, "Resolve ticket": 2,
        "Create SW anomaly": 1, "Wait": 1,
    }  # fmt: skip
    assert {name: node.ends for name, node in nodes.items() if node.ends} == {
        "Closed": 4557, "Wait": 8, "VERIFIED": 1, "Require upgrade": 3, "Take in charge ticket": 1,
        "Resolve ticket": 10,
    }  # fmt: skip
    assert {name: node.rework_cases for name, node in nodes.items() if node.rework_cases} == {
        "Assign seriousness": 394, "Closed": 15, "Create SW anomaly": 8, "Require upgrade": 15,
        "Resolve SW anomaly": 5, "Resolve ticket": 386, "Take in charge ticket": 623, "Wait": 194,
    }  # fmt: skip
    first = found.variants[0]
    assert first.activities == ("Assign seriousness", "Take in charge ticket", "Resolve ticket", "Closed")
    assert first.cases == 2366
