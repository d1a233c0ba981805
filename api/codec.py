"""What Temporal's own web UI asks for, so that an operator sees what an order's workflow holds: payloads in clear.

What the vault has sealed stays sealed: the operator sees how an order came to where it is, and nobody's name or words.

The UI's pages come from another origin than ours. So this is the one place that a browser may ask from elsewhere with
its session's cookie, and from that origin alone; nothing is changed by it.
"""

from __future__ import annotations

import base64
from typing import Annotated, Any

from fastapi import APIRouter, Header
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.deps import AskerDep, Parts, PartsDep
from api.errors import Problem, declared
from api.identity import ONLY_READS
from api.record import access
from contracts.names import order_of
from runtime.codec import UnreadablePayload, readable, workflow_of
from runtime.settings import Settings
from store.accesses import Outcome

router = APIRouter(prefix="/codec", tags=["operations"])

PREFIX = "/v1/codec/"
DECODE = f"{PREFIX}decode"
MOST_PAYLOADS = 1000
PREFLIGHT_SECONDS = 600
"""How long a browser may believe what it was told of this route."""
_FAULTS = ("unauthenticated", "forbidden", "invalid_request", "unavailable")


def _base64(value: str) -> str:
    try:
        base64.b64decode(value, validate=True)
    except ValueError:
        raise ValueError("must be base64") from None
    return value


Base64 = Annotated[str, AfterValidator(_base64)]


class EnginePayload(BaseModel):
    """A payload as Temporal writes it in JSON: its bytes and those of its metadata in base64."""

    model_config = ConfigDict(extra="ignore")

    metadata: dict[str, Annotated[Base64, Field(max_length=1000)]] = Field({}, max_length=20)
    data: Base64 = ""


class EnginePayloads(BaseModel):
    """Some payloads, in and out in the same order."""

    model_config = ConfigDict(extra="forbid")

    payloads: Annotated[list[EnginePayload], Field(max_length=MOST_PAYLOADS)]


class UiDoor:
    """ASGI middleware: lets pages of Temporal's UI ask this room's routes, and no others of ours."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._origin = settings.ui_origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer a browser's question whether it may be sent."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        named = headers.getlist("origin")
        from_ui = named == [self._origin]

        async def allowed(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._allow(MutableHeaders(scope=message), from_ui=from_ui)
            await send(message)

        if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            await self._preflight(from_ui)(scope, receive, allowed)
            return
        scope[ONLY_READS] = from_ui and scope["path"] == DECODE
        await self._app(scope, receive, allowed)

    def _allow(self, headers: MutableHeaders, *, from_ui: bool) -> None:
        headers.add_vary_header("Origin")
        if from_ui:
            headers["Access-Control-Allow-Origin"] = self._origin
            headers["Access-Control-Allow-Credentials"] = "true"

    def _preflight(self, from_ui: bool) -> Response:
        if not from_ui:
            return Problem(
                "forbidden",
                "Only pages of Temporal's own UI may ask this.",
                field="Origin",
                remedy="If the UI has another address, the operator names it with WHISTLE_UI_URL.",
            ).response(DECODE)
        said = {
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": "Content-Type, X-Namespace, Authorization",
            "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
        }
        return Response(status_code=204, headers=said)


@router.post(
    "/decode",
    operation_id="decode_payloads",
    response_model=EnginePayloads,
    responses=declared(*_FAULTS),
    summary="Payloads of the engine in clear, for Temporal's UI",
)
async def decode_payloads(
    body: EnginePayloads,
    request: Request,
    who: AskerDep,
    parts: PartsDep,
    x_namespace: Annotated[str, Header(max_length=200, description="Temporal's namespace, as its UI sends it.")] = "",
) -> Any:
    """For administrators and auditors, and on record with the orders whose payloads they are. Sealed texts stay so."""
    _demand_ours(parts, x_namespace)
    given = [one.model_dump() for one in body.payloads]
    try:
        found = readable(parts.rack.keyring, given)
    except UnreadablePayload as error:
        raise Problem(
            "invalid_request",
            f"A payload cannot be read: {error}.",
            field="payloads",
            remedy="Send payloads as the engine keeps them; those under a key that was dropped are gone.",
        ) from None
    orders = dict.fromkeys(order_of(workflow_of(one)) for one in given)
    looked = tuple(order for order in orders if order)
    detail = f"{len(given)} payloads of {x_namespace}"
    await parts.record.add(access(request, who, Outcome.SEEN, orders=looked, detail=detail))
    return {"payloads": found}


@router.post(
    "/encode",
    operation_id="encode_payloads",
    response_model=EnginePayloads,
    responses=declared(*_FAULTS),
    summary="Refused: nobody makes payloads by hand",
)
async def encode_payloads(body: EnginePayloads, who: AskerDep, parts: PartsDep) -> Any:
    """An order listens to this system's own processes alone; what Temporal's UI would send is not encrypted for it."""
    raise Problem(
        "forbidden",
        "Payloads are encrypted by this system's own processes alone.",
        remedy="Send the command to the API; there it is checked and recorded.",
    )


def _demand_ours(parts: Parts, namespace: str) -> None:
    ours = (parts.settings.temporal_namespace, parts.settings.rehearsal_namespace)
    if namespace not in ours:
        raise Problem(
            "invalid_request",
            "The namespace is none of this installation's.",
            field="X-Namespace",
            remedy="Send one of: " + ", ".join(ours) + ".",
        )
