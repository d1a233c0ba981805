"""A dozen orders in several provinces, and who sees which by plain Python: what both walls are measured by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from domain import commands as c
from domain.model import Actor, Customer, Order, Role, WhistleKind
from notary.sequencer import sequence
from runtime.keyring import Keyring
from store import demo, ledger, policies, sights, tables
from store.access_tables import files
from store.columns import metadata
from store.session import EVERYWHERE, NOWHERE, READ_ONLY, Sight
from store.walls import OF_ORDERS
from tests.domain.lives import MONDAY, Life, terms
from tests.store.stories import number, rows
from vault import finding

TITLE = "宽带故障 no signal"
FOLLOWER = "bj-manager"
"""Somebody of Beijing who follows an order of Zhejiang's."""


class Local(Life):
    """An order that an agent of its own place, or the customer himself, has registered."""

    def __init__(self, by: Actor, **register: Any) -> None:
        self._by = by
        super().__init__(**{"order_id": number(), "title": TITLE, **register})

    def do(self, who: str | Actor, body: c.Body, reason: str = "because", seq: int | None = None) -> list[Any]:
        return super().do(self._by if isinstance(body, c.Register) else who, body, reason, seq)


def agent(place: str) -> Actor:
    """An agent of a province."""
    return Actor(f"{place.lower()}-agent-1", Role.AGENT, f"{place}.svc")


def customer(number: int) -> Customer:
    """A customer with an id in the vault."""
    return Customer(f"Li {number}", f"1390000{number:04d}", id=f"c{number}")


def whistled(life: Life, *units: str) -> Life:
    """The same order with these departments summoned."""
    life.do(life._by if isinstance(life, Local) else "agent",
            c.RequestWhistle(WhistleKind.EMERGENCY, "cross_department", units))  # fmt: skip
    return life


def called(life: Life) -> Life:
    """The same order replied to, accepted, and its customer called in vain."""
    assert life.at.lead is not None
    life.count = int(life.at.id[-8:]) * 100  # keys of its own: a call is kept once a key
    handler = Actor("handler", Role.UNIT_MEMBER, life.at.lead.unit)
    life.do(handler, c.Sign())
    life.do(handler, c.Contact("Li", "no signal"))
    life.do(handler, c.Reply(life.now, "Li", "mended", life.now))
    life.do("audit", c.AuditReply(accepted=True))
    life.do("caller", c.RecordCallback("no_answer"))
    return life


def lives() -> list[Life]:
    """Twelve orders: led, shared and copied in one province and across, summoned, called, withdrawn, slow."""
    gd, js, zj, bj = (agent(place) for place in ("GD", "JS", "ZJ", "BJ"))
    himself = Actor("customer:c3", Role.CUSTOMER)
    slow = [Local(gd, province="GD", lead="GD.net", co=("GD.bill",), copy=("GD.svc",), customer=customer(1)),
            Local(js, province="JS", lead="JS.net", customer=customer(2)),
            Local(zj, province="ZJ", lead="ZJ.bill", copy=("HQ.net",), customer=customer(4))]  # fmt: skip
    for life in slow:
        life.wait(days=12)
    withdrawn = Local(js, province="JS", lead="JS.it", customer=customer(5), now=MONDAY.replace(hour=3))
    withdrawn.do("customer", c.Withdraw("call 17"))
    return [
        called(Local(gd, province="GD", lead="GD.net", customer=customer(1))),
        *slow,
        whistled(Local(gd, province="GD", lead="GD.it", customer=customer(2)), "GD.bill", "JS.net"),
        whistled(Local(bj, province="BJ", lead="BJ.net", customer=customer(5)), "BJ.it"),
        Local(js, province="JS", lead="GD.net", co=("JS.bill",), customer=customer(3)),
        called(Local(zj, province="ZJ", lead="ZJ.net", customer=customer(4))),
        Local(himself, province="BJ", customer=customer(3)),
        Local(bj, province="BJ", lead="BJ.svc", copy=("ZJ.svc",), customer=customer(1)),
        Local(zj, province="ZJ", customer=Customer("nobody", "1")),
        withdrawn,
    ]


