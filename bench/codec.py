"""What it costs to encrypt what goes to Temporal: µs a payload by its size, to seal it and to open it.

`python -m bench.codec` needs no server. It runs in one thread, as on the event loop.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from temporalio.api.common.v1 import Payload
from temporalio.converter import WorkflowSerializationContext

from runtime import keyring
from runtime.codec import Codec

SIZES = (200, 2_000, 20_000, 200_000)
"""Bytes: an acknowledgement, a command, an order's state, one far larger than any seen."""
ROUNDS = 7


async def measured(step: Callable[[], Awaitable[object]], times: int) -> float:
    """The median over some rounds of the µs that one step takes."""
    rounds = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        for _ in range(times):
            await step()
        rounds.append((time.perf_counter() - begun) / times * 1e6)
    return statistics.median(rounds)


async def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        ring = keyring.ensure(Path(folder) / "keys.json")
        codec = Codec(ring).with_context(WorkflowSerializationContext("whistle", "order/WH20261122-BMOSWM6Z"))
        print(f"{'bytes':>8}{'seal µs':>10}{'open µs':>10}{'sent bytes':>12}")
        for size in SIZES:
            clear = [Payload(metadata={"encoding": b"json/plain"}, data=os.urandom(size))]
            sealed = await codec.encode(clear)
            times = max(20, 4_000_000 // (size + 1000))
            seal = await measured(lambda clear=clear: codec.encode(clear), times)  # type: ignore[misc]
            opened = await measured(lambda sealed=sealed: codec.decode(sealed), times)  # type: ignore[misc]
            print(f"{size:>8}{seal:>10.1f}{opened:>10.1f}{sealed[0].ByteSize():>12}")


if __name__ == "__main__":
    asyncio.run(main())
