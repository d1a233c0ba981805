"""What a document of the organisation says, checked whole before anything of it is written: units, people, catalogue.

Each entry is laid over the one of its id that is there, so a field left out stays as it is. A unit's id says where it
belongs, for rules and calendars go by it: headquarters is HQ, a regional centre R.south, a province GD, its department
GD.net. What is wrong is told all at once, up to `MOST_FAULTS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.model import OrderClass
from rulebook.faults import Enough, Fault, Faults, Said, nearest, under
from store.directory import EMAIL, EVERYWHERE, ID, RESERVED, ROLES

Row = dict[str, Any]
Rows = dict[str, dict[str, Row]]
"""Section → id → row."""

MOST_FAULTS = 50
HEADQUARTERS, REGION, PROVINCE, DEPARTMENT = "headquarters", "region", "province", "department"
_SEALED = "~pd1~"
"""Begins what the vault has sealed; nobody is called so."""
_CLAUSE = re.compile(r"[A-Za-z0-9@.:+*_-]+")
_FLAG = ("写 true 或 false", "write true or false")
_LIST = ("写成列表, 如 [GD.net]", "write a list, such as [GD.net]")


class Form(StrEnum):
    """What a field holds."""

    NAME = "name"
    ID = "id"
    CLAUSE = "clause"
    EMAIL = "email"
    ZONE = "zone"
    WORD = "word"
    IDS = "ids"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Column:
    """A field of an entry: its form, its greatest length, the words that it may hold, and what it is in a new entry."""

    form: Form
    says: str
    most: int = 100
    words: tuple[str, ...] = ()
    new: Any = ""


_NAMES = {
    "name_zh": Column(Form.NAME, "Its name in Chinese; one name left out is as the other."),
    "name_en": Column(Form.NAME, "Its name in English."),
}
_EMAIL = Column(Form.EMAIL, "Where urgent notices go.", 255)
COLUMNS: dict[str, dict[str, Column]] = {
    "units": {
        "id": Column(Form.ID, "HQ, R.south, GD or GD.net; it never changes.", 50),
        "parent": Column(Form.ID, "The unit above it; only HQ has none.", 50),
        "kind": Column(Form.WORD, "What it is.", words=(HEADQUARTERS, REGION, PROVINCE, DEPARTMENT)),
        "province": Column(Form.ID, "As its id says; may be left out.", 50),
        **_NAMES,
        "zone": Column(Form.ZONE, "Its time zone; left out, that of the unit above.", 64),
        "email": _EMAIL,
    },
    "people": {
        "id": Column(Form.ID, "By which he logs in; it never changes.", 64),
        **_NAMES,
        "role": Column(Form.WORD, "What he may do.", words=tuple(role.value for role in ROLES)),
        "unit": Column(Form.ID, "Where he stands; only administrators may have none.", 50),
        "province": Column(Form.ID, "That of his unit; may be left out.", 50),
        "email": _EMAIL,
        "active": Column(Form.FLAG, "False takes him out: his log-ins and tokens end.", new=True),
    },
    "catalogue": {
        "id": Column(Form.CLAUSE, "Left out, category@province.", 160),
        "category": Column(Form.NAME, "Such as network.fault."),
        "province": Column(Form.ID, "A province, or * wherever it has no clause of its own.", 50, new=EVERYWHERE),
        "order_class": Column(Form.WORD, "Which limits apply.", words=tuple(one.value for one in OrderClass)),
        "lead": Column(Form.ID, "The department that leads.", 50),
        "co": Column(Form.IDS, "Departments that help.", 50, new=()),
        "copy": Column(Form.IDS, "Departments that are told.", 50, new=()),
        "clause": Column(Form.NAME, "What the catalogue calls it.", 200),
    },
}
"""Section → its fields, in the order of their table."""
_DEMANDED = {
    "units": ("kind",),
    "people": ("role",),
    "catalogue": ("category", "order_class", "lead"),
}
_OPTIONS = ("dry_run",)


@dataclass(frozen=True, slots=True)
class Checked:
    """A document gone through: what is wrong, else its rows whole, as they are to be, with the path of each."""

    faults: tuple[Fault, ...]
    rows: Rows
    paths: dict[str, dict[str, str]]


class Draft:
    """A document while it is read: its rows laid over those that are there, and what is wrong with it."""

    def __init__(self, there: Rows) -> None:
        self.there = there
        self.rows: Rows = {section: {} for section in COLUMNS}
        self.paths: dict[str, dict[str, str]] = {section: {} for section in COLUMNS}
        self.all: Rows = {section: dict(there[section]) for section in COLUMNS}
        self.faults = Faults(most=MOST_FAULTS)

    def add(self, path: str, reason: Said, remedy: Said) -> None:
        """One more thing that is wrong; raises Enough."""
        self.faults.add(path, reason, remedy)

    def each(self, section: str) -> Iterator[tuple[str, Row]]:
        """Path and row of every entry of a section that could be read."""
        for identity, row in self.rows[section].items():
            yield self.paths[section][identity], row


def check(document: Mapping[str, Any], there: Rows, meaning: Callable[[Draft], None]) -> Checked:
    """The document's rows laid over those that are there; `meaning` judges them once their fields are in order."""
    draft = Draft(there)
    try:
        for name in document:
            if name not in COLUMNS and name not in _OPTIONS:
                draft.add(name, ("没有此项", "there is no such part"), nearest(name, (*COLUMNS, *_OPTIONS)))
        if not isinstance(document.get("dry_run", False), bool):
            draft.add("dry_run", ("应为 true 或 false", "is neither true nor false"), _FLAG)
        for section in COLUMNS:
            _section(draft, section, document.get(section, []))
        meaning(draft)
    except Enough:
        pass
    return Checked(tuple(draft.faults), draft.rows, draft.paths)


