"""Replay by the rules: an order's history gives what is recorded of it, and it could have happened as it is told.

`replayed` judges one order's material; `Replay` reads orders from the ledger, a batch at a time, and judges each.
Nothing here needs the engine, a key or the API; what is sealed stays sealed, for the rules never look into it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from sqlalchemy import Engine, select
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from audit import replay_material
from audit.replay_finding import MOST_FINDINGS, Finding, Part, unreadable
from audit.replay_material import Material
from audit.replay_rows import derived
from audit.replay_rules import Lived, judged
from audit.replay_spans import past
from audit.replay_terms import TermsKept
from store import tables
from store.session import EVERYWHERE, make_engine

BATCH = 50
"""Orders that are read at once: some 2 MB, two dozen statements."""
AWAY = (OperationalError, InterfaceError)
"""The database does not answer: no order's fault."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """One order after its replay: how many events and commands it has, and what was found, at most `MOST_FINDINGS`."""

    order_id: str
    events: int
    commands: int
    findings: tuple[Finding, ...]


def replayed(material: Material, kept: TermsKept, parents: Mapping[str, str]) -> Replayed:
    """Everything that is not as it should be with one order."""
    lived = Lived(material)
    found = chain(judged(material, lived, kept), derived(material, lived, parents), past(material, lived))
    return Replayed(
        material.order_id, len(material.events), len(material.commands), tuple(islice(found, MOST_FINDINGS))
    )


class Replay:
    """Replays of one ledger; the terms that its orders name are read once.

    The engine should have a connection of its own, so that nobody else waits for it: see `engine_for`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._session: Session | None = None
        self._kept = TermsKept(self._terms, self._policy)

    def orders(self, order_ids: Sequence[str]) -> Iterator[Replayed]:
        """Each of these orders; one that nobody knows has no event and no finding."""
        for begin in range(0, len(order_ids), BATCH):
            yield from self._batch(order_ids[begin : begin + BATCH])

    def _batch(self, order_ids: Sequence[str]) -> list[Replayed]:
        """These orders; where one cannot be read it alone is a finding, and the others are read without it."""
        try:
            return self._together(order_ids)
        except AWAY:
            raise
        except Exception as error:
            if len(order_ids) > 1:
                return [one for order_id in order_ids for one in self._batch([order_id])]
            (order_id,) = order_ids
            return [Replayed(order_id, 0, 0, (unreadable(order_id, Part.STATE, error),))]

    def _together(self, order_ids: Sequence[str]) -> list[Replayed]:
        with Session(self._engine) as session, session.begin():
            self._session = session
            parents = replay_material.tree(session)
            return [replayed(one, self._kept, parents) for one in replay_material.read(session, order_ids)]

    def _terms(self, digest: str) -> str | None:
        t = tables.terms.c
        return None if self._session is None else self._session.scalar(select(t.document).where(t.digest == digest))

    def _policy(self, version: str) -> str | None:
        p = tables.policies.c
        return None if self._session is None else self._session.scalar(select(p.document).where(p.version == version))


def engine_for(url: str) -> Engine:
    """One connection of the auditor's own, whose transactions each see one instant and write nothing."""
    return make_engine(url, 1, sight=EVERYWHERE).execution_options(isolation_level="REPEATABLE READ")
