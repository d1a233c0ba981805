"""A real browser for tests: Debian's Chromium, driven by Playwright, and what is looked at in every page."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Playwright, Route, ViewportSize

ROOT = Path(__file__).parents[2]
AXE = ROOT / "console" / "node_modules" / "axe-core" / "axe.min.js"

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
HASTE = "--js-flags=--no-maglev,--no-turbofan"
"""For pages that are looked at for seconds: what the browser takes to make their programs fast never pays."""
DESKTOP = ViewportSize(width=1280, height=800)
PHONE = ViewportSize(width=360, height=740)
LOOKS = (("zh", DESKTOP), ("en", PHONE))
"""How every page is looked at for barriers: in each language once, and in each size once."""
PATIENCE = 45_000
"""Milliseconds until it is held that something does not come, on a machine that is busy with other tests too."""

_SAYS_NOTHING = ("Failed to load resource",)
"""What the browser itself writes of every answer of 400 and more; that the page shows it is each test's business."""


class NoBrowser(Exception):  # noqa: N818 - it says what is missing
    """There is no Chromium here."""


def chromium() -> str:
    """The path of Chromium; raises NoBrowser with what to install."""
    given = os.environ.get("CHROMIUM", "")
    names = (
        "chromium-headless-shell",
        "chromium",
        "chromium-browser",
        "google-chrome",
    )  # the first does without a frame
    found = given or next((path for name in names if (path := shutil.which(name))), "")
    if not found:
        raise NoBrowser(
            "没有 Chromium: 请 apt install chromium, 或以 CHROMIUM=路径 指明 · "
            "no Chromium: apt install chromium, or say CHROMIUM=/path/to/it"
        )
    return found


async def launched(playwright: Playwright, *flags: str) -> Browser:
    """A running browser, without a window; with further flags."""
    return await playwright.chromium.launch(executable_path=chromium(), args=[*FLAGS, *flags])


@dataclass
class Console:
    """A console that is served somewhere, and the browser to look at it with.

    Attributes:
        address: where it is served, without a slash at the end.
        troubles: what went wrong in pages without being shown: exceptions, console errors, broken page policies.
    """

    address: str
    browser: Browser
    troubles: list[str] = field(default_factory=list)
    _contexts: list[BrowserContext] = field(default_factory=list)

    async def visitor(self, lang: str = "zh", size: ViewportSize = DESKTOP, **options: Any) -> Page:
        """A new browser profile of somebody who is not logged in; its empty page."""
        context = await self.browser.new_context(
            base_url=self.address,
            viewport=size,
            locale="zh-CN" if lang == "zh" else "en-GB",
            timezone_id="Asia/Shanghai",
            reduced_motion="reduce",  # a click on what still moves may be lost on a busy machine
            **options,
        )
        context.set_default_timeout(PATIENCE)
        self._contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: self.troubles.append(f"{page.url}: {error}"))
        page.on("console", lambda message: self._heard(page, message))
        return page

    async def at(
        self, person: str, path: str = "/", *, lang: str = "zh", size: ViewportSize = DESKTOP, **options: Any
    ) -> Page:
        """A new browser profile in which that person of the demo organisation is logged in, at that path."""
        page = await self.visitor(lang, size, **options)
        answer = await page.request.post("/v1/login/demo", data={"person": person}, headers={"Origin": self.address})
        assert answer.ok, await answer.text()
        await page.goto(path)
        return page

    async def close(self) -> None:
        """Close all profiles."""
        while self._contexts:
            await self._contexts.pop().close()

    def _heard(self, page: Page, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(_SAYS_NOTHING):
            self.troubles.append(f"{page.url}: {message.text}")


async def halted(page: Page) -> None:
    """Stop the page's clock, so that what it counts down waits for the test and not for the machine."""
    await page.clock.install()
    await page.clock.pause_at(datetime.now(UTC) + timedelta(seconds=30))


@asynccontextmanager
async def unheard(page: Page, asked: re.Pattern[str]) -> AsyncIterator[None]:
    """Have what the page asks for there wait, so that it does not learn of what is done meanwhile."""
    over = asyncio.Event()

    async def wait(route: Route) -> None:
        await over.wait()
        with suppress(Error):  # it is not asked for any more
            await route.continue_()

    await page.route(asked, wait)
    try:
        yield
    finally:
        over.set()
        await page.unroute(asked, wait)


async def goes(page: Page, path: str) -> None:
    """Go to an address of the console without loading it anew, as its own links do."""
    await page.evaluate(
        "path => (history.pushState({}, '', path), dispatchEvent(new PopStateEvent('popstate', {state: {}})))", path
    )


async def still(page: Page) -> None:
    """Wait until the page shows nothing that is being read, and nothing in it moves that will come to rest."""
    await page.wait_for_function(
        """() => !document.querySelector(".ant-skeleton") && document.getAnimations()
             .every((one) => one.playState !== "running" || one.effect?.getComputedTiming().endTime === Infinity)"""
    )


async def axe(page: Page, *, within: str = "") -> list[str]:
    """What axe finds wrong with the page, serious or worse, a line each; `within` a part of it by CSS."""
    await still(page)
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE.read_text())
    found = await page.evaluate(
        """async (within) => (await axe.run(within ? {include: [within]} : document, {resultTypes: ["violations"]}))
             .violations.map(({id, impact, nodes}) =>
               ({id, impact, where: nodes.slice(0, 5).map((one) => one.target.join(" ") + one.html.slice(0, 160))}))""",
        within,
    )
    bad = [one for one in found if one["impact"] in ("serious", "critical")]
    return [f"{one['id']} ({one['impact']}): {where}" for one in bad for where in one["where"]]


async def scrolls_sideways(page: Page) -> bool:
    """True when the page is wider than its window."""
    await still(page)
    return bool(await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"))


async def fits(page: Page) -> bool:
    """True when the page is no wider than its window, as it stands and in the other of the two sizes."""
    if await scrolls_sideways(page):
        return False
    given = page.viewport_size
    await page.set_viewport_size(DESKTOP if given == PHONE else PHONE)
    wider = await scrolls_sideways(page)
    if given:
        await page.set_viewport_size(given)
    return not wider
