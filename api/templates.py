"""The words of the notices: what is in force, what another wording would look like, and publishing one."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from api import template_preview as trial
from api.deps import AskerDep, PartsDep, expected_seq
from api.errors import Problem, declared
from api.record import access
from api.schemas import RequiredPlain
from api.template_preview import FlawTold, TemplatePreview, TemplatePreviewRequest, WordingRequest
from api.views import JSON, etag
from contracts.messages import encode
from domain.notice_fields import MEANINGS
from domain.notice_texts import OFFERED
from domain.wordings import SHIPPED, flaws
from identity.people import Identified
from store import accesses, templates
from store.accesses import Access, Outcome
from store.templates import Version

router = APIRouter(prefix="/templates", tags=["notices"])

TemplateName = Annotated[str, Path(max_length=64, description="A template, such as customer.registered.")]
_LIST = "GET /v1/templates lists them."


class PutTemplateRequest(WordingRequest):
    """A wording in both languages, and why it is put in force."""

    reason: RequiredPlain


class TemplateField(BaseModel):
    """A field that the wording may name, and what it means."""

    name: str
    zh: str
    en: str


class TemplateVersion(BaseModel):
    """One version of a wording; `published_by` is empty for version 0, which comes with the program."""

    template: str
    version: int
    title_zh: str
    title_en: str
    body_zh: str
    body_en: str
    shipped: bool = Field(description="Whether these are the words that come with the program.")
    published_by: str
    published_at: datetime | None
    reason: str


class TemplateView(BaseModel):
    """A template: the wording in force, every version, the youngest first, and what it may name."""

    current: TemplateVersion
    versions: list[TemplateVersion]
    fields: list[TemplateField]


@router.get(
    "",
    operation_id="list_templates",
    response_model=list[TemplateVersion],
    responses=declared("unauthenticated", "forbidden", "unavailable"),
    summary="How every notice is worded now",
)
async def list_templates(who: AskerDep, parts: PartsDep) -> Response:
    """Every template with the wording in force, in the order of the program's own tables."""
    found = await parts.read(who, templates.current)
    return _json([_shown(version) for version in found.values()])


@router.get(
    "/{template}",
    operation_id="get_template",
    response_model=TemplateView,
    responses=declared("unauthenticated", "forbidden", "not_found", "unavailable"),
    summary="One template with its versions and fields",
)
async def get_template(template: TemplateName, who: AskerDep, parts: PartsDep) -> Response:
    """The ETag is the version in force; send it as `If-Match` with a new wording."""
    _demand(template)
    found = await parts.read(who, templates.versions, template)
    body = {"current": _shown(found[0]), "versions": [_shown(one) for one in found], "fields": _fields(template)}
    return _json(body, etag(found[0].version))


@router.post(
    "/preview",
    operation_id="preview_template",
    response_model=TemplatePreview,
    responses=declared("unauthenticated", "forbidden", "not_found", "invalid_request", "unavailable"),
    summary="What a notice would read with another wording",
)
async def preview_template(request: Request, asked: TemplatePreviewRequest, who: AskerDep, parts: PartsDep) -> Response:
    """With values to try it with, or those of a real order that the asker sees; and everything that is wrong with it.

    Nothing is kept, and nobody is told; that somebody was shown an order by it is on record.
    """
    _demand(asked.template)
    shown = await parts.read(who, trial.tried_out, asked, who.sight)
    if asked.order:
        await parts.record.seen(request, who, asked.order, detail=asked.template)
    return _json(shown)


@router.put(
    "/{template}",
    operation_id="put_template",
    response_model=TemplateVersion,
    responses=declared("unauthenticated", "forbidden", "not_found", "stale_template", "invalid_request", "unavailable"),
    summary="Put another wording in force",
)
async def put_template(
    request: Request,
    template: TemplateName,
    asked: PutTemplateRequest,
    who: AskerDep,
    parts: PartsDep,
    expected: Annotated[int | None, Depends(expected_seq)],
) -> Response:
    """For notices of events from now on, within seconds in every process; what was told keeps its words.

    A wording with faults is refused, with all of them. Published versions are kept and never changed: to go back,
    publish the old words anew. With `If-Match` it is refused where somebody else has published meanwhile.
    """
    _demand(template)
    wrong = [flaw for flaw in flaws(template, asked.wording()) if not flaw.warning]
    if wrong:
        raise _refused([trial.told(template, flaw) for flaw in wrong])
    noted = access(request, who, Outcome.CHANGED)
    version = await parts.write(_publish, template, expected, asked, who, noted)
    templates.forget()
    return _json(_shown(version), etag(version.version))


def _publish(
    session: Session, template: str, expected: int | None, asked: PutTemplateRequest, who: Identified, noted: Access
) -> Version:
    """Publish the wording and put it on record, in one transaction; the same words again change nothing."""
    templates.hold(session, template)
    now = templates.versions(session, template)[0]
    if expected is not None and expected != now.version:
        raise _stale(template, now.version)
    if now.wording == asked.wording():
        return now
    made = templates.publish(session, template, now.version, asked.wording(), who.id, asked.reason)
    if made is None:
        raise _stale(template, now.version + 1)
    accesses.add(session, replace(noted, detail=f"wording {made.version} of {template}", reason=asked.reason))
    return made


def _stale(template: str, version: int) -> Problem:
    return Problem(
        "stale_template",
        f"Version {version} of {template} is in force by now.",
        field="If-Match",
        remedy=f"Read it, GET /v1/templates/{template}, and decide again.",
    )


def _demand(template: str) -> None:
    if template not in SHIPPED:
        raise Problem("not_found", f"There is no template {template!r}.", field="template", remedy=_LIST)


def _refused(told: list[FlawTold]) -> Problem:
    return Problem(
        "invalid_request",
        "; ".join(f"{one.field}: {one.reason_en}" for one in told[:3]),
        field=told[0].field,
        remedy=f"{told[0].remedy_zh} / {told[0].remedy_en}",
        errors=tuple(
            {
                "field": one.field,
                "message": one.reason_en,
                "message_zh": one.reason_zh,
                "remedy": one.remedy_en,
                "remedy_zh": one.remedy_zh,
            }
            for one in told
        ),
    )


def _fields(template: str) -> list[dict[str, str]]:
    return [{"name": name, "zh": zh, "en": en} for name in OFFERED[template] for zh, en in (MEANINGS[name],)]


def _shown(version: Version) -> dict[str, Any]:
    return {
        "template": version.template,
        "version": version.version,
        **asdict(version.wording),
        "shipped": version.wording == SHIPPED[version.template],
        "published_by": version.published_by,
        "published_at": version.published_at,
        "reason": version.reason,
    }


def _json(value: Any, tag: str = "") -> Response:
    return Response(encode(value), media_type=JSON, headers={"ETag": tag} if tag else None)
