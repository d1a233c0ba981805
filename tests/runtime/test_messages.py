"""Messages are read by many threads at once, from the first message on."""

import subprocess
import sys

from runtime.settings import PROJECT

_ALL_AT_ONCE = """
import contextlib, sys, threading
import msgspec
from contracts.messages import Answer, CommandMessage, OrderInput, View, decode
from domain.commands import COMMANDS
from domain.events import EVENTS

sys.setswitchinterval(1e-6)
kinds = [OrderInput, View, Answer, CommandMessage, *COMMANDS.values(), *EVENTS.values()]
gate = threading.Barrier(6)

def read():
    for kind in kinds:
        gate.wait()
        with contextlib.suppress(msgspec.ValidationError):
            decode(b"{}", kind)

threads = [threading.Thread(target=read) for _ in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_threads_that_meet_a_kind_of_message_for_the_first_time_at_once_all_read_it() -> None:
    """Without care this ends the process, about every other time."""
    for _ in range(4):
        done = subprocess.run([sys.executable, "-c", _ALL_AT_ONCE], cwd=PROJECT, capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr.decode()