def _section(draft: Draft, section: str, entries: Any) -> None:
    if not isinstance(entries, list):
        draft.add(section, ("应为列表", "is no list"), ("写成 [ … ]", "write [ … ]"))
        return
    for number, entry in enumerate(entries):
        path = under(section, number)
        if not isinstance(entry, dict):
            draft.add(path, ("应为对象", "is no object"), ('写成 {"id": …}', 'write {"id": …}'))
            continue
        _entry(draft, section, path, entry)


def _entry(draft: Draft, section: str, path: str, entry: Row) -> None:
    columns = COLUMNS[section]
    for name, value in entry.items():
        if name not in columns:
            draft.add(under(path, name), ("没有此字段", "there is no such field"), nearest(name, columns))
        elif (fault := _fault(columns[name], value)) is not None:
            draft.add(under(path, name), *fault)
    if section == "catalogue" and "id" not in entry:
        entry = {"id": f"{entry.get('category', '')}@{entry.get('province', EVERYWHERE)}", **entry}
    if draft.faults.within(path):
        return
    identity = entry.get("id", "")
    if not identity:
        draft.add(under(path, "id"), ("缺少编号", "it has no id"), ("给出 id", "give it an id"))
    elif identity in draft.rows[section]:
        first = draft.paths[section][identity]
        reason = (f"{identity} 已见于 {first}", f"{identity} stands in {first} already")
        draft.add(under(path, "id"), reason, ("只保留一处", "keep one of them"))
    else:
        _lay(draft, section, path, identity, entry)


