"""The policy as an order carries it: `Terms`, resolved for what is known of the order and frozen.

A policy document holds the limits of everybody; `resolve` lays its overlays one over the other, the most specific last:
all classes, the class, the area, the province, the customer's tier, the category; a unit's own come on top when its
clocks start. What the tier and the priority shorten is multiplied in. Terms are named by the hash of their content, so
a ledger that keeps them by that name can tell every order's rules for good.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from domain.calendar import Calendar, Span, Special, span, text_of
from domain.model import Colour, OrderClass
from domain.records import replace

Document = Mapping[str, Any]
"""A policy document as it is stored: JSON, already checked (see the room `rulebook`)."""


@dataclass(frozen=True, slots=True)
class WarningMark:
    """A warning when `percent` of a limit has passed, or `before` the due time (a span); exactly one of the two.

    With `in_hours` it is moved into working time: to the next opening, or, when that is not before the due time, to
    the last closing.
    """

    colour: Colour
    percent: int = 0
    before: str = ""
    in_hours: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a ladder: `after` the mark before it, raise to `level` and tell the `target` role."""

    after: str
    level: int
    target: str
    colour: Colour = Colour.NONE
    criticised: bool = False


@dataclass(frozen=True, slots=True)
class CallingRules:
    """How customers are called back; hours are local to the customer, spans as in `calendar`.

    Between `opens` and `closes`, which lie within the carriers' hard limits; not on the calendar's holidays unless
    `holidays`. One number gets at most `per_day` calls in 24 hours and `per_five_minutes` in five minutes, over all
    orders. Of orders that need no call `sample_percent` are drawn, by `seed` and the order's number.
    """

    attempts: int
    days: int
    gap: str
    opens: int
    closes: int
    rating_window: str
    sample_percent: int
    hard_opens: int = 8
    hard_closes: int = 21
    per_day: int = 5
    per_five_minutes: int = 3
    holidays: bool = False
    seed: str = ""


@dataclass(frozen=True, slots=True)
class UnitTerms:
    """Limits by kind, and the rule that set each; of a unit's own '' takes the clock away."""

    limits: dict[str, str]
    rules: dict[str, str]


@dataclass(frozen=True, slots=True)
class Terms:
    """Every number that one order runs by.

    `limits` maps a clock's kind to a span, `rules` to the rule of the document that set it; a kind that is absent has
    no clock. `warnings` are by kind, `chains` name the ladder of a kind in `ladders`, `grace` is how long after the
    last step the dead-end alarm is raised. `places` names the calendar of a unit or province that has one of its own,
    `skip_levels` maps a channel that skips levels to the level where its orders begin. `digest` names the content.
    """

    policy_version: str
    order_class: OrderClass
    tier: str
    province: str
    calendars: dict[str, Calendar]
    calendar_name: str
    limits: dict[str, str]
    rules: dict[str, str]
    warnings: dict[str, tuple[WarningMark, ...]]
    ladders: dict[str, tuple[Step, ...]]
    chains: dict[str, str]
    grace: str
    calling: CallingRules
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
    skip_levels: dict[str, int] = field(default_factory=dict)
    category: str = ""
    area: str = ""
    priority: str = "normal"
    places: dict[str, str] = field(default_factory=dict)
    units: dict[str, UnitTerms] = field(default_factory=dict)
    digest: str = ""

    @property
    def calendar(self) -> Calendar:
        """The calendar of what is charged to no unit: that of the order's province."""
        return self.calendar_of("")

    def calendar_of(self, unit: str) -> Calendar:
        """The calendar that a unit works by: its own, its province's (what stands before the dot), or the nation's.

        What is charged to nobody ('') goes by the calendar of the order's province.
        """
        unit = unit or self.province
        name = self.places.get(unit) or self.places.get(unit.partition(".")[0]) or self.calendar_name
        return self.calendars[name]

    def limit(self, kind: str, unit: str = "") -> tuple[str, str] | None:
        """The span of a limit and the rule that set it; None when there is no clock of this kind."""
        own = self.units.get(unit)
        if own is not None and kind in own.limits:
            text = own.limits[kind]
            return (text, own.rules[kind]) if text else None
        found = self.limits.get(kind)
        return None if found is None else (found, self.rules[kind])

    def ladder(self, kind: str) -> tuple[Step, ...]:
        """The steps that follow a breach of this kind; none for one that has no ladder."""
        return self.ladders.get(self.chains.get(kind, ""), ())


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


