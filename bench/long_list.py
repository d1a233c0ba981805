"""The list of orders in a browser, with 100,000 orders in the ledger.

`python -m bench.long_list [--orders N] [--console DIR]` brings up the whole system in a temporary folder, plants some
thousand orders by the ledger's own pen and multiplies their rows, and opens the desk in Chromium as headquarters, who
see them all. Told are: how long until the first orders stand there and until the page answers to keys at once; how long
the frames took while it was scrolled; what the page held in memory at the beginning and when it had been scrolled
to the end; and, on a phone, how long until a customer's own page shows something.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
from pathlib import Path
from typing import Any

import psycopg2
from playwright.async_api import Browser, Page, async_playwright

from bench import temporary
from bench.walls import SEALED, Planter, system
from runtime import keyring
from store.session import EVERYWHERE, make_engine, sessions
from tests.support.browser import PHONE, launched

PLANTED = 2_000
"""Orders that are written one by one; the others are copies of their rows under other numbers and times."""
WHO = "hq-supervisor-1"
STEP = 90
"""Pixels a frame: some 130 rows a second at 60 frames."""
FRAMES = 600

_COPIES = """
INSERT INTO {table} ({columns})
SELECT {values} FROM {table} t, generate_series(1, %s) n WHERE t.order_id LIKE 'WH20260101-GD______'
"""

_FIRST = """() => new Promise((done) => {
  const looks = () => document.querySelector("[data-order]") ? done(performance.now()) : requestAnimationFrame(looks);
  looks();
})"""
_CALM = """() => new Promise((done) => {
  let last = performance.now();
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) last = Math.max(last, one.startTime + one.duration);
  }).observe({type: "longtask", buffered: true});
  const looks = () => performance.now() - last > 500 ? done(last) : setTimeout(looks, 50);
  setTimeout(looks, 200);
})"""
_SCROLLED = """([step, frames]) => new Promise((done) => {
  const list = document.querySelector(".orders"), took = [];
  let before = performance.now();
  const frame = (now) => {
    took.push(now - before);
    before = now;
    list.scrollTop += step;
    took.length < frames ? requestAnimationFrame(frame) : done(took.slice(1));
  };
  requestAnimationFrame(frame);
})"""
_PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
_TO_THE_END = """() => new Promise((done) => {
  const list = document.querySelector(".orders"), begun = performance.now();
  const frame = () => {
    list.scrollTop = list.scrollHeight;
    const rows = Number(list.getAttribute("aria-rowcount"));
    rows > 0 ? done([rows - 1, performance.now() - begun]) : requestAnimationFrame(frame);
  };
  frame();
})"""


def multiply(owner_url: str, times: int) -> None:
    """Copy the planted orders' rows so many times, each a little older than the one that it is copied from."""
    with psycopg2.connect(owner_url.replace("+psycopg2", "")) as connection, connection.cursor() as cursor:
        for table in ("sights", "orders"):
            cursor.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND table_schema = 'public'",
                (table,),
            )
            columns = [row[0] for row in cursor.fetchall()]
            moved = {
                "order_id": "'WH20260101-' || lpad(n::text, 3, '0') || right(t.order_id, 6)",
                "registered_at": "t.registered_at - n * interval '1 second'",
            }
            values = ", ".join(moved.get(name, f"t.{name}") for name in columns)
            cursor.execute(_COPIES.format(table=table, columns=", ".join(columns), values=values), (times,))
            cursor.execute(f"ANALYZE {table}")
    connection.close()


async def held(page: Page) -> tuple[float, int]:
    """What the page's heap has in use (MB) once rubbish is collected, and how many elements it has."""
    session = await page.context.new_cdp_session(page)
    await session.send("HeapProfiler.collectGarbage")
    found: dict[str, Any] = await session.send("Runtime.getHeapUsage")
    return found["usedSize"] / 1e6, int(await page.evaluate("document.getElementsByTagName('*').length"))


