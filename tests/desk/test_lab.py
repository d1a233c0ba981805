"""`whistle lab`: tries, rehearses and shadows on the running system; the keeper starts the lab's process when asked."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

import rulebook
from api.assembly import open_gateway
from desk.lab_shown import as_csv
from runtime.settings import Settings
from tests.desk.conftest import Whistle, run
from watch.lab import LabKeeper


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def keeper(settings: Settings, worker: None) -> AsyncIterator[None]:
    """What keeps the lab's process in a worker."""
    async with open_gateway(settings) as gateway:
        task = asyncio.create_task(LabKeeper(gateway, settings).run())
        yield
        task.cancel()
        await asyncio.wait([task])


async def opened(whistle: Whistle) -> str:
    """A fault that GD.net has."""
    words = ("--title", "断网", "--text", "三天没有网络", "--phone", "13900000001", "--category", "network.fault")
    code, out, err = await whistle("orders", "open", *words, "--json")
    assert code == 0, err
    number: str = json.loads(out)["order"]["id"]
    return number


def stricter(folder: Path) -> str:
    """The shipped policy with two hours for faults, as a file."""
    document = json.loads(rulebook.text_of(rulebook.national().document))
    document["version"] = "2027.1"
    document["classes"]["fault"]["limits"]["due"] = "2h"
    path = folder / "own.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return str(path)


async def test_a_policy_is_tried_over_past_orders_and_a_month_is_rehearsed(whistle: Whistle, tmp_path: Path) -> None:
    number, policy, table = await opened(whistle), stricter(tmp_path), tmp_path / "differences.csv"
    code, out, err = await whistle("lab", policy, "--only", "limits", "--province", "GD", "--csv", str(table))
    assert code == 0, err
    assert "2027.1" in out
    assert "时限提前 due earlier 1" in out
    assert "指令全部适用 every command fits 1" in out
    rows = list(csv.DictReader(table.read_text(encoding="utf-8-sig").splitlines()))
    assert {row["order_id"] for row in rows} == {number}
    assert "due_at" in {row["field"] for row in rows}
    code, out, err = await whistle("lab", "rehearse", policy, "--month", "2027-03", "--orders", "20", "--json")
    assert code == 0, err
    found = json.loads(out)
    assert found["run"]["asked"]["month"] == {"first": "2027-03-01", "orders": 20, "seed": 1}
    assert found["report"]["orders"]["orders"] == 20
    assert found["report"]["orders"]["due_earlier"] == 20
    code, out, _ = await whistle("lab", "runs")
    assert code == 0
    assert out.count("完成 done") == 2
    code, out, _ = await whistle("lab", "show", found["run"]["id"])
    assert "工单 orders 20" in out
    code, out, _ = await whistle("lab", "cancel", found["run"]["id"])
    assert "完成 done" in out


async def test_a_policy_runs_in_the_shadow_until_it_is_stopped(whistle: Whistle, tmp_path: Path) -> None:
    number = await opened(whistle)
    code, out, err = await whistle("lab", "shadow", "start", stricter(tmp_path))
    assert code == 0, err
    for _ in range(100):
        code, out, err = await whistle("lab", "shadow", "show")
        assert code == 0, err
        if number in out:
            break
        await asyncio.sleep(0.1)
    assert f"{number}  GD" in out
    assert "due_at" in out
    code, out, err = await whistle("lab", "shadow", "stop")
    assert code == 0, err
    assert "已停止 stopped" in out


async def test_what_is_no_policy_is_said(whistle: Whistle, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("version: x", encoding="utf-8")
    for words, code, said in (
        ((str(broken),), 2, "classes"),
        (("1066.1",), 1, "1066.1"),
        (("--only", "weather"), 2, "calendar, ladder"),
        (("--from", "soon"), 2, "2026-08-01"),
        (("rehearse", "--month", "soon"), 2, "2027-02"),
        (("--catalogue", str(tmp_path / "none.yaml")), 2, "none.yaml"),
    ):
        found, _, err = await whistle("lab", *words)
        assert found == code, err
        assert said in err


def test_without_words_it_says_what_it_can_do() -> None:
    _, out, err = run("lab")
    assert "rehearse" in out + err


def test_the_differences_hold_no_formula(tmp_path: Path) -> None:
    fate = {"how": "refused", "code": "", "verb": "reply", "at": "2027-03-01", "recorded": ["=cmd()"]}
    head = {"order_id": "A", "province": "GD", "order_class": "＝1", "registered_at": "2027-03-01", "whole": True}
    differ = [{**head, "was": {"level": "@x"}, "would": {"level": 2}, "commands": [fate]}]
    as_csv(tmp_path / "differences.csv", differ)
    rows = list(csv.reader((tmp_path / "differences.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert rows[1] == ["A", "GD", "'＝1", "2027-03-01", "True", "level", "'@x", "2"]
    assert rows[2][6:] == ["'=cmd()", "refused"]
