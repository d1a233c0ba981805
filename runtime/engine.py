"""Where the Temporal server's programs come from: cache, path, release archive, or a build from the locked module.

Nothing is installed unverified: an archive must have the pinned SHA-256, a build is bound by `go.sum`. Whatever way
is taken, the result goes into the cache whole or not at all, under a lock, so clones may look for it at once.
"""

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from runtime.console import Console
from runtime.faults import SetupError
from runtime.folder import ENGINE_VERSION, demand_space
from runtime.gobuild import BuildError, build
from runtime.settings import PROJECT, Settings

SERVER, SQL_TOOL, UI_SERVER = "temporal-server", "temporal-sql-tool", "temporal-ui-server"
UI_VERSION = "2.54.1"

ARCHIVE_SHA256: dict[str, str] = {}
"""Checksums of the release archives of `ENGINE_VERSION` by platform, such as `linux_amd64`; one that was not verified
has no place here, and without one the archive is passed over."""

_SERVER_PACKAGES = {SERVER: "go.temporal.io/server/cmd/server", SQL_TOOL: "go.temporal.io/server/cmd/tools/sql"}
_UI_PACKAGES = {UI_SERVER: "github.com/temporalio/ui-server/v2/cmd/server"}
_STALL_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Programs:
    """Paths of the programs and the way they were found, in both languages."""

    folder: Path
    way_zh: str
    way_en: str

    @property
    def server(self) -> Path:
        """Return the Temporal server."""
        return self.folder / SERVER

    @property
    def sql_tool(self) -> Path:
        """Return the tool that makes and updates the server's schema."""
        return self.folder / SQL_TOOL


class _Unavailable(Exception):  # noqa: N818  # not an error: the next way is tried
    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


def platform_name() -> str:
    """Return this machine's platform as the release archives spell it, such as `linux_amd64`."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}_{ {'x86_64': 'amd64', 'aarch64': 'arm64'}.get(machine, machine) }"


def cache_folder(settings: Settings, version: str = ENGINE_VERSION) -> Path:
    """Return the folder of one version's programs in the cache."""
    return settings.cache_dir / "engine" / version


def find(settings: Settings, console: Console, module: Path = PROJECT / "engine" / "server") -> Programs:
    """Return the server's programs: from the cache, the path, the archive or a build, in this order.

    Raises:
        SetupError: no way worked; the line gives each way's reason and the remedy.
    """
    home = cache_folder(settings)
    if _answers(home / SERVER, ENGINE_VERSION) and (home / SQL_TOOL).exists():
        return Programs(home, f"缓存 {home}", f"the cache {home}")
    reasons: list[_Unavailable] = []
    try:
        return _from_path()
    except _Unavailable as reason:
        reasons.append(reason)
    with _locked(home, console):
        if _answers(home / SERVER, ENGINE_VERSION) and (home / SQL_TOOL).exists():  # made while we waited
            return Programs(home, f"缓存 {home}", f"the cache {home}")
        ways: tuple[tuple[str, str, Callable[[Path], None]], ...] = (
            ("官方发布包", "the release archive", lambda draft: _from_archive(settings, console, draft)),
            ("源码编译", "a build from the locked module", lambda draft: _from_build(console, module, draft)),
        )
        for way_zh, way_en, make in ways:
            try:
                _install(home, make)
            except _Unavailable as reason:
                console.say(f"未用{way_zh}: {reason.zh}", f"{way_en} is passed over: {reason.en}")
                reasons.append(reason)
                continue
            return Programs(home, f"{way_zh}, 已存入 {home}", f"{way_en}, now in {home}")
    raise SetupError(
        "没有可用的 Temporal 服务器: "
        + "; ".join(reason.zh for reason in reasons)
        + "; 请安装 Go 1.26 并联网, 或以 WHISTLE_TEMPORAL_ADDRESS 指向已有服务器",
        "no Temporal server can be had: "
        + "; ".join(reason.en for reason in reasons)
        + "; install Go 1.26 and allow its downloads, or point WHISTLE_TEMPORAL_ADDRESS to a running server",
    )


def find_ui(settings: Settings, console: Console, module: Path = PROJECT / "engine" / "ui") -> Path | None:
    """Return Temporal's UI server, or None, after one line that says why, when it cannot be had."""
    home = cache_folder(settings, f"ui-{UI_VERSION}")
    if _answers(home / UI_SERVER, UI_VERSION):
        return home / UI_SERVER
    found = shutil.which(UI_SERVER)
    if found and _answers(Path(found), UI_VERSION):
        return Path(found)
    try:
        with _locked(home, console):
            if not _answers(home / UI_SERVER, UI_VERSION):
                _install(home, lambda draft: _build(console, module, _UI_PACKAGES, draft, "Temporal UI"))
    except (_Unavailable, SetupError, OSError) as reason:
        zh, en = (reason.zh, reason.en) if isinstance(reason, _Unavailable | SetupError) else (str(reason),) * 2
        console.say(f"Temporal 界面不可用, 其余照常: {zh}", f"going on without Temporal's UI: {en}")
        return None
    return home / UI_SERVER


def _answers(program: Path, version: str) -> bool:
    """Return whether `program` runs here and says it is `version`; a half-copied or foreign one does not."""
    if not os.access(program, os.X_OK):
        return False
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return False
    return said.returncode == 0 and version in said.stdout.split()


