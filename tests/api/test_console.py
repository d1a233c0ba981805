"""The console's files as a browser gets them: the page everywhere, a nonce of its own, assets packed and kept."""

import gzip
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from api import console
from api.app import create_app
from runtime.settings import PROJECT, Settings

HTML = (
    '<!doctype html><meta property="csp-nonce" nonce="WHISTLE_NONCE">'
    '<script type="module" src="/assets/index-abc.js" nonce="WHISTLE_NONCE"></script>'
)
SCRIPT = "export const a = 1;" * 100
HIDDEN = "nobody may read this"


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A built console: a page, a script in three codings, a style without any, an icon; and a file beside it."""
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(HTML)
    (folder / "whistle.svg").write_text("<svg/>")
    (folder / "notes.txt").write_text(HIDDEN)
    script = folder / "assets" / "index-abc.js"
    script.write_text(SCRIPT)
    Path(f"{script}.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    Path(f"{script}.br").write_bytes(b"as if in brotli")
    (folder / "assets" / "index-abc.css").write_text("body{}")
    (folder / "assets" / "link.js").symlink_to(tmp_path / "secret.js")
    (tmp_path / "secret.js").write_text(HIDDEN)
    return folder


def browser(settings: Settings, folder: Path, **changes: object) -> httpx.AsyncClient:
    """A browser before an application that serves that folder, which is not started: files need no database."""
    app = create_app(settings.model_copy(update={"console_dir": folder, **changes}))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1")


@pytest_asyncio.fixture
async def http(settings: Settings, build: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(settings, build) as found:
        yield found


@pytest.mark.parametrize("path", ["/", *console.PAGES, "/orders/WH20260302-K7QF2A9B", "/admin/people/gd-agent-1"])
async def test_every_address_of_the_console_is_its_page(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert not {"etag", "last-modified"} & set(answer.headers), "a kept page would have the nonce of before"


async def test_each_page_has_a_nonce_of_its_own_and_allows_nothing_else_inline(http: httpx.AsyncClient) -> None:
    nonces = set()
    for _ in range(3):
        answer = await http.get("/desk")
        named = set(re.findall(r'nonce="([^"]+)"', answer.text))
        assert len(named) == 1
        policy = answer.headers["content-security-policy"]
        assert f"style-src 'self' 'nonce-{named.copy().pop()}'" in policy
        for needed in ("script-src 'self';", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
            assert needed in policy
        assert "unsafe" not in policy
        nonces |= named
    assert len(nonces) == 3
    assert console.NONCE not in nonces


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("identity", None),
        ("br;q=0, gzip;q=0.000", None),
    ],
)
async def test_assets_come_packed_as_the_browser_takes_them_and_are_kept(
    http: httpx.AsyncClient, accepted: str, coding: str | None
) -> None:
    async with http.stream("GET", "/assets/index-abc.js", headers={"Accept-Encoding": accepted}) as answer:
        content = b"".join([piece async for piece in answer.aiter_raw()])
    assert answer.status_code == 200
    assert answer.headers.get("content-encoding") == coding
    assert (gzip.decompress(content) if coding == "gzip" else content) == (
        b"as if in brotli" if coding == "br" else SCRIPT.encode()
    )
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" not in answer.headers["content-security-policy"], "a worker runs under its own file's policy"


async def test_what_was_not_packed_comes_as_it_is(http: httpx.AsyncClient) -> None:
    style = await http.get("/assets/index-abc.css")
    assert (style.text, style.headers["content-type"]) == ("body{}", "text/css; charset=utf-8")
    icon = await http.get("/whistle.svg")
    assert (icon.headers["content-type"], icon.headers["cache-control"]) == ("image/svg+xml", "public, max-age=86400")
    head = await http.head("/assets/index-abc.css")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "6")


@pytest.mark.parametrize(
    "path",
    [
        "/assets/",
        "/assets/none.js",
        "/assets/..%2Findex.html",
        "/assets/../index.html",
        "/assets/%2e%2e/%2e%2e/secret.js",
        "/assets/..%5c..%5csecret.js",
        "/assets//etc/passwd",
        "/assets/link.js",
        "/assets/index-abc.js.br",
        "/assets/index-abc.js%00.css",
        "/notes.txt",
        "/index.html",
        "/deskx",
        "/nothing",
        "/v1/nothing",
    ],
)
async def test_nothing_else_is_there(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(httpx.URL("http://127.0.0.1").copy_with(raw_path=path.encode()))
    assert answer.status_code in (400, 404), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert HIDDEN not in answer.text


async def test_a_page_is_only_read(http: httpx.AsyncClient) -> None:
    for method in ("POST", "PUT", "DELETE"):
        answer = await http.request(method, "/desk")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), method


async def test_where_it_was_not_built_a_page_says_how_in_both_languages(settings: Settings, tmp_path: Path) -> None:
    async with browser(settings, tmp_path / "none") as http:
        answer = await http.get("/desk")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    for said in ("make console", "控制台尚未构建", "The console is not built"):
        assert said in answer.text


async def test_a_new_build_is_served_without_a_new_start(http: httpx.AsyncClient, build: Path) -> None:
    assert "index-abc.js" in (await http.get("/")).text
    page = build / "index.html"
    page.write_text(HTML.replace("abc", "def"))
    os.utime(page, (1, 1))
    assert "index-def.js" in (await http.get("/")).text
    page.unlink()
    assert (await http.get("/")).status_code == 503


async def test_what_a_page_loads_is_not_counted_and_the_page_is(settings: Settings, build: Path) -> None:
    async with browser(settings, build, rate_per_address=3) as http:
        for _ in range(20):
            assert (await http.get("/assets/index-abc.css")).status_code == 200
        found = [(await http.get("/desk")).status_code for _ in range(4)]
        assert found == [200, 200, 200, 429]
        assert (await http.get("/assets/index-abc.css")).status_code == 200


def test_the_document_is_written_without_a_server_and_does_not_name_the_console() -> None:
    written = subprocess.run(
        [sys.executable, "-m", "api.document"], cwd=PROJECT, capture_output=True, check=True, timeout=60
    )
    paths = json.loads(written.stdout)["paths"]
    assert {"/v1/doors", "/v1/login/demo", "/v1/orders"} <= set(paths)
    assert not set(paths) & {"/", *console.PAGES}


def test_a_build_is_packed_beside_itself(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "large.js").write_text(SCRIPT)
    (tmp_path / "assets" / "small.js").write_text("1")
    (tmp_path / "assets" / "picture.png").write_bytes(b"\x89PNG" * 1000)
    subprocess.run(["node", PROJECT / "console/tools/pack.mjs", tmp_path], check=True, timeout=60)
    assert {found.name for found in (tmp_path / "assets").iterdir()} == {
        *("large.js", "large.js.br", "large.js.gz"),
        *("small.js", "picture.png"),
    }
    assert gzip.decompress((tmp_path / "assets" / "large.js.gz").read_bytes()) == SCRIPT.encode()
