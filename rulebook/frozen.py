"""From a policy's file to the document that is stored: calendars expanded, all of it checked, faults with lines."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from rulebook.calendars import FROZEN, Freezer, Reader
from rulebook.check import Known, check
from rulebook.faults import Fault, Faults, Faulty, located, under
from rulebook.reading import read

NATIONAL = "national"
"""The name of the policy that is shipped."""
_WIDE = 150


@dataclass(frozen=True, slots=True)
class Frozen:
    """A policy's document as it is stored, and what is wrong with it; `errors` are the faults that forbid its use."""

    document: dict[str, Any]
    faults: tuple[Fault, ...]

    @property
    def errors(self) -> tuple[Fault, ...]:
        """The faults without the warnings."""
        return tuple(fault for fault in self.faults if not fault.warning)

    def demanded(self) -> dict[str, Any]:
        """The document; raises Faulty, with all faults, when it may not be used."""
        if self.errors:
            raise Faulty(self.faults)
        return self.document


def freeze(text: str, reader: Reader, known: Known | None = None) -> Frozen:
    """The frozen document of a policy's text, YAML or JSON, with every fault at its path and line.

    `reader` gives the content of the files that the policy names.
    """
    source = read(text)
    if source.faults:
        return Frozen({}, source.faults)
    faults = Faults()
    freezer = Freezer(faults, reader)
    document = dict(source.data)
    calendars = document.get("calendars")
    if isinstance(calendars, dict):
        document["calendars"] = {
            name: freezer.frozen(calendar, under("calendars", name)) if _is_source(calendar) else calendar
            for name, calendar in calendars.items()
        }
    found = check(document, known, faults)
    return Frozen(document, located(found, source.lines, freezer.origins))


def _is_source(calendar: Any) -> bool:
    return isinstance(calendar, dict) and not any(key in calendar for key in FROZEN)


def load(path: Path, known: Known | None = None) -> Frozen:
    """The frozen document of a file; what it names is read from its own folder. Raises OSError, UnicodeDecodeError."""
    return freeze(path.read_text(encoding="utf-8"), lambda name: (path.parent / name).read_bytes(), known)


def national() -> Frozen:
    """The policy that is shipped, frozen anew."""
    text = (files("rulebook") / "policies" / f"{NATIONAL}.yaml").read_text(encoding="utf-8")
    return freeze(text, lambda name: (files("rulebook") / "policies" / name).read_bytes())


def text_of(document: Any, indent: int = 0) -> str:
    """A document as JSON that can be read and compared: what fits into one line stays in one."""
    flat = json.dumps(document, ensure_ascii=False)
    if not isinstance(document, (dict, list)) or not document or (len(flat) + indent <= _WIDE and not _deep(document)):
        return flat
    pad, end = " " * (indent + 2), " " * indent
    if isinstance(document, list):
        lines = [pad + text_of(item, indent + 2) for item in document]
        return "[\n" + ",\n".join(lines) + f"\n{end}]"
    lines = [
        f"{pad}{json.dumps(key, ensure_ascii=False)}: {text_of(item, indent + 2)}" for key, item in document.items()
    ]
    return "{\n" + ",\n".join(lines) + f"\n{end}}}"


def _deep(document: Any) -> bool:
    """True for a record of records, whose parts are better read under one another."""
    return isinstance(document, dict) and any(isinstance(item, dict) for item in document.values())
