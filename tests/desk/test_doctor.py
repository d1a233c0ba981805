import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from api.health import KEPT_SECONDS
from desk.doctor import CHECKS, Finding, Mark, examine
from runtime import instance, keyring, zones
from runtime.settings import Settings, load
from store.session import EVERYWHERE, make_engine, sessions
from tests.desk.conftest import listening
from worker import watching


def found(settings: Settings, api: str) -> dict[str, Finding]:
    return {one.name: one for one in examine(settings, api, "gd-agent-1")}


async def test_a_healthy_system_has_nothing_broken(settings: Settings, address: str) -> None:
    async with watching(settings):
        async with asyncio.timeout(30):
            while (findings := await asyncio.to_thread(found, settings, address))["clocks"].mark is not Mark.GOOD:
                await asyncio.sleep(0.5)
    assert list(findings) == list(CHECKS)
    assert "canary" in findings["clocks"].found
    assert findings["zones"].found == f"tzdata {zones.version()}"
    assert {name: one for name, one in findings.items() if one.mark is Mark.BAD} == {}
    assert findings["postgresql"].found.startswith("18.")
    assert findings["engine"].mark is Mark.GOOD


async def test_clocks_that_nobody_watches_are_a_finding(settings: Settings, address: str) -> None:
    gone = make_engine(settings.app_database_url or "", 1, sight=EVERYWHERE)
    with sessions(gone).begin() as session:
        session.execute(text("update pulses set at = at - interval '1 hour'"))
    gone.dispose()
    await asyncio.sleep(KEPT_SECONDS)  # the probe's answer before may still serve
    finding = (await asyncio.to_thread(found, settings, address))["clocks"]
    assert finding.mark is Mark.BAD
    assert "canary, sweeper" in finding.found
    assert "worker-1.log" in finding.remedy


async def test_the_worker_is_judged_by_the_canary_where_nobody_is_logged_in(settings: Settings) -> None:
    closed = settings.model_copy(update={"demo_logins": False})
    engine = make_engine(settings.app_database_url or "", 1, sight=EVERYWHERE)
    for age, mark, said in (
        ("1 second", Mark.GOOD, "orders not asked: no log-in"),
        ("1 hour", Mark.BAD, "not heard lately: canary 36"),
    ):
        with sessions(engine).begin() as session:
            sung = text(
                "insert into pulses (name, at) values ('canary', now() - cast(:age as interval)) "
                "on conflict (name) do update set at = excluded.at"
            )
            session.execute(sung, {"age": age})
        async with listening(closed) as where:
            finding = (await asyncio.to_thread(found, closed, where))["worker"]
            assert (finding.mark, said in finding.found) == (mark, True), finding
    engine.dispose()


async def test_what_is_broken_is_named_with_its_remedy(settings: Settings, address: str) -> None:
    broken = settings.model_copy(
        update={"app_database_url": "postgresql+psycopg2://nobody:x@127.0.0.1:1/none", "database_url": None}
    )
    findings = await asyncio.to_thread(found, broken, "http://127.0.0.1:1")
    for name in ("postgresql", "api"):
        assert findings[name].mark is Mark.BAD
        assert "whistle up" in findings[name].found + findings[name].remedy
    assert all("\n" not in one.found for one in findings.values())


async def test_secret_keys_are_looked_at(settings: Settings, tmp_path: Path) -> None:
    def look(path: Path) -> Finding:
        findings = examine(settings.model_copy(update={"keys_file": path}), "http://127.0.0.1:1", "gd-agent-1")
        return next(one for one in findings if one.name == "secret keys")

    path = tmp_path / "keys.json"
    assert (look(path).mark, str(path) in look(path).found) == (Mark.BAD, True), "lost: the data folder is there"
    keyring.ensure(path)
    assert look(path).mark is Mark.GOOD
    year = datetime.now(UTC).year
    path.write_text(path.read_text().replace(f': "{year}-', f': "{year - 2}-'))
    assert (look(path).mark, look(path).remedy) == (
        Mark.WARN,
        "whistle keys rotate personal; whistle keys rotate engine",
    )
    keyring.add_kek(path)
    assert look(path).remedy == "whistle keys rotate engine"
    path.chmod(0o644)
    assert look(path).mark is Mark.BAD
    assert f"chmod 600 {path}" in look(path).found


async def test_what_is_anothers_is_not_taken_for_ours(address: str, tmp_path: Path) -> None:
    port = int(address.rpartition(":")[2])
    findings = await asyncio.to_thread(found, load(data_dir=tmp_path, api_port=port), address)
    assert findings["ports"].mark is Mark.BAD
    assert str(port) in findings["ports"].found
    assert findings["api"].mark is Mark.BAD
    assert "is another's" in findings["api"].found
    assert "WHISTLE_DATA_DIR" in findings["api"].remedy
    assert findings["worker"].mark is Mark.SKIP


def test_a_terminal_without_the_settings_finds_the_instance_by_its_folder(tmp_path: Path) -> None:
    here = load(data_dir=tmp_path)
    assert instance.find(here) is None
    instance.note(load(data_dir=tmp_path, api_port=8123, postgres_port=15999))
    running = instance.find(here)
    assert running
    assert running.settings.api_url == "http://127.0.0.1:8123"
    assert running.settings.postgres_port == 15999
    by_hand = instance.find(load(data_dir=tmp_path, api_port=8124))
    assert by_hand
    assert by_hand.settings.api_port == 8124
    instance.forget(here)
    assert instance.find(here) is None


def test_the_note_of_a_dead_instance_is_not_believed(tmp_path: Path) -> None:
    (tmp_path / "running.json").write_text('{"pid": 1, "born": 0, "settings": {"api_port": 9}}')
    assert instance.find(load(data_dir=tmp_path)) is None


async def test_a_misspelt_setting_is_a_finding(
    settings: Settings, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHISTLE_API_PROT", "8011")
    findings = await asyncio.to_thread(found, settings, address)
    assert findings["settings"].mark is Mark.BAD
    assert "did you mean WHISTLE_API_PORT?" in findings["settings"].found
