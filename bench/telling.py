"""What it costs that recording tells of itself: transactions of the ledger's pen with and without NOTIFY, in turns.

`python -m bench.telling [--orders N] [--rounds N]` records orders, one a transaction, by one writer and by many,
into PostgreSQL as `whistle up` starts it, with somebody listening. NOTIFY lets transactions commit one after
another, so what many writers reach is what is looked at. The figure is the ratio with to without, the median over the
rounds with the span of the middle half.
"""

from __future__ import annotations

import argparse
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count

from sqlalchemy.orm import Session, sessionmaker

from bench import temporary
from contracts.messages import to_rows
from domain import commands as c
from domain.model import Actor, Customer, OrderClass, Role
from domain.order import decided
from domain.policy import Terms, resolve
from store import changes, ledger, policies
from store.changes import Listener
from store.demo import document
from store.session import EVERYWHERE, make_engine, sessions

WRITERS = (1, 4, 16)
TELL = changes.TELL
SAY_NOTHING = "SELECT %(changes)s"
"""The same statement to send and to answer, which tells nobody."""
_NUMBERS = count()
AT = datetime(2026, 1, 1, 2, 0, tzinfo=UTC)


def one(made: sessionmaker[Session], terms: Terms) -> None:
    """Record an order's registration, in a transaction of its own."""
    number = next(_NUMBERS)
    register = c.Register(
        order_id=f"WH20260101-BB{number:06}",
        title=f"no network, number {number}",
        text="Nothing works since Monday.",
        category="network.fault",
        order_class=OrderClass.GENERAL,
        province="BJ",
        channel="hotline",
        customer=Customer("Li Wei", f"1390000{number % 10000:04}", id=f"bench{number}"),
        lead="BJ.net",
        catalogue="network.fault",
    )
    agent = Actor("bj-agent-1", Role.AGENT, "BJ.svc")
    events, order = decided(None, c.Command(f"k-{number}", agent, register), AT + timedelta(seconds=number), terms)
    with made.begin() as session:
        ledger.record(session, order.id, to_rows(order.id, events))


def rate(made: sessionmaker[Session], terms: Terms, writers: int, orders: int) -> float:
    """Transactions a second."""
    with ThreadPoolExecutor(writers) as pool:
        begun = time.perf_counter()
        for done in [pool.submit(one, made, terms) for _ in range(orders)]:
            done.result()
        return orders / (time.perf_counter() - begun)


def main() -> int:
    """Measure and print."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--orders", type=int, default=400, help="transactions of one turn")
    given.add_argument("--rounds", type=int, default=8)
    options = given.parse_args()
    with temporary.folder() as wanted, temporary.servers(wanted) as stack:
        url = stack.settings.app_database_url or ""
        engine = make_engine(url, max(WRITERS), sight=EVERYWHERE)
        made, terms = sessions(engine), resolve(document("policy"), OrderClass.GENERAL, "normal", "BJ")
        with made.begin() as session:
            policies.save_terms(session, terms)
        heard: list[str] = []
        listener = Listener(url, heard.extend, lambda does: None)
        listener.start()
        rate(made, terms, max(WRITERS), 100)
        for writers in WRITERS:
            found: dict[str, list[float]] = {TELL: [], SAY_NOTHING: []}
            for turn in range(options.rounds):
                for way in (TELL, SAY_NOTHING) if turn % 2 == 0 else (SAY_NOTHING, TELL):
                    changes.TELL = way
                    found[way].append(rate(made, terms, writers, options.orders))
            ratios = [told / silent for told, silent in zip(found[TELL], found[SAY_NOTHING], strict=True)]
            low, middle, high = statistics.quantiles(ratios, n=4)
            print(
                f"{writers:>3} writers: telling {statistics.median(found[TELL]):7.1f}/s, silent "
                f"{statistics.median(found[SAY_NOTHING]):7.1f}/s, ratio {middle:.3f}  ({low:.3f} to {high:.3f})",
                flush=True,
            )
        print(f"{len(heard)} messages were heard")
        listener.close()
        engine.dispose()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
