"""The strict look at what is left: what callers were told against the ledger, the ledger against itself, the mail."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import httpx
import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from api.views import Stored, done
from contracts.messages import EventRow, encode, from_row
from domain.evolve import evolve
from domain.model import Order, Role
from domain.notices import notices
from runtime.keyring import Keyring
from store import ledger, tables
from store import notices as notice_rows
from tests.chaos.callers import EVERYWHERE, Told
from tests.chaos.lives import ENDS
from tests.chaos.mailbox import Mailbox
from vault import veil
from vault.rack import Rack

_ONCE = ("ClockWarned", "ClockBreached", "DepartmentAbsent", "ReopenWindowPassed", "RatingLapsed")
"""What time does once with one content in one order."""


@dataclass(slots=True)
class Findings:
    """What was looked at, and what is wrong with it."""

    wrong: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def check(self, holds: bool, what: str) -> None:
        """Note what is wrong unless it holds."""
        if not holds:
            self.wrong.append(what)


@dataclass(frozen=True, slots=True)
class Record:
    """One order as the ledger has it: its events, and the order after each of them."""

    rows: list[EventRow]
    states: dict[int, Order]


def pending(made: sessionmaker[Session]) -> int:
    """How many keys have no answer yet."""
    with made() as session:
        c = tables.commands.c
        return session.scalar(select(func.count()).where(c.state == "pending")) or 0


def mail_left(made: sessionmaker[Session]) -> int:
    """How many letters may still be sent by themselves, or are on their way."""
    with made() as session:
        n = tables.notices.c
        return session.scalar(select(func.count()).where(n.state.in_(("queued", "retry", "sending")))) or 0


def examine(made: sessionmaker[Session], keyring: Keyring, order_ids: Sequence[str], told: Sequence[Told]) -> Findings:
    """Whether every order ended, and ledger, answers and keys agree to the byte, as far as each asker is shown them."""
    findings, rack = Findings(), Rack(made, keyring)
    with made() as session:
        records = {order_id: _record(session, order_id, findings) for order_id in order_ids}
        _answers(told, records, rack, findings)
        _keys(session, told, records, rack, findings)
        _told_of(session, records, findings)
    findings.counts["orders"] = len(records)
    findings.counts["events"] = sum(len(record.rows) for record in records.values())
    findings.counts["by time"] = sum(not row.command_id for record in records.values() for row in record.rows)
    return findings


def _record(session: Session, order_id: str, findings: Findings) -> Record:
    rows = ledger.stored(session, order_id)
    head = ledger.head(session, order_id)
    if head is None or not rows:
        findings.check(False, f"{order_id}: the ledger does not have it")
        return Record([], {})
    seqs = [row.seq for row in rows]
    findings.check(seqs == list(range(1, len(rows) + 1)), f"{order_id}: the seqs are {seqs}")
    states: dict[int, Order] = {}
    order: Order | None = None
    for row in rows:
        order = evolve(order, from_row(row))
        states[row.seq] = order
    replayed = ledger.replay(session, order_id)
    findings.check(replayed == head.order, f"{order_id}: the replay differs from the head")
    snapshot = session.scalar(select(tables.orders.c.snapshot).where(tables.orders.c.order_id == order_id))
    findings.check(encode(replayed).decode() == snapshot, f"{order_id}: the snapshot's bytes differ from the replay's")
    findings.check(head.last_seq == seqs[-1], f"{order_id}: the head is at {head.last_seq}, the events at {seqs[-1]}")
    findings.check(head.order.state in ENDS, f"{order_id}: it did not end but is {head.order.state}")
    marks = Counter((row.type, bytes(row.data)) for row in rows if row.type in _ONCE)
    for (kind, data), times in marks.items():
        findings.check(times == 1, f"{order_id}: {kind} {data!r} happened {times} times")
    return Record(rows, states)


def _answers(told: Iterable[Told], records: dict[str, Record], rack: Rack, findings: Findings) -> None:
    """What a caller got is in the ledger: the events that it names, and the very view that it shows."""
    by_command = _by_command(records)
    for one in told:
        mine = by_command.get(one.key, [])
        name = f"{one.order_id} {one.step.verb} {one.key}"
        if one.status >= 400:
            findings.check(not mine, f"{name}: refused with {one.code}, but there are events {mine}")
            findings.counts["refusals"] += 1
            continue
        findings.counts["answers"] += 1
        body = json.loads(one.answer)
        first, last, seq = body["command"]["first"], body["command"]["last"], body["order"]["seq"]
        findings.check(mine == list(range(first, last + 1)), f"{name}: told {first}-{last}, the ledger has {mine}")
        state = records[one.order_id].states.get(seq) if one.order_id in records else None
        if state is None:
            findings.check(False, f"{name}: the ledger has no seq {seq}")
            continue
        rebuilt = done(state, one.role, command_id=one.key, verb=one.step.verb, first=first, last=last)
        shown = _shown(rebuilt.body, one.role, rack)
        findings.check(shown == one.answer, f"{name}: the view at {seq} differs from the answer")


def _shown(body: bytes, role: Role, rack: Rack) -> bytes:
    """What whoever has that role is shown of an answer as it is kept; one without a seal is the same for all."""
    return veil.unveiled(body, veil.RIGHTS[role], rack.keys(veil.sealed_by(body)))


def _keys(session: Session, told: Sequence[Told], records: dict[str, Record], rack: Rack, findings: Findings) -> None:
    """Each key has one answer, the one that was told; no event comes from a key that nobody knows.

    Whoever asks for what his role may never do is refused before his key is looked at.
    """
    by_command, answers = _by_command(records), {one.key: one for one in told if not one.walled}
    kept_keys: set[str] = set()
    c = tables.commands.c
    for row in session.execute(select(c.key, c.order_id, c.verb, c.state, c.answer, c.tries)):
        kept_keys.add(row.key)
        if row.order_id not in records:
            one = answers.get(row.key)
            findings.check(one is None, f"{row.key}: told of {one.order_id if one else ''}, kept for {row.order_id}")
            continue
        findings.counts["keys"] += 1
        findings.counts["reconciled"] += row.tries > 1
        findings.check(row.state != "pending", f"{row.order_id} {row.verb} {row.key}: still pending")
        mine = by_command.pop(row.key, [])
        one = answers.pop(row.key, None)
        if row.answer is None:
            continue
        kept = msgspec.json.decode(row.answer, type=Stored)
        if one is not None:
            shown = _shown(bytes(kept.body), one.role, rack)
            findings.check(shown == one.answer, f"{row.key}: the kept answer differs from the one told")
        elif row.state == "done":
            said = json.loads(bytes(kept.body))["command"]
            findings.check(mine == list(range(said["first"], said["last"] + 1)), f"{row.key}: {said} but has {mine}")
            findings.counts["finished for callers who hung up"] += 1
    for one in told:
        findings.check(not one.walled or one.key not in kept_keys, f"{one.key}: refused by the role, but kept")
    for key, one in answers.items():
        findings.check(False, f"{one.order_id} {one.step.verb} {key}: answered, but the key is not kept")
    for key, seqs in by_command.items():
        findings.check(False, f"events {seqs} come from {key}, which no key is kept for")


def _told_of(session: Session, records: dict[str, Record], findings: Findings) -> None:
    """The notices are those that the events send, each once: none missing, none besides."""
    names = notice_rows.names(session)
    for order_id, record in records.items():
        wanted: list[str] = []
        for row in record.rows:
            before, after = record.states.get(row.seq - 1), record.states[row.seq]
            event = from_row(row)
            told = notices(before, after, event)
            wanted += [str(notice["id"]) for notice in notice_rows.rows(after, row.seq, told, row.at, names)]
        found = session.scalars(select(tables.notices.c.id).where(tables.notices.c.order_id == order_id)).all()
        findings.check(sorted(wanted) == sorted(found), f"{order_id}: notices differ: {set(wanted) ^ set(found)}")
        findings.counts["notices"] += len(found)


def _by_command(records: dict[str, Record]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for record in records.values():
        for row in record.rows:
            if row.command_id:
                found[row.command_id].append(row.seq)
    return found


def mail(made: sessionmaker[Session], box: Mailbox) -> Findings:
    """Whether no letter came twice, and what the outbox says of each is true."""
    findings = Findings()
    for message, times in box.messages.items():
        findings.check(times == 1, f"letter {message} came {times} times")
    with made() as session:
        n = tables.notices.c
        states = dict(session.execute(select(n.id, n.state).where(n.channel == "email")).all())
    for notice, times in box.notices.items():
        findings.check(times == 1, f"notice {notice} came {times} times")
        state = states.get(notice, "not in the outbox")
        findings.check(state in ("sent", "sending", "uncertain"), f"notice {notice} came, but is {state}")
    for notice, state in states.items():
        findings.counts[f"mail {state}"] += 1
        if state == "sent":
            findings.check(box.notices[notice] == 1, f"notice {notice} is sent, but came {box.notices[notice]} times")
        if state == "uncertain":
            findings.counts["mail uncertain, arrived"] += box.notices[notice]
    findings.counts["mail received"] = box.messages.total()
    return findings


async def alive(url: str, made: sessionmaker[Session], order_ids: Sequence[str], told: Sequence[Told]) -> Findings:
    """Whether the engine holds the same as the ledger, and the same keys are given the same answers still."""
    findings = Findings()
    slots = asyncio.Semaphore(8)
    with made() as session:
        o = tables.orders.c
        over = dict(session.execute(select(o.order_id, o.over)).all())

    async def compare(http: httpx.AsyncClient, order_id: str) -> None:
        who = {"Authorization": f"Bearer dev:{EVERYWHERE}"}
        end = time.monotonic() + 20
        while True:
            async with slots:
                kept = await http.get(f"/v1/orders/{order_id}", headers=who)
                live = await http.get(f"/v1/orders/{order_id}/live", headers=who)
            ended = over[order_id] or kept.json()["order"]["over"]
            same = live.content == kept.content or (ended and live.status_code == 404)
            if same or time.monotonic() > end:
                break
            await asyncio.sleep(0.5)
        findings.check(same, f"{order_id}: the engine ({live.status_code}) and the ledger differ")
        findings.counts["compared with the engine"] += 1

    async def ask(http: httpx.AsyncClient, one: Told) -> None:
        async with slots:
            answer = await http.post(one.path, content=one.content, headers=one.headers())
        same = (answer.status_code, answer.content) == (one.status, one.answer)
        findings.check(same, f"{one.key}: asked again, the answer is another one")
        findings.counts["asked again"] += 1

    async with httpx.AsyncClient(base_url=url, timeout=30) as http:
        await asyncio.gather(*(compare(http, order_id) for order_id in order_ids))
        await asyncio.gather(*(ask(http, one) for one in told))
    return findings
