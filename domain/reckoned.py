"""Why a due time is what it is, as records, and the same in Chinese and English words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class StepKind(StrEnum):
    """What one step of a reckoning tells."""

    OPENED = "opened"
    STARTS = "starts"
    WORKED = "worked"
    WHOLE = "whole"
    COUNTED = "counted"
    SKIPPED = "skipped"
    SUMMED = "summed"
    PART = "part"
    MOVED = "moved"
    DAY_END = "day_end"
    ELAPSED = "elapsed"
    DAYS = "days"
    FIXED = "fixed"
    PASSED = "passed"
    CLOCK = "clock"
    DUE = "due"


class Why(StrEnum):
    """Why days were skipped, or what kind of working day it was; empty for a usual working day."""

    USUAL = ""
    WEEKEND = "weekend"
    NO_SHIFT = "no_shift"
    SPECIAL = "special"
    LEFT_OUT = "left_out"
    AFTER_HOURS = "after_hours"
    MAKE_UP = "make_up"
    OTHER_HOURS = "other_hours"


@dataclass(frozen=True, slots=True)
class Step:
    """One step on the way to a due time; what a kind does not need stays empty.

    Attributes:
        kind: what it tells.
        first: the local day, ISO.
        last: the last local day of a run, inclusive.
        begins: local time of day, such as 09:00.
        ends: local time of day; 24:00 for the end of the day.
        amount: working minutes; elapsed minutes of `elapsed` and `clock`; calendar days of `days`.
        days: how many days the run has; of `counted` and `summed` only the working ones.
        number: `counted`: the number of the last one; `summed`: the days skipped; `clock`: how many changes.
        why: why the days were skipped, or what made them working days.
        zh: what the special day is called in Chinese; of `summed` all that was skipped.
        en: the same in English.
        breaks: breaks between shifts that were not counted, such as 12:00–13:00.
    """

    kind: StepKind
    first: str
    last: str = ""
    begins: str = ""
    ends: str = ""
    amount: float = 0.0
    days: int = 0
    number: int = 0
    why: Why = Why.USUAL
    zh: str = ""
    en: str = ""
    breaks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reckoning:
    """A due time (UTC) with the steps that lead to it from its start, in the calendar's zone."""

    start: datetime
    due: datetime
    zone: str
    steps: tuple[Step, ...]


def words(reckoning: Reckoning, language: str) -> tuple[str, ...]:
    """One line a step, in `zh` or `en`; raises ValueError for another language."""
    table = _TEXTS.get(language)
    if table is None:
        raise ValueError(f"language {language!r} is unknown: write zh or en")
    return tuple(table[step.kind](step, reckoning) for step in reckoning.steps)


_ZH_DAYS = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"]
_EN_DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
_EN_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

_TWO_WEEKS = 14
"""In days: of a longer run the days of the week tell nothing."""

_ZH_WHY = {
    Why.WEEKEND: "周末",
    Why.NO_SHIFT: "非工作日",
    Why.SPECIAL: "停止办公",
    Why.LEFT_OUT: "当地时区调整，没有这一天",
    Why.AFTER_HOURS: "当日工作时间已过",
    Why.MAKE_UP: "调休上班",
    Why.OTHER_HOURS: "特殊工作时间",
}
_EN_WHY = {
    Why.WEEKEND: "weekend",
    Why.NO_SHIFT: "no working day",
    Why.SPECIAL: "closed",
    Why.LEFT_OUT: "left out by the zone's clock",
    Why.AFTER_HOURS: "after closing",
    Why.MAKE_UP: "make-up working day",
    Why.OTHER_HOURS: "special hours",
}


def why(step: Step, language: str) -> str:
    """Why the days of a step were skipped or worked, by the special's own name if it has one."""
    name, reason = (step.zh, _ZH_WHY) if language == "zh" else (step.en, _EN_WHY)
    if step.why in (Why.MAKE_UP, Why.OTHER_HOURS) and name:
        return f"{name}{'，' if language == 'zh' else ', '}{reason[step.why]}"
    return name or reason.get(step.why, "")


def number_of(amount: float) -> str:
    """A number without needless decimals, at most two."""
    return f"{amount:.2f}".rstrip("0").rstrip(".")


def _year(reckoning: Reckoning) -> str:
    return reckoning.steps[0].first[:4]


