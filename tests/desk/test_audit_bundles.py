"""`whistle audit export` and `verify`: an order's proof in a file, checked where it lies."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from desk.client import Desk
from notary import keys
from notary.note import Kind, Signer
from runtime.settings import Settings
from tests.api.conftest import complaint
from tests.desk.conftest import run
from tests.support.notary import round_of


async def test_an_order_is_exported_and_verified_in_three_commands(
    address: str, desk: Desk, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    number = (await asyncio.to_thread(desk.register, complaint())).order_id
    await asyncio.to_thread(round_of, settings)
    code, out, err = await asyncio.to_thread(run, "audit", "export", number, "--api", address)
    assert code == 0, out + err
    name = f"{number}.bundle.json"
    vkey = keys.log_verifiers(settings)[0].vkey
    code, out, _ = await asyncio.to_thread(run, "audit", "verify", name, "--key", vkey)
    assert code == 0
    assert number in out
    assert "✓" in out
    assert "no --witness" in out
    code, out, _ = await asyncio.to_thread(run, "audit", "verify", name)
    assert (code, "no --key" in out) == (0, True)

    code, script, _ = await asyncio.to_thread(run, "audit", "verifier")
    (tmp_path / "verify.py").write_text(script)
    ran = subprocess.run([sys.executable, "-I", "verify.py", name, "--key", vkey], capture_output=True, check=False)
    assert (code, ran.returncode) == (0, 0)

    content = Path(name).read_bytes()
    Path("touched.json").write_bytes(content.replace(b'"seq":1,', b'"seq":2,', 1))
    code, out, _ = await asyncio.to_thread(run, "audit", "verify", name, "touched.json", "--key", vkey, "--json")
    assert code == 1
    faults = [[found["fault"] for found in one["faults"]] for one in json.loads(out)["files"]]
    assert faults == [[], ["misplaced", "changed"]]
    code, out, _ = await asyncio.to_thread(
        run, "audit", "verify", name, "--key", Signer.generate(settings.log_origin, Kind.LOG).verifier.vkey
    )
    assert (code, "✗" in out) == (1, True)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["x.json", "--all"],
        ["missing.json"],
        ["cli.py", "--key", "no key"],
        ["cli.py", "--quorum", "1"],
    ],
)
def test_what_is_not_understood_is_said(words: list[str]) -> None:
    code, _, err = run("audit", "verify", *words)
    assert code == 2
    assert err


def test_a_key_is_made_once_and_told(tmp_path: Path) -> None:
    file = tmp_path / "log.key"
    code, made, _ = run("audit", "key", str(file), "--new", "--name", "audit.example.net/whistle")
    assert code == 0
    assert made.startswith("audit.example.net/whistle+")
    assert "PRIVATE" not in made
    assert file.stat().st_mode & 0o777 == 0o600
    assert run("audit", "key", str(file))[:2] == (0, made)
    assert run("audit", "key", str(file), "--new")[0] == 1
    code, witness, _ = run("audit", "key", str(tmp_path / "w"), "--new", "--witness", "--name", "w.example.net")
    assert (code, witness.split("+")[2][0]) == (0, "B")
    file.chmod(0o644)
    code, _, err = run("audit", "key", str(file))
    assert (code, "chmod 600" in err) == (1, True)
