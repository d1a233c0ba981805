"""`whistle accounts`, and the command line by service token."""

import json

import httpx
import pytest

from desk.client import Desk, Usage
from tests.desk.conftest import Whistle


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


async def test_nobody_resets_his_own_password(whistle: Whistle) -> None:
    code, out, err = await whistle("accounts", "reset", "hq-admin")
    assert (code, out) == (1, "")
    assert "whistle password" in err
    assert "无权" in err


async def test_a_service_token_says_who_asks(whistle: Whistle, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with httpx.AsyncClient(base_url=address, timeout=30) as http:
        made = await http.post(
            "/v1/tokens",
            json={"name": "desk", "person": "regulator", "scopes": ["orders:read"], "days": 1},
            headers={"Authorization": "Bearer dev:hq-supervisor-1"},
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
