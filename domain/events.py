"""What happened: one frozen record an event, named in the past tense, and the envelope that every event travels in.

The envelope carries the clock changes that the event brought about, each with the clock as it then stood, so that
applying an event needs neither a policy nor a calendar.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.history_events import HistoryEnded as HistoryEnded
from domain.history_events import OrderImported as OrderImported
from domain.history_events import OrderTakenOver as OrderTakenOver
from domain.history_events import StepImported as StepImported
from domain.model import Actor, Assignment, Callback, Clock, Colour, Customer, OrderClass, State
from domain.records import quick
from domain.round_events import CallbackAttempted as CallbackAttempted
from domain.round_events import CallbackPlanned as CallbackPlanned
from domain.round_events import CallbackRecorded as CallbackRecorded
from domain.round_events import OrderClosed as OrderClosed
from domain.round_events import OrderReopened as OrderReopened
from domain.round_events import OrderReworked as OrderReworked
from domain.round_events import OrderTerminated as OrderTerminated
from domain.round_events import OrderWithdrawn as OrderWithdrawn
from domain.round_events import RatingLapsed as RatingLapsed
from domain.round_events import ReopenWindowPassed as ReopenWindowPassed
from domain.round_events import TerminationDenied as TerminationDenied
from domain.round_events import TerminationRequested as TerminationRequested
from domain.whistle_events import AppealDecided as AppealDecided
from domain.whistle_events import DepartmentAbsent as DepartmentAbsent
from domain.whistle_events import DepartmentDone as DepartmentDone
from domain.whistle_events import DepartmentExcused as DepartmentExcused
from domain.whistle_events import DepartmentRated as DepartmentRated
from domain.whistle_events import DepartmentReportedIn as DepartmentReportedIn
from domain.whistle_events import RatingAppealed as RatingAppealed
from domain.whistle_events import WhistleAnswered as WhistleAnswered
from domain.whistle_events import WhistleBlown as WhistleBlown
from domain.whistle_events import WhistleContacted as WhistleContacted
from domain.whistle_events import WhistleDisposed as WhistleDisposed
from domain.whistle_events import WhistleEnded as WhistleEnded
from domain.whistle_events import WhistleRefused as WhistleRefused
from domain.whistle_events import WhistleRequested as WhistleRequested
from domain.whistle_events import WhistleReviewed as WhistleReviewed
from domain.whistle_events import WhistleVerified as WhistleVerified


@dataclass(frozen=True, slots=True)
class OrderRegistered:
    """The complaint has its number."""

    order_id: str
    title: str
    text: str
    category: str
    order_class: OrderClass
    province: str
    channel: str
    customer: Customer
    terms: str
    source: str = ""
    area: str = ""
    rehearsal: bool = False
    against: str = ""


@dataclass(frozen=True, slots=True)
class OrderAnswered:
    """Answered on the spot; the call-back follows."""

    answer: str


@dataclass(frozen=True, slots=True)
class OrderDeclined:
    """Not accepted; the other route is named."""

    ground: str
    other_route: str


@dataclass(frozen=True, slots=True)
class InformationRequired:
    """The customer was asked; what may pause, pauses."""

    question: str
    asked_by: str


@dataclass(frozen=True, slots=True)
class InformationSupplied:
    """The customer answered; the order goes back to `to`."""

    text: str
    to: State


@dataclass(frozen=True, slots=True)
class InformationLapsed:
    """The cap on waiting passed; the order goes on without the answer."""

    to: State


@dataclass(frozen=True, slots=True)
class TriageOpened:
    """The owner is to be found in conference."""


@dataclass(frozen=True, slots=True)
class OrderDispatched:
    """The units have it; `catalogue` names the rule when the system dispatched."""

    assignments: tuple[Assignment, ...]
    hop: int
    catalogue: str = ""


@dataclass(frozen=True, slots=True)
class AssignmentSigned:
    """The unit has seen it; `auto` when the limit passed and the system signed for it."""

    assignment: str
    auto: bool = False


@dataclass(frozen=True, slots=True)
class CustomerContacted:
    """A unit spoke to the customer."""

    assignment: str
    spoke_to: str
    summary: str
    record: str = ""


@dataclass(frozen=True, slots=True)
class ReturnRequested:
    """A unit says: not mine."""

    assignment: str
    clause: str
    suggested_unit: str


@dataclass(frozen=True, slots=True)
class ReturnUpheld:
    """The return stands; the order goes back to conference; `final` after the second."""

    assignment: str
    final: bool


@dataclass(frozen=True, slots=True)
class ReturnDenied:
    """The unit keeps it, now designated."""

    assignment: str


@dataclass(frozen=True, slots=True)
class ExtensionRequested:
    """The lead asks for a later due time."""

    assignment: str
    until: datetime


@dataclass(frozen=True, slots=True)
class ExtensionGranted:
    """The target moved; the first one stays on record in the clock."""

    assignment: str
    until: datetime


@dataclass(frozen=True, slots=True)
class ExtensionDenied:
    """The due time stays."""

    assignment: str


@dataclass(frozen=True, slots=True)
class LedgeringProposed:
    """The lead proposes to ledger the matter."""

    plan: str
    until: datetime


@dataclass(frozen=True, slots=True)
class OrderLedgered:
    """Cannot be solved now; dated plan approved."""

    plan: str
    until: datetime


@dataclass(frozen=True, slots=True)
class LedgeringDenied:
    """The matter is to be solved now."""


@dataclass(frozen=True, slots=True)
class LedgerSettled:
    """The ledgered matter goes on."""

    result: str


@dataclass(frozen=True, slots=True)
class ProgressReported:
    """The customer was told how far it is."""

    text: str


@dataclass(frozen=True, slots=True)
class PartSubmitted:
    """A co unit's part is in."""

    assignment: str
    done: str


