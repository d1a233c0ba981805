"""The shipped policy: its YAML is what is stored, its holidays those of the notice, its kinds those of the rules."""

from __future__ import annotations

import re
from datetime import date, timedelta

import holidays
import pytest

import rulebook
from domain.calendar import Calendar
from domain.callback import OUTLIVING
from domain.clocks import PAUSABLE
from domain.duties import DECISIONS, PART_KINDS
from domain.marks import EXPIRY
from domain.notice_texts import LABELS
from domain.policy import calendar_from
from domain.transitions import MEETS, TIME
from domain.whistle import KINDS as WHISTLE_KINDS
from rulebook.kinds import KINDS
from runtime.settings import PROJECT
from store.demo import document

FROZEN = rulebook.national()


def days(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(days=number) for number in range((date(year + 1, 1, 1) - first).days)]


def calendar(name: str) -> Calendar:
    return calendar_from(FROZEN.document["calendars"][name])


def test_the_stored_document_is_the_frozen_yaml_to_the_letter() -> None:
    stored = (PROJECT / "store" / "documents" / "policy.json").read_text(encoding="utf-8")
    assert stored == rulebook.text_of(FROZEN.document) + "\n", (
        "run: whistle policy freeze rulebook/policies/national.yaml --out store/documents/policy.json"
    )
    assert document("policy") == FROZEN.document


def test_it_has_neither_faults_nor_warnings() -> None:
    assert FROZEN.faults == ()


@pytest.mark.parametrize("year", [2026, 2027])
def test_the_office_works_on_the_days_of_the_library_too(year: int) -> None:
    """2026 is written from the notice, 2027 taken from the library: both say the same of every single day."""
    library = holidays.country_holidays("CN", years=[year])
    office = calendar("office")
    differing = [
        day
        for day in days(year)
        if office.works_on(day) is not (day in library.weekend_workdays or (day.weekday() < 5 and day not in library))
    ]
    assert differing == []


def test_what_the_notice_lists_and_the_library_does_not_are_weekends_alone() -> None:
    """The notice counts the weekends inside a holiday as its days; the library lists the others only."""
    library = holidays.country_holidays("CN", years=[2026])
    office = calendar("office")
    listed = {day for day in days(2026) if (special := office.special_on(day)) and not special.shifts}
    assert {day for day in library if day not in listed} == set()
    assert sorted(day.isoformat() for day in listed if day not in library) == [
        "2026-01-03", "2026-02-15", "2026-02-21", "2026-02-22", "2026-04-04", "2026-05-03",
        "2026-06-20", "2026-06-21", "2026-09-26", "2026-09-27", "2026-10-04",
    ]  # fmt: skip
    assert all(day.weekday() >= 5 for day in listed if day not in library)


def test_every_calendar_names_its_sources() -> None:
    for own in FROZEN.document["calendars"].values():
        notice, library = own["sources"]
        assert "国办发明电〔2025〕7号" in notice["source"]
        assert library["source"].startswith("holidays 0.109, CN, 2027; PROVISIONAL")


def test_the_west_works_two_hours_later_with_a_break() -> None:
    assert calendar("western").week[0] == ((600, 840), (930, 1170))
    assert calendar("western").shifts_on(date(2026, 2, 14)) == ((600, 840), (930, 1170)), "a make-up day has its hours"
    assert calendar("office").shifts_on(date(2026, 2, 14)) == ((540, 1080),)


def test_provinces_are_called_as_in_the_directory() -> None:
    assert FROZEN.document["labels"]["provinces"] == document("organisation")["provinces"]


def test_every_limit_that_the_rules_read_is_a_kind_and_no_other_is() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in sorted((PROJECT / "domain").glob("*.py")))
    started = {*re.findall(r"(?<!\w)start\(\s*\"(\w+)\"", source), *DECISIONS, *WHISTLE_KINDS}
    asked = set(re.findall(r"(?:clocks|terms)\.limit\(\s*\"(\w+)\"", source))
    clocks = {kind for kind, one in KINDS.items() if one.clock}
    bounds = {kind for kind, one in KINDS.items() if not one.clock}
    assert clocks == started - {"rating"}, "rating has its length from the calling rules"
    assert bounds - {"register"} <= asked <= set(KINDS), "register is met by the registration itself"


MET_BY_NO_VERB = {"statutory"}
"""The order's end meets it, however it comes."""
SET_BY_NO_LIMIT = {"rating"}
"""Its length is the `rating_window` of the calling rules."""


def test_every_clock_has_a_name_and_says_what_meets_it() -> None:
    clocks = {kind for kind, one in KINDS.items() if one.clock} | SET_BY_NO_LIMIT
    assert set(LABELS["clock"]) == clocks
    assert set(MEETS) == clocks - MET_BY_NO_VERB
    assert set(FROZEN.document["labels"]["kinds"]) == set(KINDS)
    assert set(EXPIRY) <= {row.kind for row in TIME} <= clocks
    assert {*PAUSABLE, *PART_KINDS, *OUTLIVING, *WHISTLE_KINDS} <= clocks
