"""Who is away, through HTTP: it takes effect at once, is refused with the reason, and stays on record."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import insert

from api.gateway import Gateway
from store.access_tables import sights
from store.tables import criticisms
from tests.api.conftest import AGENT, CUSTOMER, MANAGER, NET, NET_HEAD, Caller

WEEK = timedelta(days=7)


async def put(api: Caller, person: str, who: str = MANAGER, **body: Any) -> httpx.Response:
    """PUT a person's absence, from now on unless said otherwise."""
    sent = {"from": datetime.now(UTC).isoformat(), **body}
    headers = {"Authorization": f"Bearer dev:{who}"}
    return await api.http.put(f"/v1/people/{person}/absence", json=sent, headers=headers)


async def delete(api: Caller, person: str, who: str = MANAGER) -> httpx.Response:
    headers = {"Authorization": f"Bearer dev:{who}"}
    return await api.http.delete(f"/v1/people/{person}/absence", headers=headers)


async def told_of_raising(api: Caller, who: str) -> list[dict[str, Any]]:
    """What a person's inbox has of a new order that the manager raises to the head of GD.net."""
    number = await api.opened()
    await api.act(number, "escalate", MANAGER, level=2, reason="too slow")
    page = (await api.get("/notices", who, limit=200)).json()["items"]
    return [one for one in page if one["order_id"] == number and one["template"] == "escalated.by_hand"]


async def test_an_absence_takes_effect_with_the_next_event_and_so_does_the_return(api: Caller) -> None:
    assert not await told_of_raising(api, NET)
    answer = await put(api, NET_HEAD, substitute=NET)
    assert (answer.status_code, answer.json()["substitute"]) == (200, NET), answer.text
    (mine,) = await told_of_raising(api, NET)
    assert mine["audience"] == f"person:{NET}"
    assert mine["body_zh"].startswith("（代")
    assert mine["body_en"].startswith("(Received for ")
    marked = await api.post(f"/notices/{mine['id']}/read", None, NET)
    assert marked.json() == {"marked": 1}
    people = (await api.get("/people", AGENT, at="GD.net")).json()
    assert {one["id"]: one["substitute"] for one in people if one["away_from"]} == {NET_HEAD: NET}
    answer = await delete(api, NET_HEAD, NET_HEAD)
    assert (answer.status_code, answer.json()["away_from"]) == (200, None)
    assert not await told_of_raising(api, NET)
    assert len(await told_of_raising(api, NET_HEAD)) == 1


async def test_what_was_said_stays_on_record_once(api: Caller) -> None:
    start, until = datetime.now(UTC), datetime.now(UTC) + WEEK
    given = {"from": start.isoformat(), "until": until.isoformat(), "substitute": "gd-bill-1"}
    for _ in range(2):
        assert (await put(api, "gd-bill-head", **given)).status_code == 200
    for _ in range(2):
        assert (await delete(api, "gd-bill-head", "gd-bill-head")).status_code == 200
    latest, first = (await api.get("/people/gd-bill-head/absences")).json()
    assert (first["actor_id"], first["role"]) == (MANAGER, "province_manager")
    assert datetime.fromisoformat(first["away_from"]) == start
    assert datetime.fromisoformat(first["away_until"]) == until
    assert (latest["actor_id"], latest["away_from"]) == ("gd-bill-head", None)


@pytest.mark.parametrize(
    ("person", "body", "field", "said"),
    [
        (NET_HEAD, {"until": "2020-01-01T00:00:00Z"}, "until", "not after from"),
        (NET_HEAD, {"from": "2020-01-01T00:00:00Z", "until": "2020-01-02T00:00:00Z"}, "until", "has passed"),
        (NET_HEAD, {"substitute": NET_HEAD}, "substitute", "himself"),
        (NET_HEAD, {"substitute": "js-net-head"}, "substitute", "cannot act"),
        (NET_HEAD, {"from": "2026-03-02T09:00:00"}, "from", "no time zone"),
        (NET_HEAD, {"from": None}, "from", "no instant"),
        (NET_HEAD, {"since": "2026-03-02T09:00:00Z"}, "since", "no such field"),
    ],
)
async def test_an_absence_that_cannot_be_is_refused_by_field_with_a_remedy(
    api: Caller, person: str, body: dict[str, Any], field: str, said: str
) -> None:
    answer = await put(api, person, **body)
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["field"]) == (422, "invalid_request", field), problem
    assert said in problem["detail"]
    assert problem["remedy"]
    assert (await api.get(f"/people/{NET_HEAD}/absences")).status_code == 200


