"""Histories come in once, marked, sealed and counted; an open one goes on as an order of ours, on the real engine."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from audit import proof
from audit.replay import Replay, engine_for
from store.session import EVERYWHERE, make_engine, sessions
from tests.api.conftest import AGENT, DISPATCHER, MANAGER, NET, Caller
from tests.conftest import Database

HQ = "hq-supervisor-1"
PHONE = "13900000777"


def step(activity: str, hour: int, state: str | None = None, **more: Any) -> dict[str, Any]:
    """A step there."""
    found = {"activity": activity, "at": f"2016-02-29T{hour:02d}:00:00-03:00", **more}
    return {**found, "state": state} if state else found


def case(number: str, *steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An order there."""
    ended = {} if more.pop("open", False) else {"outcome": "not_rated"}
    return {
        "system": "elsewhere",
        "case": number,
        "title": "no signal",
        "text": f"please call {PHONE}",
        "category": "network.fault",
        "province": "GD",
        "channel": "hotline",
        "customer": {"name": "陈女士", "phone": PHONE},
        "steps": list(steps),
        **ended,
        **more,
    }


CLOSED = (
    step("New", 8, "registered", by="17", unit="70"),
    step("Resolved", 9, "awaiting_callback", by="908", unit="20", details={"priority": "3"}),
    step("Active", 10, "in_progress", unit="20", words={"note": f"陈女士 again, {PHONE}"}),
    step("Closed", 12, "closed", unit="20"),
)


async def sent(api: Caller, *cases: dict[str, Any], check: bool = False) -> list[dict[str, Any]]:
    """What becomes of them."""
    answer = await api.post(f"/orders/import_history?check={str(check).lower()}", {"cases": list(cases)}, HQ)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def test_an_ended_one_is_closed_here_with_its_own_times_and_comes_in_once(api: Caller) -> None:
    whole = case("INC0000080", *CLOSED, said_reopens=1, said_moves=1, details={"made_sla": "true"})
    (taken,) = await sent(api, whole)
    assert (taken["standing"], taken["open"], taken["reopens"], taken["moves"]) == ("imported", False, 1, 1)
    (again,) = await sent(api, whole)
    assert (again["standing"], again["order_id"]) == ("there", taken["order_id"])
    (other,) = await sent(api, {**whole, "title": "another"})
    assert (other["standing"], other["problem"]["code"]) == ("refused", "command_reused")
    view = (await api.get(f"/orders/{taken['order_id']}", HQ)).json()["order"]
    assert (view["state"], view["outcome"], view["over"]) == ("closed", "not_rated", True)
    assert (view["imported"], view["reopens"], view["round"]) == ("elsewhere/INC0000080", 1, 2)
    assert (view["registered_at"], view["closed_at"]) == ("2016-02-29T11:00:00Z", "2016-02-29T15:00:00Z")
    events = (await api.get(f"/orders/{taken['order_id']}/events", MANAGER)).json()["items"]
    assert [one["type"] for one in events] == ["OrderImported", *["StepImported"] * 4, "HistoryEnded"]
    assert events[2]["data"]["by"] == "908"
    assert events[2]["data"]["details"] == {"priority": "3"}
    assert PHONE not in str(events)
    assert "陈女士" not in str(events)


async def test_an_open_one_goes_on_here_with_its_clocks_and_its_workflow(api: Caller) -> None:
    (taken,) = await sent(api, case("8", *CLOSED[:1], open=True, dispatch=False))
    number = taken["order_id"]
    assert taken["open"]
    running = await api.get(f"/orders/{number}/live", HQ)
    assert running.status_code == 200, running.text
    assert running.json()["order"]["state"] == "triage"
    assert {one["kind"] for one in running.json()["order"]["clocks"].values()} == {"statutory", "dispatch"}
    await api.act(number, "dispatch", DISPATCHER, lead="GD.net")
    view = await api.act(number, "sign", NET)
    assert (view["order"]["state"], view["order"]["imported"]) == ("in_progress", "elsewhere/8")


async def test_its_customer_sees_what_it_is_about_and_no_step_of_the_other_system(api: Caller) -> None:
    (taken,) = await sent(api, case("11", *CLOSED[:1], open=True))
    path, him = f"/orders/{taken['order_id']}/events", f"customer:{PHONE}"
    events = (await api.get(path, him)).json()["items"]
    assert [one["type"] for one in events] == ["OrderImported", "OrderDispatched"]
    assert events[0]["data"]["title"] == "no signal"
    assert not {"system", "case", "details"} & set(events[0]["data"])


