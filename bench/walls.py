"""What the walls cost: lists and commands with and without row-level security, encryption and the record of looks.

`python -m bench.walls [--orders N] [--rounds N]` brings up the whole system in a temporary folder with so many ended
orders in the ledger, sealed ones in one province and plain ones in another, and drives it over HTTP, in turns: as it
is, without the database's policies, without seals and codec, without the record, and without all three. The figure is
the ratio of each to the whole, the median over the rounds with the span of the middle half.
"""

from __future__ import annotations

import argparse
import http.client
import statistics
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import psycopg2
from sqlalchemy.orm import Session, sessionmaker

from api import sealing
from bench import temporary
from bench.commands import Desk, Result
from bench.unwalled import RECORD, SEALS
from contracts.messages import to_rows
from domain import commands as c
from domain.model import Actor, Customer, OrderClass, Role
from domain.order import decided
from domain.policy import Terms, resolve
from runtime import keyring
from runtime.settings import Settings
from runtime.supervisor import application
from runtime.watch import Program
from store import ledger, policies
from store.demo import document
from store.session import EVERYWHERE, make_engine, sessions
from store.walls import RULES
from vault import customers, finding
from vault.seal import Key

CUSTOMERS = 2_000
"""Different people whose orders are planted."""
LISTS = 150
"""Lists that one phase asks for, of each sort."""
LIVES = 40
"""Orders that one phase brings through six commands."""
CALLERS = 4
AIM = 0.90
"""The least ratio of the whole to what would be without walls."""

SEALED, PLAIN = "GD", "BJ"
"""The provinces of the planted orders."""


@dataclass
class Setting:
    """One way to run the system: what is left out of the programs, and whether the database's policies are on."""

    name: str
    without: tuple[str, ...] = ()
    policies: bool = True
    figures: dict[str, list[float]] = field(default_factory=dict)


SETTINGS = (
    Setting("as it is"),
    Setting("without row-level security", policies=False),
    Setting("without seals and codec", (SEALS,)),
    Setting("without the record", (RECORD,)),
    Setting("without any of them", (SEALS, RECORD), policies=False),
)


class Planter:
    """Orders that have ended, in the ledger alone, so that nothing but their rows is there."""

    def __init__(self, made: sessionmaker[Session], keys: keyring.Keyring) -> None:
        self._made = made
        self._keys = keys
        self._terms: Terms = resolve(document("policy"), OrderClass.GENERAL, "normal", "GD")
        with made.begin() as session:
            policies.save_terms(session, self._terms)
            self._people = [customers.obtain(session, keys, f"1390000{n:04}", "Li Wei") for n in range(CUSTOMERS)]

    def plant(self, province: str, count: int, *, sealed: bool) -> None:
        """So many of them in a province."""
        for first in range(0, count, 200):
            with self._made.begin() as session:
                for number in range(first, min(first + 200, count)):
                    self._one(session, province, number, self._people[number % CUSTOMERS], sealed=sealed)

    def _one(self, session: Session, province: str, number: int, key: Key, *, sealed: bool) -> None:
        agent = Actor(f"{province.lower()}-agent-1", Role.AGENT, f"{province}.svc")
        register = c.Register(
            order_id=f"WH20260101-{province}{number:06}",
            title=f"网络中断 no network at all since Monday, number {number}",
            text="Nothing works since Monday, neither voice nor data; the engineer did not come.",
            category="network.fault",
            order_class=OrderClass.GENERAL,
            province=province,
            channel="hotline",
            customer=Customer("Li Wei", f"1390000{number % CUSTOMERS:04}", id=key.customer),
            lead=f"{province}.net",
            catalogue="network.fault",
        )
        finding.add(session, self._keys, key.customer, register)
        body, why = sealing.registered(key, register, "") if sealed else (register, "")
        at = datetime(2026, 1, 1, 2, 0, tzinfo=UTC) + timedelta(seconds=number * 90)
        events, order = decided(None, c.Command(f"k-{register.order_id}", agent, body, why), at, self._terms)
        him = Actor(f"customer:{key.customer}", Role.CUSTOMER)
        gone = c.Command(f"w-{register.order_id}", him, c.Withdraw("recorded"), "it works again")
        more, order = decided(order, gone, at + timedelta(minutes=1), self._terms)
        ledger.record(session, order.id, to_rows(order.id, (*events, *more)))


def switch(owner_url: str, *, on: bool) -> None:
    """Turn the database's policies on or off, as its owner."""
    word = "ENABLE" if on else "DISABLE"
    with psycopg2.connect(owner_url.replace("+psycopg2", "")) as connection, connection.cursor() as cursor:
        for table in RULES:
            cursor.execute(f"ALTER TABLE {table} {word} ROW LEVEL SECURITY")
    connection.close()


