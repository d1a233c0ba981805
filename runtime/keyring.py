"""The installation's secret keys, in one file that only its owner can read.

Personal data is sealed per customer, each customer's key under a key-encrypting key (KEK); what goes to Temporal is
encrypted under a codec key. Of both kinds there may be several: the current one encrypts, the others still decrypt.
The file is replaced whole, never edited in place; running processes see a new one within a second, and at once when
they meet a key that they do not know.
"""

import base64
import contextlib
import fcntl
import json
import logging
import os
import secrets
import stat
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from runtime.faults import SetupError
from runtime.folder import write_private

KEY_BYTES = 32
LOOK_SECONDS = 1.0

_log = logging.getLogger(__name__)
_Stamp = tuple[int, int, int]


class UnknownKey(LookupError):  # noqa: N818 - what it is, not what it does
    """A key that is not in the file, or no longer.

    Attributes:
        key_id: its id.
    """

    def __init__(self, key_id: str) -> None:
        super().__init__(f"the keys file has no key {key_id}; restore the file that had it")
        self.key_id = key_id


@dataclass(frozen=True, slots=True)
class _Keys:
    """One state of the file; the ids' keys are 32 bytes each."""

    kek: str
    codec: str
    keks: Mapping[str, bytes] = field(repr=False)
    codecs: Mapping[str, bytes] = field(repr=False)
    index: bytes = field(repr=False)
    links: bytes = field(repr=False)


class Keyring:
    """The keys as the file has them now; made by `load` or `ensure`, and safe in many threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._stamp = _stamp(path)
        self._keys = _read(path)
        self._looked = time.monotonic()

    def kek(self) -> tuple[str, bytes]:
        """Return the current key-encrypting key: its id and its 32 bytes."""
        keys = self._now()
        return keys.kek, keys.keks[keys.kek]

    def kek_of(self, key_id: str) -> bytes:
        """Return the key-encrypting key of that id.

        Raises:
            UnknownKey: the file does not have it.
        """
        found = self._now().keks.get(key_id) or self._look().keks.get(key_id)
        if found is None:
            raise UnknownKey(key_id)
        return found

    def codec(self) -> tuple[str, bytes]:
        """Return the current key for what goes to Temporal: its id and its 32 bytes."""
        keys = self._now()
        return keys.codec, keys.codecs[keys.codec]

    def codec_of(self, key_id: str) -> bytes:
        """Return the codec key of that id.

        Raises:
            UnknownKey: the file does not have it.
        """
        found = self._now().codecs.get(key_id) or self._look().codecs.get(key_id)
        if found is None:
            raise UnknownKey(key_id)
        return found

    @property
    def keks(self) -> tuple[str, ...]:
        """Return the ids of all key-encrypting keys, oldest first."""
        return tuple(self._now().keks)

    @property
    def codecs(self) -> tuple[str, ...]:
        """Return the ids of all codec keys, oldest first."""
        return tuple(self._now().codecs)

    @property
    def index(self) -> bytes:
        """Return the 32 bytes for keyed hashes, by which a sealed value is found again."""
        return self._now().index

    @property
    def links(self) -> bytes:
        """Return the 32 bytes for signed links."""
        return self._now().links

    def _now(self) -> _Keys:
        if time.monotonic() - self._looked < LOOK_SECONDS:
            return self._keys
        return self._look()

    def _look(self) -> _Keys:
        """Read the file again if it was replaced; if that fails, the keys in hand stay good."""
        with self._lock:
            self._looked = time.monotonic()
            try:
                stamp = _stamp(self.path)
                if stamp != self._stamp:
                    self._keys = _read(self.path)
                    self._stamp = stamp
            except SetupError as error:
                _log.warning("the keys stay as they were read last: %s", error.en)
            return self._keys


def load(path: Path) -> Keyring:
    """Return the keys of an existing file.

    Raises:
        SetupError: it is missing, malformed, or others than its owner can read it.
    """
    return Keyring(path)


def ensure(path: Path) -> Keyring:
    """Return the keys of the file, made at random when there is none.

    Raises:
        SetupError: it cannot be made, or the one that is there cannot be used.
    """
    if not path.exists():
        with _changing(path):
            if not path.exists():
                kek, codec = _new_id("k"), _new_id("c")
                made = _Keys(kek, codec, {kek: _new()}, {codec: _new()}, _new(), _new())
                _write(path, made)
    return Keyring(path)


def add_kek(path: Path) -> str:
    """Make a new key-encrypting key, which becomes the current one, and return its id.

    Raises:
        SetupError: the file cannot be read or written.
    """
    with _changing(path):
        keys = _read(path)
        made = _new_id("k")
        _write(path, replace(keys, kek=made, keks={**keys.keks, made: _new()}))
    return made


def add_codec(path: Path) -> str:
    """Make a new codec key, which becomes the current one, and return its id.

    Raises:
        SetupError: the file cannot be read or written.
    """
    with _changing(path):
        keys = _read(path)
        made = _new_id("c")
        _write(path, replace(keys, codec=made, codecs={**keys.codecs, made: _new()}))
    return made


def drop_kek(path: Path, key_id: str) -> None:
    """Take a key-encrypting key away for good; what is still sealed under it can never be read again.

    Raises:
        UnknownKey: there is none of that id.
        SetupError: it is the current one, or the file cannot be read or written.
    """
    with _changing(path):
        keys = _read(path)
        _write(path, replace(keys, keks=_without(keys.keks, key_id, keys.kek)))


def drop_codec(path: Path, key_id: str) -> None:
    """Take a codec key away for good; what Temporal still keeps under it can never be read again.

    Raises:
        UnknownKey: there is none of that id.
        SetupError: it is the current one, or the file cannot be read or written.
    """
    with _changing(path):
        keys = _read(path)
        _write(path, replace(keys, codecs=_without(keys.codecs, key_id, keys.codec)))


def _without(keys: Mapping[str, bytes], key_id: str, current: str) -> dict[str, bytes]:
    if key_id not in keys:
        raise UnknownKey(key_id)
    if key_id == current:
        raise SetupError(
            f"{key_id} 是现用密钥, 不能删除; 请先轮换", f"{key_id} is the current key and stays; rotate first"
        )
    return {name: key for name, key in keys.items() if name != key_id}


def _new() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def _new_id(kind: Literal["k", "c"]) -> str:
    return kind + secrets.token_hex(4)


@contextlib.contextmanager
def _changing(path: Path) -> Iterator[None]:
    """Hold the file's lock: one change at a time, by one process."""
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


