"""The lock against guessing, on a real database: counted before anything is compared, whoever comes at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from identity import accounts, passwords
from identity.accounts import Verdict, counted
from store import access_tables, tables
from tests.conftest import Database

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
GOOD = "three blue kettles sing"
HASH = passwords.hash_now(GOOD)


def given(made: sessionmaker[Session], person: str) -> None:
    """A person who chose his own password."""
    with made.begin() as session:
        accounts.change(session, person, HASH, NOW)


def tried(made: sessionmaker[Session], person: str, password: str, now: datetime) -> Verdict:
    """One log-in, in its steps."""
    with made.begin() as session:
        attempt = accounts.attempt(session, person, now)
    right = attempt.hash == HASH and password == GOOD
    with made.begin() as session:
        return accounts.judge(session, attempt, right, now)


def standing(made: sessionmaker[Session], person: str) -> tuple[int, datetime | None]:
    c = access_tables.accounts.c
    with made() as session:
        row = session.execute(select(c.failures, c.locked_until).where(c.person == person)).one()
    return row.failures, row.locked_until


def test_each_lock_is_twice_as_long_as_the_one_before_up_to_a_day() -> None:
    failures, locked_until, now = 0, None, NOW
    lengths = []
    for _ in range(4 + 10):
        count = counted(failures, locked_until, now)
        assert count.compare
        failures, locked_until = count.failures, count.locked_until
        if locked_until is not None:
            lengths.append(locked_until - now)
            now = locked_until
    minutes = [length / timedelta(minutes=1) for length in lengths]
    assert minutes == [15, 30, 60, 120, 240, 480, 960, 1440, 1440, 1440]


def test_a_lock_is_neither_lengthened_by_tries_nor_gives_more_than_four_of_them_an_answer() -> None:
    failures, locked_until = 5, NOW + timedelta(minutes=15)
    compared = 0
    for second in range(100):
        count = counted(failures, locked_until, NOW + timedelta(seconds=second))
        compared += count.compare
        failures = count.failures
        assert count.locked_until == locked_until
    assert (compared, failures) == (4, 9)
    after = counted(failures, locked_until, locked_until)
    assert (after.failures, after.locked_until, after.compare) == (10, locked_until + timedelta(minutes=30), True)


def test_the_fifth_wrong_password_locks_and_the_right_one_then_says_so(made: sessionmaker[Session]) -> None:
    person = "gd-agent-1"
    given(made, person)
    for _ in range(4):
        assert tried(made, person, "wrong", NOW) is Verdict.WRONG
    assert standing(made, person) == (4, None)
    assert tried(made, person, "wrong", NOW) is Verdict.WRONG
    assert standing(made, person) == (5, NOW + timedelta(minutes=15))
    later = NOW + timedelta(minutes=14, seconds=59)
    assert tried(made, person, GOOD, later) is Verdict.LOCKED
    assert tried(made, person, "wrong", later) is Verdict.WRONG
    assert tried(made, person, GOOD, NOW + timedelta(minutes=15)) is Verdict.RIGHT
    assert standing(made, person) == (0, None)


def test_a_right_password_begins_the_count_anew(made: sessionmaker[Session]) -> None:
    person = "gd-agent-2"
    given(made, person)
    for _ in range(3):
        for _ in range(4):
            assert tried(made, person, "wrong", NOW) is Verdict.WRONG
        assert tried(made, person, GOOD, NOW) is Verdict.RIGHT
    assert standing(made, person) == (0, None)


def test_of_twenty_wrong_passwords_at_once_each_counts_and_no_more_are_compared_than_the_lock_allows(
    made: sessionmaker[Session],
) -> None:
    person = "gd-teamlead-1"
    given(made, person)
    together = Barrier(20)

    def one(number: int) -> bool:
        together.wait()
        with made.begin() as session:
            return accounts.attempt(session, person, NOW).hash != ""

    with ThreadPoolExecutor(20) as threads:
        compared = sum(threads.map(one, range(20)))
    assert compared == 5 + 4
    assert standing(made, person) == (9, NOW + timedelta(minutes=15))


def test_a_password_that_was_changed_while_it_was_compared_opens_nothing(made: sessionmaker[Session]) -> None:
    person = "gd-dispatcher-1"
    given(made, person)
    with made.begin() as session:
        attempt = accounts.attempt(session, person, NOW)
    with made.begin() as session:
        accounts.reset(session, person, passwords.hash_now("another one entirely"), NOW)
    with made.begin() as session:
        assert accounts.judge(session, attempt, True, NOW) is Verdict.WRONG


def test_a_given_password_is_good_for_a_day(made: sessionmaker[Session]) -> None:
    person = "gd-manager"
    with made.begin() as session:
        good_until = accounts.reset(session, person, HASH, NOW)
    assert good_until == NOW + timedelta(hours=24)
    assert tried(made, person, GOOD, good_until - timedelta(seconds=1)) is Verdict.RIGHT
    assert tried(made, person, GOOD, good_until) is Verdict.EXPIRED


def test_nobody_and_whoever_left_have_nothing_to_compare_with(made: sessionmaker[Session], database: Database) -> None:
    person = "gd-caller-1"
    given(made, person)
    with made.begin() as session:
        session.execute(update(tables.people).where(tables.people.c.id == person).values(active=False))
    for nobody in (person, "no-such-person", "gd-net-1"):
        assert tried(made, nobody, GOOD, NOW) is Verdict.WRONG
    with made.begin() as session, pytest.raises(accounts.Unknown):
        accounts.reset(session, person, HASH, NOW)
    with made.begin() as session, pytest.raises(accounts.NoAccount):
        accounts.unlock(session, "gd-net-1")


def test_the_first_administrator_is_entered_once_and_let_in_again_later(made: sessionmaker[Session]) -> None:
    with made.begin() as session:
        first = accounts.first_administrator(session, "root@example.invalid", NOW, "管理员", "Administrator")
    with made.begin() as session:
        second = accounts.first_administrator(session, "root@example.invalid", NOW)
        row = session.execute(select(tables.people).where(tables.people.c.id == "root@example.invalid")).one()
    assert first != second
    assert (row.role, row.name_zh, row.name_en) == ("administrator", "管理员", "Administrator")
    with made.begin() as session, pytest.raises(ValueError, match="already"):
        accounts.first_administrator(session, "gd-agent-1", NOW)
    with made.begin() as session, pytest.raises(ValueError, match="letters"):
        accounts.first_administrator(session, "a person", NOW)
