"""The last thing that every answer passes: personal data in it are shown as far as the asker's rights go.

Whoever is not known sees none. An answer without a seal, which most are, is passed on as it is. In a page none is
opened: pages are made of what was opened before (`api.pages.veiled`), so a seal in one came in by another way.
"""

from __future__ import annotations

from typing import cast

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from identity.people import Identified
from vault import veil
from vault.rack import Rack
from vault.seal import MARK

STREAMED = "whistle.streamed"
"""Set in a request's scope by a route that streams its answer and has lifted the veil itself."""

AT_ONCE = 8 * 1024
"""Bytes of an answer with seals that are opened between two others; a larger one is left to a thread."""


class Veil:
    """ASGI middleware around everything else; the application's state holds the keys."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and its answer by way of the rights."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start: Message | None = None
        body: list[bytes] = []

        async def watched(message: Message) -> None:
            nonlocal start
            if scope.get(STREAMED):
                if start is not None:
                    await send(start)
                    start = None
                await send(message)
                return
            if message["type"] == "http.response.start":
                start = message
                return
            if message["type"] != "http.response.body":
                await send(message)
                return
            body.append(message.get("body", b""))
            if message.get("more_body", False):
                return
            content = b"".join(body)
            if MARK in content:
                content = veil.unveiled(content, veil.NOTHING, {}) if _page(start) else await _shown(scope, content)
            if start is not None:
                if len(body) > 1 or content is not body[0]:
                    MutableHeaders(scope=start)["content-length"] = str(len(content))
                await send(start)
            await send({"type": "http.response.body", "body": content, "more_body": False})

        await self._app(scope, receive, watched)


def _page(start: Message | None) -> bool:
    return start is not None and MutableHeaders(scope=start).get("content-type", "").startswith("text/html")


async def _shown(scope: Scope, content: bytes) -> bytes:
    who: Identified | None = scope.get("state", {}).get("asker")
    rights = veil.RIGHTS[who.role] if who else veil.NOTHING
    if rights == veil.NOTHING:
        return veil.unveiled(content, rights, {})
    parts = scope["app"].state.parts
    if len(content) > AT_ONCE:
        return cast("bytes", await parts.gateway.run(_unveiled, content, rights, parts.rack))
    wanted = veil.sealed_by(content)
    keys = parts.rack.at_hand(wanted)
    if keys is None:
        keys = await parts.gateway.run(parts.rack.keys, wanted)
    return veil.unveiled(content, rights, keys)


def _unveiled(content: bytes, rights: veil.Rights, rack: Rack) -> bytes:
    return veil.unveiled(content, rights, rack.keys(veil.sealed_by(content)))
