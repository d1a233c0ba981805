"""The organisation loaded from a file by the command line."""

import json
from pathlib import Path

import pytest

from desk.organisation import EXAMPLE
from tests.desk.conftest import Whistle, run


async def test_the_example_is_printed_and_is_without_fault(whistle: Whistle, tmp_path: Path) -> None:
    code, out, _ = run("directory", "example")
    assert (code, out) == (0, EXAMPLE)
    file = tmp_path / "organisation.yaml"
    file.write_text(out, encoding="utf-8")
    code, out, err = await whistle("directory", "load", str(file), "--check", "--json")
    assert code == 0, err
    told = json.loads(out)
    assert told["dry_run"] is True
    assert told["people"] == {"added": 11, "changed": 0, "unchanged": 0, "left": 0}
    assert told["units"]["added"] == 0  # the demo organisation has these, some by other names
    assert sum(told["units"].values()) == 8
    code, out, _ = await whistle("directory", "people", "--at", "GD.net", "--json")
    assert (code, "he.jun" in out) == (0, False)


@pytest.mark.parametrize("suffix", ["yaml", "json"])
async def test_a_file_is_loaded_and_loaded_again_without_a_change(
    whistle: Whistle, tmp_path: Path, suffix: str
) -> None:
    row = {"id": f"new.{suffix}", "name_zh": "新人", "role": "unit_member", "unit": "GD.net"}
    file = tmp_path / f"people.{suffix}"
    file.write_text(("people:\n  - " if suffix == "yaml" else '{"people": [') + json.dumps(row), encoding="utf-8")
    if suffix == "json":
        file.write_text(file.read_text() + "]}")
    for figures in (["1", "0", "0", "0"], ["0", "0", "1", "0"]):
        code, out, err = await whistle("directory", "load", str(file))
        assert code == 0, err
        (line,) = [line for line in out.splitlines() if "people" in line]
        assert line.split()[-4:] == figures
    code, out, _ = await whistle("directory", "people", "--at", "GD.net", "--json")
    assert f"new.{suffix}" in {one["id"] for one in json.loads(out)}


async def test_every_fault_is_told_with_its_line_and_nothing_is_loaded(whistle: Whistle, tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(
        "units:\n"
        "  - {id: GD.lab, kind: department, parent: GD, name_zh: 实验室}\n"
        "people:\n"
        "  - id: he.jun\n"
        "    name_zh: 何军\n"
        "    role: unit_member\n"
        "    unit: GD\n"
        "  - {id: 7, name_zh: 何涛, role: king}\n",
        encoding="utf-8",
    )
    code, out, err = await whistle("directory", "load", str(file))
    assert (code, out) == (1, "")
    for said in (":7: people[0].unit", "GD is a province", ":8: people[1].id", "is no text", "faults: 3"):
        assert said in err, err
    code, out, _ = await whistle("directory", "units", "--province", "GD", "--json")
    assert "GD.lab" not in {one["id"] for one in json.loads(out)}


async def test_what_cannot_be_read_or_is_not_for_him_is_told(whistle: Whistle, tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    for content, said in (
        (None, "there is no such file"),
        (b"\xff", "must be UTF-8"),
        (b"units: [", "YAML cannot be read"),
        (b"{", "JSON cannot be read"),
        (b"x" * 1_000_001, "write it as JSON"),
        (b"- a", "begin with key: value, such as units:"),
    ):
        if content is not None:
            file.write_bytes(content)
        code, out, err = await whistle("directory", "load", str(file))
        assert (code, out, said in err) == (2, "", True), err
    file.write_text("people: []\n")
    code, _, err = await whistle("directory", "load", str(file), "--as", "gd-agent-1")
    assert (code, "not for your role" in err) == (1, True), err
