"""What would have been: the auditor tries a policy over past orders, sees both sides, and runs one in the shadow."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from playwright.async_api import expect
from sqlalchemy.orm import Session, sessionmaker

import rulebook
from audit.lab.shadow import Follower
from audit.lab.work import Lab
from store.demo import document
from store.session import EVERYWHERE, make_engine, sessions
from tests.api.conftest import NET, Caller
from tests.conftest import Database
from tests.support.browser import Console, axe, scrolls_sideways

INSPECTOR = "hq-auditor-1"


@pytest.fixture(scope="module")
def made(database: Database) -> Iterator[sessionmaker[Session]]:
    engine = make_engine(database.app_url, pool_size=2, sight=EVERYWHERE)
    yield sessions(engine)
    engine.dispose()


def stricter() -> str:
    """The shipped policy with an hour for the result of a fault, as people write it."""
    own = dict(document("policy"))
    own["version"] = "2027.1"
    own["classes"] = {**own["classes"], "fault": {**own["classes"]["fault"]}}
    own["classes"]["fault"]["limits"] = {**own["classes"]["fault"]["limits"], "due": "1h"}
    return rulebook.yaml_of(own)


async def test_an_auditor_tries_a_policy_and_sees_both_sides(
    console: Console, api: Caller, made: sessionmaker[Session]
) -> None:
    number = await api.opened()
    await api.act(number, "sign", NET)
    page = await console.at(INSPECTOR, "/audit", lang="en")
    await page.get_by_role("link", name="What would have been").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("What would have been")
    await page.get_by_label("Or paste a policy (YAML)").fill(stricter())
    await page.get_by_role("button", name="Play").click()
    result = page.get_by_role("region", name="Result")
    await expect(result.get_by_role("status").filter(has_text="waiting")).to_contain_text("2027.1")
    await asyncio.to_thread(Lab(made).once)
    await expect(result).to_contain_text("due earlier 1, later 0")
    await expect(result.get_by_role("table", name="Totals").get_by_role("row")).to_have_count(11)
    await expect(result.get_by_role("table", name="Orders that differ")).to_contain_text(number)
    await expect(page.get_by_role("table", name="Runs").get_by_role("row")).to_have_count(2)
    assert await axe(page) == []
    assert not await scrolls_sideways(page)

    await page.get_by_role("button", name="Run in the shadow").click()
    shadow = page.get_by_role("region", name="In the shadow")
    await expect(shadow).to_contain_text("2027.1")
    await asyncio.to_thread(Follower(Lab(made), made).once)
    await expect(shadow).to_contain_text("It follows 1 orders, 1 differ")
    await shadow.get_by_role("button", name="Stop it").click()
    await expect(shadow).to_contain_text("stopped")


async def test_it_speaks_chinese_and_says_what_is_wrong_with_a_policy(console: Console) -> None:
    page = await console.at(INSPECTOR, "/audit/lab")
    await expect(page.get_by_role("heading", level=1)).to_have_text("若当时如此")
    await page.get_by_label("或粘贴政策 (YAML)").fill("version: x")
    await page.get_by_role("button", name="推演", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("invalid_request")
    assert await axe(page) == []