def _zh_run(step: Step, reckoning: Reckoning) -> str:
    first, last = date.fromisoformat(step.first), date.fromisoformat(step.last or step.first)
    year = "" if step.first[:4] == _year(reckoning) == str(last.year) else f"{first.year}年"
    text, weekday = f"{year}{first.month}月{first.day}日", _ZH_DAYS[first.weekday()]
    if first == last:
        return f"{text}（{weekday}）"
    until = f"{last.day}日"
    if (first.year, first.month) != (last.year, last.month):
        until = f"{last.month}月{until}"
    if first.year != last.year:
        until = f"{last.year}年{until}"
    if (last - first).days > _TWO_WEEKS:
        return f"{text}至{until}"
    return f"{text}至{until}（{weekday}至{_ZH_DAYS[last.weekday()]}）"


def _en_run(step: Step, reckoning: Reckoning) -> str:
    first, last = date.fromisoformat(step.first), date.fromisoformat(step.last or step.first)
    year = "" if step.first[:4] == _year(reckoning) == str(last.year) else f" {last.year}"
    until = f"{_EN_DAYS[last.weekday()]} {last.day} {_EN_MONTHS[last.month - 1]}{year}"
    if first == last:
        return until
    text = f"{_EN_DAYS[first.weekday()]} {first.day}"
    if (first.year, first.month) != (last.year, last.month):
        text += f" {_EN_MONTHS[first.month - 1]}"
    if first.year != last.year:
        text += f" {first.year}"
    return f"{text}–{until}"


def _zh_note(step: Step) -> str:
    notes = [why(step, "zh"), f"{'、'.join(step.breaks)} 休息不计" if step.breaks else ""]
    text = "；".join(note for note in notes if note)
    return f"（{text}）" if text else ""


def _en_note(step: Step) -> str:
    notes = [why(step, "en"), f"not counting {', '.join(step.breaks)}" if step.breaks else ""]
    text = "; ".join(note for note in notes if note)
    return f" ({text})" if text else ""


def _minutes(amount: float) -> str:
    return f"{number_of(amount)} working minute{'' if amount == 1 else 's'}"


def _plural(count: float, one: str) -> str:
    return f"{number_of(count)} {one}{'' if count == 1 else 's'}"


def _zh_worked(step: Step, reckoning: Reckoning) -> str:
    today = step.first == reckoning.steps[0].first
    day = "当日" if today else _zh_run(step, reckoning)
    span = {
        (True, True): f"，{step.begins} 至 {step.ends}",
        (True, False): f"，自 {step.begins} 起",
        (False, True): f"，至 {step.ends}",
        (False, False): "",
    }[bool(step.begins), bool(step.ends)]
    return f"{day}计 {number_of(step.amount)} 个工作分钟{span}{_zh_note(step)}"


def _en_worked(step: Step, reckoning: Reckoning) -> str:
    today = step.first == reckoning.steps[0].first
    span = "".join(f", {word} {time}" for word, time in (("from", step.begins), ("to", step.ends)) if time)
    span = span.replace(f", to {step.ends}", f" to {step.ends}") if step.begins else span
    text = f"{_minutes(step.amount)}{' that day' if today else ''}{span}{_en_note(step)}"
    return text if today else f"{_en_run(step, reckoning)}: {text}"


def _zh_counted(step: Step, reckoning: Reckoning) -> str:
    which = f"第 {step.number} 个" if step.days == 1 else f"第 {step.number - step.days + 1} 至 {step.number} 个"
    return f"{_zh_run(step, reckoning)}：{which}工作日{_zh_note(step)}"


def _en_counted(step: Step, reckoning: Reckoning) -> str:
    first = step.number - step.days + 1
    which = f"working day {step.number}" if step.days == 1 else f"working days {first} to {step.number}"
    return f"{_en_run(step, reckoning)}: {which}{_en_note(step)}"


def _zh_summed(step: Step, reckoning: Reckoning) -> str:
    worked = f"，{number_of(step.amount)} 个工作分钟" if step.amount else ""
    skipped = f"；跳过 {step.number} 天：{step.zh}" if step.number else ""
    return f"{_zh_run(step, reckoning)}：共 {step.days} 个工作日{worked}{skipped}"


def _en_summed(step: Step, reckoning: Reckoning) -> str:
    worked = f", {_minutes(step.amount)}" if step.amount else ""
    skipped = f"; {_plural(step.number, 'day')} skipped: {step.en}" if step.number else ""
    return f"{_en_run(step, reckoning)}: {_plural(step.days, 'working day')}{worked}{skipped}"


def _zh_clock(step: Step, reckoning: Reckoning) -> str:
    if step.number > 1:
        return f"期间当地时钟调整 {step.number} 次，合计 {number_of(abs(step.amount))} 分钟"
    way = "拨快" if step.amount > 0 else "拨慢"
    return f"{_zh_run(step, reckoning)}当地时钟{way} {number_of(abs(step.amount))} 分钟"


