"""Log-in by password through HTTP: cookies, guessing, changing, and whose page may ask."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import argon2
import pytest
import pytest_asyncio
from fastapi import FastAPI
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session, sessionmaker

from api.app import create_app
from identity import accounts, passwords, sessions
from identity.sessions import COOKIE
from runtime import keyring
from runtime.settings import Settings
from store import access_tables as tables
from store import demo
from store.session import EVERYWHERE, make_engine
from store.tables import people
from tests.api.browsers import GOOD, HASH, OURS, Browser, give_password, system
from tests.conftest import Database

ANOTHER = "four green lanterns hum"


@pytest.fixture(scope="module")
def made(database: Database) -> Iterator[sessionmaker[Session]]:
    demo.load(database.owner_url)
    with system(database) as found:
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def app(settings: Settings, made: sessionmaker[Session]) -> AsyncIterator[FastAPI]:
    """One process of the API."""
    keyring.ensure(settings.keyring_path)
    one = create_app(settings)
    async with one.router.lifespan_context(one):
        yield one


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def other_app(settings: Settings, app: FastAPI) -> AsyncIterator[FastAPI]:
    """Another process of the same API."""
    other = create_app(settings)
    async with other.router.lifespan_context(other):
        yield other


@pytest.fixture
def browser(app: FastAPI) -> Browser:
    return Browser(app)


async def logged_in(app: FastAPI, made: sessionmaker[Session], person: str) -> Browser:
    """A browser in which that person has logged in."""
    give_password(made, person)
    browser = Browser(app)
    answer = await browser.log_in(person)
    assert answer.status_code == 200, answer.text
    return browser


def moved(made: sessionmaker[Session], browser: Browser, **changes: object) -> None:
    """Change the row of the session that a browser holds."""
    t = tables.sessions
    with made.begin() as session:
        session.execute(update(t).where(t.c.hash == sessions.hashed(browser.cookie)).values(**changes))


def records(made: sessionmaker[Session], person: str) -> list[tuple[str, str, str]]:
    """What the record says of a person: operation, outcome, code."""
    c = tables.accesses.c
    with made() as session:
        rows = session.execute(select(c.operation, c.outcome, c.code).where(c.actor_id == person).order_by(c.id))
        return [(row.operation, row.outcome, row.code) for row in rows]


async def test_a_log_in_opens_a_session_in_a_cookie_that_nothing_else_can_reach(
    browser: Browser, made: sessionmaker[Session]
) -> None:
    give_password(made, "gd-agent-1")
    answer = await browser.log_in("gd-agent-1")
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["who"]["id"], said["roles"], said["how"]) == ("gd-agent-1", ["agent"], "password")
    assert (said["must_change"], said["idle_minutes"], said["acting"]) == (False, 60, [])
    ends = datetime.fromisoformat(said["expires_at"]) - datetime.now(UTC)
    assert timedelta(hours=11, minutes=59) < ends <= timedelta(hours=12)
    parts = answer.headers["set-cookie"].split("; ")
    assert parts[0].startswith("__Host-whistle=")
    assert {part.lower() for part in parts[1:]} == {"httponly", "path=/", "samesite=lax", "secure"}
    assert len(browser.cookie) == 43
    again = await browser.get("/session")
    assert again.json() == said
    assert (await browser.get("/me")).json()["id"] == "gd-agent-1"
    with made() as session:
        kept = session.execute(select(tables.sessions)).mappings().all()
    assert all(browser.cookie not in str(row) for row in kept)
    assert ("log_in", "logged_in", "") in records(made, "gd-agent-1")


async def test_a_password_is_compared_to_the_last_blank(browser: Browser, made: sessionmaker[Session]) -> None:
    give_password(made, "gd-agent-2", passwords.hash_now(f" {GOOD} "))
    assert (await browser.log_in("gd-agent-2", GOOD)).status_code == 401
    assert (await browser.log_in("gd-agent-2", f" {GOOD} ")).status_code == 200


@pytest.mark.parametrize(
    ("person", "password"),
    [
        ("gd-agent-1", "wrong"),
        ("gd-agent-1", ""),
        ("no-such-person", GOOD),
        ("gd-net-1", GOOD),
        ("gd-agent-1", "x" * 1024),
        ("gd-agent-1", "\N{PILE OF POO}" * 300),
        ("'; DROP TABLE accounts; --", "x"),
    ],
)
async def test_a_failed_log_in_says_nothing_of_the_account(
    browser: Browser, made: sessionmaker[Session], person: str, password: str
) -> None:
    give_password(made, "gd-agent-1")
    answer = await browser.log_in(person, password)
    if not password:
        assert (answer.status_code, answer.json()["field"]) == (422, "password")
        return
    assert answer.status_code == 401
    problem = answer.json()
    assert (problem["code"], problem["detail"]) == ("log_in_failed", "Person and password do not belong together.")
    assert "field" not in problem
    assert not browser.cookie


async def test_no_error_repeats_a_password(browser: Browser) -> None:
    typed = "three-words-that-were-typed"
    for body in (
        {"person": "gd-agent-1", "password": typed * 100},
        {"person": "gd-agent-1", "password": [typed]},
        {"person": "gd-agent-1", "password": typed, "passwort": typed},
        {"person": {"password": typed}, "password": typed},
    ):
        answer = await browser.post("/login", body)
        assert answer.status_code == 422
        assert typed not in answer.text


async def test_half_a_character_is_no_fault_of_ours(browser: Browser) -> None:
    body = b'{"person": "gd-agent-1", "password": "three words \\ud800 and a half"}'
    headers = {"Origin": OURS, "Content-Type": "application/json"}
    answer = await browser.http.post("/v1/login", content=body, headers=headers)
    assert answer.status_code in (400, 401, 422), answer.text


async def test_an_account_that_is_not_there_takes_as_long_as_one_that_is(
    app: FastAPI, made: sessionmaker[Session]
) -> None:
    async def seconds(person: str) -> float:
        start = time.perf_counter()
        assert (await Browser(app).log_in(person, "wrong")).status_code == 401
        return time.perf_counter() - start

    give_password(made, "gd-inst-1")
    taken = [(await seconds("gd-inst-1"), await seconds("gd-nobody-1")) for _ in range(4)]
    there, not_there = map(min, zip(*taken, strict=True))  # the least that it can take: others may be at work
    assert min(there, not_there) >= 0.3
    assert abs(there - not_there) < 0.1


async def test_twenty_wrong_passwords_at_once_lock_and_only_the_right_one_is_told(
    app: FastAPI, other_app: FastAPI, made: sessionmaker[Session]
) -> None:
    person = "gd-net-head"
    give_password(made, person)
    browsers = [Browser(app if number % 2 else other_app) for number in range(20)]
    answers = await asyncio.gather(*(one.log_in(person, "wrong") for one in browsers))
    assert {(answer.status_code, answer.json()["detail"]) for answer in answers} == {
        (401, "Person and password do not belong together.")
    }
    c = tables.accounts.c
    with made() as session:
        row = session.execute(select(c.failures, c.locked_until).where(c.person == person)).one()
    assert row.failures == 9
    assert timedelta(minutes=14) < row.locked_until - datetime.now(UTC) <= timedelta(minutes=15)
    assert (await Browser(app).log_in(person)).json()["code"] == "log_in_failed"  # no more are compared
    with made.begin() as session:
        session.execute(update(tables.accounts).where(c.person == person).values(failures=5))
    told = await Browser(app).log_in(person)
    assert (told.status_code, told.json()["code"]) == (403, "account_locked")
    assert 0 < int(told.headers["retry-after"]) <= 900
    failed = [code for operation, outcome, code in records(made, person) if outcome == "log_in_failed"]
    assert len(failed) == 22
    assert failed.count("account_locked") == 22 - 4
    with made.begin() as session:
        past = datetime.now(UTC) - timedelta(seconds=1)
        session.execute(update(tables.accounts).where(c.person == person).values(locked_until=past))
    assert (await Browser(app).log_in(person)).status_code == 200


async def test_whoever_is_sent_away_for_want_of_room_has_not_tried(app: FastAPI, made: sessionmaker[Session]) -> None:
    person = "gd-agent-2"
    browser = await logged_in(app, made, person)
    with ExitStack() as crowd:
        for _ in range(passwords.MOST_WAITING):
            crowd.enter_context(passwords.place())
        for typed in ("wrong", GOOD) * 5:
            answer = await Browser(app).log_in(person, typed)
            assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
            assert int(answer.headers["retry-after"]) > 0
        answer = await browser.post("/password", {"old": "wrong", "new": ANOTHER})
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
    t = tables.accounts
    with made() as session:
        row = session.execute(select(t.c.failures, t.c.locked_until).where(t.c.person == person)).one()
    assert tuple(row) == (0, None)
    assert (await Browser(app).log_in(person)).status_code == 200


async def test_nothing_is_left_of_the_log_in_of_somebody_who_is_made_inactive_meanwhile(
    app: FastAPI, made: sessionmaker[Session], database: Database
) -> None:
    person = "gd-net-2"
    give_password(made, person)
    owner = make_engine(database.owner_url, 1, sight=EVERYWHERE)
    with owner.begin() as connection:
        connection.execute(text("LOCK TABLE accesses IN SHARE MODE"))  # it waits here, with the password judged
        coming = asyncio.create_task(Browser(app).log_in(person))
        await asyncio.wait([coming], timeout=1.5)
        assert not coming.done()
        connection.execute(update(people).where(people.c.id == person).values(active=False))
    answer = await coming
    assert (answer.status_code, answer.json()["code"]) == (401, "log_in_failed")
    assert "inactive" in answer.json()["detail"]
    assert COOKIE not in answer.headers.get("set-cookie", "")
    assert [outcome for _, outcome, _ in records(made, person)] == []
    with made.begin() as session:
        assert session.scalar(select(tables.sessions.c.hash).where(tables.sessions.c.person == person)) is None
        session.execute(update(people).where(people.c.id == person).values(active=True))
    owner.dispose()


async def test_an_older_form_of_the_hash_is_renewed_at_log_in(browser: Browser, made: sessionmaker[Session]) -> None:
    old = argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1).hash(GOOD)
    give_password(made, "gd-bill-1", old)
    assert (await browser.log_in("gd-bill-1")).status_code == 200
    c = tables.accounts.c
    with made() as session:
        kept = session.scalars(select(c.hash).where(c.person == "gd-bill-1")).one()
    assert "m=47104,t=1,p=1" in kept
    assert (await Browser(browser.app).log_in("gd-bill-1")).status_code == 200


async def test_every_log_in_has_a_session_of_its_own_and_ends_the_one_before(
    app: FastAPI, browser: Browser, made: sessionmaker[Session]
) -> None:
    give_password(made, "gd-agent-1")
    browser.http.cookies.set(COOKIE, "planted-by-somebody-else", domain="127.0.0.1", path="/")
    assert (await browser.log_in("gd-agent-1")).status_code == 200
    first = browser.cookie
    assert first != "planted-by-somebody-else"
    stolen = Browser(app)
    stolen.http.cookies.set(COOKIE, first, domain="127.0.0.1", path="/")
    assert (await stolen.get("/session")).status_code == 200
    assert (await browser.log_in("gd-agent-1")).status_code == 200
    assert browser.cookie != first
    assert (await stolen.get("/session")).status_code == 401
    assert (await browser.get("/session")).status_code == 200


async def test_a_session_ends_when_it_lies_idle_and_when_its_hours_are_over(
    app: FastAPI, made: sessionmaker[Session]
) -> None:
    now = datetime.now(UTC)
    for changes, alive in (
        ({"seen_at": now - timedelta(minutes=59)}, True),
        ({"seen_at": now - timedelta(minutes=60)}, False),
        ({"expires_at": now + timedelta(seconds=30)}, True),
        ({"expires_at": now}, False),
        ({"ended_at": now}, False),
    ):
        browser = await logged_in(app, made, "gd-agent-1")
        moved(made, browser, **changes)
        answer = await browser.get("/session")
        assert (answer.status_code == 200) is alive, changes
        if not alive:
            assert answer.json()["code"] == "unauthenticated"


async def test_use_keeps_a_session_awake_and_is_noted_once_a_minute(app: FastAPI, made: sessionmaker[Session]) -> None:
    browser = await logged_in(app, made, "gd-agent-1")
    c = tables.sessions.c

    def seen() -> datetime:
        with made() as session:
            at: datetime = session.scalars(select(c.seen_at).where(c.hash == sessions.hashed(browser.cookie))).one()
            return at

    begun = seen()
    assert (await browser.get("/session")).status_code == 200
    assert seen() == begun
    moved(made, browser, seen_at=begun - timedelta(minutes=50))
    app.state.cookies.forget()
    assert (await browser.get("/session")).status_code == 200
    assert seen() > begun


async def test_log_out_ends_this_session_alone(app: FastAPI, made: sessionmaker[Session]) -> None:
    here, there = await logged_in(app, made, "gd-agent-1"), Browser(app)
    assert (await there.log_in("gd-agent-1")).status_code == 200
    kept = here.cookie
    answer = await here.post("/logout")
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert not here.cookie
    here.http.cookies.set(COOKIE, kept, domain="127.0.0.1", path="/")
    assert (await here.get("/session")).status_code == 401
    assert (await there.get("/session")).status_code == 200
    assert ("log_out", "logged_out", "") in records(made, "gd-agent-1")


async def test_log_out_everywhere_is_known_to_every_process_within_five_seconds(
    app: FastAPI, other_app: FastAPI, made: sessionmaker[Session]
) -> None:
    first, second = await logged_in(app, made, "gd-inst-1"), Browser(other_app)
    assert (await second.log_in("gd-inst-1")).status_code == 200
    bystander = await logged_in(app, made, "gd-agent-2")
    assert (await first.at(other_app).get("/session")).status_code == 200
    kept = first.cookie
    assert (await first.post("/logout-everywhere")).status_code == 204
    ended = time.monotonic()
    first.http.cookies.set(COOKIE, kept, domain="127.0.0.1", path="/")
    assert (await first.get("/session")).status_code == 401
    while (await second.get("/session")).status_code == 200 or (
        await first.at(other_app).get("/session")
    ).status_code == 200:
        assert time.monotonic() - ended < 5
        await asyncio.sleep(0.1)
    assert (await bystander.get("/session")).status_code == 200


async def test_whoever_leaves_loses_his_sessions_and_they_do_not_come_back_with_him(
    app: FastAPI, made: sessionmaker[Session]
) -> None:
    person = "js-agent-1"
    browser = await logged_in(app, made, person)
    try:
        with made.begin() as session:
            session.execute(update(people).where(people.c.id == person).values(active=False))
        left = time.monotonic()
        while (await browser.get("/me")).status_code == 200:
            assert time.monotonic() - left < 10
            await asyncio.sleep(0.1)
        assert (await Browser(app).log_in(person)).status_code == 401
    finally:
        with made.begin() as session:
            session.execute(update(people).where(people.c.id == person).values(active=True))
    assert (await browser.get("/me")).status_code == 401


async def test_a_change_of_role_is_known_without_a_new_log_in(app: FastAPI, made: sessionmaker[Session]) -> None:
    browser = await logged_in(app, made, "gd-caller-1")
    with made.begin() as session:
        session.execute(update(people).where(people.c.id == "gd-caller-1").values(role="reply_auditor"))
    app.state.cookies.forget()
    assert (await browser.get("/session")).json()["roles"] == ["reply_auditor"]


CSRF = (
    # beside the cookie, and whether the request is carried out
    ({"Origin": OURS, "X-CSRF-Token": "own"}, True),
    ({"Sec-Fetch-Site": "same-origin", "X-CSRF-Token": "own"}, True),
    ({"Origin": OURS, "Sec-Fetch-Site": "same-origin", "X-CSRF-Token": "own"}, True),
    ({"X-CSRF-Token": "own"}, False),
    ({"Origin": OURS}, False),
    ({"Origin": OURS, "X-CSRF-Token": ""}, False),
    ({"Origin": OURS, "X-CSRF-Token": "other"}, False),
    ({"Origin": OURS, "X-CSRF-Token": "Ünïcode"}, False),
    ({"Origin": "null", "X-CSRF-Token": "own"}, False),
    ({"Origin": "https://127.0.0.1.evil.example", "X-CSRF-Token": "own"}, False),
    ({"Origin": "https://evil.example", "X-CSRF-Token": "own"}, False),
    ({"Origin": "https://[", "X-CSRF-Token": "own"}, False),
    ({"Origin": "", "X-CSRF-Token": "own"}, False),
    ({"Origin": "http://127.0.0.1", "X-CSRF-Token": "own"}, False),
    ({"Origin": "https://127.0.0.1:8443", "X-CSRF-Token": "own"}, False),
    ({"Origin": OURS, "Sec-Fetch-Site": "cross-site", "X-CSRF-Token": "own"}, False),
    ({"Origin": OURS, "Sec-Fetch-Site": "same-site", "X-CSRF-Token": "own"}, False),
    ({"Sec-Fetch-Site": "none", "X-CSRF-Token": "own"}, False),
    ({"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin", "X-CSRF-Token": "own"}, False),
)


@pytest.mark.parametrize(("headers", "allowed"), CSRF)
async def test_what_changes_something_must_come_from_our_own_page(
    app: FastAPI, made: sessionmaker[Session], headers: dict[str, str], allowed: bool
) -> None:
    browser, other = await logged_in(app, made, "gd-net-1"), await logged_in(app, made, "gd-agent-2")
    tokens = {"own": browser.csrf, "other": other.csrf}
    sent = [(name.encode(), tokens.get(value, value).encode()) for name, value in headers.items()]
    for method, path, body in (("POST", "/notices/none/read", None), ("DELETE", "/acting/gd-net-head", None)):
        answer = await browser.http.request(method, f"/v1{path}", json=body, headers=sent)
        assert (answer.status_code != 403) is allowed, answer.text
        assert allowed or answer.json()["code"] == "csrf"
    assert (await browser.http.get("/v1/me", headers={"Origin": "https://evil.example"})).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": OURS, "Sec-Fetch-Site": "cross-site"}],
)
async def test_nobody_is_logged_in_by_another_page(
    browser: Browser, made: sessionmaker[Session], headers: dict[str, str]
) -> None:
    give_password(made, "gd-agent-1")
    body = {"person": "gd-agent-1", "password": GOOD}
    answer = await browser.http.post("/v1/login", json=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf")
    assert not browser.cookie


async def test_a_bearer_needs_no_token_of_a_page_and_is_never_replaced_by_a_cookie(
    app: FastAPI, made: sessionmaker[Session]
) -> None:
    browser = await logged_in(app, made, "gd-agent-1")
    demo_caller = {"Authorization": "Bearer dev:gd-agent-2"}
    assert (await browser.http.get("/v1/me", headers=demo_caller)).json()["id"] == "gd-agent-2"
    answer = await browser.http.post("/v1/notices/none/read", headers=demo_caller)
    assert answer.status_code != 403
    for wrong in ("Bearer nonsense", "Bearer whs_aaaaaaaaaaaa_" + "a" * 43, "Basic Z2Q6Z2Q=", "Bearer dev:nobody", ""):
        answer = await browser.http.get("/v1/me", headers={"Authorization": wrong})
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_a_password_given_by_somebody_else_opens_nothing_but_its_change(
    app: FastAPI, made: sessionmaker[Session]
) -> None:
    person = "gd-replyauditor-1"
    with made.begin() as session:
        accounts.reset(session, person, HASH, datetime.now(UTC))
    browser = Browser(app)
    assert (await browser.log_in(person)).json()["must_change"] is True
    for path in ("/me", "/orders", "/notices", "/acting"):
        answer = await browser.get(path)
        assert (answer.status_code, answer.json()["code"]) == (403, "password_change_required"), path
    assert (await browser.post("/notices/none/read")).json()["code"] == "password_change_required"
    before = browser.cookie
    answer = await browser.post("/password", {"old": GOOD, "new": ANOTHER})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["must_change"], browser.cookie == before) == (False, False)
    browser.csrf = answer.json()["csrf"]
    assert (await browser.get("/me")).json()["id"] == person
    assert (await Browser(app).log_in(person)).status_code == 401
    assert (await Browser(app).log_in(person, ANOTHER)).status_code == 200


async def test_a_given_password_is_over_after_a_day(app: FastAPI, made: sessionmaker[Session]) -> None:
    person = "gd-dispatcher-1"
    with made.begin() as session:
        accounts.reset(session, person, HASH, datetime.now(UTC) - timedelta(hours=24))
    answer = await Browser(app).log_in(person)
    assert (answer.status_code, answer.json()["code"]) == (401, "log_in_failed")
    assert "24 hours" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (GOOD, "the old one"),
        ("short", "12 to 128"),
        ("Password1234!", "usual words"),
        ("gd-teamlead-1", "own name"),
        ("x" * 1024, "12 to 128"),
    ],
)
async def test_an_unfit_password_is_refused_by_its_field(
    app: FastAPI, made: sessionmaker[Session], new: str, said: str
) -> None:
    browser = await logged_in(app, made, "gd-teamlead-1")
    answer = await browser.post("/password", {"old": GOOD, "new": new})
    assert (answer.status_code, answer.json()["field"]) == (422, "new")
    assert said in answer.json()["detail"]
    assert new == "short" or new not in answer.text
    assert (await Browser(app).log_in("gd-teamlead-1")).status_code == 200


async def test_changing_the_password_asks_for_the_old_one_and_ends_every_other_session(
    app: FastAPI, made: sessionmaker[Session]
) -> None:
    person = "gd-manager"
    browser, other = await logged_in(app, made, person), Browser(app)
    assert (await other.log_in(person)).status_code == 200
    wrong = await browser.post("/password", {"old": "wrong", "new": ANOTHER})
    assert (wrong.status_code, wrong.json()["code"], wrong.json()["field"]) == (401, "log_in_failed", "old")
    assert (await other.get("/me")).status_code == 200
    answer = await browser.post("/password", {"old": GOOD, "new": ANOTHER})
    assert answer.status_code == 200
    assert (await other.get("/me")).status_code == 401
    assert (await browser.get("/me")).status_code == 200
    assert ("change_password", "changed", "") in records(made, person)


async def test_old_passwords_are_guessed_no_more_often_than_at_the_door(
    app: FastAPI, made: sessionmaker[Session]
) -> None:
    person = "gd-bill-head"
    browser = await logged_in(app, made, person)
    for _ in range(5):
        assert (await browser.post("/password", {"old": "wrong", "new": ANOTHER})).status_code == 401
    answer = await browser.post("/password", {"old": GOOD, "new": ANOTHER})
    assert (answer.status_code, answer.json()["code"]) == (403, "account_locked")
    assert (await Browser(app).log_in(person)).json()["code"] == "account_locked"
