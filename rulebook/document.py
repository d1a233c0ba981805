"""The shape of a frozen policy document: every key that it may have, and what may stand there."""

from __future__ import annotations

from domain.model import Colour, OrderClass, Role
from domain.retime import PRIORITIES
from rulebook.kinds import KINDS
from rulebook.shapes import Choice, Factor, Flag, Items, Length, Record, Shape, Table, Text, Whole

CLASSES = tuple(order_class.value for order_class in OrderClass)
TARGETS = ("unit", *(role.value for role in Role if role not in (Role.CUSTOMER, Role.SYSTEM, Role.CHANNEL)))
"""Whom a ladder may tell: the unit that owes it, or the holders of a post."""
CAPS = (
    "returns_per_unit", "returns_per_order", "reopen_rounds", "urges_to_yellow", "contacts_to_rise", "extensions",
    "info_requests", "whistles_open", "whistle_units",
)  # fmt: skip
TOP_LEVEL = 5
HARD_HOURS = (8, 21)
"""The hours outside which no carrier lets a customer be called."""
MOST_CALLS = {"per_day": 5, "per_five_minutes": 3}
"""The carriers' limits for one number."""

MOST_STEPS = 10
MOST_WARNINGS = 20
"""For one kind of limit."""
MOST_SHIFTS = 6
"""On one day."""
MOST_SPECIALS = 1000
"""In one calendar."""
MOST_CALENDARS = 32
MOST_NAMES = 2000
"""In one section of `labels`."""
MOST_LIMITS = 10_000
"""In the whole document, so that it is checked in a second or two."""

KIND = Choice(tuple(KINDS), ("时限种类", "kind of limit"))
EVERY_CLASS = Choice(("*", *CLASSES), ("工单类别", "order class"))
_COLOURS = tuple(colour.value for colour in Colour if colour)
_PRIORITY = Choice(PRIORITIES, ("优先级", "priority"))

LIMITS = Table(Length(none=True, fixed=True), KIND)
SCOPED = Table(LIMITS, EVERY_CLASS)
STEP = Record(
    {
        "after": Length(zero=True),
        "level": Whole(1, TOP_LEVEL),
        "target": Choice(TARGETS, ("岗位", "role")),
        "colour": Choice(("", *_COLOURS), ("督办颜色", "supervision colour")),
        "criticised": Flag(),
    },
    ("after", "level", "target"),
)
LADDERS = Table(Items(STEP, 1, MOST_STEPS))
CHAINS = Table(Text(), KIND)
WARNING = Record(
    {
        "colour": Choice(_COLOURS, ("督办颜色", "supervision colour")),
        "percent": Whole(1, 99),
        "before": Length(),
        "in_hours": Flag(),
    },
    ("colour",),
)
WARNINGS = Table(Items(WARNING, most=MOST_WARNINGS), KIND)
_KEPT = Length(times=10)
_CAPS: dict[str, Shape] = {name: Whole(0, 1000) for name in CAPS}
_NAMED = Record({"zh": Text(), "en": Text()}, ("zh", "en"))
_SHIFT = Items(Whole(0, 1440), 2, 2)
_DAY = Items(_SHIFT, most=MOST_SHIFTS)
CALENDAR = Record(
    {
        "zh": Text(),
        "en": Text(),
        "zone": Text(),
        "week": Items(_DAY),
        "specials": Items(
            Record({"first": Text(), "last": Text(), "shifts": _DAY, "zh": Text(), "en": Text()}, ("first",)),
            most=MOST_SPECIALS,
        ),
        "sources": Items(Record({"of": Text(empty=True), "source": Text()}, ("source",))),
    },
    ("zone", "week"),
)
_CLASS = Record({"limits": LIMITS, "caps": Record(_CAPS), "grace": Length(), "ladders": LADDERS, "chains": CHAINS,
                 "warnings": WARNINGS}, ("limits",))  # fmt: skip
_ALL_CLASSES = Record({"limits": LIMITS}, ("limits",))
_CALLING = Record(
    {
        "attempts": Whole(1, 20),
        "days": Whole(1, 20),
        "gap": Length(),
        "opens": Whole(0, 24),
        "closes": Whole(0, 24),
        "rating_window": Length(),
        "sample_percent": Whole(0, 100),
        "hard_opens": Whole(*HARD_HOURS),
        "hard_closes": Whole(*HARD_HOURS),
        "per_day": Whole(1, MOST_CALLS["per_day"]),
        "per_five_minutes": Whole(1, MOST_CALLS["per_five_minutes"]),
        "holidays": Flag(),
        "seed": Text(empty=True),
    },
    ("attempts", "days", "gap", "opens", "closes", "rating_window", "sample_percent"),
)
_OVERLAY = Record({"limits": SCOPED})
_PLACE = Record({"limits": SCOPED, "calendar": Text()})
LABELS = (
    "classes", "kinds", "tiers", "priorities", "provinces", "areas", "categories", "ladders", "colours", "levels",
    "decline_grounds", "whistle_matters",
)  # fmt: skip

DOCUMENT = Record(
    {
        "version": Text(r"[0-9][0-9A-Za-z._-]{0,39}", "2026.4"),
        "title": _NAMED,
        "calendar": Text(),
        "calendars": Table(CALENDAR, most=MOST_CALENDARS),
        "classes": Record({"*": _ALL_CLASSES, **dict.fromkeys(CLASSES, _CLASS)}, ("*", *CLASSES)),
        "ladders": LADDERS,
        "chains": CHAINS,
        "areas": Table(_OVERLAY),
        "provinces": Table(_PLACE),
        "tiers": Table(Record({"factor": Factor(), "limits": SCOPED})),
        "categories": Table(_OVERLAY),
        "units": Table(_PLACE),
        "priorities": Table(Factor(), _PRIORITY),
        "exempt": Items(KIND),
        "warnings": WARNINGS,
        "grace": Length(),
        "calling": _CALLING,
        "caps": Record(_CAPS, CAPS),
        "skip_levels": Table(Whole(1, TOP_LEVEL)),
        "batch": Record({"orders": Whole(2, 100_000), "within": Length()}, ("orders", "within")),
        "retention": Record({"escalated": _KEPT, "others": _KEPT}, ("escalated", "others")),
        "decline_grounds": Items(Text(), 1),
        "whistle_matters": Items(Text(), 1),
        "labels": Table(Table(_NAMED, most=MOST_NAMES), Choice(LABELS, ("名称分组", "section of names"))),
        "basis": Table(Text()),
    },
    (
        "version", "calendar", "calendars", "classes", "ladders", "chains", "tiers", "priorities", "exempt", "warnings",
        "grace", "calling", "caps", "skip_levels", "decline_grounds", "whistle_matters",
    ),
)  # fmt: skip
