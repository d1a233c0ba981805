"""How a notice may be worded: the four texts of a template, the fields that they may name, and what is wrong with them.

The wording that comes with the program is version 0; an operator may publish others (`store.templates`). A field is
written `{name}` and nothing more, a brace that is meant as such is doubled. What has no flaw can always be rendered.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields

from domain.notice_texts import OFFERED, TEMPLATES

MOST_TITLE = 60
"""Characters of a title: it becomes the subject of a letter."""
MOST_BODY = 800
"""Characters of a body, before its fields are filled."""
MOST_TIMES = 2
"""How often one text names the same field: what fills it may be long."""
_TOKENS = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROL_BUT_LINES = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Wording:
    """The four texts of a template."""

    title_zh: str
    title_en: str
    body_zh: str
    body_en: str

    @property
    def texts(self) -> tuple[str, str, str, str]:
        """The texts in the order in which `render` takes them."""
        return self.title_zh, self.title_en, self.body_zh, self.body_en


SHIPPED: dict[str, Wording] = {template: Wording(*texts) for template, texts in TEMPLATES.items()}
"""The wording of every template that comes with the program."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong with a wording.

    Attributes:
        text: which of the four, such as `body_zh`.
        code: what is wrong: missing, too_long, control, brace, unknown_field, form, repeated; as a warning, field_lost.
        what: the field or the letter that it is about, '' for none.
        at: at which character it stands, from 1; 0 where it is about the whole.
        warning: True when the wording may be used all the same.
    """

    text: str
    code: str
    what: str = ""
    at: int = 0
    warning: bool = False


def flaws(template: str, wording: Wording) -> tuple[Flaw, ...]:
    """All that is wrong with a wording of that template; raises KeyError for an unknown one."""
    offered = OFFERED[template]
    found = [flaw for field in fields(wording) for flaw in _of_text(field.name, getattr(wording, field.name), offered)]
    return (*found, *_lost(wording, offered))


def sound(template: str, wording: Wording) -> bool:
    """True when the wording can be used for that template, so that it will render whatever the values are."""
    return template in OFFERED and not any(not flaw.warning for flaw in flaws(template, wording))


def legible(template: str, wording: Wording) -> Wording:
    """The wording with whatever cannot be filled standing for itself: what can be read while it is still being written.

    Raises KeyError for an unknown template.
    """
    offered = OFFERED[template]
    return Wording(*(_legible(text, offered) for text in wording.texts))


def _legible(text: str, offered: tuple[str, ...]) -> str:
    times: Counter[str] = Counter()

    def kept(match: re.Match[str]) -> str:
        field = match[1] or ""
        times[field] += 1
        if match[0] in ("{{", "}}") or (field in offered and times[field] <= MOST_TIMES):
            return match[0]
        return match[0].replace("{", "{{").replace("}", "}}")

    return _TOKENS.sub(kept, text)


def named(text: str) -> tuple[str, ...]:
    """The fields that a text names, in the order in which they first occur."""
    return tuple(dict.fromkeys(match[1] for match in _TOKENS.finditer(text) if match[1]))


def _of_text(name: str, text: str, offered: tuple[str, ...]) -> Iterator[Flaw]:
    title = name.startswith("title")
    if not text.strip():
        yield Flaw(name, "missing")
    most = MOST_TITLE if title else MOST_BODY
    if len(text) > most:
        yield Flaw(name, "too_long", str(most), most + 1)
    control = (_CONTROL if title else _CONTROL_BUT_LINES).search(text)
    if control:
        yield Flaw(name, "control", f"U+{ord(control[0]):04X}", control.start() + 1)
    times: Counter[str] = Counter()
    for match in _TOKENS.finditer(text):
        field, at = match[1], match.start() + 1
        times[field or ""] += 1
        if match[0] in ("{", "}"):
            yield Flaw(name, "brace", match[0], at)
        elif field is not None and field not in offered:
            yield Flaw(name, "unknown_field" if _NAME.fullmatch(field) else "form", field, at)
        elif field and times[field] == MOST_TIMES + 1:
            yield Flaw(name, "repeated", field, at)


def _lost(wording: Wording, offered: tuple[str, ...]) -> Iterator[Flaw]:
    """What one language says and the other does not: who reads that one alone never learns it."""
    for one, other in (("body_zh", "body_en"), ("body_en", "body_zh")):
        there = named(getattr(wording, other))
        for name in (name for name in named(getattr(wording, one)) if name in offered and name not in there):
            yield Flaw(other, "field_lost", name, warning=True)
