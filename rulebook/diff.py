"""What changed between two policies, limit by limit, in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rulebook import hours
from rulebook.faults import Said, under
from rulebook.kinds import KINDS
from rulebook.words import label, length_words, rule_words

Document = Mapping[str, Any]
_ABSENT = object()
_ZH_DAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
_EN_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    Attributes:
        path: where, such as `provinces.HA.limits.complex.due`.
        before: what stood there, as JSON; '' for nothing.
        after: what stands there now; '' for nothing.
        zh: the change in Chinese.
        en: the same in English.
    """

    path: str
    before: str
    after: str
    zh: str
    en: str


def diff(old: Document, new: Document) -> tuple[Change, ...]:
    """All differences, in the order of the new document, what is gone after what stayed; empty for equal documents."""
    return tuple(_changes(old, new, "", old, new))


def _changes(before: Any, after: Any, path: str, old: Document, new: Document) -> Iterator[Change]:
    if before == after:
        return
    if _splits(before, path) and _splits(after, path):
        one, other = ({} if side is _ABSENT else side for side in (before, after))
        for key in (*other, *(key for key in one if key not in other)):
            yield from _changes(one.get(key, _ABSENT), other.get(key, _ABSENT), under(path, key), old, new)
    elif path.startswith("calendars.") and path.endswith(".specials"):
        yield from _days(_listed(before), _listed(after), path)
    elif path.startswith("calendars.") and path.endswith(".week") and _listed(before) and _listed(after):
        (zh, en), name = _week(before, after), path.split(".")[1]
        yield Change(path, _json(before), _json(after), f"日历 {name}: {zh}", f"Calendar {name}: {en}")
    else:
        zh, en = _said(before, after, path, new if after is not _ABSENT else old)
        yield Change(path, _json(before), _json(after), zh, en)


def _splits(value: Any, path: str) -> bool:
    """True for what is told part by part: not for a name in two languages, nor for a calendar that came or went."""
    if value is _ABSENT:
        return not (path.startswith("calendars.") and path.count(".") == 1)
    return isinstance(value, dict) and value.keys() != {"zh", "en"}


def _week(before: list[hours.Shifts], after: list[hours.Shifts]) -> Said:
    """The hours of the weekdays that changed; neighbours that changed alike are told together."""
    runs: list[tuple[int, int]] = []
    for day, pair in enumerate(zip(before, after, strict=False)):
        if pair[0] == pair[1]:
            continue
        if runs and runs[-1][1] == day - 1 and (before[day - 1], after[day - 1]) == pair:
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    said = [
        [
            f"{names[first]}{f'{to}{names[last]}' if last > first else ''} "
            f"{hours.written(before[first]) or closed} → {hours.written(after[first]) or closed}"
            for first, last in runs
        ]
        for names, to, closed in ((_ZH_DAYS, "至", "休息"), (_EN_DAYS, "–", "closed"))
    ]
    return "；".join(said[0]), "; ".join(said[1])


def _listed(value: Any) -> list[dict[str, Any]]:
    return value if isinstance(value, list) else []


def _json(value: Any) -> str:
    return "" if value is _ABSENT else json.dumps(value, ensure_ascii=False)


def _said(before: Any, after: Any, path: str, document: Document) -> Said:
    kind = path.rpartition(".")[2]
    if kind in KINDS and ".limits." in path and _is_limit(before) and _is_limit(after):
        zh, en = rule_words(document, path.replace(".limits.", ".", 1))
        (old_zh, old_en), (new_zh, new_en) = _limit(before), _limit(after)
    else:
        zh, en = _where(path, document)
        (old_zh, old_en), (new_zh, new_en) = _short(before), _short(after)
    return f"{zh}: {old_zh} → {new_zh}", f"{en}: {old_en} → {new_en}"


def _is_limit(value: Any) -> bool:
    return value is None or value is _ABSENT or isinstance(value, str)


def _limit(value: Any) -> Said:
    """A limit in words; one that is not written is that of the more general rule."""
    return ("未另定", "not set here") if value is _ABSENT else length_words(value)


