"""The gateway's database steps: claiming a key, what the ledger knows, recording, and keeping the reply.

Everything here is synchronous and belongs in the thread pool; each method is one transaction.
"""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from api import retiming, sealing
from api.errors import Problem, no_order
from api.keys import Known, Opening, Pending, mark, pending, understood
from api.views import Reply, done
from contracts.messages import Answer, CommandMessage, decode, encode
from contracts.names import REHEARSAL_PREFIX
from domain.commands import Body, ImportHistory, RecordCallback, Register
from domain.errors import Refusal
from domain.model import OrderClass, Role
from domain.policy import Terms, applicable, resolve
from domain.sight import VIEWS, View
from identity.people import Identified
from store import calls, commands, directory, ledger, orders, policies, refusals, sights, tables
from store.commands import Claim, Standing
from store.session import EVERYWHERE, Sight, sessions, within
from vault import customers, finding
from vault.rack import Rack
from vault.seal import Key

FRESH_SECONDS = 5.0
"""How old a read of the policy in force or of the catalogue may be when a complaint comes in."""

PROVINCE = "province"
"""The kind of the units that a complaint can come from."""

USUAL_TIER = "normal"
"""Whoever has no other has this one, whatever the policy lists."""

CALLS = "record_callback"
"""The verb that says of a call to a customer."""

