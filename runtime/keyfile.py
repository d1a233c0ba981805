"""The keys file itself: how it is read, judged, and replaced whole, one change at a time."""

import base64
import contextlib
import fcntl
import json
import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from runtime.faults import SetupError
from runtime.folder import write_private

KEY_BYTES = 32
Stamp = tuple[int, int, int]
"""What changes when the file is replaced."""


@dataclass(frozen=True, slots=True)
class Keys:
    """One state of the file; the ids' keys are 32 bytes each, oldest first, `made` says when each was made (UTC)."""

    kek: str
    codec: str
    made: Mapping[str, datetime]
    keks: Mapping[str, bytes] = field(repr=False)
    codecs: Mapping[str, bytes] = field(repr=False)
    index: bytes = field(repr=False)
    links: bytes = field(repr=False)


def new() -> bytes:
    """Return a new key."""
    return secrets.token_bytes(KEY_BYTES)


def new_id(kind: Literal["k", "c"]) -> str:
    """Return the id of a new key: `k` begins that of a key-encrypting one, `c` that of a codec key."""
    return kind + secrets.token_hex(4)


@contextlib.contextmanager
def changing(path: Path) -> Iterator[None]:
    """Hold the file's lock inside the block: one change at a time, by one process.

    Raises:
        SetupError: the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise _cannot_write(path, error) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def write(path: Path, keys: Keys) -> None:
    """Replace the file.

    Raises:
        SetupError: it cannot be written, or belongs to somebody else.
    """
    content = {
        "kek": keys.kek,
        "keks": {name: base64.b64encode(key).decode() for name, key in keys.keks.items()},
        "codec": keys.codec,
        "codecs": {name: base64.b64encode(key).decode() for name, key in keys.codecs.items()},
        "made": {name: keys.made[name].isoformat() for name in (*keys.keks, *keys.codecs)},
        "index": base64.b64encode(keys.index).decode(),
        "links": base64.b64encode(keys.links).decode(),
    }
    try:
        if path.exists() and path.stat().st_uid != os.geteuid():  # replaced, it would belong to somebody else
            raise PermissionError(1, "it belongs to another user")
        write_private(path, json.dumps(content, indent=1))
    except OSError as error:
        raise _cannot_write(path, error) from None


def _cannot_write(path: Path, error: OSError) -> SetupError:
    return SetupError(
        f"无法写入密钥文件 {path}: {error.strerror}; 请以其所有者的身份运行, 或以 WHISTLE_KEYS_FILE 另选",
        f"the keys file {path} cannot be written: {error.strerror}; "
        "run as its owner, or choose another with WHISTLE_KEYS_FILE",
    )


def stamp(path: Path) -> Stamp:
    """Return what changes when the file is replaced.

    Raises:
        SetupError: it is not there, or not to be seen.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise SetupError(
            f"无法读取密钥文件 {path}: {error.strerror}; 请从备份恢复, 或以 WHISTLE_KEYS_FILE 指明其位置",
            f"the keys file {path} cannot be read: {error.strerror}; "
            "restore it from its backup, or say with WHISTLE_KEYS_FILE where it is",
        ) from None
    return found.st_mtime_ns, found.st_ino, found.st_size


def read(path: Path) -> Keys:
    """Return the keys in the file.

    Raises:
        SetupError: it is missing, damaged, or others than its owner can read it.
    """
    try:
        with path.open(encoding="utf-8") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise SetupError(
                    f"密钥文件 {path} 可被他人读取 (权限 {mode:04o}); 请执行 chmod 600 {path}",
                    f"the keys file {path} can be read by others (mode {mode:04o}); run chmod 600 {path}",
                )
            return _parse(json.load(file))
    except OSError as error:
        raise SetupError(
            f"无法读取密钥文件 {path}: {error.strerror}; 请改正权限, 或从备份恢复",
            f"the keys file {path} cannot be read: {error.strerror}; correct its permissions, or restore its backup",
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise SetupError(
            f"密钥文件 {path} 已损坏; 请从备份恢复", f"the keys file {path} is damaged; restore it from its backup"
        ) from None


def _parse(content: Any) -> Keys:
    keks = {str(name): _key(text) for name, text in content["keks"].items()}
    codecs = {str(name): _key(text) for name, text in content["codecs"].items()}
    kek, codec = content["kek"], content["codec"]
    if kek not in keks or codec not in codecs:
        raise ValueError("the current key is not among the keys")
    made = {name: datetime.fromisoformat(content["made"][name]) for name in (*keks, *codecs)}
    return Keys(kek, codec, made, keks, codecs, _key(content["index"]), _key(content["links"]))


def _key(text: str) -> bytes:
    key = base64.b64decode(text, validate=True)
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key has {KEY_BYTES} bytes")
    return key