async def test_only_those_concerned_may_say_it(api: Caller) -> None:
    for who, person, status in (
        (AGENT, NET_HEAD, 403),
        ("js-manager", NET_HEAD, 403),
        (CUSTOMER, NET_HEAD, 403),
        (MANAGER, "nobody", 404),
        (NET_HEAD, NET, 200),
        ("south-manager", NET, 200),
        ("hq-admin", NET, 200),
    ):
        answers = (await put(api, person, who), await delete(api, person, who))
        assert [answer.status_code for answer in answers] == [status] * 2, (who, answers[0].text)
    assert (await api.get(f"/people/{NET}/absences", CUSTOMER)).status_code == 403


async def test_the_methods_that_are_not_offered_name_those_that_are(api: Caller) -> None:
    answer = await api.get(f"/people/{NET}/absence")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "PUT, DELETE"


async def test_the_public_criticism_list_is_filtered_and_paged(api: Caller, gateway: Gateway) -> None:
    begin = datetime(2026, 3, 2, tzinfo=UTC)
    rows = [
        {
            "order_id": f"WH{number}", "seq": 9, "unit": unit, "province": unit[:2], "key": "due/a1", "kind": "due",
            "level": 3, "due_at": begin, "at": begin + timedelta(hours=number), "rehearsal": False,
        }
        for number, unit in enumerate(("GD.net", "JS.net", "GD.net", "GD.bill"))
    ]  # fmt: skip
    seen_from = [
        {"order_id": row["order_id"], "place": row["province"], "rehearsal": False, "registered_at": begin}
        for row in rows
    ]
    with gateway.books.writes() as session:
        session.execute(insert(criticisms), rows)
        session.execute(insert(sights), seen_from)

    async def listed(who: str = "hq-supervisor-1", **query: Any) -> list[str]:
        seen, cursor = list[str](), ""
        while True:
            answer = await api.get("/criticisms", who, cursor=cursor, limit=2, **query)
            assert answer.status_code == 200, answer.text
            seen += [one["order_id"] for one in answer.json()["items"]]
            cursor = answer.json()["next"]
            if not cursor:
                return seen

    assert await listed() == ["WH3", "WH2", "WH1", "WH0"]
    assert await listed(province="GD") == await listed(MANAGER) == ["WH3", "WH2", "WH0"]
    assert await listed(unit="GD.net") == ["WH2", "WH0"]
    span = {"from": "2026-03-02T01:00:00Z", "until": "2026-03-02T03:00:00Z"}
    assert await listed(**span) == ["WH2", "WH1"]
    assert await listed(rehearsal=True) == []
    assert (await api.get("/criticisms", CUSTOMER)).json()["code"] == "forbidden"
    for query, field in (({"cursor": "x"}, "cursor"), ({"from": "yesterday"}, "from")):
        answer = await api.get("/criticisms", MANAGER, **query)
        assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_substitutes_named_at_once_form_no_circle(api: Caller) -> None:
    """Each of them alone would be allowed; whoever comes last is told of the circle."""
    around = ("gd-bill-head", "gd-bill-1", "gd-bill-2")
    for _ in range(5):
        pairs = zip(around, (*around[1:], around[0]), strict=True)
        answers = await asyncio.gather(*(put(api, person, substitute=other) for person, other in pairs))
        assert sorted(answer.status_code for answer in answers) == [200, 200, 422]
        (refused,) = (answer.json() for answer in answers if answer.status_code == 422)
        assert refused["field"] == "substitute"
        assert "form a circle" in refused["detail"]
        for person in around:
            assert (await delete(api, person, MANAGER)).status_code == 200
