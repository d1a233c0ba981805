"""A time-stamp authority of one's own: the command `openssl ts` behind a small HTTP server."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_CONFIG = """
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
[stamps]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[tsa]
default_tsa = made
[made]
serial = {folder}/serial
signer_cert = {folder}/stamps.pem
signer_key = {folder}/stamps.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
crypto_device = builtin
"""


class Authority:
    """Keys and certificates in a folder; stamps what it is asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.certificates = folder / "authority.pem"
        self.config = folder / "ts.cnf"
        self.config.write_text(_CONFIG.format(folder=folder))
        (folder / "serial").write_text("01\n")
        for name, extensions, signing in (("authority", "authority", ()), ("stamps", "stamps", ("authority",))):
            self._make(name, extensions, signing)

    def _make(self, name: str, extensions: str, signing: tuple[str, ...]) -> None:
        folder = self.folder
        new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"]
        new += ["-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.pem", "-subj", f"/CN=test {name}"]
        new += ["-config", str(self.config), "-extensions", extensions]
        for other in signing:
            new += ["-CA", f"{folder}/{other}.pem", "-CAkey", f"{folder}/{other}.key"]
        self._openssl(*new)

    def reply(self, query: bytes) -> bytes:
        """The answer to a request."""
        (self.folder / "query").write_bytes(query)
        self._openssl("ts", "-reply", "-config", str(self.config), "-queryfile", f"{self.folder}/query", "-out",
                      f"{self.folder}/reply")  # fmt: skip
        return (self.folder / "reply").read_bytes()

    def verifies(self, token: bytes, data: bytes) -> bool:
        """Whether `openssl ts -verify` takes the stamp."""
        (self.folder / "token").write_bytes(token)
        (self.folder / "data").write_bytes(data)
        command = ["openssl", "ts", "-verify", "-in", f"{self.folder}/token", "-data", f"{self.folder}/data"]
        command += ["-CAfile", str(self.certificates)]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    @staticmethod
    def _openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], capture_output=True, check=True)


@contextmanager
def answering(authority: Authority) -> Iterator[str]:
    """The authority's address, while it answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            reply = authority.reply(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
