"""The objects that the matrix asks about: orders in every state, people, keys, notices; and every kind of asker."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import uuid
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from fastapi import FastAPI
from sqlalchemy import insert
from sqlalchemy.orm import Session

from api.deps import Parts
from api.examples import EXAMPLES
from domain.model import Role
from domain.transitions import TABLE
from identity import passwords, sessions
from identity.scopes import ALL_ACTS, IN_PERSON, SCOPES, scope_of
from notary.sequencer import sequence
from store import accounts
from store import tables as t
from store.historian import Historian
from tests.access.expected import COLUMNS, LINK, MACHINES, NOBODY, TOKEN, Column
from vault import customers

NAME, EMAIL = "欧阳瑞雪", "ruixue.ouyang@planted.example"
SPARE, HOUSE = "13655500011", "天河路88号3栋401室"
TEXT = f"周一起断网。请打 {SPARE}，我叫{NAME}，住{HOUSE}。"
PASSWORD, NEXT_PASSWORD = "marmalade-on-the-roof", "turnips-under-the-bridge"
BOTH = {"own": "GD", "foreign": "BJ"}
FILE_NAME, FILE = "line-test.txt", b"line test: 500 Mbit/s\n"

_WHISTLE = {"kind": "routine", "matter": "repeated_fault", "units": ["GD.inst", "GD.net"], "lead": "GD.net"}
_HANDLER = {"GD": "gd-net-1", "BJ": "bj-net-1"}

STAGE_OF: dict[str, str] = {
    "decide_return": "returning",
    "decide_extension": "extending",
    "decide_ledger": "ledgering",
    "terminate": "terminating",
    "decide_whistle": "asked",
    "review_callback": "awaiting_callback",
    **dict.fromkeys(
        ("review_whistle", "answer_whistle", "contact_whistle", "report_in", "finish_part", "excuse", "dispose",
         "verify_whistle", "rate_attendance", "appeal_rating", "decide_appeal"),
        "whistled",
    ),
}  # fmt: skip
"""Where an order must stand for a command, beyond its state."""

LASTING = ("note", "attach", "urge", "supervise", "contact", "report_progress", "relabel", "reprioritise", "retier")
"""Commands after which an order stands where it stood."""


def now() -> datetime:
    """This instant."""
    return datetime.now(UTC)


def daytime() -> str:
    """A zone in which customers may be called now, and for three hours yet."""
    zones = ("Asia/Shanghai", "Europe/London", "America/New_York", "America/Los_Angeles", "Pacific/Auckland")
    return next(zone for zone in zones if 9 <= now().astimezone(ZoneInfo(zone)).hour < 17)


@dataclass(frozen=True)
class Placed:
    """An order of the world: its number, whose it is, and the customer's id in the vault."""

    id: str
    phone: str
    customer: str


