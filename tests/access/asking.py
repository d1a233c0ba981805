"""How the matrix asks for an operation: the path, the body and the headers, about one's own, another's or nobody's."""

from __future__ import annotations

import asyncio
import json
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from api.errors import REFUSALS
from api.examples import EXAMPLES
from domain.commands import COMMANDS
from domain.model import Role
from identity import tracking
from store import lab
from tests.access.expected import (
    EMPTY,
    LINK,
    MISSING,
    REFUSED,
    UNKNOWN,
    YES,
    About,
    Column,
    Operation,
    Said,
)
from tests.access.world import (
    FILE,
    NEXT_PASSWORD,
    PASSWORD,
    STANDS_IN,
    Placed,
    World,
    like,
    now,
)

OWN, FOREIGN, NOBODYS = "own", "foreign", "nobody's"

TOLD_NO = {
    "drop_key": "key_in_use",
    "publish_policy": "invalid_request",
    "upload_file": "cap_reached",
    "start_lab_run": "lab_busy",
    "start_shadow": "lab_busy",
}
"""What an operation may answer to whoever may ask, besides success: it was about the matter, not about him."""


@dataclass
class Asked:
    """A request, the ids in it, which an answer may repeat, and which order's customer asks where a customer does."""

    path: str
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    ids: tuple[str, ...] = ()
    customer_of: Placed | None = None


async def asked(world: World, operation: Operation, column: Column, whose: str) -> Asked:
    """The request for an operation about an object of that kind."""
    made = await _about(world, operation, column, whose)
    if made.body is None and "requestBody" in operation.declared:
        made.body = _BODIES.get(operation.id, lambda world: {})(world)
    return made


async def _about(world: World, operation: Operation, column: Column, whose: str) -> Asked:
    order = _order(world, column, whose)
    own = whose == OWN
    path = operation.path
    match operation.about:
        case About.ORDER | About.CLOCK | About.FILE | About.REHEARSAL:
            if operation.about is About.REHEARSAL:
                order = world.rehearsals[OWN if own else FOREIGN]
            number = like(order.id) if whose == NOBODYS else order.id
            mine = f"customer {order.id}" if column.role is Role.CUSTOMER else order.id
            parts = {"order_id": number, "key": "due/a1", "file_id": world.files.get(mine, "0" * 32)}
            body = {**EXAMPLES[operation.id], **world.body(operation.id)} if operation.id in COMMANDS else None
            return Asked(path.format_map(parts), body, ids=(number,))
        case About.INBOX | About.UNIT:
            unit = {OWN: "GD.net", FOREIGN: "BJ.net"}.get(whose, "GD.nix")
            return Asked(path.format(unit_id=unit), ids=(unit,))
        case About.ABSENCE | About.SAID:
            person = {OWN: column.person, FOREIGN: "bj-net-1"}.get(whose, "bj-nix-1") or "gd-net-2"
            return Asked(path.format(person_id=person), ids=(person,))
        case About.TAKEN | About.ACTING:
            absent = {OWN: STANDS_IN.get(column.person, "gd-net-2"), FOREIGN: "gd-bill-1"}.get(whose, "gd-nix-1")
            body = {"for": absent, "reason": "he is away"} if operation.about is About.TAKEN else None
            return Asked(path.format(absent=absent), body, ids=(absent,))
        case About.VIEW:
            return Asked(path.format(view_id="mine"))
        case About.NOTICE:
            return _notice(world, operation, column, whose, order)
        case About.POLICY:
            return Asked(path.format(version=world.version if own else "1066.1"))
        case About.TEMPLATE:
            return Asked(path.format(template="customer.urged" if own else "customer.nobody"))
        case About.KEY:
            return Asked(path.format(key_id=world.parts.rack.keyring.keks[-1] if own else "k00000000"))
        case About.TOKEN:
            made = world.tokens["spare"].split("_")[1] if own else "zzzzzzzzzzzz"
            return Asked(path.format(token_id=made))
        case About.ACCOUNT:
            return Asked(path.format(person="gd-agent-2" if own else "gd-nix-1"))
        case About.LAB_RUN:
            return Asked(path.format(run_id=await lab_run(world) if own else "nix") + _QUERIES.get(operation.id, ""))
        case About.SHADOW:
            return Asked(path.format(shadow_id=await shadow(world) if own else "nix"))
        case About.VAULT:
            return Asked(path, {"phone": world.gone if own else "13800138000", "reason": "he asked for it"})
        case About.TRACKED | About.CODE | About.LINK:
            return await _tracked(world, operation, whose, order)
        case _:
            return Asked(path)


