"""Ladders that climb, chains that lead to them, and warnings that come before the breach."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from domain.model import COLOUR_RANK, Colour
from domain.spans import span
from rulebook.document import TOP_LEVEL
from rulebook.faults import Faults, nearest, under
from rulebook.kinds import KINDS
from rulebook.meaning import Known, limits_of
from rulebook.shapes import MISSING, present


def _levels(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The document and its classes, each with its path."""
    yield "", document
    for name, own in document.get("classes", {}).items():
        yield f"classes.{name}", own


def ladders(document: dict[str, Any], faults: Faults, known: Known) -> None:
    """The first step comes with the breach; levels rise one by one, and colours do not fade."""
    for path, own in _levels(document):
        for name, steps in own.get("ladders", {}).items():
            inner = under(under(path, "ladders"), name)
            if not steps or steps[0] is MISSING or "after" not in steps[0]:
                continue
            if span(steps[0]["after"]).amount:
                reason = ("第一步应与超时同时", "the first step comes with the breach")
                faults.add(f"{inner}[0].after", reason, ("写 0min", "write 0min"))
            _rise(steps, inner, faults)
            for place, (before, after) in enumerate(pairwise(steps), start=1):
                if before is not MISSING and after is not MISSING:
                    _fades(before, after, under(inner, place), faults)


def _rise(steps: list[Any], path: str, faults: Faults) -> None:
    """Each level is one above that before it, as it stands or as its remedy has it: one slip is one fault."""
    levels = [None if step is MISSING else step.get("level") for step in steps]
    meant = levels[0]
    for place, (low, high) in enumerate(pairwise(levels), start=1):
        if meant is None or high is None or low is None or high in (low + 1, meant + 1):
            meant = high
            continue
        low = meant
        reason = (f"级别从 {low} 跳到 {high}", f"the level skips from {low} to {high}")
        if high == low:
            reason = (f"级别 {high} 重复", f"level {high} is repeated")
        elif high < low:
            reason = (f"级别从 {low} 降到 {high}", f"the level falls from {low} to {high}")
        remedy = (f"写 {low + 1}", f"write {low + 1}") if low < TOP_LEVEL else ("删去此步", "leave this step out")
        faults.add(under(under(path, place), "level"), reason, remedy)
        meant = min(low + 1, TOP_LEVEL)


def _fades(before: dict[str, Any], after: dict[str, Any], path: str, faults: Faults) -> None:
    faint, strong = after.get("colour"), before.get("colour")
    if faint and strong and COLOUR_RANK[Colour(faint)] < COLOUR_RANK[Colour(strong)]:
        reason = ("颜色比上一步浅", "its colour fades from that of the step before")
        faults.warn(under(path, "colour"), reason, ("督办颜色只升不降", "an order keeps the higher colour"))


def chains(document: dict[str, Any], faults: Faults, known: Known) -> None:
    """Each chain leads to a ladder, and each clock that somebody must meet has one."""
    base = document.get("ladders", {})
    for path, own in _levels(document):
        there = {**base, **own.get("ladders", {})}
        for kind, name in own.get("chains", {}).items():
            inner = under(under(path, "chains"), kind)
            if name not in there and not faults.within(under("ladders", name)):
                faults.add(inner, (f"没有阶梯 {name}", f"there is no ladder {name}"), nearest(name, there))
            if not KINDS[kind].clock:
                reason = (f"{kind} 不启动时钟, 阶梯不会生效", f"{kind} starts no clock, so its ladder is never climbed")
                faults.warn(inner, reason, ("删去此项", "leave it out"))
            elif not KINDS[kind].ladder:
                reason = (
                    f"{kind} 到期自行了结, 阶梯不会生效",
                    f"{kind} ends by itself, so its ladder is never climbed",
                )
                faults.warn(inner, reason, ("删去此项", "leave it out"))
            elif kind == "sign" and len(there.get(name, ())) > 1:
                reason = ("签收超时由系统代签, 只走第一步", "the system then signs, so only its first step is taken")
                faults.warn(inner, reason, ("其余各步留给 contact 与 due", "leave the others to contact and due"))
    set_ = {kind for _, _, _, limits in limits_of(document) for kind, limit in limits.items() if limit is not None}
    chained = {kind for _, own in _levels(document) for kind in own.get("chains", {})}
    for kind, one in KINDS.items():
        if kind in set_ and one.clock and one.ladder and kind not in chained and not faults.within("chains"):
            reason = (f"{kind} 超时后无人得知", f"nobody is told when {kind} is breached")
            faults.warn(under("chains", kind), reason, ("为它指定阶梯", "name a ladder for it"))


def warnings(document: dict[str, Any], faults: Faults, known: Known) -> None:
    """Each warning has exactly one of `percent` and `before`; percentages rise."""
    for path, own in _levels(document):
        for kind, marks in own.get("warnings", {}).items():
            inner = under(under(path, "warnings"), kind)
            if not KINDS[kind].clock:
                reason = (f"{kind} 不启动时钟, 预警不会发出", f"{kind} starts no clock, so it gives no warning")
                faults.warn(inner, reason, ("删去此项", "leave it out"))
            for place, mark in enumerate(marks):
                if mark is not MISSING and not mark.keys().isdisjoint({"percent", "before"}):
                    if "percent" in mark and "before" in mark:
                        reason = ("percent 与 before 同时写", "it has both percent and before")
                        faults.add(under(inner, place), reason, ("只写其一", "keep one of them"))
                elif mark is not MISSING and "colour" in mark:
                    reason = ("缺少 percent 或 before", "it has neither percent nor before")
                    faults.add(under(inner, place), reason, ("写其一", "give it one of them"))
            _rising(marks, inner, faults)


def _rising(marks: list[Any], path: str, faults: Faults) -> None:
    last = 0
    for place, mark in enumerate(marks):
        percent = mark.get("percent", 0) if mark is not MISSING else 0
        if percent and percent <= last:
            reason = (f"{percent} 不大于前一个 {last}", f"{percent} does not rise above {last}, that of the one before")
            faults.add(under(under(path, place), "percent"), reason, ("按从小到大书写", "write them in rising order"))
        last = max(last, percent)
    if len(present(marks)) > 8:
        faults.warn(path, ("预警过多", "there are many warnings"), ("每项时限几次即可", "a few for a limit will do"))