async def test_the_catalogue_dispatches_an_open_one_and_a_resolved_one_waits_for_its_call_back(api: Caller) -> None:
    open_, resolved = await sent(
        api,
        case("9", *CLOSED[:1], open=True),
        case("10", *CLOSED[:2], open=True, customer={"name": "Li", "phone": "13900000778"}),
    )
    view = (await api.get(f"/orders/{open_['order_id']}", AGENT)).json()
    assert (view["order"]["state"], view["lead"]) == ("dispatched", "GD.net")
    view = (await api.get(f"/orders/{resolved['order_id']}", AGENT)).json()
    assert view["order"]["state"] == "awaiting_callback"
    assert view["order"]["callback"]["status"] in ("planned", "deferred", "sms_sent")


async def test_one_that_is_refused_keeps_no_other_from_coming_in(api: Caller) -> None:
    bad = (
        case("21", *CLOSED, province="XX"),
        case("22", *CLOSED[:1], open=True, lead="GD.nix"),
        case("23", *CLOSED[:1]),
        case("24", step("New", 8, by="1", at="2199-01-01T00:00:00Z"), open=True),
    )
    found = await sent(api, bad[0], case("25", *CLOSED), *bad[1:])
    assert [one["standing"] for one in found] == ["refused", "imported", "refused", "refused", "refused"]
    fields = [one["problem"]["field"] for one in found if one["problem"]]
    assert fields == ["province", "lead", "outcome", "steps.1.at"]
    assert all(one["problem"]["detail"] for one in found if one["problem"])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"said_reopens": 2**60}, "said_reopens"),
        ({"said_moves": 2**70}, "said_moves"),
        ({"said_moves": -1}, "said_moves"),
        ({"registered_at": "2090-01-01T00:00:00Z"}, "registered_at"),
        ({"registered_at": "2020-01-01T00:00:00Z"}, "registered_at"),
        ({"steps": [step("New", 12, "registered"), step("Closed", 8, "closed")]}, "steps.2.at"),
        ({"steps": [step("New", 8, "registered", by="陈女士"), *CLOSED[1:]]}, "steps.1.by"),
        ({"steps": [step("回复 陈 女士", 8, "registered"), *CLOSED[1:]]}, "steps.1.activity"),
        ({"steps": [step("New", 8, "registered", status="Tel 13900000777"), *CLOSED[1:]]}, "steps.1.status"),
        ({"steps": [step("New", 8, "registered", unit="陈女士家"), *CLOSED[1:]]}, "steps.1.unit"),
        ({"details": {"陈女士": "1"}}, "details.1"),
        ({"case": "Tel 13900000777"}, "case"),
    ],
)
async def test_what_cannot_be_or_tells_who_it_is_is_refused_and_the_case_beside_it_comes_in(
    api: Caller, change: dict[str, Any], field: str
) -> None:
    beside = f"beside-{field}-{len(str(change))}"
    bad, good = await sent(api, case(f"71-{len(str(change))}", *CLOSED) | change, case(beside, *CLOSED), check=True)
    assert (bad["standing"], good["standing"]) == ("refused", "imported")
    assert bad["problem"]["field"] == field
    assert bad["problem"]["detail"]
    assert bad["problem"]["remedy"]


async def test_what_nobody_foresaw_of_one_case_keeps_no_other_from_coming_in(api: Caller, database: Database) -> None:
    owner = make_engine(database.owner_url, 1, sight=EVERYWHERE)
    refusing = (
        """CREATE FUNCTION surprise() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN IF NEW.data ->> 'case' = '73' THEN RAISE data_exception; END IF; RETURN NEW; END $$""",
        "CREATE TRIGGER surprise BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION surprise()",
    )
    try:
        with owner.begin() as connection:
            for one in refusing:
                connection.execute(text(one))
        found = await sent(api, case("72", *CLOSED), case("73", *CLOSED), case("74", *CLOSED))
        assert [one["standing"] for one in found] == ["imported", "refused", "imported"]
        assert found[1]["problem"]["code"] == "internal_error"
    finally:
        with owner.begin() as connection:
            connection.execute(text("DROP FUNCTION surprise() CASCADE"))
    again = await sent(api, case("72", *CLOSED), case("73", *CLOSED), case("74", *CLOSED))
    assert [one["standing"] for one in again] == ["there", "imported", "there"]
    owner.dispose()