def _order(world: World, column: Column, whose: str) -> Placed:
    if whose == OWN:
        return world.own
    return world.sibling if column is LINK else world.foreign


def _notice(world: World, operation: Operation, column: Column, whose: str, order: Placed) -> Asked:
    if column.role is Role.CUSTOMER:
        notice = world.notice(order, column)
    else:
        notice = world.notice(world.own if whose == OWN else world.foreign, column if whose == OWN else None)
    if whose == NOBODYS:
        notice = notice.replace(order.id, like(order.id)).replace(world.foreign.id, like(world.foreign.id))
    return Asked(operation.path.format(notice_id=notice), ids=(notice,))


async def _tracked(world: World, operation: Operation, whose: str, order: Placed) -> Asked:
    """A number with its phone; with another's; a number that nobody has."""
    number = like(order.id) if whose == NOBODYS else world.own.id
    phone = world.foreign.phone if whose == FOREIGN else world.own.phone
    body = {"order_id": number, "phone": phone}
    if operation.about is About.CODE:
        await world.write(_no_codes)
        code = await world.code(world.own)
        body |= {"code": code}
    elif operation.about is About.TRACKED:
        await world.write(_no_codes)
    else:
        until = int((now() + timedelta(days=1)).timestamp())
        ring = world.parts.rack.keyring
        link = tracking.sign(ring, number, world.own.customer, until)
        body = {"link": link.replace(world.own.id, world.foreign.id) if whose == FOREIGN else link}
    return Asked(operation.path, body, ids=(number, phone))


async def lab_run(world: World) -> str:
    """A run that there is; it waits, for no worker of these tests does the lab's work."""
    runs = await world.parts.system(lab.runs)
    if runs:
        return str(runs[0].id)
    made = await world.write(lab.ask, "past", "hq-auditor-1", "auditor", "", "d", "{}")
    return str(made.id)


async def shadow(world: World) -> str:
    """A policy in the shadow that there is, whether it runs or not."""
    shadows = await world.parts.system(lab.shadows)
    if shadows:
        return str(shadows[0].id)
    made = await world.write(lab.begin_shadow, "hq-auditor-1", "auditor", "2026.3", "d", "{}")
    return str(made.id)


_QUERIES = {"get_lab_load": "?unit=GD.net"}


def _no_codes(session: Any) -> None:
    """Forget which codes were sent: how often one may ask for them is not what is asked here."""
    from store.access_tables import challenges

    session.execute(challenges.delete())


WORDING = {"title_zh": "催办", "title_en": "Reminder", "body_zh": "{order} {number}", "body_en": "{order} {number}"}

IMPORTED = ("title", "text", "category", "province", "channel", "customer")

