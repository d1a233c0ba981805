"""Many callers at once who carry orders through their lives over HTTP, and never let go of a key before its answer."""

from __future__ import annotations

import asyncio
import json
import random
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx

from domain.model import Role
from store.demo import document, people_rows
from tests.chaos.lives import Life, Pause, Step, Turn, Until, View, life

PATIENCE = 150.0
"""Seconds after which a caller who still has no answer calls it a fault."""
EVERYWHERE = "hq-auditor-1"
"""The log-in of somebody who sees every order."""
ROLES: dict[str, Role] = {
    "customer": Role.CUSTOMER, **{row["id"]: Role(row["role"]) for row in people_rows(document("organisation"))},
}  # fmt: skip
"""The role of each demo log-in."""
CALL_SECONDS = 15.0
"""How long one call may take; the API itself waits for the engine for 10."""


@dataclass(slots=True)
class Told:
    """One command and the answer that its caller got; instants are seconds of the monotonic clock.

    Attributes:
        sent: when it was first sent.
        asked: when the call was sent that was answered at last.
        answered: when that answer came.
        tries: how often it was sent.
        replayed: whether the answer says that it was given before.
    """

    key: str
    step: Step
    path: str
    content: bytes
    order_id: str
    sent: float
    asked: float = 0.0
    answered: float = 0.0
    tries: int = 0
    status: int = 0
    answer: bytes = b""
    replayed: bool = False

    @property
    def code(self) -> str:
        """The problem's code; '' when it was carried out."""
        return "" if self.status < 400 else str(json.loads(self.answer).get("code", ""))

    @property
    def role(self) -> Role:
        """The role of whoever asked."""
        return ROLES[self.step.who.partition(":")[0]]

    @property
    def walled(self) -> bool:
        """Whether his role may never ask for this, so that neither order nor key was looked at."""
        return self.code == "role_forbidden" and "state" not in json.loads(self.answer)

    def headers(self) -> dict[str, str]:
        """Who asks, and the key."""
        return {
            "Authorization": f"Bearer dev:{self.step.who}",
            "Idempotency-Key": self.key,
            "Content-Type": "application/json",
        }


