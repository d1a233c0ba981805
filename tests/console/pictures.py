"""Pictures of every page, in both languages, of a small real system with a day's orders: `make pictures`.

They are for people, in docs/console.md, and are taken anew by one command; numbers and hours differ each time.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Page, ViewportSize, async_playwright

from bench import temporary
from tests.console.scene import Scene, play
from tests.support.browser import DESKTOP, PHONE, ROOT, Console, launched

FOLDER = ROOT / "docs" / "pictures"
SETTLES = 1500
"""Milliseconds for charts to be drawn and fonts to be there, once a page shows nothing that is being read."""
LARGE = ViewportSize(width=1600, height=900)


@dataclass(frozen=True, slots=True)
class Picture:
    """One page: its file's name, who looks (a person of the demo organisation), where; `{…}` names an order."""

    name: str
    person: str
    path: str
    size: ViewportSize = field(default_factory=lambda: DESKTOP)


PICTURES: tuple[Picture, ...] = (
    Picture("login", "", "/login"),
    Picture("desk", "gd-agent-1", "/desk"),
    Picture("desk-new", "gd-agent-1", "/desk/new"),
    Picture("order", "gd-agent-1", "/orders/{signed}"),
    Picture("inbox", "gd-net-1", "/inbox"),
    Picture("inbox-joint", "gd-net-1", "/inbox/{signed}/a1"),
    Picture("inbox-reply", "gd-net-1", "/inbox/{reply}/a1?do=reply"),
    Picture("inbox-phone", "gd-net-head", "/inbox", PHONE),
    Picture("callbacks", "gd-caller-1", "/callbacks/{call}"),
    Picture("callbacks-phone", "gd-caller-1", "/callbacks/{call}", PHONE),
    Picture("wall", "hq-supervisor-1", "/wall"),
    Picture("wall-province", "gd-manager", "/wall/GD"),
    Picture("floor", "hq-supervisor-1", "/floor", LARGE),
    Picture("audit", "hq-auditor-1", "/audit/{signed}"),
    Picture("admin", "hq-admin", "/admin"),
    Picture("admin-policies", "hq-admin", "/admin/policies"),
    Picture("account", "gd-net-1", "/account"),
    Picture("customer", "customer", "/my/{reply}", PHONE),
)


async def take(console: Console, scene: Scene, picture: Picture, lang: str, folder: Path) -> Path:
    """Take one picture; answers where it is."""
    path = picture.path.format(**scene.orders)
    page = await _opened(console, scene, picture, path, lang)
    await page.wait_for_load_state("load")
    reading = page.locator('[role="status"] .ant-skeleton')
    await reading.first.wait_for(state="detached", timeout=60_000)
    await page.wait_for_timeout(SETTLES)
    file = folder / f"{picture.name}-{lang}.png"
    await page.screenshot(path=file, animations="disabled", caret="hide", scale="css")
    await page.context.close()
    return file


async def _opened(console: Console, scene: Scene, picture: Picture, path: str, lang: str) -> Page:
    if picture.person == "customer":
        page = await console.visitor(lang, picture.size)
        await page.goto(f"/t/{scene.links[scene.orders['reply']]}")
        await page.locator("form[method=post] button").last.click()
        await page.wait_for_url("**/my/**")
        return page
    if not picture.person:
        page = await console.visitor(lang, picture.size)
        await page.goto(path)
        return page
    return await console.at(picture.person, path, lang=lang, size=picture.size)


async def taken(address: str, scene: Scene, folder: Path, only: str = "") -> list[Path]:
    """Take all pictures at that installation, or those whose name begins with `only`."""
    folder.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        browser = await launched(playwright)
        console = Console(address, browser)
        found = [
            await take(console, scene, picture, lang, folder)
            for picture in PICTURES
            if picture.name.startswith(only)
            for lang in ("zh", "en")
        ]
        await browser.close()
    if console.troubles:
        raise RuntimeError("\n".join(console.troubles))
    return found


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--console", type=Path, default=ROOT / "console" / "dist", help="the built client")
    parser.add_argument("--only", default="", help="pictures whose name begins so")
    given = parser.parse_args()
    if not (given.console / "index.html").is_file():
        print("控制台尚未构建: make console · the console is not built: make console", file=sys.stderr)
        return 1
    with temporary.folder() as own:
        settings = own.model_copy(update={"console_dir": given.console.absolute()})
        with temporary.servers(settings) as stack, temporary.programs(stack.settings):
            scene = play(settings.api_url)
            files = asyncio.run(taken(settings.api_url, scene, given.folder, given.only))
    size = sum(file.stat().st_size for file in files)
    print(f"{len(files)} 张 · pictures, {size // 1024} KiB, {given.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
