"""All due times of a thought order under a policy, each with the rule that set it and how it was reckoned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from domain.policy import Terms
from domain.reckoning import reckon, words
from domain.spans import span
from rulebook.asked import Asked, terms_for
from rulebook.faults import Said
from rulebook.kinds import KINDS
from rulebook.words import label, length_words, rule_words


@dataclass(frozen=True, slots=True)
class Due:
    """One limit of a thought order.

    Attributes:
        kind: its code, such as `due`.
        name_zh: what it is called.
        name_en: the same in English.
        clock: True when a clock runs on it; else it only bounds what may be asked.
        counts_zh: what it counts from; here that is assumed to happen at `start_at`.
        counts_en: the same in English.
        start_at: when it is taken to begin (UTC).
        limit: the span, shortened by tier and priority.
        limit_zh: the span in words.
        limit_en: the same in English.
        rule: the path of the rule in the document, and what shortened it.
        rule_zh: the rule in words.
        rule_en: the same in English.
        calendar: the name of the calendar by which it counts.
        due_at: when it passes (UTC).
        cut: True when it would pass later than the statutory answer and is due with that.
        explained_zh: how the due time comes about, a line a step.
        explained_en: the same in English.
    """

    kind: str
    name_zh: str
    name_en: str
    clock: bool
    counts_zh: str
    counts_en: str
    start_at: datetime
    limit: str
    limit_zh: str
    limit_en: str
    rule: str
    rule_zh: str
    rule_en: str
    calendar: str
    due_at: datetime
    cut: bool
    explained_zh: tuple[str, ...]
    explained_en: tuple[str, ...]


def preview(
    document: Mapping[str, Any],
    asked: Asked,
    opened_at: datetime,
    provinces: Mapping[str, Said] | None = None,
) -> tuple[Due, ...]:
    """Every limit that such an order would have, in the order in which it meets them.

    Each is reckoned as if what it counts from happened at `opened_at` (aware); an extension from the due time that it
    would move. A result that would be due after the statutory answer is due with it. `provinces` names provinces
    better than the document does.
    """
    terms = terms_for(document, asked)
    found: dict[str, Due] = {}
    for kind, about in KINDS.items():
        start = found["due"].due_at if kind == "extension" and "due" in found else opened_at
        due = due_of(document, terms, kind, asked.unit if about.unit else "", start, provinces)
        if due is not None:
            found[kind] = due
    if "due" in found and "statutory" in found and found["statutory"].due_at < found["due"].due_at:
        found["due"] = cut(found["due"], found["statutory"])
        if "extension" in found:
            moved = due_of(document, terms, "extension", asked.unit, found["due"].due_at, provinces)
            found["extension"] = moved or found["extension"]
    return tuple(found.values())


def due_of(
    document: Mapping[str, Any],
    terms: Terms,
    kind: str,
    unit: str,
    start: datetime,
    provinces: Mapping[str, Said] | None,
) -> Due | None:
    """One limit that begins at `start` for a unit ('' for nobody's); None where the policy has none of this kind."""
    limit = terms.limit(kind, unit)
    if limit is None:
        return None
    about = KINDS[kind]
    text, rule = limit
    calendar = terms.calendar_of(unit)
    reckoning = reckon(calendar, start, span(text))
    (name_zh, name_en), (limit_zh, limit_en) = label(document, "kinds", kind), length_words(text)
    rule_zh, rule_en = rule_words(document, rule, provinces)
    return Due(
        kind=kind,
        name_zh=name_zh,
        name_en=name_en,
        clock=about.clock,
        counts_zh=about.zh,
        counts_en=about.en,
        start_at=reckoning.start,
        limit=text,
        limit_zh=limit_zh,
        limit_en=limit_en,
        rule=rule,
        rule_zh=rule_zh,
        rule_en=rule_en,
        calendar=next((name for name, one in terms.calendars.items() if one is calendar), terms.calendar_name),
        due_at=reckoning.due,
        cut=False,
        explained_zh=words(reckoning, "zh"),
        explained_en=words(reckoning, "en"),
    )


def cut(due: Due, statutory: Due) -> Due:
    """The result, due with the statutory answer."""
    return replace(
        due,
        due_at=statutory.due_at,
        cut=True,
        rule=statutory.rule,
        rule_zh=f"{statutory.rule_zh}（{due.rule_zh} 更晚）",
        rule_en=f"{statutory.rule_en} ({due.rule_en}, would be later)",
        explained_zh=(*due.explained_zh, "晚于法定答复期限，以法定期限为准", *statutory.explained_zh),
        explained_en=(*due.explained_en, "later than the statutory answer, so due with it", *statutory.explained_en),
    )