_BODIES: dict[str, Any] = {
    "register": lambda world: world.complaint(world.own.phone),
    "search_orders": lambda world: {"customer": world.own.phone},
    "foresee": lambda world: {"category": "network.fault", "province": "GD"},
    "find_similar": lambda world: {"customer": world.own.phone},
    "put_view": lambda world: {"name": "late"},
    "import_history": lambda world: {"cases": [{
        **{name: value for name, value in world.complaint("00000900").items() if name in IMPORTED},
        "system": "elsewhere", "case": "7", "outcome": "not_rated",
        "steps": [{"activity": "Closed", "at": "2020-03-02T10:00:00Z", "state": "closed"}],
    }]},
    "export_log": lambda world: {"format": "csv", "reason": "tried", "province": "GD"},
    "reveal": lambda world: {"fields": ["customer.phone"], "reason": "to call him"},
    "check_policy": lambda world: {"document": {}},
    "publish_policy": lambda world: {"document": {}},
    "read_policy": lambda world: {"text": "version: '1'"},
    "preview_template": lambda world: {**WORDING, "template": "customer.urged"},
    "put_template": lambda world: {**WORDING, "reason": "tried"},
    "preview_policy": lambda world: {
        "order_class": "general", "province": "GD", "opened_at": now().isoformat(),
    },
    "migrate": lambda world: {
        "at": now().isoformat(), "reason": "tried", "orders": [{"order_id": world.sibling.id, "expected": "x"}],
    },
    "put_absence": lambda world: {
        "from": (now() + timedelta(days=90)).isoformat(), "until": (now() + timedelta(days=91)).isoformat(),
    },
    "make_token": lambda world: {"name": "x", "person": "web-channel", "scopes": ["directory:read"], "days": 1},
    "rotate_key": lambda world: {"kind": "personal"},
    "decode_payloads": lambda world: {"payloads": []},
    "encode_payloads": lambda world: {"payloads": []},
    "log_in": lambda world: {"person": "hq-auditor-2", "password": PASSWORD},
    "log_in_demo": lambda world: {"person": "hq-auditor-2"},
    "change_password": lambda world: {"old": PASSWORD, "new": NEXT_PASSWORD},
    "upload_file": lambda world: FILE + uuid.uuid4().hex.encode(),
    "fast_forward": lambda world: {"seconds": 1},
    "rebuild": lambda world: {"limit": 1},
    "start_shadow": lambda world: {"layers": [{"version": world.version}]},
}  # fmt: skip


MOST_WAITS = 50


async def send(world: World, operation: Operation, column: Column, request: Asked, key: str = "") -> httpx.Response:
    """Ask, and keep the answer for whoever looks at what leaves."""
    headers = await world.credentials(column, operation.id, request.customer_of or world.own)
    headers |= {"Idempotency-Key": key or str(uuid.uuid4()), **request.headers, **_HEADERS.get(operation.id, {})}
    if operation.id == "decode_payloads":
        headers["X-Namespace"] = world.parts.settings.temporal_namespace
    content: dict[str, Any] = {}
    if isinstance(request.body, bytes):
        content = {"content": request.body}
    elif request.body is not None:
        content = {"json": request.body}
    answer = await world.http.request(operation.method, request.path, headers=headers, **content)
    for _ in range(MOST_WAITS if operation.id == "upload_file" else 0):
        if answer.status_code != 429:
            break
        await asyncio.sleep(0.1)  # a process takes in few documents at once
        answer = await world.http.request(operation.method, request.path, headers=headers, **content)
    world.http.cookies.clear()
    world.seen.append((operation.id, column, answer))
    return answer


_HEADERS: dict[str, dict[str, str]] = {
    "upload_file": {"X-File-Name": "line-test.txt", "Content-Type": "text/plain"},
    **{
        name: {"Sec-Fetch-Site": "same-origin"}
        for name in ("log_in", "log_in_demo", "track", "track_code", "track_link")
    },
}


def said(operation: Operation, answer: httpx.Response) -> Said | str:
    """What an answer comes to; a text for one that no cell allows."""
    code = answer.json().get("code", "") if answer.status_code >= 400 else ""
    if operation.id == "readyz":
        return YES  # it says of itself which parts are not well
    by_rules = operation.id in COMMANDS and code in REFUSALS and (code != "role_forbidden" or "state" in answer.json())
    if by_rules or TOLD_NO.get(operation.id) == code != "":
        return YES
    match answer.status_code:
        case 401:
            return UNKNOWN
        case 403:
            return REFUSED
        case 404:
            return MISSING
        case status if status < 400:
            return EMPTY if _is_nothing(operation.about, answer) else YES
    return f"{answer.status_code} {answer.text[:300]}"


def _is_nothing(about: About, answer: httpx.Response) -> bool:
    if about not in (About.SAID, About.ACTING, About.NOTICE, About.VAULT):
        return False
    found = json.loads(answer.content)
    return not found or found in ({"marked": 0}, {"erased": False})
