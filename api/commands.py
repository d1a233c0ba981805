"""One route a command, all made by one factory from the rules' own commands: the verb in the URL is the verb inside."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, NoReturn

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session
from starlette.routing import BaseRoute, Match, NoMatchFound, request_response
from starlette.types import Receive, Scope, Send

from api import directory
from api.access import demand_command
from api.deps import Parts, asker, body_of, expected_seq, idempotency_key, parts
from api.errors import Problem, declared, no_order
from api.examples import EXAMPLES
from api.schemas import REQUESTS, CommandAnswer, CommandRequest, to_body, units_in
from domain.commands import COMMANDS
from domain.transitions import TABLE
from store.directory import DEPARTMENT

_ORDER_ID = r"^[A-Za-z0-9-]{1,64}$"
ORDER_ID = re.compile(_ORDER_ID)
OrderId = Annotated[str, Path(pattern=_ORDER_ID, description="The order's number.")]

NUMBER = {
    "name": "order_id",
    "in": "path",
    "required": True,
    "description": "The order's number.",
    "schema": {"type": "string", "pattern": _ORDER_ID},
}
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "New for every command, such as a UUID. "
    "Asked again with the same key and body, the answer is the same for good.",
    "schema": {"type": "string", "minLength": 8, "maxLength": 128, "pattern": r"^[\x21-\x7e]+$"},
}
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": 'The ETag of the view that the command is based on, such as `"7"`.',
    "schema": {"type": "string"},
}

PROBLEMS = (
    "malformed_request",
    "idempotency_key_required",
    "unauthenticated",
    "csrf",
    "password_change_required",
    "role_forbidden",
    "not_your_unit",
    "same_person",
    "forbidden",
    "order_not_found",
    "not_allowed_now",
    "command_reused",
    "command_pending",
    "erased",
    "stale_order",
    "unsupported_media_type",
    "invalid_request",
    "invalid_field",
    "reason_required",
    "too_many_requests",
    "internal_error",
    "unavailable",
    "outcome_unknown",
)
"""What any command may be answered with; the refusals of 409 are listed in docs/api.md."""


def describe(verb: str) -> str:
    """What the command does, and the table's rows for it: states, roles, and where it leads."""
    lines = [(COMMANDS[verb].__doc__ or "").strip(), "", "| while | by | then |", "| --- | --- | --- |"]
    for row in TABLE:
        if row.verb == verb:
            to = ", ".join(row.to) or "as it was"
            lines.append(f"| {', '.join(row.states)} | {', '.join(row.roles)} | {to} |")
    rows = [row for row in TABLE if row.verb == verb]
    reasoned = [row for row in rows if row.reason]
    if reasoned:
        places = ", ".join(dict.fromkeys(state for row in reasoned for state in row.states))
        lines += ["", "A `reason` is required." if reasoned == rows else f"A `reason` is required while {places}."]
    return "\n".join(lines)


def documented(model: type[BaseModel], example: dict[str, Any], *parameters: dict[str, Any]) -> dict[str, Any]:
    """What the OpenAPI document says of a command's request.

    Commands read their request themselves, which spares the framework's general way some milliseconds.
    """
    required = any(field.is_required() for field in model.model_fields.values())
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    content = {"application/json": {"schema": schema, "examples": {"example": {"value": example}}}}
    return {"parameters": [*parameters, KEY], "requestBody": {"required": required, "content": content}}


Endpoint = Callable[[Request], Awaitable[Response]]


def _endpoint(verb: str, model: type[CommandRequest]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        app: Parts = await parts(request)
        who = await asker(request)
        demand_command(who, verb)
        key, seq = idempotency_key(request), expected_seq(request)
        asked = await body_of(request, model)
        order_id = request.path_params["order_id"]
        if not ORDER_ID.fullmatch(order_id):
            raise no_order(order_id[:64])
        body = to_body(verb, asked)
        named = units_in(verb, body)
        if named:
            await app.read(who, require_units, named)
        reply = await app.gateway.act(order_id, verb, key, who, body, asked.reason, seq)
        return reply.response()

    endpoint.__name__ = verb
    return endpoint


def require_units(session: Session, named: Mapping[str, str]) -> None:
    """Raise Problem for the first unit that is none or cannot act; `named` maps a unit to the field that names it."""
    kinds = directory.kinds(session, tuple(named))
    for unit, field in named.items():
        kind = kinds.get(unit)
        if kind != DEPARTMENT:
            detail = f"There is no unit {unit}." if kind is None else f"{unit} is a {kind}; only a department can act."
            raise Problem("invalid_field", detail, field=field, remedy=f"GET /v1/units?kind={DEPARTMENT} lists them.")


class ByVerb(BaseRoute):
    """All commands at once: one look-up of the verb, where fifty routes would be fifty regular expressions."""

    def __init__(self, prefix: str, endpoints: Mapping[str, Endpoint]) -> None:
        self._prefix = prefix
        self._apps = {verb: request_response(endpoint) for verb, endpoint in endpoints.items()}

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Full for a command's path and method; everything else is for the routes that follow."""
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"].startswith(self._prefix):
            order_id, _, verb = scope["path"][len(self._prefix) :].partition("/")
            if verb in self._apps:
                return Match.FULL, {"path_params": {"order_id": order_id}, "verb": verb}
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry the command out."""
        await self._apps[scope["verb"]](scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> NoReturn:
        """Leave it to the documented routes."""
        raise NoMatchFound(name, path_params)


ENDPOINTS: dict[str, Endpoint] = {verb: _endpoint(verb, model) for verb, model in REQUESTS.items()}


def _add(router: APIRouter, verb: str) -> None:
    summary = (COMMANDS[verb].__doc__ or verb).strip().splitlines()[0].split(". ")[0].rstrip(".")
    router.add_api_route(
        f"/orders/{{order_id}}/{verb}",
        ENDPOINTS[verb],
        methods=["POST"],
        summary=summary,
        description=describe(verb),
        operation_id=verb,
        response_model=CommandAnswer,
        responses=declared(*PROBLEMS),
        openapi_extra=documented(REQUESTS[verb], EXAMPLES[verb], NUMBER, IF_MATCH),
    )


def make_router() -> APIRouter:
    """The routes of all commands but `register`."""
    router = APIRouter(tags=["commands"])
    for verb in REQUESTS:
        _add(router, verb)
    return router
