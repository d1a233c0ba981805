"""Loading the organisation: a document is judged against what is there, then all of it is written, or nothing.

What it does not name stays as it is. Orders keep the sights that they had when a unit comes under another one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session

from domain.model import Role
from rulebook.faults import Faulty, Said, nearest, under
from store import sessions, tables, writes
from store.directory import ACTS_FOR, EVERYWHERE
from store.organisation import COLUMNS, DEPARTMENT, HEADQUARTERS, PROVINCE, REGION, Draft, Row, Rows, check

TABLES: dict[str, Table] = {"units": tables.units, "people": tables.people, "catalogue": tables.catalogue}
CENTRE = "HQ"
_REGIONS = "R"
_LONGEST_PROVINCE = 20

_PARENTS: dict[str, tuple[str, ...]] = {
    HEADQUARTERS: (),
    REGION: (HEADQUARTERS,),
    PROVINCE: (REGION, HEADQUARTERS),
    DEPARTMENT: (PROVINCE, HEADQUARTERS, DEPARTMENT),
}
"""Kind → the kinds under which a unit of that kind may stand."""
_SHAPES: dict[str, tuple[Callable[[str, str, str], bool], Said]] = {
    HEADQUARTERS: (lambda whole, head, rest: whole == CENTRE, ("总部的编号为 HQ", "call headquarters HQ")),
    REGION: (
        lambda whole, head, rest: head == _REGIONS and rest != "",
        ("区域中心的编号如 R.south", "call a regional centre such as R.south"),
    ),
    PROVINCE: (
        lambda whole, head, rest: whole == head and head not in (CENTRE, _REGIONS) and len(head) <= _LONGEST_PROVINCE,
        (
            f"省分的编号不含点, 至多 {_LONGEST_PROVINCE} 个字符, 如 GD",
            f"call a province such as GD, without a dot, in at most {_LONGEST_PROVINCE} characters",
        ),
    ),
    DEPARTMENT: (
        lambda whole, head, rest: head not in ("", _REGIONS) and rest != "",
        ("部门的编号以省分的编号与点开头, 如 GD.net", "begin a department's id with its province's and a dot: GD.net"),
    ),
}
"""Kind → what the id of such a unit is like, and how to say so."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What becomes of the entries of one section; `left` of those changed are people who become inactive."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    left: int = 0


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a document did, or with `dry_run` would do."""

    dry_run: bool
    units: Counts
    people: Counts
    catalogue: Counts

    def __str__(self) -> str:
        """One line for the record, without anybody's name."""
        told = []
        for section in COLUMNS:
            counts: Counts = getattr(self, section)
            told.append(f"{section} +{counts.added} ~{counts.changed} ={counts.unchanged}")
        return "; ".join(told) + (f"; people out {self.people.left}" if self.people.left else "")


def load(session: Session, document: Mapping[str, Any], by: str) -> Loaded:
    """Check the document, and write it unless it says `dry_run`; `by` is the administrator who has it done.

    One at a time. The caller commits, and has the directory forgotten (`store.posts.forget`).

    Raises:
        Faulty: something is wrong with it, and nothing was written.
    """
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("organise", 0))))
    there = {section: _there(session, section) for section in COLUMNS}
    found = check(document, there, lambda draft: _judge(draft, by))
    if found.faults:
        raise Faulty(found.faults)
    dry_run = document.get("dry_run", False)
    if not dry_run:
        _write(session, there, found.rows)
    return Loaded(dry_run, **{section: _counted(there[section], found.rows[section]) for section in COLUMNS})


def _there(session: Session, section: str) -> dict[str, Row]:
    columns = [TABLES[section].c[name] for name in COLUMNS[section]]
    return {row.id: dict(row._mapping) for row in session.execute(select(*columns))}


def _counted(there: Mapping[str, Row], rows: Mapping[str, Row]) -> Counts:
    counts = Counter(
        "added" if identity not in there else "unchanged" if there[identity] == row else "changed"
        for identity, row in rows.items()
    )
    return Counts(**counts, left=len(_leavers(there, rows)))


def _leavers(there: Mapping[str, Row], rows: Mapping[str, Row]) -> list[str]:
    """The people who were active and are not to be."""
    return [one for one, row in rows.items() if not row.get("active", True) and there.get(one, {}).get("active", False)]


