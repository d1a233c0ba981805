"""What people put where it does not belong: numbers in addresses, names in keys, sentences in passwords."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from tests.privacy.plants import ADDRESS_EN, ADDRESS_ZH, CALLED, EMAIL, LANDLINE, NAME_ZH, WORDS, mobile
from tests.privacy.ways import COMPLAINT, WHO, Caller, planted

NUMBER = mobile(42)
SPACED = f"{NUMBER[:3]} {NUMBER[3:7]} {NUMBER[7:]}"
AGENT = WHO["agent"]
JSON = "application/json"
_PAGE = {"Sec_Fetch_Site": "same-origin"}


def make_all(caller: Caller, order_id: str) -> None:
    """Every mistake; what is answered is kept by the caller."""
    log_ins(caller, order_id)
    places(caller)
    registrations(caller)
    keys(caller, order_id)
    commands(caller, order_id)
    settings(caller)


def log_ins(caller: Caller, order_id: str) -> None:
    """Whoever does not come in."""
    for person in (NUMBER, EMAIL, NAME_ZH, "gd-agent-1"):
        caller.ask("POST", "/login", "", {"person": person, "password": WORDS}, **_PAGE)
    for phone in (NUMBER, f"+86 {NUMBER}", LANDLINE, "020-8731-5964"):
        for at in (order_id, "WH20261122-ABCDEFGH", NUMBER):
            caller.ask("POST", "/track", "", {"order_id": at, "phone": phone})
        caller.ask("POST", "/track/code", "", {"order_id": order_id, "phone": phone, "code": "000000"}, **_PAGE)
    caller.ask("POST", "/track/link", "", {"link": f"https://x.example/t/{NUMBER}.{EMAIL}"}, **_PAGE)
    for who in (f"customer:{LANDLINE}", EMAIL, NUMBER):
        caller.ask("GET", "/orders", who)
    caller.ask("GET", "/orders", AGENT, None, Acting_For=NUMBER)


def places(caller: Caller) -> None:
    """Addresses that name a person where they should name an order."""
    for place in (NUMBER, quote(NAME_ZH), quote(EMAIL), f"c-{NUMBER}"):
        caller.ask("GET", f"/orders/{place}", AGENT)
        caller.ask("GET", f"/orders/{place}/events", AGENT)
        caller.ask("GET", f"/orders/{place}/files/{NUMBER}", AGENT)
        caller.ask("POST", f"/orders/{place}/sign", WHO["unit member"], {"reason": WORDS})
        caller.ask("POST", f"/orders/{place}/note", AGENT, {"text": WORDS})
        caller.attach(place, "agent", "a.txt", WORDS.encode(), "text/plain")
        caller.ask("GET", f"/{place}", AGENT)
    for path in (f"/orders?cursor={NUMBER}", f"/orders?unit={NUMBER}", f"/notices?cursor={quote(NAME_ZH)}"):
        caller.ask("GET", path, AGENT)
    caller.ask("GET", f"/accesses?cursor={quote(NAME_ZH)}", WHO["auditor"])


def registrations(caller: Caller) -> None:
    """Complaints with data where codes belong, and bodies that nobody can read."""
    customer: dict[str, Any] = {"name": CALLED, "phone": NUMBER, "email": EMAIL}
    whole = planted("register", {**COMPLAINT, "customer": customer})
    for name in ("category", "province", "channel", "area", "against"):
        for wrong in (NUMBER, EMAIL, ADDRESS_ZH, ADDRESS_EN, SPACED):
            answer = caller.ask("POST", "/orders", AGENT, {**whole, name: wrong})
            assert answer.status_code == 422, (name, wrong, answer.text)
    wrong_ones: tuple[Any, ...] = (
        {**customer, "phone": EMAIL},
        {**customer, "email": CALLED},
        {**customer, "zone": NAME_ZH},
        {**customer, "tier": NUMBER},
        {**customer, NUMBER: 1, NAME_ZH: 2, ADDRESS_EN: 3},
        WORDS,
    )
    for odd in wrong_ones:
        caller.ask("POST", "/orders", AGENT, {**whole, "customer": odd})
    for body in (
        f'{{"{NAME_ZH}": 1, "{NAME_ZH}": "{WORDS}"',
        f'{{"{NUMBER}": 1, "{NUMBER}": 2}}',
        f'["{WORDS}"]',
        f'{{"title": "{WORDS}',
    ):
        caller.ask("POST", "/orders", AGENT, body.encode(), Content_Type=JSON)
    caller.ask("POST", "/orders", AGENT, WORDS.encode(), Content_Type=f"text/plain; name={EMAIL}")


def keys(caller: Caller, order_id: str) -> None:
    """Keys that name a person: they work as any other, and stand nowhere."""
    path, body = f"/orders/{order_id}/note", {"text": WORDS}
    for key in (f"complaint-{NUMBER}", EMAIL, SPACED.replace(" ", "-")):
        asked = caller.ask("POST", path, AGENT, body, Idempotency_Key=key)
        again = caller.ask("POST", path, AGENT, body, Idempotency_Key=key)
        assert (asked.status_code, again.headers.get("Idempotent-Replayed")) == (200, "true"), asked.text
        caller.ask("POST", path, AGENT, {"text": "another"}, Idempotency_Key=key)
    caller.ask("POST", path, AGENT, body, Idempotency_Key=SPACED)
    caller.ask("POST", path, AGENT, body, If_Match=NUMBER)


def commands(caller: Caller, order_id: str) -> None:
    """What the rules refuse, with reasons and codes that speak of somebody."""
    given: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("audit_reply", "unit member", {"accepted": True}),
        ("terminate", "reply auditor", {"approved": True}),
        ("verify_whistle", "agent", {"whistle": NAME_ZH, "solved": True}),
        ("verify_whistle", "agent", {"whistle": NUMBER, "solved": True}),
        ("verify_whistle", "agent", {"whistle": "w7", "solved": True}),
        ("request_whistle", "agent", {"kind": "emergency", "matter": NUMBER, "units": ["GD.it"]}),
        ("request_whistle", "agent", {"kind": "emergency", "matter": "network_outage", "units": [NAME_ZH, NUMBER]}),
        ("relabel", "dispatcher", {"category": EMAIL}),
        ("reprioritise", "dispatcher", {"priority": NUMBER}),
        ("note", "auditor", {"text": WORDS}),
    )
    for verb, who, body in given:
        answer = caller.ask("POST", f"/orders/{order_id}/{verb}", WHO[who], {**body, "reason": WORDS})
        assert answer.status_code >= 400, (verb, answer.text)
    caller.ask("POST", f"/orders/{order_id}/follow", AGENT, {"person": NUMBER})
    caller.attach(order_id, "agent", f"{NAME_ZH}{NUMBER}.exe", WORDS.encode(), "image/png")
    caller.attach(order_id, "agent", f"{NAME_ZH}.png", WORDS.encode(), EMAIL)


def settings(caller: Caller) -> None:
    """What is kept in clear, and must not name a customer."""
    away = "/people/gd-net-1/absence"
    caller.ask("PUT", away, WHO["unit head"], {"from": "2026-11-22T00:00:00Z", "substitute": NUMBER})
    caller.ask("PUT", away, WHO["unit head"], {"from": NUMBER, "until": NAME_ZH})
    token = {"name": "site", "person": WHO["channel"], "scopes": ["directory:read"]}
    wrong_ones: tuple[dict[str, Any], ...] = (
        {"name": f"for {NUMBER}"}, {"name": EMAIL}, {"scopes": [NUMBER]}, {"person": NUMBER},
    )  # fmt: skip
    for wrong in wrong_ones:
        answer = caller.ask("POST", "/tokens", WHO["administrator"], {**token, **wrong})
        assert answer.status_code == 422, answer.text
    caller.ask("POST", "/acting", AGENT, {"for": "gd-net-head", "reason": f"he asked {NUMBER}"})
    for reason in (f"asked by {NUMBER}", f"{NAME_ZH} asked", "Ms. Fotherwick asked", EMAIL):
        erased = caller.ask("POST", "/customers/erase", WHO["administrator"], {"phone": NUMBER, "reason": reason})
        assert erased.status_code == 422, erased.text
