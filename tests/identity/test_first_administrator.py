"""How an installation without demo log-ins is entered first, and that production never has them."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from api.app import create_app
from identity import accounts, passwords
from runtime import keyring, provision
from runtime.console import Console
from runtime.settings import PROJECT, Profile, SettingError, Settings, load
from store import access_tables as tables
from tests.api.browsers import Browser

ADMIN = "wang.fang@example.invalid"
OWN = "four green lanterns hum"


def run(settings: Settings, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """A program of ours with these settings."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=PROJECT,
        env={**os.environ, **settings.environment(), **more},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def test_the_first_administrator_gets_in_where_nobody_could(
    settings: Settings, made: sessionmaker[Session], capfd: pytest.CaptureFixture[str]
) -> None:
    keyring.ensure(settings.keyring_path)
    production = settings.model_copy(update={"profile": Profile.PRODUCTION})
    provision.tell_of_locked_doors(production.database_url or "", production, Console())
    assert "--admin" in capfd.readouterr().out

    done = run(production, "-m", "runtime.provision", "--admin", ADMIN, "--name-zh", "王芳", "--name-en", "Wang Fang")
    assert done.returncode == 0, done.stdout + done.stderr
    password = done.stdout.strip().splitlines()[-1]
    assert len(password) == 20

    provision.tell_of_locked_doors(production.database_url or "", production, Console())
    assert capfd.readouterr().out == ""
    app = create_app(production)
    async with app.router.lifespan_context(app):
        browser = Browser(app)
        refused = await browser.get("/me", Authorization=f"Bearer dev:{ADMIN}")
        assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
        assert (await browser.log_in(ADMIN, password)).json()["must_change"] is True
        answer = await browser.post("/password", {"old": password, "new": OWN})
        assert answer.status_code == 200, answer.text
        browser.csrf = answer.json()["csrf"]
        me = (await browser.get("/me")).json()
        assert (me["id"], me["role"], me["name_zh"], me["name_en"]) == (ADMIN, "administrator", "王芳", "Wang Fang")
        assert (await browser.post("/accounts/gd-net-1/reset")).status_code == 200
    c = tables.accesses.c
    with made() as session:
        details = session.scalars(select(c.detail).where(c.operation == "provision")).all()
    assert details == [f"administrator {ADMIN}"]


def test_the_command_says_what_stands_in_its_way(settings: Settings, made: sessionmaker[Session]) -> None:
    for words, said in (
        (("--admin", "gd-agent-1"), "with the role agent"),
        (("--admin", "no id"), "an id is"),
    ):
        done = run(settings, "-m", "runtime.provision", *words)
        assert (done.returncode, said in done.stdout) == (1, True), done.stdout


def test_a_folder_without_an_instance_is_named(settings: Settings, tmp_path: Path) -> None:
    bare = load(data_dir=tmp_path)
    done = run(bare, "-m", "runtime.provision", "--admin", ADMIN)
    assert done.returncode == 1
    assert str(tmp_path) in done.stdout
    assert "WHISTLE_DATABASE_URL" in done.stdout


@pytest.mark.parametrize(
    "words",
    [
        ("-c", "import api.app; api.app.app"),
        ("worker.py",),
        ("-m", "cli", "up"),
    ],
    ids=["server", "worker", "up"],
)
def test_nothing_starts_in_production_with_demo_log_ins(settings: Settings, words: tuple[str, ...]) -> None:
    production = settings.model_copy(update={"profile": Profile.PRODUCTION})
    done = run(production, *words, WHISTLE_DEMO_LOGINS="true")
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert "请取消 WHISTLE_DEMO_LOGINS" in said
    assert "unset WHISTLE_DEMO_LOGINS" in said
    assert "--admin" in said


def test_demo_log_ins_are_open_in_development_alone_and_may_be_closed() -> None:
    assert load().demo_open
    assert not load(demo_logins=False).demo_open
    assert not load(profile="production").demo_open
    with pytest.raises(SettingError):
        load(profile="production", demo_logins=True)


async def test_closed_demo_log_ins_are_believed_no_more(settings: Settings, made: sessionmaker[Session]) -> None:
    with made.begin() as session:
        accounts.change(session, "gd-agent-1", passwords.hash_now(OWN), datetime.now(UTC))
    keyring.ensure(settings.keyring_path)
    app = create_app(settings.model_copy(update={"demo_logins": False}))
    async with app.router.lifespan_context(app):
        browser = Browser(app)
        assert (await browser.get("/me", Authorization="Bearer dev:gd-agent-1")).status_code == 401
        assert (await browser.log_in("gd-agent-1", OWN)).status_code == 200
