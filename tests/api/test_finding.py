"""Who finds what: parts of number and title as one is shown them, names and numbers whole and for desks alone."""

from __future__ import annotations

from typing import Any

import pytest

from api.access import GRANTS
from domain.model import Role
from store import demo
from tests.api.conftest import AGENT, CUSTOMER, MANAGER, NET, Caller

NAME, PHONE = "诸葛先生", "13533334444"
TITLE = "家住幸福小区5栋的来电13533334444反映断网 / outage"


async def found(api: Caller, who: str, text: str, **more: Any) -> list[str]:
    answer = await api.get("/orders", who, text=text, limit=200, **more)
    assert answer.status_code == 200, answer.text
    return [line["order_id"] for line in answer.json()["items"]]


async def searched(api: Caller, who: str, customer: str, **more: Any) -> list[str]:
    answer = await api.post("/orders/search", {"customer": customer, "limit": 200, **more}, who)
    assert answer.status_code == 200, answer.text
    return [line["order_id"] for line in answer.json()["items"]]


async def his(api: Caller, **changes: Any) -> str:
    return await api.opened(title=TITLE, customer={"name": NAME, "phone": PHONE}, **changes)


@pytest.mark.parametrize("who", [AGENT, NET, MANAGER, "hq-auditor-1", f"customer:{PHONE}"])
async def test_a_text_is_found_as_far_as_one_is_shown_it(api: Caller, who: str) -> None:
    number = await his(api)
    for text in ("断网", "outage", "OUTAGE", "反映断网 / out", number, number[-8:].lower()):
        assert number in await found(api, who, text), text
    for hidden in (PHONE, PHONE[:7], "3333", "幸福小区", "小区5栋", NAME, "诸葛"):
        assert await found(api, who, hidden) == [], hidden


@pytest.mark.parametrize(("who", "digits"), [(AGENT, "7788"), (NET, "6699")])
async def test_what_stands_behind_a_mask_takes_no_place_on_a_page(api: Caller, who: str, digits: str) -> None:
    shown = [await api.opened(title=f"zebra {digits} is a room ({count})") for count in range(3)]
    for _ in range(4):  # they are newer, so each page begins with them
        await api.opened(title=f"zebra 1350{digits}001 called")
    cursor, seen = "", list[str]()
    for _ in shown:
        page = (await api.get("/orders", who, text=digits, limit=1, cursor=cursor)).json()
        seen += [line["order_id"] for line in page["items"]]
        cursor = page["next"]
    assert (seen, cursor) == (shown[::-1], "")


@pytest.mark.parametrize("who", [AGENT, NET, "hq-auditor-1"])
async def test_the_next_page_does_not_tell_what_a_mask_hides(api: Caller, who: str) -> None:
    """A cursor names an order: it must not be one that holds a number which one is not shown."""
    for _ in range(3):
        await api.opened(title="called from 13512121212")
    for sort in ("newest", "due", "level", "updated"):
        answer = await api.get("/orders", who, text="13512121212", limit=1, sort=sort)
        assert answer.json() == {"items": [], "next": ""}


async def test_a_customer_is_found_by_the_whole_of_his_name_or_number(api: Caller) -> None:
    number = await his(api)
    for whole in (PHONE, f"+86 {PHONE}", "135-3333-4444", NAME, f" {NAME} "):
        assert number in await searched(api, AGENT, whole), whole
    assert number in await searched(api, AGENT, PHONE, text="断网")
    assert number not in await searched(api, AGENT, PHONE, text="账单")
    for part in (PHONE[:10], PHONE[1:], "诸葛", "葛先生", "断网"):
        assert await searched(api, AGENT, part) == [], part


async def test_only_orders_that_one_sees_are_found(api: Caller) -> None:
    here, there = await his(api), await his(api, province="JS")
    for who, seen, unseen in ((AGENT, here, there), ("js-agent-1", there, here)):
        lists = (await searched(api, who, PHONE), await found(api, who, "断网"), await found(api, who, seen))
        assert all(seen in one and unseen not in one for one in lists)
    assert {here, there} <= set(await searched(api, "hq-supervisor-1", NAME))


async def test_what_the_wall_lets_nobody_search_is_searched_by_nobody(api: Caller) -> None:
    """Every role but those of the table; a handling unit does not learn who complains by guessing."""
    await his(api)
    one_of = {Role(login.role): login.id for login in demo.LOGINS} | {
        Role.CHANNEL: "web-channel",
        Role.CUSTOMER: CUSTOMER,
    }
    allowed = GRANTS["search_orders"].roles
    assert set(one_of) == set(Role) - {Role.SYSTEM}
    assert not {Role.UNIT_MEMBER, Role.UNIT_HEAD, Role.CUSTOMER, Role.ADMINISTRATOR, Role.CHANNEL} & set(allowed)
    for role, who in one_of.items():
        answer = await api.post("/orders/search", {"customer": PHONE}, who)
        assert answer.status_code == (200 if role in allowed else 403), role


async def test_neither_name_nor_number_is_kept_of_a_search(api: Caller) -> None:
    await searched(api, AGENT, PHONE)
    await found(api, AGENT, "outage")
    record = (await api.get("/accesses", "hq-auditor-1", actor=AGENT, limit=200)).text
    assert "search_orders" in record
    assert not [secret for secret in (PHONE, NAME, "outage") if secret in record]
