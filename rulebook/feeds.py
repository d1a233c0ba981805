"""Days off from elsewhere: the `holidays` library by country, and calendar files (ICS)."""

from __future__ import annotations

import fnmatch
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from itertools import groupby
from typing import Any

import holidays
from dateutil.rrule import rrulestr
from icalendar import Calendar as Feed

YEARS = range(1970, 2200)
"""The years that may be asked for."""
_MOST_DAYS = 100
"""A whole-day event that is longer is no holiday."""


@dataclass(frozen=True, slots=True)
class Day:
    """A run of days with one name: days off, or, with `work`, make-up working days. Dates are ISO, `last` inclusive."""

    first: str
    last: str
    zh: str
    en: str
    work: bool = False


@dataclass(frozen=True, slots=True)
class Days:
    """What a feed holds: the days in order, where they come from, and what was left out, each with the reason."""

    days: tuple[Day, ...]
    source: str
    skipped: tuple[tuple[str, str, str], ...] = ()


def countries() -> dict[str, list[str]]:
    """The countries that the library knows, each with its subdivisions."""
    return dict(holidays.list_supported_countries(include_aliases=False))


def library_days(country: str, years: Iterable[int], subdivision: str = "") -> Days:
    """The country's public holidays, and the working weekends that make up for bridging days.

    Raises:
        LookupError: the country or subdivision is unknown; the argument says which.
    """
    known = countries()
    if country not in known:
        raise LookupError(country)
    if subdivision and subdivision not in known[country]:
        raise LookupError(subdivision)
    asked = sorted(set(years))
    spoken = {language: _library(country, asked, subdivision, language) for language in ("zh_CN", "en_US")}
    zh, en = spoken["zh_CN"], spoken["en_US"]
    found = [Day(day.isoformat(), day.isoformat(), zh.get(day, ""), en.get(day, "")) for day in sorted(en.keys())]
    found += [
        Day(day.isoformat(), day.isoformat(), "调休上班", "make-up working day", work=True)
        for day in sorted(en.weekend_workdays)
        if day.year in asked
    ]
    place = f"{country}-{subdivision}" if subdivision else country
    return Days(_joined(found), f"holidays {version('holidays')}, {place}, {_years(asked)}")


def _library(country: str, years: list[int], subdivision: str, language: str) -> holidays.HolidayBase:
    plain = holidays.country_holidays(country, years=years, subdiv=subdivision or None)
    if language not in plain.supported_languages:
        return plain
    return holidays.country_holidays(country, years=years, subdiv=subdivision or None, language=language)


def _joined(days: Iterable[Day]) -> tuple[Day, ...]:
    """Days in order; neighbours of one name become one run."""
    runs: list[Day] = []
    for day in sorted(days, key=lambda day: (day.first, day.work)):
        before = runs[-1] if runs else None
        follows = before and date.fromisoformat(before.last) + timedelta(days=1) == date.fromisoformat(day.first)
        if before and follows and (before.zh, before.en, before.work) == (day.zh, day.en, day.work):
            runs[-1] = Day(before.first, day.last, day.zh, day.en, day.work)
        else:
            runs.append(day)
    return tuple(runs)


def _years(years: list[int]) -> str:
    """Years as runs: 2026-2028, 2030."""
    runs = [[year for _, year in run] for _, run in groupby(enumerate(years), lambda pair: pair[1] - pair[0])]
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def ics_days(content: bytes, name: str, years: Iterable[int] = ()) -> Days:
    """The whole-day events of a calendar file, each with its name; of `years` only, where any are given.

    An event with times is an appointment and no day off; it is listed among the skipped, as are cancelled ones and
    those that recur when no years say how far.

    Raises:
        ValueError: the content is no calendar file.
    """
    asked = set(years)
    try:
        events = [item for feed in Feed.from_ical(content, multiple=True) for item in feed.walk("VEVENT")]
    except (ValueError, IndexError, KeyError, AttributeError) as error:
        raise ValueError(f"it is no iCalendar file: {error}") from error
    found: list[Day] = []
    skipped: list[tuple[str, str, str]] = []
    for event in events:
        title = " ".join(str(event.get("SUMMARY", "")).split())
        try:
            runs, reason = _runs(event, asked)
        except (ValueError, TypeError, AttributeError) as error:
            runs, reason = [], f"cannot be read: {error}"
        if reason:
            skipped.append((_shown(event), title, reason))
        found += [Day(first.isoformat(), last.isoformat(), title, title) for first, last in runs]
    digest = hashlib.sha256(content).hexdigest()
    days = sorted(dict.fromkeys(found), key=lambda day: (day.first, day.last, day.en))
    return Days(tuple(days), f"{name}, SHA-256 {digest}", tuple(skipped))


