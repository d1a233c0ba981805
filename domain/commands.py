"""What may be asked: one frozen record a command, named in the imperative.

A command's verb is its class name in snake case (`RequestReturn` -> `request_return`) and is the same in the URL, in
the workflow update, in the transition table and on the command line. The envelope `Command` says who asks and why;
the table decides whether he may.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from datetime import datetime
from typing import Annotated, Any, get_type_hints

from domain.model import (
    Actor,
    Colour,
    Customer,
    OrderClass,
    Outcome,
    Rating,
    Satisfaction,
    State,
    WhistleKind,
)
from domain.policy import Terms

GIVEN: Mapping[str, bool] = {"given": True}
"""Marks a field that the server fills; no request may carry it."""


Words = Annotated[str, "words"]
"""What somebody says in his own words. It may speak of anybody, so outside the rules it is sealed like a name."""


def asked(command: type[Any]) -> tuple[Field[Any], ...]:
    """The fields of a command that its caller gives."""
    return tuple(item for item in fields(command) if not item.metadata.get("given"))


def words(command: type[Any]) -> tuple[str, ...]:
    """The fields of a command that hold somebody's own words."""
    hints = get_type_hints(command, include_extras=True)
    return tuple(item.name for item in asked(command) if hints[item.name] == Words)


@dataclass(frozen=True, slots=True)
class Register:
    """Take a complaint: the number is given at once. With `lead` the catalogue dispatches it in the same step.

    `against` is the unit that is complained about, '' where none is named: nothing tells it who complains.
    """

    order_id: str
    title: Words
    text: Words
    category: str
    order_class: OrderClass
    province: str
    channel: str
    customer: Customer
    source: Words = ""
    area: str = ""
    lead: str = ""
    co: tuple[str, ...] = ()
    copy: tuple[str, ...] = ()
    catalogue: str = ""
    rehearsal: bool = False
    against: str = ""


@dataclass(frozen=True, slots=True)
class AnswerAtOnce:
    """Answer the customer on the spot; the call-back still follows."""

    answer: Words


@dataclass(frozen=True, slots=True)
class Decline:
    """Not ours: with a reason from the closed list and the other route named."""

    ground: str
    other_route: Words


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """Ask the customer for something; pauses what may pause. `asked_by` proves that he was asked (call, message id)."""

    question: Words
    asked_by: Words


@dataclass(frozen=True, slots=True)
class SupplyInfo:
    """The customer's answer to the question."""

    text: Words


@dataclass(frozen=True, slots=True)
class Triage:
    """Take the order to conference (研判) because its owner is unclear."""


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Name the lead, the co and the copied units; `designate` makes the lead's duty final (指定承办)."""

    lead: str
    co: tuple[str, ...] = ()
    copy: tuple[str, ...] = ()
    designate: bool = False


@dataclass(frozen=True, slots=True)
class Sign:
    """The unit has seen it (签收)."""


@dataclass(frozen=True, slots=True)
class Contact:
    """The unit spoke to the customer; the contact record proves it."""

    spoke_to: Words
    summary: Words
    record: Words = ""


@dataclass(frozen=True, slots=True)
class RequestReturn:
    """Not mine: cites the catalogue clause and suggests the unit that should have it."""

    clause: Words
    suggested_unit: str


@dataclass(frozen=True, slots=True)
class DecideReturn:
    """Uphold or deny a return. After the second the order goes to conference and the next unit is designated."""

    upheld: bool


@dataclass(frozen=True, slots=True)
class Extend:
    """Ask for a later due time, before the present one passes (UTC)."""

    until: datetime


@dataclass(frozen=True, slots=True)
class DecideExtension:
    """Grant or deny the extension."""

    granted: bool


@dataclass(frozen=True, slots=True)
class Ledger:
    """Propose to ledger what cannot be solved now (挂账), with a plan and its date (UTC)."""

    plan: Words
    until: datetime


@dataclass(frozen=True, slots=True)
class DecideLedger:
    """Approve or deny the ledgering."""

    approved: bool


@dataclass(frozen=True, slots=True)
class Settle:
    """The ledgered matter can go on (销账)."""

    result: Words


@dataclass(frozen=True, slots=True)
class ReportProgress:
    """Tell the customer how far it is."""

    text: Words


@dataclass(frozen=True, slots=True)
class SubmitPart:
    """A co unit hands in its part."""

    done: Words


