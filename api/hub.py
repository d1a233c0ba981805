"""Who is told of what has just happened: the changes of the ledger, kept for a while, and the streams that follow them.

A stream is told of an order only where its person's place sees it, a handling unit only of what moves the seq that it
knows, a customer only of what he is told. What a slow reader has not taken is kept as the orders that it concerns, each
once, and when they are too many as the advice to read everything anew.

Changes are numbered, and named by their number as this process alone can read it, each time another way: a name tells
its reader neither how much happens where he does not look nor whether anything did. An epoch, with a key of its own,
ends when the database's connection was lost, for nobody knows what was missed then. Everything here happens in the
event loop; nothing of it waits for a reader.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.audiences import CUSTOMER
from domain.sight import VIEWS, View
from identity.people import Identified
from store.changes import MANY, Change
from store.session import LOST
from store.sights import ONE

log = logging.getLogger(__name__)

KEPT = 5_000
"""Changes that are kept for whoever comes back, in one process."""
TOGETHER_SECONDS = 0.25
"""Changes that come within so long are told together."""
MOST_WAITING = 500
"""Orders that wait for one stream; beyond it its reader reads everything anew."""

_NAME = re.compile(r"[A-Za-z0-9_-]{48}", re.ASCII)
_NONCE, _NUMBER = 12, 8
"""Bytes of a name's nonce, and of the number in it; 16 more tell that it is ours."""
_EVERYWHERE = "*"

Places = Callable[[Sequence[str]], Awaitable[dict[str, frozenset[str]]]]
"""Finds out from where each of these orders is seen."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A change under its number, with the places from which its order is seen."""

    number: int
    change: Change
    places: frozenset[str]


@dataclass(eq=False, slots=True)
class Stream:
    """What one reader has still to be told; `wake` is set whenever there is something."""

    who: Identified
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    orders: dict[str, int] = field(default_factory=dict)
    notices: bool = False
    reset: bool = False
    waits: bool = False
    """The database tells nobody anything at the moment; so it is until he is to read everything anew."""
    bye: str = ""
    """Why it ends, once it does."""

    @property
    def places(self) -> tuple[str, ...]:
        """From where its person sees orders."""
        return self.who.sight.places

    def sees(self, kept: Kept) -> bool:
        """Whether its person sees the order of a change."""
        mine = self.places
        return _EVERYWHERE in mine or not kept.places.isdisjoint(mine) or f"{ONE}{kept.change.order_id}" in mine

    def add(self, change: Change) -> None:
        """Have its reader told of a change to an order that he sees, as far as he is told of it."""
        seq: int | None = change.seq
        match VIEWS[self.who.role]:
            case View.UNIT:
                seq = change.unit_seq
            case View.CUSTOMER:
                seq = change.customer_seq
        if seq is None or self.reset or self.waits:
            return
        self.orders[change.order_id] = max(seq, self.orders.get(change.order_id, 0))
        if len(self.orders) > MOST_WAITING:
            self.anew()
        self.wake.set()

    def notify(self) -> None:
        """Have him told that he got a notice."""
        if self.waits:
            return
        self.notices = True
        self.wake.set()

    def anew(self) -> None:
        """Have him read everything anew."""
        self.orders.clear()
        self.notices, self.reset, self.waits = False, True, False
        self.wake.set()

    def pause(self) -> None:
        """Have him told that nobody is told of anything; what was to be told is part of the reset that will follow."""
        self.anew()
        self.reset, self.waits = False, True

    def end(self, why: str) -> None:
        """Have it end."""
        self.bye = why
        self.wake.set()


