"""`GET /v1/stream`: what happens to the orders that one sees, as it happens, as server-sent events.

An event says which orders to read anew, never what is in them. `orders` names them with their seqs as one is told
them; `reset` says that everything is to be read anew; `notices` that one got a notice; `beat` that nothing happened.
The last of those that come together has an id, and whoever comes back with the latest one in `Last-Event-ID` is told of
what he missed, after `resumed`. `waiting` says, and says again instead of a beat, that the database tells nobody
anything, until the `reset` that follows; `bye` why a stream ends. These three have no id.

No stream has a thread or a database connection. Whether its log-in still holds is asked for all of them at once, which
does not count as a use of it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, cast

import msgspec
from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from api.access import GRANTS
from api.deps import AskerDep, Parts, PartsDep
from api.errors import Problem, declared
from api.hub import Hub, Stream
from api.identity import ACTING_HEADER, CookieIdentity, Identity
from api.protocol import ENDLESS
from api.veil import STREAMED
from identity import acting, sessions
from identity.people import Identified
from runtime.settings import Settings
from store import changes
from store.changes import Listener
from store.session import LOST

log = logging.getLogger(__name__)
router = APIRouter(tags=["orders"])

MEDIA = "text/event-stream"
BEAT_SECONDS = 15.0
"""How long a stream is silent at most: proxies and readers take a longer silence for its end."""
RETRY_MS = 2000
"""When a browser comes back by itself."""
RECHECK_SECONDS = 3.0
"""How often it is asked whether the log-ins of the streams still hold."""
STUCK_SECONDS = 30.0
"""How long a reader may take nothing before his stream is given up."""
MOST_OF_ONE = 12
"""Streams of one person in one process; a browser has one, whatever its tabs."""
MOST = 4_000
"""Streams of one process."""


@dataclass(eq=False, slots=True)
class _Following:
    """A stream with what is needed to ask whether it may go on: the session's hash, or the request itself."""

    stream: Stream
    request: Request
    digest: str


class Live:
    """What the streams of one process have in common: the listener, the hub, and the look at their log-ins."""

    def __init__(self, settings: Settings, parts: Parts, cookies: CookieIdentity, identity: Identity) -> None:
        if settings.app_database_url is None:
            raise ValueError("WHISTLE_APP_DATABASE_URL is not set; `whistle up` sets it for its children")
        self.hub = Hub(self._places)
        self.following: set[_Following] = set()
        self._parts, self._cookies, self._identity = parts, cookies, identity
        self._loop = asyncio.get_running_loop()
        self._listener = Listener(settings.app_database_url, self._hear, self._listens)
        self._closed = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Live]:
        """Listen and tell inside the block; at its end every stream ends."""
        self._listener.start()
        tasks = [asyncio.create_task(work()) for work in (self.hub.run, self._recheck)]
        try:
            yield self
        finally:
            self._closed = True
            for task in tasks:
                task.cancel()
            for one in tuple(self.following):
                one.stream.end("stopping")
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.to_thread(self._listener.close)

    async def _places(self, order_ids: Any) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = await self._parts.system(changes.places, order_ids)
        return found

    def _hear(self, messages: list[str]) -> None:
        found = [change for message in messages if (change := changes.heard(message)) is not None]
        self._call(self.hub.hear, found)

    def _listens(self, does: bool) -> None:
        self._call(self.hub.listens, does)

    def _call(self, step: Any, given: Any) -> None:
        """Have the event loop do something that the listener's thread has found out."""
        if not self._closed:
            with suppress(RuntimeError):  # the loop has been closed meanwhile
                self._loop.call_soon_threadsafe(step, given)

    async def _recheck(self) -> None:
        """End the streams whose log-in is over, or stands for somebody else by now."""
        while True:
            await asyncio.sleep(RECHECK_SECONDS)
            following = tuple(self.following)
            try:
                live = await self._cookies.holding([one.digest for one in following if one.digest]) if following else {}
                for one in following:
                    why = await self._objection(one, live)
                    if why:
                        one.stream.end(why)
            except Exception as error:
                known = isinstance(error, LOST)
                log.warning("whether %s streams may go on could not be asked", len(following), exc_info=not known)

    async def _objection(self, one: _Following, live: dict[str, sessions.Live]) -> str:
        """Why a stream may not go on; '' when it may."""
        try:
            who = await self._now(one, live)
        except (Problem, acting.NotPossible):
            return "log_in_over"
        if who is None or who.role not in GRANTS["stream"].roles:
            return "log_in_over"
        return "" if who == one.stream.who else "changed"

    async def _now(self, one: _Following, live: dict[str, sessions.Live]) -> Identified | None:
        """Who a stream's reader is now; None for nobody. Raises Problem, NotPossible."""
        if not one.digest:
            return await self._identity.identify(one.request)
        found = live.get(one.digest)
        if found is None or found.must_change:
            return None
        absent = one.request.headers.get(ACTING_HEADER)
        if absent is None:
            return found.who
        who: Identified = await self._parts.system(acting.in_place_of, found.who, absent, datetime.now(UTC))
        return who


