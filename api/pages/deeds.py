"""What a customer does on his pages: each form is one command of the rules, as its JSON route would send it.

What is refused comes back with the reason, what he had typed, and the order as it is now.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from sqlalchemy.orm import Session

from api import contents, uploads
from api.access import demand_command
from api.commands import ORDER_ID
from api.deps import Parts, PartsDep
from api.errors import Problem, no_order
from api.login import CookiesDep
from api.pages.dress import page, told
from api.pages.forms import Sent, document_of, fields_of, key_of
from api.pages.mine import Visit, come_in, done_mark, order_page, visit
from api.pages.speech import language, say
from api.record import access
from api.schemas import REQUESTS, to_body
from identity import sessions
from identity.sessions import COOKIE, Live
from store import accesses
from store.accesses import Access, Outcome

router = APIRouter(include_in_schema=False)

MARGIN = 16 * 1024
"""Bytes of a form around its document."""
_TRUTHS = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class Deed:
    """A command with a form: its fields, those that must be filled, and which are answered by yes or no."""

    fields: tuple[str, ...]
    required: tuple[str, ...] = ()
    truths: tuple[str, ...] = ()
    template: str = "order"


DEEDS: Mapping[str, Deed] = {
    "supply_info": Deed(("text",), required=("text",)),
    "urge": Deed(("text",)),
    "rate_by_sms": Deed(
        ("contacted", "solved", "satisfaction", "why"),
        required=("contacted", "solved", "satisfaction"),
        truths=("contacted", "solved"),
    ),
    "reopen": Deed(("reason",), required=("reason",)),
    "withdraw": Deed(("reason", "confirmed"), required=("reason", "confirmed"), template="withdraw"),
}


class _Wrong(Exception):  # noqa: N818 - it names the form
    """A form that did not take effect: by which problem, and at which field."""

    def __init__(self, code: str, status: int, field: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.field = field


@router.post("/my/leave")
async def page_leave(request: Request, parts: PartsDep, known: CookiesDep) -> Response:
    """End the visit on this device."""
    known.demand_no_foreign_page(request)
    live = await known.known(request)
    if live is None:  # nothing is ended, so nothing of the browser's is taken away either
        return page(request, "left", here="/t")
    known.demand_own_form(request, live.csrf, (await fields_of(request)).get("token", ""))
    await parts.write(_end, access(request, live.who, Outcome.LOGGED_OUT), live)
    known.forget()
    answer = page(request, "left", here="/t")
    answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


@router.post("/my/{order_id}/files")
async def page_attach(request: Request, order_id: str, parts: PartsDep, known: CookiesDep) -> Response:
    """Take a document in."""
    known.demand_no_foreign_page(request)
    found = await visit(request, parts, known, "upload_file")
    if found is None:
        return come_in(request, order_id)
    if not ORDER_ID.fullmatch(order_id):
        raise no_order(order_id[:64])
    try:
        demand_command(found.who, "attach")
        customer = await uploads.of_whom(parts, found.who, order_id)
        with uploads.PLACES.taken(found.who):
            body = await uploads.received(request, parts.settings.file_max_mb * 2**20 + MARGIN)
            fields, sent = await document_of(request, body)
            known.demand_own_form(request, found.live.csrf, fields.get("token", ""))
            await _attach(parts, found, order_id, customer, key_of(fields), sent)
    except Problem as problem:
        return await _refused(request, parts, found, order_id, "attach", _Wrong(problem.code, problem.status), {})
    except _Wrong as wrong:
        return await _refused(request, parts, found, order_id, "attach", wrong, {})
    return _done(found, order_id, "attach")


@router.post("/my/{order_id}/{verb}")
async def page_act(request: Request, order_id: str, verb: str, parts: PartsDep, known: CookiesDep) -> Response:
    """Carry one of the customer's commands out."""
    deed = DEEDS.get(verb)
    if deed is None:
        raise Problem("not_found", "There is nothing at this address.", remedy="Begin at /t.")
    known.demand_no_foreign_page(request)
    fields = await fields_of(request)
    typed = {name: fields.get(name, "") for name in deed.fields}
    found = await visit(request, parts, known, verb)
    if found is None:
        return come_in(request, order_id, typed)
    if not ORDER_ID.fullmatch(order_id):
        raise no_order(order_id[:64])
    try:
        known.demand_own_form(request, found.live.csrf, fields.get("token", ""))
        await _act(parts, found, order_id, verb, key_of(fields), _asked(verb, deed, typed, language(request.scope)))
    except Problem as problem:
        wrong = _Wrong(problem.code, problem.status, str(problem.extras.get("field", "")))
        return await _refused(request, parts, found, order_id, verb, wrong, typed)
    except _Wrong as wrong:
        return await _refused(request, parts, found, order_id, verb, wrong, typed)
    return _done(found, order_id, verb)


