"""A long story stays a page that a phone can load: the newest steps first, the earlier ones on pages of their own."""

from __future__ import annotations

import re

import pytest
from fastapi import FastAPI

from api.pages import told
from api.pages.words import WORDS
from tests.api.conftest import AGENT, Caller
from tests.support.pages import Page, by_link, own


async def test_the_newest_steps_are_shown_and_the_earlier_ones_are_a_link_away(
    api: Caller, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(told, "AT_ONCE", 4)
    _, order_id = await own(api)
    for number in range(6):
        await api.act(order_id, "urge", AGENT, text=f"reminder {number}")
    visitor = await by_link(api, app, order_id, "en")
    page = visitor.page
    assert "Steps 1 to 4 of" in page.text
    assert WORDS["order.newest"][1] not in page.text
    seen, pages = urged(page), 1
    while earlier := re.search(rf'href="(/my/{order_id}\?before=\d+)#timeline"', page.answer.text):
        page = await visitor.open(earlier[1])
        assert WORDS["order.newest"][1] in page.text
        seen += urged(page)
        pages += 1
    assert seen == [5, 4, 3, 2, 1, 0], "every step once, the newest first"
    assert pages >= 2
    assert "Complaint registered" in page.text


def urged(page: Page) -> list[int]:
    """The reminders that a page shows, in its order."""
    return [int(number) for number in re.findall(r"reminder (\d)", page.text)]


async def test_a_short_story_stands_on_one_page(api: Caller, app: FastAPI) -> None:
    _, order_id = await own(api)
    visitor = await by_link(api, app, order_id, "en")
    assert WORDS["order.earlier"][1] not in visitor.page.text
    page = await visitor.open(f"/my/{order_id}?before=-1")
    assert (page.status, page.answer.headers["content-type"]) == (422, "text/html; charset=utf-8")
