"""Workers at the log that are killed at random moments, each at once followed by another, until enough have died.

`python -m tests.notary.nursery APP_URL SEED_OF_KEY ORIGIN KILLS WORKERS SEED`: a process apart from the tests, since
it forks. It prints a line when its workers are at it, and one when enough were killed; then it lets them work until its
own input ends.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from random import Random
from typing import NoReturn

from notary import sequencer
from notary.keys import LogKeys
from notary.note import Kind, Signer
from store.session import EVERYWHERE, make_engine, sessions

SMALL = 5
"""Events that are taken at once: there are to be many transactions to be killed in."""


def keys(origin: str, seed: str) -> LogKeys:
    signer = Signer(origin, Kind.LOG, bytes.fromhex(seed))
    return LogKeys(origin, (signer,), (signer.verifier,))


def work(url: str, signing: LogKeys) -> NoReturn:
    """Be at the log until killed."""
    made = sessions(make_engine(url, 1, sight=EVERYWHERE))
    while True:
        with made.begin() as session:
            done = sequencer.sequence(session, SMALL)
        with made.begin() as session:
            sequencer.sign(session, signing, every=0.0)
        if not done:
            time.sleep(0.005)


def born(url: str, signing: LogKeys) -> int:
    child = os.fork()
    if child:
        return child
    try:
        work(url, signing)
    except BaseException as fault:  # a worker may be killed, it may not fail
        print(f"failed: {type(fault).__name__}: {fault}", flush=True)
        os._exit(1)


def main(url: str, seed: str, origin: str, kills: int, workers: int, luck: Random) -> None:
    signing = keys(origin, seed)
    alive = [born(url, signing) for _ in range(workers)]
    print("born", flush=True)
    for _ in range(kills):
        time.sleep(luck.uniform(0.005, 0.06))
        place = luck.randrange(workers)
        with contextlib.suppress(ProcessLookupError):
            os.kill(alive[place], signal.SIGKILL)
        os.waitpid(alive[place], 0)
        alive[place] = born(url, signing)
    print("killed", flush=True)
    sys.stdin.read()
    for child in alive:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


if __name__ == "__main__":
    url_, seed_, origin_, kills_, workers_, luck_ = sys.argv[1:]
    main(url_, seed_, origin_, int(kills_), int(workers_), Random(int(luck_)))
