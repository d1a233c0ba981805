import asyncio
import io
import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from desk import render, verbs
from desk.client import Desk, Refused, Unreachable, Usage, explain
from domain.commands import COMMANDS
from tests.desk.conftest import Whistle, run


async def opened(whistle: Whistle, *more: str) -> str:
    words = ("--title", "断网", "--text", "三天没有网络", "--phone", "13900000001", "--category", "network.fault")
    code, out, err = await whistle("orders", "open", *words, "--json", *more)
    assert code == 0, err
    number: str = json.loads(out)["order"]["id"]
    return number


async def test_an_order_is_opened_worked_and_shown(whistle: Whistle) -> None:
    number = await opened(whistle)
    code, out, _ = await whistle("orders", "act", number, "sign", "--as", "gd-net-1")
    assert code == 0
    assert "AssignmentSigned" in out
    assert "in_progress" in out
    code, out, _ = await whistle("orders", "show", number)
    assert code == 0
    assert "办理中 in_progress" in out
    code, out, _ = await whistle("orders", "list", "--state", "in_progress", "--unit", "GD.net")
    assert number in out
    code, out, _ = await whistle("orders", "events", number)
    assert out.startswith("时间 times: Asia/Shanghai\n")
    assert [line.split()[3] for line in out.splitlines()[1:3]] == ["OrderRegistered", "OrderDispatched"]


async def test_a_refusal_is_one_line_and_exit_code_1(whistle: Whistle) -> None:
    number = await opened(whistle)
    code, out, err = await whistle("orders", "act", number, "audit_reply", "accepted=true", "--as", "gd-replyauditor-1")
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert "not_allowed_now" not in err  # for people: words, not codes
    assert "state dispatched" in err
    assert "→" in err
    code, _, err = await whistle("orders", "show", "WH20260101-AAAAAAAA")
    assert code == 1
    assert "There is no order" in err


async def test_times_are_shown_in_one_zone_that_is_named(whistle: Whistle) -> None:
    number = await opened(whistle)
    _, out, _ = await whistle("orders", "events", number, "--json")
    at = datetime.fromisoformat(json.loads(out)[0]["at"])
    for zone in ("Asia/Shanghai", "America/New_York"):
        local = at.astimezone(ZoneInfo(zone))
        for command in ("events", "show"):
            code, out, _ = await whistle("orders", command, number.lower(), "--zone", zone)
            assert code == 0
            assert out.count(f"{local:%Y-%m-%d %H:%M:%S}") >= 1
            assert "times" in out
            assert zone in out
    assert (await whistle("orders", "events", number, "--zone", "Moon/Sea"))[0] == 2


async def test_what_is_missing_is_said_as_one_types_it(whistle: Whistle) -> None:
    number = await opened(whistle)
    _, _, err = await whistle("orders", "act", number, "triage", "--as", "gd-dispatcher-1")
    assert "→ --reason '…'" in err
    _, _, err = await whistle("orders", "open", "--title", "t", "--text", "x", "--phone", "abc")
    assert "→ --phone 13900000003 · whistle orders open --help" in err


async def test_a_category_that_the_catalogue_does_not_know_is_warned_about(whistle: Whistle) -> None:
    words = ("--title", "断网", "--text", "三天没有网络", "--phone", "13900000001", "--category", "netwrok.fault")
    code, _, err = await whistle("orders", "open", *words)
    assert code == 0
    assert "did you mean network.fault?" in err
    code, out, _ = await whistle("directory", "categories")
    assert code == 0
    assert "network.fault " in out
    for what, known in (("units", "GD.net "), ("people", "gd-net-1 ")):
        code, out, _ = await whistle("directory", what)
        assert code == 0
        assert known in out


def test_numbers_stay_whole_however_narrow_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    line = {
        "order_id": "WH20261122-PBECKGHI", "state": "awaiting_callback", "level": 1, "colour": "yellow",
        "lead_unit": "GD.net", "due_at": "2026-11-22T17:23:24Z", "overdue": False, "title": "断网三天 No network " * 9,
    }  # fmt: skip
    for width in (80, 40):
        console = Console(width=width, file=io.StringIO())
        console.print(render.orders([line]))
        assert "WH20261122-PBECKGHI" in console.file.getvalue()  # type: ignore[attr-defined]


def test_times_in_a_refusal_are_told_in_the_zone_that_is_shown() -> None:
    problem = {"title": "Quiet hours", "remedy": "call at 2026-11-23T01:00:00+00:00"}
    render.use_zone("Asia/Shanghai")
    assert explain(problem) == "Quiet hours · → call at 2026-11-23T09:00:00+08:00"


async def test_the_same_key_is_the_same_command(whistle: Whistle) -> None:
    first = await opened(whistle, "--key", "test-orders-0001")
    assert await opened(whistle, "--key", "test-orders-0001") == first


async def test_watching_ends_when_nothing_more_can_come(whistle: Whistle, desk: Desk) -> None:
    """The other hand goes past the command line, whose output two calls at once in one process would mix up."""
    number = await opened(whistle)
    watching = asyncio.ensure_future(whistle("orders", "watch", number, "--every", "0.1"))
    await asyncio.sleep(0.3)
    taken_back = {"proof": "rec-1", "reason": "it works again"}
    await asyncio.to_thread(desk.act, number, "withdraw", taken_back, "", "customer:13900000001")
    code, out, _ = await asyncio.wait_for(watching, 10)
    assert code == 0
    assert out.splitlines()[-1].split()[3] == "OrderWithdrawn"


