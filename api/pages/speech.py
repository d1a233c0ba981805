"""Which language a page speaks, and how it writes an instant."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import Scope

from api.pages.words import WORDS

ZH, EN = "zh", "en"
COOKIE = "__Host-whistle-lang"
"""Keeps the language that the reader has chosen."""
COOKIE_SECONDS = 365 * 86400
TAGS = {ZH: "zh-CN", EN: "en"}
"""What a page says of its language."""

_BEIJING = "Asia/Shanghai"
_DAYS = {ZH: "一二三四五六日", EN: ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}


def language(scope: Scope) -> str:
    """The language of an answer: as asked for now, as chosen before, as the browser prefers, else Chinese."""
    chosen = asked_for(scope)
    if chosen:
        return chosen
    headers = Headers(scope=scope)
    kept = cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
    return kept if kept in TAGS else _preferred(headers.get("accept-language", ""))


def asked_for(scope: Scope) -> str:
    """The language that the address asks for (`?lang=en`), '' for none."""
    for part in scope["query_string"].split(b"&"):
        name, _, value = part.partition(b"=")
        if name == b"lang" and value.decode("latin-1") in TAGS:
            return str(value.decode())
    return ""


def _preferred(accepted: str) -> str:
    ranked = []
    for place, part in enumerate(accepted[:500].split(",")):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            weight = 0.0
        ranked.append((-weight, place, tag.strip().lower()[:2]))
    return next((tag for weight, _, tag in sorted(ranked) if tag in TAGS and weight < 0), ZH)


def say(lang: str, key: str, **given: object) -> str:
    """A text of the pages in a language, filled; raises KeyError for one that there is not."""
    return WORDS[key][0 if lang == ZH else 1].format_map(given)


def zone_of(name: str) -> tzinfo:
    """The zone, or UTC for a name that nobody knows."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def written(lang: str, at: datetime, zone: str) -> str:
    """An instant on the clocks of a zone, to the minute, with its weekday."""
    local = at.astimezone(zone_of(zone))
    day = _DAYS[lang][local.weekday()]
    if lang == ZH:
        return f"{local.year}年{local.month}月{local.day}日（周{day}）{local:%H:%M}"
    return f"{day} {local.day} {local:%b %Y, %H:%M}"


def clock(lang: str, at: datetime, zone: str) -> str:
    """Whose clocks the page goes by, such as 北京时间 (UTC+08:00)."""
    offset = at.astimezone(zone_of(zone)).strftime("%z")
    hours = f"UTC{offset[:3]}:{offset[3:5]}"
    if zone == _BEIJING:
        return f"{say(lang, 'beijing')} ({hours})"
    return f"{zone} ({hours})"
