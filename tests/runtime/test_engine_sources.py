"""Where the Temporal server comes from: the order of the ways, and that nothing unverified is ever installed."""

import functools
import hashlib
import http.server
import io
import os
import stat
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime import engine
from runtime.console import Console
from runtime.engine import SERVER, SQL_TOOL
from runtime.faults import SetupError
from runtime.folder import ENGINE_VERSION
from runtime.settings import PROJECT, Settings, load

_PROGRAM = f"#!/bin/sh\necho temporal version {ENGINE_VERSION}\n"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder served over HTTP, and its address."""
    folder = tmp_path / "site"
    folder.mkdir()
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def bare_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on the path: no Go, no server, until a test puts one there."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("sh", "echo"):
        (folder / tool).symlink_to(f"/bin/{tool}")
    monkeypatch.setenv("PATH", str(folder))
    return folder


def _programs(folder: Path, text: str = _PROGRAM, names: tuple[str, ...] = (SERVER, SQL_TOOL)) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)


def _archive(path: Path, names: tuple[str, ...] = (SERVER, SQL_TOOL), text: str = _PROGRAM) -> str:
    """Write a release archive and return its checksum."""
    with tarfile.open(path, "w:gz") as tar:
        for name in (*names, "LICENSE"):
            data = text.encode()
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _settings(tmp_path: Path, url: str = "http://127.0.0.1:9/none", checksum: str | None = None) -> Settings:
    return load(cache_dir=tmp_path / "cache", temporal_archive_url=url, temporal_archive_sha256=checksum)


def _console() -> tuple[Console, io.StringIO]:
    heard = io.StringIO()
    return Console(heard), heard


def _cached(settings: Settings) -> list[str]:
    home = engine.cache_folder(settings)
    return sorted(os.listdir(home)) if home.exists() else []


def test_the_cache_comes_first(tmp_path: Path, bare_path: Path) -> None:
    settings = _settings(tmp_path)
    _programs(engine.cache_folder(settings))
    _programs(bare_path)
    found = engine.find(settings, _console()[0])
    assert found.folder == engine.cache_folder(settings)
    assert "cache" in found.way_en


def test_a_damaged_cache_is_not_used(tmp_path: Path, bare_path: Path) -> None:
    settings = _settings(tmp_path)
    _programs(engine.cache_folder(settings), text="\x7fELF cut sho")
    _programs(bare_path)
    assert engine.find(settings, _console()[0]).server == bare_path / SERVER


def test_the_path_comes_second(tmp_path: Path, bare_path: Path, site: tuple[Path, str]) -> None:
    checksum = _archive(site[0] / "t.tar.gz")
    _programs(bare_path)
    found = engine.find(_settings(tmp_path, f"{site[1]}/t.tar.gz", checksum), _console()[0])
    assert found.server == bare_path / SERVER
    assert "on the path" in found.way_en


def test_another_version_on_the_path_is_passed_over(tmp_path: Path, bare_path: Path, site: tuple[Path, str]) -> None:
    checksum = _archive(site[0] / "t.tar.gz")
    _programs(bare_path, text="#!/bin/sh\necho temporal version 1.20.0\n")
    assert "archive" in engine.find(_settings(tmp_path, f"{site[1]}/t.tar.gz", checksum), _console()[0]).way_en


def test_the_archive_comes_third_and_lands_in_the_cache(
    tmp_path: Path, bare_path: Path, site: tuple[Path, str]
) -> None:
    name = f"temporal_{ENGINE_VERSION}_{engine.platform_name()}.tar.gz"
    checksum = _archive(site[0] / name)
    settings = _settings(tmp_path, site[1] + "/temporal_{version}_{platform}.tar.gz", checksum)
    found = engine.find(settings, _console()[0])
    assert "release archive" in found.way_en
    assert _cached(settings) == [SERVER, SQL_TOOL]
    assert found.server.stat().st_mode & stat.S_IXUSR
    assert "cache" in engine.find(settings, _console()[0]).way_en


@pytest.mark.parametrize("harm", ["changed", "truncated", "missing", "incomplete"])
def test_a_bad_archive_installs_nothing_and_the_reason_is_said(
    tmp_path: Path, bare_path: Path, site: tuple[Path, str], harm: str
) -> None:
    path = site[0] / "t.tar.gz"
    checksum = _archive(path, names=(SERVER,) if harm == "incomplete" else (SERVER, SQL_TOOL))
    if harm == "changed":
        _archive(path, text="#!/bin/sh\necho evil\n")
    elif harm == "truncated":
        path.write_bytes(path.read_bytes()[:-20])
    elif harm == "missing":
        path.unlink()
    settings = _settings(tmp_path, f"{site[1]}/t.tar.gz", checksum)
    console, heard = _console()
    with pytest.raises(SetupError) as failure:
        engine.find(settings, console)
    assert _cached(settings) == []
    assert not list(engine.cache_folder(settings).parent.glob("*draft*"))
    expected = {
        "changed": "it is incomplete or was changed",
        "truncated": "it is incomplete or was changed",
        "missing": "404",
        "incomplete": f"holds no {SQL_TOOL}",
    }[harm]
    assert expected in heard.getvalue()
    assert "Go is not installed" in failure.value.en
    assert "WHISTLE_TEMPORAL_ADDRESS" in failure.value.en
    assert "\n" not in str(failure.value)


def test_without_a_known_checksum_nothing_is_downloaded(
    tmp_path: Path, bare_path: Path, site: tuple[Path, str]
) -> None:
    _archive(site[0] / "t.tar.gz")
    console, heard = _console()
    with pytest.raises(SetupError):
        engine.find(_settings(tmp_path, f"{site[1]}/t.tar.gz"), console)
    assert "no checksum is pinned" in heard.getvalue()


def test_an_unreachable_download_is_one_line(tmp_path: Path, bare_path: Path) -> None:
    console, heard = _console()
    with pytest.raises(SetupError):
        engine.find(_settings(tmp_path, "http://127.0.0.1:9/t.tar.gz", "0" * 64), console)
    (line,) = [line for line in heard.getvalue().splitlines() if "archive" in line]
    assert "Connection refused" in line


def test_the_build_comes_last_and_is_bound_by_its_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small locked module with the same programs is really built by Go; the real one differs only in size."""
    go = subprocess.run(["go", "env", "GOVERSION"], capture_output=True, text=True, check=True, cwd="/")
    module = tmp_path / "module"
    (module / "server").mkdir(parents=True)
    (module / "go.mod").write_text(f"module example\n\ngo {go.stdout.strip().removeprefix('go')}\n")
    (module / "server" / "main.go").write_text(
        f'package main\n\nimport "fmt"\n\nfunc main() {{ fmt.Println("temporal version", "{ENGINE_VERSION}") }}\n'
    )
    monkeypatch.setattr(engine, "_SERVER_PACKAGES", {SERVER: "example/server", SQL_TOOL: "example/server"})
    monkeypatch.setenv("PATH", os.pathsep.join(p for p in os.environ["PATH"].split(os.pathsep) if "temporal" not in p))
    settings = _settings(tmp_path)
    console, heard = _console()
    found = engine.find(settings, console, module)
    assert "a build from the locked module" in found.way_en
    assert _cached(settings) == [SERVER, SQL_TOOL]
    assert "packages" in heard.getvalue() or "modules" in heard.getvalue()

    (module / "server" / "main.go").write_text('package main\n\nimport _ "example.org/unlocked"\n\nfunc main() {}\n')
    with pytest.raises(SetupError, match=r"go list failed|downloads are refused"):
        engine.find(_settings(tmp_path / "other"), _console()[0], module)


