"""The installation's secret keys, by id and age and never themselves: which there are, a new one, an old one's end.

Two kinds are changed so. `personal` keys seal the customers' own keys, which are sealed anew with a new one in some
rounds; then the old one may go. `engine` keys encrypt what Temporal keeps; that is never written anew, so an old one
may go when Temporal keeps nothing from its time. Nothing stops meanwhile: what is old stays readable by its old key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

from fastapi import APIRouter
from fastapi import Path as InPath
from fastapi.requests import Request as HttpRequest
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from api.deps import AskerDep, Parts, PartsDep
from api.errors import Problem, declared, unavailable
from api.outcomes import Silent
from api.record import access
from api.schemas import Request
from identity.people import Identified
from runtime import keyring
from runtime.faults import SetupError
from runtime.keyring import UnknownKey
from store import accesses, histories
from store.accesses import Access, Outcome
from vault import customers

router = APIRouter(prefix="/keys", tags=["operations"])
T = TypeVar("T")

SETTLED = timedelta(minutes=1)
"""By then no process uses a key that was replaced: all look at the file each second, and no statement takes so long."""
MOST_CUSTOMERS = 2000
KEY_ID = r"^[kc][0-9a-f]{8}$"


class KeyKind(StrEnum):
    """What a key is for."""

    PERSONAL = "personal"
    ENGINE = "engine"


class KeyLine(BaseModel):
    """One key: the current one of its kind seals what is new. `customers` are sealed with it (`personal` alone)."""

    id: str
    kind: KeyKind
    current: bool
    made_at: datetime
    customers: int | None = None


class KeyList(BaseModel):
    """All keys, oldest first within a kind."""

    items: list[KeyLine]


class RotateRequest(Request):
    """Of which kind a new key is to be made."""

    kind: KeyKind


class RewrapRequest(Request):
    """One round: the customers after `after`, in the order of their ids, whose keys are sealed with an old key."""

    after: Annotated[str, Field(max_length=100)] = ""
    limit: Annotated[int, Field(ge=1, le=MOST_CUSTOMERS)] = 500


class Rewrapped(BaseModel):
    """Where the next round begins, empty when this was the last; and how many are sealed with old keys still."""

    next: str
    left: int


@router.get(
    "",
    operation_id="list_keys",
    response_model=KeyList,
    responses=declared("unauthenticated", "forbidden", "unavailable"),
    summary="Which secret keys there are",
)
async def list_keys(who: AskerDep, parts: PartsDep) -> KeyList:
    """Ids and ages, never the keys themselves; administrators and auditors."""
    return await _listed(parts)


@router.post(
    "/rotate",
    operation_id="rotate_key",
    response_model=KeyList,
    responses=declared("unauthenticated", "forbidden", "invalid_request", "unavailable"),
    summary="Make a new key the current one",
)
async def rotate_key(body: RotateRequest, request: HttpRequest, who: AskerDep, parts: PartsDep) -> KeyList:
    """Every process uses it within a second. After a `personal` key, go on with rewrap."""
    add = keyring.add_kek if body.kind is KeyKind.PERSONAL else keyring.add_codec
    made = await _changed(parts, add)
    await _note(parts, request, who, f"made {body.kind} {made}")
    return await _listed(parts)


@router.post(
    "/rewrap",
    operation_id="rewrap_keys",
    response_model=Rewrapped,
    responses=declared("unauthenticated", "forbidden", "invalid_request", "unavailable"),
    summary="Seal customers' keys with the current key, one round",
)
async def rewrap_keys(body: RewrapRequest, request: HttpRequest, who: AskerDep, parts: PartsDep) -> Rewrapped:
    """To be asked again with its `next` until that is empty; safe to repeat, and nobody has to wait for it."""
    ring = parts.rack.keyring
    current = ring.keks[-1]  # looks at the file: the new key may have been made by another process a moment ago
    noted = access(request, who, Outcome.CHANGED)
    return await parts.write(_rewrap, ring, current, body, noted)


@router.delete(
    "/{key_id}",
    operation_id="drop_key",
    response_model=KeyList,
    responses=declared("unauthenticated", "forbidden", "not_found", "key_in_use", "invalid_request", "unavailable"),
    summary="Take an old key away for good",
)
async def drop_key(
    key_id: Annotated[str, InPath(pattern=KEY_ID)], request: HttpRequest, who: AskerDep, parts: PartsDep
) -> KeyList:
    """Only a key that nothing is sealed with any more; a backup from its time cannot be read without it."""
    try:
        retired = parts.rack.keyring.retired_at(key_id)
    except UnknownKey:
        raise Problem(
            "not_found", f"There is no key {key_id}.", field="key_id", remedy="GET /v1/keys lists them."
        ) from None
    if retired is None:
        raise Problem(
            "key_in_use", f"{key_id} is the current key.", field="key_id", remedy="POST /v1/keys/rotate makes another."
        )
    if datetime.now(UTC) < retired + SETTLED:
        raise Problem(
            "key_in_use",
            f"{key_id} was replaced a moment ago; somebody may be using it.",
            field="key_id",
            remedy=f"Ask again after {retired + SETTLED:%H:%M:%S} UTC.",
        )
    kek = key_id in parts.rack.keyring.keks
    await (_demand_no_customers(parts, key_id) if kek else _demand_no_workflows(parts, key_id, retired))
    await _changed(parts, keyring.drop_kek if kek else keyring.drop_codec, key_id)
    await _note(parts, request, who, f"dropped {key_id}")
    return await _listed(parts)


async def _demand_no_customers(parts: Parts, key_id: str) -> None:
    sealed = (await parts.system(customers.left, parts.rack.keyring)).get(key_id, 0)
    if sealed:
        raise Problem(
            "key_in_use",
            f"{sealed} customers' keys are sealed with {key_id}.",
            field="key_id",
            remedy="POST /v1/keys/rewrap seals them anew.",
        )


async def _demand_no_workflows(parts: Parts, key_id: str, retired: datetime) -> None:
    try:
        kept = await parts.gateway.begun_before(retired + SETTLED)
    except Silent as silent:
        raise unavailable("The engine") from silent
    archived = await parts.system(histories.sealed_with, key_id)
    if archived:
        raise Problem(
            "key_in_use",
            f"{archived} archived histories can be opened with {key_id} alone.",
            field="key_id",
            remedy="Keep it as long as they are to be replayed.",
        )
    if kept:
        raise Problem(
            "key_in_use",
            f"Temporal keeps {kept} workflows that began while {key_id} was current.",
            field="key_id",
            remedy="Ask again when they have ended and their retention has passed.",
        )


async def _changed(parts: Parts, change: Callable[..., T], *arguments: str) -> T:
    """Change the file off the event loop; raises Problem where it cannot be written."""
    path: Path = parts.rack.keyring.path
    try:
        return await parts.gateway.run(change, path, *arguments)
    except SetupError as error:
        raise Problem(
            "unavailable", error.en, remedy="An operator makes the keys file writable for the API's own user."
        ) from error


async def _listed(parts: Parts) -> KeyList:
    ring = parts.rack.keyring
    sealed = await parts.system(customers.left, ring)
    lines = [
        KeyLine(
            id=one,
            kind=kind,
            current=ring.retired_at(one) is None,
            made_at=ring.made_at(one),
            customers=sealed.get(one, 0) if kind is KeyKind.PERSONAL else None,
        )
        for kind, ids in ((KeyKind.PERSONAL, ring.keks), (KeyKind.ENGINE, ring.codecs))
        for one in ids
    ]
    return KeyList(items=lines)


def _rewrap(session: Session, ring: keyring.Keyring, current: str, body: RewrapRequest, noted: Access) -> Rewrapped:
    """One round and its line on record, both or neither."""
    after = customers.rewrap(session, ring, body.after, body.limit)
    left = sum(many for kek, many in customers.left(session, ring).items() if kek != current)
    accesses.add(session, replace(noted, detail=f"sealed anew with {current}, {left} left"))
    return Rewrapped(next=after, left=left)


async def _note(parts: Parts, request: HttpRequest, who: Identified, detail: str) -> None:
    await parts.record.add(access(request, who, Outcome.CHANGED, detail=detail))
