"""What a document of the right shape may still get wrong: unknown names, impossible calls, missing names and sources.

Each check takes the usable part of the document (`shapes.MISSING` marks what is not) and adds its faults.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rulebook.document import CLASSES
from rulebook.faults import Faults, nearest, under
from rulebook.kinds import KINDS
from rulebook.shapes import present

HEADQUARTERS = "HQ"


@dataclass(frozen=True, slots=True)
class Known:
    """What the directory knows: provinces by id with names (Chinese, English), and unit ids; empty = not asked.

    `now` is the earliest instant at which the policy can be in force, None = by the year of its version.
    """

    provinces: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    units: frozenset[str] = frozenset()
    now: datetime | None = None


def limits_of(document: dict[str, Any]) -> Iterator[tuple[str, str, str, dict[str, str | None]]]:
    """Every mapping of limits: its path, the class it is for (`*` for all), whose it is, and the limits."""
    for name, own in document.get("classes", {}).items():
        yield f"classes.{name}.limits", name, "", own.get("limits", {})
    for section in ("areas", "provinces", "tiers", "categories", "units"):
        for name, overlay in document.get(section, {}).items():
            for order_class, limits in overlay.get("limits", {}).items():
                path = under(under(under(under("", section), name), "limits"), order_class)
                yield path, order_class, name if section in ("provinces", "units") else "", limits


def names(document: dict[str, Any], faults: Faults, known: Known) -> None:
    """Provinces, units and categories that nobody knows, and a default tier that is not there."""
    own = document.get("labels", {})
    provinces = list(known.provinces or own.get("provinces", {}))
    for name in document.get("provinces", {}):
        if provinces and name not in provinces:
            faults.add(
                under("provinces", name), (f"没有省分 {name}", f"there is no province {name}"), nearest(name, provinces)
            )
    for name in document.get("units", {}):
        place = name.partition(".")[0]
        path = under("units", name)
        if known.units and name not in known.units:
            faults.add(path, (f"没有单位 {name}", f"there is no unit {name}"), nearest(name, sorted(known.units)))
        elif not known.units and provinces and place not in (*provinces, HEADQUARTERS):
            faults.add(path, (f"没有省分 {place}", f"there is no province {place}"), nearest(place, provinces))
    categories = own.get("categories", {})
    heads = {name.partition(".")[0] for name in categories}
    for name in document.get("categories", {}):
        if categories and name not in categories and name not in heads:
            reason = (f"没有类别 {name}", f"there is no category {name}")
            faults.add(under("categories", name), reason, nearest(name, [*categories, *sorted(heads)]))


def calling(document: dict[str, Any], faults: Faults, known: Known) -> None:
    """Hours within the hard limits, and no more days than attempts."""
    rules = document.get("calling", {})
    opens, closes = rules.get("opens"), rules.get("closes")
    hard_opens, hard_closes = rules.get("hard_opens", 8), rules.get("hard_closes", 21)
    if opens is None or closes is None:
        return
    if not opens < closes:
        reason = (f"{opens}:00 至 {closes}:00 没有时间", f"there is no time from {opens}:00 to {closes}:00")
        faults.add("calling.closes", reason, ("结束须晚于开始", "let it close after it opens"))
        return
    for key, wrong in (("opens", opens < hard_opens), ("closes", closes > hard_closes)):
        if wrong:
            hard = f"{hard_opens}:00–{hard_closes}:00"
            reason = (f"{rules[key]}:00 超出硬性时段 {hard}", f"{rules[key]}:00 lies outside the hard limits {hard}")
            faults.add(f"calling.{key}", reason, ("收入该时段", "keep within them"))
    attempts, days = rules.get("attempts"), rules.get("days")
    if attempts is not None and days is not None and days > attempts:
        reason = (f"{attempts} 次拨打不可能分在 {days} 天", f"{attempts} attempts cannot fall on {days} days")
        faults.add("calling.days", reason, (f"最多写 {attempts}", f"write at most {attempts}"))


def caps(document: dict[str, Any], faults: Faults, known: Known) -> None:
    """No unit may return an order more often than all units together, in any class."""
    base = document.get("caps", {})
    for name, own in (("", {}), *((name, own.get("caps", {})) for name, own in document.get("classes", {}).items())):
        merged = {**base, **own}
        unit, order = merged.get("returns_per_unit"), merged.get("returns_per_order")
        if unit is not None and order is not None and unit > order and (own or not name):
            reason = (
                f"单位可退 {unit} 次, 工单却只可退 {order} 次",
                f"a unit may return {unit} times, an order {order} times",
            )
            path = f"classes.{name}.caps" if name else "caps"
            faults.add(path, reason, ("提高 returns_per_order", "raise returns_per_order"))


def labels(document: dict[str, Any], faults: Faults, known: Known) -> None:
    """A warning for each code that has no name: people would see the code."""
    own = document.get("labels", {})
    used: dict[str, list[str]] = {
        "classes": list(CLASSES),
        "kinds": sorted({kind for _, _, _, limits in limits_of(document) for kind in limits}),
        "decline_grounds": present(document.get("decline_grounds", [])),
        "whistle_matters": present(document.get("whistle_matters", [])),
        **{section: list(document.get(section, {})) for section in ("tiers", "priorities", "areas", "ladders")},
    }
    for section, codes in used.items():
        for code in codes if not faults.within(under("labels", section)) else ():
            if code not in own.get(section, {}):
                reason = (f"{code} 没有名称", f"{code} has no name")
                remedy = (f"补上 labels.{section}.{code}", f"add labels.{section}.{code}")
                faults.warn(under(under("labels", section), code), reason, remedy)


def basis(document: dict[str, Any], faults: Faults, known: Known) -> None:
    """A warning for each kind of limit whose source is not named."""
    used = {kind for _, _, _, limits in limits_of(document) for kind in limits}
    for kind in KINDS:
        if kind in used and kind not in document.get("basis", {}):
            reason = (f"时限 {kind} 没有写明依据", f"the limit {kind} names no source")
            faults.warn(under("basis", kind), reason, (f"补上 basis.{kind}", f"add basis.{kind}"))
