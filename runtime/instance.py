"""The instance that runs on a data folder: what `whistle up` notes about itself, so that other terminals find it."""

import contextlib
import json
import os
from dataclasses import dataclass
from typing import Any

import psutil  # type: ignore[import-untyped]

from runtime.settings import Settings

_FILE = "running.json"
_TOLD = ("api_host", "api_port", "postgres_port", "temporal_port", "temporal_address", "ui_enabled", "ui_port")
"""The settings that say where a part answers; none is a secret."""
_SAME_SECONDS = 5.0
"""How far two readings of one process's birth may lie apart, after the machine's clock was set."""


@dataclass(frozen=True, slots=True)
class Instance:
    """A running `whistle up`: its process, and the settings that it runs with."""

    pid: int
    settings: Settings


def note(settings: Settings) -> None:
    """Write down that this process runs the data folder, and where its parts answer."""
    own = psutil.Process()
    said = settings.model_dump(mode="json", include=set(_TOLD))
    draft = settings.data_dir / f"{_FILE}.new"
    draft.write_text(json.dumps({"pid": own.pid, "born": own.create_time(), "settings": said}))
    draft.replace(settings.data_dir / _FILE)


def forget(settings: Settings) -> None:
    """Take the note back; a note of another process stays."""
    if _read(settings).get("pid") == os.getpid():
        with contextlib.suppress(OSError):
            (settings.data_dir / _FILE).unlink()


def find(settings: Settings) -> Instance | None:
    """Return the instance that runs this data folder now, None if none does.

    Its addresses stand in for those that `settings` leaves at their defaults; what was set by hand stays as it is.
    """
    noted = _read(settings)
    try:
        process = psutil.Process(int(noted["pid"]))
        alive = abs(process.create_time() - float(noted["born"])) < _SAME_SECONDS
        told = {name: value for name, value in noted["settings"].items() if name in _TOLD}
    except (psutil.Error, KeyError, TypeError, ValueError, AttributeError):
        return None
    if not alive:
        return None
    wanted = {name: value for name, value in told.items() if name not in settings.model_fields_set}
    return Instance(process.pid, settings.model_copy(update=wanted))


def _read(settings: Settings) -> dict[str, Any]:
    try:
        noted = json.loads((settings.data_dir / _FILE).read_text())
    except (OSError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}
