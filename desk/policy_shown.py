"""How policies look on a terminal: faults by line, limits by class, due times with their reckoning, changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text

import rulebook
from desk import render
from domain.model import OrderClass
from rulebook import Asked, Change, Due, Fault
from rulebook.kinds import KINDS


def faults(name: str, found: Iterable[Fault], *, quiet: bool = False, to: Console | None = None) -> None:
    """Every fault with its line, then the count; when there is none, that, unless `quiet`."""
    listed, out = list(found), to or render.out
    for fault in listed:
        head = Text(f"{name}:{fault.line}: " if fault.line else f"{name}: ", style="dim")
        head.append(fault.path or "–", style="yellow" if fault.warning else "bold red")
        out.print(head, soft_wrap=True)
        out.print(Text(f"  {fault.reason_zh} / {fault.reason_en}"), soft_wrap=True)
        out.print(Text(f"  → {fault.remedy_zh} / {fault.remedy_en}", style="dim"), soft_wrap=True)
    wrong = sum(not fault.warning for fault in listed)
    if listed or not quiet:
        counted = f"错误 faults: {wrong} · 提醒 warnings: {len(listed) - wrong}"
        out.print(Text(f"{name}: {counted}", style="bold red" if wrong else "bold green"), soft_wrap=True)


def units_unchecked(to: Console) -> None:
    """That nobody has looked the units up: a file is read without the directory."""
    to.print(_UNITS, style="yellow", soft_wrap=True)


_UNITS = (
    "单位未核对: 发布时才与目录核对 / units are not looked up here: units are checked when it is published, "
    "with the directory"
)


def refused(problem: dict[str, Any]) -> None:
    """All that the API has against a document."""
    for error in problem.get("errors", []):
        said = f"{error.get('message_zh', '')} / {error.get('message', '')}".removeprefix(" / ")
        render.err.print(Text(f"{error.get('field', '')}: {said}"), soft_wrap=True)
        if error.get("remedy"):
            render.err.print(Text(f"  → {error.get('remedy_zh', '')} / {error['remedy']}", style="dim"), soft_wrap=True)


def of_class(asked: Asked, order_class: OrderClass) -> Asked:
    """The same question for another class."""
    return replace(asked, order_class=order_class)


def in_force(document: dict[str, Any], asked: Asked) -> None:
    """A table of limits by class for that place, tier, area and category, and where the calendars come from."""
    title = document.get("title", {"zh": "–", "en": "–"})
    render.out.print(Text(f"{document['version']}  {title['zh']} / {title['en']}", style="bold"), soft_wrap=True)
    if scope := _scope(asked):
        render.out.print(Text(scope, style="cyan"), soft_wrap=True)
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("时限 limit", no_wrap=True)
    for one in OrderClass:
        table.add_column("\n".join(rulebook.label(document, "classes", one.value)), overflow="fold")
    terms = [rulebook.terms_for(document, of_class(asked, one)) for one in OrderClass]
    for kind in KINDS:
        found = [one.limit(kind, asked.unit) for one in terms]
        if any(found):
            name = rulebook.label(document, "kinds", kind)[0]
            table.add_row(f"{name} {kind}", *(limit[0] if limit else "–" for limit in found))
    render.out.print(table)
    render.out.print(_LEGEND, style="dim", soft_wrap=True)
    for name, calendar in document["calendars"].items():
        render.out.print(Text(f"{calendar.get('zh', '')} / {calendar.get('en', '')} ({name})", style="bold"))
        for source in calendar.get("sources", []):
            render.out.print(Text(f"  {source.get('of', '')}: {source['source']}", style="dim"), soft_wrap=True)


_LEGEND = (
    "min h 连续计时 elapsed · d 自然日 calendar days · wmin wh 工作时间 working time · wd 工作日 working days · "
    "– 无此时限 no limit"
)


def _scope(asked: Asked) -> str:
    usual = {"tier": "normal", "priority": "normal"}
    known = {name: getattr(asked, name) for name in ("province", "tier", "area", "category", "priority", "unit")}
    return " · ".join(f"{name} {value}" for name, value in known.items() if value and value != usual.get(name))


def rules(document: dict[str, Any], asked: Asked) -> None:
    """Each limit of one class in words, the rule that set it, and the ladder that follows its breach."""
    zh, en = rulebook.label(document, "classes", asked.order_class.value)
    render.out.print(Text(f"{document['version']}  {zh} / {en}  {_scope(asked)}".rstrip(), style="bold"))
    terms = rulebook.terms_for(document, asked)
    for kind in KINDS:
        found = terms.limit(kind, asked.unit)
        if found is None:
            continue
        names, length, said = (
            rulebook.label(document, "kinds", kind),
            rulebook.length_words(found[0]),
            rulebook.rule_words(document, found[1]),
        )
        head = Text(f"{names[0]} / {names[1]} ({kind}): ", style="cyan")
        head.append(f"{length[0]} / {length[1]}", style="bold")
        render.out.print(head, soft_wrap=True)
        render.out.print(Text(f"  {said[0]}\n  {said[1]}", style="dim"), soft_wrap=True)
        if source := document.get("basis", {}).get(kind):
            render.out.print(Text(f"  依据 basis: {source}", style="dim"), soft_wrap=True)
        steps = [f"+{step.after} {step.level} {step.target} {step.colour}".rstrip() for step in terms.ladder(kind)]
        if steps and KINDS[kind].clock:
            render.out.print(Text(f"  阶梯 ladder: {' · '.join(steps)}", style="dim"), soft_wrap=True)


def due_times(document: dict[str, Any], asked: Asked, begins: datetime, found: Sequence[Due]) -> None:
    """Every due time on the clock of its calendar, with its rule and its reckoning in both languages."""
    zh, en = rulebook.label(document, "classes", asked.order_class.value)
    head = f"{document['version']}  {zh} / {en}  {_scope(asked)}".rstrip()
    render.out.print(Text(f"{head}  {render.when(begins)} {render.zone().key}", style="bold"), soft_wrap=True)
    for one in found:
        zone = document["calendars"][one.calendar]["zone"]
        at = one.due_at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S").removesuffix(":00")
        line = Text(f"\n{one.name_zh} / {one.name_en} ({one.kind})  ", style="cyan")
        line.append(f"{at} {zone}", style="bold")
        line.append(f"  {one.limit_zh} / {one.limit_en}")
        render.out.print(line, soft_wrap=True)
        render.out.print(Text(f"  {one.counts_zh} / {one.counts_en}", style="dim"), soft_wrap=True)
        for rule, lines in ((one.rule_zh, one.explained_zh), (one.rule_en, one.explained_en)):
            render.out.print(Text(f"  {rule}"), soft_wrap=True)
            for step in lines:
                render.out.print(Text(f"    {step}", style="dim"), soft_wrap=True)


def as_data(one: Due) -> dict[str, Any]:
    """A due time for a machine; instants with their offset."""
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(one).items()}


def changes(found: Sequence[Change]) -> None:
    """What changed, a line in each language; or that nothing did."""
    for change in found:
        render.out.print(Text(change.path, style="cyan"), soft_wrap=True)
        render.out.print(Text(f"  {change.zh}\n  {change.en}"), soft_wrap=True)
    render.out.print(Text(f"变更 changes: {len(found)}", style="bold"))


def versions(found: Sequence[dict[str, Any]]) -> None:
    """Published versions, the last published first."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("版本 version", "名称 title", "发布人 by", "时间 at", ""):
        table.add_column(heading, overflow="fold")
    for one in found:
        title = f"{one['title_zh']} / {one['title_en']}"
        by = one["published_by"] or "自带 shipped"
        table.add_row(one["version"], title, by, render.when(one["created_at"]), "现行 in force" * one["in_force"])
    render.out.print(table)
    render.out.print(render.times(), style="dim")
