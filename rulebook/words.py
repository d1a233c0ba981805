"""Limits and rules in words: `4wd × tiers.gold 0.75` as people say it, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.spans import span
from rulebook.faults import Said

_UNITS: dict[str, tuple[str, str]] = {
    "min": ("分钟", "minute"),
    "h": ("小时", "hour"),
    "d": ("个自然日", "calendar day"),
    "wmin": ("个工作分钟", "working minute"),
    "wh": ("个工作小时", "working hour"),
    "wd": ("个工作日", "working day"),
}
_HOURS = {"min": "h", "wmin": "wh"}


def length_words(text: str | None) -> Said:
    """A span in words, such as ('5 个工作日', '5 working days'); null is no limit."""
    if not text:
        return "无", "none"
    length = span(text)
    if length.unit == "at":
        local = length.at.replace("T", " ")
        return f"{local}（当地时间）", f"{local}, local time"
    amount, unit = length.amount, length.unit
    if unit in _HOURS and amount >= 60 and amount % 60 == 0:
        amount, unit = amount / 60, _HOURS[unit]
    number, (zh, en) = f"{amount:g}", _UNITS[unit]
    ends = (" 的末尾", ", to the end of the day") if length.end_of_day else ("", "")
    return f"{number} {zh}{ends[0]}", f"{number} {en}{'' if number == '1' else 's'}{ends[1]}"


def label(document: Mapping[str, Any], section: str, code: str) -> Said:
    """What a code is called, by the document's own names; the code itself where it has none."""
    own = document.get("labels", {}).get(section, {}).get(code)
    return (own["zh"], own["en"]) if own else (code, code)


def place_name(document: Mapping[str, Any], province: str, provinces: Mapping[str, Said] | None = None) -> Said:
    """What a province is called: by the directory where it is at hand, by the document, else its code."""
    if provinces and province in provinces:
        return provinces[province]
    return label(document, "provinces", province)


def rule_words(document: Mapping[str, Any], rule: str, provinces: Mapping[str, Said] | None = None) -> Said:
    """A rule's path in words: whose policy set the limit, for which class, and what shortened it.

    `provinces.HA.complex.due × tiers.gold 0.75` is `河南的政策·复杂疑难·办结时限；金卡客户 ×0.75`.
    """
    head, *factors = rule.split(" × ")
    zh, en = _set_by(document, head, provinces)
    for factor in factors:
        scope, _, number = factor.rpartition(" ")
        section, _, code = scope.partition(".")
        name_zh, name_en = label(document, section, code)
        what_zh, what_en = _SHORTENS.get(section, ("", ""))
        zh, en = f"{zh}；{name_zh}{what_zh} ×{number}", f"{en}; {name_en.lower()}{what_en} × {number}"
    return zh, en


_SHORTENS = {"tiers": ("客户", " customers"), "priorities": ("优先级", " priority")}


def _set_by(document: Mapping[str, Any], head: str, provinces: Mapping[str, Said] | None) -> Said:
    section, _, rest = head.partition(".")
    scope, _, kind = rest.rpartition(".")
    kind_zh, kind_en = label(document, "kinds", kind)
    if section == "classes":
        title = document.get("title") or {"zh": "总政策", "en": "General policy"}
        name, order_class, whose = "", scope, (title["zh"], title["en"])
    else:
        name, _, order_class = scope.rpartition(".")
        whose = _whose(document, section, name, provinces)
    if not scope:
        return head, head
    class_zh, class_en = label(document, "classes", order_class) if order_class != "*" else ("各类工单", "every class")
    return f"{whose[0]}·{class_zh}·{kind_zh}", f"{whose[1]}, {class_en.lower()}: {kind_en.lower()}"


def _whose(document: Mapping[str, Any], section: str, name: str, provinces: Mapping[str, Said] | None) -> Said:
    zh, en = place_name(document, name, provinces) if section == "provinces" else label(document, section, name)
    return {
        "provinces": (f"{zh}的政策", f"{en}'s policy"),
        "areas": (f"{zh}地区的政策", f"Policy for {en.lower()} areas"),
        "tiers": (f"{zh}客户的政策", f"Policy for {en.lower()} customers"),
        "categories": (f"类别“{zh}”的政策", f"Policy for the category {en.lower()}"),
        "units": (f"单位 {zh} 自己的政策", f"{en}'s own policy"),
    }.get(section, (section, section))
