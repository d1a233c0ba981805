"""The commands that `whistle orders act` knows, read from the rules themselves, and how words become their fields."""

from __future__ import annotations

import dataclasses
import difflib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from desk import render
from desk.client import Usage
from domain.commands import COMMANDS, asked
from domain.transitions import TABLE

VERBS: tuple[str, ...] = tuple(verb for verb in COMMANDS if verb != "register")
"""Every verb but `register`, which is `orders open`."""


def fields(verb: str) -> dict[str, Any]:
    """The fields of a verb's command with their types; raises Usage for an unknown verb."""
    if verb not in VERBS:
        near = difflib.get_close_matches(verb.lower().replace("-", "_"), VERBS, n=1)
        meant = f" · 是否指 did you mean {near[0]}?" if near else ""
        raise Usage(f"没有命令 no such verb: {verb}{meant} · → 全部见 all of them: whistle orders verbs")
    hints = get_type_hints(COMMANDS[verb])
    return {item.name: hints[item.name] for item in asked(COMMANDS[verb])}


def optional(verb: str, name: str) -> bool:
    """Whether the field may be left out."""
    item = next(item for item in dataclasses.fields(COMMANDS[verb]) if item.name == name)
    return item.default is not dataclasses.MISSING or item.default_factory is not dataclasses.MISSING


def body(verb: str, words: Sequence[str], reason: str) -> dict[str, Any]:
    """The JSON body of `key=value` words; raises Usage that names the word.

    A value is JSON where its field is not text (`upheld=false`, `units='["GD.net"]'`); a list may also be written
    with commas (`units=GD.net,GD.inst`); a time without an offset is one of the zone that is shown,
    and `now` is this moment.
    """
    known = fields(verb)
    found: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise Usage(f"{word!r}: 写成 字段=值 / write it as field=value · → {usage(verb)}")
        if name == "reason":
            reason = value
        elif name not in known:
            raise Usage(f"{verb} 没有字段 has no field {name!r} · → {usage(verb)}")
        else:
            found[name] = _value(name, value, known[name])
    missing = [name for name in known if name not in found and not optional(verb, name)]
    if missing:
        raise Usage(f"{verb}: 缺字段 missing: {', '.join(missing)} · → {usage(verb)}")
    if reason:
        found["reason"] = reason
    return found


def _value(name: str, text: str, hint: Any) -> Any:
    kinds = _kinds(hint)
    if datetime in kinds:
        return instant(name, text)
    for kind in kinds:
        if isinstance(kind, type) and issubclass(kind, StrEnum) and text not in set(kind):
            raise Usage(f"{name}={text!r}: 须为其一 / must be one of {_spelt(hint)}")
    if str in kinds or any(isinstance(kind, type) and issubclass(kind, StrEnum) for kind in kinds):
        return text
    if tuple in kinds and not text.startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        return json.loads(text)
    except ValueError:
        raise Usage(f"{name}={text!r}: 须为 JSON / must be JSON ({_spelt(hint)}) · → {name}={_sample(hint)}") from None


def instant(name: str, text: str) -> str:
    """A time as people type it, as the API wants it; raises Usage that names the field."""
    if text == "now":
        return datetime.now(UTC).isoformat()
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Usage(f"{name}={text!r}: 须为时间 / must be a time · → {name}={_EXAMPLE}") from None
    return (at if at.tzinfo else at.replace(tzinfo=render.zone())).isoformat()


_EXAMPLE = "2026-03-02T09:30, 2026-03-02T09:30+08:00 或 or now"


def _kinds(hint: Any) -> list[Any]:
    if get_origin(hint) in (Union, UnionType):
        return [kind for part in get_args(hint) for kind in _kinds(part)]
    return [get_origin(hint) or hint]


def _spelt(hint: Any) -> str:
    """A type as a person writes it."""
    kinds = [kind for kind in _kinds(hint) if kind is not type(None)]
    kind = kinds[0]
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return "|".join(member.value for member in kind if member.value)
    return {str: "text", bool: "true|false", int: "number", datetime: "time", tuple: "a,b"}.get(kind, "JSON")


def _sample(hint: Any) -> str:
    return {bool: "true", int: "3", tuple: "GD.net,GD.inst"}.get(_kinds(hint)[0], "'{…}'")


def signature(verb: str) -> str:
    """A verb's fields in one line; those in brackets may be left out."""
    written = []
    for name, hint in fields(verb).items():
        one = f"{name}={_spelt(hint)}"
        written.append(f"[{one}]" if optional(verb, name) else one)
    if any(row.reason for row in TABLE if row.verb == verb):
        written.append("--reason '…'")
    return " ".join(written)


def usage(verb: str) -> str:
    """How the verb is written on the command line."""
    return f"whistle orders act ORDER {verb} {signature(verb)}".rstrip()


def listing(only: Sequence[str] = VERBS) -> str:
    """Verbs with their fields, one a line."""
    return "\n".join(f"{verb:<20} {signature(verb)}".rstrip() for verb in only)
