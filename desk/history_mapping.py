"""From another system's log to orders with a history, by a mapping in YAML that is data.

The mapping says which column is the case, the activity, the time with its formats and zone, the author, the unit and
the status; by rules like those of a table of complaints (`desk.mapping`) what each step makes of the order, and the
order's own fields. What no rule uses is kept with the steps, or, named under `case_keep`, with the order; what somebody
said in his own words is named under `words` and sealed; nothing is left out but what `ignored` names, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from desk.client import Usage
from desk.history_checks import impossible
from desk.mapping import BadRow, Rule, filled, rule_of
from desk.reading import Row
from domain.commands import ForeignStep
from domain.history import ENDED, MOST_SAID, walked
from domain.model import Outcome, State
from rulebook import reading as documents

REQUIRED = ("title", "text", "category", "province", "channel", "customer.name", "customer.phone")
OPTIONAL = (
    *("area", "order_class", "lead", "customer.email", "customer.zone", "customer.tier"),
    *("outcome", "said_reopens", "said_moves"),
)
STEP = ("activity", "by", "unit", "status", "state", "event")
"""The fields of a step that have rules; the first is required."""
KEYS = (
    *("about", "system", "format", "delimiter", "sheet", "case_object", "zone", "null", "case", "sequence"),
    *("time", "registered", "step", "order", "case_keep", "words", "ignored", "dispatch", "keep"),
)
"""The keys of a mapping."""
_LAST = ("outcome", "said_reopens", "said_moves", "lead")
"""Fields that are taken from the last row of a case; the others are from its first."""


class Cells(dict[str, str]):
    """The cells of a row; one that is not there is empty."""

    def __missing__(self, name: str) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class Times:
    """How a time is written."""

    of: str
    formats: tuple[str, ...]

    def read(self, name: str, cells: Cells, zone: ZoneInfo) -> datetime:
        """The instant; one without an offset is of the zone, one that its clocks passed twice the first; BadRow."""
        text = filled(self.of, cells).strip()
        for wanted in self.formats:
            try:
                at = datetime.fromisoformat(text) if wanted == "iso" else datetime.strptime(text, wanted)  # noqa: DTZ007
            except ValueError:
                continue
            if at.tzinfo is None:
                at = at.replace(tzinfo=zone)
                if at.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != at.replace(tzinfo=None):
                    raise BadRow(
                        name, f"{text} 在 {zone} 不存在 / never was there", "更正时间或时区 / correct it, or the zone"
                    )
            return at.astimezone(UTC)
        raise BadRow(name, f"{text!r} 不是时间 / is no time", f"格式 / written as {', '.join(self.formats)}")


@dataclass(frozen=True, slots=True)
class Brought:
    """A case as the API takes it, and what that system says of its counts beside what the steps say."""

    case: str
    body: dict[str, Any]
    said: dict[str, int]
    counted: dict[str, int]
    open: bool
    rows: tuple[tuple[int, int], ...] = ()
    """Number and line of each step's row."""

    @property
    def mismatches(self) -> Iterator[tuple[str, int, int]]:
        """Each count that differs: its name, what that system says, what the steps give."""
        return ((name, said, self.counted[name]) for name, said in self.said.items() if said != self.counted[name])


