"""The policy as an order carries it: `Terms`, resolved for one class, tier and province and frozen at registration.

A policy document holds the limits of every class; `resolve` picks what applies to one order and multiplies what the
customer's tier shortens. Terms are named by the hash of their content, so a ledger that keeps them by that name can
tell every order's rules for good.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields, replace
from typing import Any

from domain.calendar import Calendar, span
from domain.model import Colour, OrderClass


@dataclass(frozen=True, slots=True)
class WarningMark:
    """A warning when `percent` of a limit has passed."""

    percent: int
    colour: Colour


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a ladder: `after` the mark before it, raise to `level` and tell the `target` role."""

    after: str
    level: int
    target: str
    colour: Colour = Colour.NONE
    criticised: bool = False


@dataclass(frozen=True, slots=True)
class Calling:
    """How customers are called back; hours are local to the customer, spans as in `calendar`."""

    attempts: int
    days: int
    gap: str
    opens: int
    closes: int
    rating_window: str
    sample_percent: int


@dataclass(frozen=True, slots=True)
class Terms:
    """Every number that one order runs by.

    `limits` maps a clock's kind to a span; a kind that is absent has no clock. `warnings` and `ladders` are by kind,
    `grace` is how long after the last step the dead-end alarm is raised. `digest` names the content.
    """

    policy_version: str
    order_class: OrderClass
    tier: str
    province: str
    calendar: Calendar
    limits: dict[str, str]
    warnings: dict[str, tuple[WarningMark, ...]]
    ladders: dict[str, tuple[Step, ...]]
    grace: str
    calling: Calling
    returns_per_unit: int
    returns_per_order: int
    reopen_rounds: int
    urges_to_yellow: int
    contacts_to_rise: int
    extensions: int
    info_requests: int
    whistles_open: int
    whistle_units: int
    decline_grounds: tuple[str, ...]
    whistle_matters: tuple[str, ...] = ()
    digest: str = ""


def named(terms: Terms) -> Terms:
    """The same terms with their digest: the SHA-256 of their canonical JSON, shortened to 24 hex digits.

    Named once, when they are resolved: it takes longer than a whole command.
    """
    bare = replace(terms, digest="")
    text = json.dumps(_fields(bare), sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_fields)
    return replace(terms, digest=hashlib.sha256(text.encode()).hexdigest()[:24])


def _fields(record: Any) -> dict[str, Any]:
    """One level of `dataclasses.asdict`, which copies all the way down and takes three times as long."""
    return {field.name: getattr(record, field.name) for field in fields(record)}


def resolve(document: dict[str, Any], order_class: OrderClass, tier: str, province: str, area: str = "") -> Terms:
    """The terms of one order under a policy document; raises KeyError or ValueError that names what is missing.

    The most specific rule wins: all classes, the class, the area (what stands before the slash in `rural/Conghua`),
    the province; a limit of null takes the clock away. The tier then shortens what is not exempt.
    """
    classes = document["classes"]
    common, own = classes["*"], classes[order_class.value]
    by_area = document.get("areas", {}).get(area.partition("/")[0], {})
    by_province = document.get("provinces", {}).get(province, {})
    limits = {**common["limits"], **own["limits"]}
    for overlay in (by_area, by_province):
        limits |= overlay.get("*", {})
        limits |= overlay.get(order_class.value, {})
    factor = float(document["tier_factors"].get(tier, 1.0))
    exempt = tuple(document["tier_exempt"])
    calendar = document["calendar"]
    caps = {**document["caps"], **own.get("caps", {})}
    ladders = {**document["ladders"], **own.get("ladders", {})}
    terms = Terms(
        policy_version=document["version"],
        order_class=order_class,
        tier=tier,
        province=province,
        calendar=Calendar(
            zone=calendar["zone"],
            opens=calendar["opens"],
            closes=calendar["closes"],
            weekdays=tuple(calendar["weekdays"]),
            holidays=tuple(calendar["holidays"]),
            make_up_days=tuple(calendar["make_up_days"]),
        ),
        limits={kind: limit if kind in exempt else shortened(limit, factor) for kind, limit in limits.items() if limit},
        warnings={
            kind: tuple(WarningMark(mark["percent"], Colour(mark["colour"])) for mark in marks)
            for kind, marks in document["warnings"].items()
        },
        ladders={
            kind: tuple(
                Step(
                    after=step["after"],
                    level=step["level"],
                    target=step["target"],
                    colour=Colour(step.get("colour", "")),
                    criticised=step.get("criticised", False),
                )
                for step in steps
            )
            for kind, steps in ladders.items()
        },
        grace=own.get("grace", document["grace"]),
        calling=Calling(**document["calling"]),
        returns_per_unit=caps["returns_per_unit"],
        returns_per_order=caps["returns_per_order"],
        reopen_rounds=caps["reopen_rounds"],
        urges_to_yellow=caps["urges_to_yellow"],
        contacts_to_rise=caps["contacts_to_rise"],
        extensions=caps["extensions"],
        info_requests=caps["info_requests"],
        whistles_open=caps["whistles_open"],
        whistle_units=caps["whistle_units"],
        decline_grounds=tuple(document["decline_grounds"]),
        whistle_matters=tuple(document["whistle_matters"]),
    )
    return named(terms)


def shortened(limit: str, factor: float) -> str:
    """The span multiplied by a tier's factor, in minutes or days; a factor of 1 leaves the text as it is."""
    if factor == 1.0:
        return limit
    length = span(limit)
    return f"{length.amount * factor:g}{length.unit}"
