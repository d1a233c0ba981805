"""`whistle witness`: a witness as a process of its own, with its own key and folder, and no database."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Annotated, Any

import typer

from desk import render
from desk.client import Usage
from notary.note import Kind, NoteError, Verifier
from notary.witness import MAX_BODY, Answer, Witness, own_key

BODY_SECONDS = 10.0
"""How long a request may take to arrive."""
CONNECTIONS = 64

_Message = MutableMapping[str, Any]


def witness(
    state: Annotated[Path, typer.Option(help="目录 / the folder of its key and of what it has cosigned.")],
    logs: Annotated[
        list[str], typer.Option("--log", help="日志公钥 / the vkey of a log that it cosigns, or a file of them.")
    ],
    listen: Annotated[str, typer.Option(metavar="HOST:PORT", help="监听地址 / where it listens.")] = "127.0.0.1:18701",
    name: Annotated[str, typer.Option(help="名称 / its name, for a key that is made now.")] = "",
) -> None:
    """见证人 / remember a log's last checkpoint, and cosign the next one if it goes on from it."""
    import uvicorn

    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise Usage(f"--listen {listen}: 应为 主机:端口 / must read HOST:PORT, such as 127.0.0.1:18701")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    known = [verifier for given in logs for verifier in read_logs(given)]
    signer = own_key(state, name)
    served = Witness(state, signer, known, time.time)
    render.out.print(f"见证人公钥 / the witness's vkey: {signer.verifier.vkey}", soft_wrap=True, highlight=False)
    render.out.print(f"http://{listen} · " + " ".join(log.name for log in known), soft_wrap=True, highlight=False)
    config = uvicorn.Config(
        serve(served),
        host=host.strip("[]"),
        port=int(port),
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=5,
    )
    uvicorn.Server(config).run()


def read_logs(given: str) -> list[Verifier]:
    """The public keys of logs that an option names: a vkey, or a file with one a line."""
    try:
        if "+" not in given or Path(given).is_file():
            lines = Path(given).read_text(encoding="utf-8").splitlines()
        else:
            lines = [given]
        found = [Verifier.parse(line.strip()) for line in lines if line.strip()]
    except (OSError, UnicodeDecodeError, NoteError) as error:
        raise Usage(f"--log {given}: {error}") from None
    if not found or any(verifier.kind is not Kind.LOG for verifier in found):
        raise Usage(f"--log {given}: 不是日志公钥 / no vkey of a log")
    return found


def serve(
    served: Witness,
) -> Callable[[_Message, Callable[[], Awaitable[_Message]], Callable[[_Message], Awaitable[None]]], Awaitable[None]]:
    """The witness over HTTP, as an ASGI application: one request at a time is judged, to its end."""

    async def app(
        scope: _Message, receive: Callable[[], Awaitable[_Message]], send: Callable[[_Message], Awaitable[None]]
    ) -> None:
        if scope["type"] != "http":
            return
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _body(receive)
        except TimeoutError:
            answer = Answer(408, "the request did not arrive in time\n")
        else:
            long = len(body) > MAX_BODY
            answer = (
                Answer(413, f"longer than {MAX_BODY} bytes\n")
                if long
                else served.handle(scope["method"], scope["path"], body)
            )
        raw = answer.body.encode()
        headers = [(b"content-type", answer.content_type.encode()), (b"content-length", str(len(raw)).encode())]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else raw})

    return app


async def _body(receive: Callable[[], Awaitable[_Message]]) -> bytes:
    """The request's body, no further than one that is too long shows itself to be."""
    body = b""
    while True:
        message: dict[str, Any] = dict(await receive())
        body += bytes(message.get("body", b""))
        if not message.get("more_body") or len(body) > MAX_BODY:
            return body
