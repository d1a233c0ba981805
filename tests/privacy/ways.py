"""The ways in that are meant for it: every command with own words, documents, searches, looks behind the mask."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

from desk.client import Desk, Done, new_key
from desk.play import Play, Stage
from desk.steps import Branch, act, unit
from desk.story import BRANCHES, UNREACHABLE
from domain.commands import COMMANDS, words
from tests.privacy.plants import (
    ADDRESS_EN,
    ADDRESS_ZH,
    CALLED,
    EMAIL,
    IDENTITY_CARD,
    NAME_EN,
    NAME_ZH,
    WORDS,
    mobile,
)

SAID: set[tuple[str, str]] = set()
"""Verb and field of every word that was taken."""
AT_ONCE = 6
"""Branches that are played side by side."""
TITLE = f"{NAME_ZH} {mobile(42)}: {ADDRESS_ZH}, {ADDRESS_EN} {EMAIL}"
SOURCE = f"{NAME_EN} {IDENTITY_CARD} 020-8731-5964"
CHANNEL = "hotline-of-the-test"
"""Stands in clear by right, wherever an order is told of."""

WHO = {
    "agent": "gd-agent-1",
    "team lead": "gd-teamlead-1",
    "dispatcher": "gd-dispatcher-1",
    "unit member": "gd-net-1",
    "unit head": "gd-net-head",
    "reply auditor": "gd-replyauditor-1",
    "caller": "gd-caller-1",
    "province": "gd-manager",
    "region": "south-manager",
    "headquarters": "hq-supervisor-1",
    "auditor": "hq-auditor-1",
    "administrator": "hq-admin",
    "channel": "web-channel",
    "regulator": "regulator",
    "customer": f"customer:{mobile(42)}",
    "another customer": "customer:13800138000",
}
"""A log-in of each role."""

NOTED = Branch(
    "noted", "批注督办", "Noted and supervised", "broadband.fault",
    (
        act("agent", "note"),
        act("customer", "attach", media_type="image/jpeg", sha256="ab" * 32),
        act("province_manager", "supervise", colour="yellow"),
        act("inst", "sign"),
        act("inst", "request_return", suggested_unit=unit("it")),
        act("dispatcher", "decide_return", upheld=False),
        act("team_lead", "request_whistle", kind="hard", matter="network_outage", units=[unit("it")],
            lead=unit("inst")),
        act("province_manager", "decide_whistle", whistle="w1", blow=False),
        act("inst", "explain_part", unit=unit("net")),
    ),
)  # fmt: skip
DECLINED = Branch(
    "declined", "不予受理", "Not accepted", "service.enquiry",
    (act("team_lead", "decline", ground="not_telecom"),), dispatch=False,
)  # fmt: skip
RATED = Branch(
    "rated", "短信评价", "Rated by message", "network.fault",
    (*UNREACHABLE.steps[:-2], act("customer", "rate_by_sms", solved=True, satisfaction="satisfied")),
)  # fmt: skip


def planted(verb: str, body: dict[str, Any]) -> dict[str, Any]:
    """The body with the same words in every field that takes somebody's own."""
    said = dict.fromkeys(words(COMMANDS[verb]), WORDS)
    if verb == "register":
        said |= {"title": TITLE, "source": SOURCE}
    rated = {"rating": {**body["rating"], "comment": WORDS}} if body.get("rating") else {}
    return {**body, **said, **rated, "reason": WORDS}


class PlantingDesk(Desk):
    """A connection over which everybody says the same."""

    def register(self, complaint: dict[str, Any], key: str = "", person: str = "") -> Done:
        """Register a complaint of the customer whose number it has."""
        number = complaint["customer"]["phone"]
        spelled = f"+86 {number[:3]}-{number[3:7]} {number[7:]}"
        customer = {"name": CALLED, "phone": spelled, "email": EMAIL, "zone": "Asia/Shanghai"}
        body = planted("register", {**complaint, "customer": customer, "channel": CHANNEL})
        done = super().register(body, key, person)
        SAID.update(("register", name) for name in words(COMMANDS["register"]))
        return done

    def act(self, order_id: str, verb: str, body: dict[str, Any], key: str = "", person: str = "") -> Done:
        """Act with the planted words."""
        done = super().act(order_id, verb, planted(verb, body), key, person)
        SAID.update((verb, name) for name in words(COMMANDS[verb]))
        return done


