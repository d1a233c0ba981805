"""The lab's own process, of low priority: `python -m audit.lab`, started by a worker when there is something to do.

It ends when there is nothing left to do, when another one is at work already, or when its worker is gone.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time

from audit.lab.shadow import Follower
from audit.lab.work import Lab
from runtime import zones
from runtime.faults import SetupError
from runtime.settings import load
from store import locks
from store.locks import Lock
from store.session import EVERYWHERE, LOST, make_engine, sessions

log = logging.getLogger("whistle.lab")

NICE = 15
REST_SECONDS = 1.0
IDLE_ROUNDS = 2
"""Rounds without anything to do after which the process ends."""
BUSY = os.EX_TEMPFAIL
"""Exit code: another process is the lab."""


def main() -> int:
    """Work until there is nothing left to do."""
    settings = load()
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s")
    if settings.app_database_url is None:
        raise SetupError("未设置 WHISTLE_APP_DATABASE_URL", "WHISTLE_APP_DATABASE_URL is not set")
    zones.pin()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    os.nice(NICE)
    parent, engine = os.getppid(), make_engine(settings.app_database_url, 3, sight=EVERYWHERE)
    try:
        with engine.connect() as held:
            if not locks.keep(held, Lock.LAB):
                return BUSY
            held.commit()
            made = sessions(engine)
            lab = Lab(made)
            follower, idle = Follower(lab, made), 0
            while os.getppid() == parent and idle < IDLE_ROUNDS:
                looked = follower.once()
                busy = lab.once() is not None or bool(looked)
                idle = 0 if busy or looked is not None else idle + 1
                if not busy:
                    time.sleep(REST_SECONDS)
    except LOST as error:
        log.warning("the lab has lost the database: %s", error)
        return 1
    finally:
        engine.dispose()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SetupError as error:
        raise SystemExit(str(error)) from None
