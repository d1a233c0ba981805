"""Policies: which versions there are, what is wrong with a document, what an order would get, and publishing one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from weakref import WeakKeyDictionary

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

import rulebook
from api.deps import AskerDep, PartsDep
from api.errors import Problem, declared
from api.policy_examples import DOCUMENT, DUE_TIMES
from api.schemas import Clean, Instant, Request
from api.views import JSON
from contracts.messages import encode
from domain.model import OrderClass, Role
from identity.people import Identified
from rulebook import Asked, Due, Fault, Known
from store import policies
from store.policies import Published
from store.tables import units

router = APIRouter(prefix="/policies", tags=["policies"])

PUBLISHERS = (Role.ADMINISTRATOR, Role.HEADQUARTERS)
"""Who may put a policy in force."""
MOST_AT_ONCE = 2
"""Documents that are looked into at once: each takes a second of a processor, and a thread that others need."""
_FREEZE = "Write it as YAML and freeze it: whistle policy freeze FILE."

Version = Annotated[str, Path(max_length=100, description="A version, such as 2026.3.")]
Name = Annotated[Clean, Field(max_length=100)]


class DocumentRequest(Request):
    """A frozen policy document."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"document": DOCUMENT}]})

    document: dict[str, Any] = Field(description="As `whistle policy freeze` writes it.")


class DueTimesRequest(Request):
    """A thought order, and the policy to try: a `version`, a `document`, or neither for the one in force."""

    model_config = ConfigDict(json_schema_extra={"examples": [DUE_TIMES]})

    order_class: OrderClass
    province: Name
    opened_at: Instant
    tier: Name = "normal"
    area: Name = ""
    category: Name = ""
    priority: Name = "normal"
    unit: Name = Field("", description="Who would have the order; its own limits and calendar then count.")
    version: Name = ""
    document: dict[str, Any] | None = None

    def asked(self) -> Asked:
        """The question as the rulebook knows it."""
        return Asked(self.order_class, self.province, self.tier, self.area, self.category, self.priority, self.unit)


class DueTimes(BaseModel):
    """Every limit of the thought order, in the order in which it meets them, and the version that they come from."""

    version: str
    items: list[Due]


class Checked(BaseModel):
    """Whether a document may be published, and everything that is wrong with it, warnings included."""

    ok: bool
    faults: list[Fault]


class PublishedDocument(BaseModel):
    """A published version with its document."""

    published: Published
    document: dict[str, Any]


class PublishedNow(BaseModel):
    """A version that is published by now, whether this call did it, and the warnings that its document gives."""

    published: Published
    changed: bool
    before: str = Field(description="The version that was in force before this call; empty when there was none.")
    warnings: list[Fault]


@router.get(
    "",
    response_model=list[Published],
    responses=declared("unauthenticated", "unavailable"),
    summary="Every version of the policy",
)
async def list_policies(who: AskerDep, parts: PartsDep) -> Response:
    """Who published it and when, the last published first; that one is in force for new orders, whatever its number."""
    return _json(await parts.read(who, policies.versions))


@router.get(
    "/{version}",
    response_model=PublishedDocument,
    responses=declared("unauthenticated", "not_found", "unavailable"),
    summary="One version of the policy",
)
async def get_version(version: Version, who: AskerDep, parts: PartsDep) -> Response:
    """Its document, as it was published; it never changes."""
    return _json(await parts.read(who, _published, version))


@router.post(
    "/check",
    response_model=Checked,
    responses=declared("unauthenticated", "forbidden", "invalid_request", "unavailable"),
    summary="Everything that is wrong with a policy",
)
async def check_policy(request: DocumentRequest, who: AskerDep, parts: PartsDep) -> Response:
    """All faults at once, each with its path, the reason and the remedy in both languages. Nothing is kept."""
    _staff(who)
    async with few():
        faults = await parts.read(who, _faults, request.document)
    return _json({"ok": not _errors(faults), "faults": faults})


@router.post(
    "/preview",
    response_model=DueTimes,
    responses=declared("unauthenticated", "forbidden", "invalid_request", "not_found", "unavailable"),
    summary="All due times that an order would have",
)
async def preview_policy(request: DueTimesRequest, who: AskerDep, parts: PartsDep) -> Response:
    """Each with the rule that set it and how it was reckoned, in both languages; no order is touched.

    Every limit is reckoned as if what it counts from (`counts_en`) happened at `opened_at`, an extension from the due
    time that it would move.
    """
    _staff(who)
    async with few():
        version, items = await parts.read(who, _preview, request)
    return _json({"version": version, "items": items})


