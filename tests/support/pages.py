"""A reader of the customer's pages without script: what stands there, and forms filled and sent as a browser does."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html.parser import HTMLParser
from itertools import count
from typing import Any

import httpx
from fastapi import FastAPI

from tests.api.browsers import Browser
from tests.api.conftest import AUDITOR, CALLER, NET, Caller
from tests.support.hours import noon

FORM = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
"""What a browser sends with a form of a page without referrers."""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: dict[str, dict[str, str]] = {}
        self.words: list[str] = []
        self._form: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = self.forms.setdefault(given["action"], {})
        if tag == "input" and given.get("type") == "hidden":
            self._form[given["name"]] = given["value"]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@dataclass
class Page:
    """One answer, read."""

    answer: httpx.Response
    forms: dict[str, dict[str, str]] = field(init=False)
    text: str = field(init=False)

    def __post_init__(self) -> None:
        reader = _Reader()
        reader.feed(self.answer.text)
        self.forms, self.text = reader.forms, " ".join(" ".join(reader.words).split())

    @property
    def status(self) -> int:
        return self.answer.status_code


@dataclass
class Visitor:
    """Somebody with a browser, who follows redirects and speaks a language."""

    browser: Browser
    lang: str = "zh"
    page: Page = field(init=False)

    async def open(self, path: str) -> Page:
        """GET a page, wherever it leads."""
        answer = await self.browser.http.get(path, headers={"Accept-Language": self.lang}, follow_redirects=True)
        self.page = Page(answer)
        return self.page

    async def send(self, action: str, /, follow: bool = True, files: Any = None, **typed: str) -> Page:
        """Fill and send the form of that address on the page that is open."""
        return await self.post(action, {**self.page.forms[action], **typed}, follow=follow, files=files)

    async def post(
        self, action: str, fields: dict[str, str], *, follow: bool = True, files: Any = None, **headers: str
    ) -> Page:
        """POST fields; without `follow` the page that was open stays open."""
        sent = {**FORM, "Accept-Language": self.lang, **{name.replace("_", "-"): one for name, one in headers.items()}}
        answer = await self.browser.http.post(action, data=fields, files=files, headers=sent)
        if not follow:
            return Page(answer)
        if answer.status_code == 303:
            return await self.open(answer.headers["location"].partition("#")[0])
        self.page = Page(answer)
        return self.page


def path_of(link: str) -> str:
    """The path of a link to an order."""
    return link[link.index("/t/") :]


NUMBERS = count(1)
STEP = 3
"""Hours by which a rehearsal goes on until its customer may be called."""
LONGEST_HOLIDAY = 10
"""Days, with the weekend beside it."""


async def own(api: Caller, zone: str = "", **changes: Any) -> tuple[str, str]:
    """A new customer's phone and his order; he lives in his province's zone unless one is given."""
    phone = f"135{next(NUMBERS):08}"
    customer = {"name": "陈女士", "phone": phone, **({"zone": zone} if zone else {})}
    return phone, await api.opened(customer=customer, **changes)


async def by_link(api: Caller, app: FastAPI, order_id: str, lang: str = "zh") -> Visitor:
    """Somebody who has come in with a link, and sees the order."""
    path = path_of((await api.post(f"/orders/{order_id}/link")).json()["link"])
    visitor = Visitor(Browser(app), lang)
    await visitor.open(path)
    page = await visitor.send(path)
    assert page.status == 200, page.text
    return visitor


async def by_code(app: FastAPI, order_id: str, phone: str, lang: str = "zh", to: str = "") -> Visitor:
    """The customer, who has come in with a code, and sees the order."""
    visitor = Visitor(Browser(app), lang)
    await visitor.open(f"/t?order={order_id}&to={to}")
    page = await visitor.send("/t", order_id=order_id, phone=phone)
    code = re.search(r"\b\d{6}\b", page.text)
    assert code is not None, page.text
    page = await visitor.send("/t/code", code=code[0])
    assert page.status == 200, page.text
    return visitor


async def replied(api: Caller, **changes: Any) -> tuple[str, str]:
    """An order whose reply was accepted, with the customer's phone."""
    phone, order_id = await own(api, **changes)
    now = datetime.now(UTC).isoformat()
    await api.act(order_id, "sign", NET)
    await api.act(order_id, "contact", NET, spoke_to="Ms Chen", summary="Visit agreed for tomorrow")
    await api.act(order_id, "reply", NET, received_at=now, spoke_to="Ms Chen", done="Joint repaired", done_by=now)
    await api.act(order_id, "audit_reply", AUDITOR, accepted=True)
    return phone, order_id


async def called(api: Caller, order_id: str, **result: Any) -> dict[str, Any]:
    """Call back a rehearsal's customer at an hour at which that is allowed; the view."""
    for _ in range(LONGEST_HOLIDAY * 24 // STEP):
        answer = await api.post(f"/orders/{order_id}/record_callback", result, CALLER)
        if answer.status_code == 200:
            view: dict[str, Any] = answer.json()
            return view
        assert answer.json()["code"] in ("quiet_hours", "too_soon"), answer.text
        await api.post(f"/rehearsal/orders/{order_id}/fast_forward", {"seconds": STEP * 3600})
    raise AssertionError("no hour to call at")


async def closed(api: Caller) -> tuple[str, str]:
    phone, order_id = await replied(api, rehearsal=True, zone=noon())
    view = await called(api, order_id, result="reached", contacted=True, solved=True, satisfaction="satisfied")
    assert view["order"]["state"] == "closed"
    return phone, order_id


async def events_of(api: Caller, order_id: str, kind: str) -> list[dict[str, Any]]:
    items = (await api.get(f"/orders/{order_id}/events", limit=200)).json()["items"]
    return [item for item in items if item["type"] == kind]