def _write(session: Session, there: Rows, rows: Rows) -> None:
    """Write what differs in one round trip, and end the log-ins of whoever leaves."""
    batch = writes.Batch()
    for section, columns in COLUMNS.items():
        table = TABLES[section]
        besides = [column.name for column in table.columns if column.name not in columns]
        sets = ", ".join(f'"{name}" = excluded."{name}"' for name in columns if name != "id")
        adding = writes.insert(table, without=besides)
        changed = [row for identity, row in rows[section].items() if there[section].get(identity) != row]
        batch.add(f"{adding} ON CONFLICT (id) DO UPDATE SET {sets}", table, changed)  # nosec B608  # our own names
    batch.send(session)
    sessions.end_of_people(session, _leavers(there["people"], rows["people"]), datetime.now(UTC))


def _judge(draft: Draft, by: str) -> None:
    """Everything that an entry can be wrong in but its fields by themselves."""
    for path, row in draft.each("units"):
        if not draft.faults.within(path):
            _unit(draft, path, row)
    for path, row in draft.each("units"):
        if not draft.faults.within(path):
            _settle(draft, path, row)
    for path, row in draft.each("people"):
        if not draft.faults.within(path):
            _person(draft, path, row, by)
    _administrators(draft)
    clauses = Counter((row["category"], row["province"] or EVERYWHERE) for row in draft.all["catalogue"].values())
    for path, row in draft.each("catalogue"):
        if not draft.faults.within(path):
            _clause(draft, path, row, clauses)


def _unit(draft: Draft, path: str, row: Row) -> None:
    """Whether id, kind and parent of a unit agree, and it hangs from headquarters."""
    identity, kind, units = row["id"], row["kind"], draft.all["units"]
    head, _, rest = identity.partition(".")
    fits, remedy = _SHAPES[kind]
    if not fits(identity, head, rest):
        draft.add(under(path, "id"), (f"{identity} 不能是 {kind}", f"{identity} cannot be a {kind}"), remedy)
        return
    province = "" if kind == REGION else head
    if row["province"] not in ("", province):
        reason = (f"依编号应为 {province or '空'}", f"is not {province or 'empty'}, which its id says")
        draft.add(under(path, "province"), reason, ("删去此项", "leave it out"))
    row["province"] = province
    above = units.get(row["parent"])
    wanted = _PARENTS[kind]
    at = under(path, "parent")
    if not wanted:
        if row["parent"]:
            draft.add(at, ("总部没有上级", "headquarters has none"), ("删去此项", "leave it out"))
    elif above is None:
        reason = (f"没有单位 {row['parent']}", f"there is no unit {row['parent']}") if row["parent"] else _MISSING
        draft.add(at, reason, nearest(row["parent"], [one for one in units if units[one]["kind"] in wanted]))
    elif above["kind"] not in wanted:
        reason = (f"{above['id']} 为 {above['kind']}", f"{above['id']} is a {above['kind']}")
        draft.add(at, reason, (f"上级须为 {' 或 '.join(wanted)}", f"name a unit of the kind {' or '.join(wanted)}"))
    elif kind == DEPARTMENT and above["id"].partition(".")[0] != head:
        reason = (f"{above['id']} 不属 {head}", f"{above['id']} does not belong to {head}")
        draft.add(at, reason, (f"用 {head} 或其部门", f"name {head} or a department of it"))
    elif identity in _line(units, row["parent"]):
        reason = ("上级关系成环", "it would stand above itself")
        draft.add(at, reason, ("改上级, 使其通到总部", "name a unit that leads up to headquarters"))


_MISSING: Said = ("缺少上级", "it has no unit above it")


def _line(units: Mapping[str, Row], identity: str) -> list[str]:
    """The unit and all above it, each once."""
    found: dict[str, None] = {}
    while identity in units and identity not in found:
        found[identity] = None
        identity = units[identity]["parent"]
    return list(found)


def _settle(draft: Draft, path: str, row: Row) -> None:
    """Give a unit without a time zone that of the next one above it that has one."""
    units = draft.all["units"]
    row["zone"] = next((units[one]["zone"] for one in _line(units, row["id"]) if units[one]["zone"]), "")
    if not row["zone"]:
        draft.add(
            under(path, "zone"), ("缺少时区", "it has no time zone"), ("如 Asia/Shanghai", "such as Asia/Shanghai")
        )