@dataclass
class World:
    """Everything there is to ask about, and `send`, with which any column asks."""

    app: FastAPI
    http: httpx.AsyncClient
    tokens: dict[str, str] = field(default_factory=dict)
    seen: list[tuple[str, Column, httpx.Response]] = field(default_factory=list)
    planted: set[str] = field(default_factory=lambda: {NAME, EMAIL, SPARE, HOUSE})
    gone: str = "13800138001"
    version: str = ""
    files: dict[str, str] = field(default_factory=dict)
    rehearsals: dict[str, Placed] = field(default_factory=dict)
    _pool: dict[str, list[Placed]] = field(default_factory=lambda: defaultdict(list))
    _numbers: Any = field(default_factory=lambda: itertools.count(13_977_000_001))

    @property
    def parts(self) -> Parts:
        """The application's parts."""
        found: Parts = self.app.state.parts
        return found

    def phone(self) -> str:
        """A number that nobody has had; it is planted from now on."""
        made = str(next(self._numbers))
        self.planted.add(made)
        return made

    async def write(self, step: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Do a step of the store as the system."""
        return await self.parts.write(step, *arguments, **options)

    # --- who asks

    async def credentials(self, column: Column, operation: str, order: Placed) -> dict[str, str]:
        """The headers that say who asks; a customer is whoever complains in that order."""
        if column is NOBODY:
            return {}
        if column is TOKEN:
            other = "notices" if scope_of(operation) != "notices" else "directory:read"
            return {"Authorization": f"Bearer {await self.token(column.person, other)}"}
        if column.role in MACHINES:
            scopes = (*(name for name in SCOPES if not name.startswith(ALL_ACTS)), ALL_ACTS)
            return {"Authorization": f"Bearer {await self.token(column.person, *scopes)}"}
        if operation in IN_PERSON and operation in BROWSER:
            return await self.browser(column, order)
        if column is LINK:
            return await self.browser(column, order)
        if column.role is Role.CUSTOMER:
            return {"Authorization": f"Bearer dev:customer:{order.phone}"}
        return {"Authorization": f"Bearer dev:{column.person}"}

    async def browser(self, column: Column, order: Placed) -> dict[str, str]:
        """The headers of a new session, as a page of our own sends them."""
        whose = {"customer": order.customer} if column.role is Role.CUSTOMER else {"person": column.person}
        how = sessions.PASSWORD if column.person else sessions.LINK if column is LINK else sessions.CODE
        one = {"order_id": order.id} if column is LINK else {}
        opened = await self.write(sessions.create, now=now(), how=how, hours=2, **whose, **one)
        return {
            "Cookie": f"{sessions.COOKIE}={opened.cookie}",
            "X-CSRF-Token": opened.csrf,
            "Sec-Fetch-Site": "same-origin",
        }

    async def token(self, person: str, *scopes: str) -> str:
        """A service token with these scopes, the one that was made before or a new one."""
        name = f"{person} {scopes}"
        if name not in self.tokens:
            body = {"name": "matrix", "person": person, "scopes": list(scopes), "days": 1}
            self.tokens[name] = (await self.ask("hq-supervisor-1", "POST", "/v1/tokens", body))["token"]
        return self.tokens[name]

    async def ask(self, person: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """What a person gets who must not be refused."""
        sent = {"Authorization": f"Bearer dev:{person}", "Idempotency-Key": str(uuid.uuid4()), **headers}
        content = {"content": body} if isinstance(body, bytes) else {"json": body}
        answer = await self.http.request(method, path, **content, headers=sent)
        assert answer.status_code < 300, (person, method, path, answer.text)
        return answer.json()

    # --- orders

    def complaint(self, phone: str, province: str = "GD", **changes: Any) -> dict[str, Any]:
        """What is said of a complaint, with everything in it that must not leave."""
        return {
            "title": "断网三天 Three days without network",
            "text": TEXT,
            "category": "network.fault",
            "province": province,
            "channel": "hotline",
            "customer": {"name": NAME, "phone": phone, "email": EMAIL, "zone": daytime()},
            **changes,
        }

    async def register(self, province: str = "GD", phone: str = "", **changes: Any) -> Placed:
        """A new order, taken by an agent of its province."""
        phone = phone or self.phone()
        body = self.complaint(phone, province, **changes)
        order = (await self.ask(f"{province.lower()}-agent-1", "POST", "/v1/orders", body))["order"]
        return Placed(order["id"], phone, await self.write(_customer, self.parts, phone))

    async def act(self, order: Placed, person: str, verb: str, **body: Any) -> None:
        """A command that must not be refused."""
        await self.ask(person, "POST", f"/v1/orders/{order.id}/{verb}", {**EXAMPLES[verb], **self.body(verb), **body})

    def body(self, verb: str) -> dict[str, Any]:
        """The fields of a command that the example cannot know."""
        soon = (now() + timedelta(days=20)).isoformat()
        instant = now().isoformat()
        found: dict[str, dict[str, Any]] = {
            "extend": {"until": (now() + timedelta(hours=50)).isoformat()},
            "ledger": {"until": soon},
            "reply": {"received_at": instant, "done_by": instant},
            "dispatch": {"lead": "GD.net", "co": [], "copy": [], "reason": "again"},
            "migrate_policy": {"version": self.version},
            "request_whistle": _WHISTLE,
            "excuse": {"unit": "GD.inst", "substitute": "GD.it"},
        }
        return found.get(verb, {})

    async def take(self, stage: str, province: str = "GD") -> Placed:
        """An order in a stage, for whoever asks alone: one that was given back, or a new one."""
        waiting = self._pool[stage + province]
        return waiting.pop() if waiting else await self._drive(stage, province)

    def give_back(self, stage: str, order: Placed, province: str = "GD") -> None:
        """Let others have an order that still stands where it stood."""
        self._pool[stage + province].append(order)

    def stage(self, verb: str, role: Role | None) -> str:
        """Where an order stands that a role may do this to."""
        states = next(row.states for row in TABLE if row.verb == verb and role in row.roles)
        return STAGE_OF.get(verb, "in_progress" if "in_progress" in states else str(states[0]))

    async def _drive(self, stage: str, province: str) -> Placed:
        order = await self.register(province, dispatch=stage not in ("registered", "triage"))
        net, at = _HANDLER[province], province.lower()
        for person, verb in _ROADS[stage]:
            await self.act(order, person.format(net=net, at=at), verb)
        return order

    # --- everything else

    async def build(self) -> None:
        """Make what is asked about."""
        self.version = (await self.ask("hq-admin", "GET", "/v1/policies/current"))["version"]
        await self.write(_one_more_administrator)
        hashed = await passwords.hashed(PASSWORD)
        for person in {column.person for column in COLUMNS if column.person} | {"gd-agent-2", "hq-auditor-2"}:
            await self.write(accounts.put, person, hashed, now(), must_change=False)
        for absent, substitute in ABSENT.items():
            away = {"from": (now() - timedelta(hours=1)).isoformat(), "substitute": substitute}
            await self.ask("hq-admin", "PUT", f"/v1/people/{absent}/absence", away)
        self.own, self.foreign = await self.take("in_progress"), await self.take("in_progress", "BJ")
        self.sibling = await self.register(phone=self.own.phone)
        self.rehearsals = {whose: await self.register(at, rehearsal=True) for whose, at in BOTH.items()}
        for order, at in ((self.own, "gd"), (self.foreign, "bj"), (self.sibling, "gd")):
            self.files[order.id] = await self._upload(order, f"{at}-agent-1")
            self.files[f"customer {order.id}"] = await self._upload(order, f"customer:{order.phone}", b"mine\n")
        for order, person in ((self.own, "gd-net-1"), (self.foreign, "bj-net-1")):
            for whose in (*(one for one in COLUMNS if one.person), None):
                audience = f"person:{whose.person if whose and order is self.own else person}"
                await self.write(_notice, self.notice(order, whose), order.id, audience)
        for order in (self.own, self.sibling, self.foreign):
            for column in (one for one in COLUMNS if one.role is Role.CUSTOMER):
                await self.write(_notice, self.notice(order, column), order.id, "customer")
        for watched in (sequence, Historian().step):
            await self.write(watched)

    def notice(self, order: Placed, column: Column | None) -> str:
        """The id of a column's notice of an order."""
        return f"{order.id}/9/{column.name.replace(' ', '-') if column else 'other'}/console"

    async def _upload(self, order: Placed, person: str, content: bytes = FILE) -> str:
        headers = {"X-File-Name": FILE_NAME, "Content-Type": "text/plain"}
        found = await self.ask(person, "POST", f"/v1/orders/{order.id}/files", content, **headers)
        return str(found["id"])

    async def code(self, order: Placed) -> str:
        """A code that came to the phone of an order."""
        body = {"order_id": order.id, "phone": order.phone}
        return str((await self.http.post("/v1/track", json=body)).json()["code"])


BROWSER = ("get_session", "log_out", "log_out_everywhere", "change_password")
"""Operations that are a browser's own."""

_BEGUN = (("{net}", "sign"), ("{net}", "contact"))
_REPLIED = (*_BEGUN, ("{net}", "reply"))
_ROADS: dict[str, tuple[tuple[str, str], ...]] = {
    "registered": (),
    "triage": (("{at}-dispatcher-1", "triage"),),
    "dispatched": (),
    "in_progress": _BEGUN,
    "pending_info": (*_BEGUN, ("{net}", "request_info")),
    "returning": (*_BEGUN, ("{net}", "request_return")),
    "extending": (*_BEGUN, ("{net}", "extend")),
    "ledgering": (*_BEGUN, ("{net}", "ledger")),
    "ledgered": (*_BEGUN, ("{net}", "ledger"), ("{at}-manager", "decide_ledger")),
    "terminating": (*_BEGUN, ("{net}", "request_termination")),
    "replied": _REPLIED,
    "awaiting_callback": (*_REPLIED, ("{at}-replyauditor-1", "audit_reply")),
    "closed": (*_REPLIED, ("{at}-replyauditor-1", "audit_reply"), ("{at}-caller-1", "record_callback")),
    "asked": (*_BEGUN, ("{at}-agent-1", "request_whistle")),
    "whistled": (*_BEGUN, ("{at}-agent-1", "request_whistle"), ("{at}-teamlead-1", "decide_whistle")),
}
"""How an order gets to a stage: who does what."""

ABSENT: dict[str, str] = {
    "gd-agent-2": "gd-agent-1",
    "gd-teamlead-2": "gd-teamlead-1",
    "gd-dispatcher-2": "gd-dispatcher-1",
    "gd-replyauditor-2": "gd-replyauditor-1",
    "gd-caller-2": "gd-caller-1",
    "gd-net-2": "gd-net-1",
    "gd-inst-head": "gd-manager",
    "gx-manager": "south-manager",
    "hq-supervisor-2": "hq-supervisor-1",
    "hq-auditor-2": "hq-auditor-1",
    "hq-admin-2": "hq-admin",
    "gd-net-3": "gd-net-head",
}
"""Who is away, and who stands in: somebody for every column of staff."""

STANDS_IN = {substitute: absent for absent, substitute in ABSENT.items()}


def _customer(session: Session, parts: Parts, phone: str) -> str:
    return customers.obtain(session, parts.rack.keyring, phone).customer


def _one_more_administrator(session: Session) -> None:
    more = (("hq-admin-2", "administrator", "HQ", "HQ"), ("gd-net-3", "unit_member", "GD.net", "GD"))
    for person, role, unit, province in more:
        values = {"id": person, "role": role, "unit": unit, "province": province, "active": True}
        session.execute(insert(t.people).values(name_zh="某人", name_en="Somebody", email="", **values))


def _notice(session: Session, notice: str, order_id: str, audience: str) -> None:
    values = {"id": notice, "order_id": order_id, "seq": 1, "audience": audience, "channel": "console"}
    words = dict.fromkeys(("title_zh", "title_en", "body_zh", "body_en"), "x")
    holders = [audience.removeprefix("person:")] if audience.startswith("person:") else []
    said = {"template": "order.registered", "state": "sent", "rehearsal": False, "post": audience, "holders": holders}
    session.execute(insert(t.notices).values(**values, **words, **said))


def like(number: str) -> str:
    """A number of the same form that nobody has."""
    digest = hashlib.sha256(number.encode()).hexdigest().upper()
    return number[:-7] + digest[:7].translate(str.maketrans("01", "QZ"))


async def all_of(tasks: list[Callable[[], Awaitable[Any]]], at_once: int = 12) -> None:
    """Do them all, so many at once."""
    gate = asyncio.Semaphore(at_once)

    async def one(task: Callable[[], Awaitable[Any]]) -> None:
        async with gate:
            await task()

    async with asyncio.TaskGroup() as group:
        for task in tasks:
            group.create_task(one(task))
