"""Running a program as another user when we are root, even below folders which that user cannot enter.

PostgreSQL refuses to run as root, and a project under /root is closed to everybody else. The child then keeps one
capability, to pass through closed folders, and nothing more of root's power.
"""

import contextlib
import ctypes
import os
import pwd
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from runtime.faults import SetupError

_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 47, 2
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2
_CAPABILITY_VERSION_3 = 0x20080522
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class Account:
    """An operating-system user by its numbers."""

    name: str
    uid: int
    gid: int


def account_for(name: str, data: Path) -> Account | None:
    """Return the user to run PostgreSQL as, None if we are not root and simply stay who we are.

    A folder `data` that an ordinary user made stays that user's; otherwise it is the user called `name`.

    Raises:
        SetupError: we are root and there is no such user.
    """
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(FileNotFoundError):
        facts = data.stat()
        if facts.st_uid != 0:
            return Account(str(facts.st_uid), facts.st_uid, facts.st_gid)
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        entry = None
    if entry is None or entry.pw_uid == 0:
        raise SetupError(
            f"以 root 启动时 PostgreSQL 需要另一个系统用户, 但 {name} 不可用; "
            "请以 WHISTLE_POSTGRES_OS_USER 指定, 或改用普通用户启动",
            f"started by root, PostgreSQL needs another system user, but {name} will not do; "
            "name one with WHISTLE_POSTGRES_OS_USER, or start as an ordinary user",
        )
    return Account(name, entry.pw_uid, entry.pw_gid)


def becoming(account: Account | None, *paths: Path) -> Callable[[], None] | None:
    """Return what a child runs between fork and exec to become `account` and still reach `paths`.

    Raises:
        SetupError: a folder above one of them is closed to that user and this machine gives no way through.
    """
    if account is None:
        return None
    closed = next((folder for path in paths for folder in _closed_above(path, account)), None)
    capability = _way_through() if closed else None
    if closed and capability is None:
        raise SetupError(
            f"用户 {account.name} 无法进入目录 {closed}; 请执行 chmod o+x {closed}, 或把项目移到别处",
            f"user {account.name} cannot enter the folder {closed}; run chmod o+x {closed}, or move the project",
        )

    def become() -> None:
        if capability is not None and _LIBC is not None:
            _LIBC.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
        os.setgroups([])
        os.setresgid(account.gid, account.gid, account.gid)
        os.setresuid(account.uid, account.uid, account.uid)
        if capability is not None and _LIBC is not None:
            bit = 1 << capability
            header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
            _LIBC.capset(header, struct.pack("=6I", bit, bit, bit, 0, 0, 0))
            _LIBC.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0)

    return become


def give(path: Path, account: Account | None) -> None:
    """Make `account` the owner of `path`."""
    if account is None:
        return
    try:
        os.chown(path, account.uid, account.gid)
    except OSError as error:
        raise SetupError(
            f"无法把 {path} 交给用户 {account.name}: {error.strerror}; 请以普通用户启动",
            f"{path} cannot be given to user {account.name}: {error.strerror}; start as an ordinary user",
        ) from None


def _closed_above(path: Path, account: Account) -> list[Path]:
    closed = []
    for folder in path.resolve().parents:
        facts = folder.stat()
        if facts.st_uid == account.uid:
            enters = facts.st_mode & 0o100
        elif facts.st_gid == account.gid:
            enters = facts.st_mode & 0o010
        else:
            enters = facts.st_mode & 0o001
        if not enters:
            closed.append(folder)
    return closed


def _way_through() -> int | None:
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return None
    effective = next((int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapEff")), 0)
    return next((bit for bit in (_CAP_DAC_READ_SEARCH, _CAP_DAC_OVERRIDE) if effective >> bit & 1), None)
