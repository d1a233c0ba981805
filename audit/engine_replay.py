"""Replay by the engine: a kept history is what the workflow's code makes of it, and what the ledger has.

Three looks at each run. Its payloads open under the installation's keys, as this workflow's. What the code recomputes
(`engine_recompute`) equals what is recorded: inputs of activities, results of updates, lengths of timers, search
attributes, what the next run began with. And what it says of the order is what the ledger has: each event that a run
handed out or had recorded, the state that it was started from, the terms; a run begins with what the one before it
ended with. So whoever forges a history has to forge the ledger with it, and that is what `replay_rules` looks at.

What nothing follows from is not found: the identity of a worker, an instant of the engine's own between its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec
from google.protobuf.message import DecodeError
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import History, HistoryEvent
from temporalio.client import WorkflowHistory

from audit.engine_history import Key, Opened, continued, opened, recomputed, recorded, started, updates
from audit.engine_recompute import recompute
from audit.replay_finding import ABSENT, MOST_FINDINGS, Finding, Part, differences, shown
from audit.replay_rules import Lived, plain
from contracts.messages import Answer, EventRow, OrderInput, Recorded, RecordRequest, decode, encode
from contracts.names import workflow_id
from domain.policy import named
from runtime.history import Incomplete, Outline, instant
from runtime.keyring import Keyring
from store.histories import Archived

BACKWARDS = timedelta(seconds=2)
"""How far the engine's own hosts may be apart: its events' times never go back by more."""
_BROKEN = (msgspec.MsgspecError, ValueError, KeyError, TypeError, AttributeError)


@dataclass(frozen=True, slots=True)
class Runs:
    """The kept runs of one order, the first first, and its events as the ledger has them."""

    order_id: str
    runs: tuple[Archived, ...]
    lived: Lived


async def runs_replayed(given: Runs, keys: Keyring | None, only: frozenset[str] | None = None) -> list[Finding]:
    """What is wrong with the kept runs of an order, or with those of these ids."""
    found: list[Finding] = []
    by_id = {run.run_id: run for run in given.runs}
    for run in given.runs:
        if only is None or run.run_id in only:
            found += await run_replayed(run, by_id.get(run.continues), given.lived, keys)
    return found[:MOST_FINDINGS]


async def run_replayed(run: Archived, before: Archived | None, lived: Lived, keys: Keyring | None) -> list[Finding]:
    """What is wrong with one kept run; `before` is the one that it continues, where it is kept."""
    said = _Said(run)
    if not run.whole:
        return [said("sha256", "the kept bytes", "have another hash")]
    try:
        outline = Outline(run.content)
        history = opened(run.content, workflow_id(run.order_id), keys)
    except (Incomplete, DecodeError) as error:
        return [said("history", "—", str(error))]
    found = [*_row(run, outline, said)]
    found += [said(f"event {event_id}", "a payload", why) for event_id, why in history.closed]
    if found:
        return found
    found += _times(history.events, said)
    if _has_begun(history.events):
        found += await _code(run, history, keys, said)
    found += _ledger(history.events, lived, said)
    found += _beginning(run, history.events, lived, said)
    found += _chain(run, before, history, keys, said)
    return found[:MOST_FINDINGS]


class _Said:
    """Findings about one run."""

    def __init__(self, run: Archived) -> None:
        self._run = run

    def __call__(self, field: str, recorded: Any, recomputed: Any, seq: int = 0) -> Finding:
        run = self._run
        return Finding(run.order_id, Part.ENGINE, seq, field, shown(recorded), shown(recomputed), run.run_id)


def _row(run: Archived, outline: Outline, said: _Said) -> Iterator[Finding]:
    """What the archive says of a run is what its history says."""
    for name in ("order_id", "status", "continues", "started_at", "closed_at", "events"):
        if getattr(run, name) != getattr(outline, name):
            yield said(name, getattr(run, name), getattr(outline, name))


def _has_begun(events: Sequence[HistoryEvent]) -> bool:
    """True when the run has done a step: the replayer waits for ever for one that has not, or has no task queue."""
    queue = events[0].workflow_execution_started_event_attributes.task_queue.name
    return bool(queue) and any(event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED for event in events)


def _times(events: Sequence[HistoryEvent], said: _Said) -> Iterator[Finding]:
    """The engine's events follow each other, and no timer fires before its time."""
    due: dict[int, Any] = {}
    for place, event in enumerate(events, start=1):
        at = instant(event)
        if event.event_id != place:
            yield said(f"event {event.event_id}", event.event_id, place)
        if place > 1 and at + BACKWARDS < instant(events[place - 2]):
            yield said(f"event {event.event_id}.time", at, f"not before {instant(events[place - 2])}")
        if event.event_type == EventType.EVENT_TYPE_TIMER_STARTED:
            length = event.timer_started_event_attributes.start_to_fire_timeout.ToTimedelta()
            due[event.event_id] = at + length
        if event.event_type == EventType.EVENT_TYPE_TIMER_FIRED:
            rings = due.get(event.timer_fired_event_attributes.started_event_id)
            if rings is None or at + BACKWARDS < rings:
                yield said(f"event {event.event_id}.time", at, f"not before {rings or ABSENT}")
    if not events[0].workflow_execution_started_event_attributes.task_queue.name:
        yield said("event 1.task_queue", ABSENT, "a task queue")


