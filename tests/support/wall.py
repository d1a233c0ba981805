"""Orders that stand badly now: begun days ago by the rules and written by the ledger's pen, for whoever shows them."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

from domain import commands as c
from domain.model import Actor, Customer, Role, WhistleKind
from runtime.keyring import Keyring
from runtime.settings import Settings
from store import ledger, policies
from store.session import EVERYWHERE, make_engine, sessions
from tests.domain.lives import terms
from tests.store.country import Local, agent
from tests.store.stories import rows
from vault import customers, finding

_NUMBERS = itertools.count(1)
MATTER = "cross_department"
NAME = "陈女士"
TITLE = "宽带故障 / no signal"


class Planter:
    """Makes orders and writes them down; the engine is given one when a command needs it."""

    def __init__(self, settings: Settings, keys: Keyring) -> None:
        self._keys = keys
        self._engine = make_engine(settings.app_database_url or "", 1, sight=EVERYWHERE)
        self._made = sessions(self._engine)

    def close(self) -> None:
        """Let the database go."""
        self._engine.dispose()

    def whistled(self, place: str, *units: str, days: float = 20.0, lead: str = "net") -> str:
        """An order of a province, some weeks old, by whose whistle these units were summoned, and came not."""
        made = self._order(place, lead, days)
        made.do(agent(place), c.RequestWhistle(WhistleKind.EMERGENCY, MATTER, units))
        return self._kept(made)

    def unsigned(self, place: str, *, lead: str = "bill") -> str:
        """An order that was dispatched to a unit just now."""
        return self._kept(self._order(place, lead, 0))

    def late(self, place: str, *, days: float = 2.0, lead: str = "net") -> str:
        """An order that a unit signed and then left alone."""
        made = self._order(place, lead, days)
        made.do(Actor("handler", Role.UNIT_MEMBER, f"{place}.{lead}"), c.Sign())
        return self._kept(made)

    def _order(self, place: str, lead: str, days: float) -> Local:
        at = datetime.now(UTC) - timedelta(days=days)
        number = next(_NUMBERS)
        phone = f"1380001{number:04d}"
        with self._made.begin() as session:
            key = customers.obtain(session, self._keys, phone, NAME)
        return Local(
            agent(place), province=place, now=at, order_id=f"WH{at:%Y%m%d}-W{number:05d}", lead=f"{place}.{lead}",
            customer=Customer(NAME, phone, id=key.customer), channel="hotline", title=TITLE,
        )  # fmt: skip

    def _kept(self, life: Local) -> str:
        life.until(datetime.now(UTC))
        order = life.at
        complaint = c.Register(
            order.id, order.title, "text", order.category, order.order_class, order.province, "hotline", order.customer
        )
        with self._made.begin() as session:
            policies.save_terms(session, terms())
            finding.add(session, self._keys, order.customer.id, complaint)
            ledger.record(session, order.id, rows(life))
        return order.id
