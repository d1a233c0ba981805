"""A list is never empty for a misspelt filter: what a filter names must exist, or the request is refused."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Session

from api.deps import Parts
from api.errors import Problem
from api.invalid import meant
from domain.notice_texts import LABELS
from identity.people import Identified
from store import posts
from store.directory import EVERYWHERE

PROVINCE = "province"


async def demand(parts: Parts, who: Identified, *, province: str = "", **units: str) -> None:
    """Raise Problem `invalid_request` for a province that is none, and for a unit that is none by its filter's name.

    Looks into the directory as it is held in memory, and into the database only for what is not there.
    """
    if province or any(units.values()):
        await parts.read(who, _demand, province, units)


def demand_kind(kind: str) -> None:
    """Raise Problem `invalid_request` for a kind of clock that there is not; '' is every kind."""
    if kind and kind not in LABELS["clock"]:
        remedy = f"{meant(kind, tuple(LABELS['clock']))}One of {', '.join(LABELS['clock'])}."
        raise Problem("invalid_request", f"There is no kind of clock {kind}.", field="kind", remedy=remedy)


def _demand(session: Session, province: str, units: dict[str, str]) -> None:
    for kept in ({}, {"kept_seconds": 0.0}):
        found = posts.organisation(session, **kept).units
        wrong = [name for name, unit in units.items() if unit and unit not in found]
        provinces = [unit.id for unit in found.values() if unit.kind == PROVINCE]
        if not wrong and province in ("", EVERYWHERE, *provinces):
            return
    if wrong:
        raise _unknown("unit", wrong[0], units[wrong[0]], found, "GET /v1/units lists them.")
    raise _unknown(PROVINCE, PROVINCE, province, provinces, f"GET /v1/units?kind={PROVINCE} lists them.")


def _unknown(what: str, field: str, given: str, known: Iterable[str], remedy: str) -> Problem:
    detail = f"There is no {what} {given}."
    return Problem("invalid_request", detail, field=field, remedy=f"{meant(given, tuple(known))}{remedy}")