@dataclass(frozen=True, slots=True)
class HistoryMapping:
    """A mapping that has been read and understood."""

    system: str
    zone: ZoneInfo
    case: str
    time: Times
    step: dict[str, Rule]
    order: dict[str, Rule]
    format: str = ""
    delimiter: str = ","
    sheet: str = ""
    case_object: str = ""
    sequence: str = ""
    registered: Times | None = None
    null: frozenset[str] = frozenset()
    case_keep: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    ignored: dict[str, str] = field(default_factory=dict)
    dispatch: bool = True

    @property
    def used(self) -> set[str]:
        """The columns of which the steps themselves are made; what the order is made of is kept as well."""
        found = {name for one in (self.case, self.time.of) for name in Rule(one).names()}
        for name in ("activity", "by", "unit", "status"):
            if name in self.step and not self.step[name].kind:
                found |= set(self.step[name].names())
        return found | ({self.sequence} if self.sequence else set())

    def check(self, columns: tuple[str, ...]) -> None:
        """See that a table has the columns of the mapping; raises Usage."""
        wanted = self.used | {name for one in (*self.step.values(), *self.order.values()) for name in one.names()}
        wanted |= {*self.case_keep, *self.words, *self.keep, *self.ignored}
        wanted |= set(Rule(self.registered.of).names()) if self.registered else set()
        missing = sorted(name for name in wanted - set(columns) if not name.startswith("@"))
        if missing:
            raise Usage(
                f"文件没有映射所用的列 / the file lacks columns of the mapping: {', '.join(missing)} · "
                f"→ 文件的列 / it has: {', '.join(columns)}"
            )

    def cells(self, row: Row) -> Cells:
        """The row's cells, those that stand for nothing empty."""
        return Cells((name, "" if value in self.null else value) for name, value in row.cells.items())

    def name_of(self, row: Row) -> str:
        """The case that a row belongs to; raises BadRow."""
        name = filled(self.case, self.cells(row)).strip()
        if not name:
            raise BadRow("case", "没有案件编号 / the row names no case", "补上编号 / give it one")
        return name

    def brought(self, case: str, rows: list[Row], *, as_told: bool = False) -> Brought:
        """The order with its history; raises BadCase, which names the row at fault.

        The steps are in the order of their sequence; without one of their times, or `as_told` as the file has them.
        Time never runs backwards, unless the sequence says so.
        """
        read = []
        for row in rows:
            cells = self.cells(row)
            try:
                read.append((row, cells, self.time.read("time", cells, self.zone), self._place(cells)))
            except BadRow as bad:
                raise BadCase(row, bad) from None
        if self.sequence:
            read.sort(key=lambda one: (one[3], one[0].number))
        elif not as_told:
            read.sort(key=lambda one: (one[2], one[0].number))
        steps = []
        for row, cells, at, _ in read:
            try:
                steps.append(self._step(cells, at))
            except BadRow as bad:
                raise BadCase(row, bad) from None
        first, last = read[0], read[-1]
        try:
            body = self._body(case, first[1], last[1])
        except BadRow as bad:
            raise BadCase(first[0], bad) from None
        foreign = tuple(_foreign(steps))
        body["steps"] = steps
        if self.sequence:
            body["numbered"] = True
        if fault := impossible(body, foreign):
            raise BadCase(read[fault[0]][0], fault[1])
        walk = walked(foreign)
        is_open = walk[-1].state not in ENDED
        if is_open:
            body.pop("outcome", None)
        else:
            body.setdefault("outcome", Outcome.NOT_RATED.value)
            body.pop("lead", None)
        counted = {"reopens": sum(one.reopened for one in walk), "moves": sum(one.moved for one in walk)}
        said = {name: body[f"said_{name}"] for name in counted if f"said_{name}" in body}
        return Brought(case, body, said, counted, is_open, tuple((row.number, row.line) for row, *_ in read))

    def _place(self, cells: Cells) -> int:
        if not self.sequence:
            return 0
        try:
            return int(cells[self.sequence])
        except ValueError:
            raise BadRow(
                self.sequence, f"{cells[self.sequence]!r} 不是整数 / is no whole number", "更正 / correct it"
            ) from None

    def _step(self, cells: Cells, at: datetime) -> dict[str, Any]:
        step: dict[str, Any] = {"at": at.isoformat()}
        for name, rule in self.step.items():
            if value := rule.value(name, cells).strip():
                step[name] = value
        if not step.get("activity"):
            raise BadRow("activity", "为空 / is empty", "补上步骤名 / say what was done")
        if step.get("state", State.CLOSED) not in set(State):
            raise BadRow("state", f"{step['state']!r} 不是状态 / is no state", f"可用 one of: {', '.join(State)}")
        apart = {*self.used, *self.ignored, *self.case_keep}
        kept = {name: value for name, value in cells.items() if value and name not in apart}
        if self.keep:
            kept = {name: value for name, value in kept.items() if name in (*self.keep, *self.words)}
        details = {name: value for name, value in kept.items() if name not in self.words}
        said = {name: value for name, value in kept.items() if name in self.words}
        return {**step, **({"details": details} if details else {}), **({"words": said} if said else {})}

    def _body(self, case: str, first: Cells, last: Cells) -> dict[str, Any]:
        body: dict[str, Any] = {"system": self.system, "case": case, "customer": {}, "dispatch": self.dispatch}
        for name, rule in self.order.items():
            known = Cells({**(last if name in _LAST else first), "@case": case, "@system": self.system})
            value: Any = rule.value(name, known).strip()
            if name in REQUIRED and not value:
                raise BadRow(name, "为空 / is empty", "补上内容 / fill it in")
            if not value:
                continue
            if name.startswith("said_"):
                if not value.isdecimal() or len(value) > len(str(MOST_SAID)) or int(value) > MOST_SAID:
                    raise BadRow(name, f"{value!r} 不是数 / is no number", "更正 / correct it")
                value = int(value)
            section, _, inner = name.rpartition(".")
            (body[section] if section else body)[inner] = value
        if self.registered is not None and filled(self.registered.of, first).strip():
            body["registered_at"] = self.registered.read("registered", first, self.zone).isoformat()
        kept = {name.removeprefix("case:"): first[name] for name in self.case_keep if first[name]}
        said = {name: value for name, value in kept.items() if name in self.words}
        details = {name: value for name, value in kept.items() if name not in self.words}
        return {**body, **({"details": details} if details else {}), **({"words": said} if said else {})}


