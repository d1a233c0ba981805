"""What `whistle up` says when all is up: in production nothing that is not to be had there."""

import io
from pathlib import Path

import pytest

from runtime import supervisor
from runtime.console import Console
from runtime.settings import Profile, load
from runtime.stack import EmbeddedStack
from tests.conftest import Database


@pytest.mark.parametrize(
    ("profile", "told", "not_told"),
    [
        (Profile.DEVELOPMENT, ("whistle tour", "/docs", "gd-agent-1"), ("whistle login", "--admin")),
        (Profile.PRODUCTION, ("whistle login PERSON", "--admin PERSON"), ("tour", "/docs", "gd-agent-1")),
    ],
)
def test_the_first_steps_are_those_of_the_profile(
    database: Database, tmp_path: Path, profile: Profile, told: tuple[str, ...], not_told: tuple[str, ...]
) -> None:
    said = io.StringIO()
    console = Console(said)
    stack = EmbeddedStack(load(data_dir=tmp_path, profile=profile, database_url=database.owner_url), console)
    supervisor.tell(stack, console, 1.0)
    assert [word for word in told if word not in said.getvalue()] == []
    assert [word for word in not_told if word in said.getvalue()] == []
    assert "whistle doctor" in said.getvalue()
