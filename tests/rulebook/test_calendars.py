"""Calendars as people write them: shifts, holidays from everywhere, closures; each frozen with its source."""

from __future__ import annotations

import hashlib
import importlib.metadata
import re
import textwrap
from datetime import date
from typing import Any

import pytest
import yaml

from domain.calendar import Calendar, check
from domain.policy import calendar_from
from rulebook import feeds
from rulebook.calendars import Freezer
from rulebook.faults import Fault, Faults
from rulebook.paste import pasted
from rulebook.reading import read

FEED = b"""BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//test//EN\r
BEGIN:VEVENT\r
UID:1\r
SUMMARY:Spring Festival\r
DTSTART;VALUE=DATE:20260217\r
DTEND;VALUE=DATE:20260220\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:2\r
SUMMARY:Teachers' Day\r
DTSTART;VALUE=DATE:20260910\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:3\r
SUMMARY:Board meeting\r
DTSTART:20260303T090000Z\r
DTEND:20260303T100000Z\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:4\r
SUMMARY:Founding day\r
DTSTART;VALUE=DATE:20200701\r
RRULE:FREQ=YEARLY\r
EXDATE;VALUE=DATE:20270701\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:5\r
SUMMARY:Called off\r
STATUS:CANCELLED\r
DTSTART;VALUE=DATE:20260505\r
END:VEVENT\r
END:VCALENDAR\r
"""
HEAD = "zone: Asia/Shanghai\nhours: {mon-fri: 09:00-12:00 13:30-18:00}\n"


def no_files(name: str) -> bytes:
    if name == "feed.ics":
        return FEED
    raise FileNotFoundError(2, "No such file or directory")


def frozen(text: str) -> tuple[dict[str, Any], tuple[Fault, ...]]:
    """The frozen calendar of a text, and what is wrong with it."""
    faults = Faults()
    made = Freezer(faults, no_files).frozen(read(textwrap.dedent(text)).data, "calendars.it")
    return made, tuple(faults)


def made(text: str) -> Calendar:
    """The calendar of a text that has no faults."""
    document, faults = frozen(text)
    assert faults == ()
    calendar = calendar_from(document)
    assert check(calendar) == ()
    return calendar


