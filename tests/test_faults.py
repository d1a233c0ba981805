"""The page of known faults tells the truth: no row is without a test, and every test that it names is there."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from runtime.settings import PROJECT

PAGE = PROJECT / "docs" / "faults.md"
SECTIONS = ("Clocks", "Escalation", "Reopening and call-back", "Notices")
_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def rows(section: str) -> list[list[str]]:
    """The cells of each row of a section's table, without its head."""
    text = PAGE.read_text(encoding="utf-8")
    part = re.search(rf"^## {re.escape(section)}$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert part is not None, f"there is no section {section}"
    lines = [line.strip() for line in part.group(1).splitlines() if line.startswith("|")]
    assert lines[1] == "| --- | --- | --- |"
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


ROWS = {f"{section}: {row[0]}": row for section in SECTIONS for row in rows(section)}


@cache
def defined_in(path: str) -> frozenset[str]:
    """The names of the tests that a file defines and pytest runs: those at its top."""
    tree = ast.parse((PROJECT / path).read_text(encoding="utf-8"))
    return frozenset(
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    )


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_every_fault_has_a_test_and_it_exists(row: list[str]) -> None:
    assert len(row) == 3, "a row has three cells: the fault, what happens here, its tests"
    fault, here, named = row
    assert re.search(r"\(.+\)$", fault), "the fault does not end with where it was seen"
    assert here
    found = _NAMED.findall(named)
    assert found, "a fault without a test"
    assert _NAMED.sub("", named).strip() == "", "what is not a test's name stands among them"
    for path, name in found:
        assert (PROJECT / path).is_file(), path
        assert name in defined_in(path), f"{path} has no {name}"


def test_no_fault_stands_there_twice_and_every_section_is_there() -> None:
    assert len(ROWS) == sum(len(rows(section)) for section in SECTIONS)
    assert {section: len(rows(section)) for section in SECTIONS} == {
        "Clocks": 23, "Escalation": 13, "Reopening and call-back": 9, "Notices": 8,
    }  # fmt: skip


@pytest.mark.parametrize(
    "path", sorted(path.relative_to(PROJECT).as_posix() for path in PROJECT.glob("tests/*/test_known_faults.py"))
)
def test_every_test_of_a_known_fault_is_on_the_page(path: str) -> None:
    named = {name for row in ROWS.values() for where, name in _NAMED.findall(row[2]) if where == path}
    assert defined_in(path) == named