FROZEN_KEPT = policies.TERMS_KEPT
"""Answers to `what are the terms for …?` kept in memory."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Frozen:
    """Terms that the ledger has, under what they were asked for by; to name them anew costs milliseconds."""

    asked: tuple[str, ...]
    digest: str
    terms: Terms


class _Fresh(Generic[T]):
    """A value that is read again after some seconds."""

    def __init__(self, read: Callable[[Session], T]) -> None:
        self._read = read
        self._value: T | None = None
        self._until = 0.0

    def get(self, session: Session, *, anew: bool = False) -> T:
        if anew or self._value is None or time.monotonic() > self._until:
            self._value, self._until = self._read(session), time.monotonic() + FRESH_SECONDS
        return self._value


class Books:
    """The database side of the gateway.

    `engine` serves transactions, `single` (an `autocommit` one) what is a single statement: a claim, a plain read. By
    themselves both see nothing; the system's own steps see everything, and what a person asks for himself is read by
    `reads`. `rack` has the customers' keys.
    """

    def __init__(self, engine: Engine, single: Engine, rack: Rack) -> None:
        self._write = sessions(within(engine, EVERYWHERE))
        self._single = sessions(within(single, EVERYWHERE))
        self._engine = single
        self.rack = rack
        self._policy = _Fresh(policies.current)
        self._frozen: dict[tuple[str, ...], Frozen] = {}

    def reads(self, sight: Sight) -> Session:
        """A session that sees what is seen from there; every statement is a transaction of its own, one round trip."""
        return Session(within(self._engine, sight), expire_on_commit=False, autoflush=False)

    def system(self) -> Session:
        """The same for the system's own questions."""
        return self._single()

    @contextmanager
    def writes(self) -> Iterator[Session]:
        """One transaction of the system's own."""
        with self._write.begin() as session:
            yield session

    def claim(
        self, order_id: str, verb: str, key: str, who: Identified, body: Body, reason: str, expected_seq: int | None
    ) -> Pending | Reply:
        """Claim a command's key: Pending when it is to be sent, the Reply when it was answered before.

        What the asker says in his own words is sealed here, before anything is kept.

        Raises:
            Problem: the key names another command; no such order; none that he sees; its customer's data were erased.
        """
        with self.reads(who.sight) as session:
            told = sights.told(session, order_id, who.sight)
        if told is None:
            raise no_order(order_id)
        customer, last_seq, unit_seq = told
        if VIEWS[who.role] is View.UNIT and expected_seq == unit_seq:
            expected_seq = last_seq  # what he was not told of does not make his view an old one
        same = mark(self.rack.keyring.index, verb, order_id, who.actor, encode(body), reason)
        sealed, why = sealing.sealed(self._key(customer, order_id), body, reason)
        message = CommandMessage(
            id=key, actor=who.actor, body=msgspec.Raw(encode(sealed)), reason=why, expected_seq=expected_seq
        )
        if verb == CALLS:
            claimed = self._claim_call(order_id, same, message)
        elif verb in retiming.VERBS:
            claimed = self._claim_terms(order_id, verb, same, message)
        else:
            with self._single() as session:
                claimed = commands.claim_on(session, key, order_id, verb, same, message)
        if claimed is None:
            raise no_order(order_id)
        return understood(claimed)

    def _key(self, customer: str, order_id: str) -> Key:
        key = self.rack.key(customer)
        if key is None:
            raise Problem("erased", f"The customer of {order_id} had his data erased.", remedy="Nothing can be added.")
        return key

    def _claim_call(self, order_id: str, same: str, message: CommandMessage) -> Claim | None:
        """Claim a call's key and write the call down, while nobody else can call the number."""
        with self._write.begin() as session:
            callee = calls.callee_of(session, order_id)
            if callee:
                body: RecordCallback = replace(decode(message.body, RecordCallback), recent=calls.hold(session, callee))
                message = msgspec.structs.replace(message, body=msgspec.Raw(encode(body)))
            claimed = commands.claim_on(session, message.id, order_id, CALLS, same, message)
            if callee and claimed is not None and claimed.standing is Standing.NEW:
                calls.add(session, message.id, order_id, callee)
        return claimed

    def _claim_terms(self, order_id: str, verb: str, same: str, message: CommandMessage) -> Claim | None:
        """Claim the key of a command that gives an order new terms, and keep them before it is sent."""
        with self._write.begin() as session:
            message = retiming.completed(session, order_id, verb, message)
            return commands.claim_on(session, message.id, order_id, verb, same, message)

    def open(self, key: str, who: Identified, opening: Opening, reason: str) -> Pending | Reply:
        """Look up catalogue, policy and customer, make the number, and claim the key; as `claim`.

        Raises:
            Problem: the key names another command, the province or the tier is not known, or a customer complains for
                another number than his own.
        """
        same = mark(self.rack.keyring.index, "register", "", who.actor, encode(opening), reason)
        frozen: Frozen | None = None
        with self._write.begin() as session:
            try:
                body = self._resolved(session, opening)
            except Problem:
                asked_before = commands.find(session, key, same)
                if asked_before is None:
                    raise
                claimed = asked_before  # what was known then was registered then
            else:
                frozen = self._terms(session, body)
                sealed, why = self._sealed(session, who, body, reason)
                message = CommandMessage(id=key, actor=who.actor, body=msgspec.Raw(encode(sealed)), reason=why)
                claimed = commands.claim(session, key, body.order_id, "register", same, message, frozen.digest)
                if claimed.standing is Standing.NEW:
                    finding.add(session, self.rack.keyring, sealed.customer.id, body)
        if frozen is not None:
            self.remember(frozen)
        found = understood(claimed)
        if isinstance(found, Reply):
            return found
        same_terms = frozen is not None and claimed.terms == frozen.digest
        return replace(found, terms=frozen.terms if frozen and same_terms else self._stored_terms(claimed.terms))

    def foresee(self, opening: Opening) -> tuple[Register, Terms, dict[str, Any]]:
        """What `open` would send, by which terms, and the document that these come from; nothing is written.

        Raises:
            Problem: the province, the tier or the unit complained about is not known.
        """
        with self._single() as session:
            body = self._resolved(session, opening)
            _, found = self._known_or_resolved(session, body)
            _, document = self._policy.get(session)
        return body, found.terms if isinstance(found, Frozen) else found, document

    def terms_for(self, session: Session, body: ImportHistory) -> Frozen:
        """The terms in force for an order that another system has kept until now; stored, if they are not known.

        Whoever commits the transaction says so by `remember`.

        Raises:
            Problem: the tier is not known.
        """
        self._require_tier(session, body.customer.tier)
        return self._terms(session, body)

    def answer(self, key: str) -> Reply | None:
        """The reply that is kept under a key, if there is one by now."""
        with self._single() as session:
            found = commands.find(session, key)
        return None if found is None or found.answer is None else Reply.restored(found.answer, found.order_id)

    def take_up(self, pending: Pending) -> bool:
        """Whether the command is still this attempt's to carry out: unanswered, and given to nobody else since."""
        with self._single() as session:
            return commands.renew(session, pending.key, pending.attempt)

    def settle(self, pending: Pending, answer: Answer) -> Reply:
        """Record the events and keep the reply, in one transaction; an earlier done reply is the one given.

        Raises:
            LedgerGap: an event before these is missing.
        """
        with self._write.begin() as session:
            order = ledger.record(session, pending.order_id, answer.events)
            reply = done(
                order,
                pending.message.actor.role,
                command_id=pending.key,
                verb=pending.verb,
                first=answer.first,
                last=answer.last,
            )
            return _standing(pending, reply, commands.finish(session, pending.key, reply.stored()))

    def refuse(self, pending: Pending, refusal: Refusal) -> Reply | None:
        """Note the refusal and keep it as the key's answer; None when it is not this attempt's to refuse."""
        problem = Problem(
            refusal.code,
            refusal.message,
            field=refusal.field,
            remedy=refusal.remedy,
            state=refusal.state,
            allowed=refusal.allowed,
        )
        reply = Reply(problem.status, problem.body(pending.path))
        with self._write.begin() as session:
            kept = self._refused(session, pending, reply)
            if kept is reply:
                refusals.record_refusal(
                    session,
                    order_id="" if pending.verb == "register" else pending.order_id,
                    verb=pending.verb,
                    command_id=pending.key,
                    actor=pending.message.actor,
                    refusal=refusal,
                )
            return kept

    def give_up(self, pending: Pending, problem: Problem) -> Reply | None:
        """Keep a failure that asking again cannot mend as the key's answer; None as `refuse`."""
        with self._write.begin() as session:
            return self._refused(session, pending, Reply(problem.status, problem.body(pending.path)))

    def drop(self, pending: Pending) -> None:
        """Forget a key whose order never was."""
        with self._single() as session:
            commands.abandon(session, pending.key)

    def known(self, pending: Pending) -> Known | None:
        """What the ledger knows of the order and of this very command; None for an order it has never seen."""
        with self._write.begin() as session:
            found = orders.find(session, pending.order_id)
            if found is None:
                return None
            events = tables.events.c
            mine = session.scalars(
                select(events.seq)
                .where(events.order_id == pending.order_id, events.command_id == pending.key)
                .order_by(events.seq)
            ).all()
            return Known(
                order=found.order,
                terms=policies.terms(session, found.terms),
                updated_at=found.updated_at,
                done=Answer(pending.order_id, mine[0], mine[-1], ()) if mine else None,
            )

    def standing(self, order_id: str) -> Known | None:
        """The order as the ledger has it now, to be started again from; None for one that it has never seen."""
        with self._single() as session:
            found = orders.find(session, order_id)
            if found is None:
                return None
            terms = policies.terms(session, found.terms)
            return Known(order=found.order, terms=terms, updated_at=found.updated_at, done=None)

    def stale(self, older_than: float, limit: int) -> list[Pending]:
        """Keys that nobody has tried for so many seconds; they are the caller's for as long again."""
        with self._write.begin() as session:
            claims = commands.stale_pending(session, older_than, limit)
        return [
            replace(pending(claim, fresh=False), terms=self._stored_terms(claim.terms) if claim.terms else None)
            for claim in claims
        ]

    # --- parts ------------------------------------------------------------------------------------------------------

    def _refused(self, session: Session, pending: Pending, reply: Reply) -> Reply | None:
        stands = commands.refuse(session, pending.key, reply.stored(), pending.attempt)
        if pending.verb == CALLS and stands == reply.stored():
            calls.free(session, pending.key)
        return None if stands is None else _standing(pending, reply, stands)

    def _sealed(self, session: Session, who: Identified, body: Register, reason: str) -> tuple[Register, str]:
        """The complaint with its customer found or made, and sealed with his key."""
        key = customers.obtain(session, self.rack.keyring, body.customer.phone, body.customer.name)
        if who.role is Role.CUSTOMER and key.customer != who.customer:
            raise Problem("forbidden", "A customer complains for his own number.", field="customer.phone")
        self.rack.keep(key)  # with the name that he gave now, which is struck out of answers from now on
        return sealing.registered(key, body, reason)

    def _resolved(self, session: Session, opening: Opening) -> Register:
        province = directory.unit(session, opening.province)
        if province is None or province.kind != PROVINCE:
            raise Problem(
                "invalid_field",
                f"There is no province {opening.province}.",
                field="province",
                remedy="GET /v1/units?kind=province lists them.",
            )
        self._require_tier(session, opening.customer.tier)
        if opening.against and directory.unit(session, opening.against) is None:
            raise Problem(
                "invalid_field",
                f"There is no unit {opening.against}.",
                field="against",
                remedy="GET /v1/units lists them; leave it out where no unit is complained about.",
            )
        entry = directory.catalogue_for(session, opening.category, opening.province)
        body = Register(
            order_id=new_order_id(rehearsal=opening.rehearsal),
            title=opening.title,
            text=opening.text,
            category=opening.category,
            order_class=opening.order_class or (OrderClass(entry.order_class) if entry else OrderClass.GENERAL),
            province=opening.province,
            channel=opening.channel,
            customer=opening.customer,
            source=opening.source,
            area=opening.area,
            rehearsal=opening.rehearsal,
            against=opening.against,
        )
        if entry is None or not opening.dispatch:
            return body
        return replace(body, lead=entry.lead, co=entry.co, copy=entry.copy, catalogue=entry.id)

    def _require_tier(self, session: Session, tier: str) -> None:
        """Raise Problem for a tier that the policy in force, read anew when in doubt, does not know."""
        for anew in (False, True):
            tiers = self._policy.get(session, anew=anew)[1]["tiers"]
            if tier == USUAL_TIER or tier in tiers:
                return
        known = ", ".join(dict.fromkeys((USUAL_TIER, *tiers)))
        raise Problem("invalid_field", f"There is no tier {tier}.", field="customer.tier", remedy=f"One of {known}.")

    def _terms(self, session: Session, body: Register | ImportHistory) -> Frozen:
        """The terms in force for a complaint, and their digest; stored, if this process has not stored them before."""
        asked, terms = self._known_or_resolved(session, body)
        if isinstance(terms, Frozen):
            return terms
        return Frozen(asked, policies.save_terms(session, terms), terms)

    def _known_or_resolved(
        self, session: Session, body: Register | ImportHistory
    ) -> tuple[tuple[str, ...], Frozen | Terms]:
        """What a complaint's terms are kept under, and they: as this process has stored them, or resolved now."""
        version, document = self._policy.get(session)
        place = applicable(document, body.area, body.category)
        asked = (version, body.order_class.value, body.customer.tier, body.province, *place)
        known = self._frozen.get(asked)
        return asked, known or resolve(document, body.order_class, body.customer.tier, body.province, *place)

    def remember(self, frozen: Frozen) -> None:
        """Keep terms in memory; only when they are committed, for the next complaint will rely on it."""
        if len(self._frozen) >= FROZEN_KEPT:
            self._frozen.clear()
        self._frozen[frozen.asked] = frozen

    def _stored_terms(self, digest: str) -> Terms:
        with self._single() as session:
            return policies.terms(session, digest)


def new_order_id(*, rehearsal: bool) -> str:
    """A new number: `WH` (`R` for a rehearsal), the day (UTC), and eight letters or digits that nobody can guess."""
    head = REHEARSAL_PREFIX if rehearsal else "WH"
    tail = base64.b32encode(secrets.token_bytes(5)).decode()
    return f"{head}{datetime.now(UTC):%Y%m%d}-{tail}"


def _standing(pending: Pending, reply: Reply, stands: str) -> Reply:
    """The reply that stands under the key: this one, or one that was there before."""
    return reply if stands == reply.stored() else Reply.restored(stands, pending.order_id)