@router.post(
    "",
    status_code=201,
    response_model=PublishedNow,
    responses={
        200: {"model": PublishedNow, "description": "It was published before, with this very document."},
        **declared("unauthenticated", "forbidden", "invalid_request", "unavailable"),
    },
    summary="Put a policy in force for new orders",
)
async def publish_policy(request: DocumentRequest, who: AskerDep, parts: PartsDep) -> Response:
    """Headquarters and administrators only. A document with faults is refused, with all of them.

    A version is published once and never changed: the same document again changes nothing, another one under the same
    version is refused. Orders that run keep the terms that they began with.
    """
    if who.role not in PUBLISHERS:
        raise Problem("forbidden", "Policies are published by headquarters.", remedy="Ask an administrator.")
    async with few():
        faults = await parts.read(who, _faults, request.document)
    if _errors(faults):
        raise refused(faults)
    before, changed, found = await parts.write(_publish, request.document, who)
    body = {"published": found, "changed": changed, "before": before, "warnings": faults}
    return Response(encode(body), status_code=201 if changed else 200, media_type=JSON)


def few() -> asyncio.Semaphore:
    """Lets so many at a time look into a document; a semaphore belongs to the loop that waits for it."""
    return _looking.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(MOST_AT_ONCE))


_looking: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


def _json(value: Any) -> Response:
    return Response(encode(value), media_type=JSON)


def _staff(who: Identified) -> None:
    if who.role is Role.CUSTOMER:
        raise Problem("forbidden", "Policies are tried out by staff.")


def known(session: Session) -> Known:
    """The provinces and units of the directory, and the time: no policy is in force earlier."""
    rows = session.execute(select(units.c.id, units.c.kind, units.c.name_zh, units.c.name_en)).all()
    provinces = {row.id: (row.name_zh, row.name_en) for row in rows if row.kind == "province"}
    return Known(provinces, frozenset(row.id for row in rows), datetime.now(UTC))


def _faults(session: Session, document: Mapping[str, Any]) -> tuple[Fault, ...]:
    _storable(document)
    return rulebook.check(document, known(session))


def _storable(document: Mapping[str, Any]) -> None:
    """Raises Problem for what no database keeps."""
    try:
        encode(document)
    except ValueError:
        detail = "The document holds halves of characters or numbers that are none."
        raise Problem("invalid_request", detail, field="document", remedy=_FREEZE) from None


def _errors(faults: Iterable[Fault]) -> list[Fault]:
    return [fault for fault in faults if not fault.warning]


def refused(faults: Iterable[Fault]) -> Problem:
    """The problem of a document or a question with faults: all of them."""
    errors = _errors(faults)
    return Problem(
        "invalid_request",
        "; ".join(f"{fault.path}: {fault.reason_en}" for fault in errors[:3]) + ("; …" if len(errors) > 3 else ""),
        field=errors[0].path,
        remedy=f"{errors[0].remedy_zh} / {errors[0].remedy_en}",
        errors=tuple(
            {
                "field": fault.path,
                "message": fault.reason_en,
                "message_zh": fault.reason_zh,
                "remedy": fault.remedy_en,
                "remedy_zh": fault.remedy_zh,
            }
            for fault in errors
        ),
    )


def _published(session: Session, version: str) -> dict[str, Any]:
    found = find(session, version)
    return {"published": found, "document": policies.document(session, version)}


def find(session: Session, version: str) -> Published:
    """A published version; raises Problem."""
    for one in policies.versions(session):
        if one.version == version:
            return one
    raise Problem("not_found", f"There is no policy {version}.", remedy="GET /v1/policies lists the versions.")


def _publish(session: Session, document: Mapping[str, Any], who: Identified) -> tuple[str, bool, Published]:
    """The version in force before, whether this one was published now, and this one."""
    version = document["version"]
    before = next((one.version for one in policies.versions(session) if one.in_force), "")
    try:
        changed = policies.publish(session, version, dict(document), who.id)
    except ValueError:
        raise Problem(
            "invalid_request",
            f"Policy {version} is published already, with another content; a published policy never changes.",
            field="version",
            remedy="Give it a version of its own.",
        ) from None
    return before, changed, find(session, version)


def _preview(session: Session, request: DueTimesRequest) -> tuple[str, tuple[Due, ...]]:
    version, document = _document(session, request)
    there, asked = known(session), request.asked()
    wrong = (*rulebook.check(document, there), *rulebook.misnamed(document, asked, there))
    if _errors(wrong):
        raise refused(wrong)
    try:
        return version, rulebook.preview(document, asked, request.opened_at, there.provinces)
    except OverflowError:
        detail = "A due time lies beyond the year 9999."
        raise Problem("invalid_request", detail, field="opened_at", remedy="Take an earlier one.") from None
    except ValueError as error:
        raise Problem("invalid_request", f"{error}.", field="opened_at", remedy="Take an earlier one.") from error


def _document(session: Session, request: DueTimesRequest) -> tuple[str, dict[str, Any]]:
    if request.document is not None:
        if request.version:
            detail = "It names both a version and a document."
            raise Problem("invalid_request", detail, field="version", remedy="Leave one of them out.")
        _storable(request.document)
        return str(request.document.get("version", "")), request.document
    if request.version:
        found = find(session, request.version)
        return found.version, policies.document(session, found.version)
    try:
        return policies.current(session)
    except LookupError as error:
        raise Problem("not_found", "No policy has been published.") from error