@router.get(
    "/stream",
    response_class=Response,
    responses={
        **declared("unauthenticated", "forbidden", "invalid_request", "too_many_requests", "unavailable"),
        200: {"description": "Server-sent events, until either side ends it.", "content": {MEDIA: {}}},
    },
    summary="What happens, as it happens",
)
async def stream(
    request: Request,
    who: AskerDep,
    parts: PartsDep,
    last: Annotated[str, Header(alias="Last-Event-ID", max_length=64, description="The last id that came.")] = "",
) -> Response:
    """Tells which of the orders that one sees have changed (`orders`), and when one got a notice (`notices`).

    It begins with `reset`: read everything anew, and from now on nothing is missed. Whoever comes back with
    `Last-Event-ID` in time is told of what he missed instead. `bye` says why it ends: `log_in_over`, `changed`,
    `stopping` or `again`, after which to come back.
    """
    live = cast("Live", request.app.state.live)
    if len(live.following) >= MOST or live.hub.of(who.id) >= MOST_OF_ONE:
        raise Problem(
            "too_many_requests",
            "There are too many streams already.",
            remedy="Close others, or ask again after a minute.",
            retry_after=60,
        )
    bearer = "authorization" in request.headers
    digest = "" if bearer else sessions.hashed(request.cookies.get(sessions.COOKIE, ""))
    request.scope[STREAMED] = request.scope[ENDLESS] = True
    return _Events(live, _Following(Stream(who), request, digest), last, parts.settings.stream_seconds)


class _Events(StreamingResponse):
    """The answer: what its stream is to be told, until its reader goes, its log-in ends or its time is up."""

    def __init__(self, live: Live, following: _Following, last: str, seconds: float) -> None:
        super().__init__(self._told(seconds), media_type=MEDIA, headers={"X-Accel-Buffering": "no"})
        self._live, self._following, self._last = live, following, last

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events for as long as it lasts."""
        hub, stream = self._live.hub, self._following.stream
        self._live.following.add(self._following)
        hub.join(stream, self._last)
        telling = asyncio.create_task(self.stream_response(_unstuck(send)))
        leaving = asyncio.create_task(_left(receive))
        try:
            await asyncio.wait((telling, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            hub.leave(stream)
            self._live.following.discard(self._following)
            for task in (telling, leaving):
                task.cancel()
            await asyncio.gather(telling, leaving, return_exceptions=True)

    async def _told(self, seconds: float) -> AsyncIterator[str]:
        hub, stream = self._live.hub, self._following.stream
        ends = time.monotonic() + seconds
        yield f"retry: {RETRY_MS}\n\n"
        if not (stream.reset or stream.waits):
            yield _event("resumed", "")
        while not stream.bye:
            for message in _news(stream, hub.name):
                yield message
            left = ends - time.monotonic()
            if left <= 0:
                stream.end("again")
                break
            try:
                async with asyncio.timeout(min(BEAT_SECONDS, left)):
                    await stream.wake.wait()
            except TimeoutError:
                if not stream.waits:  # who waits is told so again, for a beat would say that all is well
                    yield f": still here\n{_event('beat', hub.name)}"
        yield _event("bye", "", {"why": stream.bye})


def _news(stream: Stream, name: str) -> Iterator[str]:
    """What a stream is to be told now, as the events up to the one of that name.

    Only the last of them bears the name: whoever got less of them comes back for the rest.
    """
    stream.wake.clear()
    if stream.waits:
        yield _event("waiting", "")
        return
    if stream.reset:
        stream.reset = False
        yield _event("reset", name)
    if stream.notices:
        stream.notices = False
        yield _event("notices", "" if stream.orders else name)
    if stream.orders:
        told = [{"id": order_id, "seq": seq} for order_id, seq in stream.orders.items()]
        stream.orders.clear()
        yield _event("orders", name, {"orders": told})


def _event(kind: str, name: str, data: Any = None) -> str:
    said = msgspec.json.encode(data if data is not None else {}).decode()
    return f"event: {kind}\n{f'id: {name}' + chr(10) if name else ''}data: {said}\n\n"


def _unstuck(send: Send) -> Send:
    """What sends, and gives up where nothing is taken for long."""

    async def sending(message: Any) -> None:
        async with asyncio.timeout(STUCK_SECONDS):
            await send(message)

    return sending


async def _left(receive: Receive) -> None:
    """Back when the reader has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
