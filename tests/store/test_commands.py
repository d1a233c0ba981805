"""Idempotency-Keys: one command is done once, whoever asks, asks again, or dies in between."""

import threading

import msgspec
import pytest
from msgspec import structs
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from contracts.messages import CommandMessage, EventRow
from domain.model import Actor, Role
from store import commands, ledger
from store.commands import Claim, Standing
from tests.store.stories import number, quiet, rows

Made = sessionmaker[Session]
AGENT = Actor("agent", Role.AGENT, "GD.svc")


def ask(made: Made, key: str, order_id: str = "WH-1", mark: str = "m", terms: str = "") -> Claim:
    message = CommandMessage(id=key, actor=AGENT, body=msgspec.Raw(b'{"text":"hello"}'), reason="because")
    with made.begin() as session:
        return commands.claim(session, key, order_id, "note", mark, message, terms)


def test_a_new_key_is_the_callers_and_an_old_one_is_pending(made: Made) -> None:
    first, again = ask(made, "a1", terms="t1"), ask(made, "a1", order_id="WH-2", terms="t2")
    assert (first.standing, again.standing) == (Standing.NEW, Standing.PENDING)
    assert (again.order_id, again.terms) == ("WH-1", "t1")  # those of the first use
    assert again.message == first.message
    assert first.recorded_seq == again.recorded_seq == 0


def test_the_claim_says_how_far_the_ledger_is(made: Made) -> None:
    life = quiet()
    with made.begin() as session:
        ledger.record(session, life.at.id, rows(life))
    assert ask(made, "seq", life.at.id).recorded_seq == len(life.events)
    assert ask(made, "seq", life.at.id).recorded_seq == len(life.events)


def test_another_request_under_the_same_key_is_a_conflict(made: Made) -> None:
    ask(made, "b1")
    with made.begin() as session:
        commands.finish(session, "b1", '{"secret":1}')
    other = ask(made, "b1", mark="other")
    assert other.standing is Standing.CONFLICT
    assert other.answer is None


def test_the_first_answer_stands_for_good(made: Made) -> None:
    ask(made, "c1")
    with made.begin() as session:
        assert commands.finish(session, "c1", '{"n":1}') == '{"n":1}'
    with made.begin() as session:
        assert commands.finish(session, "c1", '{"n":2}') == '{"n":1}'
        assert commands.refuse(session, "c1", '{"n":3}', attempt=1) == '{"n":1}'
        assert not commands.abandon(session, "c1")
    claim = ask(made, "c1")
    assert (claim.standing, claim.answer) == (Standing.DONE, '{"n":1}')


def test_a_refusal_stands_until_the_command_is_done_after_all(made: Made) -> None:
    ask(made, "c2")
    with made.begin() as session:
        assert commands.refuse(session, "c2", '{"no":1}', attempt=1) == '{"no":1}'
        assert commands.refuse(session, "c2", '{"no":2}', attempt=1) == '{"no":1}'
    assert ask(made, "c2").standing is Standing.REFUSED
    with made.begin() as session:
        assert commands.finish(session, "c2", '{"yes":1}') == '{"yes":1}'
    claim = ask(made, "c2")
    assert (claim.standing, claim.answer) == (Standing.DONE, '{"yes":1}')


def test_only_the_latest_attempt_may_refuse(made: Made) -> None:
    ask(made, "c3")
    with made.begin() as session:
        lent = next(claim for claim in commands.stale_pending(session, 0, 1000) if claim.key == "c3")
    assert lent.attempt == 2
    with made.begin() as session:
        assert not commands.renew(session, "c3", attempt=1)
        assert commands.refuse(session, "c3", "{}", attempt=1) is None
        assert commands.renew(session, "c3", attempt=2)
        assert commands.refuse(session, "c3", "{}", attempt=2) == "{}"
        assert not commands.renew(session, "c3", attempt=2)


def story() -> tuple[str, tuple[EventRow, ...], tuple[EventRow, ...], str]:
    """An order's id, its events before a command and those of the command, and the command's key."""
    life, key = quiet(), number("K")
    last = life.events[-1].command_id
    found = rows(life)
    own = tuple(structs.replace(row, command_id=key) for row in found if row.command_id == last)
    return life.at.id, found[: -len(own)], own, key


def test_what_the_ledger_holds_is_not_refused(made: Made) -> None:
    order_id, before, own, done = story()
    with made.begin() as session:
        ledger.record(session, order_id, (*before, *own))
    ask(made, done, order_id)
    with made.begin() as session:
        assert commands.refuse(session, done, "{}", attempt=1) is None
    assert ask(made, done, order_id).standing is Standing.PENDING


def test_recorded_events_take_a_refusal_back(made: Made) -> None:
    order_id, before, own, done = story()
    other = number("K")
    with made.begin() as session:
        ledger.record(session, order_id, before)
    for key in (done, other):
        ask(made, key, order_id)
        with made.begin() as session:
            assert commands.refuse(session, key, "{}", attempt=1) == "{}"
    with made.begin() as session:
        ledger.record(session, order_id, own)
    assert ask(made, done, order_id).standing is Standing.PENDING
    assert ask(made, other, order_id).standing is Standing.REFUSED


