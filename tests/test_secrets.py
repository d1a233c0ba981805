"""No secret is kept in the repository: what looks like one was looked at, or this fails."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from detect_secrets.core import scan
from detect_secrets.settings import transient_settings

from runtime.settings import PROJECT

BASELINE = PROJECT / ".secrets.baseline"
MADE_UP = {"Secret Keyword", "Basic Auth Credentials"}
"""Kinds found by a word such as `password` beside a text: tests make theirs up, what people read speaks of them."""


def looked_at() -> dict[str, Any]:
    """The baseline: how to look, and what was found to be no secret."""
    found: dict[str, Any] = json.loads(BASELINE.read_text())
    return found


def findings(paths: list[Path]) -> set[tuple[str, str, str]]:
    """What looks like a secret in these files: file, kind, and the hash of the text."""
    baseline = looked_at()
    found = set()
    with transient_settings({name: baseline[name] for name in ("plugins_used", "filters_used")}):
        for path in paths:
            name = str(path.relative_to(PROJECT)) if path.is_relative_to(PROJECT) else path.name
            for one in scan.scan_file(str(path)):
                if not (name.startswith(("tests/", "console/src/texts/")) and one.type in MADE_UP):
                    found.add((name, one.type, one.secret_hash))
    return found


def ours() -> list[Path]:
    """Every file of the repository but histories, locks and checksums, which are hashes throughout."""
    told = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, check=True).stdout.decode()
    hashes = ("tests/workflows/histories/", "tests/audit/vectors.json", "requirements.lock", "engine/", BASELINE.name)
    files = [PROJECT / name for name in told.split("\0") if name and not name.startswith(hashes)]
    return [path for path in files if path.is_file()]


@pytest.mark.skipif(not (PROJECT / ".git").exists(), reason="only a clone knows which files are its own")
def test_nothing_in_the_repository_looks_like_a_secret_but_what_was_looked_at() -> None:
    known = {
        (name, one["type"], one["hashed_secret"])
        for name, found in looked_at()["results"].items()
        for one in found
        if one["is_secret"] is False
    }
    files = ours()
    assert len(files) > 300
    new = sorted((name, kind) for name, kind, _ in findings(files) - known)
    assert new == [], "take it out and change it where it was used; or, if it is none: `make secrets`"


def test_a_secret_would_be_seen(tmp_path: Path) -> None:
    letters = "AKIA" + "IOSFODNN7" + "QX4MPLE"  # in pieces, or this file itself would be found
    (tmp_path / "settings.py").write_text(f'aws_access_key_id = "{letters}"\n')
    (tmp_path / "key.pem").write_text("-----BEGIN " + "RSA PRIVATE KEY-----\nMIIEpAIB\n")
    found = findings([tmp_path / "settings.py", tmp_path / "key.pem"])
    assert {(name, kind) for name, kind, _ in found} >= {
        ("settings.py", "AWS Access Key"),
        ("key.pem", "Private Key"),
    }
