"""The page on security tells the truth: every requirement of ASVS 5.0 up to level 2 once, every named test there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import pytest

from runtime.settings import PROJECT

PAGE = PROJECT / "docs" / "security.md"
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
_OTHER = re.compile(r"`make \w+`|\[[^\]]+\]\([^)]+\)")
_ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \|(.*)\|$", re.MULTILINE)

SECTIONS = {
    "1.1": (0, 2), "1.2": (5, 9), "1.3": (2, 11), "1.4": (0, 3), "1.5": (1, 2),
    "2.1": (1, 3), "2.2": (2, 3), "2.3": (1, 4), "2.4": (0, 1),
    "3.2": (2, 2), "3.3": (1, 4), "3.4": (2, 6), "3.5": (3, 5), "3.7": (0, 2),
    "4.1": (1, 3), "4.2": (0, 1), "4.3": (0, 2), "4.4": (1, 4),
    "5.1": (0, 1), "5.2": (2, 3), "5.3": (2, 2), "5.4": (0, 3),
    "6.1": (1, 3), "6.2": (8, 12), "6.3": (2, 4), "6.4": (2, 4), "6.5": (0, 5), "6.6": (0, 3), "6.8": (0, 4),
    "7.1": (0, 3), "7.2": (4, 4), "7.3": (0, 2), "7.4": (2, 5), "7.5": (0, 2), "7.6": (0, 2),
    "8.1": (1, 2), "8.2": (2, 3), "8.3": (1, 1), "8.4": (0, 1),
    "9.1": (3, 3), "9.2": (1, 4),
    "10.1": (0, 2), "10.2": (0, 2), "10.3": (0, 4), "10.4": (5, 11), "10.5": (0, 5), "10.6": (0, 2), "10.7": (0, 3),
    "11.1": (0, 2), "11.2": (0, 3), "11.3": (2, 3), "11.4": (1, 4), "11.5": (0, 1), "11.6": (0, 1),
    "12.1": (1, 3), "12.2": (2, 2), "12.3": (0, 4),
    "13.1": (0, 1), "13.2": (0, 5), "13.3": (0, 2), "13.4": (1, 5),
    "14.1": (0, 2), "14.2": (1, 4), "14.3": (1, 3),
    "15.1": (1, 3), "15.2": (1, 3), "15.3": (1, 7),
    "16.1": (0, 1), "16.2": (0, 5), "16.3": (0, 4), "16.4": (0, 3), "16.5": (0, 3),
    "17.1": (0, 1), "17.2": (0, 4), "17.3": (0, 2),
}  # fmt: skip
"""How many requirements of level 1, and of both levels, each section of the standard has; they are numbered from 1,
those of level 1 first, those of level 3, which are not here, last."""

VERDICTS = ("**Yes**: ", "**Partly**: ", "**No**: ", "**Operator**: ", "**–** ")


class Row(NamedTuple):
    """One requirement as the page has it."""

    id: str
    level: str
    asked: str
    here: str
    test: str


def demanded() -> Iterator[tuple[str, str]]:
    """Every requirement of levels 1 and 2: its id and its level."""
    for section, (first, both) in SECTIONS.items():
        yield from ((f"{section}.{number}", "1" if number <= first else "2") for number in range(1, both + 1))


@cache
def rows() -> tuple[Row, ...]:
    """The rows of all tables that begin with a requirement's id."""
    found = _ROW.findall(PAGE.read_text(encoding="utf-8"))
    return tuple(Row(number, *(cell.strip() for cell in rest.split(" | "))) for number, rest in found)


@cache
def functions_of(path: str) -> frozenset[str]:
    """The names of all functions in a file."""
    tree = ast.parse((PROJECT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def missing(text: str) -> list[str]:
    """The tests named in a text that are not there."""
    named = _TEST.findall(text)
    return [
        f"{path}::{name}" for path, name in named if not (PROJECT / path).exists() or name not in functions_of(path)
    ]


def test_every_requirement_is_there_once_with_its_level() -> None:
    wanted = list(demanded())
    assert (len(wanted), sum(level == "1" for _, level in wanted)) == (253, 70)
    assert [(row.id, row.level) for row in rows()] == wanted


def test_every_test_that_is_named_is_there() -> None:
    assert missing(PAGE.read_text(encoding="utf-8")) == []
    assert missing("`tests/test_security_table.py::test_that_nobody_wrote`")
    assert missing("`tests/test_that_is_no_file.py::test_x`")


@pytest.mark.parametrize("row", rows(), ids=[row.id for row in rows()])
def test_every_row_has_a_verdict_and_what_bears_it_out(row: Row) -> None:
    assert row.asked
    assert row.here.startswith(VERDICTS), row
    assert row.here.removeprefix(next(verdict for verdict in VERDICTS if row.here.startswith(verdict)))
    evidence = _TEST.sub("", _OTHER.sub("", row.test)).strip()
    assert evidence in ("", "–"), f"neither a test nor a page nor a target: {evidence}"
    if row.here.startswith(VERDICTS[0]):
        assert row.test != "–", "a requirement that holds has something that keeps it so"
    if row.here.startswith(VERDICTS[-1]):
        assert row.test == "–"


def test_nothing_is_left_open() -> None:
    assert "PENDING" not in PAGE.read_text(encoding="utf-8")


def test_the_image_holds_neither_history_nor_tests() -> None:
    left_out = set((PROJECT / ".dockerignore").read_text(encoding="utf-8").split())
    assert {".git", ".venv", ".whistle", "tests", "bench"} <= left_out