@dataclass(slots=True)
class Crowd:
    """The callers of one round and all that they were told.

    Attributes:
        hold: while it is clear nobody takes the step that ends an order.
        told: every command that was answered.
        given_up: the keys of callers who hung up.
        held: how many orders wait for `hold`.
        in_flight: how many calls are under way.
        faults: what must not have happened.
    """

    url: str
    seed: int
    first: int
    count: int
    callers: int
    hold: asyncio.Event = field(default_factory=asyncio.Event)
    orders: dict[int, str] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)
    given_up: list[Told] = field(default_factory=list)
    lives: Counter[str] = field(default_factory=Counter)
    trouble: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    held: int = 0
    ended: int = 0
    in_flight: int = 0
    _slots: asyncio.Semaphore = field(init=False, repr=False)
    _http: httpx.AsyncClient = field(init=False, repr=False)

    async def run(self) -> None:
        """Carry all orders to their ends."""
        self._slots = asyncio.Semaphore(self.callers)
        limits = httpx.Limits(max_connections=self.callers * 2, max_keepalive_connections=self.callers)
        async with httpx.AsyncClient(base_url=self.url, timeout=CALL_SECONDS, limits=limits) as self._http:
            await asyncio.gather(*(self._live(number) for number in range(self.first, self.first + self.count)))

    async def until_answered(self, number: int) -> None:
        """Return once all orders are open and so many commands were answered, or nothing but last steps is left."""
        while True:
            waiting = self.held + self.ended
            if waiting == self.count or (len(self.orders) == self.count and len(self.told) >= number):
                return
            await asyncio.sleep(0.01)

    async def until_back(self, since: float) -> float:
        """Return when a command that was sent after that instant has been carried out anew."""
        while True:
            back = [one.answered for one in self.told if one.asked > since and one.status < 400 and not one.replayed]
            if back or self.held + self.ended == self.count:
                return min(back, default=time.monotonic())
            await asyncio.sleep(0.01)

    async def _live(self, number: int) -> None:
        name, story = life(self.seed, number)
        self.lives[name] += 1
        try:
            await self._tell(number, story)
        except Exception as error:
            self.faults.append(f"order {number} ({name}, {self.orders.get(number)}): {type(error).__name__}: {error}")
        finally:
            self.ended += 1

    async def _tell(self, number: int, story: Life) -> None:
        turn = next(story)
        while True:
            view = await self._turn(number, turn)
            try:
                turn = story.send(view)
            except StopIteration:
                return

    async def _turn(self, number: int, turn: Turn) -> View:
        match turn:
            case Pause(seconds):
                await asyncio.sleep(seconds)
                return {}
            case Until():
                return await self._wait(self.orders[number], turn)
            case steps:
                if any(step.last for step in steps):
                    self.held += 1
                    await self.hold.wait()
                    self.held -= 1
                order_id = self.orders.get(number, "")
                views = [view for view in await asyncio.gather(*(self._do(order_id, step) for step in steps)) if view]
                latest = max(views, key=lambda view: int(view["order"]["seq"]), default={})
                if not order_id and latest:
                    self.orders[number] = latest["order"]["id"]
                return latest

    async def _do(self, order_id: str, step: Step) -> View:
        path = f"/v1/orders/{order_id}/{step.verb}" if order_id else "/v1/orders"
        content = json.dumps(step.body).encode()
        told = Told(str(uuid.uuid4()), step, path, content, order_id, time.monotonic())
        if step.impatient:
            await self._hang_up(told)
            return {}
        if step.double:
            twin = Told(told.key, step, path, content, order_id, told.sent)
            one, other = await asyncio.gather(self._ask(told), self._ask(twin))
            if one.answer != other.answer:
                self.faults.append(
                    f"{told.key}: the same key was answered differently: {one.answer!r} {other.answer!r}"
                )
        else:
            await self._ask(told)
        if told.code != step.refused and told.code != (step.late or step.refused):
            self.faults.append(f"{order_id} {step.verb}: {told.status} {told.answer[:400]!r}")
        view: View = json.loads(told.answer)
        return view if told.status < 400 else {}

    async def _ask(self, told: Told) -> Told:
        """Ask until there is an answer, always with the same key and body."""
        while True:
            told.tries += 1
            told.asked = time.monotonic()
            async with self._slots:
                told.asked = time.monotonic()
                if told.tries == 1:
                    told.sent = told.asked  # waiting for a free caller is not the system's delay
                answer = await self._call(told)
            if answer is not None and not self._again(answer):
                told.answered, told.status, told.answer = time.monotonic(), answer.status_code, answer.content
                told.replayed = "idempotent-replayed" in answer.headers
                if told.status < 400 and not told.order_id:
                    told.order_id = json.loads(told.answer)["order"]["id"]
                self.told.append(told)
                return told
            if time.monotonic() - told.sent > PATIENCE:
                raise TimeoutError(f"{told.step.verb} {told.key} was not answered in {PATIENCE:.0f} s")
            await asyncio.sleep(random.uniform(0.1, 0.4) if answer is None else random.uniform(0.5, 1.0))

    async def _call(self, told: Told) -> httpx.Response | None:
        self.in_flight += 1
        try:
            return await self._http.post(told.path, content=told.content, headers=told.headers())
        except httpx.TransportError as error:
            self.trouble[type(error).__name__] += 1
            return None
        finally:
            self.in_flight -= 1

    def _again(self, answer: httpx.Response) -> bool:
        """Whether the answer asks to be asked again."""
        if answer.is_success:
            return False
        code = str(answer.json().get("code", ""))
        again = answer.status_code in (429, 503) or code == "command_pending"
        if again:
            self.trouble[code] += 1
        return again

    async def _hang_up(self, told: Told) -> None:
        """Send it, hang up after some milliseconds, and never ask again."""
        self.given_up.append(told)
        try:
            async with asyncio.timeout(random.uniform(0.001, 0.05)):
                await self._http.post(told.path, content=told.content, headers=told.headers())
        except (TimeoutError, httpx.TransportError):
            self.trouble["hung up"] += 1

    async def _wait(self, order_id: str, until: Until) -> View:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            view = await self.read(order_id)
            if view and until.holds(view):
                return view
            await asyncio.sleep(max(0.3, self.count / 100))
        raise TimeoutError(f"{until.what}: not in {PATIENCE:.0f} s")

    async def read(self, order_id: str, path: str = "") -> dict[str, Any] | None:
        """What is at an order's address now; None when it cannot be had."""
        try:
            answer = await self._http.get(
                f"/v1/orders/{order_id}{path}", headers={"Authorization": f"Bearer dev:{EVERYWHERE}"}
            )
        except httpx.TransportError:
            return None
        found: dict[str, Any] | None = answer.json() if answer.is_success else None
        return found
