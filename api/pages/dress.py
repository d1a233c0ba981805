"""Pages as they go out: one environment of templates, the style sheet and the script, and problems as pages."""

from __future__ import annotations

import hashlib
import json
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fastapi import Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import KINDS, PROBLEM_JSON
from api.middleware import PAGES
from api.pages import speech
from api.pages.refusals import SAID
from api.pages.speech import COOKIE, COOKIE_SECONDS, EN, TAGS, ZH, language, say

_HERE = Path(__file__).parent
STYLE, SCRIPT = "/my-page.css", "/my-page.js"
FILES: dict[str, tuple[bytes, str]] = {
    STYLE: ((_HERE / "page.css").read_bytes(), "text/css; charset=utf-8"),
    SCRIPT: ((_HERE / "page.js").read_bytes(), "text/javascript; charset=utf-8"),
}
"""What the pages load, by address; nothing of it speaks of anybody."""
FOR_GOOD = "public, max-age=31536000, immutable"


def _versioned(path: str) -> str:
    return f"{path}?v={hashlib.sha256(FILES[path][0]).hexdigest()[:12]}"


_PAGES = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_PAGES.globals.update(style=_versioned(STYLE), script=_versioned(SCRIPT))


def page(connection: HTTPConnection, name: str, status: int = 200, **given: Any) -> Response:
    """A page of that template; `here` is the address at which it may be read in another language."""
    scope = connection.scope
    lang = language(scope)
    said = {
        "lang": lang,
        "tag": TAGS[lang],
        "t": partial(say, lang),
        "signed_in": False,
        "switch": _switched(given.pop("here", _address(scope)), EN if lang == ZH else ZH),
        **given,
    }
    answer = HTMLResponse(_PAGES.get_template(f"{name}.html").render(said), status_code=status)
    answer.headers["Content-Language"] = TAGS[lang]
    answer.headers["Vary"] = "Accept-Language, Cookie"
    if speech.asked_for(scope):
        answer.set_cookie(COOKIE, lang, COOKIE_SECONDS, path="/", secure=True, httponly=True, samesite="lax")
    return answer


def _address(scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    return f"{scope['path']}?{query}" if query and scope["method"] == "GET" else str(scope["path"])


def _switched(here: str, lang: str) -> str:
    path, _, query = here.partition("?")
    kept = [(name, value) for name, value in parse_qsl(query) if name not in ("lang", "done")]
    return f"{path}?{urlencode([*kept, ('lang', lang)])}"


def told(lang: str, code: str) -> dict[str, str]:
    """A problem in the reader's language: its code's title, the reason, and the remedy."""
    kind, found = KINDS.get(code), SAID.get(code, SAID["internal_error"])
    zh = lang == ZH
    why, remedy = (found.why_zh, found.remedy_zh) if zh else (found.why_en, found.remedy_en)
    title = (kind.title_zh if zh else kind.title) if kind else why
    return {"code": code, "title": title, "why": why, "remedy": remedy}


def problem_page(connection: HTTPConnection, status: int, code: str) -> Response:
    """A problem as a page of its own."""
    return page(connection, "problem", status, problem=told(language(connection.scope), code), here="/t")


class ProblemPages:
    """ASGI middleware: a problem on the way to one of the customer's pages goes out as a page, whoever found it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and its answer as it is unless it is a problem."""
        if scope["type"] != "http" or not PAGES.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
            return
        start: Message | None = None
        body: list[bytes] = []

        async def watched(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                types = [value for name, value in message["headers"] if name.lower() == b"content-type"]
                start = message if types == [PROBLEM_JSON.encode()] else None
                if start is None:
                    await send(message)
                return
            if start is None or message["type"] != "http.response.body":
                await send(message)
                return
            body.append(message.get("body", b""))
            if not message.get("more_body", False):
                await self._shown(scope, receive, send, start, b"".join(body))

        await self._app(scope, receive, watched)

    async def _shown(self, scope: Scope, receive: Receive, send: Send, start: Message, body: bytes) -> None:
        problem = json.loads(body)
        staff = (problem["code"], problem.get("field")) == ("forbidden", "actor.role")
        answer = problem_page(HTTPConnection(scope), start["status"], "staff" if staff else problem["code"])
        kept = (b"retry-after", b"connection", b"allow")
        answer.raw_headers.extend(one for one in start["headers"] if one[0].lower() in kept)
        await answer(scope, receive, send)