def _lay(draft: Draft, section: str, path: str, identity: str, entry: Row) -> None:
    """Lay an entry whose fields are in order over the row that is there, or over a new one."""
    columns, before = COLUMNS[section], draft.there[section].get(identity)
    fresh = {name: list(column.new) if column.form is Form.IDS else column.new for name, column in columns.items()}
    row = {**(before or fresh), **entry}
    if before is None and "name_zh" in columns:
        row["name_zh"], row["name_en"] = row["name_zh"] or row["name_en"], row["name_en"] or row["name_zh"]
    wanted = (*_DEMANDED[section], *(("name_zh", "name_en") if "name_zh" in columns else ()))
    missing = [name for name in wanted if not row[name]]
    for name in missing[: 1 if missing[:1] == ["name_zh"] else None]:
        draft.add(under(path, name), ("不可缺少", "it must be there"), (f"给出 {name}", f"give its {name}"))
    draft.paths[section][identity] = path
    draft.rows[section][identity] = draft.all[section][identity] = row


def _fault(column: Column, value: Any) -> tuple[Said, Said] | None:
    """What is wrong with a field's value, and what to write; None when nothing is."""
    match column.form:
        case Form.FLAG:
            return None if isinstance(value, bool) else (("应为 true 或 false", "is neither true nor false"), _FLAG)
        case Form.IDS:
            if not isinstance(value, list) or len(value) > column.most:
                return (f"应为至多 {column.most} 项的列表", f"is no list of at most {column.most}"), _LIST
            return next((found for one in value if (found := _id_fault(one, column.most)) is not None), None)
    if not isinstance(value, str):
        return ("应为文字", "is no text"), ("写成文字, 加引号", "write text, in quotation marks")
    if len(value) > column.most:
        most = (f"改短至 {column.most} 个字符", f"shorten it to {column.most} characters")
        return (f"超过 {column.most} 个字符", f"is longer than {column.most} characters"), most
    return _TEXTS[column.form](column, value)


def _id_fault(value: Any, most: int, pattern: re.Pattern[str] = ID) -> tuple[Said, Said] | None:
    if not isinstance(value, str) or len(value) > most or not pattern.fullmatch(value):
        signs = "@.:+_-*" if pattern is _CLAUSE else "@.:+_-"
        remedy = (f"用至多 {most} 个字母、数字及 {signs}", f"use letters, digits and {signs}, at most {most}")
        return ("不能作编号", "cannot be an id"), remedy
    if RESERVED.match(value):
        begins = value.partition(":")[0]
        reason = (f"编号不可以 {begins} 开头", f"an id may not begin with {begins}")
        return reason, ("换一个编号", "take another id")
    return None


def _id(column: Column, value: str) -> tuple[Said, Said] | None:
    return None if value in ("", column.new) else _id_fault(value, column.most)


def _clause(column: Column, value: str) -> tuple[Said, Said] | None:
    return _id_fault(value, column.most, _CLAUSE) if value else None


def _name(column: Column, value: str) -> tuple[Said, Said] | None:
    if value.isprintable() and value == value.strip() and _SEALED not in value:
        return None
    reason = ("首尾有空格或含不可见字符", "begins or ends with a blank, or holds what cannot be printed")
    return reason, ("删去这些字符", "leave these characters out")


def _email(column: Column, value: str) -> tuple[Said, Said] | None:
    if not value or (EMAIL.fullmatch(value) and value.isprintable()):
        return None
    return ("不是邮箱地址", "is no e-mail address"), ("如 name@example.com", "write one such as name@example.com")


def _word(column: Column, value: str) -> tuple[Said, Said] | None:
    if value in column.words:
        return None
    return ("没有此值", "is not one of the known words"), nearest(value, column.words)


def _zone(column: Column, value: str) -> tuple[Said, Said] | None:
    if not value or _is_zone(value):
        return None
    return ("不是时区名", "is no time zone of IANA's"), ("如 Asia/Shanghai", "write one such as Asia/Shanghai")


@lru_cache(maxsize=1000)
def _is_zone(value: str) -> bool:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


_TEXTS: dict[Form, Callable[[Column, str], tuple[Said, Said] | None]] = {
    Form.ID: _id,
    Form.CLAUSE: _clause,
    Form.NAME: _name,
    Form.EMAIL: _email,
    Form.WORD: _word,
    Form.ZONE: _zone,
}
