"""One complaint, whole, through HTTP; and what the ledger then shows of it."""

from datetime import UTC, datetime

from tests.api.conftest import AGENT, AUDITOR, CALLER, CUSTOMER, DISPATCHER, MANAGER, NET, PHONE, Caller, complaint


def _reply() -> dict[str, str]:
    now = datetime.now(UTC)
    return {
        "received_at": now.isoformat(),
        "spoke_to": "Ms Chen",
        "done": "Joint repaired",
        "done_by": now.isoformat(),
    }


async def test_a_complaint_goes_from_the_hotline_to_its_close(api: Caller) -> None:
    answer = await api.post("/orders", complaint(rehearsal=True))
    assert answer.status_code == 201, answer.text
    view = answer.json()
    number = view["order"]["id"]
    assert answer.headers["location"] == f"/v1/orders/{number}"
    assert number.startswith("R")
    assert (view["order"]["state"], view["lead"], view["status"]) == ("dispatched", "GD.net", "inProgress")
    assert view["due_at"]
    assert "sign" in view["allowed"]["unit_member"]

    assert (await api.act(number, "sign", NET))["order"]["state"] == "in_progress"
    await api.act(number, "contact", NET, spoke_to="Ms Chen", summary="Visit agreed")
    assert (await api.act(number, "reply", NET, **_reply()))["order"]["state"] == "replied"
    audited = await api.act(number, "audit_reply", AUDITOR, accepted=True)
    assert audited["order"]["state"] == "awaiting_callback"
    await api.post(f"/rehearsal/orders/{number}/fast_forward", {"seconds": 60})
    for hours in (0, 5, 5, 5, 5):  # whatever the time is, one of these is an hour at which customers are called
        if hours:
            await api.post(f"/rehearsal/orders/{number}/fast_forward", {"seconds": hours * 3600})
        called = await api.post(
            f"/orders/{number}/record_callback",
            {"result": "reached", "contacted": True, "solved": True, "satisfaction": "satisfied"},
            CALLER,
        )
        if called.json().get("code") != "quiet_hours":
            break
    assert called.status_code == 200, called.text
    assert called.json()["order"]["state"] == "closed"
    assert called.json()["order"]["outcome"] == "resolved_satisfied"

    again = await api.get(f"/orders/{number}")
    assert again.headers["etag"] == called.headers["etag"]
    assert again.json()["order"] == called.json()["order"]
    live = await api.get(f"/orders/{number}/live")
    assert live.status_code == 200
    assert live.json() == again.json()

    first = (await api.get(f"/orders/{number}/events", limit=3)).json()
    rest = (await api.get(f"/orders/{number}/events", after=first["next"])).json()
    seqs = [event["seq"] for event in (*first["items"], *rest["items"])]
    assert seqs == list(range(1, again.json()["order"]["seq"] + 1))
    assert rest["next"] is None
    assert first["items"][0]["type"] == "OrderRegistered"
    assert first["items"][0]["actor"] == {
        "id": AGENT, "role": "agent", "unit": "GD.svc", "acting_for": "",
    }  # fmt: skip
    clocks = (await api.get(f"/orders/{number}/deadlines")).json()
    assert {"due", "sign"} <= {clock["kind"] for clock in clocks}

    reopened = await api.post(f"/orders/{number}/reopen", {"reason": "It is back"}, CUSTOMER)
    assert reopened.status_code == 200, reopened.text
    assert reopened.json()["order"]["round"] == 2


async def test_without_dispatch_it_waits_for_the_dispatcher(api: Caller) -> None:
    number = await api.opened(dispatch=False)
    assert (await api.get(f"/orders/{number}")).json()["order"]["state"] == "registered"
    view = await api.act(number, "dispatch", DISPATCHER, lead="GD.net", co=["GD.it"], copy=["GD.svc"])
    assert [part["unit"] for part in view["order"]["assignments"]] == ["GD.net", "GD.it", "GD.svc"]


async def test_an_unknown_category_waits_for_the_dispatcher_as_general(api: Caller) -> None:
    number = await api.opened(category="something.new")
    order = (await api.get(f"/orders/{number}")).json()["order"]
    assert (order["state"], order["order_class"]) == ("registered", "general")


async def test_an_order_that_ended_comes_back_from_the_ledger(api: Caller) -> None:
    """Declined, its workflow is gone; asking it again is refused by the rules, not by the engine."""
    number = await api.opened(dispatch=False)
    await api.act(number, "withdraw", CUSTOMER, proof="recording 1", reason="It works again")
    refused = await api.post(f"/orders/{number}/urge", {}, AGENT)
    assert (refused.status_code, refused.json()["code"]) == (409, "not_allowed_now")
    assert refused.json()["state"] == "cancelled"
    assert (await api.get(f"/orders/{number}/live")).status_code in (200, 404)


