"""A gateway put together from the settings, for the API and for whoever finishes what the API left pending."""

from __future__ import annotations

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from api.books import Books
from api.gateway import Gateway
from runtime import keyring
from runtime.plugin import connect
from runtime.settings import Settings
from store.session import EVERYWHERE, make_engine, sessions, within
from vault.rack import Rack


@asynccontextmanager
async def open_gateway(settings: Settings) -> AsyncIterator[Gateway]:
    """A gateway with its own threads, as many connections for transactions and as many for single statements.

    Neither database nor engine need be there yet.

    Raises:
        ValueError: the settings name no database.
        SetupError: the installation's keys are not there.
    """
    if settings.app_database_url is None:
        raise ValueError("WHISTLE_APP_DATABASE_URL is not set; `whistle up` sets it for its children")
    size = settings.database_pool_size
    engine = make_engine(settings.app_database_url, size)
    single = make_engine(settings.app_database_url, size, autocommit=True)
    rack = Rack(sessions(within(single, EVERYWHERE)), keyring.load(settings.keyring_path))
    clients = {
        rehearsal: await connect(settings, namespace, lazy=True)
        for rehearsal, namespace in ((False, settings.temporal_namespace), (True, settings.rehearsal_namespace))
    }
    with ThreadPoolExecutor(size, thread_name_prefix="ledger") as pool:
        try:
            yield Gateway(Books(engine, single, rack), clients, pool)
        finally:
            engine.dispose()
            single.dispose()
