"""How sending a command can end, other than with an answer or a refusal of the rules."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from api.errors import REFUSALS, unexpected
from domain.errors import Refusal, codes


class Revival(StrEnum):
    """How starting an order again from the ledger can end."""

    STARTED = "started"
    RUNNING = "running"
    OVER = "over"
    UNKNOWN = "unknown"


class Gone(Exception):  # noqa: N818 - it names what happened
    """The engine has no running workflow of this order."""


class Ahead(Exception):  # noqa: N818 - it names what happened
    """The ledger holds more of this order than the engine."""


class Busy(Exception):  # noqa: N818 - it names what happened
    """The order is recording what time brought about; nothing was done, and asking again shortly helps."""


class Broken(Exception):  # noqa: N818 - it names what happened
    """The command failed inside for good; asking again would only fail again."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(str(error))
        self.problem = unexpected("the engine", error)


class Overtaken(Exception):  # noqa: N818 - it names what happened
    """This attempt was held up, and the command was answered or given to another meanwhile; nothing was sent."""


class Silent(Exception):  # noqa: N818 - it names what happened
    """No answer came; whether the command was carried out is not known."""


def refusal(code: str, message: str, detail: dict[str, Any]) -> Refusal | None:
    """The refusal that the workflow's error stands for; None for an error that is none."""
    if code not in REFUSALS:
        return None
    return codes()[code](
        detail.get("message", message),
        field=detail.get("field", ""),
        remedy=detail.get("remedy", ""),
        state=detail.get("state", ""),
        allowed=tuple(detail.get("allowed", ())),
    )