@dataclass(frozen=True, slots=True)
class ExplainPart:
    """The lead explains why it replies without a co unit's part; the co unit is supervised, not the lead."""

    unit: str


@dataclass(frozen=True, slots=True)
class Reply:
    """The reply (回单) with its four elements."""

    received_at: datetime
    spoke_to: Words
    done: Words
    done_by: datetime


@dataclass(frozen=True, slots=True)
class AuditReply:
    """Accept the reply or send it back; the due time stays as it was."""

    accepted: bool


@dataclass(frozen=True, slots=True)
class RecordCallback:
    """What a call-back attempt brought: `result` is reached, no_answer or refused.

    `recent` are the instants (UTC) of the calls to this number in the 24 hours before, whatever order they were for.
    """

    result: str
    contacted: bool | None = None
    solved: bool | None = None
    satisfaction: Satisfaction | None = None
    why: Words = ""
    recent: tuple[datetime, ...] = field(default=(), metadata=GIVEN)


@dataclass(frozen=True, slots=True)
class RateBySms:
    """The customer's rating after the attempts were exhausted; `contacted`: the department got in touch with him."""

    solved: bool
    satisfaction: Satisfaction
    why: Words = ""
    contacted: bool | None = None


@dataclass(frozen=True, slots=True)
class ReviewCallback:
    """Dissatisfied or unsolved: rework it, or close it explained."""

    rework: bool
    explanation: Words


@dataclass(frozen=True, slots=True)
class RequestTermination:
    """The unit asks to end the order without a result."""

    ground: Words


@dataclass(frozen=True, slots=True)
class Terminate:
    """Decide the termination."""

    approved: bool


@dataclass(frozen=True, slots=True)
class Withdraw:
    """The customer takes the complaint back; `proof` is the recording or message that shows it."""

    proof: Words


@dataclass(frozen=True, slots=True)
class Reopen:
    """Restart a closed order (工单重启): round + 1; `conference` sends it to triage instead of to the last lead."""

    conference: bool = False


@dataclass(frozen=True, slots=True)
class Urge:
    """The customer presses (催单); never a new order."""

    text: Words = ""


@dataclass(frozen=True, slots=True)
class Supervise:
    """Put the order under supervision (督办) in a colour."""

    colour: Colour
    instruction: Words


@dataclass(frozen=True, slots=True)
class Escalate:
    """Raise the order to a level of the organisation: 1 unit, 2 head, 3 province, 4 region, 5 headquarters."""

    level: int


@dataclass(frozen=True, slots=True)
class Note:
    """Write a note on the order; a note moves no clock."""

    text: Words


@dataclass(frozen=True, slots=True)
class Attach:
    """Put a document on record: its name, media type and SHA-256."""

    name: Words
    media_type: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Relabel:
    """Correct the category; limits that the policy sets otherwise for it are re-timed by rule."""

    category: str
    terms: Terms | None = field(default=None, metadata=GIVEN)


@dataclass(frozen=True, slots=True)
class Reprioritise:
    """Set the handling priority: low, normal, high or critical; limits that it shortens are re-timed by rule."""

    priority: str
    terms: Terms | None = field(default=None, metadata=GIVEN)


@dataclass(frozen=True, slots=True)
class Retier:
    """Correct the class or the customer's tier, or both; limits that the policy sets otherwise are re-timed by rule."""

    order_class: OrderClass | None = None
    tier: str = ""
    terms: Terms | None = field(default=None, metadata=GIVEN)


@dataclass(frozen=True, slots=True)
class MigratePolicy:
    """Put the order under another version of the policy; what moves is re-timed by rule and on record."""

    version: str
    terms: Terms | None = field(default=None, metadata=GIVEN)


@dataclass(frozen=True, slots=True)
class RequestWhistle:
    """Ask to summon departments (吹哨); an emergency whistle blows at once."""

    kind: WhistleKind
    matter: str
    units: tuple[str, ...]
    lead: str = ""


@dataclass(frozen=True, slots=True)
class DecideWhistle:
    """Blow the requested whistle, or refuse it as invalid."""

    whistle: str
    blow: bool


@dataclass(frozen=True, slots=True)
class ReviewWhistle:
    """Judge afterwards whether an emergency whistle was valid."""

    whistle: str
    valid: bool


@dataclass(frozen=True, slots=True)
class AnswerWhistle:
    """The summoned unit has heard it (应哨)."""

    whistle: str


@dataclass(frozen=True, slots=True)
class ContactWhistle:
    """The summoned unit has spoken to the whistler or the customer."""

    whistle: str
    spoke_to: Words