async def test_free_words_of_another_system_are_sealed_and_gone_after_erasure(api: Caller) -> None:
    name, phone = "欧阳小明", "13900000787"
    details = {"caller": name, "note": "told by Grandma Zanzibar", "severity": "3"}
    whole = case(
        "75",
        step("New", 8, "registered", by="17", unit="70", details=details),
        step("Closed", 9, "closed", unit="70"),
        details={"contact": f"{name} Zanzibar", "made_sla": "true"},
        customer={"name": name, "phone": phone},
    )
    hers = {"caller": "王小芳", "note": "王小芳 told it herself"}
    customer = {"name": "王小芳", "phone": "13900000788"}
    going = case("76", step("New", 8, details=hers), open=True, lead="GD.net", customer=customer)
    ended, open_ = await sent(api, whole, going)
    seen = (await api.get(f"/orders/{open_['order_id']}/events", NET)).text
    assert "王小芳" not in seen
    assert "told it herself" in seen, "the matter is shown, the person is not"
    steps = (await api.get(f"/orders/{ended['order_id']}/events", MANAGER)).json()["items"]
    assert steps[1]["data"]["details"]["severity"] == "3"
    assert steps[1]["data"]["details"]["note"] == "told by Grandma Zanzibar"
    erased = await api.post("/customers/erase", {"phone": phone, "reason": "asked"}, "hq-admin")
    assert erased.status_code == 200, erased.text
    for path, who in (
        (f"/orders/{ended['order_id']}/events", HQ),
        (f"/orders/{ended['order_id']}", HQ),
        (f"/orders/{ended['order_id']}/proof", "hq-auditor-1"),
        ("/audit/process", "hq-auditor-1"),
    ):
        answer = await api.get(path, who)
        assert answer.status_code == 200, (path, answer.text)
        assert name not in answer.text, path
        assert "Zanzibar" not in answer.text, path
    for format_ in ("csv", "xes", "ocel"):
        answer = await api.post("/audit/exports", {"format": format_, "reason": "to see"}, "hq-auditor-1")
        assert answer.status_code == 200, answer.text
        assert name not in answer.text, format_
        assert "Zanzibar" not in answer.text, format_


async def test_a_check_keeps_nothing(api: Caller, database: Database) -> None:
    (tried,) = await sent(api, case("31", *CLOSED), check=True)
    assert tried["standing"] == "imported"
    assert (await api.get(f"/orders/{tried['order_id']}", HQ)).status_code == 404
    (taken,) = await sent(api, case("31", *CLOSED))
    assert taken["standing"] == "imported"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"details": {"phone": "13900000001"}}, "details"),
        ({"case": "13900000001"}, "case"),
        ({"steps": [step("New", 8, by="陈 13900000001")]}, "by"),
        ({"steps": [step("New", 8, "nowhere")]}, "state"),
        ({"steps": [{"activity": "New", "at": "2016-02-29T08:00:00"}]}, "at"),
        ({"steps": []}, "steps"),
        ({"surprise": 1}, "surprise"),
    ],
)
async def test_what_is_no_history_is_refused_and_names_its_place(
    api: Caller, change: dict[str, Any], field: str
) -> None:
    answer = await api.post(
        "/orders/import_history", {"cases": [case("41", *CLOSED), case("42", *CLOSED) | change]}, HQ
    )
    assert answer.status_code == 422
    assert any(one["field"].startswith("cases.1") and field in one["field"] for one in answer.json()["errors"])


async def test_it_is_for_headquarters_alone(api: Caller) -> None:
    for who in (AGENT, MANAGER, "hq-auditor-1", "hq-admin"):
        answer = await api.post("/orders/import_history", {"cases": [case("51", *CLOSED)]}, who)
        assert answer.status_code == 403, who


async def test_the_chain_holds_and_the_auditors_replay_finds_nothing(api: Caller, database: Database) -> None:
    taken = await sent(
        api,
        case("61", *CLOSED),
        case("62", *CLOSED[:1], open=True),
        case("63", *CLOSED[:1], open=True, dispatch=False),
        case("64", *CLOSED[:2], open=True),
    )
    numbers = [one["order_id"] for one in taken]
    engine = make_engine(database.owner_url, 1, sight=EVERYWHERE)
    with sessions(engine)() as session:
        session.execute(text("select 1"))
        for number in numbers:
            found = proof.proof(session, number)
            assert found is not None
            assert proof.faults(found) == []
    engine.dispose()
    engine = engine_for(database.owner_url)
    for one in Replay(engine).orders(numbers):
        assert (one.findings, one.commands) == ((), 1)
        assert one.events > 2
    engine.dispose()
