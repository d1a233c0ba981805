"""One worker process: orders and their ledger in both namespaces, notices, the canary, and the watchers.

Any number may run side by side; what one leaves unfinished another takes up.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta

import psycopg2
import uvloop
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker
from temporalio.client import Client
from temporalio.runtime import Runtime
from temporalio.worker import PollerBehaviorSimpleMaximum, Worker

from activities.canary import CanaryActivities
from activities.ledger import LedgerActivities
from activities.notices import MailServer, Postman, forgo
from api.assembly import open_gateway
from contracts.names import LEDGER_QUEUE, ORDERS_QUEUE
from contracts.options import TASK_TIMEOUT
from identity import tracking
from runtime import keyring, leftovers, vitals, zones
from runtime.faults import SetupError
from runtime.plugin import connect, gauges, metrics
from runtime.settings import Settings, load
from store.session import EVERYWHERE, make_engine, sessions
from vault.rack import Rack
from watch.archivist import Archivist
from watch.canary import CanaryKeeper
from watch.gauges import NAMES, Gauges
from watch.historian import HistorianKeeper
from watch.lab import LabKeeper
from watch.lost import LostAndFound
from watch.nightly import NightlyKeeper
from watch.notary import Notary
from watch.reconciler import Reconciler
from watch.sweeper import Sweeper
from workflows.canary import CanaryWorkflow
from workflows.order import OrderWorkflow

log = logging.getLogger("whistle.worker")

CACHED_ORDERS = 1000
"""Orders kept in memory between two commands; one that was let go is replayed, which takes milliseconds."""

FRESH_SHARE = 0.5
"""Of the waiting calls, how many take new orders: with the SDK's 0.2 registering took three times as long."""

GRACE = timedelta(seconds=10)
"""How long running activities may take to end when the process is told to stop."""

FORGO_SECONDS = 20.0
"""Without a mail server, the time between two looks for mail that nobody will send."""

CONNECT_SECONDS = 60.0
"""How long a starting worker waits for an engine that is still coming up."""


@dataclass(frozen=True, slots=True)
class Share:
    """How much of the process one namespace gets: calls that wait for tasks, orders and recordings at once."""

    polls: int
    orders: int
    records: int