class BadCase(Exception):  # noqa: N818  # the case is bad, the program is not
    """A case that gives no order, with the row at fault."""

    def __init__(self, row: Row, bad: BadRow) -> None:
        super().__init__(str(bad))
        self.row, self.bad = row, bad


def _foreign(steps: Iterable[dict[str, Any]]) -> Iterator[ForeignStep]:
    """The steps as the rules count them."""
    for step in steps:
        state = State(step["state"]) if "state" in step else None
        yield ForeignStep(step["activity"], datetime.fromisoformat(step["at"]), unit=step.get("unit", ""), state=state)


def built_in() -> tuple[str, ...]:
    """The names of the mappings of histories that come with the program."""
    folder = files("desk") / "mappings"
    return tuple(sorted(item.name.removesuffix(".yaml") for item in folder.iterdir() if item.name.endswith(".yaml")))


def load(name: str) -> HistoryMapping:
    """The mapping in a file, or a built-in one by its name; raises Usage that names what is wrong in it."""
    if name in built_in():
        text = (files("desk") / "mappings" / f"{name}.yaml").read_text(encoding="utf-8")
    elif Path(name).is_file():
        text = Path(name).read_text(encoding="utf-8-sig")
    else:
        raise Usage(f"{name}: 没有此映射 / no such mapping · → 文件, 或 / a file, or one of: {', '.join(built_in())}")
    source = documents.read(text, begins="system: servicenow")
    if source.faults:
        raise Usage("\n".join(f"{name}:{fault}" for fault in source.faults))
    try:
        return _understood(source.data)
    except (ValueError, KeyError, TypeError, AttributeError, ZoneInfoNotFoundError) as error:
        wrong = f"缺 missing {error}" if isinstance(error, KeyError) else str(error)
        raise Usage(f"{name}: 映射有误 / the mapping is not right: {wrong}") from error


def _understood(document: dict[str, Any]) -> HistoryMapping:
    if unknown := sorted(set(document) - set(KEYS)):
        raise ValueError(f"{', '.join(unknown)}: no key of a mapping; known: {', '.join(KEYS)}")
    step, order = (_rules(document, name, known) for name, known in (("step", STEP), ("order", (*REQUIRED, *OPTIONAL))))
    for section, rules, needed in (("step", step, STEP[:1]), ("order", order, REQUIRED)):
        for name in needed:
            if name not in rules:
                raise ValueError(f"{section}.{name} is missing")
    return HistoryMapping(
        system=document["system"],
        zone=ZoneInfo(document["zone"]),
        case=document["case"],
        time=_times(document["time"]),
        step=step,
        order=order,
        format=document.get("format", ""),
        delimiter=document.get("delimiter", ","),
        sheet=document.get("sheet", ""),
        case_object=document.get("case_object", ""),
        sequence=document.get("sequence", ""),
        registered=_times(document["registered"]) if "registered" in document else None,
        null=frozenset(document.get("null", ())),
        case_keep=tuple(document.get("case_keep", ())),
        words=tuple(document.get("words", ())),
        keep=tuple(document.get("keep", ())),
        ignored=dict(document.get("ignored", {})),
        dispatch=bool(document.get("dispatch", True)),
    )


def _rules(document: dict[str, Any], section: str, known: tuple[str, ...]) -> dict[str, Rule]:
    found = {}
    for name, written in document[section].items():
        if name not in known:
            raise ValueError(f"{section}.{name} is no field; known: {', '.join(known)}")
        found[name] = rule_of(name, written)
    return found


def _times(written: Any) -> Times:
    if isinstance(written, str):
        return Times(written, ("iso",))
    formats = written["formats"]
    return Times(written["of"], tuple([formats] if isinstance(formats, str) else formats))