@dataclass(frozen=True, slots=True)
class ReportIn:
    """The department reports in (部门报到): who is there, with what."""

    whistle: str
    who: Words


@dataclass(frozen=True, slots=True)
class FinishPart:
    """The summoned unit has done its part."""

    whistle: str
    done: Words


@dataclass(frozen=True, slots=True)
class Excuse:
    """Let a summoned unit go, with a named substitute (a person or a unit)."""

    whistle: str
    unit: str
    substitute: Words


@dataclass(frozen=True, slots=True)
class Dispose:
    """The whistle's lead says the joint handling is finished."""

    whistle: str
    result: Words


@dataclass(frozen=True, slots=True)
class VerifyWhistle:
    """The frontline checks on the spot: solved, or blow again."""

    whistle: str
    solved: bool


@dataclass(frozen=True, slots=True)
class RateAttendance:
    """The frontline rates one unit (评哨)."""

    whistle: str
    unit: str
    rating: Rating


@dataclass(frozen=True, slots=True)
class AppealRating:
    """The rated unit objects, once."""

    whistle: str
    ground: Words


@dataclass(frozen=True, slots=True)
class DecideAppeal:
    """Uphold the appeal with a corrected rating, or deny it; the first rating stays on record."""

    whistle: str
    unit: str
    rating: Rating | None = None


@dataclass(frozen=True, slots=True)
class ForeignStep:
    """One step of another system's history: what it did, when, by whom, with which unit, and where it then stood.

    `state` says that in our words, None where it stayed as it was; `event` is our event of the same meaning, '' where
    there is none; `details` is what else that system says.
    """

    activity: str
    at: datetime
    by: str = ""
    unit: str = ""
    status: str = ""
    state: State | None = None
    event: str = ""
    details: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ImportHistory:
    """Take in an order that another system (`system`) has kept under the number `case`, with all its steps.

    With an `outcome` it had ended; without one it goes on here, with `lead` dispatched to that unit. What that system
    has counted itself is in `said_reopens` and `said_moves`. `numbered` steps stand in the order that it gave them
    itself; its times may contradict that, and are kept.
    """

    order_id: str
    system: str
    case: str
    title: Words
    text: Words
    category: str
    order_class: OrderClass
    province: str
    channel: str
    customer: Customer
    steps: tuple[ForeignStep, ...]
    registered_at: datetime | None = None
    area: str = ""
    outcome: Outcome | None = None
    lead: str = ""
    catalogue: str = ""
    said_reopens: int | None = None
    said_moves: int | None = None
    details: dict[str, str] = field(default_factory=dict)
    numbered: bool = False


Body = (
    Register | AnswerAtOnce | Decline | RequestInfo | SupplyInfo | Triage | Dispatch | Sign | Contact | RequestReturn
    | DecideReturn | Extend | DecideExtension | Ledger | DecideLedger | Settle | ReportProgress | SubmitPart
    | ExplainPart | Reply | AuditReply | RecordCallback | RateBySms | ReviewCallback | RequestTermination | Terminate
    | Withdraw | Reopen | Urge | Supervise | Escalate | Note | Attach | Relabel | Reprioritise | Retier
    | MigratePolicy | RequestWhistle
    | DecideWhistle | ReviewWhistle | AnswerWhistle | ContactWhistle | ReportIn | FinishPart | Excuse | Dispose
    | VerifyWhistle | RateAttendance | AppealRating | DecideAppeal
)  # fmt: skip


def verb(command: type[Any]) -> str:
    """The snake-case verb of a command class."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", command.__name__).lower()


COMMANDS: dict[str, type[Any]] = {verb(cls): cls for cls in Body.__args__}
TAKEN_IN: dict[str, type[Any]] = {verb(ImportHistory): ImportHistory}
"""What no order's workflow is asked: it is decided beside the ledger, and the order runs only afterwards, if at all."""
VERBS: dict[type[Any], str] = {cls: name for name, cls in (*COMMANDS.items(), *TAKEN_IN.items())}


@dataclass(frozen=True, slots=True)
class Command:
    """One command as it reaches the rules.

    `id` is the caller's Idempotency-Key; `expected_seq`, when given, refuses the command if the order has moved on.
    """

    id: str
    actor: Actor
    body: Body | ImportHistory
    reason: str = ""
    expected_seq: int | None = None

    @property
    def verb(self) -> str:
        """The body's verb."""
        return VERBS[type(self.body)]