@contextmanager
def system(settings: Settings, without: Sequence[str]) -> Iterator[None]:
    """API and worker up inside the block, without these parts."""
    programs = application(settings)
    for program in programs:
        argv = program.child.argv
        program.child.argv = (
            [sys.executable, "-m", "bench.unwalled"]
            if "worker.py" in argv
            else ["bench.unwalled:app" if word == "api.app:app" else word for word in argv]
        )
        program.child.env = {**(program.child.env or {}), "BENCH_WITHOUT": ",".join(without)}
    started: list[Program] = []
    try:
        for program in programs:
            program.restart()
            started.append(program)
        begun = time.monotonic()
        started[-1].child.wait_until(lambda: temporary.is_ready(settings, time.monotonic() - begun), 120)
        yield
    finally:
        for program in reversed(started):
            program.stop()


def lists(port: int, who: str, path: str, count: int) -> float:
    """Lists a second, by some callers at once."""
    local = threading.local()

    def one(_: int) -> None:
        if not hasattr(local, "link"):
            local.link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        link: http.client.HTTPConnection = local.link
        link.request("GET", f"/v1{path}", headers={"Authorization": f"Bearer dev:{who}"})
        answer = link.getresponse()
        body = answer.read()
        if answer.status != 200 or body.count(b'"order_id"') < 50:
            raise RuntimeError(f"{path}: {answer.status} {body[:300]!r}")

    with ThreadPoolExecutor(CALLERS) as pool:
        begun = time.perf_counter()
        list(pool.map(one, range(count)))
        return count / (time.perf_counter() - begun)


def commands(port: int, count: int) -> float:
    """Commands a second, by some callers at once."""
    lock, local, result = threading.Lock(), threading.local(), Result("")

    def one(_: int) -> None:
        if not hasattr(local, "desk"):
            local.desk = Desk(port)
        local.desk.life(result, lock)

    with ThreadPoolExecutor(CALLERS) as pool:
        begun = time.perf_counter()
        list(pool.map(one, range(count)))
        return result.commands / (time.perf_counter() - begun)


def measure(settings: Settings, owner_url: str, way: Setting) -> None:
    """One turn of one way: every figure once more."""
    switch(owner_url, on=way.policies)
    place = PLAIN if SEALS in way.without else SEALED
    agent, member = f"{place.lower()}-agent-1", f"{place.lower()}-net-1"
    port = settings.api_port
    asked = {
        "list, a province's": (agent, "/orders?limit=50"),
        "list, a unit's": (member, "/orders?limit=50"),
        "list, headquarters'": ("hq-supervisor-1", f"/orders?limit=50&province={place}"),
    }
    with system(settings, way.without):
        for who, path in asked.values():
            lists(port, who, path, 20)
        commands(port, 6)
        for name, (who, path) in asked.items():
            way.figures.setdefault(name, []).append(lists(port, who, path, LISTS))
        way.figures.setdefault("commands", []).append(commands(port, LIVES))


def report() -> bool:
    """Print rates and ratios; False when an aim is missed."""
    whole = SETTINGS[0]
    met = True
    for name, ours in whole.figures.items():
        print(f"{name:<22} as it is {statistics.median(ours):8.1f}/s", flush=True)
        for way in SETTINGS[1:]:
            ratios = [mine / other for mine, other in zip(ours, way.figures[name], strict=True)]
            low, middle, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
            rate = statistics.median(way.figures[name])
            print(f"{'':<22} {way.name:<28} {rate:8.1f}/s   ratio {middle:.3f}  ({low:.3f} to {high:.3f})")
        every = statistics.median(mine / other for mine, other in zip(ours, SETTINGS[-1].figures[name], strict=True))
        met &= every >= AIM
        print(f"{'':<22} aim {AIM:.2f}: {'met' if every >= AIM else 'MISSED'} with {every:.3f}")
    return met


def main() -> int:
    """Measure and print; 1 when an aim is missed."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--orders", type=int, default=20_000, help="planted orders, half of them sealed")
    given.add_argument("--rounds", type=int, default=5)
    options = given.parse_args()
    with temporary.folder() as wanted, temporary.servers(wanted) as stack:
        settings = stack.settings
        engine = make_engine(settings.app_database_url or "", 4, sight=EVERYWHERE)
        planter = Planter(sessions(engine), keyring.load(settings.keyring_path))
        planter.plant(SEALED, options.orders // 2, sealed=True)
        planter.plant(PLAIN, options.orders // 2, sealed=False)
        engine.dispose()
        for number in range(options.rounds):
            for way in SETTINGS if number % 2 == 0 else tuple(reversed(SETTINGS)):
                measure(settings, stack.owner_url, way)
            print(f"round {number + 1} of {options.rounds} done", file=sys.stderr, flush=True)
        return 0 if report() else 1


if __name__ == "__main__":
    raise SystemExit(main())
