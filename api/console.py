"""The console's own files, as a build left them: its one page under every path of its own, and what that page loads.

The page is made out with a fresh nonce each time, so it is never kept; what lies below `/assets` has the hash of its
content in its name and is kept for a year. Only names of one piece are looked for, so none leads out of the folder.
"""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import Any, NoReturn

from starlette.datastructures import Headers
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send

from api.veil import STREAMED

PAGES = ("/login", "/desk", "/orders", "/inbox", "/callbacks", "/wall", "/floor", "/audit", "/admin", "/account")
"""Where the console's rooms are; `/` and all below these is answered with its page."""
ASSETS = "/assets/"
NONCE = "WHISTLE_NONCE"
"""What the build leaves in the page where a nonce belongs."""
METHODS = ("GET", "HEAD")

TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
}
"""What a build may hold besides the page; nothing else is given out."""
PACKED = {"br": ".br", "gzip": ".gz"}
"""Codings in which a file may lie beside itself, the best first."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Content-Security-Policy of the page."""
SCRIPT_POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'"
"""The same of scripts: one that runs as a worker has that of its own file."""

FOREVER = "public, max-age=31536000, immutable"
FOR_A_DAY = "public, max-age=86400"

_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")

_UNBUILT = """<!doctype html>
<html lang="zh"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Whistle · 吹哨报到</title></head><body>
<h1>控制台尚未构建 · The console is not built</h1>
<p>接口照常工作; 控制台的页面须先构建: 装好 Node 20.19 或更高版本, 在安装目录运行
<code>make console</code>, 然后刷新本页。</p>
<p lang="en">The API works as ever; the console's pages are made first: with Node 20.19 or later, run
<code>make console</code> in the installation's folder, then load this page again.</p>
</body></html>
"""


class Console(BaseRoute):
    """Answers the console's own addresses from the folder of a build, which may be made anew at any time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._page: tuple[float, str] = (0.0, "")

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Full for a page or a file of the console that is asked for to be read; else it is nothing of ours."""
        if scope["type"] != "http" or scope["method"] not in METHODS:
            return Match.NONE, {}
        path = scope["path"]
        return (Match.FULL if is_page(path) or self._file(path) is not None else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the page, or with the file."""
        scope[STREAMED] = True  # nothing here is anybody's: there is no veil to be lifted
        found = self._file(scope["path"])
        answer = self._answer() if found is None else _file(found, Headers(scope=scope), scope["path"])
        await answer(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> NoReturn:
        """Nothing here has a name of its own."""
        raise NoMatchFound(name, path_params)

    def _file(self, path: str) -> Path | None:
        """The file of a build that an address names; None when it names none, or there is none."""
        within = self._folder / "assets" if path.startswith(ASSETS) else self._folder
        name = path.removeprefix(ASSETS if path.startswith(ASSETS) else "/")
        if not _FILE.fullmatch(name) or Path(name).suffix not in TYPES:
            return None
        found = within / name
        return found if found.is_file() and not found.is_symlink() else None

    def _answer(self) -> Response:
        """The page, with a nonce of its own."""
        page = self._read()
        if not page:
            return HTMLResponse(_UNBUILT, status_code=503, headers={"Cache-Control": "no-store"})
        nonce = secrets.token_urlsafe(16)
        headers = {"Content-Security-Policy": POLICY.format(nonce=nonce), "Cache-Control": "no-cache"}
        return HTMLResponse(page.replace(NONCE, nonce), headers=headers)

    def _read(self) -> str:
        """The page as it was built last; '' where it was not."""
        path = self._folder / "index.html"
        try:
            changed = path.stat().st_mtime
            if changed != self._page[0]:
                self._page = (changed, path.read_text(encoding="utf-8"))
        except OSError:
            return ""
        return self._page[1]


def is_page(path: str) -> bool:
    """True for an address that the console's page answers."""
    return path == "/" or any(path == page or path.startswith(f"{page}/") for page in PAGES)


def is_asset(scope: Scope) -> bool:
    """True for a request for what the page loads: dozens come with one page, and none costs anything."""
    return scope["method"] in METHODS and scope["path"].startswith(ASSETS)


def _file(found: Path, headers: Headers, path: str) -> Response:
    """A file, packed as the browser likes it best."""
    kind = TYPES[found.suffix]
    said = {
        "Cache-Control": FOREVER if path.startswith(ASSETS) else FOR_A_DAY,
        "Vary": "Accept-Encoding",
    }
    if found.suffix == ".js":
        said["Content-Security-Policy"] = SCRIPT_POLICY
    taken = _codings(headers.get("accept-encoding", ""))
    for coding, suffix in PACKED.items():
        packed = found.with_name(found.name + suffix)
        if coding in taken and packed.is_file():
            return FileResponse(packed, media_type=kind, headers={**said, "Content-Encoding": coding})
    return FileResponse(found, media_type=kind, headers=said)


def _codings(accepted: str) -> frozenset[str]:
    """The codings that a browser takes; one with the weight 0 it does not."""
    found = (one.partition(";") for one in accepted.lower().split(","))
    return frozenset(
        name.strip() for name, _, weight in found if not re.fullmatch(r"\s*q=0(\.0*)?\s*", weight, re.ASCII)
    )