def _write(path: Path, keys: _Keys) -> None:
    content = {
        "kek": keys.kek,
        "keks": {name: base64.b64encode(key).decode() for name, key in keys.keks.items()},
        "codec": keys.codec,
        "codecs": {name: base64.b64encode(key).decode() for name, key in keys.codecs.items()},
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


def _stamp(path: Path) -> _Stamp:
    """Return what changes when the file is replaced."""
    try:
        found = path.stat()
    except OSError as error:
        raise SetupError(
            f"无法读取密钥文件 {path}: {error.strerror}; 请从备份恢复, 或以 WHISTLE_KEYS_FILE 指明其位置",
            f"the keys file {path} cannot be read: {error.strerror}; "
            "restore it from its backup, or say with WHISTLE_KEYS_FILE where it is",
        ) from None
    return found.st_mtime_ns, found.st_ino, found.st_size


def _read(path: Path) -> _Keys:
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


def _parse(content: Any) -> _Keys:
    keks = {str(name): _key(text) for name, text in content["keks"].items()}
    codecs = {str(name): _key(text) for name, text in content["codecs"].items()}
    kek, codec = content["kek"], content["codec"]
    if kek not in keks or codec not in codecs:
        raise ValueError("the current key is not among the keys")
    return _Keys(kek, codec, keks, codecs, _key(content["index"]), _key(content["links"]))


def _key(text: str) -> bytes:
    key = base64.b64decode(text, validate=True)
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key has {KEY_BYTES} bytes")
    return key
