"""Taking in the orders of another system: decided here, recorded at once, started where they are open.

An order comes in under a key made of its system and its number there, so it comes in once however often it is sent.
Nothing is sent to the engine before all is in the ledger; whoever dies then leaves an open order that does not run,
and the search for lost workflows starts it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from api.books import Books, Frozen, new_order_id
from api.errors import Problem, unexpected
from api.keys import mark
from api.views import done
from contracts.messages import CommandMessage, encode, to_rows
from domain.commands import Command, ForeignStep, ImportHistory, words
from domain.errors import InvalidField, Refusal
from domain.history import ENDED, walked
from domain.history_events import HistoryEnded, OrderTakenOver
from domain.model import SYSTEM, Customer, OrderClass
from domain.order import decided
from identity.people import Identified
from store import commands, directory, ledger
from store.commands import Standing
from store.session import LOST
from vault import clear, customers, finding
from vault.seal import Key, Kind

VERB = "import_history"
PATH = "/v1/orders/import_history"
_WORDS = words(ImportHistory)


@dataclass(frozen=True, slots=True)
class Case:
    """An order as the other system tells it; `words` and `step_words` are the details that may speak of somebody."""

    history: ImportHistory
    words: dict[str, str]
    step_words: tuple[dict[str, str], ...]
    order_class: OrderClass | None = None
    dispatch: bool = True


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a case: `imported`, `there` already, or `refused`, then with the problem.

    `open` where it goes on; `reopens` and `moves` are counted from its steps.
    """

    case: str
    standing: str
    order_id: str = ""
    open: bool = False
    reopens: int = 0
    moves: int = 0
    problem: msgspec.Raw | None = None


class _Undone(Exception):  # noqa: N818 - it is no error
    """Nothing of a check is kept."""


def take_in(books: Books, who: Identified, cases: Sequence[Case], *, check: bool) -> list[Taken]:
    """Take in some orders, all in one transaction; one that is refused keeps no other from coming in.

    With `check` everything is tried and nothing is kept. Customers are locked in the order of their numbers.
    """
    found: dict[int, Taken] = {}
    batch = _Batch(books, who)
    order = sorted(range(len(cases)), key=lambda place: cases[place].history.customer.phone)
    try:
        with books.writes() as session:
            for place in order:
                found[place] = batch.take(session, cases[place])
            if check:
                raise _Undone
    except _Undone:
        pass
    else:
        for terms in batch.terms:
            books.remember(terms)
    return [found[place] for place in range(len(cases))]


def key_of(system: str, case: str) -> str:
    """The key under which an order comes in."""
    return "import-" + hashlib.sha256(f"{system}\0{case}".encode()).hexdigest()[:40]


class _Batch:
    """Some orders in one transaction: what the directory says is asked once for all of them."""

    def __init__(self, books: Books, who: Identified) -> None:
        self._books, self._who = books, who
        self._units: dict[str, str] = {}
        self._entries: dict[tuple[str, str], directory.Entry | None] = {}
        self.terms: list[Frozen] = []

    def take(self, session: Session, case: Case) -> Taken:
        """Take one in, or say why not; of one that is refused nothing is kept, whatever it was that went wrong."""
        name = case.history.case
        try:
            with session.begin_nested():
                return self._taken(session, case)
        except Problem as problem:
            return Taken(name, "refused", problem=msgspec.Raw(problem.body(PATH)))
        except Refusal as refused:
            return _refused(name, refused.code, refused.message, field=refused.field, remedy=refused.remedy)
        except LOST:
            raise
        except Exception as error:
            return Taken(name, "refused", problem=msgspec.Raw(unexpected(PATH, error).body(PATH)))

    def _taken(self, session: Session, case: Case) -> Taken:
        name, key = case.history.case, key_of(case.history.system, case.history.case)
        same = mark(self._books.rack.keyring.index, VERB, "", SYSTEM, encode(case), "")
        before = commands.find(session, key, same)
        if before is not None:
            if before.standing is Standing.CONFLICT:
                return _refused(name, "command_reused", "It was imported before, with other content.", before.order_id)
            return Taken(name, "there", before.order_id)
        telling(case.history)
        return self._new(session, case, key, same)

    def _new(self, session: Session, case: Case, key: str, same: str) -> Taken:
        books, actor = self._books, self._who.actor
        plain = self._resolved(session, case)
        frozen = books.terms_for(session, plain)
        # Before anything is written for it: what the rules refuse leaves no trace, and they need no sealed words.
        now = datetime.now(UTC)
        decided(None, Command(key, actor, plain), now, frozen.terms)
        lock = customers.obtain(session, books.rack.keyring, plain.customer.phone, plain.customer.name)
        sealed = _sealed(lock, plain, case)
        events, order = decided(None, Command(key, actor, sealed), now, frozen.terms)
        message = CommandMessage(id=key, actor=actor, body=msgspec.Raw(encode(sealed)))
        claimed = commands.claim(session, key, order.id, VERB, same, message, frozen.digest)
        if claimed.standing is not Standing.NEW:  # somebody else took it in meanwhile
            return Taken(plain.case, "there", claimed.order_id)
        finding.add(session, books.rack.keyring, lock.customer, plain)
        ledger.record(session, order.id, to_rows(order.id, events))
        reply = done(order, self._who.role, command_id=key, verb=VERB, first=1, last=order.seq)
        commands.finish(session, key, reply.stored())
        books.rack.keep(lock)
        self.terms.append(frozen)
        reopens, moves = _counts(events)
        return Taken(plain.case, "imported", order.id, open=not order.over, reopens=reopens, moves=moves)

    def _resolved(self, session: Session, case: Case) -> ImportHistory:
        """The order with its number, and with what the catalogue says; raises Problem for what the directory lacks."""
        history = case.history
        if self._kind(session, history.province) != "province":
            raise Problem(
                "invalid_field",
                f"There is no province {history.province}.",
                field="province",
                remedy="GET /v1/units?kind=province lists them.",
            )
        if history.lead and not self._kind(session, history.lead):
            raise Problem(
                "invalid_field", f"There is no unit {history.lead}.", field="lead", remedy="GET /v1/units lists them."
            )
        clause = (history.category, history.province)
        if clause not in self._entries:
            self._entries[clause] = directory.catalogue_for(session, *clause)
        entry = self._entries[clause]
        given = case.order_class or (OrderClass(entry.order_class) if entry else OrderClass.GENERAL)
        found = replace(history, order_id=new_order_id(rehearsal=False), order_class=given)
        is_open = not history.steps or walked(history.steps)[-1].state not in ENDED
        if entry is None or history.lead or not case.dispatch or not is_open:
            return found
        return replace(found, lead=entry.lead, catalogue=entry.id)

    def _kind(self, session: Session, unit: str) -> str:
        """The kind of a unit; '' for one that there is not."""
        if unit not in self._units:
            found = directory.unit(session, unit)
            self._units[unit] = found.kind if found else ""
        return self._units[unit]


