"""Limits are held against every calendar and against the statutory one, and the most that may be written is cheap."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest

import rulebook
from domain.calendar import check
from domain.model import OrderClass
from domain.policy import calendar_from
from domain.spans import span
from rulebook import Asked, Fault, Known
from rulebook.check import MOST_FAULTS
from rulebook.document import CLASSES, MOST_CALENDARS, MOST_SPECIALS
from rulebook.kinds import KINDS
from rulebook.shapes import MOST
from rulebook.times import _COARSE, _FINE, _later

NATIONAL = rulebook.national().demanded()
HOUR_A_WEEK = [[[540, 600]], [], [], [], [], [], []]
T = TypeVar("T")
SECONDS = 2.0
"""What checking the worst document may take of a processor."""


def made(change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """The shipped policy, changed."""
    document = copy.deepcopy(NATIONAL)
    change(document)
    return document


def timed(act: Callable[[], T]) -> tuple[float, T]:
    """What it takes of a processor, the least of three times, for others may be at work; and what comes of it."""
    best = float("inf")
    for _ in range(3):
        begun = time.process_time()
        found = act()
        best = min(best, time.process_time() - begun)
    return best, found


def errors(document: dict[str, Any]) -> dict[str, Fault]:
    return {fault.path: fault for fault in rulebook.check(document) if not fault.warning}


def test_a_closure_a_year_for_many_years_is_refused_as_one() -> None:
    def close(document: dict[str, Any]) -> None:
        document["calendars"]["office"]["specials"] += [
            {"first": f"{year}-01-01", "last": f"{year}-12-31"} for year in range(2027, 2041)
        ]

    [(path, fault)] = errors(made(close)).items()
    assert path.startswith("calendars.office.specials[")
    assert fault.reason_en == "no working time from 2027-01-01 to 2040-12-31, 5114 days on end"
    assert "5114 天没有工作时间" in fault.reason_zh


@pytest.mark.parametrize(
    ("keys", "value", "path"),
    [
        (("classes", "general", "limits", "sign"), "8000wh", "classes.general.limits.sign"),
        (("classes", "general", "limits", "sign"), "270wd", "classes.general.limits.sign"),
        (("provinces", "XJ", "limits"), {"*": {"sign": "270wd"}}, ""),
        (("provinces", "HA", "limits", "complex", "co_due"), "270wd", "provinces.HA.limits.complex.co_due"),
        (("grace",), "300wh", "grace"),
        (("calling", "gap"), "300wh", "calling.gap"),
        (("classes", "urgent", "grace"), "300wh", "classes.urgent.grace"),
        (("ladders", "due", 3, "after"), "300wd", "ladders.due[3].after"),
    ],
)
def test_what_may_take_more_than_five_years_by_its_calendar_is_refused(
    keys: tuple[Any, ...], value: Any, path: str
) -> None:
    def change(document: dict[str, Any]) -> None:
        document["calendars"]["office"]["week"] = HOUR_A_WEEK
        at: Any = document
        for key in keys[:-1]:
            at = at[key]
        at[keys[-1]] = value

    found = errors(made(change))
    assert list(found) == ([path] if path else [])
    for fault in found.values():
        assert "by the calendar office" in fault.reason_en
        assert "more than 5 years" in fault.reason_en


def test_whatever_is_accepted_ends_within_five_years_from_any_day() -> None:
    """The longest spans that a poor calendar lets pass, from days all over it."""
    office = {
        "zone": "Asia/Shanghai",
        "week": HOUR_A_WEEK,
        "specials": [{"first": f"{year}-06-01", "last": f"{year}-07-20"} for year in range(2027, 2060)],
    }
    longest: dict[str, int] = {}
    for unit in ("wh", "wd"):
        for amount in range(260, 100, -1):
            document = made(lambda it: it["calendars"].update(office=office))
            document["classes"]["general"]["limits"]["sign"] = f"{amount}{unit}"
            if not errors(document):
                longest[unit] = amount
                break
    calendar = calendar_from(office)
    assert check(calendar) == ()
    assert longest.keys() == {"wh", "wd"}
    for unit, amount in longest.items():
        assert amount > 200
        for number in range(0, 30 * 366, 41):
            start = datetime(2024, 1, 1, 12, tzinfo=UTC) + timedelta(days=number)
            assert calendar.add(start, span(f"{amount}{unit}")) - start <= timedelta(days=5 * 366)


def test_many_spans_are_told_apart_as_each_by_itself() -> None:
    calendar = calendar_from(NATIONAL["calendars"]["office"])
    amounts = (1, 8, 9, 10, 15, 16, 100, 361)
    texts = [f"{amount}{unit}" for unit in ("min", "h", "d", "wh", "wd") for amount in amounts]
    texts += [f"{amount}{unit} end" for unit in ("d", "wd") for amount in amounts]
    texts += ["at 2026-01-05T10:00", "at 2028-12-31T10:00", "at 2026-04-20T10:00"]
    lengths = {text: span(text) for text in texts}
    base = span("15d")
    for step, often in ((_COARSE, 0.1), (_FINE * 7, 0.0)):
        together = set(_later(calendar, lengths, base, step, often))
        begin = datetime(2026, 1, 1, 0, 1, tzinfo=UTC)
        starts = [begin + step * number for number in range(timedelta(days=1096) // step)]
        alone = {
            text
            for text, length in lengths.items()
            if sum(calendar.add(start, length) > calendar.add(start, base) for start in starts) > often * len(starts)
        }
        assert together == alone
        assert together
        assert together != set(lengths)


def worst() -> dict[str, Any]:
    """As much of everything as a document may have that can be sent, all of it different."""
    document = copy.deepcopy(NATIONAL)
    names = [f"c{number}" for number in range(MOST)]
    document["labels"]["categories"] = {name: {"zh": "一", "en": "a"} for name in names}
    document["labels"]["areas"] |= {name: {"zh": "一", "en": "a"} for name in names[1:]}
    document["categories"] = {
        name: {
            "limits": {"*": {"due": f"{10 + number / 100}wd", "sign": f"{400 + number}wh", "contact": f"{number}.5d"}}
        }
        for number, name in enumerate(names)
    }
    document["areas"] |= {
        name: {"limits": {"*": {"statutory": f"{1 + number / 200}wd", "co_due": f"{15 + number}d end"}}}
        for number, name in enumerate(names[1:])
    }
    shifts = [[60 * number, 60 * number + 45] for number in range(6)]
    for number in range(MOST_CALENDARS - 2):
        document["calendars"][f"own{number}"] = {"zone": "America/New_York", "week": [shifts] * 7, "specials": []}
    document["calendars"]["own0"]["specials"] = [
        {"first": (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number * 5)).date().isoformat()}
        for number in range(MOST_SPECIALS)
    ]
    provinces = list(document["labels"]["provinces"])
    document["units"] = {
        f"{provinces[number % len(provinces)]}.u{number}": {
            "calendar": f"own{number % (MOST_CALENDARS - 2)}",
            "limits": {
                "*": {
                    "sign": f"{3 + number / 100}wd",
                    "statutory": f"{1 + number / 40}wd" if number < 80 else f"{number / 2}h",
                }
            },
        }
        for number in range(MOST)
    }
    return document


def test_the_worst_document_that_is_accepted_is_checked_in_two_seconds() -> None:
    document = worst()
    taken, found = timed(lambda: rulebook.check(document))
    assert [fault for fault in found if not fault.warning] == []
    assert len(found) > 300
    assert taken < SECONDS, f"{taken:.2f} s"


def test_what_is_wrong_over_and_over_is_told_so_often_and_no_more() -> None:
    def break_(document: dict[str, Any]) -> None:
        document["labels"]["categories"] = {f"network.{number}": {"zh": "一", "en": "a"} for number in range(2000)}
        document["categories"] = {f"newtork.x{number}": {"limits": {}} for number in range(MOST)}

    begun = time.process_time()
    found = rulebook.check(made(break_))
    assert time.process_time() - begun < SECONDS
    told = [fault for fault in found if not fault.warning]
    assert len(told) == MOST_FAULTS + 1
    assert (told[-1].path, told[-1].remedy_en) == ("", "mend these and check again")


def test_warnings_that_are_too_many_hide_no_fault() -> None:
    def change(document: dict[str, Any]) -> None:
        document["tiers"] = {f"t{number}": {"limits": {c: {"due": "16d"} for c in CLASSES}} for number in range(400)}
        document["caps"]["returns_per_unit"] = "x"

    found = rulebook.check(made(change))
    assert [fault.path for fault in found if not fault.warning] == ["caps.returns_per_unit"]
    assert sum(fault.warning for fault in found) == 5 * MOST_FAULTS + 1


TOO_MANY: list[tuple[tuple[str, ...], Any, int]] = [
    (("categories",), {f"network.{number}": {"limits": {}} for number in range(501)}, 501),
    (("areas",), {f"a{number}": {"limits": {}} for number in range(501)}, 501),
    (("units",), {f"GD.u{number}": {"limits": {}} for number in range(501)}, 501),
    (("calendars", "office", "specials"), [{"first": "2027-01-01"}] * 1001, 1001),
    (("calendars", "office", "week"), [[[number, number + 1] for number in range(7)]] * 7, 7),
    (("warnings", "due"), [{"colour": "blue", "before": "1h"}] * 21, 21),
    (("ladders", "due"), [{"after": "0min", "level": 1, "target": "unit"}] * 11, 11),
]  # fmt: skip


@pytest.mark.parametrize(("way", "value", "number"), TOO_MANY, ids=[one[0][-1] for one in TOO_MANY])
def test_too_many_of_anything_are_refused_with_the_number(way: tuple[str, ...], value: Any, number: int) -> None:
    def change(document: dict[str, Any]) -> None:
        at = document
        for part in way[:-1]:
            at = at[part]
        at[way[-1]] = value

    found = errors(made(change))
    path, fault = next(iter(found.items()))
    assert path.startswith(".".join(way))
    assert fault.reason_en == f"{number} entries are too many"
    assert fault.remedy_en.startswith("keep at most")


def test_too_many_limits_are_refused() -> None:
    every = dict.fromkeys(KINDS, "1h")
    document = made(
        lambda it: it["tiers"].update({f"t{n}": {"limits": dict.fromkeys(CLASSES, every)} for n in range(90)})
    )
    assert "limits are too many" in errors(document)[""].reason_en


def test_a_document_as_it_is_published_and_read_again_has_the_same_faults() -> None:
    assert rulebook.check(json.loads(json.dumps(NATIONAL)), Known()) == ()


def test_the_longest_limits_are_previewed_in_a_second() -> None:
    """Long limits in working hours by a calendar that is full of specials: every day of it is named or summed up."""
    document = copy.deepcopy(NATIONAL)
    limits = dict.fromkeys(KINDS, "8000wh")
    limits |= {"statutory": "15d", "sign": "800wd", "due": "800wd"}
    document["calendars"]["office"]["specials"] = [
        {**one, "shifts": [[540, 780], [840, 1080]], "zh": f"其{number}", "en": f"day {number}"}
        for number, one in enumerate(worst()["calendars"]["own0"]["specials"])
    ]
    document["classes"]["general"]["limits"] = limits
    assert errors(document) == {}
    asked = Asked(OrderClass.GENERAL, "GD")
    taken, found = timed(lambda: rulebook.preview(document, asked, datetime(2026, 1, 5, tzinfo=UTC)))
    assert {due.kind for due in found} == set(KINDS)
    assert max(due.due_at for due in found) > datetime(2029, 1, 1, tzinfo=UTC)
    assert taken < SECONDS / 2, f"{taken:.2f} s"
