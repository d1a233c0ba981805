"""What must not be in an answer, looked for in every answer that was ever given while the matrix was asked."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import httpx

from domain.model import OPEN, Role
from domain.sight import CALLBACK_CLOCKS, CUSTOMER_CLOCKS, CUSTOMER_EVENTS, RATING_EVENTS, VIEWS, View
from tests.access.expected import Column

DESKS_OWN: dict[str, Any] = {
    **dict.fromkeys(("against", "terms", "registered_by", "dispatched_by", "audited_by", "called_by"), ""),
    **{name: [] for name in ("handlers", "whistles", "requests")},
    "priority": "normal",
    "level": 0,
    "colour": "",
    "notes": 0,
}
"""Fields of an order that are the desks' own, and what a customer finds in them."""
STAFF = re.compile(r"\b[a-z]{2}-(?:[a-z]+-(?:\d|head)|manager)\b")
"""The id of a member of staff."""
CUSTOMER = re.compile(r"customer:[\w-]{12,}")
"""The id of a customer who acted."""


def words(answer: httpx.Response) -> str:
    """All that an answer says, with what is packed in it."""
    if answer.content[:2] != b"PK":
        return answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        return "\n".join(packed.read(name).decode(errors="replace") for name in packed.namelist())


def paths(node: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Every object in a JSON document, with the path that leads to it."""
    if isinstance(node, dict):
        yield at, node
        for name, value in node.items():
            yield from paths(value, f"{at}.{name}")
    elif isinstance(node, list):
        for value in node:
            yield from paths(value, f"{at}[]")


def planted(operation: str, answer: httpx.Response, known: set[str]) -> Iterator[str]:
    """The planted personal data that an answer shows in clear."""
    if operation != "reveal":
        text = words(answer)
        yield from (f"{one} in clear" for one in known if one in text)


def beyond(operation: str, column: Column, answer: httpx.Response) -> Iterator[str]:
    """What an answer shows that is not for the side from which its reader looks."""
    side = View.DESK if column.role in (None, Role.ADMINISTRATOR) else VIEWS[column.role]
    if operation in ("doors", "log_in", "log_in_demo"):
        return  # whoever asks, it is answered to the one who logs in
    if side is View.DESK or answer.status_code >= 400 or "json" not in answer.headers.get("content-type", ""):
        return
    found = _to_unit if side is View.UNIT else _to_customer
    text = answer.text
    if side is View.UNIT and CUSTOMER.search(text):
        yield f"the customer's id: {CUSTOMER.findall(text)[:2]}"
    if side is View.CUSTOMER and STAFF.search(text):
        yield f"the id of a member of staff: {STAFF.findall(text)[:2]}"
    for at, node in paths(json.loads(text)):
        yield from (f"{at}.{what}" for what in found(operation, node))


def _is_order(node: dict[str, Any]) -> bool:
    return {"customer", "assignments", "clocks", "state"} <= set(node)


def _to_unit(operation: str, node: dict[str, Any]) -> Iterator[str]:
    customer = node.get("customer")
    if isinstance(customer, dict) and (customer.get("id") or customer.get("name", "***") != "***"):
        yield f"customer {customer}"
    if _is_order(node) and node["state"] in OPEN:
        if node["callback"] is not None or node["called_by"]:
            yield "callback or called_by while the round runs"
        yield from (f"clocks {one}" for one in node["clocks"].values() if one["kind"] in CALLBACK_CLOCKS)
    if operation == "get_deadlines" and node.get("kind") in CALLBACK_CLOCKS:
        yield f"limit {node['kind']}"
    if operation == "get_events" and node.get("type") in RATING_EVENTS:
        yield f"event {node['type']}"


def _to_customer(operation: str, node: dict[str, Any]) -> Iterator[str]:
    if _is_order(node):
        yield from (f"{name} = {node[name]}" for name, blank in DESKS_OWN.items() if node[name] != blank)
        yield from (f"clocks {one}" for one in node["clocks"].values() if one["kind"] not in CUSTOMER_CLOCKS)
    if operation == "get_deadlines" and "kind" in node and node["kind"] not in CUSTOMER_CLOCKS:
        yield f"limit {node['kind']}"
    if operation == "get_events" and {"type", "data", "actor"} <= set(node):
        shown = CUSTOMER_EVENTS.get(node["type"])
        if shown is None:
            yield f"event {node['type']}"
        elif not set(node["data"]) <= set(shown) or node["actor"]["id"]:
            yield f"event {node['type']} with {node['data']} by {node['actor']}"