def _refused(case: str, code: str, detail: str, order_id: str = "", *, field: str = "", remedy: str = "") -> Taken:
    problem = Problem(code, detail, field=field, remedy=remedy)
    return Taken(case, "refused", order_id, problem=msgspec.Raw(problem.body(PATH)))


def _counts(events: Sequence[Any]) -> tuple[int, int]:
    for event in events:
        if isinstance(event.body, HistoryEnded | OrderTakenOver):
            return event.body.reopens, event.body.moves
    return 0, 0


def telling(history: ImportHistory) -> None:
    """See that nothing that stays in clear tells who the customer is; raises InvalidField."""
    name, phone = history.customer.name, history.customer.phone
    clear_ones = {"case": history.case, "area": history.area, "channel": history.channel, "category": history.category}
    clear_ones |= {f"details.{place}": key for place, key in enumerate(history.details, start=1)}
    for number, step in enumerate(history.steps, start=1):
        clear_ones |= {f"steps.{number}.{field}": getattr(step, field) for field in _STEP}
        clear_ones |= {f"steps.{number}.details.{place}": key for place, key in enumerate(step.details, start=1)}
    for field, value in clear_ones.items():
        if clear.names(value, name, phone):
            raise InvalidField(
                "it holds the customer's name or number, and is kept in clear",
                field=field,
                remedy="send a code in its place, and what was said among `words`, which are sealed",
            )


_STEP = ("activity", "by", "unit", "status", "event")
"""What is kept of a step in clear, beside details that are codes."""


def _sealed(key: Key, history: ImportHistory, case: Case) -> ImportHistory:
    """The order with everything sealed that somebody said in his own words, or may have said."""
    plain = history.customer
    customer = replace(
        history.customer,
        id=key.customer,
        name=key.seal(Kind.NAME, history.customer.name),
        phone=key.seal(Kind.PHONE, history.customer.phone),
        email=key.seal(Kind.EMAIL, history.customer.email),
    )
    said: dict[str, Any] = {name: key.seal(Kind.TEXT, getattr(history, name)) for name in _WORDS}
    return replace(
        history,
        **said,
        customer=customer,
        details=_with(key, history.details, case.words, plain),
        steps=tuple(_step(key, step, given, plain) for step, given in zip(history.steps, case.step_words, strict=True)),
    )


def _step(key: Key, step: ForeignStep, given: dict[str, str], customer: Customer) -> ForeignStep:
    return replace(step, details=_with(key, step.details, given, customer)) if step.details or given else step


def _with(key: Key, details: dict[str, str], given: dict[str, str], customer: Customer) -> dict[str, str]:
    """The details with all sealed that may be words: what is no code, and what names the customer."""
    kept = {
        name: text
        if clear.is_code(text) and not clear.names(text, customer.name, customer.phone)
        else key.seal(Kind.TEXT, text)
        for name, text in details.items()
    }
    return kept | {name: key.seal(Kind.TEXT, text) for name, text in given.items()}