def play_all(url: str) -> list[str]:
    """Lead a rehearsal through every branch of the story and three more; the numbers of the orders."""

    def one(numbered: tuple[int, Branch]) -> str:
        number, branch = numbered
        play = Play(stage, branch, mobile(number), lambda line: None)
        play.run()
        return str(play.order["id"])

    with PlantingDesk(url, WHO["agent"]) as desk, ThreadPoolExecutor(AT_ONCE) as pool:
        stage = Stage.of(desk)
        return list(pool.map(one, enumerate((*BRANCHES, NOTED, DECLINED, RATED), start=1)))


def missing() -> list[str]:
    """The fields of own words that nobody has filled."""
    every = {(verb, name) for verb, command in COMMANDS.items() for name in words(command)}
    return sorted(f"{verb}.{name}" for verb, name in every - SAID)


@dataclass
class Caller:
    """Asks over HTTP as anybody, and keeps every answer that was a refusal."""

    url: str
    refused: list[tuple[str, bytes]] = field(default_factory=list)
    _http: httpx.Client = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._http = httpx.Client(base_url=f"{self.url}/v1", timeout=30)

    def ask(self, method: str, path: str, who: str = "", body: Any = None, **headers: str) -> httpx.Response:
        """One request; header names with `_` for `-`."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if who:
            sent["Authorization"] = f"Bearer dev:{who}"
        if method == "POST" and not any(name.lower() == "idempotency-key" for name in sent):
            sent["Idempotency-Key"] = new_key()
        content = body if isinstance(body, bytes) else None
        given = None if body is None or content is not None else body
        answer = self._http.request(method, path, content=content, json=given, headers=sent)
        if answer.status_code >= 400:
            self.refused.append((f"{method} {path[:60]} {answer.status_code}", answer.content))
        return answer

    def opened(self, number: int, email: str, **more: Any) -> str:
        """A real order of one of the customers."""
        customer = {"name": CALLED, "phone": mobile(number), "email": email}
        body = planted("register", {**COMPLAINT, "customer": customer, **more})
        answer = self.ask("POST", "/orders", WHO["agent"], body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["order"]["id"])

    def act(self, order_id: str, verb: str, who: str, **body: Any) -> httpx.Response:
        """A command with the planted words."""
        return self.ask("POST", f"/orders/{order_id}/{verb}", WHO.get(who, who), planted(verb, body))

    def attach(self, order_id: str, who: str, name: str, content: bytes, media_type: str) -> httpx.Response:
        """A document."""
        return self.ask(
            "POST", f"/orders/{order_id}/files", WHO.get(who, who), content,
            Content_Type=media_type, X_File_Name=quote(name),
        )  # fmt: skip


COMPLAINT: dict[str, Any] = {"category": "network.fault", "province": "GD", "channel": CHANNEL, "area": "Tianhe"}


def lead(caller: Caller, order_id: str) -> None:
    """What is done with a real order: words, documents, a link, looks behind the mask, searches."""
    for verb, who in (("sign", "unit member"), ("contact", "unit member"), ("note", "agent"), ("urge", "customer")):
        answer = caller.act(order_id, verb, who)
        assert answer.status_code == 200, (verb, answer.text)
    for level, who in ((2, "dispatcher"), (3, "province")):
        raised = caller.act(order_id, "escalate", who, level=level)
        assert raised.status_code == 200, raised.text
    supervised = caller.act(order_id, "supervise", "province", colour="red")
    assert supervised.status_code == 200, supervised.text
    for name, content, kind in (
        (f"{NAME_ZH} {mobile(42)}.txt", WORDS.encode(), "text/plain"),
        (f"{EMAIL} 账单.csv", f"name,phone\n{CALLED},{mobile(42)}\n".encode(), "text/csv"),
    ):
        answer = caller.attach(order_id, "customer", name, content, kind)
        assert answer.status_code == 201, answer.text
    fields = ["customer.name", "customer.phone", "customer.email", "title", "text"]
    shown = caller.ask("POST", f"/orders/{order_id}/reveal", WHO["agent"], {"fields": fields, "reason": WORDS})
    assert WORDS in shown.json()["values"].values(), shown.text
    assert mobile(42) in shown.text
    assert EMAIL in shown.text
    for customer in (mobile(42), "139 7531-8642", CALLED, NAME_ZH, EMAIL, WORDS[:100]):
        for text in ("", TITLE, NAME_ZH):
            caller.ask("POST", "/orders/search", WHO["agent"], {"customer": customer, "text": text})
    for text in (NAME_ZH, mobile(42), ADDRESS_EN, EMAIL):
        caller.ask("GET", f"/orders?text={quote(text)}", WHO["headquarters"])
        caller.ask("GET", f"/orders.csv?text={quote(text)}", WHO["headquarters"])
    caller.ask("POST", f"/orders/{order_id}/link", WHO["agent"], {})
