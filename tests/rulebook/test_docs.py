"""docs/policies.md keeps up with what a policy may hold."""

from __future__ import annotations

import re
import textwrap

import pytest
import typer

from cli import app
from domain.spans import span
from rulebook.calendars import Freezer
from rulebook.document import DOCUMENT
from rulebook.faults import Faults
from rulebook.kinds import KINDS
from rulebook.reading import read
from runtime.settings import PROJECT
from tests.rulebook.test_calendars import FEED

TEXT = (PROJECT / "docs" / "policies.md").read_text(encoding="utf-8")


def test_every_key_and_every_kind_of_limit_is_told() -> None:
    assert [name for name in (*DOCUMENT.keys, *KINDS) if f"`{name}`" not in TEXT] == []


def test_each_kind_is_told_for_what_it_is() -> None:
    for line in TEXT.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        for kind in re.findall(r"`(\w+)`", cells[0]):
            if kind in KINDS and len(cells) == 3:
                told = cells[2]
                assert told.startswith("clock" if KINDS[kind].clock else "bound"), kind
                assert told.endswith("unit") is KINDS[kind].unit, kind


def test_every_span_in_the_table_is_one() -> None:
    table = TEXT[TEXT.index("| written |") : TEXT.index("The kinds of limit")]
    for text in re.findall(r"`([^`]+)`", table):
        assert text in ("null", "end") or span(text)


@pytest.mark.parametrize("number", [0, 1])
def test_the_examples_are_yaml_that_can_be_read(number: int) -> None:
    found = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    assert len(found) == 2
    assert read(found[number]).faults == ()


def test_the_calendar_of_the_example_can_be_frozen() -> None:
    example = next(text for text in re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL) if text.startswith("calendars"))
    faults = Faults()
    feed = FEED.replace(b"Spring Festival", "春节".encode())
    made = Freezer(faults, lambda name: feed).frozen(read(textwrap.dedent(example)).data["calendars"]["office"], "it")
    assert tuple(faults) == ()
    assert len(made["sources"]) == 3


def test_commands_that_are_named_exist() -> None:
    policy = typer.main.get_command(app).commands["policy"].commands  # type: ignore[attr-defined]
    named = set(re.findall(r"whistle policy (\w[\w-]*)", TEXT))
    assert named <= set(policy)
    assert {"check", "diff", "due", "publish", "versions", "holidays", "ics"} <= named
