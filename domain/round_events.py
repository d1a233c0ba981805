"""How a round of an order ends and the next begins: called back, reworked, closed, given up, reopened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.model import Assignment, Callback, Outcome, Satisfaction, State


@dataclass(frozen=True, slots=True)
class CallbackPlanned:
    """A call-back is due (after an answer at once, or because the limit passed without a reply).

    In the customer's quiet hours it is deferred; its `not_before` says until when.
    """

    callback: Callback


@dataclass(frozen=True, slots=True)
class CallbackAttempted:
    """Nobody answered; `exhausted` after the last attempt, then the rating is asked for by message until `sms_until`.

    `not_before` is the earliest instant for the next attempt (UTC), or for the message. `moved_from` is when the next
    attempt's limit would have passed, where that lay before anybody may call.
    """

    number: int
    exhausted: bool
    sms_until: datetime | None = None
    not_before: datetime | None = None
    moved_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class CallbackRecorded:
    """The customer's own words, or his refusal to give any; `by_sms` when he answered the message."""

    contacted: bool | None
    solved: bool | None
    satisfaction: Satisfaction | None
    why: str = ""
    refused: bool = False
    by_sms: bool = False

    @property
    def unhappy(self) -> bool:
        """True when the matter is unsolved, the customer dissatisfied, or he was never contacted."""
        return self.solved is False or self.satisfaction is Satisfaction.DISSATISFIED or self.contacted is False


@dataclass(frozen=True, slots=True)
class RatingLapsed:
    """No rating came in its window: not rated."""


@dataclass(frozen=True, slots=True)
class OrderReworked:
    """Not good enough: the next round begins, with the same lead where there is one."""

    explanation: str
    round: int
    to: State
    assignment: Assignment | None = None


@dataclass(frozen=True, slots=True)
class OrderClosed:
    """The end of a round; `appeal_notice` when the final review is over."""

    outcome: Outcome
    explanation: str = ""
    reopen_until: datetime | None = None
    appeal_notice: bool = False


@dataclass(frozen=True, slots=True)
class ReopenWindowPassed:
    """The customer's window is over; nothing more is awaited."""


@dataclass(frozen=True, slots=True)
class TerminationRequested:
    """The unit asks to end the order without a result."""

    ground: str


@dataclass(frozen=True, slots=True)
class OrderTerminated:
    """Ended without a result, approved by the auditor."""

    ground: str


@dataclass(frozen=True, slots=True)
class TerminationDenied:
    """It goes on."""


@dataclass(frozen=True, slots=True)
class OrderWithdrawn:
    """The customer took it back."""

    proof: str


@dataclass(frozen=True, slots=True)
class OrderReopened:
    """The next round begins."""

    round: int
    to: State
    final_review: bool = False
    assignment: Assignment | None = None
