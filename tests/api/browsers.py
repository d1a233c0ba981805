"""Browsers for tests: each with cookies of its own, sending what a page of ours sends, unless told otherwise."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy.orm import Session, sessionmaker

from identity import accounts, passwords
from identity.sessions import COOKIE
from store.session import EVERYWHERE, make_engine, sessions
from tests.conftest import Database

HOST = "127.0.0.1"
OURS = f"https://{HOST}"
GOOD = "three blue kettles sing"
HASH = passwords.hash_now(GOOD)

_NUMBERS = itertools.count()


@dataclass
class Browser:
    """One browser, at an address of its own, that talks to one of the API's processes; several share a database."""

    app: FastAPI
    csrf: str = ""
    address: str = field(default_factory=lambda: f"10.0.{(number := next(_NUMBERS)) // 250}.{number % 250 + 1}")
    http: httpx.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=(self.address, 4711))
        self.http = httpx.AsyncClient(transport=transport, base_url=OURS, timeout=30)

    @property
    def cookie(self) -> str:
        """The secret that it holds, '' for none."""
        return self.http.cookies.get(COOKIE) or ""

    def at(self, app: FastAPI) -> Browser:
        """The same browser as it comes to another process."""
        other = Browser(app, self.csrf)
        other.http.cookies = self.http.cookies
        return other

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """GET below /v1."""
        return await self.http.get(f"/v1{path}", headers=named(headers))

    async def send(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """Ask below /v1 as a page of ours does: with its origin, and the CSRF token if there is a session."""
        own = {"Origin": OURS} | ({"X-CSRF-Token": self.csrf} if self.csrf else {})
        return await self.http.request(method, f"/v1{path}", json=body, headers=own | named(headers))

    async def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """POST as a page of ours does."""
        return await self.send("POST", path, body, **headers)

    async def log_in(self, person: str, password: str = GOOD) -> httpx.Response:
        """Log in, and take the page's CSRF token from the answer."""
        answer = await self.post("/login", {"person": person, "password": password})
        if answer.is_success:
            self.csrf = answer.json()["csrf"]
        return answer


def named(headers: dict[str, str]) -> dict[str, str]:
    """Headers as they are called on the wire."""
    return {name.replace("_", "-"): value for name, value in headers.items()}


@contextmanager
def system(database: Database) -> Iterator[sessionmaker[Session]]:
    """What makes sessions of the system itself."""
    engine = make_engine(database.app_url, 3, sight=EVERYWHERE)
    try:
        yield sessions(engine)
    finally:
        engine.dispose()


def give_password(made: sessionmaker[Session], person: str, hash_now: str = HASH) -> None:
    """Have a person own the password `GOOD`."""
    with made.begin() as session:
        accounts.change(session, person, hash_now, datetime.now(UTC))
