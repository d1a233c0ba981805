"""What is asked of a policy: an order of some class, place, tier and category; and the terms that it would get."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from domain.model import OrderClass
from domain.policy import Terms, resolve
from rulebook.faults import Fault, Faults, nearest
from rulebook.meaning import HEADQUARTERS, Known


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of an order when its terms are looked up; `unit` is who would have it, '' for nobody yet."""

    order_class: OrderClass
    province: str
    tier: str = "normal"
    area: str = ""
    category: str = ""
    priority: str = "normal"
    unit: str = ""


def terms_for(document: Mapping[str, Any], asked: Asked) -> Terms:
    """The terms that an order of this kind gets under a checked document; raises KeyError or ValueError for another."""
    return resolve(document, asked.order_class, asked.tier, asked.province, asked.area, asked.category, asked.priority)


def misnamed(document: Mapping[str, Any], asked: Asked, known: Known | None = None) -> tuple[Fault, ...]:
    """The names in a question that nobody knows; an order would get the general limits for them, and nobody notice.

    Provinces and units are compared with the directory where `known` has it, provinces else with the document's names.
    """
    directory, names, faults = known or Known(), document.get("labels", {}), Faults()
    provinces = directory.provinces or names.get("provinces", {})
    place = asked.unit.partition(".")[0]
    categories = names.get("categories", {})
    _one_of(faults, "province", asked.province, (*provinces, HEADQUARTERS) if provinces else ())
    _one_of(faults, "tier", asked.tier, document.get("tiers", {}))
    _one_of(faults, "priority", asked.priority, document.get("priorities", {}))
    if asked.category:
        _one_of(faults, "category", asked.category, categories)
    if asked.unit and directory.units:
        _one_of(faults, "unit", asked.unit, sorted(directory.units))
    elif asked.unit:
        _one_of(faults, "unit", place, (*provinces, HEADQUARTERS) if provinces else ())
    return tuple(faults)


def _one_of(faults: Faults, field: str, name: str, known: Iterable[str]) -> None:
    listed = list(known)
    if listed and name not in listed:
        faults.add(field, (f"不认识 {name}", f"{name} is unknown"), nearest(name, listed))
