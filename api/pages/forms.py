"""Forms of the pages: who sends them, what is in them, and that each takes effect once."""

from __future__ import annotations

import re
import secrets
import uuid
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from fastapi import Request, Response
from python_multipart.exceptions import MultipartParseError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from api.errors import Problem
from api.identity import SAFE, CookieIdentity
from api.pages.dress import page
from vault.seal import MARK

COOKIE = "__Host-whistle-form"
"""Keeps the token of forms that come before there is a session; only a page of our own can know what it holds."""
MOST_FIELDS = 20
_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,64}")
_KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SEAL = MARK.decode()


class Sent(NamedTuple):
    """A document in a form."""

    name: str
    media_type: str
    content: bytes


def new_key() -> str:
    """The Idempotency-Key of a form, made with the page: the form takes effect once."""
    return str(uuid.uuid4())


def key_of(fields: dict[str, str]) -> str:
    """The key of a form that was sent; raises Problem where it is none of ours."""
    key = fields.get("key", "")
    if not _KEY.fullmatch(key):
        raise Problem("idempotency_key_required", "The form has no key.", field="key", remedy="Open the page anew.")
    return key


async def fields_of(request: Request) -> dict[str, str]:
    """The fields of a form, each once and without blanks around it; raises Problem."""
    body = await request.body()
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS, separator="&"
        )
    except ValueError:
        raise _unreadable() from None
    return _clean(pairs)


def _clean(pairs: list[tuple[str, str]]) -> dict[str, str]:
    found = {name: value.replace("\r\n", "\n").strip() for name, value in pairs}
    if len(found) != len(pairs) or any("\0" in value or _SEAL in value for value in found.values()):
        raise _unreadable()
    return found


class _InMemory(MultiPartParser):
    """Keeps documents where they are judged and sealed, never in a file in clear."""

    spool_max_size = 1 << 40


async def document_of(request: Request, content: bytes) -> tuple[dict[str, str], Sent]:
    """The fields of a form with a document, and the document; its whole body is there already. Raises Problem."""

    async def stream() -> Any:
        yield content

    try:
        parser = _InMemory(request.headers, stream(), max_files=1, max_fields=MOST_FIELDS)
        form = await parser.parse()
    except (MultiPartException, MultipartParseError, KeyError, ValueError):
        raise _unreadable() from None
    given = form.multi_items()
    fields = _clean([(name, value) for name, value in given if isinstance(value, str)])
    files = [value for _, value in given if isinstance(value, UploadFile)]
    if not files or not files[0].filename:
        raise Problem("invalid_request", "No document was chosen.", field="file", remedy="Choose one.")
    file = files[0]
    return fields, Sent(file.filename or "", file.content_type or "", await file.read())


def demand_own(request: Request, known: CookieIdentity, fields: dict[str, str]) -> None:
    """Return if a form that came before a session is from a page of our own; raises Problem `csrf`."""
    known.demand_own_form(request, _token(request), fields.get("token", ""))


def _token(request: Request) -> str:
    kept = request.cookies.get(COOKIE, "")
    return kept if _TOKEN.fullmatch(kept) else ""


def form_page(request: Request, name: str, status: int = 200, **given: Any) -> Response:
    """A page with a form that comes before a session."""
    token = _token(request) or secrets.token_urlsafe(32)
    answer = page(request, name, status, token=token, key=new_key(), **given)
    if not _token(request) and not _from_elsewhere(request):
        answer.set_cookie(COOKIE, token, path="/", secure=True, httponly=True, samesite="lax")
    return answer


def _from_elsewhere(request: Request) -> bool:
    """Whether another site's page sends this: our cookie is not missing then, the browser only keeps it back."""
    return request.method not in SAFE and request.headers.get("sec-fetch-site", "same-origin") != "same-origin"


def _unreadable() -> Problem:
    return Problem("malformed_request", "The form cannot be read.", remedy="Open the page anew and send it from there.")