def _short(value: Any) -> Said:
    """Any other value in a few words: a name as it is, a ladder by its steps, a calendar by its hours."""
    if value is _ABSENT:
        return "–", "–"
    if isinstance(value, dict):
        if value.keys() == {"zh", "en"}:
            return value["zh"], value["en"]
        if "week" in value:
            return (f"{len(value.get('specials', []))} 个特殊日", f"{len(value.get('specials', []))} special days")
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        text = ", ".join(" ".join(_parts(item)) for item in value)
    elif isinstance(value, (list, dict)):
        text = json.dumps(value, ensure_ascii=False)
    else:
        text = str(value) if isinstance(value, str) else json.dumps(value)
    text = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
    return text, text


def _parts(item: Mapping[str, Any]) -> Iterator[str]:
    """The values of a ladder's step or a warning; of what is on or off only the name."""
    for name, value in item.items():
        if value is not False:
            yield name if value is True else f"{value}%" if name == "percent" else str(value)


_SHOWN = 160


_SECTIONS: dict[str, Said] = {
    "version": ("版本", "Version"),
    "title": ("名称", "Title"),
    "calendar": ("默认日历", "Default calendar"),
    "calendars": ("日历", "Calendar"),
    "classes": ("类别", "Class"),
    "ladders": ("升级阶梯", "Ladder"),
    "chains": ("所用阶梯", "Ladder of"),
    "areas": ("地区", "Area"),
    "provinces": ("省分", "Province"),
    "tiers": ("客户等级", "Tier"),
    "categories": ("业务类别", "Category"),
    "units": ("单位", "Unit"),
    "priorities": ("优先级系数", "Factor of priority"),
    "exempt": ("不缩放的时限", "Limits that are never shortened"),
    "warnings": ("预警", "Warnings of"),
    "grace": ("无人报到告警的宽限", "Grace before the dead-end alarm"),
    "calling": ("回访规则", "Calling back"),
    "caps": ("次数上限", "Cap"),
    "skip_levels": ("越级起始级别", "Level at which a skip-level complaint begins"),
    "batch": ("批量告警", "Batch alarm"),
    "retention": ("保存期限", "Retention"),
    "decline_grounds": ("不予受理的理由", "Grounds for declining"),
    "whistle_matters": ("可吹哨事项", "Matters to whistle for"),
    "labels": ("名称", "Name of"),
    "basis": ("依据", "Source of"),
}


def _where(path: str, document: Document) -> Said:
    section, _, rest = path.partition(".")
    zh, en = _SECTIONS.get(section, (section, section))
    if not rest:
        return zh, en
    names = label(document, "kinds", rest) if section in ("chains", "warnings") else (rest, rest)
    return f"{zh} {names[0]}", f"{en} {names[1]}"


def _days(before: list[dict[str, Any]], after: list[dict[str, Any]], path: str) -> Iterator[Change]:
    """Special days that came, went or got other hours, each by its dates."""
    name = path.split(".")[1]
    old, new = ({(one["first"], one.get("last", one["first"])): one for one in days} for days in (before, after))
    for days in sorted({*old, *new}):
        was, is_ = old.get(days), new.get(days)
        if was == is_:
            continue
        shown = days[0] if days[0] == days[1] else f"{days[0]} … {days[1]}"
        (was_zh, was_en), (is_zh, is_en) = _day(was), _day(is_)
        yield Change(
            f"{path}[{shown}]",
            "" if was is None else _json(was),
            "" if is_ is None else _json(is_),
            f"日历 {name} {shown}: {was_zh} → {is_zh}",
            f"Calendar {name}, {shown}: {was_en} → {is_en}",
        )
    if before != after and len(old) == len(new) and old == new:
        yield Change(
            path, "", "", f"日历 {name}: 特殊日期的次序不同", f"Calendar {name}: the special days are reordered"
        )


def _day(special: dict[str, Any] | None) -> Said:
    if special is None:
        return "照常", "as usual"
    shifts = hours.written(special.get("shifts", []))
    zh, en = special.get("zh", ""), special.get("en", "")
    return f"{zh or '特殊日'} {shifts or '休息'}", f"{en or 'special day'}, {shifts or 'closed'}"
