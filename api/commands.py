"""One route a command, all made by one factory from the rules' own commands: the verb in the URL is the verb inside."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Response

from api.deps import AskerDep, KeyDep, PartsDep, SeqDep
from api.errors import declared
from api.examples import EXAMPLES
from api.schemas import REQUESTS, CommandAnswer, CommandRequest, to_body
from domain.commands import COMMANDS
from domain.transitions import TABLE

OrderId = Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,64}$", description="The order's number.")]

PROBLEMS = (
    "malformed_request",
    "idempotency_key_required",
    "unauthenticated",
    "role_forbidden",
    "not_your_unit",
    "same_person",
    "forbidden",
    "order_not_found",
    "not_allowed_now",
    "command_reused",
    "command_pending",
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
    if any(row.reason for row in TABLE if row.verb == verb):
        lines += ["", "A `reason` is required."]
    return "\n".join(lines)


def _add(router: APIRouter, verb: str, model: type[CommandRequest]) -> None:
    async def endpoint(
        order_id: OrderId, who: AskerDep, key: KeyDep, seq: SeqDep, parts: PartsDep, request: Any = None
    ) -> Response:
        asked = request if request is not None else model()
        body = to_body(verb, asked)
        reply = await parts.gateway.act(order_id, verb, key, who.actor, body, asked.reason, seq, who.phone)
        return reply.response()

    example = Body(openapi_examples={"example": {"value": EXAMPLES[verb]}})
    optional = not any(field.is_required() for field in model.model_fields.values())
    endpoint.__name__ = verb
    endpoint.__annotations__["request"] = Annotated[model | None if optional else model, example]
    if not optional:
        endpoint.__defaults__ = None
    summary = (COMMANDS[verb].__doc__ or verb).strip().splitlines()[0].split(". ")[0].rstrip(".")
    router.add_api_route(
        f"/orders/{{order_id}}/{verb}",
        endpoint,
        methods=["POST"],
        summary=summary,
        description=describe(verb),
        operation_id=verb,
        response_model=CommandAnswer,
        responses=declared(*PROBLEMS),
    )


def make_router() -> APIRouter:
    """The routes of all commands but `register`."""
    router = APIRouter(tags=["commands"])
    for verb, model in REQUESTS.items():
        _add(router, verb, model)
    return router
