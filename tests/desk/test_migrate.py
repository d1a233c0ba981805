"""`whistle policy migrate`: the list comes first, always; nothing happens without a reason and a yes."""

from __future__ import annotations

import copy
import io
import json
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from store import policies, tables
from store.session import EVERYWHERE, make_engine, sessions
from tests.conftest import Database
from tests.desk.conftest import Whistle

REASON = ("--reason", "decided for all faults")


@pytest.fixture
def version(database: Database, request: pytest.FixtureRequest) -> str:
    """Another version of the shipped policy, by which faults are due within 30 hours and have no progress clock."""
    name = f"2101-{request.node.name[:40]}"
    engine = make_engine(database.app_url, pool_size=1, sight=EVERYWHERE)
    with sessions(engine).begin() as session:
        first = session.scalars(select(tables.policies.c.version).order_by(tables.policies.c.id)).first()
        assert first is not None
        document = copy.deepcopy(policies.document(session, first))
        changed = copy.deepcopy(document)
        changed["version"], document["version"] = name, f"{name}-as-shipped"
        changed["classes"]["fault"]["limits"].update(due="30h", progress=None)
        for one in (changed, document):  # new orders get the shipped limits all the same
            policies.publish(session, one["version"], one)
    engine.dispose()
    return name


async def opened(whistle: Whistle) -> str:
    """A fault that GD.net has."""
    words = ("--title", "断网", "--text", "三天没有网络", "--phone", "13900000001", "--category", "network.fault")
    code, out, err = await whistle("orders", "open", *words, "--json")
    assert code == 0, err
    number: str = json.loads(out)["order"]["id"]
    return number


async def shown(whistle: Whistle, number: str) -> dict[str, Any]:
    """The order's view."""
    _, out, _ = await whistle("orders", "show", number, "--json")
    view: dict[str, Any] = json.loads(out)
    return view


async def test_without_apply_only_the_list_is_printed(whistle: Whistle, version: str) -> None:
    number = await opened(whistle)
    before = await shown(whistle, number)
    code, out, err = await whistle("policy", "migrate", version, "--order", number)
    assert code == 0, err
    assert "时限 limit · 单位 unit · 原 was → 新 now" in out
    was = datetime.fromisoformat(before["due_at"]).astimezone(ZoneInfo("Asia/Shanghai"))
    now = was - timedelta(hours=18)
    assert f"{was:%Y-%m-%d %H:%M} → {now:%Y-%m-%d %H:%M}  Asia/Shanghai  classes.fault.due" in out
    assert "时限变更 limits that move: 2" in out
    assert await shown(whistle, number) == before


async def test_a_migration_needs_a_reason_and_a_yes(
    whistle: Whistle, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = await opened(whistle)
    before = await shown(whistle, number)
    code, _, err = await whistle("policy", "migrate", version, "--order", number, "--apply")
    assert code == 2
    assert "--reason" in err
    for answer in ("n\n", ""):  # no, and nobody there to say yes
        monkeypatch.setattr("sys.stdin", io.StringIO(answer))
        code, out, _ = await whistle("policy", "migrate", version, "--order", number, "--apply", *REASON)
        assert code == 1
    assert "时限变更 limits that move: 2" in out
    assert await shown(whistle, number) == before


async def test_a_list_is_applied_once_and_says_what_became_of_each_order(whistle: Whistle, version: str) -> None:
    number = await opened(whistle)
    words = ("policy", "migrate", version, "--order", number, "--apply", "--yes", *REASON)
    code, out, err = await whistle(*words)
    assert code == 0, err
    assert out.index("limits that move: 2") < out.index("已迁移 applied: 1")
    after = await shown(whistle, number)
    assert after["order"]["policy_version"] == version
    code, out, _ = await whistle(*words)
    assert code == 0
    assert "already there: 1" in out
    assert "已迁移" not in out
    assert await shown(whistle, number) == after
    code, out, _ = await whistle("policy", "migrate", version, "--order", number, "--json")
    assert json.loads(out)["preview"][0]["orders"][0]["unchanged"]
    code, _, err = await whistle("policy", "migrate", "1066.1")
    assert code == 1
    assert "There is no policy 1066.1" in err
    assert "→ whistle policy versions" in err
    assert "GET " not in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--province", "ZZ"), "--province: 没有省分 ZZ / there is no province ZZ · → 可用: "),
        (("--from", "2020.1"), "--from: 没有政策 2020.1 / there is no policy 2020.1 · → 可用: "),
        (("--order", "WO-1", "--order", "wo-2"), "--order: 没有工单 WO-1, WO-2 / there is no order WO-1, WO-2 · → "),
    ],
    ids=["province", "from", "order"],
)
async def test_a_filter_that_names_nothing_is_refused_not_empty(
    whistle: Whistle, version: str, words: tuple[str, ...], said: str
) -> None:
    for more in ((), ("--apply", "--yes", *REASON), ("--json",)):
        code, out, err = await whistle("policy", "migrate", version, *words, *more)
        assert (code, out) == (2, "")
        assert said in err


async def test_a_named_order_that_has_ended_is_said_to_be_left_out(whistle: Whistle, version: str) -> None:
    number = await opened(whistle)
    words = ("proof=recording", "--reason", "fine again", "--as", "customer:13900000001")
    code, _, err = await whistle("orders", "act", number, "withdraw", *words)
    assert code == 0, err
    code, out, err = await whistle("policy", "migrate", version, "--order", number)
    assert code == 0, err
    assert f"no longer open, left out: {number}" in out