def keep(session: Session, keys: Keyring, life: Life) -> str:
    """Write an order down as the gateway and the others do, with a row in every table that is keyed by orders."""
    order = life.at
    policies.save_terms(session, terms())
    complaint = c.Register(order.id, order.title, "text", order.category, order.order_class, order.province, "10010",
                           order.customer)  # fmt: skip
    finding.add(session, keys, order.customer.id, complaint)
    ledger.record(session, order.id, rows(life))
    given: dict[str, Any] = {"order_id": order.id}
    session.execute(insert(tables.sweeps).values(**given, next_at=MONDAY, late_seconds=1.0))
    session.execute(
        insert(tables.refusals).values(**given, **dict.fromkeys(
            ("verb", "command_id", "actor_id", "role", "unit", "code", "message", "state", "field"), "x"))
    )  # fmt: skip
    session.execute(
        insert(files).values(**given, id=f"f-{order.id}", customer=order.customer.id, name="x", media_type="text/plain",
                             size=1, sha256="x", content=b"x", by="x")
    )  # fmt: skip
    return order.id


@dataclass(frozen=True, slots=True)
class Country:
    """The orders, and who follows which besides those who took them."""

    orders: tuple[Order, ...]
    followed: Mapping[str, str]

    def seen(self, sight: Sight) -> set[str]:
        """The orders that are seen from there, by plain Python over the unit tree."""
        if "*" in sight.places:
            return {order.id for order in self.orders}
        return {order.id for order in self.orders if self.places(order) & set(sight.places)}

    def places(self, order: Order) -> set[str]:
        """Every place from which an order is seen."""
        units = {order.province, *(part.unit for part in order.assignments)}
        units |= {one.unit for whistle in order.whistles for one in whistle.attendances}
        found = {f"order:{order.id}"}
        for unit in units:
            found |= set(above(unit))
        if order.customer.id:
            found.add(f"customer:{order.customer.id}")
        if not order.registered_by.startswith("customer:"):
            found.add(f"person:{order.registered_by}")
        return found | {f"person:{person}" for person, one in self.followed.items() if one == order.id}


@cache
def parents() -> dict[str, str]:
    """The unit above each unit of the demo organisation."""
    return {row["id"]: row["parent"] for row in demo.unit_rows(demo.document("organisation"))}


def above(unit: str) -> list[str]:
    """A unit and all above it; headquarters is no place, for whoever stands there sees everything."""
    found: list[str] = []
    while unit and (unit != "HQ" or not found):
        found.append(unit)
        unit = parents().get(unit, "")
    return found


def build(session: Session, keys: Keyring) -> Country:
    """Write the dozen down, give their events places in the log, and have somebody follow one."""
    orders = []
    for life in lives():
        keep(session, keys, life)
        orders.append(life.at)
    sights.follow(session, orders[7].id, FOLLOWER)
    sequence(session)
    return Country(tuple(orders), {FOLLOWER: orders[7].id})


def sights_of(country: Country) -> dict[str, Sight]:
    """A sight of each kind that people have (see `identity.people`)."""
    region = parents()["JS"]
    return {
        "unit": Sight(("GD.net", "person:gd-net-1"), "gd-net-1"),
        "summoned unit": Sight(("GD.bill", "person:gd-bill-1"), "gd-bill-1"),
        "copied unit of headquarters": Sight(("HQ.net", "person:hq-net-1"), "hq-net-1"),
        "province": Sight(("GD", "person:gd-manager"), "gd-manager"),
        "agent": Sight(("JS", "person:js-agent-1"), "js-agent-1"),
        "region": Sight((region, "person:east-manager"), "east-manager"),
        "headquarters": Sight(EVERYWHERE.places, "hq-supervisor-1"),
        "auditor": Sight(EVERYWHERE.places, "hq-auditor-1"),
        "customer": Sight(("customer:c1",), "customer:c1"),
        "another customer": Sight(("customer:c3",), "customer:c3"),
        "link": Sight((f"order:{country.orders[1].id}",), "customer:c1"),
        "link to nothing": Sight(("order:WH-NO-SUCH",), "customer:c1"),
        "follower": Sight(("BJ", f"person:{FOLLOWER}"), FOLLOWER),
        "nobody": NOWHERE,
    }


class Writing(Sight):
    """The same as a sight, in a session that may write: as if somebody had got around that."""

    @property
    def statement(self) -> str:
        """What is said to the database, without the words that keep it from writing."""
        return Sight(self.places, self.person).statement.replace(READ_ONLY, "")


def writing(sight: Sight) -> Sight:
    """Somebody's sight, got around so."""
    return Writing(sight.places, sight.person)


def everything(session: Session) -> dict[str, list[dict[str, Any]]]:
    """All rows of the tables of orders, of notices and of sights, as the session sees them."""
    rows_of = metadata.tables
    return {
        name: [dict(row) for row in session.execute(select(rows_of[name])).mappings()]
        for name in (*OF_ORDERS, "notices", "sights")
    }


def ids(rows_of: Iterable[Mapping[str, Any]]) -> set[str]:
    """The orders that rows belong to."""
    return {row["order_id"] for row in rows_of}