def test_what_is_not_understood_is_exit_code_2() -> None:
    assert run("orders", "act", "WH1", "dance")[0] == 2
    assert "did you mean sign?" in run("orders", "act", "WH1", "singn")[2]
    assert run("orders", "act", "WH1", "sign", "nonsense")[0] == 2
    assert "missing: spoke_to, summary" in run("orders", "act", "WH1", "contact")[2]
    assert "2026-03-02T09:30" in run("orders", "act", "WH1", "extend", "until=soon")[2]
    assert run("orders", "frobnicate")[0] == 2
    assert run("orders", "show", "../etc")[0] == 2
    assert run("import", "no-such-file.csv", "--mapping", "cn-public")[0] == 2
    assert run("tour", "--only", "nowhere")[0] == 2


@pytest.mark.parametrize(
    ("variable", "words"), [("WHISTLE_API_PORT", ("orders", "list")), ("WHISTLE_API_PROT", ("up",))]
)
def test_a_setting_that_is_not_understood_is_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, variable: str, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv(variable, "eighty")
    code, _, err = run(*words)
    assert code == 2
    assert "WHISTLE_API_PORT" in err


def test_the_version_is_told() -> None:
    assert run("--version")[1].startswith("whistle 0")


def test_a_silent_api_is_exit_code_3_with_the_remedy() -> None:
    code, _, err = run("orders", "list", "--api", "http://127.0.0.1:1")
    assert code == 3
    assert "whistle up" in err
    assert err.count("\n") == 1


def test_help_lists_every_verb_with_its_fields() -> None:
    code, out, _ = run("orders", "act", "--help")
    assert code == 0
    for verb in COMMANDS:
        if verb != "register":
            assert f"{verb} " in out or f"{verb}\n" in out
    assert "upheld=true|false --reason '…'" in out


def test_words_become_the_fields_of_the_command() -> None:
    assert verbs.body("dispatch", ["lead=GD.net", "co=GD.inst, GD.it", "designate=true"], "") == {
        "lead": "GD.net",
        "co": ["GD.inst", "GD.it"],
        "designate": True,
    }
    assert verbs.body("escalate", ["level=3"], "why") == {"level": 3, "reason": "why"}
    render.use_zone("Asia/Shanghai")
    assert verbs.body("extend", ["until=2026-03-02T09:30"], "")["until"] == "2026-03-02T09:30:00+08:00"
    rating = {"report_in": 5, "cooperation": 4, "quality": 5, "result": 5}
    body = verbs.body("rate_attendance", ["whistle=w1", "unit=GD.it", f"rating={json.dumps(rating)}"], "")
    assert body["rating"] == rating
    for wrong in (["x=1"], ["upheld=maybe"], ["upheld"]):
        with pytest.raises(Usage):
            verbs.body("decide_return", wrong, "")


async def test_an_unavailable_api_is_asked_again_with_the_same_key() -> None:
    """A real server that is not ready at first: the command arrives once it is, under one key."""
    keys: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower().splitlines()
        keys.extend(row.split(": ")[1] for row in head if row.startswith("idempotency-key"))
        status, body = (503, '{"status": 503, "code": "outcome_unknown", "detail": "?"}')
        if len(keys) > 2:
            status, body = (200, '{"order": {"id": "WH1"}}')
        head_out = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nRetry-After: 0\r\nConnection: close"
        head_out += "\r\nIdempotent-Replayed: true"
        writer.write(f"{head_out}\r\n\r\n{body}".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        with Desk(f"http://127.0.0.1:{port}", "gd-agent-1", patience=20) as desk:
            done = await asyncio.to_thread(desk.act, "WH1", "sign", {})
            assert done.order_id == "WH1"
            assert not done.replayed  # asked in vain before, so it is this call's own
            assert len(keys) == 3
            assert len(set(keys)) == 1
        keys.clear()
        with Desk(f"http://127.0.0.1:{port}", patience=0) as hasty, pytest.raises(Unreachable, match="Idempotency-Key"):
            await asyncio.to_thread(hasty.act, "WH1", "sign", {})


async def test_an_api_that_was_there_and_is_gone_is_waited_for() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with Desk(f"http://127.0.0.1:{port}", patience=20) as desk:
        assert await asyncio.to_thread(desk.get, "/me") == {}
        server.close()
        await server.wait_closed()
        asking = asyncio.create_task(asyncio.to_thread(desk.get, "/me"))
        await asyncio.sleep(0.7)
        assert not asking.done()
        async with await asyncio.start_server(answer, "127.0.0.1", port):
            assert await asyncio.wait_for(asking, 10) == {}


def test_a_problem_reads_as_one_line() -> None:
    problem = {"title": "Too soon", "title_zh": "间隔未到", "detail": "wait", "field": "at", "remedy": "call tomorrow"}
    assert explain(problem) == "间隔未到 / Too soon · field at · wait · → call tomorrow"
    assert Refused({"code": "too_soon"}).reason == "too_soon"
