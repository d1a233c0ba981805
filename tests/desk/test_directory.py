"""Absences and the public-criticism list on the command line."""

import json
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert

from runtime.settings import Settings
from store.access_tables import sights
from store.session import EVERYWHERE, make_engine, sessions
from store.tables import criticisms
from tests.desk.conftest import Whistle


async def test_somebody_goes_away_is_shown_and_comes_back(whistle: Whistle) -> None:
    until = (datetime.now(UTC) + timedelta(days=7)).strftime("%Y-%m-%dT%H:%M+00:00")
    words = ("away", "gd-net-head", "--until", until, "--substitute", "gd-net-1", "--as", "gd-manager")
    code, out, err = await whistle("directory", *words, "--zone", "UTC")
    assert code == 0, err
    assert "外出 away" in out
    assert f"– {until[:10]} {until[11:16]} → gd-net-1" in out
    code, out, _ = await whistle("directory", "people", "--at", "GD.net")
    assert "→ gd-net-1" in out
    assert out.startswith("时间 times: Asia/Shanghai\n")
    code, out, err = await whistle("directory", "back", "gd-net-head", "--as", "gd-net-head")
    assert (code, "在岗 present" in out) == (0, True), err
    code, out, _ = await whistle("directory", "absences", "gd-net-head")
    assert out.index("gd-net-head") < out.index("返岗") < out.index("gd-manager") < out.index("→ gd-net-1")
    code, out, _ = await whistle("directory", "absences", "gd-net-head", "--json")
    assert [one["substitute"] for one in json.loads(out)] == ["", "gd-net-1"]


async def test_an_absence_that_cannot_be_is_one_line(whistle: Whistle) -> None:
    words = ("away", "gd-net-head", "--substitute", "js-net-head", "--as", "gd-manager")
    code, out, err = await whistle("directory", *words)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "field substitute" in err
    assert "→ name one of: gd-net-1" in err
    code, _, err = await whistle("directory", "away", "gd-net-head", "--until", "soon", "--as", "gd-manager")
    assert (code, "until='soon'" in err) == (2, True)


async def test_the_public_criticism_list_is_printed_in_both_languages(whistle: Whistle, settings: Settings) -> None:
    at = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
    rows = [
        {
            "order_id": f"WH20260302-CRIT{number:04d}", "seq": 9, "unit": unit, "province": unit[:2], "key": "due/a1",
            "kind": "due", "level": 3, "due_at": at, "at": at + timedelta(hours=number), "rehearsal": False,
        }
        for number, unit in enumerate(("GD.net", "JS.net"))
    ]  # fmt: skip
    seen_from = [
        {"order_id": row["order_id"], "place": row["province"], "rehearsal": False, "registered_at": at} for row in rows
    ]
    assert settings.app_database_url is not None
    engine = make_engine(settings.app_database_url, 1, sight=EVERYWHERE)
    with sessions(engine).begin() as session:
        session.execute(insert(criticisms), rows)
        session.execute(insert(sights), seen_from)
    engine.dispose()
    code, out, err = await whistle("directory", "criticisms", "--province", "GD", "--json")
    assert (code, [one["order_id"] for one in json.loads(out)]) == (0, ["WH20260302-CRIT0000"]), err
    assert json.loads(out)[0]["unit_zh"] == "广东网络运营部"
    code, out, _ = await whistle("directory", "criticisms", "--limit", "1", "--as", "hq-supervisor-1")
    assert code == 0
    assert "WH20260302-CRIT0001" in out
    assert "WH20260302-CRIT0000" not in out
    assert "there are more" in out
    assert "办结" in out
    span = ("--from", "2026-03-02T11:00", "--until", "2026-03-03T00:00")
    for who, seen in (("js-manager", ["WH20260302-CRIT0001"]), ("gd-manager", [])):
        code, out, _ = await whistle("directory", "criticisms", *span, "--json", "--as", who)
        assert [one["order_id"] for one in json.loads(out)] == seen
