"""API and worker as they would be without seals, without encryption towards Temporal and without the record of looks.

For `bench.walls` alone: the product has no such switch. `BENCH_WITHOUT` names what is left out, apart by commas;
`python -m bench.unwalled` is the worker, `bench.unwalled:app` the API.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence

import uvloop
from fastapi import FastAPI
from temporalio.api.common.v1 import Payload

import worker
from api.app import create_app
from api.record import Record
from contracts.names import CANARY_ID
from runtime.codec import Codec, is_encrypted
from runtime.settings import load
from store.accesses import Access
from vault.seal import Key, Kind

SEALS, RECORD = "seals", "record"


def _plain(self: Key, kind: Kind, text: str) -> str:
    return text


_encode = Codec.encode


async def _encoded(self: Codec, payloads: Sequence[Payload]) -> list[Payload]:
    """Orders' payloads in clear; the canary, which outlives one way of running, stays as it is."""
    if self._workflow_id == CANARY_ID:
        return await _encode(self, payloads)
    return list(payloads)


async def _decoded(self: Codec, payloads: Sequence[Payload]) -> list[Payload]:
    return [self.decrypt(payload) if is_encrypted(payload) else payload for payload in payloads]


async def _unrecorded(self: Record, access: Access) -> None:
    await asyncio.sleep(0)


def leave_out(what: Sequence[str]) -> None:
    """Take these parts out of this process."""
    if SEALS in what:
        Key.seal = _plain  # type: ignore[method-assign]
        Codec.encode = _encoded  # type: ignore[method-assign]
        Codec.decode = _decoded  # type: ignore[method-assign]
    if RECORD in what:
        Record.add = _unrecorded  # type: ignore[method-assign]


def __getattr__(name: str) -> FastAPI:
    if name != "app":
        raise AttributeError(name)
    leave_out(os.environ.get("BENCH_WITHOUT", "").split(","))
    return create_app(load())


if __name__ == "__main__":
    leave_out(os.environ.get("BENCH_WITHOUT", "").split(","))
    uvloop.run(worker.main(load()))
