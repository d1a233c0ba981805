"""The nightly replay as a process of its own: `python -m audit.nightly` makes the report that is due, and ends.

It runs at the lowest priority, so that whatever else the machine has to do comes first. Several may be started: one
works, the others end at once.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys

from audit.replaying import Replaying
from runtime import keyring, zones
from runtime.faults import SetupError
from runtime.settings import Settings, load

log = logging.getLogger("whistle.replay")

NICE = 15
"""How far this process stands back."""
SHARE = 0.5
"""How much of a core it takes at most."""


async def main(settings: Settings) -> int:
    """Make the report; 0 however it came out, for findings are kept and told elsewhere."""
    if settings.app_database_url is None:
        raise SetupError("未设置 WHISTLE_APP_DATABASE_URL", "WHISTLE_APP_DATABASE_URL is not set")
    replaying = Replaying(settings.app_database_url, keyring.load(settings.keyring_path), share=SHARE)
    try:
        report = await replaying.nightly()
    finally:
        replaying.close()
    if report is None:
        log.info("another process makes the nightly replay")
    return 0


if __name__ == "__main__":
    os.nice(NICE)
    zones.pin()
    chosen = load()
    logging.basicConfig(
        level=chosen.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s", force=True
    )
    try:
        sys.exit(asyncio.run(main(chosen)))
    except SetupError as error:
        raise SystemExit(str(error)) from None