def _shown(event: Any) -> str:
    begin = event.get("DTSTART")
    return begin.dt.isoformat() if begin is not None and hasattr(begin, "dt") else ""


def _runs(event: Any, years: set[int]) -> tuple[list[tuple[date, date]], str]:
    """The days of one event, or why it has none."""
    if event.get("DTSTART") is None:
        return [], "has no date"
    begin = event["DTSTART"].dt
    if isinstance(begin, datetime):
        return [], "has a time of day: an appointment, no day off"
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return [], "is cancelled"
    length = _length(event, begin)
    if not 1 <= length <= _MOST_DAYS:
        return [], f"lasts {length} days"
    begins = [begin]
    if event.get("RRULE") is not None:
        if not years:
            return [], "recurs: name the years"
        if _within_a_day(event["RRULE"]):
            return [], "recurs within the day"
        begins = _recurring(event, begin, years)
    runs = [(day, day + timedelta(days=length - 1)) for day in begins]
    kept = [run for run in runs if not years or run[0].year in years or run[1].year in years]
    return kept, "" if kept else "lies in other years"


def _length(event: Any, begin: date) -> int:
    """How many days it lasts; the end of a whole-day event is the day after its last."""
    if event.get("DTEND") is not None:
        end = event["DTEND"].dt
        return ((end.date() if isinstance(end, datetime) else end) - begin).days or 1
    return int(event["DURATION"].dt.days) or 1 if event.get("DURATION") is not None else 1


def _recurring(event: Any, begin: date, years: set[int]) -> list[date]:
    noon = datetime(begin.year, begin.month, begin.day)  # noqa: DTZ001 - a date; the library counts in datetimes
    left_out = {day.isoformat() for day in _dates(event.get("EXDATE"))}
    found: set[date] = set(_dates(event.get("RDATE")))
    for rule in _listed(event["RRULE"]):
        text = rule.to_ical().decode().replace("Z", "")
        recurrence = rrulestr(text, dtstart=noon)
        first, last = datetime(min(years), 1, 1), datetime(max(years), 12, 31)  # noqa: DTZ001
        found.update(at.date() for at in recurrence.between(first, last, inc=True))
    return sorted(day for day in found if day.isoformat() not in left_out)


def _within_a_day(rules: Any) -> bool:
    slow = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
    return any(str(frequency).upper() not in slow for rule in _listed(rules) for frequency in rule.get("FREQ", ()))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _dates(listed: Any) -> list[date]:
    found = []
    for item in _listed(listed):
        for entry in item.dts:
            at = entry.dt
            found.append(at.astimezone(UTC).date() if isinstance(at, datetime) and at.tzinfo else at)
    return [at.date() if isinstance(at, datetime) else at for at in found]


def named(days: Iterable[Day], patterns: Iterable[str]) -> dict[str, list[Day]]:
    """For each pattern (`*` and `?` as in file names, case does not matter) the days with such a name."""
    listed = list(days)
    return {pattern: [day for day in listed if _fits(day, pattern)] for pattern in patterns}


def _fits(day: Day, pattern: str) -> bool:
    return any(fnmatch.fnmatchcase(name.lower(), pattern.lower()) for name in (day.zh, day.en))
