"""Passwords: how they are kept, and which ones nobody may have.

They are hashed by argon2id, in two threads of their own: so hashing holds up neither the event loop nor the database,
and an onslaught of log-ins costs twice the memory of one hash and no more. Beyond a queue of `MOST_WAITING` whoever
comes is sent away.
"""

from __future__ import annotations

import asyncio
import secrets
import unicodedata
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from identity.guessable import guessable

SHORTEST, LONGEST = 12, 128
"""Characters of a password, any of Unicode's [OWASP ASVS 5.0, 6.2.1, 6.2.9]."""
MEMORY_KIB, PASSES, LANES = 47_104, 1, 1
"""argon2id's cost, the first of the settings in OWASP's Password Storage Cheat Sheet: 46 MiB, one pass, one lane."""
ONE_TIME_BYTES = 15
"""Of a password that is given to somebody for one log-in: 120 bits, 20 characters."""
MOST_WAITING = 64
"""Log-ins of one process that are in the queue at once; at some 40 ms each on two threads that is over a second."""

_HASHER = PasswordHasher(
    time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES, hash_len=32, salt_len=16, type=Type.ID
)
T = TypeVar("T")
_POOL = ThreadPoolExecutor(2, thread_name_prefix="passwords")
_waiting = [0]


class Overrun(Exception):  # noqa: N818 - it names what is the matter
    """More log-ins wait than can be served soon."""


class Unfit(ValueError):  # noqa: N818 - it names what is wrong, like the refusals
    """A password that nobody may have; says why and what to take instead.

    Attributes:
        remedy: what to do instead.
    """

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.remedy = remedy


def one_time() -> str:
    """A password to be given to somebody for one log-in."""
    return secrets.token_urlsafe(ONE_TIME_BYTES)


def demand_fit(password: str, *names: str) -> None:
    """Return if a person with these names (id, names) may have this password; raises Unfit."""
    text = _plain(password)
    if not SHORTEST <= len(text) <= LONGEST:
        raise Unfit(
            f"a password has {SHORTEST} to {LONGEST} characters, not {len(text)}",
            "take a sentence of several words; every character is allowed",
        )
    reason = guessable(text, names)
    if reason:
        raise Unfit(reason, "take several words that have nothing to do with each other or with you")


class Place:
    """A place in the queue: what hashes there is never sent away."""

    async def hashed(self, password: str) -> str:
        """What is kept of a password."""
        return await self._aside(hash_now, password)

    async def matches(self, kept: str, password: str) -> bool:
        """Whether this is the password that was kept; '' never matches and takes as long."""
        return await self._aside(_verify, kept, password)

    async def _aside(self, work: Callable[..., T], *arguments: str) -> T:
        return await asyncio.get_running_loop().run_in_executor(_POOL, work, *arguments)


@contextmanager
def place() -> Iterator[Place]:
    """A place in the queue until the block ends, for all that one log-in hashes; raises Overrun when there is none.

    What must not be done for somebody who is then sent away, such as counting his try, is done inside.
    """
    if _waiting[0] >= MOST_WAITING:
        raise Overrun
    _waiting[0] += 1
    try:
        yield Place()
    finally:
        _waiting[0] -= 1


async def hashed(password: str) -> str:
    """What is kept of a password; raises Overrun."""
    with place() as mine:
        return await mine.hashed(password)


def hash_now(password: str) -> str:
    """What is kept of a password, worked out in the calling thread (some 40 ms)."""
    return _HASHER.hash(_bytes(password))


def outdated(kept: str) -> bool:
    """True when it was hashed at another cost than is usual now."""
    return _HASHER.check_needs_rehash(kept)


def _verify(kept: str, password: str) -> bool:
    try:
        return _HASHER.verify(kept or _nobodys(), _bytes(password)) and bool(kept)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    """What a log-in without an account is held against, so that it takes as long as any other."""
    return hash_now(one_time())


def _plain(password: str) -> str:
    """The same text in one form, however a keyboard put its accents together [Unicode NFC]."""
    return unicodedata.normalize("NFC", password)


def _bytes(password: str) -> bytes:
    return _plain(password).encode("utf-8", "surrogatepass")