def _person(draft: Draft, path: str, row: Row, by: str) -> None:
    """Whether role, unit and province of a person agree, and he does not shut himself out."""
    role, units = row["role"], draft.all["units"]
    unit, at = units.get(row["unit"]), under(path, "unit")
    wanted = ACTS_FOR.get(Role(role))
    if unit is None and (row["unit"] or role != Role.ADMINISTRATOR):
        reason = (f"没有单位 {row['unit']}", f"there is no unit {row['unit']}") if row["unit"] else _NOWHERE
        fitting = [one for one in units if wanted in (None, units[one]["kind"])]
        draft.add(at, reason, nearest(row["unit"], fitting))
    elif unit is not None and unit["kind"] != (wanted or unit["kind"]):
        reason = (f"{unit['id']} 为 {unit['kind']}", f"{unit['id']} is a {unit['kind']}")
        draft.add(at, reason, (f"{role} 须属 {wanted}", f"the role {role} acts for a {wanted}"))
    elif unit is not None and unit["kind"] == REGION and role in _DESKS:
        reason = (f"{unit['id']} 为区域中心", f"{unit['id']} is a regional centre")
        draft.add(at, reason, (f"{role} 须属省分或部门", f"the role {role} stands in a province or a department"))
    else:
        _place(draft, path, row, unit["province"] if unit else "")
    if row["id"] == by and not row["active"]:
        reason = ("不能停用自己", "nobody takes himself out")
        draft.add(under(path, "active"), reason, ("请另一管理员办理", "ask another administrator"))


_NOWHERE: Said = ("缺少单位", "he stands in no unit")
_DESKS = (Role.AGENT, Role.TEAM_LEAD, Role.DISPATCHER, Role.REPLY_AUDITOR, Role.CALLBACK_AGENT)


def _place(draft: Draft, path: str, row: Row, province: str) -> None:
    """Give a person the province of his unit; one that he had by another unit goes with that unit."""
    before = draft.there["people"].get(row["id"], {})
    if row["province"] not in ("", province, before.get("province")):
        reason = (f"其单位属 {province or '无省分'}", f"his unit belongs to {province or 'none'}")
        draft.add(under(path, "province"), reason, ("删去此项", "leave it out"))
    row["province"] = province


def _administrators(draft: Draft) -> None:
    """That some administrator is left, who may undo what was done."""
    if any(row["active"] and row["role"] == Role.ADMINISTRATOR for row in draft.all["people"].values()):
        return
    for path, row in draft.each("people"):
        before = draft.there["people"].get(row["id"])
        if before and before["role"] == Role.ADMINISTRATOR and before["active"]:
            name = "role" if row["active"] else "active"
            reason = ("这样便没有在职的管理员", "no active administrator would be left")
            draft.add(under(path, name), reason, ("先有另一管理员", "have another administrator first"))


def _clause(draft: Draft, path: str, row: Row, clauses: Mapping[tuple[str, str], int]) -> None:
    """Whether a clause's province and units are there, each named once, and it is the only one of its kind."""
    units, province = draft.all["units"], row["province"] or EVERYWHERE
    row["province"] = province
    if province != EVERYWHERE and units.get(province, {}).get("kind") != PROVINCE:
        reason = (f"没有省分 {province}", f"there is no province {province}")
        known = [EVERYWHERE, *(one for one in units if units[one]["kind"] == PROVINCE)]
        draft.add(under(path, "province"), reason, nearest(province, known))
    if clauses[row["category"], province] > 1:
        reason = ("此类别与省分已有一条", "there is another clause of this category and province")
        draft.add(under(path, "id"), reason, ("用那一条的 id", "use the id of that one"))
    named: set[str] = set()
    for name, values in (("lead", [row["lead"]]), ("co", row["co"]), ("copy", row["copy"])):
        for number, unit in enumerate(values):
            at = under(path, name) if name == "lead" else under(under(path, name), number)
            if units.get(unit, {}).get("kind") != DEPARTMENT:
                departments = [one for one in units if units[one]["kind"] == DEPARTMENT]
                draft.add(at, (f"没有部门 {unit}", f"there is no department {unit}"), nearest(unit, departments))
            elif unit in named:
                reason = (f"{unit} 出现两次", f"{unit} is named twice")
                draft.add(at, reason, ("只保留一处", "keep one of them"))
            named.add(unit)