def _asked(verb: str, deed: Deed, typed: dict[str, str], lang: str) -> dict[str, Any]:
    """The command's body as its JSON route takes it; raises _Wrong for what is missing."""
    for name in deed.required:
        if not typed[name] or (name in deed.truths and typed[name] not in _TRUTHS):
            raise _Wrong("reason_required" if name == "reason" else "invalid_request", 422, name)
    given: dict[str, Any] = {
        name: _TRUTHS[value] if name in deed.truths else value for name, value in typed.items() if value
    }
    if verb == "withdraw":
        del given["confirmed"]
        given["proof"] = say(lang, "do.withdraw.proof")
    return given


async def _act(parts: Parts, found: Visit, order_id: str, verb: str, key: str, given: dict[str, Any]) -> None:
    who = found.who
    demand_command(who, verb)
    try:
        asked = REQUESTS[verb].model_validate_json(json.dumps(given))
    except ValidationError as error:
        field = str(error.errors()[0]["loc"][0]) if error.errors()[0]["loc"] else ""
        raise _Wrong("invalid_request", 422, field) from None
    reply = await parts.gateway.act(order_id, verb, key, who, to_body(verb, asked), asked.reason)
    _demand_done(reply.status, reply.body)


async def _attach(parts: Parts, found: Visit, order_id: str, customer: str, key: str, sent: Sent) -> None:
    if len(sent.content) > parts.settings.file_max_mb * 2**20:
        raise _Wrong("too_large", 413)
    try:
        name = contents.clean_name(quote(sent.name))
    except contents.Unfit:
        raise _Wrong("file_refused", 422) from None
    # What a browser declares of a document it takes from the name, and not every one knows all of them.
    ending = name.rpartition(".")[2].lower()
    declared = next((kind.media_type for kind in contents.KINDS if ending in kind.extensions), sent.media_type)
    line, fresh = await uploads.keep(parts, found.who, order_id, customer, name, declared, sent.content)
    reply, _ = await uploads.tell(parts, found.who, line, key, None, fresh=fresh)
    _demand_done(reply.status, reply.body)


def _demand_done(status: int, body: bytes) -> None:
    """Return if a command was carried out; raises _Wrong with the problem that it was answered with."""
    if status >= 400:
        problem = json.loads(body)
        raise _Wrong(problem["code"], status, problem.get("field", ""))


def _done(found: Visit, order_id: str, verb: str) -> Response:
    return RedirectResponse(f"/my/{order_id}?done={done_mark(found.live, order_id, verb)}#said", 303)


async def _refused(
    request: Request, parts: Parts, found: Visit, order_id: str, verb: str, wrong: _Wrong, typed: dict[str, str]
) -> Response:
    """The order as it is now, with why the form did not take effect, and what was typed."""
    said = {**told(language(request.scope), wrong.code), "verb": verb, "field": wrong.field}
    deed = DEEDS.get(verb)
    template = deed.template if deed is not None and wrong.code in FORM_ALONE else "order"
    return await order_page(
        request, parts, found, order_id, template=template, status=wrong.status, wrong=said, typed=typed
    )


FORM_ALONE = ("invalid_request", "invalid_field", "reason_required", "csrf", "idempotency_key_required")
"""What is mended in the form itself; after anything else the whole order is shown as it is now."""


def _end(session: Session, noted: Access, live: Live) -> None:
    sessions.end(session, live.digest, datetime.now(UTC))
    accesses.add(session, noted)
