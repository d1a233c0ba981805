"""An account of a clock in words, Chinese and English: what one reads when asked why a limit was missed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from domain.account import CUSTOMER, DESK, Account, Entry
from domain.reckoning import words

Names = Callable[[str], str]
"""The name of a unit, or of a limit by its kind, in the language that is asked for."""

_CHANGES: dict[str, tuple[str, str]] = {
    "started": ("开始计时，到期 {due}", "started; due {due}"),
    "warned": ("预警：已过 {percent}%", "warned: {percent} % have passed"),
    "breached": ("到期未完成，记为超期；已用 {worked}", "the limit passed unmet: breached; {worked} used"),
    "climbed": ("升级到第 {level} 级", "escalated to level {level}"),
    "dead_end": ("升级链走完仍无人办理，发出告警", "the ladder ended and nobody had acted: alarm"),
    "answered": ("已提交，停表待审；已用 {worked}", "handed in, waits for the verdict; {worked} used"),
    "resumed": ("恢复计时，到期 {due}", "runs on; due {due}"),
    "paused": ("暂停；已用 {worked}", "paused; {worked} used"),
    "extended": ("延期至 {due}；已用 {worked}", "extended to {due}; {worked} used"),
    "retimed": ("按新规则重新计时，到期 {due}；已用 {worked}", "re-timed by the new rule; due {due}; {worked} used"),
    "met": ("完成；共用 {worked}", "met; {worked} used in all"),
    "cancelled": ("取消；已用 {worked}", "cancelled; {worked} used"),
    "expired": ("到期，由系统处理；共用 {worked}", "expired, the system acted; {worked} used in all"),
}
"""What each change says; `{worked}` is a length of time, `{due}` a local time."""

_HEAD = (
    "时限 {kind}（{key}）：{length}，依据 {rule}，计入 {unit}，第 {hop} 次流转",
    "limit {kind} ({key}): {length}, set by {rule}, charged to {unit}, hop {hop}",
)

_HOLDERS = {CUSTOMER: ("客户（等待补充信息）", "the customer (asked for information)"), DESK: ("受理台", "the desk")}


def told(account: Account, language: str, name: Names) -> tuple[str, ...]:
    """The account line by line in `zh` or `en`; times in the zone of the unit's calendar."""
    pick, zone = 1 if language == "en" else 0, ZoneInfo(account.zone)
    head = _HEAD[pick].format(
        kind=name(account.kind),
        key=account.key,
        length=_length(account.length, account.working, pick),
        rule=account.rule,
        unit=_who(account.unit, name, pick),
        hop=account.hop,
    )
    lines = [head]
    for entry in account.entries:
        lines.append(_line(entry, account, pick, zone))
        if entry.counted is not None:
            lines += [f"  · {line}" for line in words(entry.counted, language)[:-1]]  # the entry itself is the end
    if account.held:
        lines.append(("期间由谁办理：", "who held the order meanwhile:")[pick])
        lines += [
            f"  · {_local(hold.begin, zone)} – {_local(hold.end, zone)}  {_who(hold.holder, name, pick)}  "
            f"{_length(hold.worked, account.working, pick)}"
            for hold in account.held
        ]
    lines.append(_sum(account, pick))
    return tuple(lines)


def _line(entry: Entry, account: Account, pick: int, zone: ZoneInfo) -> str:
    text = _CHANGES[entry.change][pick].format(
        due=_local(entry.due_at, zone) if entry.due_at else "",
        worked=_length(entry.worked, account.working, pick),
        percent=entry.percent,
        level=entry.level,
    )
    why = ("，原因：{}", "; because: {}")[pick].format(entry.reason) if entry.reason else ""
    by = f" [{entry.actor}]" if entry.role != "system" else ""
    return f"{_local(entry.at, zone)} {text}{why}{by}"


def _sum(account: Account, pick: int) -> str:
    used = _length(account.worked, account.working, pick)
    still = _length(account.paused, False, pick)
    late = "" if not account.late else (("，迟 {}", ", {} late")[pick].format(_length(account.late, False, pick)))
    if account.ended_at is None:
        return (f"至今：用时 {used}，暂停 {still}", f"so far: {used} used, {still} paused")[pick]
    return (f"合计：用时 {used}，暂停 {still}{late}", f"in all: {used} used, {still} paused{late}")[pick]


def _who(unit: str, name: Names, pick: int) -> str:
    known = _HOLDERS.get(unit or DESK)
    return known[pick] if known else name(unit)


def _local(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def _length(minutes: float, working: bool, pick: int) -> str:
    """Minutes as hours and minutes; `working` says so."""
    hours, rest = divmod(round(minutes), 60)
    zh = (f"{hours} 小时" if hours else "") + (f" {rest} 分钟" if rest or not hours else "")
    en = (f"{hours} h" if hours else "") + (f" {rest} min" if rest or not hours else "")
    return (("工作时间 " if working else "") + zh.strip(), en.strip() + (" of work" if working else ""))[pick]
