"""`whistle rebuild` and `whistle clocks report`, as an operator types them."""

import json
from datetime import UTC, datetime

import httpx
import pytest
from sqlalchemy import text
from temporalio.client import Client

from contracts.names import workflow_id
from runtime.plugin import connect
from runtime.settings import Settings
from store.session import EVERYWHERE, make_engine, sessions
from tests.api.conftest import complaint
from tests.desk.conftest import Whistle


@pytest.fixture
async def client(settings: Settings) -> Client:
    return await connect(settings, settings.temporal_namespace)


async def opened(address: str, count: int) -> list[str]:
    """So many orders of the module's database."""
    async with httpx.AsyncClient(base_url=address, timeout=30) as http:
        found = []
        for number in range(count):
            headers = {"Authorization": "Bearer dev:gd-agent-1", "Idempotency-Key": f"operations-{number}-{count}"}
            answer = await http.post("/v1/orders", json=complaint(), headers=headers)
            assert answer.status_code == 201, answer.text
            found.append(answer.json()["order"]["id"])
    return found


async def test_a_rebuild_starts_what_is_lost_and_leaves_what_runs(
    whistle: Whistle, address: str, client: Client
) -> None:
    orders = await opened(address, 5)
    for order_id in orders[:2]:
        await client.get_workflow_handle(workflow_id(order_id)).terminate("lost")
    code, out, err = await whistle("rebuild")
    assert (code, err) == (0, "")
    assert "重新启动 / started again: 2" in out
    assert "ran already: 3" in out
    code, out, _ = await whistle("rebuild", "--json")
    assert code == 0
    assert json.loads(out) == {"started": 0, "running": 5, "over": 0, "failed": []}
    code, out, _ = await whistle("rebuild", "--json", "--after", sorted(orders)[3])
    assert json.loads(out)["running"] == 1


async def test_more_than_a_page_is_rebuilt_to_the_end(
    whistle: Whistle, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from desk import rebuild

    monkeypatch.setattr(rebuild, "PAGE", 2)
    code, out, err = await whistle("rebuild")
    assert code == 0
    assert "ran already: 5" in out
    assert "seen so far: 2" in err
    assert "seen so far: 4" in err


async def test_what_failed_is_named_and_the_exit_code_says_so(
    whistle: Whistle, address: str, settings: Settings, client: Client
) -> None:
    (order_id,) = await opened(address, 1)
    engine = make_engine(settings.app_database_url or "", 1, sight=EVERYWHERE)
    with sessions(engine).begin() as session:
        session.execute(text("update orders set terms = 'nowhere' where order_id = :id"), {"id": order_id})
    engine.dispose()
    code, out, err = await whistle("rebuild")
    assert code == 1
    assert "failed: 1" in out
    assert order_id in err
    assert "run it again" in err


async def test_a_rebuild_is_refused_to_others_in_one_line(whistle: Whistle) -> None:
    code, _, err = await whistle("rebuild", "--as", "gd-agent-1")
    assert code == 1
    assert "administrator" in err
    assert len(err.strip().splitlines()) == 1


async def test_the_report_of_a_quiet_time_says_so(whistle: Whistle) -> None:
    code, out, _ = await whistle("clocks", "report", "--hours", "0.0001")
    assert code == 0
    assert "no mark fired in that time" in out
    assert "the sweeper found no missed mark" in out


async def test_the_report_shows_the_distribution_and_what_was_missed(whistle: Whistle, settings: Settings) -> None:
    engine = make_engine(settings.app_database_url or "", 1, sight=EVERYWHERE)
    with sessions(engine).begin() as session:
        for number, late in enumerate((0.1, 0.2, 0.3, 42.0)):
            session.execute(
                text(
                    "insert into firings values ('WH-1', :seq, 'sign/a1', 'sign', 'GD.net', 'breached',"
                    " now() - make_interval(secs => :late), now(), :late, false)"
                ),
                {"seq": number, "late": late},
            )
        swept = "insert into sweeps (order_id, next_at, late_seconds, outcome, settled_at)"
        values = "values ('WH-1', :at, 42.0, 'woken', now())"
        session.execute(text(f"{swept} {values}"), {"at": datetime.now(UTC)})
    engine.dispose()
    code, out, _ = await whistle("clocks", "report", "--kind", "sign", "--zone", "Asia/Shanghai")
    assert code == 0
    for said in ("全部 all", "sign", "42.00", "迟于 over 10 s", "WH-1", "已唤醒 woken", "Asia/Shanghai"):
        assert said in out, said
    code, out, _ = await whistle("clocks", "report", "--json")
    assert json.loads(out)["kinds"][0]["over"] == 1