def shares(settings: Settings) -> tuple[tuple[str, Share], ...]:
    """The namespaces served, each with its share; rehearsals never crowd out real orders."""
    threads = settings.database_pool_size
    aside = 1 if threads < 4 else 2
    return (
        (settings.temporal_namespace, Share(10, settings.worker_concurrency, max(1, threads - aside))),
        (settings.rehearsal_namespace, Share(4, max(2, settings.worker_concurrency // 5), aside)),
    )


def workers(client: Client, share: Share, maker: sessionmaker[Session], threads: ThreadPoolExecutor) -> list[Worker]:
    """The workers of one namespace: one for the orders, one for the ledger; not yet running."""
    orders = Worker(
        client,
        task_queue=ORDERS_QUEUE,
        workflows=[OrderWorkflow, CanaryWorkflow],
        workflow_task_poller_behavior=PollerBehaviorSimpleMaximum(maximum=share.polls),
        nonsticky_to_sticky_poll_ratio=FRESH_SHARE,
        sticky_queue_schedule_to_start_timeout=TASK_TIMEOUT,
        max_concurrent_workflow_tasks=share.orders,
        max_cached_workflows=max(CACHED_ORDERS, share.orders),
        graceful_shutdown_timeout=GRACE,
    )
    ledger = Worker(
        client,
        task_queue=LEDGER_QUEUE,
        activities=[LedgerActivities(maker).record, CanaryActivities(maker).beat],
        activity_executor=threads,
        activity_task_poller_behavior=PollerBehaviorSimpleMaximum(maximum=2),
        max_concurrent_activities=share.records,
        graceful_shutdown_timeout=GRACE,
    )
    return [orders, ledger]


@contextmanager
def database(settings: Settings) -> Iterator[tuple[sessionmaker[Session], ThreadPoolExecutor]]:
    """Sessions, and as many threads as there are connections for recording; the postman has one more.

    Raises:
        SetupError: the settings name no database.
    """
    if settings.app_database_url is None:
        raise SetupError(
            "未设置 WHISTLE_APP_DATABASE_URL; 请用 whistle up 启动, 或设置它",
            "WHISTLE_APP_DATABASE_URL is not set; start with whistle up, or set it",
        )
    size = max(2, settings.database_pool_size)
    engine = make_engine(settings.app_database_url, size + 1, sight=EVERYWHERE)
    try:
        with ThreadPoolExecutor(size, thread_name_prefix="record") as threads:
            yield sessions(engine), threads
    finally:
        engine.dispose()


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[None]:
    """Orders, ledger and mail of both namespaces are served inside the block."""
    async with AsyncExitStack() as running:
        maker, threads = running.enter_context(database(settings))
        await running.enter_async_context(delivering(settings, maker))
        runtime = measuring(settings)
        if runtime is not None:
            await running.enter_async_context(telling(Gauges(maker, gauges(runtime, NAMES))))
        for namespace, share in shares(settings):
            client = await connected(settings, namespace, runtime)
            for worker in workers(client, share, maker, threads):
                await running.enter_async_context(worker)
        yield


@asynccontextmanager
async def delivering(settings: Settings, maker: sessionmaker[Session]) -> AsyncIterator[None]:
    """Notices go out by mail inside the block, if there is a mail server; without one they stay in the inboxes only."""
    if settings.smtp_host is None:
        task = asyncio.create_task(forgoing(maker))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
        return
    server = MailServer(settings.smtp_host, settings.smtp_port, settings.smtp_from)
    rack = Rack(maker, keyring.load(settings.keyring_path))

    def link(session: Session, order_id: str) -> str:
        return tracking.address(session, rack.keyring, order_id, settings.public_url, settings.link_days, time.time())

    postman = Postman(maker, server, rack, link) if settings.public_url else Postman(maker, server, rack)
    postman.start()
    try:
        yield
    finally:
        await asyncio.to_thread(postman.stop)


@asynccontextmanager
async def telling(told: Gauges) -> AsyncIterator[None]:
    """Inside the block the gauges tell how things stand."""
    task = asyncio.create_task(told.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def forgoing(maker: sessionmaker[Session]) -> None:
    """Mark mail that nobody will send, again and again, until cancelled."""
    while True:
        try:
            await asyncio.to_thread(forgo, maker)
        except SQLAlchemyError:
            log.warning("mail that nobody will send could not be marked now", exc_info=True)
        await asyncio.sleep(FORGO_SECONDS)


@asynccontextmanager
async def watching(settings: Settings) -> AsyncIterator[None]:
    """Inside the block what was missed is found: pending commands, overdue marks, lost workflows; the canary lives."""
    async with open_gateway(settings) as gateway:
        watchers = (
            Sweeper(gateway),
            Reconciler(gateway),
            CanaryKeeper(gateway),
            LostAndFound(gateway),
            Notary(gateway, settings),
            LabKeeper(gateway, settings),
            HistorianKeeper(gateway),
            Archivist(gateway),
            NightlyKeeper(gateway, settings),
        )
        tasks = [asyncio.create_task(watcher.run()) for watcher in watchers]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)


def warn_of_demo(settings: Settings) -> None:
    """Say in the log that production runs on the demo organisation; a database that is away says nothing."""
    try:
        said = leftovers.demo(settings, vitals.address(settings))
    except (psycopg2.Error, OSError):
        return
    if said is not None:
        log.warning("%s · %s", *said)


def measuring(settings: Settings) -> Runtime | None:
    """What serves the metrics, if they are wanted; raises SetupError when their address cannot be had."""
    address = settings.worker_metrics_address
    try:
        return None if address is None else metrics(address)
    except (RuntimeError, ValueError) as error:
        raise SetupError(
            f"WHISTLE_WORKER_METRICS_ADDRESS={address} 无法使用: {error}; 请改用空闲端口",
            f"WHISTLE_WORKER_METRICS_ADDRESS={address} cannot be used: {error}; name a free port",
        ) from error


async def connected(settings: Settings, namespace: str, runtime: Runtime | None = None) -> Client:
    """A client of the namespace, as soon as the engine answers; raises SetupError when it never does."""
    clock = asyncio.get_running_loop().time
    until = clock() + CONNECT_SECONDS
    while True:
        try:
            return await connect(settings, namespace, sandbox=settings.workflow_sandbox, runtime=runtime)
        except RuntimeError as error:
            if clock() > until:
                raise SetupError(
                    f"Temporal ({settings.temporal_target}) 没有应答: {error}; 请检查该地址",
                    f"Temporal at {settings.temporal_target} does not answer: {error}; check the address",
                ) from error
            await asyncio.sleep(0.5)


async def main(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; then finish what is running and return."""
    zones.pin()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await asyncio.to_thread(warn_of_demo, settings)
    async with serving(settings), watching(settings):
        log.info("worker is ready")
        await stop.wait()
        log.info("worker is stopping")
    log.info("worker has stopped")


if __name__ == "__main__":
    chosen = load()
    logging.basicConfig(
        level=chosen.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s", force=True
    )
    try:
        uvloop.run(main(chosen))
    except SetupError as error:
        raise SystemExit(str(error)) from None
