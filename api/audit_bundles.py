"""The offline proof of an order, and the program that checks it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

import audit
from api.commands import OrderId
from api.deps import AskerDep, PartsDep
from api.errors import Problem, declared, no_order, unavailable
from api.veil import STREAMED
from api.views import JSON
from audit import bundle
from audit.bundle import Known, NotYet
from notary import keys
from runtime.faults import SetupError
from runtime.settings import Settings
from store import sights

router = APIRouter(tags=["audit"])

SCRIPT = Path(audit.__file__).with_name("single.py")
AGAIN_SECONDS = 2
_AWAITED = {
    "place": "The order's last event has no place in the log yet.",
    "signature": "No checkpoint over the order's last event is signed yet.",
    "cosignatures": "Not enough witnesses have cosigned a checkpoint over the order's last event yet.",
}
_PROOF: dict[int | str, dict[str, Any]] = {
    200: {"content": {JSON: {"schema": {"type": "object"}}}, "description": "The bundle, a file of `whistle-bundle-1`."}
}
_SCRIPT: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/x-python": {"schema": {"type": "string"}}}, "description": "The program."}
}


@router.get(
    "/orders/{order_id}/proof/bundle",
    response_class=Response,
    responses=_PROOF
    | declared(
        "unauthenticated", "forbidden", "order_not_found", "not_yet_notarised", "invalid_request", "unavailable"
    ),
    summary="The order's offline proof: events, place in the log, signatures, in one file",
)
async def get_proof_bundle(
    order_id: OrderId,
    request: Request,
    who: AskerDep,
    parts: PartsDep,
    cosigned: Annotated[
        bool, Query(description="With `false` the newest checkpoint is taken, whoever has cosigned it.")
    ] = True,
) -> Response:
    """Everything that is needed to check the order without this system, as bytes that are to be kept as they are.

    What people said stays sealed in it. An event is under a cosigned checkpoint some seconds after it was recorded;
    until then the answer is `not_yet_notarised`.
    """
    if await parts.read(who, sights.customer_of, order_id, who.sight) is None:
        raise no_order(order_id)
    known = await asyncio.to_thread(_known, parts.settings)
    try:
        found = await parts.read(who, bundle.bundle, order_id, known, cosigned=cosigned)
    except NotYet as error:
        remedy = "Ask again in some seconds"
        remedy += ", or with `cosigned=false`." if error.awaited == "cosignatures" else "."
        raise Problem("not_yet_notarised", _AWAITED[error.awaited], remedy=remedy, retry_after=AGAIN_SECONDS) from None
    if found is None:
        raise no_order(order_id)
    await parts.record.seen(request, who, order_id)
    request.scope[STREAMED] = True  # its bytes are what was signed for; people's words are sealed in it
    headers = {"Content-Disposition": f'attachment; filename="{order_id}.bundle.json"'}
    return Response(found, media_type=JSON, headers=headers)


@router.get(
    "/audit/verifier",
    response_class=Response,
    responses=_SCRIPT | declared("unauthenticated", "forbidden"),
    summary="The single-file program that checks bundles",
)
async def get_verifier(request: Request) -> Response:
    """Python, to be read before it is run; it needs nothing but Python 3.9 and `cryptography`.

    Whoever does not trust this system takes it from elsewhere: it is `audit/single.py` of the published source.
    """
    request.scope[STREAMED] = True
    text = await asyncio.to_thread(SCRIPT.read_bytes)
    headers = {"Content-Disposition": 'attachment; filename="verify.py"'}
    return Response(text, media_type="text/x-python", headers=headers)


def _known(settings: Settings) -> Known:
    """Whose signatures a bundle is made with."""
    try:
        return Known(keys.log_verifiers(settings), keys.witnesses(settings), keys.quorum(settings))
    except SetupError:
        raise unavailable("the log's key") from None