def resolve(
    document: Document,
    order_class: OrderClass,
    tier: str,
    province: str,
    area: str = "",
    category: str = "",
    priority: str = "normal",
) -> Terms:
    """The terms of one order under a policy document; raises KeyError or ValueError that names what is missing.

    The most specific rule wins; a limit of null takes the clock away. Of an area counts what stands before the slash
    (`rural/Conghua`), of a category also its head (`network` of `network.fault`). Tier and priority then shorten what
    is not exempt. Area and category of which the document says nothing are left out, so that alike orders share terms.
    """
    area, category = applicable(document, area, category)
    own = document["classes"][order_class.value]
    limits: dict[str, str | None] = {}
    rules: dict[str, str] = {}
    for scope, overlay in layers(document, order_class, tier, province, area, category):
        for kind, limit in overlay.items():
            limits[kind], rules[kind] = limit, f"{scope}.{kind}"
    factors = _factors(document, tier, priority)
    exempt = tuple(document["exempt"])
    found = _shortened(limits, rules, factors, exempt)
    caps = {**document["caps"], **own.get("caps", {})}
    default, places = document["calendar"], _places(document)
    ladders = {**document["ladders"], **own.get("ladders", {})}
    chains = {**document["chains"], **own.get("chains", {})}
    terms = Terms(
        policy_version=document["version"],
        order_class=order_class,
        tier=tier,
        province=province,
        calendars={name: calendar_from(document["calendars"][name]) for name in sorted({default, *places.values()})},
        calendar_name=default,
        limits=found.limits,
        rules=found.rules,
        warnings={
            kind: tuple(warning_from(mark) for mark in marks)
            for kind, marks in {**document["warnings"], **own.get("warnings", {})}.items()
        },
        ladders={name: tuple(step_from(step) for step in steps) for name, steps in ladders.items()},
        chains=chains,
        grace=own.get("grace", document["grace"]),
        calling=CallingRules(**document["calling"]),
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
        skip_levels=dict(document["skip_levels"]),
        category=category,
        area=area,
        priority=priority,
        places=places,
        units=_units(document, order_class, factors, exempt),
    )
    return named(terms)


def applicable(document: Document, area: str, category: str) -> tuple[str, str]:
    """The area and the category as far as the document says anything of them; '' where it does not."""
    head = category.partition(".")[0]
    return (
        _known(document, "areas", area.partition("/")[0]),
        _known(document, "categories", category) or _known(document, "categories", head),
    )


def _known(document: Document, section: str, name: str) -> str:
    return name if name in document.get(section, {}) else ""


def layers(
    document: Document, order_class: OrderClass, tier: str, province: str, area: str = "", category: str = ""
) -> Iterator[tuple[str, Mapping[str, str | None]]]:
    """The limits that apply to an order, from the most general to the most specific, each under its scope's name."""
    classes = document["classes"]
    yield "classes.*", classes["*"]["limits"]
    yield f"classes.{order_class}", classes[order_class.value]["limits"]
    head = category.partition(".")[0]
    for section, name in (
        ("areas", area.partition("/")[0]),
        ("provinces", province),
        ("tiers", tier),
        ("categories", head),
        ("categories", category if category != head else ""),
    ):
        yield from _overlay(document, section, name, order_class)