async def measure(address: str, rounds: int) -> None:
    """Open, wait, scroll, and tell."""
    async with async_playwright() as playwright:
        browser = await launched(playwright)
        firsts, calms = [], []
        for _ in range(rounds):
            context = await browser.new_context(
                base_url=address, viewport={"width": 1440, "height": 900}, locale="zh-CN"
            )
            page = await context.new_page()
            answer = await page.request.post("/v1/login/demo", data={"person": WHO}, headers={"Origin": address})
            assert answer.ok, await answer.text()
            await page.goto("/desk?scope=all", wait_until="commit")
            firsts.append(await page.evaluate(_FIRST))
            calms.append(await page.evaluate(_CALM))
            if len(firsts) < rounds:
                await context.close()
        print(f"first orders there: {statistics.median(firsts):.0f} ms; interactive: {statistics.median(calms):.0f} ms")
        heap, elements = await held(page)
        print(f"at the beginning: heap {heap:.1f} MB, {elements} elements")
        took = sorted(await page.evaluate(_SCROLLED, [STEP, FRAMES]))
        late = sum(one > 50 for one in took)
        print(
            f"frames while scrolling {STEP * FRAMES // 40:,} rows: median {statistics.median(took):.1f} ms, "
            f"p95 {took[int(len(took) * 0.95)]:.1f}, p99 {took[int(len(took) * 0.99)]:.1f}, max {took[-1]:.1f}; "
            f"{late} of {len(took)} over 50 ms"
        )
        rows, end = await asyncio.wait_for(page.evaluate(_TO_THE_END), 900)
        heap, elements = await held(page)
        print(f"scrolled to the end of {rows:,} orders in {end / 1000:.0f} s: heap {heap:.1f} MB, {elements} elements")
        paints = [await painted(browser, address) for _ in range(rounds)]
        print(f"customer's page, first contentful paint: {statistics.median(paints):.0f} ms, at most {max(paints):.0f}")
        await browser.close()


async def painted(browser: Browser, address: str) -> float:
    """Milliseconds until the page of a customer who came in by his link shows something, in a fresh browser."""
    desk = await browser.new_context(base_url=address)
    login = await desk.request.post("/v1/login/demo", data={"person": WHO}, headers={"Origin": address})
    orders = await (await desk.request.get("/v1/orders", params={"limit": "1"})).json()
    said = {"Origin": address, "X-CSRF-Token": (await login.json())["csrf"]}
    link = await desk.request.post(f"/v1/orders/{orders['items'][0]['id']}/link", headers=said)
    assert link.ok, await link.text()
    phone = await browser.new_context(base_url=address, viewport=PHONE, locale="zh-CN")
    page = await phone.new_page()
    await page.goto((await link.json())["link"])
    await page.get_by_role("main").get_by_role("button").click()
    found: float = await (await page.wait_for_function(_PAINTED)).json_value()
    await desk.close()
    await phone.close()
    return found


def main() -> int:
    """Measure and print."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--orders", type=int, default=100_000)
    given.add_argument("--rounds", type=int, default=5)
    given.add_argument("--console", type=Path, default=None, help="folder of the built console")
    options = given.parse_args()
    with temporary.folder() as wanted, temporary.servers(wanted) as stack:
        settings = stack.settings
        if options.console:
            os.environ["WHISTLE_CONSOLE_DIR"] = str(options.console)
            settings = settings.model_copy(update={"console_dir": options.console})
        engine = make_engine(settings.app_database_url or "", 4, sight=EVERYWHERE)
        Planter(sessions(engine), keyring.load(settings.keyring_path)).plant(SEALED, PLANTED, sealed=True)
        engine.dispose()
        multiply(stack.owner_url, options.orders // PLANTED - 1)
        print(f"{options.orders:,} orders planted", file=sys.stderr, flush=True)
        with system(settings, ()):
            asyncio.run(measure(f"http://127.0.0.1:{settings.api_port}", options.rounds))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