async def test_lists_pages_and_inboxes_show_ones_own_writes_at_once(api: Caller) -> None:
    numbers = [await api.opened(area=f"place {number}", title=f"Inbox matter {number}") for number in range(3)]
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await api.get("/orders", text="Inbox matter", limit=2, cursor=cursor)).json()
        seen += [line["order_id"] for line in page["items"]]
        cursor = page["next"]
        if not cursor:
            break
    assert seen == numbers[::-1]
    inbox = (await api.get("/units/GD.net/inbox", NET, limit=200)).json()
    assert set(numbers) <= {task["order_id"] for task in inbox["items"]}
    dues = [task["due_at"] for task in inbox["items"] if task["due_at"]]
    assert dues == sorted(dues)
    filtered = (await api.get("/orders", state="dispatched", unit="GD.net", province="GD", sort="due")).json()
    assert set(numbers) <= {line["order_id"] for line in filtered["items"]}
    assert (await api.get("/orders", unit="JS.net")).json()["items"] == []
    bad = await api.get("/orders", cursor="nonsense")
    assert (bad.status_code, bad.json()["field"]) == (422, "cursor")


async def test_the_directory_says_who_is_who(api: Caller) -> None:
    assert (await api.get("/me", MANAGER)).json()["role"] == "province_manager"
    assert "GD.net" in {unit["id"] for unit in (await api.get("/units", province="GD")).json()}
    assert (await api.get("/units/GD.net")).json()["parent"] == "GD"
    assert (await api.get("/units/GD.nothing")).json()["code"] == "not_found"
    people = (await api.get("/people", role="unit_head", at="GD")).json()
    assert "gd-net-head" in {person["id"] for person in people}
    clauses = (await api.get("/catalogue", category="network.fault", province="GD")).json()
    assert {clause["province"]: clause["lead"] for clause in clauses} == {"GD": "GD.net", "*": "HQ.net"}
    policy = (await api.get("/policies/current")).json()
    assert policy["document"]["version"] == policy["version"]


async def test_a_customer_sees_and_moves_his_own_orders_only(api: Caller) -> None:
    mine = await api.opened()
    other = await api.opened(customer={"name": "Mr Wu", "phone": "13900000002"})
    assert (await api.post(f"/orders/{mine}/urge", {}, CUSTOMER)).status_code == 200
    for answer in (
        await api.post(f"/orders/{other}/urge", {}, CUSTOMER),
        await api.get(f"/orders/{other}", CUSTOMER),
        await api.get(f"/orders/{other}/events", CUSTOMER),
        await api.get(f"/orders/{other}/deadlines", CUSTOMER),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "order_not_found")
    listed = (await api.get("/orders", CUSTOMER, limit=200)).json()["items"]
    assert mine in {line["order_id"] for line in listed}
    assert other not in {line["order_id"] for line in listed}
    assert {line["customer_phone"] for line in listed} == {f"{PHONE[:3]}****{PHONE[-4:]}"}
    own = await api.post("/orders", complaint(customer={"name": "Me", "phone": PHONE}), CUSTOMER)
    assert own.status_code == 201, own.text
    foreign = await api.post("/orders", complaint(customer={"name": "Him", "phone": "13900000002"}), CUSTOMER)
    assert (foreign.status_code, foreign.json()["field"]) == (403, "customer.phone")


async def test_notices_are_in_the_inbox_of_whoever_they_concern(api: Caller) -> None:
    number = await api.opened()
    mine = (await api.get("/notices", NET, limit=200)).json()["items"]
    told = [notice for notice in mine if notice["order_id"] == number]
    assert told
    assert told[0]["title_zh"]
    assert told[0]["title_en"]
    assert not told[0]["read_at"]
    assert (await api.post(f"/notices/{told[0]['id']}/read", None, "js-net-1")).json() == {"marked": 0}
    assert (await api.post(f"/notices/{told[0]['id']}/read", None, NET)).json() == {"marked": 1}
    unread = (await api.get("/notices", NET, unread=True, limit=200)).json()["items"]
    assert told[0]["id"] not in {notice["id"] for notice in unread}
    his = (await api.get("/notices", CUSTOMER, limit=1)).json()
    assert his["items"]
    assert his["next"]
    older = (await api.get("/notices", CUSTOMER, limit=1, cursor=his["next"])).json()["items"]
    assert older[0]["id"] != his["items"][0]["id"]
    assert (await api.get("/notices", NET, cursor="nonsense")).status_code == 422
