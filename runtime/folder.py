"""The data folder: who may use it now, which versions wrote it, and the passwords kept in it."""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.faults import SetupError

LAYOUT = 1
ENGINE_VERSION = "1.32.2"
POSTGRES_MAJOR = 18

_GIB = 1024**3


def demand_space(folder: Path, gib: float, purpose_zh: str, purpose_en: str) -> None:
    """Return if the disk under `folder` has `gib` GiB free.

    Raises:
        SetupError: it has not; the line names the disk's folder, what is free and what is needed.
    """
    existing = folder
    while not existing.exists():
        existing = existing.parent
    free = shutil.disk_usage(existing).free / _GIB
    if free < gib:
        raise SetupError(
            f"{existing} 所在磁盘只剩 {free:.1f} GiB, {purpose_zh}需要 {gib:g} GiB; 请清理空间或改用其他目录",
            f"the disk of {existing} has {free:.1f} GiB left, {purpose_en} needs {gib:g} GiB; "
            "free some space or choose another folder",
        )


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    draft = path.with_name(path.name + ".new")
    with contextlib.suppress(FileNotFoundError):
        draft.unlink()
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


@dataclass(frozen=True, slots=True)
class Passwords:
    """The random passwords of the database roles of this data folder."""

    superuser: str
    owner: str
    app: str
    engine: str


class DataFolder:
    """A data folder held by this process alone until `release()`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    def acquire(self) -> None:
        """Take the folder, creating it if need be; nothing happens if it is taken already.

        Raises:
            SetupError: it cannot be written, another instance holds it, or another version wrote it.
        """
        if self._lock is not None:
            return
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise SetupError(
                f"无法写入数据目录 {self.path}: {error.strerror}; 请改正权限, 或以 WHISTLE_DATA_DIR 另选",
                f"the data folder {self.path} cannot be written: {error.strerror}; "
                "correct its permissions, or choose another with WHISTLE_DATA_DIR",
            ) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            pid = os.read(lock, 32).decode().strip() or "?"
            os.close(lock)
            raise SetupError(
                f"数据目录 {self.path} 正被另一个实例使用 (pid {pid}); 请先停止它, 或以 WHISTLE_DATA_DIR 另选目录",
                f"the data folder {self.path} is in use by another instance (pid {pid}); "
                "stop it, or choose another folder with WHISTLE_DATA_DIR",
            ) from None
        os.ftruncate(lock, 0)
        os.write(lock, str(os.getpid()).encode())
        self._lock = lock
        try:
            self._check_versions()
        except SetupError:
            self.release()
            raise

    def release(self) -> None:
        """Let others use the folder."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def passwords(self) -> Passwords:
        """Return the folder's passwords, made at random when it is new."""
        path = self.path / "passwords.json"
        if path.exists():
            return Passwords(**json.loads(path.read_text()))
        made = {field: secrets.token_urlsafe(24) for field in Passwords.__slots__}
        write_private(path, json.dumps(made))
        return Passwords(**made)

    def marker(self) -> dict[str, Any]:
        """Return what is noted about the versions that wrote the folder."""
        try:
            noted = json.loads((self.path / "version.json").read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return {}
        return noted if isinstance(noted, dict) else {}

    def note(self, **facts: Any) -> None:
        """Add facts to the marker, such as the engine version whose schema is in place."""
        write_private(self.path / "version.json", json.dumps({**self.marker(), **facts}, sort_keys=True))

    def _check_versions(self) -> None:
        noted = self.marker()
        expected = {"layout": LAYOUT, "postgres": POSTGRES_MAJOR, "engine": ENGINE_VERSION}
        for part, ours in expected.items():
            theirs = noted.get(part, ours)
            if theirs != ours:
                raise SetupError(
                    f"数据目录 {self.path} 由其他版本写成 ({part} {theirs}, 本程序为 {ours}); "
                    "请用原版本启动, 或以 WHISTLE_DATA_DIR 另选目录",
                    f"the data folder {self.path} was written by another version ({part} {theirs}, this is {ours}); "
                    "start it with that version, or choose another folder with WHISTLE_DATA_DIR",
                )
        if not noted:
            self.note(**expected)
