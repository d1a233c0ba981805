"""The keys at hand in one process: read from the database when first wanted, and let go after some seconds.

Within `KEPT_SECONDS` of an erasure every process has forgotten the key.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable

from sqlalchemy.orm import Session, sessionmaker

from runtime.keyring import Keyring
from vault import customers
from vault.seal import Key

KEPT_SECONDS = 20.0
"""How long a key is believed to be there still."""
MOST = 20_000
"""Keys kept at once."""


class Rack:
    """Customers' keys, by id; `made` makes sessions of the system itself."""

    def __init__(self, made: sessionmaker[Session], keyring: Keyring) -> None:
        self._made = made
        self.keyring = keyring
        self._kept: OrderedDict[str, tuple[float, Key]] = OrderedDict()
        self._lock = threading.Lock()

    def at_hand(self, ids: Iterable[str]) -> dict[str, Key] | None:
        """The keys of these customers without asking the database; None when one of them is not at hand."""
        now = time.monotonic()
        found: dict[str, Key] = {}
        for wanted in ids:
            kept = self._kept.get(wanted)
            if kept is None or kept[0] < now:
                return None
            found[wanted] = kept[1]
        return found

    def keys(self, ids: Iterable[str]) -> dict[str, Key]:
        """The keys of these customers; those whose key was destroyed are left out."""
        wanted = tuple(dict.fromkeys(ids))
        found = self.at_hand(wanted)
        if found is not None:
            return found
        return self.fresh(wanted)

    def fresh(self, ids: Iterable[str]) -> dict[str, Key]:
        """The same, read from the database now: with every name that a customer has given anywhere by now."""
        wanted = tuple(dict.fromkeys(ids))
        if not wanted:
            return {}
        with self._made() as session:
            read = customers.keys(session, self.keyring, wanted)
        for customer in wanted:
            if customer in read:
                self.keep(read[customer])
            else:
                self.forget(customer)
        return read

    def key(self, customer: str) -> Key | None:
        """One customer's key; None when it was destroyed."""
        return self.keys((customer,)).get(customer)

    def keep(self, key: Key) -> None:
        """Have a key at hand that was just read or made; one that was read before a name was added is let go."""
        now = time.monotonic()
        with self._lock:
            kept = self._kept.get(key.customer)
            if kept is not None and kept[0] >= now and len(kept[1].names) > len(key.names):
                return
            self._kept[key.customer] = (now + KEPT_SECONDS, key)
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)

    def forget(self, customer: str) -> None:
        """Let a key go at once."""
        with self._lock:
            self._kept.pop(customer, None)