def hours(calendar: Calendar, day: str) -> str:
    """The hours of a day as people write them."""
    shifts = calendar.shifts_on(date.fromisoformat(day))
    return " ".join(f"{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in shifts)


def test_hours_are_written_by_weekday_with_breaks() -> None:
    calendar = made(
        "zone: Asia/Shanghai\nhours: {mon-thu: 9:00-12:00 13:30 - 18:00, fri: '09:00-12:00', sat,sun: closed}"
    )
    assert [hours(calendar, f"2026-11-{day}") for day in (16, 20, 21)] == ["09:00-12:00 13:30-18:00", "09:00-12:00", ""]
    assert made("zone: UTC\nhours: {sat-mon: 10:00-24:00}").week == (
        ((600, 1440),),
        (),
        (),
        (),
        (),
        *(((600, 1440),),) * 2,
    )
    assert made("zone: UTC\nalways: true").week == (((0, 1440),),) * 7


def test_a_notice_lists_days_off_and_make_up_days_with_the_usual_hours_or_others() -> None:
    document, faults = frozen(
        HEAD
        + """\
make_up_hours: 09:00-17:00
holidays:
  of: "2026"
  source: the notice
  off: [{days: 2026-02-15..2026-02-23, zh: 春节, en: Spring Festival}]
  work: [{days: 2026-02-14, zh: 调休, en: make-up}, {days: 2026-02-28, hours: 10:00-12:00}]
"""
    )
    calendar = calendar_from(document)
    assert faults == ()
    assert hours(calendar, "2026-02-14") == "09:00-17:00"
    assert hours(calendar, "2026-02-16") == ""
    assert hours(calendar, "2026-02-28") == "10:00-12:00"
    assert [special["first"] for special in document["specials"]] == ["2026-02-14", "2026-02-15", "2026-02-28"]
    assert document["sources"] == [{"of": "2026", "source": "the notice"}]


def test_the_library_brings_days_off_and_make_up_days_and_is_named_with_its_version() -> None:
    document, faults = frozen(HEAD + "holidays: {library: CN, years: [2026]}\n")
    calendar = calendar_from(document)
    assert faults == ()
    assert hours(calendar, "2026-10-01") == ""
    assert hours(calendar, "2026-10-10") == "09:00-12:00 13:30-18:00", "a working Saturday"
    version = importlib.metadata.version("holidays")
    assert document["sources"] == [{"of": "CN", "source": f"holidays {version}, CN, 2026"}]
    assert {"zh": "国庆节", "en": "National Day", "first": "2026-10-01", "last": "2026-10-03"} in document["specials"]


def test_a_feed_adds_its_whole_days_alone_and_each_with_its_name() -> None:
    """A holiday feed adds days that are no holidays (zammad 390): filters leave them out, and appointments are none."""
    document, faults = frozen(HEAD + 'holidays: [{ics: feed.ics, years: [2026, 2027], except: ["teachers\' day"]}]\n')
    calendar = calendar_from(document)
    assert faults == ()
    assert [(one["first"], one["last"], one["en"]) for one in document["specials"]] == [
        ("2026-02-17", "2026-02-19", "Spring Festival"),
        ("2026-07-01", "2026-07-01", "Founding day"),
    ]
    assert hours(calendar, "2026-03-03"), "a meeting is no day off"
    assert hours(calendar, "2026-05-05"), "what was called off is no day off"
    assert hours(calendar, "2026-09-10"), "left out by name"
    assert document["sources"] == [
        {"of": "feed.ics", "source": f"feed.ics, SHA-256 {hashlib.sha256(FEED).hexdigest()}"}
    ]


def test_only_keeps_what_it_names() -> None:
    document, faults = frozen(HEAD + "holidays: [{ics: feed.ics, years: [2026], only: ['*festival']}]\n")
    assert faults == ()
    assert [one["en"] for one in document["specials"]] == ["Spring Festival"]


def test_a_recurring_day_without_years_is_told_and_not_guessed() -> None:
    document, [fault] = frozen(HEAD + "holidays: {ics: feed.ics}\n")
    assert "Founding day" in fault.reason_en
    assert fault.warning
    assert "Founding day" not in [one["en"] for one in document["specials"]]


def test_what_was_left_out_of_a_feed_is_listed_with_the_reason() -> None:
    found = feeds.ics_days(FEED, "feed.ics")
    assert {title: reason for _, title, reason in found.skipped} == {
        "Board meeting": "has a time of day: an appointment, no day off",
        "Founding day": "recurs: name the years",
        "Called off": "is cancelled",
    }


@pytest.mark.parametrize(
    "found", [feeds.library_days("CN", [2026]), feeds.ics_days(FEED, "feed.ics", [2026])], ids="la"
)
def test_what_is_printed_to_paste_says_the_same_as_the_feed_itself(found: feeds.Days) -> None:
    block = pasted(found, "2026")
    document, faults = frozen(HEAD + "holidays:\n" + textwrap.indent(block, "  "))
    assert faults == ()
    assert [(one["first"], one["last"], one["zh"], one["en"], "shifts" in one) for one in document["specials"]] == [
        (day.first, day.last, day.zh, day.en, day.work) for day in found.days
    ]
    assert yaml.safe_load(block)[0]["source"] == found.source


@pytest.mark.parametrize(
    ("closed", "reason", "remedy"),
    [
        ("13:30-12:00", "the shift 13:30-12:00 is empty", "let it close after it opens"),
        ("13:30-13:30", "the shift 13:30-13:30 is empty", "let it close after it opens"),
        ("25:00-26:00", "the shift 25:00-26:00 leaves the day", "keep it between 00:00 and 24:00"),
        ("09:00-12:00 13:30-12:00", "the shift 13:30-12:00 is empty", "let it close after it opens"),
        ("1pm", "'1pm' is no working time", "write 09:00-18:00"),
        ("12:00-13:30", "it takes no working time away", "the day's hours are 09:00-12:00 13:30-18:00"),
        ("null", "it takes no working time away", "the day's hours are 09:00-12:00 13:30-18:00"),
    ],
)
def test_a_closure_that_is_written_wrongly_or_closes_nothing_is_refused(closed: str, reason: str, remedy: str) -> None:
    _, [fault] = frozen(HEAD + f"days: [{{on: 2026-11-25, closed: {closed}}}]\n")
    assert fault.path == "calendars.it.days[0].closed"
    assert reason in fault.reason_en
    assert remedy in fault.remedy_en
    assert re.search("[\u4e00-\u9fff]", fault.reason_zh)
    assert not fault.warning


def test_a_day_that_is_off_already_cannot_be_closed_but_a_run_of_days_can() -> None:
    for closed in ("true", "09:00-12:00"):
        _, [fault] = frozen(HEAD + f"days: [{{on: 2026-11-28, closed: {closed}}}]\n")
        assert fault.remedy_en == "nobody works on that day: leave it out"
    assert frozen(HEAD + "days: [{on: 2026-11-26..2026-11-29, closed: true}]\n")[1] == ()


def test_reversed_days_of_a_closure_are_refused() -> None:
    for closed in ("true", "09:00-12:00"):
        document, faults = frozen(HEAD + f"days: [{{on: 2026-11-27..2026-11-25, closed: {closed}}}]\n")
        assert faults == ()
        assert ["it ends on 2026-11-25" in fault.reason for fault in check(calendar_from(document))] == [True]


def test_a_closure_is_not_blamed_for_hours_that_could_not_be_read() -> None:
    _, [fault] = frozen("zone: UTC\nhours: {mo-fri: 09:00-18:00}\ndays: [{on: 2026-11-25, closed: true}]\n")
    assert fault.path == "calendars.it.hours.mo-fri"


def test_closures_take_a_day_or_a_part_of_it() -> None:
    calendar = made(
        HEAD
        + """\
holidays: {of: "2026", source: notice, off: [{days: 2026-10-01..2026-10-07}]}
days:
  - {on: 2026-11-18, closed: true, zh: 停电, en: Power cut}
  - {on: 2026-11-19..2026-11-22, closed: 11:00-15:00, zh: 搬迁, en: Moving}
  - {on: 2026-12-31, hours: 09:00-12:00}
  - {on: 2026-10-02, hours: 10:00-11:00, en: on call}
  - {on: 2026-12-31, closed: 11:30-12:00}
"""
    )
    assert hours(calendar, "2026-11-18") == ""
    assert hours(calendar, "2026-11-19") == "09:00-11:00 15:00-18:00"
    assert hours(calendar, "2026-11-21") == "", "a weekend stays one"
    assert hours(calendar, "2026-11-23") == "09:00-12:00 13:30-18:00"
    assert hours(calendar, "2026-10-02") == "10:00-11:00", "what stands under days goes before holidays"
    assert hours(calendar, "2026-10-03") == ""
    assert hours(calendar, "2026-12-31") == "09:00-11:30", "the last one holds"
    assert calendar.special_on(date(2026, 11, 21)) is None


@pytest.mark.parametrize(
    ("text", "path", "said"),
    [
        ("hours: {mon-fry: 09:00-18:00}", "hours.mon-fry", "'fry' is no weekday"),
        ("hours: {mon: 09:00-18}", "hours.mon", "'09:00-18' is no working time"),
        ("hours: {mon: 9am}", "hours.mon", "'9am' is no working time"),
        (
            "hours: {mon-wed: 09:00-18:00, tue: 10:00-11:00}",
            "hours.tue",
            "tue stands in calendars.it.hours.mon-wed already",
        ),
        ("hours: 09:00-18:00", "hours", "the hours are not written by weekday"),
        ("zh: 无", "", "it has no hours"),
        ("always: true\nhours: {mon: 09:00-18:00}", "always", "hours and always exclude each other"),
        ("holiday: {}", "holiday", "the key holiday is unknown"),
        (
            "holidays: {library: XX, years: [2026]}",
            "holidays.library",
            "the library of holidays has no XX",
        ),
        ("holidays: {library: US, subdivision: QQ, years: [2026]}", "holidays.subdivision", "has no QQ"),
        ("holidays: {library: CN}", "holidays.years", "the years are missing"),
        ("holidays: {library: CN, years: [12026]}", "holidays.years", "the years are missing"),
        (
            "holidays: {library: CN, years: [2026], except: [国亲节]}",
            "holidays.except",
            "no day is called '国亲节'",
        ),
        (
            "holidays: {library: CN, years: [2026], excpt: [x]}",
            "holidays.excpt",
            "the key excpt is unknown",
        ),
        ("holidays: [{ics: none.ics}]", "holidays[0].ics", "none.ics cannot be read"),
        ("holidays: {off: []}", "holidays", "it does not say where the holidays come from"),
        (
            "holidays: {source: n, off: [{days: 2026-02-30}]}",
            "holidays.off[0].days",
            "'2026-02-30' is no date",
        ),
        (
            "holidays: {source: n, off: [{day: 2026-02-03}]}",
            "holidays.off[0].day",
            "the key day is unknown",
        ),
        ("holidays: {source: n, work: {days: 1}}", "holidays.work", "it is no list of entries"),
        ("days: [{on: 2026-01-01}]", "days[0]", "it needs closed or hours"),
        (
            "days: [{on: 2026-01-01..2028-01-01, closed: true}]",
            "days[0].on",
            "it spans more than 400 days",
        ),
    ],
)
def test_what_is_written_wrongly_is_told_where_it_stands(text: str, path: str, said: str) -> None:
    hours_first = text.startswith(("hours", "always", "zh"))
    _, faults = frozen(f"zone: UTC\n{text}\n" if hours_first else f"zone: UTC\nalways: true\n{text}\n")
    found = {fault.path: fault for fault in faults}
    where = f"calendars.it.{path}" if path else "calendars.it"
    assert where in found, faults
    assert said in found[where].reason_en
    assert found[where].reason_zh != found[where].reason_en
    assert found[where].remedy_zh
