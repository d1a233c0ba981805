"""An SMS gateway as a server of its own on a free port: it keeps what it takes, and may fail first."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Phones:
    """What came: headers and bodies in order; `fails` are the statuses of the next answers."""

    url: str = ""
    came: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)
    fails: list[int] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def wait(self, number: int, seconds: float = 10.0) -> None:
        """Return once so many have come."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.came) >= number, seconds), self.came


@contextlib.contextmanager
def gateway() -> Iterator[Phones]:
    phones = Phones()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with phones.arrived:
                phones.came.append((dict(self.headers), body))
                status = phones.fails.pop(0) if phones.fails else 202
                phones.arrived.notify_all()
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    phones.url = f"http://127.0.0.1:{server.server_port}/send"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield phones
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