def _from_path() -> Programs:
    server, tool = shutil.which(SERVER), shutil.which(SQL_TOOL)
    if server is None:
        raise _Unavailable(f"PATH 中没有 {SERVER}", f"there is no {SERVER} on the path")
    if tool is None or Path(tool).parent != Path(server).parent:
        raise _Unavailable(f"{server} 旁边没有 {SQL_TOOL}", f"there is no {SQL_TOOL} beside {server}")
    if not _answers(Path(server), ENGINE_VERSION):
        raise _Unavailable(f"{server} 不是版本 {ENGINE_VERSION}", f"{server} is not version {ENGINE_VERSION}")
    return Programs(Path(server).parent, f"PATH 中的 {server}", f"{server} on the path")


def _from_archive(settings: Settings, console: Console, draft: Path) -> None:
    name = platform_name()
    checksum = settings.temporal_archive_sha256 or ARCHIVE_SHA256.get(name)
    if checksum is None:
        raise _Unavailable(
            f"{name} 没有固定的校验和 (WHISTLE_TEMPORAL_ARCHIVE_SHA256)",
            f"no checksum is pinned for {name} (WHISTLE_TEMPORAL_ARCHIVE_SHA256)",
        )
    url = settings.temporal_archive_url.replace("{version}", ENGINE_VERSION).replace("{platform}", name)
    demand_space(draft, 1.0, "下载 Temporal ", "downloading Temporal")
    archive = draft / "archive.tar.gz"
    try:
        found = _download(url, archive, console)
    except (OSError, ValueError) as error:  # URLError and timeouts are OSErrors
        reason = getattr(error, "reason", error) if type(error) is urllib.error.URLError else error
        raise _Unavailable(f"无法下载 {url}: {reason}", f"{url} cannot be downloaded: {reason}") from None
    if found != checksum:
        raise _Unavailable(
            f"{url} 的校验和为 {found[:12]}…, 应为 {checksum[:12]}…, 文件不完整或被改动",
            f"{url} has the checksum {found[:12]}…, not {checksum[:12]}…: it is incomplete or was changed",
        )
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                if member.isfile() and Path(member.name).name in (SERVER, SQL_TOOL):
                    source = tar.extractfile(member)
                    if source is not None:
                        with source, (draft / Path(member.name).name).open("wb") as target:
                            shutil.copyfileobj(source, target)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise _Unavailable(f"{url} 无法解开: {error}", f"{url} cannot be unpacked: {error}") from None
    archive.unlink()
    for program in (SERVER, SQL_TOOL):
        if not (draft / program).exists():
            raise _Unavailable(f"{url} 中没有 {program}", f"{url} holds no {program}")
        (draft / program).chmod(0o755)
    if not _answers(draft / SERVER, ENGINE_VERSION):
        raise _Unavailable(f"{url} 中的程序在本机无法运行", f"the program in {url} does not run on this machine")


def _download(url: str, target: Path, console: Console) -> str:
    """Fetch `url` into `target`, showing progress, and return its SHA-256."""
    digest = hashlib.sha256()
    request = urllib.request.Request(url, headers={"User-Agent": "whistle"})
    fetched = urllib.request.urlopen(request, timeout=_STALL_SECONDS)  # nosec B310  # the operator's, by its checksum
    with fetched as source, target.open("wb") as file:
        total = int(source.headers.get("Content-Length") or 0)
        done = 0
        while chunk := source.read(1 << 20):
            file.write(chunk)
            digest.update(chunk)
            done += len(chunk)
            share = f"{done * 100 // total} %" if total else ""
            console.progress(f"下载 Temporal {done >> 20} MiB {share}", f"downloading, {done >> 20} MiB {share}")
    return digest.hexdigest()


def _from_build(console: Console, module: Path, draft: Path) -> None:
    console.say(
        f"编译 Temporal {ENGINE_VERSION} (只需一次, 双核约 6 分钟)",
        f"building Temporal {ENGINE_VERSION} (once; about 6 minutes on two cores)",
    )
    _build(console, module, _SERVER_PACKAGES, draft, "Temporal")


def _build(console: Console, module: Path, packages: dict[str, str], draft: Path, name: str) -> None:
    started = time.monotonic()

    def tell(zh: str, en: str) -> None:
        seconds = f"{time.monotonic() - started:.0f} s"
        console.progress(f"[{seconds}] {name}: {zh}", f"{en}")

    demand_space(draft, 4.0, f"编译 {name} ", f"building {name}")
    try:
        for program, package in packages.items():
            build(module, package, draft / program, tell)
    except BuildError as error:
        raise _Unavailable(error.zh, error.en) from None


@contextmanager
def _locked(home: Path, console: Console) -> Iterator[None]:
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(home.parent / f"{home.name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise SetupError(
            f"无法写入缓存目录 {home.parent}: {error.strerror}; 请改正权限, 或以 WHISTLE_CACHE_DIR 另选",
            f"the cache {home.parent} cannot be written: {error.strerror}; "
            "correct its permissions, or choose another with WHISTLE_CACHE_DIR",
        ) from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            console.say("另一个副本正在准备服务器, 等待中", "another clone is preparing the server; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _install(home: Path, make: Callable[[Path], None]) -> None:
    """Let `make` fill a draft folder, then put it in place in one step; a failure leaves nothing."""
    for old in home.parent.glob(f"{home.name}.draft-*"):  # of a run that was killed: we hold the lock
        shutil.rmtree(old, ignore_errors=True)
    draft = Path(tempfile.mkdtemp(prefix=f"{home.name}.draft-", dir=home.parent))
    try:
        make(draft)
        draft.chmod(0o755)
        shutil.rmtree(home, ignore_errors=True)
        draft.replace(home)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
