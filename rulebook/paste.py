"""Days off as the YAML that one pastes into a calendar's `holidays`, each with its name, to be kept or deleted."""

from __future__ import annotations

import json

from rulebook.feeds import Day, Days


def pasted(found: Days, of: str) -> str:
    """A block of days for `holidays`; what was left out stands in comments, each with its reason."""
    lines = [f"- of: {_quoted(of)}", f"  source: {_quoted(found.source)}"]
    for key, work in (("off", False), ("work", True)):
        days = [day for day in found.days if day.work is work]
        lines += [f"  {key}:"] * bool(days) + [f"    - {_day(day)}" for day in days]
    for first, title, reason in found.skipped:
        lines.append("  # left out: " + " ".join(f"{first} {title}: {reason}".split()))
    return "\n".join(lines) + "\n"


def _day(day: Day) -> str:
    days = day.first if day.first == day.last else f"{day.first}..{day.last}"
    names = "".join(f", {name}: {_quoted(text)}" for name, text in (("zh", day.zh), ("en", day.en)) if text)
    return f"{{days: {days}{names}}}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
