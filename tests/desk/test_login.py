"""`whistle login` where there is no demo log-in: the log-in is kept, used, changed and ended."""

import io
import json
import stat
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from desk import logins
from desk.logins import LogIn
from identity import accounts, passwords
from runtime.settings import Settings
from store.session import EVERYWHERE, make_engine, sessions
from tests.conftest import Database
from tests.desk.conftest import Whistle, listening, typing_at

ADMINISTRATOR = "hq-admin"
GOOD = "three blue kettles sing"
BETTER = "four green kettles hum"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def closed(settings: Settings, worker: None) -> AsyncIterator[str]:
    """Where an API without demo log-ins listens."""
    async with listening(settings.model_copy(update={"demo_logins": False})) as where:
        yield where


@pytest.fixture
def inside(closed: str) -> Whistle:
    """The command line against that API."""
    return typing_at(closed)


@pytest.fixture(autouse=True)
def _administrator(database: Database) -> None:
    """Give the administrator a password of his own choice."""
    engine = make_engine(database.app_url, 1, sight=EVERYWHERE)
    with sessions(engine).begin() as session:
        accounts.change(session, ADMINISTRATOR, passwords.hash_now(GOOD), datetime.now(UTC))
    engine.dispose()


def _types(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


async def test_without_a_log_in_its_commands_are_named(inside: Whistle) -> None:
    code, out, err = await inside("orders", "list")
    assert (code, out) == (1, "")
    assert "请先登录" in err
    assert "whistle login" in err
    assert "WHISTLE_TOKEN" in err
    assert "development log-ins are not believed here" in err
    assert "Authorization" not in err
    code, out, _ = await inside("logout")
    assert (code, "not logged in" in out) == (0, True)
    code, _, err = await inside("password")
    assert (code, "whistle login" in err) == (2, True)


async def test_a_log_in_serves_all_commands_until_it_is_ended(
    inside: Whistle, closed: str, own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _types(monkeypatch, "wrong")
    code, out, err = await inside("login", ADMINISTRATOR)
    assert (code, out) == (1, "")
    assert "登录失败" in err
    assert not own_folder.exists()
    _types(monkeypatch, GOOD)
    code, out, err = await inside("login", ADMINISTRATOR)
    assert (code, err) == (0, "")
    assert f"logged in: {ADMINISTRATOR} (administrator)" in out
    assert GOOD not in out
    (file,) = (own_folder / "whistle").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert list(json.loads(file.read_text())) == [closed]
    assert GOOD not in file.read_text()

    code, out, err = await inside("accounts", "logout", "gd-net-1", "--json")
    assert (code, json.loads(out), err) == (0, {"person": "gd-net-1", "ended": 0}, "")
    code, _, err = await inside("orders", "list", "--as", "gd-agent-1")
    assert (code, "请先登录" in err) == (1, True), "who is named asks as himself, not by the log-in"

    kept = logins.find(closed)
    assert kept is not None
    assert kept.cookie not in repr(kept)
    code, out, _ = await inside("logout")
    assert (code, out) == (0, f"{ADMINISTRATOR}: 已退出 logged out\n")
    assert logins.find(closed) is None
    async with httpx.AsyncClient(base_url=closed) as http:
        answer = await http.get("/v1/session", headers=kept.headers)
    assert answer.status_code == 401, "it is over in the system too"


async def test_a_password_for_one_log_in_is_changed_on_the_way(
    inside: Whistle, closed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _types(monkeypatch, GOOD)
    assert (await inside("login", ADMINISTRATOR))[0] == 0
    _, out, _ = await inside("accounts", "reset", "gd-agent-2", "--json")
    given = json.loads(out)["password"]
    _types(monkeypatch, given, "short")
    code, _, err = await inside("login", "gd-agent-2")
    assert (code, "12" in err) == (1, True), err
    code, _, err = await inside("orders", "list")
    assert (code, "whistle password" in err) == (1, True), err
    _types(monkeypatch, given, GOOD)
    code, out, err = await inside("login", "gd-agent-2", "--json")
    told = json.loads(out)
    assert (code, told["id"], told["role"]) == (0, "gd-agent-2", "agent")
    assert not {"csrf", "cookie", "password"} & set(told)
    code, out, err = await inside("orders", "list", "--json")
    assert (code, json.loads(out), err) == (0, [], "")

    before = logins.find(closed)
    _types(monkeypatch, GOOD, BETTER)
    code, out, err = await inside("password")
    assert (code, "gd-agent-2" in out, err) == (0, True, "")
    assert before is not None
    async with httpx.AsyncClient(base_url=closed) as http:
        assert (await http.get("/v1/session", headers=before.headers)).status_code == 401
    assert (await inside("orders", "list"))[0] == 0
    _types(monkeypatch, BETTER)
    assert (await inside("login", "gd-agent-2"))[0] == 0


async def test_a_log_in_that_is_over_says_so_and_can_be_left(
    inside: Whistle, closed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    logins.keep(closed, LogIn("gd-agent-1", "__Host-whistle=long-gone", "none"))
    code, _, err = await inside("orders", "list")
    assert (code, "The log-in is over" in err, "whistle login" in err) == (1, True, True)
    code, out, _ = await inside("logout", "--json")
    assert (code, json.loads(out)) == (0, {"person": "gd-agent-1", "ended": False})
    assert logins.find(closed) is None
    monkeypatch.setenv("WHISTLE_TOKEN", "whs_none")
    logins.keep(closed, LogIn("gd-agent-1", "__Host-whistle=long-gone", "none"))
    code, _, err = await inside("orders", "list")
    assert (code, "The token in Authorization" in err) == (1, True), "a token comes first"


async def test_a_file_that_cannot_be_used_is_named_with_the_remedy(inside: Whistle, closed: str) -> None:
    logins.keep(closed, LogIn("gd-agent-1", "__Host-whistle=x", "y"))
    logins.place().chmod(0o640)
    code, _, err = await inside("orders", "list")
    assert (code, f"chmod 600 {logins.place()}" in err) == (2, True)
    logins.place().chmod(0o600)
    for damaged in ("{", "[]", json.dumps({closed: {"who": "x"}}), json.dumps({closed: 7})):
        logins.place().write_text(damaged)
        code, _, err = await inside("orders", "list")
        assert (code, "delete it" in err) == (2, True), damaged


async def test_no_password_goes_over_an_open_line(monkeypatch: pytest.MonkeyPatch) -> None:
    _types(monkeypatch, GOOD)
    code, _, err = await typing_at("http://whistle.example.net:8010")("login", "hq-admin")
    assert (code, "https://" in err) == (2, True)
