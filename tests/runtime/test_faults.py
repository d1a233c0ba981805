"""What stands in the way of a start is one line with the remedy; nothing is left behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from runtime import folder as folders
from runtime import ports
from runtime.console import Console
from runtime.faults import SetupError
from runtime.folder import DataFolder, demand_space
from runtime.postgres import DATABASE, OWNER, EmbeddedPostgres
from runtime.settings import PROJECT, SettingError, Settings, demand_known, load
from runtime.stack import EmbeddedStack
from runtime.temporal import PORT_COUNT


def _settings(tmp_path: Path) -> Settings:
    first = ports.free_run(PORT_COUNT + 5)
    return load(
        data_dir=tmp_path / "data",
        temporal_port=first,
        postgres_port=first + PORT_COUNT,
        api_port=first + PORT_COUNT + 1,
        ui_port=first + PORT_COUNT + 2,
        witness_port=first + PORT_COUNT + 3,
        ui_enabled=False,
    )


def _one_line(error: SetupError) -> str:
    assert "\n" not in str(error)
    return error.en


def _running_below(path: Path) -> list[str]:
    """Return the command lines of processes that name `path` or work below it, ourselves excepted."""
    found = []
    for process in psutil.process_iter(["cmdline", "pid", "cwd", "status"]):
        line = " ".join(process.info["cmdline"] or [])
        ended = process.info["status"] == psutil.STATUS_ZOMBIE
        if not ended and process.info["pid"] != os.getpid() and str(path) in f"{line} {process.info['cwd']}":
            found.append(line)
    return found


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("api_port", 99999, "less than or equal to 65535"),
        ("api_port", "eighty", "valid integer"),
        ("profile", "prod", "'development' or 'production'"),
        ("temporal_address", "nowhere", "host:port"),
        ("database_url", "mysql://x", "postgresql+psycopg2://"),
        ("temporal_archive_sha256", "abc", "64 hexadecimal digits"),
        ("smtp_from", "nobody", "pattern"),
    ],
)
def test_a_bad_setting_names_variable_reason_and_remedy(
    monkeypatch: pytest.MonkeyPatch, field: str, value: object, reason: str
) -> None:
    variable = f"WHISTLE_{field.upper()}"
    monkeypatch.setenv(variable, str(value))
    with pytest.raises(SetupError) as failure:
        load()
    line = _one_line(failure.value)
    assert variable in line
    assert reason in line
    assert "default" in line


def test_a_misspelt_setting_is_refused_with_the_nearest_real_one() -> None:
    with pytest.raises(SettingError, match=r"no setting WHISTLE_API_PROT; did you mean WHISTLE_API_PORT\?"):
        demand_known({"WHISTLE_API_PROT": "8011", "PATH": "/bin"})
    demand_known({"WHISTLE_API_PORT": "8011", "WHISTLE_AS": "gd-net-1", "WHISTLE_ZONE": "Asia/Shanghai", "HOME": "/"})


def test_two_parts_on_one_port_are_refused() -> None:
    with pytest.raises(SetupError, match="both need port"):
        load(api_port=15433)


def test_settings_travel_to_children_unchanged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = load(data_dir=tmp_path, workflow_sandbox=False, smtp_host="mail", api_port=8123)
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    assert load() == settings


def test_a_taken_port_says_by_whom(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    with socket.create_server(("127.0.0.1", settings.temporal_port + 4)):
        with pytest.raises(SetupError) as failure, EmbeddedStack(settings, Console()):
            pass
        line = _one_line(failure.value)
    assert f"port {settings.temporal_port + 4}" in line
    assert f"pid {os.getpid()}" in line
    assert "WHISTLE_TEMPORAL_PORT" in line
    assert _running_below(settings.data_dir) == []


def test_a_folder_of_another_postgresql_is_left_alone(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    cluster = settings.data_dir / "postgres"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("14\n")
    with pytest.raises(SetupError) as failure, EmbeddedStack(settings, Console()):
        pass
    assert "PostgreSQL 14" in _one_line(failure.value)
    assert "WHISTLE_DATA_DIR" in failure.value.en
    assert os.listdir(cluster) == ["PG_VERSION"]


def test_a_folder_of_another_engine_is_left_alone(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.acquire()
    folder.note(engine="1.99.0")
    folder.release()
    with pytest.raises(SetupError, match=r"another version \(engine 1\.99\.0"):
        DataFolder(tmp_path).acquire()


def test_one_folder_has_one_instance(tmp_path: Path) -> None:
    first = DataFolder(tmp_path)
    first.acquire()
    with pytest.raises(SetupError, match=f"in use by another instance \\(pid {os.getpid()}\\)"):
        DataFolder(tmp_path).acquire()
    first.release()
    second = DataFolder(tmp_path)
    second.acquire()
    second.release()


def test_a_full_disk_names_folder_and_need(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SetupError, match="free some space or choose another folder"):
        demand_space(tmp_path / "not" / "yet", 1e9, "运行", "running")
    assert folders.POSTGRES_MAJOR == 18


def test_passwords_are_random_and_private(tmp_path: Path) -> None:
    one, other = (DataFolder(tmp_path / name) for name in ("one", "other"))
    one.path.mkdir()
    other.path.mkdir()
    assert one.passwords() == one.passwords() != other.passwords()
    assert (one.path / "passwords.json").stat().st_mode & 0o777 == 0o600


def test_data_survive_a_kill_and_a_stale_process_id_does_no_harm(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    folder = DataFolder(settings.data_dir)
    folder.acquire()
    server = EmbeddedPostgres(settings, folder)
    server.start()
    with server.connect(OWNER, DATABASE) as connection, connection.cursor() as cursor:
        cursor.execute("create table kept (value int); insert into kept values (42)")
    pid = server.child.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    while server.child.running:
        time.sleep(0.01)
    stale = settings.data_dir / "postgres" / "postmaster.pid"
    lines = stale.read_text().splitlines()
    stale.write_text("\n".join([str(os.getppid()), *lines[1:]]) + "\n")  # the number now belongs to somebody else

    again = EmbeddedPostgres(settings, folder)
    again.start()
    with again.connect(OWNER, DATABASE) as connection, connection.cursor() as cursor:
        cursor.execute("select value from kept")
        assert cursor.fetchone() == (42,)
    again.stop()
    folder.release()
    assert _running_below(settings.data_dir) == []


@pytest.mark.parametrize("patient", [True, False])
def test_nothing_outlives_a_killed_parent_and_the_next_start_is_quick(tmp_path: Path, patient: bool) -> None:
    settings = _settings(tmp_path)
    program = (
        "import time; from runtime.stack import EmbeddedStack; from runtime.settings import load\n"
        "with EmbeddedStack(load()): print('running', flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=PROJECT,
        env={**os.environ, **settings.environment()},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    assert any(line.strip() == "running" for line in parent.stdout)
    assert _running_below(settings.data_dir)
    parent.kill()
    parent.wait()
    if not patient:  # the servers are still ending
        with EmbeddedStack(settings, Console()) as stack:
            assert stack.postgres is not None
            assert stack.postgres.answers()
    end = time.monotonic() + 30
    while (left := _running_below(settings.data_dir)) and time.monotonic() < end:
        time.sleep(0.1)
    assert left == []
    assert ports.is_free(settings.temporal_port)

    started = time.monotonic()
    with EmbeddedStack(settings, Console()) as stack:
        assert time.monotonic() - started < 30, "it takes some four, and waits for nothing that a killed one left"
        assert stack.temporal is not None
        assert stack.temporal.answers()
    assert _running_below(settings.data_dir) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts servers for others")
def test_root_runs_a_users_database_as_that_user_even_below_a_closed_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    settings = _settings(tmp_path)
    folder = DataFolder(settings.data_dir)
    folder.acquire()
    server = EmbeddedPostgres(settings, folder)
    server.start()
    server.stop()
    for path in (server.data, *server.data.rglob("*")):
        os.chown(path, 12345, 12345, follow_symlinks=False)
    again = EmbeddedPostgres(settings, folder)
    again.start()
    assert psutil.Process(again.child.pid).uids().real == 12345
    again.stop()
    folder.release()
