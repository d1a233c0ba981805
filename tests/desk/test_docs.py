import re
from pathlib import Path

import pytest

from desk.mapping import OPTIONAL, REQUIRED, built_in
from desk.story import BRANCHES
from runtime.settings import PROJECT
from tests.desk.manual import BLOCKS, PAGE, marked

PAGES = (PROJECT / "README.md", PAGE, PROJECT / "docs" / "tour.md")


@pytest.mark.parametrize("name", BLOCKS)
def test_every_setting_and_command_is_documented_as_it_is(name: str) -> None:
    begin, end = marked(name)
    text = PAGE.read_text(encoding="utf-8")
    written = text.partition(begin)[2].partition(end)[0]
    assert written == BLOCKS[name](), "run: python -m tests.desk.manual"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_inside_the_house_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_every_branch_of_the_tour_is_told() -> None:
    told = (PROJECT / "docs" / "tour.md").read_text(encoding="utf-8")
    assert [branch.name for branch in BRANCHES if f"({branch.name})" not in told] == []


def test_mappings_are_documented_field_by_field() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in (*REQUIRED, *OPTIONAL, *built_in()) if f"`{name}`" not in text] == []
