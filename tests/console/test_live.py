"""What one does others see, in two browsers, in every tab, and again after the line was cut or the API was away."""

import asyncio
import contextlib
import re
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from playwright.async_api import Browser, Page, Request, expect
from sqlalchemy import text

from tests.api.browsers import system
from tests.api.conftest import NET, Caller
from tests.conftest import Database
from tests.support.browser import Console

AT_ONCE = 1.5
"""Seconds in which what one does stands in another's page: a second on the way, the rest to be drawn."""


async def live(page: Page, state: str = "live") -> None:
    """Wait until the page says that it follows what happens, or does not."""
    await expect(page.locator(f"header [data-live={state}]")).to_be_visible()


def streams(page: Page) -> list[Request]:
    """The streams that a page asks for from now on."""
    asked: list[Request] = []
    page.on("request", lambda one: asked.append(one) if one.url.endswith("/v1/stream") else None)
    return asked


async def until(wanted: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until that is so."""
    ends = time.monotonic() + seconds
    while not wanted():
        assert time.monotonic() < ends, "it does not come about"
        await asyncio.sleep(0.05)


async def test_what_one_does_in_one_browser_stands_in_another_at_once(console: Console, api: Caller) -> None:
    number = await api.opened()
    manager = await console.at("gd-manager", f"/orders/{number}", lang="en")
    agent = await console.at("gd-agent-1", "/desk?scope=all", lang="en")
    unit = await console.at(NET, f"/orders/{number}", lang="en")
    for page in (manager, agent, unit):
        await live(page)
    row = agent.get_by_role("row").filter(has_text=number)
    await expect(row).to_contain_text("Dispatched")
    await unit.get_by_role("region", name="Actions").get_by_role("button", name="Sign for it", exact=True).click()
    await unit.get_by_role("dialog").get_by_role("button", name="Sign for it", exact=True).click()
    await expect(manager.locator("#content")).to_contain_text("In progress")
    await expect(row).to_contain_text("In progress")
    took: list[float] = []
    while len(took) < 10 and min(took, default=AT_ONCE) >= AT_ONCE:  # the machine may be busy
        said = f"note number {len(took)}"
        await api.act(number, "note", "gd-agent-1", text=said)
        begun = time.monotonic()
        await manager.wait_for_function("text => document.querySelector('#content').innerText.includes(text)", arg=said)
        took.append(time.monotonic() - begun)
    assert min(took) < AT_ONCE, took


async def test_one_browser_has_one_stream_and_another_tab_goes_on_with_it(console: Console, api: Caller) -> None:
    number = await api.opened()
    first = await console.at("gd-manager", f"/orders/{number}", lang="en")
    await live(first)
    second = await first.context.new_page()
    asked = streams(second)
    await second.goto(f"/orders/{number}")
    await live(second)
    await api.act(number, "note", "gd-agent-1", text="one stream for both")
    for page in (first, second):
        await expect(page.locator("#content")).to_contain_text("one stream for both")
    assert asked == [], "the tab that was opened later is told by the first"
    await first.close()
    await until(lambda: len(asked) == 1)
    resumed = await asked[0].all_headers()
    assert re.fullmatch(r"[\w-]{40,80}", resumed["last-event-id"])
    await api.act(number, "note", "gd-agent-1", text="the second tab reads by itself")
    await expect(second.locator("#content")).to_contain_text("the second tab reads by itself")


class Line:
    """A line between a browser and the API that can be cut: what runs over it ends, and nothing more gets through."""

    def __init__(self, address: str) -> None:
        self._to = (urlsplit(address).hostname, urlsplit(address).port)
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def mend(self) -> None:
        """Let through what comes."""
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """End what runs, and let nothing through."""
        assert self._server is not None
        self._server.close()
        for writer in tuple(self._open):
            writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(*self._to)
        both = {writer, there_writer}
        self._open |= both
        try:
            await asyncio.gather(_pour(reader, there_writer), _pour(there_reader, writer))
        finally:
            self._open -= both


async def _pour(source: asyncio.StreamReader, into: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await source.read(65536):
            into.write(piece)
            await into.drain()
    into.close()


async def test_after_the_line_was_cut_everything_is_there_again(served: str, browser: Browser, api: Caller) -> None:
    line = Line(served)
    await line.mend()
    console = Console(f"http://127.0.0.1:{line.port}", browser)
    try:
        number = await api.opened()
        page = await console.at("gd-manager", f"/orders/{number}", lang="en")
        await live(page)
        await expect(page.locator("#content")).to_contain_text("Dispatched by the catalogue")
        await line.cut()
        await live(page, "reconnecting")
        await api.act(number, "note", "gd-agent-1", text="said while the line was cut")
        await line.mend()
        await live(page)
        await expect(page.locator("#content")).to_contain_text("said while the line was cut")
    finally:
        await console.close()
        await line.cut()


async def test_after_the_database_let_the_listener_go_nothing_is_missed(
    console: Console, api: Caller, database: Database
) -> None:
    number = await api.opened()
    page = await console.at("gd-manager", f"/orders/{number}", lang="en")
    await live(page)

    def kill() -> None:
        with system(database) as made, made.begin() as session:
            ended = text(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                "WHERE application_name = 'whistle listens' AND datname = current_database()"
            )
            assert session.scalar(ended) == 1

    await asyncio.to_thread(kill)
    await api.act(number, "note", "gd-agent-1", text="said while nobody listened")
    await expect(page.locator("#content")).to_contain_text("said while nobody listened")
    await live(page)


async def test_whoever_sees_no_orders_asks_for_no_stream(console: Console) -> None:
    page = await console.visitor("en")
    asked = streams(page)
    await page.request.post("/v1/login/demo", data={"person": "hq-admin"}, headers={"Origin": console.address})
    await page.goto("/account")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await asyncio.sleep(1)
    assert asked == []
    assert await page.locator("[data-live]").count() == 0


async def test_a_log_out_in_one_tab_is_a_log_out_in_all(console: Console) -> None:
    first = await console.at("gd-agent-2", "/account", lang="en")
    await live(first)
    second = await first.context.new_page()
    await second.goto("/desk")
    await live(second)
    await first.get_by_role("button", name=re.compile("^Me:")).click()
    await first.get_by_text("Log out", exact=True).click()
    await expect(second.get_by_role("heading", level=1)).to_have_text("Log in to Whistle")
