"""The notary's round, done when a test says so."""

from __future__ import annotations

from notary import sequencer
from notary.keys import log_keys
from runtime.settings import Settings
from store.session import EVERYWHERE, make_engine, sessions


def round_of(settings: Settings) -> None:
    """Give everything that waits its place, and sign what there is."""
    assert settings.app_database_url is not None
    engine = make_engine(settings.app_database_url, 1, sight=EVERYWHERE)
    try:
        made = sessions(engine)
        waiting = 1
        while waiting:
            with made.begin() as session:
                waiting = sequencer.sequence(session)
        with made.begin() as session:
            sequencer.sign(session, log_keys(settings), every=0.0)
    finally:
        engine.dispose()