async def _code(run: Archived, history: Opened, keys: Keyring | None, said: _Said) -> list[Finding]:
    """What the code recomputes beside what is recorded."""
    given = WorkflowHistory(workflow_id(run.order_id), list(History.FromString(run.content).events))
    made = await recompute(given, keys)
    found = [said("commands", "the history", made.failure)] if made.failure else []
    there, follows = recorded(history.events), recomputed(made.commands)
    if not made.failure:
        found += [said(_name(key), "is there", ABSENT) for key in there if key not in follows]
        found += [said(_name(key), ABSENT, "follows") for key in _owed(follows, there, run)]
    for key, facts in follows.items():
        if key in there:
            told = differences(there[key], facts, _name(key))
            found += [said(path, one, other) for path, one, other in told]
    return found


def _owed(follows: Iterable[Key], there: Mapping[Key, Any], run: Archived) -> list[Key]:
    """What the code asks for and the history lacks; a run that was ended from outside lacks what came last."""
    if run.status not in ("completed", "continued"):
        return []
    return [key for key in follows if key not in there and key[0] != "timer"]


def _name(key: Key) -> str:
    return f"{key[0]} {key[1]}".strip()


def _ledger(events: Sequence[HistoryEvent], lived: Lived, said: _Said) -> Iterator[Finding]:
    """Every event of the order that the run handed out, or had recorded, is in the ledger, and every deed named."""
    seen: dict[int, EventRow] = {}
    for key, facts in recorded(events).items():
        kind: type[Answer] | type[RecordRequest] = Answer if key[0] == "update" else RecordRequest
        if key[0] not in ("update", "activity"):
            continue
        for one in facts.get("result", ()) or facts.get("input", ()):
            try:
                rows = decode(encode(one), kind).events
            except _BROKEN as error:
                yield said(_name(key), shown(encode(one).decode()), f"{type(error).__name__}: {error}")
                continue
            for row in rows:
                if row.seq not in seen:
                    yield from _as_recorded(row, lived, said, _name(key))
                seen[row.seq] = row
    for event_id, update, verb, args in updates(events):
        for one in args:
            sent = one.get("id") if isinstance(one, dict) else None
            if not isinstance(sent, str) or update.partition("~")[0] != sent.partition("~")[0]:
                yield said(f"event {event_id}.{verb}.id", sent, update)
    yield from _counted(events, lived, said)


def _as_recorded(row: EventRow, lived: Lived, said: _Said, where: str) -> Iterator[Finding]:
    if not 0 < row.seq <= len(lived.rows):
        yield said(f"{where}.events", row.type, "not in the ledger", row.seq)
        return
    there = lived.rows[row.seq - 1]
    if row.order_id != there.order_id:
        yield said(f"{where}.order_id", row.order_id, there.order_id, row.seq)
    try:
        mine = plain(row)
    except _BROKEN as error:
        yield said(f"{where}.events", row.type, f"{type(error).__name__}: {error}", row.seq)
        return
    for path, one, other in differences(mine, plain(there)):
        yield said(f"{where}.{path}", one, f"{shown(other)} in the ledger", row.seq)


