"""The question after known weaknesses tells a weak dependency from one that could not be asked for."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from runtime import ports
from tests.support import audit

WEAKNESS = {
    "id": "PYSEC-2026-1",
    "aliases": ["CVE-2026-0001"],
    "published": "2026-01-01T00:00:00Z",
    "summary": "reads what it should not",
    "affected": [
        {"package": {"ecosystem": "PyPI", "name": "leaky"}, "ranges": [], "versions": ["1.0"]},
    ],
}


class Osv(BaseHTTPRequestHandler):
    """Answers as OSV does: one package is weak."""

    def do_POST(self) -> None:
        """Answer one question."""
        asked: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = json.dumps({"vulns": [WEAKNESS]} if asked["package"]["name"] == "leaky" else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@pytest.fixture
def osv() -> Iterator[str]:
    """The address of a server that knows one weakness."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Osv)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1/query"
    server.shutdown()
    server.server_close()
    thread.join(5)


def locked(tmp_path: Path, *lines: str) -> Path:
    """A lock with these lines."""
    path = tmp_path / "requirements.lock"
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def test_a_weak_dependency_is_named_and_the_others_are_not(tmp_path: Path, osv: str) -> None:
    verdict = audit.audit(locked(tmp_path, "leaky==1.0", "sound==2.0"), osv)
    assert (verdict.asked, verdict.unknown) == (2, "")
    assert [line.split(" → ")[0] for line in verdict.weak] == ["leaky 1.0: PYSEC-2026-1"]


def test_sound_dependencies_are_said_to_be_sound(tmp_path: Path, osv: str) -> None:
    assert audit.audit(locked(tmp_path, "sound==2.0"), osv) == audit.Verdict(1)


def test_a_service_that_cannot_be_reached_is_no_clean_bill(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = f"http://127.0.0.1:{ports.free_run(1)}/v1/query"
    verdict = audit.audit(locked(tmp_path, "sound==2.0"), nowhere)
    assert (verdict.asked, verdict.weak) == (0, ())
    assert "127.0.0.1" in verdict.unknown
    assert (audit.main([], nowhere), audit.main(["--strict"], nowhere)) == (0, 2)
    assert "NOT ALL CHECKED" in capsys.readouterr().out


def test_the_lock_is_read_whole(osv: str) -> None:
    names = [line.partition("==")[0] for line in audit.LOCK.read_text().splitlines() if "==" in line]
    assert audit.audit(osv=osv).asked == len(names) > 100