def _overlay(
    document: Document, section: str, name: str, order_class: OrderClass
) -> Iterator[tuple[str, Mapping[str, str | None]]]:
    limits = document.get(section, {}).get(name, {}).get("limits", {}) if name else {}
    for key in ("*", order_class.value):
        if key in limits:
            yield f"{section}.{name}.{key}", limits[key]


def _factors(document: Document, tier: str, priority: str) -> tuple[tuple[str, float], ...]:
    """What shortens this order's limits: the rule's name and the factor."""
    found = (
        (f"tiers.{tier}", float(document["tiers"].get(tier, {}).get("factor", 1.0))),
        (f"priorities.{priority}", float(document["priorities"].get(priority, 1.0))),
    )
    return tuple((name, factor) for name, factor in found if factor != 1.0)


def _shortened(
    limits: Mapping[str, str | None],
    rules: Mapping[str, str],
    factors: tuple[tuple[str, float], ...],
    exempt: tuple[str, ...],
) -> UnitTerms:
    """The limits that there are, shortened, and their rules with what shortened them; a tier's own limit is final."""
    kept: dict[str, str] = {}
    names: dict[str, str] = {}
    for kind, limit in limits.items():
        if not limit:
            continue
        kept[kind], names[kind] = limit, rules[kind]
        if kind in exempt:
            continue
        for name, factor in factors:
            if not rules[kind].startswith(name + "."):
                kept[kind], names[kind] = shortened(kept[kind], factor), f"{names[kind]} × {name} {factor:g}"
    return UnitTerms(kept, names)


def _units(
    document: Document, order_class: OrderClass, factors: tuple[tuple[str, float], ...], exempt: tuple[str, ...]
) -> dict[str, UnitTerms]:
    found: dict[str, UnitTerms] = {}
    for unit in document.get("units", {}):
        limits: dict[str, str | None] = {}
        rules: dict[str, str] = {}
        for scope, overlay in _overlay(document, "units", unit, order_class):
            for kind, limit in overlay.items():
                limits[kind], rules[kind] = limit, f"{scope}.{kind}"
        if limits:
            own = _shortened(limits, rules, factors, exempt)
            away = {kind: "" for kind, limit in limits.items() if not limit}
            found[unit] = UnitTerms(own.limits | away, own.rules | {kind: rules[kind] for kind in away})
    return found


def _places(document: Document) -> dict[str, str]:
    """The provinces and units that go by a calendar of their own."""
    return {
        name: overlay["calendar"]
        for section in ("provinces", "units")
        for name, overlay in document.get(section, {}).items()
        if "calendar" in overlay
    }


def calendar_from(found: Document) -> Calendar:
    """The calendar of its frozen form in a document: zone, seven days of shifts, and the days that differ."""
    return Calendar(
        zone=found["zone"],
        week=tuple(tuple((opens, closes) for opens, closes in day) for day in found["week"]),
        specials=tuple(
            Special(
                first=one["first"],
                last=one.get("last", one["first"]),
                shifts=tuple((opens, closes) for opens, closes in one.get("shifts", ())),
                zh=one.get("zh", ""),
                en=one.get("en", ""),
            )
            for one in found.get("specials", ())
        ),
    )


def warning_from(found: Document) -> WarningMark:
    """A warning of its form in a document."""
    return WarningMark(
        colour=Colour(found["colour"]),
        percent=found.get("percent", 0),
        before=found.get("before", ""),
        in_hours=found.get("in_hours", False),
    )


def step_from(found: Document) -> Step:
    """A ladder's step of its form in a document."""
    return Step(
        after=found["after"],
        level=found["level"],
        target=found["target"],
        colour=Colour(found.get("colour", "")),
        criticised=found.get("criticised", False),
    )


def shortened(limit: str, factor: float) -> str:
    """The span multiplied by a factor, in its own unit; a factor of 1 or an absolute time leave the text as it is."""
    length = span(limit)
    if factor == 1.0 or length.unit == "at":
        return limit
    return text_of(Span(length.amount * factor, length.unit, length.end_of_day))