class Hub:
    """The changes that were told of lately, and who is to be told of the next ones."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._epoch, self._number = _key(), 0
        self._ring: deque[Kept] = deque(maxlen=KEPT)
        self._waiting: list[Change] = []
        self._news = asyncio.Event()
        self._listens = False
        self.streams: set[Stream] = set()
        self._at: defaultdict[str, set[Stream]] = defaultdict(set)
        self._people: defaultdict[str, set[Stream]] = defaultdict(set)

    @property
    def name(self) -> str:
        """A name of the latest change; it has another each time."""
        nonce = os.urandom(_NONCE)
        return urlsafe_b64encode(nonce + self._epoch.encrypt(nonce, self._number.to_bytes(_NUMBER), None)).decode()

    def join(self, stream: Stream, last: str) -> None:
        """Tell a stream of everything from now on, and of all that followed the change named `last`.

        Where that is not known any more, its reader is to read everything anew.
        """
        self.streams.add(stream)
        for place in stream.places:
            self._at[place].add(stream)
        self._people[stream.who.id].add(stream)
        missed = self._since(last)
        if missed is None:
            stream.anew()
        else:
            for kept in missed:
                if stream.sees(kept):
                    stream.add(kept.change)
                if _is_told(stream, kept):
                    stream.notify()
        if not self._listens:
            stream.pause()

    def leave(self, stream: Stream) -> None:
        """Tell it of nothing more."""
        self.streams.discard(stream)
        for index, keys in ((self._at, stream.places), (self._people, (stream.who.id,))):
            for key in keys:
                index[key].discard(stream)
                if not index[key]:
                    del index[key]

    def of(self, person: str) -> int:
        """How many streams somebody has."""
        return len(self._people.get(person, ()))

    def hear(self, changes: Iterable[Change]) -> None:
        """Take in what the ledger tells of."""
        self._waiting += changes
        self._news.set()

    def listens(self, does: bool) -> None:
        """Take in that the ledger is listened to, or not any more; when it is again, everybody reads anew."""
        self._listens = does
        self.begin_anew()

    def begin_anew(self) -> None:
        """Begin another epoch: of what was before nobody knows whether it is whole.

        Everybody is to read anew, or to wait for that as long as the ledger is not listened to.
        """
        self._epoch, self._number = _key(), 0
        self._ring.clear()
        for stream in self.streams:
            if self._listens:
                stream.anew()
            else:
                stream.pause()

    async def run(self) -> None:
        """Tell the streams of what is heard, for good."""
        while True:
            await self._news.wait()
            self._news.clear()
            heard, self._waiting = merged(self._waiting), []
            try:
                places = await self._places([change.order_id for change in heard])
            except Exception as error:
                known = isinstance(error, LOST)
                log.warning("the places of %s changed orders could not be read", len(heard), exc_info=not known)
                self.begin_anew()
            else:
                for change in heard:
                    self._tell(change, places.get(change.order_id, frozenset()))
            await asyncio.sleep(TOGETHER_SECONDS)

    def _tell(self, change: Change, places: frozenset[str]) -> None:
        self._number += 1
        kept = Kept(self._number, change, places)
        self._ring.append(kept)
        for place in (*places, _EVERYWHERE, f"{ONE}{change.order_id}"):
            for stream in self._at.get(place, ()):
                stream.add(change)
        for stream in self._notified(kept):
            stream.notify()

    def _notified(self, kept: Kept) -> Iterable[Stream]:
        named = kept.change.notified
        if CUSTOMER in named or MANY in named:
            return [stream for stream in self.streams if _is_told(stream, kept)]
        return [stream for person in named for stream in self._people.get(person, ())]

    def _since(self, last: str) -> list[Kept] | None:
        """What followed a change; None when that cannot be told."""
        number = self._numbered(last)
        if number is None:
            return None
        oldest = self._ring[0].number if self._ring else self._number + 1
        if not oldest - 1 <= number <= self._number:
            return None
        return [kept for kept in self._ring if kept.number > number]

    def _numbered(self, name: str) -> int | None:
        """The number of the change of that name; None for a name that is not of this epoch."""
        if _NAME.fullmatch(name) is None:
            return None
        raw = urlsafe_b64decode(name)
        try:
            return int.from_bytes(self._epoch.decrypt(raw[:_NONCE], raw[_NONCE:], None))
        except InvalidTag:
            return None


def _key() -> AESGCM:
    return AESGCM(AESGCM.generate_key(128))


def merged(changes: Iterable[Change]) -> list[Change]:
    """These changes, each order's as one."""
    found: dict[str, Change] = {}
    for one in changes:
        before = found.get(one.order_id)
        found[one.order_id] = one if before is None else _both(before, one)
    return list(found.values())


def _both(before: Change, after: Change) -> Change:
    return msgspec.structs.replace(
        after,
        seq=max(before.seq, after.seq),
        unit_seq=_later(before.unit_seq, after.unit_seq),
        customer_seq=_later(before.customer_seq, after.customer_seq),
        notified=tuple(dict.fromkeys((*before.notified, *after.notified))),
    )


def _later(one: int | None, other: int | None) -> int | None:
    """The higher of two seqs of which there may be none."""
    return max((seq for seq in (one, other) if seq is not None), default=None)


def _is_told(stream: Stream, kept: Kept) -> bool:
    """Whether its person got a notice by a change."""
    named = kept.change.notified
    if stream.who.role.value == CUSTOMER:
        return CUSTOMER in named and stream.sees(kept)
    return stream.who.id in named or MANY in named