def test_two_clones_at_once_make_one_cache(tmp_path: Path, bare_path: Path, site: tuple[Path, str]) -> None:
    checksum = _archive(site[0] / "t.tar.gz")
    settings = _settings(tmp_path, f"{site[1]}/t.tar.gz", checksum)
    program = (
        "import runtime.engine as e, runtime.console as c, runtime.settings as s; print(e.find(s.load(), c.Console()))"
    )
    clones = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=PROJECT,
            env={"PATH": str(bare_path), **settings.environment()},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    said = [clone.communicate(timeout=60)[0] for clone in clones]
    assert [clone.returncode for clone in clones] == [0, 0, 0]
    assert sum("release archive" in text for text in said) == 1
    assert _cached(settings) == [SERVER, SQL_TOOL]


def test_a_missing_ui_is_one_line_and_no_more(tmp_path: Path, bare_path: Path) -> None:
    console, heard = _console()
    assert engine.find_ui(_settings(tmp_path), console) is None
    assert "going on without Temporal's UI" in heard.getvalue()
    assert len(heard.getvalue().splitlines()) <= 2


def test_refused_go_downloads_are_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOPROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("GOMODCACHE", str(tmp_path / "empty"))
    monkeypatch.setattr(engine, "UI_VERSION", "0.0.0")  # so that neither cache nor path can serve
    console, heard = _console()
    assert engine.find_ui(_settings(tmp_path), console) is None
    assert "Go's downloads are refused" in heard.getvalue().splitlines()[-1]