def _en_clock(step: Step, reckoning: Reckoning) -> str:
    if step.number > 1:
        return f"clocks changed {step.number} times on the way, {step.amount:+.0f} minutes in all"
    way = "forward" if step.amount > 0 else "back"
    return f"{_en_run(step, reckoning)}: clocks went {way} {_plural(abs(step.amount), 'minute')}"


def _elapsed(amount: float, hour: str, minute: str) -> tuple[str, str]:
    return (number_of(amount / 60), hour) if amount >= 60 and amount % 60 == 0 else (number_of(amount), minute)


def _en_elapsed(step: Step, reckoning: Reckoning) -> str:
    count, unit = _elapsed(step.amount, "hour", "minute")
    return f"{count} {unit}{'' if count == '1' else 's'} of elapsed time, day and night"


def _zh_local(step: Step) -> str:
    return f"{_ZH_DAYS[date.fromisoformat(step.first).weekday()]} {step.first} {step.begins}"


def _en_local(step: Step) -> str:
    return f"{_EN_DAYS[date.fromisoformat(step.first).weekday()]} {step.first} {step.begins}"


_Text = Callable[[Step, Reckoning], str]
_ZH: dict[StepKind, _Text] = {
    StepKind.OPENED: lambda step, whole: f"{_zh_local(step)} 开始（{whole.zone}）",
    StepKind.STARTS: lambda step, whole: f"不在工作时间，自{_zh_local(step)} 起计",
    StepKind.WORKED: _zh_worked,
    StepKind.WHOLE: lambda step, whole: (
        f"{_zh_run(step, whole)}：{step.days} 个完整工作日，计 {number_of(step.amount)} 个工作分钟{_zh_note(step)}"
    ),
    StepKind.COUNTED: _zh_counted,
    StepKind.SKIPPED: lambda step, whole: f"{_zh_run(step, whole)}跳过：{why(step, 'zh')}",
    StepKind.SUMMED: _zh_summed,
    StepKind.PART: lambda step, whole: f"不足一天的部分再计 {number_of(step.amount)} 个工作分钟",
    StepKind.MOVED: lambda step, whole: f"{step.begins} 当日不可用，改为 {step.ends}",
    StepKind.DAY_END: lambda step, whole: f"计到{_zh_run(step, whole)}{step.ends} 为止",
    StepKind.ELAPSED: lambda step, whole: (
        "连续计时（不分昼夜）{} {}".format(*_elapsed(step.amount, "小时", "分钟"))
    ),
    StepKind.DAYS: lambda step, whole: f"{number_of(step.amount)} 个自然日，按当地钟表时间",
    StepKind.FIXED: lambda step, whole: f"指定时间：{_zh_local(step)}",
    StepKind.PASSED: lambda step, whole: "指定时间已过，立即到期",
    StepKind.CLOCK: _zh_clock,
    StepKind.DUE: lambda step, whole: f"{_zh_local(step)} 到期",
}  # fmt: skip
_EN: dict[StepKind, _Text] = {
    StepKind.OPENED: lambda step, whole: f"opened {_en_local(step)} ({whole.zone})",
    StepKind.STARTS: lambda step, whole: f"outside working time: counts from {_en_local(step)}",
    StepKind.WORKED: _en_worked,
    StepKind.WHOLE: lambda step, whole: (
        f"{_en_run(step, whole)}: {_plural(step.days, 'whole working day')}, {_minutes(step.amount)}{_en_note(step)}"
    ),
    StepKind.COUNTED: _en_counted,
    StepKind.SKIPPED: lambda step, whole: f"{_en_run(step, whole)} skipped: {why(step, 'en')}",
    StepKind.SUMMED: _en_summed,
    StepKind.PART: lambda step, whole: f"for the part of a day {_minutes(step.amount)} more",
    StepKind.MOVED: lambda step, whole: f"{step.begins} is not available on that day: {step.ends} instead",
    StepKind.DAY_END: lambda step, whole: f"to the end of {_en_run(step, whole)}, {step.ends}",
    StepKind.ELAPSED: _en_elapsed,
    StepKind.DAYS: lambda step, whole: f"{_plural(step.amount, 'calendar day')} by the local clock",
    StepKind.FIXED: lambda step, whole: f"fixed time {_en_local(step)}",
    StepKind.PASSED: lambda step, whole: "the fixed time has passed: due at once",
    StepKind.CLOCK: _en_clock,
    StepKind.DUE: lambda step, whole: f"due {_en_local(step)}",
}
_TEXTS = {"zh": _ZH, "en": _EN}