@dataclass(frozen=True, slots=True)
class PartExplained:
    """The lead said why it replies without this part."""

    assignment: str


@dataclass(frozen=True, slots=True)
class ReplySubmitted:
    """The reply with its four elements."""

    assignment: str
    received_at: datetime
    spoke_to: str
    done: str
    done_by: datetime


@dataclass(frozen=True, slots=True)
class ReplyAccepted:
    """The audit passed the reply; the call-back is planned."""

    callback: Callback


@dataclass(frozen=True, slots=True)
class ReplySentBack:
    """The audit sent the reply back; the due time stays."""


@dataclass(frozen=True, slots=True)
class OrderUrged:
    """The customer presses."""

    number: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class OrderSupervised:
    """Under supervision in this colour; by a person, or by the clock named in `key`."""

    colour: Colour
    instruction: str = ""
    key: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class OrderEscalated:
    """Raised one level: by a person, by the customer's pressing, or by step `step` of the ladder of clock `key`.

    `unit` is the unit that owes; `target` the role that is told; `criticised` puts the unit on the public list.
    """

    level: int
    target: str
    colour: Colour = Colour.NONE
    key: str = ""
    unit: str = ""
    step: int = 0
    criticised: bool = False
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClockWarned:
    """`percent` of the limit has passed."""

    key: str
    unit: str
    percent: int
    colour: Colour
    due_at: datetime


@dataclass(frozen=True, slots=True)
class ClockBreached:
    """The limit passed at `due_at` and the duty was not met; the event's own time less `due_at` is the lateness."""

    key: str
    unit: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class DeadEndRaised:
    """The ladder of this clock has ended and the duty is still not met: an alarm, not silence."""

    key: str
    unit: str


@dataclass(frozen=True, slots=True)
class NoteAdded:
    """A note."""

    text: str


@dataclass(frozen=True, slots=True)
class DocumentAttached:
    """A document is on record."""

    name: str
    media_type: str
    sha256: str


@dataclass(frozen=True, slots=True)
class OrderRelabelled:
    """The category was corrected; `terms` is the digest of the terms from then on ('' = as they were)."""

    category: str
    was: str
    terms: str = ""


@dataclass(frozen=True, slots=True)
class OrderReprioritised:
    """The handling priority was set; `terms` as above."""

    priority: str
    was: str
    terms: str = ""


@dataclass(frozen=True, slots=True)
class OrderRetiered:
    """The class or the customer's tier was corrected; `terms` as above."""

    order_class: OrderClass
    tier: str
    was_class: OrderClass
    was_tier: str
    terms: str


@dataclass(frozen=True, slots=True)
class PolicyMigrated:
    """The order runs by another version of the policy from now on; `terms` as above."""

    version: str
    was: str
    terms: str


Happening = (
    OrderRegistered | OrderAnswered | OrderDeclined | InformationRequired | InformationSupplied | InformationLapsed
    | TriageOpened | OrderDispatched | AssignmentSigned | CustomerContacted | ReturnRequested | ReturnUpheld
    | ReturnDenied | ExtensionRequested | ExtensionGranted | ExtensionDenied | LedgeringProposed | OrderLedgered
    | LedgeringDenied | LedgerSettled | ProgressReported | PartSubmitted | PartExplained | ReplySubmitted
    | ReplyAccepted | ReplySentBack | CallbackPlanned | CallbackAttempted | CallbackRecorded | RatingLapsed
    | OrderReworked | OrderClosed | ReopenWindowPassed | TerminationRequested | OrderTerminated | TerminationDenied
    | OrderWithdrawn | OrderReopened | OrderUrged | OrderSupervised | OrderEscalated | ClockWarned | ClockBreached
    | DeadEndRaised | NoteAdded | DocumentAttached | OrderRelabelled | OrderReprioritised | OrderRetiered
    | PolicyMigrated | WhistleRequested
    | WhistleRefused | WhistleBlown | WhistleReviewed | WhistleAnswered | WhistleContacted | DepartmentReportedIn
    | DepartmentAbsent | DepartmentDone | DepartmentExcused | WhistleDisposed | WhistleVerified | DepartmentRated
    | RatingAppealed | AppealDecided | WhistleEnded
    | OrderImported | StepImported | HistoryEnded | OrderTakenOver
)  # fmt: skip

EVENTS: dict[str, type[Any]] = {cls.__name__: cls for cls in Happening.__args__}


@quick
@dataclass(frozen=True, slots=True)
class ClockChange:
    """What became of one clock.

    One of started, warned, breached, climbed, dead_end, answered, resumed, paused, extended, retimed, met, cancelled,
    expired.

    `clock` is the clock as it stands after the change, None when it left the state. `fell_due` is the instant (UTC) of
    the mark that time fired, so that the event's own `at` less it is the lateness. A breach and an end say how much of
    the limit was used (`worked`, minutes as the limit counts) and how long it stood still (`paused`, elapsed minutes).
    """

    key: str
    change: str
    clock: Clock | None
    fell_due: datetime | None = None
    worked: float | None = None
    paused: float | None = None


@quick
@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the ledger: who did what in which role, why, when (UTC) and under which policy version."""

    seq: int
    at: datetime
    actor: Actor
    body: Happening
    policy_version: str
    reason: str = ""
    command_id: str = ""
    clocks: tuple[ClockChange, ...] = ()

    @property
    def type(self) -> str:
        """The event's name, as in the ledger's `type` column."""
        return type(self.body).__name__
