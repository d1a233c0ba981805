"""How many past orders a second the lab plays by another policy, how that grows, and a month made of them.

`python -m bench.lab [--sizes N ...] [--lives N] [--month N]` brings up PostgreSQL in a temporary folder, writes so many
lives of the simulated year into the ledger with the commands that made them, copies them until there are as many as
each size says, and has the lab run over all of them: once by the recorded terms, once by a stricter policy. Prints
orders a second by the clock and by this process's CPU, and the most memory that it took.
"""

from __future__ import annotations

import argparse
import copy
import resource
import time
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

import msgspec
from sqlalchemy import insert, text
from sqlalchemy.orm import Session, sessionmaker

from audit.lab.question import MONTH, PAST, LayerAsked, Month, Question
from audit.lab.work import Lab
from bench import temporary
from bench.simulate import lived
from bench.year.life import Life
from bench.year.world import World, load
from contracts.messages import CommandMessage, encode, to_rows
from domain.commands import VERBS
from domain.model import OrderClass
from domain.policy import Terms, resolve
from store import lab, ledger, policies, tables
from store.session import EVERYWHERE, make_engine, sessions

BY_THEN = datetime(2026, 8, 1, tzinfo=UTC)

_ORDERS = """
INSERT INTO orders SELECT (json_populate_record(o, json_build_object('order_id', o.order_id || '.' || k))).*
FROM orders o, generate_series(:first, :last) k WHERE o.order_id NOT LIKE '%.%'
"""
_EVENTS = """
INSERT INTO events SELECT (json_populate_record(e, json_build_object('order_id', e.order_id || '.' || k,
    'command_id', CASE WHEN e.command_id = '' THEN '' ELSE e.command_id || '.' || k END))).*
FROM events e, generate_series(:first, :last) k WHERE e.order_id NOT LIKE '%.%'
"""
_COMMANDS = """
INSERT INTO commands SELECT (json_populate_record(c, json_build_object('order_id', c.order_id || '.' || k,
    'key', c.key || '.' || k))).*
FROM commands c, generate_series(:first, :last) k WHERE c.order_id NOT LIKE '%.%'
"""


class AsResolved(World):
    """The simulated year, its orders' terms resolved as the API does it."""

    def terms(self, order_class: OrderClass, tier: str, province: str, area: str, category: str) -> Terms:
        """The terms of an order."""
        return self._resolved(order_class, tier, province, area, category)


def plant(made: sessionmaker[Session], world: World, lives: int) -> int:
    """Write so many lives that are over by now into the ledger, with their commands; how many events they have."""
    number = kept = events = 0
    with made.begin() as session:
        policies.publish(session, world.policy["version"], world.policy)
    while kept < lives:
        number += 1
        life = lived(world, number)
        if life.order.registered_at >= BY_THEN:
            continue
        kept += 1
        events += len(life.events)
        body: Any = life.deeds[0].body
        first = resolve(world.policy, body.order_class, body.customer.tier, body.province, body.area, body.category)
        with made.begin() as session:
            policies.save_terms(session, first)
            ledger.record(session, life.order.id, to_rows(life.order.id, life.events))
            session.execute(insert(tables.commands), list(_commands(life)))
    return events


def _commands(life: Life) -> Iterable[dict[str, str]]:
    for deed in life.deeds:
        message = CommandMessage(id=deed.id, actor=deed.actor, body=msgspec.Raw(encode(deed.body)), reason=deed.reason)
        yield {
            "key": deed.id, "order_id": life.order.id, "verb": VERBS[type(deed.body)], "fingerprint": "f",
            "message": encode(message).decode(), "state": "done", "terms": "", "answer": "{}",
        }  # fmt: skip


def stricter(document: dict[str, Any]) -> dict[str, Any]:
    """The policy with a third of the time for results and half an hour to sign."""
    made = copy.deepcopy(document)
    made["version"] = "2099.1"
    for own in made["classes"].values():
        if own["limits"].get("sign"):
            own["limits"]["sign"] = "30min"
        if own["limits"].get("due"):
            own["limits"]["due"] = "16h"
    return made


def measured(made: sessionmaker[Session], name: str, question: Question, kind: str = PAST) -> None:
    """Have the lab do it, and print how fast it was."""
    with made.begin() as session:
        lab.ask(session, kind, "bench", "auditor", question.policy, question.digest, encode(question).decode())
    begun, used = time.perf_counter(), time.process_time()
    done = Lab(made).once()
    seconds, cpu = time.perf_counter() - begun, time.process_time() - used
    assert done is not None
    with made.begin() as session:
        run = lab.run(session, done.id)
    assert run is not None
    if run.state != lab.DONE:
        raise SystemExit(f"{name}: {run.error}")
    told = msgspec.json.decode(run.report)
    orders, most = told["orders"], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{orders['orders']:>8} {name:<22}{orders['orders'] / seconds:>10.0f}{orders['orders'] / cpu:>12.0f}"
        f"{orders['same']:>9}{told['was']['totals']['breaches']:>10}{told['would']['totals']['breaches']:>10}"
        f"{seconds:>9.1f}{most:>8.0f}",
        flush=True,
    )


def main() -> None:
    """Plant, play, print."""
    given = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    given.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000], help="orders in the ledger")
    given.add_argument("--lives", type=int, default=1000, help="different lives among them (1000)")
    given.add_argument("--month", type=int, default=10_000, help="orders of the month that is made (10000)")
    options = given.parse_args()
    world = AsResolved(2026, load(None), 2026)
    with temporary.folder() as settings, temporary.servers(settings) as stack:
        owner = make_engine(stack.owner_url, 2, sight=EVERYWHERE)
        engine = make_engine(stack.settings.app_database_url or "", 2, sight=EVERYWHERE)
        made = sessions(engine)
        events = plant(made, world, options.lives)
        print(f"{options.lives} lives, {events} events\n")
        print(
            f"{'orders':>8} {'terms':<22}{'orders/s':>10}{'by CPU':>12}{'same':>9}{'breaches':>10}{'would be':>10}"
            f"{'s':>9}{'MB':>8}"
        )
        copies = 0
        tried = Question(layers=(LayerAsked(document=stricter(world.policy)),))
        for size in options.sizes:
            wanted = max(0, size // options.lives - 1)
            if wanted > copies:
                with owner.begin() as connection:
                    connection.execute(text("SET LOCAL statement_timeout = 0"))
                    for statement in (_ORDERS, _EVENTS, _COMMANDS):
                        connection.execute(text(statement), {"first": copies + 1, "last": wanted})
                with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    connection.execute(text("ANALYZE"))
                copies = wanted
            measured(made, "as recorded", Question())
            measured(made, "a stricter policy", tried)
        month = Month(date(2026, 9, 1), options.month)
        measured(made, "a month, stricter", Question(layers=tried.layers, month=month), MONTH)
        owner.dispose()
        engine.dispose()


if __name__ == "__main__":
    main()
