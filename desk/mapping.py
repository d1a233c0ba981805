"""From a row of somebody's table to a complaint of ours, by a mapping that is data.

A mapping names the source, the column that holds the row's own number, when it was filed, and for each field of a
complaint a rule. A rule is a template such as `{City}, {State}`, or an object: `of` a template, `map` it by a table,
find the first of `words` in it, take the first match of a `pattern`, or `spread` it evenly by its hash; `default` is
used when nothing fits, and without one the row is refused. `{@id}`, `{@filed}` and `{@source}` stand for the row's
number, the filing time and the source; `|trim` and `|digits` after a name tidy its value.

Every column is either used or listed under `ignored` with the reason, so nothing is lost unnoticed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from desk.client import Usage

REQUIRED = ("title", "text", "category", "province", "channel", "customer.name", "customer.phone")
OPTIONAL = ("area", "order_class", "customer.email", "customer.zone", "customer.tier")
_PLACE = re.compile(r"\{([^{}|]+)(?:\|(trim|digits))?\}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_KINDS = ("map", "words", "pattern", "spread")


class BadRow(Exception):  # noqa: N818  # the row is bad, the program is not
    """A row that gives no complaint.

    Attributes:
        field: the field or column at fault.
        reason: what is wrong with it.
        remedy: what to do about it.
    """

    def __init__(self, field: str, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.field, self.reason, self.remedy = field, reason, remedy


@dataclass(frozen=True, slots=True)
class Complaint:
    """A row as the API takes it; `key` is the Idempotency-Key, the same for the same source and number for good."""

    id: str
    key: str
    body: dict[str, Any]

    @property
    def digest(self) -> str:
        """The hash of what would be sent."""
        return hashlib.sha256(json.dumps(self.body, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Rule:
    """How one field comes about."""

    of: str
    kind: str = ""
    table: Any = None
    default: str | None = None

    def value(self, name: str, cells: dict[str, str]) -> str:
        """The field's value for a row; raises BadRow."""
        text = filled(self.of, cells)
        if not self.kind:
            return text
        found = self._found(text)
        if found is not None:
            return found
        if self.default is None:
            remedy = "在映射中补上, 或设 default / add it there, or a default"
            raise BadRow(name, f"{text!r} 不在映射表中 / is not in the mapping", remedy)
        return filled(self.default, cells)

    def _found(self, text: str) -> str | None:
        match self.kind:
            case "map":
                found: str | None = self.table.get(text.strip().casefold())
                return found
            case "words":
                folded = text.casefold()
                return next((value for pattern, value in self.table if pattern.search(folded)), None)
            case "pattern":
                matched = self.table.search(text)
                return matched.group(0) if matched else None
            case _:
                number = int.from_bytes(hashlib.sha256(text.strip().casefold().encode()).digest()[:8], "big")
                return str(self.table[number % len(self.table)])

    def names(self) -> Iterator[str]:
        """The columns that the rule reads."""
        for template in (self.of, self.default or ""):
            yield from (place[1] for place in _PLACE.finditer(template))


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping that has been read and understood."""

    source: str
    zone: str
    id: str
    filed: str
    formats: tuple[str, ...]
    rules: dict[str, Rule]
    ignored: dict[str, str] = field(default_factory=dict)
    delimiter: str = ","
    sheet: str = ""

    def check(self, columns: tuple[str, ...]) -> None:
        """See that mapping and file fit: every column known and every one accounted for.

        Raises:
            Usage: they do not.
        """
        used = {self.id} | {place[1] for place in _PLACE.finditer(self.filed)}
        used |= {name for rule in self.rules.values() for name in rule.names()}
        used = {name for name in used if not name.startswith("@")}
        missing = sorted((used | set(self.ignored)) - set(columns))
        if missing:
            raise Usage(
                f"文件没有映射所用的列 / the file lacks columns of the mapping: {', '.join(missing)} · "
                f"→ 文件的列 / it has: {', '.join(columns)}"
            )
        forgotten = [name for name in columns if name not in used and name not in self.ignored]
        if forgotten:
            raise Usage(
                f"映射未提及的列 / columns that the mapping does not mention: {', '.join(forgotten)} · "
                "→ 用上它们, 或写入 ignored 并说明原因 / use them, or list them under `ignored` with the reason"
            )

    def complaint(self, cells: dict[str, str]) -> Complaint:
        """The complaint of a row; raises BadRow."""
        for name, value in cells.items():
            if (stray := _CONTROL.search(value)) and name not in self.ignored:
                raise BadRow(name, f"含控制字符 / has a control character {stray[0]!r}", "删除该字符 / remove it")
        number = cells[self.id].strip()
        if not number:
            raise BadRow(self.id, "没有编号 / the row has no number", "补上编号, 重复导入靠它识别 / give it one")
        filed = self._filed(cells)
        known = {**cells, "@id": number, "@filed": filed, "@source": self.source}
        body: dict[str, Any] = {"source": f"{self.source}/{number}", "customer": {}}
        for name, rule in self.rules.items():
            value = rule.value(name, known)
            if name in REQUIRED and not value.strip():
                raise BadRow(name, "为空 / is empty", "补上内容 / fill it in")
            if value:
                section, _, inner = name.rpartition(".")
                (body[section] if section else body)[inner] = value
        key = hashlib.sha256(f"{self.source}\0{number}".encode()).hexdigest()
        return Complaint(number, f"import-{key[:40]}", body)

    def _filed(self, cells: dict[str, str]) -> str:
        """When it was filed, with its offset; a time that the clocks passed twice is taken as the first."""
        text = " ".join(filled(self.filed, cells).split())
        for wanted in self.formats:
            try:
                at = datetime.fromisoformat(text) if wanted == "iso" else datetime.strptime(text, wanted)  # noqa: DTZ007
            except ValueError:
                continue
            if at.tzinfo is None:
                at = at.replace(tzinfo=ZoneInfo(self.zone))
                if at.astimezone(UTC).astimezone(at.tzinfo).replace(tzinfo=None) != at.replace(tzinfo=None):
                    raise BadRow("filed", f"{text} 在 {self.zone} 不存在 / never was there", "更正时间 / correct it")
            return at.isoformat()
        raise BadRow("filed", f"{text!r} 不是日期时间 / is no time", f"格式 / written as {', '.join(self.formats)}")


def filled(template: str, cells: dict[str, str]) -> str:
    """The template with the cells put in their places; raises KeyError for a name that there is not."""

    def put(place: re.Match[str]) -> str:
        value = cells[place[1]]
        match place[2]:
            case "trim":
                return value.strip()
            case "digits":
                return re.sub(r"\D", "", value)
            case _:
                return value

    return _PLACE.sub(put, template)


def built_in() -> tuple[str, ...]:
    """The names of the mappings that come with the program."""
    folder = files("desk") / "mappings"
    return tuple(sorted(item.name.removesuffix(".json") for item in folder.iterdir() if item.name.endswith(".json")))


def load(name: str) -> Mapping:
    """The mapping in a file, or a built-in one by its name; raises Usage that names what is wrong in it."""
    if name in built_in():
        text = (files("desk") / "mappings" / f"{name}.json").read_text(encoding="utf-8")
    elif Path(name).is_file():
        text = Path(name).read_text(encoding="utf-8-sig")
    else:
        raise Usage(f"{name}: 没有此映射 / no such mapping · → 文件, 或 / a file, or one of: {', '.join(built_in())}")
    try:
        document = json.loads(text)
        return _understood(document)
    except (ValueError, KeyError, TypeError, AttributeError, ZoneInfoNotFoundError, re.error) as error:
        wrong = f"缺 missing {error}" if isinstance(error, KeyError) else str(error)
        raise Usage(f"{name}: 映射有误 / the mapping is not right: {wrong}") from error


def _understood(document: dict[str, Any]) -> Mapping:
    ZoneInfo(document["zone"])
    written = document["fields"]
    for name in REQUIRED:
        if name not in written:
            raise ValueError(f"fields.{name} is missing")
    for name in written:
        if name not in (*REQUIRED, *OPTIONAL):
            raise ValueError(f"fields.{name} is no field of a complaint; known: {', '.join((*REQUIRED, *OPTIONAL))}")
    formats = document["filed"]["formats"]
    return Mapping(
        source=document["source"],
        zone=document["zone"],
        id=document["id"],
        filed=document["filed"]["of"],
        formats=tuple([formats] if isinstance(formats, str) else formats),
        rules={name: rule_of(name, rule) for name, rule in written.items()},
        ignored=dict(document.get("ignored", {})),
        delimiter=document.get("delimiter", ","),
        sheet=document.get("sheet", ""),
    )


def rule_of(name: str, written: Any) -> Rule:
    """The rule of a field as it is written in a mapping; raises ValueError."""
    if isinstance(written, str):
        return Rule(written)
    kinds = [kind for kind in _KINDS if kind in written]
    if len(kinds) != 1 or not isinstance(written.get("of"), str):
        raise ValueError(f"fields.{name} needs `of` and one of {', '.join(_KINDS)}")
    table = written[kinds[0]]
    match kinds[0]:
        case "map":
            table = {str(key).casefold(): str(value) for key, value in table.items()}
        case "words":
            table = [(_any_of(words), str(value)) for words, value in table]
        case "pattern":
            table = re.compile(table)
        case _ if not table:
            raise ValueError(f"fields.{name}.spread is empty")
    return Rule(written["of"], kinds[0], table, written.get("default"))


def _any_of(words: list[str]) -> re.Pattern[str]:
    """Any of the words; a Latin one stands at the beginning of a word, a Chinese one anywhere."""
    return re.compile("|".join((r"\b" if word[0].isascii() else "") + re.escape(word.casefold()) for word in words))
