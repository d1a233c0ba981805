"""`whistle accounts`, by demo log-in and by password, and the command line by service token."""

import io
import json
from datetime import UTC, datetime

import httpx
import pytest

from desk.client import Desk, Usage
from identity import accounts, passwords
from store.session import EVERYWHERE, make_engine, sessions
from tests.conftest import Database
from tests.desk.conftest import Whistle

GOOD = "three blue kettles sing"


@pytest.fixture
def administrator(database: Database) -> str:
    """An administrator who has chosen his own password."""
    engine = make_engine(database.app_url, 1, sight=EVERYWHERE)
    with sessions(engine).begin() as session:
        accounts.change(session, "hq-admin", passwords.hash_now(GOOD), datetime.now(UTC))
    engine.dispose()
    return "hq-admin"


async def test_a_password_is_given_unlocked_and_its_sessions_ended(whistle: Whistle) -> None:
    code, out, err = await whistle("accounts", "unlock", "gd-net-1")
    assert (code, out) == (1, "")
    assert "whistle accounts reset gd-net-1" in err
    code, out, err = await whistle("accounts", "reset", "gd-net-1", "--json")
    assert (code, err) == (0, "")
    given = json.loads(out)
    assert len(given["password"]) == 20
    code, out, err = await whistle("accounts", "reset", "gd-net-1")
    assert (code, err) == (0, "")
    assert given["password"] not in out
    code, out, _ = await whistle("accounts", "unlock", "gd-net-1")
    assert (code, "no wrong passwords" in out) == (0, True)
    code, out, _ = await whistle("accounts", "logout", "gd-net-1")
    assert (code, out) == (0, "gd-net-1: 已结束会话 sessions ended: 0\n")
    code, _, err = await whistle("accounts", "reset", "gd-net-1", "--as", "gd-agent-1")
    assert (code, "administrator" in err) == (1, True)


async def test_an_administrator_logs_in_by_password_for_one_command(
    whistle: Whistle, administrator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{GOOD}\n"))
    code, out, err = await whistle("accounts", "reset", "gd-net-2", "--log-in", "--as", administrator)
    assert (code, err) == (0, ""), err
    assert "一次性密码" in out
    code, out, _ = await whistle("accounts", "logout", administrator, "--json")
    assert json.loads(out) == {"person": administrator, "ended": 0}
    monkeypatch.setattr("sys.stdin", io.StringIO("wrong\n"))
    code, _, err = await whistle("accounts", "reset", "gd-net-2", "--log-in", "--as", administrator)
    assert (code, "登录失败" in err, "wrong" not in err.replace("several wrong", "")) == (1, True, True)


async def test_a_service_token_says_who_asks(whistle: Whistle, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with httpx.AsyncClient(base_url=address, timeout=30) as http:
        made = await http.post(
            "/v1/tokens",
            json={"name": "desk", "person": "regulator", "scopes": ["orders:read"], "days": 1},
            headers={"Authorization": "Bearer dev:hq-admin"},
        )
    assert made.is_success, made.text
    monkeypatch.setenv("WHISTLE_TOKEN", made.json()["token"])
    code, out, err = await whistle("orders", "list", "--json")
    assert (code, json.loads(out), err) == (0, [], "")
    code, _, err = await whistle("accounts", "reset", "gd-net-1")
    assert (code, "无权访问" in err) == (1, True), err
    code, _, err = await whistle("orders", "list", "--as", "gd-agent-1")
    assert (code, "WHISTLE_TOKEN" in err) == (2, True)
    with Desk(address, token="whs_any") as program, pytest.raises(Usage, match="WHISTLE_TOKEN"):
        program.get("/me", person="gd-net-1")
    assert "whs_any" not in repr(program)
    monkeypatch.setenv("WHISTLE_TOKEN", made.json()["token"][:-1] + "_")
    code, _, err = await whistle("orders", "list")
    assert (code, "请先登录" in err) == (1, True)
