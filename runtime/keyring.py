"""The installation's secret keys, in one file that only its owner can read.

Personal data is sealed per customer, each customer's key under a key-encrypting key (KEK); what goes to Temporal is
encrypted under a codec key. Of both kinds there may be several: the current one encrypts, the others still decrypt.
The file is replaced whole, never edited in place; running processes see a new one within a second, and at once when
they meet a key that they do not know.
"""

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from runtime.faults import SetupError
from runtime.keyfile import Keys, changing, new, new_id, read, stamp, write

LOOK_SECONDS = 1.0

_log = logging.getLogger(__name__)


class UnknownKey(LookupError):  # noqa: N818 - what it is, not what it does
    """A key that is not in the file, or no longer.

    Attributes:
        key_id: its id.
    """

    def __init__(self, key_id: str) -> None:
        super().__init__(f"the keys file has no key {key_id}; restore the file that had it")
        self.key_id = key_id


class Keyring:
    """The keys as the file has them now; made by `load` or `ensure`, and safe in many threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._stamp = stamp(path)
        self._keys = read(path)
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
        """Return the ids of all key-encrypting keys as the file has them this moment, oldest first."""
        return tuple(self._look().keks)

    @property
    def codecs(self) -> tuple[str, ...]:
        """Return the ids of all codec keys as the file has them this moment, oldest first."""
        return tuple(self._look().codecs)

    def made_at(self, key_id: str) -> datetime:
        """Return when a key of either kind was made (UTC).

        Raises:
            UnknownKey: the file does not have it.
        """
        found = self._look().made.get(key_id)
        if found is None:
            raise UnknownKey(key_id)
        return found

    def retired_at(self, key_id: str) -> datetime | None:
        """Return when another key took the place of this one (UTC); None for a current key.

        Raises:
            UnknownKey: the file does not have it.
        """
        keys = self._look()
        if key_id not in keys.made:
            raise UnknownKey(key_id)
        after = {**dict(pairwise(keys.keks)), **dict(pairwise(keys.codecs))}
        return keys.made[after[key_id]] if key_id in after else None

    @property
    def index(self) -> bytes:
        """Return the 32 bytes for keyed hashes, by which a sealed value is found again."""
        return self._now().index

    @property
    def links(self) -> bytes:
        """Return the 32 bytes for signed links."""
        return self._now().links

    def _now(self) -> Keys:
        if time.monotonic() - self._looked < LOOK_SECONDS:
            return self._keys
        return self._look()

    def _look(self) -> Keys:
        """Read the file again if it was replaced; if that fails, the keys in hand stay good."""
        with self._lock:
            self._looked = time.monotonic()
            try:
                found = stamp(self.path)
                if found != self._stamp:
                    self._keys = read(self.path)
                    self._stamp = found
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
        with changing(path):
            if not path.exists():
                kek, codec = new_id("k"), new_id("c")
                now = datetime.now(UTC)
                times = {kek: now, codec: now}
                write(path, Keys(kek, codec, times, {kek: new()}, {codec: new()}, new(), new()))
    return Keyring(path)


def add_kek(path: Path) -> str:
    """Make a new key-encrypting key, which becomes the current one, and return its id.

    Raises:
        SetupError: the file cannot be read or written.
    """
    with changing(path):
        keys = read(path)
        made = new_id("k")
        times = {**keys.made, made: datetime.now(UTC)}
        write(path, replace(keys, kek=made, keks={**keys.keks, made: new()}, made=times))
    return made


def add_codec(path: Path) -> str:
    """Make a new codec key, which becomes the current one, and return its id.

    Raises:
        SetupError: the file cannot be read or written.
    """
    with changing(path):
        keys = read(path)
        made = new_id("c")
        times = {**keys.made, made: datetime.now(UTC)}
        write(path, replace(keys, codec=made, codecs={**keys.codecs, made: new()}, made=times))
    return made


def drop_kek(path: Path, key_id: str) -> None:
    """Take a key-encrypting key away for good; what is still sealed under it can never be read again.

    Raises:
        UnknownKey: there is none of that id.
        SetupError: it is the current one, or the file cannot be read or written.
    """
    with changing(path):
        keys = read(path)
        write(path, replace(keys, keks=_without(keys.keks, key_id, keys.kek)))


def drop_codec(path: Path, key_id: str) -> None:
    """Take a codec key away for good; what Temporal still keeps under it can never be read again.

    Raises:
        UnknownKey: there is none of that id.
        SetupError: it is the current one, or the file cannot be read or written.
    """
    with changing(path):
        keys = read(path)
        write(path, replace(keys, codecs=_without(keys.codecs, key_id, keys.codec)))


def _without(keys: Mapping[str, bytes], key_id: str, current: str) -> dict[str, bytes]:
    if key_id not in keys:
        raise UnknownKey(key_id)
    if key_id == current:
        raise SetupError(
            f"{key_id} 是现用密钥, 不能删除; 请先轮换", f"{key_id} is the current key and stays; rotate first"
        )
    return {name: key for name, key in keys.items() if name != key_id}