def _counted(events: Sequence[HistoryEvent], lived: Lived, said: _Said) -> Iterator[Finding]:
    """What the ledger answered to each recording is a seq that it had, and not below what it was given."""
    asked: dict[int, int] = {}
    for event in events:
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            for facts in recorded([event]).values():
                for one in facts["input"]:
                    rows = one.get("events", []) if isinstance(one, dict) else []
                    asked[event.event_id] = max((row.get("seq", 0) for row in rows), default=0)
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
            done = event.activity_task_completed_event_attributes
            for payload in done.result.payloads:
                last = msgspec.json.decode(payload.data, type=Recorded).last_seq
                if not asked.get(done.scheduled_event_id, 0) <= last <= len(lived.rows):
                    yield said(f"event {event.event_id}.last_seq", last, f"at most {len(lived.rows)}")


def _beginning(run: Archived, events: Sequence[HistoryEvent], lived: Lived, said: _Said) -> Iterator[Finding]:
    """The run was started from the order as it stood, under the terms that it names, and told all that came after."""
    given = started(events)
    try:
        (one,) = given
        brought: OrderInput = decode(encode(one), OrderInput)
    except _BROKEN as error:
        yield said("input", shown(encode(given).decode()), f"{type(error).__name__}: {error}")
        return
    if brought.order_id != run.order_id:
        yield said("input.order_id", brought.order_id, run.order_id)
    if named(brought.terms).digest != brought.terms.digest:
        yield said("input.terms", brought.terms.digest, named(brought.terms).digest)
    state = brought.state
    at = state.seq if state is not None else 0
    if at > len(lived.states):
        yield said("input.state.seq", at, f"the ledger has {len(lived.states)}", at)
        return
    if lived.states:
        stood = lived.states[max(at, 1) - 1]
        if brought.terms.digest != stood.terms:
            yield said("input.terms", brought.terms.digest, stood.terms, at)
        if state is not None and state != stood:
            pairs = differences(msgspec.json.decode(encode(state)), msgspec.json.decode(encode(stood)), "input.state")
            for path, there, other in pairs:
                yield said(path, there, other, at)
    for row in brought.unrecorded:
        yield from _as_recorded(row, lived, said, "input.unrecorded")
    if brought.remembered and not run.continues:
        yield said("input.remembered", len(brought.remembered), 0)
    yield from _gaps(events, brought, lived, run, said)


def _gaps(
    events: Sequence[HistoryEvent], brought: OrderInput, lived: Lived, run: Archived, said: _Said
) -> Iterator[Finding]:
    """Between its first and its last event the run knew of every one that the ledger has."""
    begun = brought.state.seq if brought.state is not None else 0
    told = {row.seq for row in brought.unrecorded}
    for facts in recorded(events).values():
        for one in (*facts.get("result", ()), *facts.get("input", ())):
            rows = one.get("events", ()) if isinstance(one, dict) else ()
            told.update(row.get("seq", 0) for row in rows if isinstance(row, dict))
    last = max(told, default=begun)
    if run.status == "completed":
        last = max([last, *(row.seq for row in lived.rows if row.at < run.closed_at)])
    for seq in range(begun + 1, last + 1):
        if seq not in told:
            there = lived.rows[seq - 1].type if seq <= len(lived.rows) else ABSENT
            yield said("events", ABSENT, f"{there} in the ledger", seq)


def _chain(
    run: Archived, before: Archived | None, history: Opened, keys: Keyring | None, said: _Said
) -> Iterator[Finding]:
    """A run that continues another begins with what that one ended with."""
    if not run.continues:
        return
    if before is None:
        yield said("continues", run.continues, "that run is not kept")
        return
    try:
        ended = continued(opened(before.content, workflow_id(run.order_id), keys).events)
    except DecodeError:
        ended = []
    for path, one, other in differences(started(history.events), ended, "input"):
        yield said(path, one, f"{shown(other)} as run {before.run_id} ended")