def test_a_refusal_waits_for_what_is_just_being_recorded(made: Made) -> None:
    order_id, before, own, done = story()
    with made.begin() as session:
        ledger.record(session, order_id, before)
    ask(made, done, order_id)
    told = list[str | None]()

    def refuser() -> None:
        with made.begin() as session:
            told.append(commands.refuse(session, done, "{}", attempt=1))

    with made() as session:
        ledger.record(session, order_id, own)
        thread = threading.Thread(target=refuser)
        thread.start()
        thread.join(0.3)
        assert told == []
        session.commit()
    thread.join(20)
    assert told == [None]


def test_a_command_on_an_order_that_is_not_there_leaves_no_key(made: Made) -> None:
    message = CommandMessage(id="c4", actor=AGENT, body=msgspec.Raw(b"{}"))
    with made.begin() as session:
        assert commands.claim_on(session, "c4", "WH-NONE", "note", "m", message) is None
        assert commands.find(session, "c4") is None
    life = quiet()
    with made.begin() as session:
        ledger.record(session, life.at.id, rows(life))
        claims = [commands.claim_on(session, "c4", life.at.id, "note", "m", message) for _ in range(2)]
    assert [claim.standing for claim in claims if claim] == [Standing.NEW, Standing.PENDING]
    assert {claim.recorded_seq for claim in claims if claim} == {len(life.events)}


def test_an_unknown_key_cannot_be_finished(made: Made) -> None:
    with made() as session:
        with pytest.raises(LookupError):
            commands.finish(session, "never", "{}")
        assert commands.find(session, "never") is None


def test_an_abandoned_key_may_be_used_anew(made: Made) -> None:
    ask(made, "d1")
    with made.begin() as session:
        assert commands.abandon(session, "d1")
    assert ask(made, "d1", order_id="WH-9", mark="other").standing is Standing.NEW


def test_of_many_who_claim_at_once_one_gets_the_key(made: Made) -> None:
    for turn in range(10):
        start, found = threading.Barrier(8), list[Standing]()

        def claimer(key: str, start: threading.Barrier = start, found: list[Standing] = found) -> None:
            start.wait()
            found.append(ask(made, key).standing)

        threads = [threading.Thread(target=claimer, args=(f"e{turn}",)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert sorted(found) == [Standing.NEW, *[Standing.PENDING] * 7]


def test_of_many_who_finish_at_once_one_answer_stands(made: Made) -> None:
    ask(made, "f1")
    start, stands = threading.Barrier(6), list[str]()

    def finisher(answer: str) -> None:
        start.wait()
        with made.begin() as session:
            stands.append(commands.finish(session, "f1", answer))

    threads = [threading.Thread(target=finisher, args=(str(turn),)) for turn in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(stands) == 6
    assert len(set(stands)) == 1


def test_events_and_answer_come_together_or_not_at_all(made: Made) -> None:
    life = quiet()
    key = number("K")
    ask(made, key, life.at.id)
    with made() as session:
        ledger.record(session, life.at.id, rows(life))
        commands.finish(session, key, "{}")
        session.rollback()
    with made() as session:
        assert ledger.head(session, life.at.id) is None
        claim = commands.find(session, key)
    assert claim is not None
    assert claim.standing is Standing.PENDING


def test_stale_commands_are_given_to_one_reconciler_only(made: Made) -> None:
    with made.begin() as session:
        session.execute(text("UPDATE commands SET state = 'done', answer = '' WHERE state = 'pending'"))
    keys = [f"g{turn}" for turn in range(20)]
    for key in keys:
        ask(made, key, terms="t")
    with made.begin() as session:
        assert commands.stale_pending(session, 60) == []
        session.execute(text("UPDATE commands SET tried_at = tried_at - interval '2 min' WHERE key LIKE 'g%'"))
    with made() as one, made() as other:
        first = commands.stale_pending(one, 60, 12)
        second = commands.stale_pending(other, 60, 12)  # does not wait for the first
        assert len(first) == 12
        assert sorted(claim.key for claim in (*first, *second)) == sorted(keys)
        one.commit()
        other.commit()
    with made.begin() as session:
        assert commands.stale_pending(session, 60) == []  # they were tried just now
        assert len(commands.stale_pending(session, 0, 50)) == 20
    assert {claim.standing for claim in (*first, *second)} == {Standing.PENDING}
    assert {claim.message.reason for claim in first} == {"because"}


def test_a_reconciler_that_died_gives_its_commands_back(made: Made) -> None:
    ask(made, "h1")
    with made.begin() as session:
        session.execute(text("UPDATE commands SET tried_at = tried_at - interval '2 min' WHERE key = 'h1'"))
    with made() as session:
        assert "h1" in [claim.key for claim in commands.stale_pending(session, 60)]
        session.rollback()
    with made() as session:
        assert "h1" in [claim.key for claim in commands.stale_pending(session, 60)]
