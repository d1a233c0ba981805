"""What an order is at one instant: plain frozen records, no behaviour.

Only what the rules still need is kept, so the state stays small however long the history grows: a clock that was met
leaves the state (its life is in the events), notes and attachments are counted, not carried.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.records import quick


class State(StrEnum):
    """Where an order stands; `STATUS` maps each to its TMF621 status."""

    REGISTERED = "registered"
    PENDING_INFO = "pending_info"
    TRIAGE = "triage"
    DISPATCHED = "dispatched"
    IN_PROGRESS = "in_progress"
    LEDGERED = "ledgered"
    REPLIED = "replied"
    AWAITING_CALLBACK = "awaiting_callback"
    CLOSED = "closed"
    NOT_ACCEPTED = "not_accepted"
    CANCELLED = "cancelled"
    TERMINATED = "terminated"
    MERGED = "merged"


STATUS: dict[State, str] = {
    State.REGISTERED: "acknowledged",
    State.PENDING_INFO: "pending",
    State.TRIAGE: "inProgress",
    State.DISPATCHED: "inProgress",
    State.IN_PROGRESS: "inProgress",
    State.LEDGERED: "held",
    State.REPLIED: "inProgress",
    State.AWAITING_CALLBACK: "resolved",
    State.CLOSED: "closed",
    State.NOT_ACCEPTED: "rejected",
    State.CANCELLED: "cancelled",
    State.TERMINATED: "closed",
    State.MERGED: "closed",
}

STATES_ZH: dict[str, str] = {
    State.REGISTERED: "已受理",
    State.PENDING_INFO: "待补充",
    State.TRIAGE: "研判",
    State.DISPATCHED: "已派单",
    State.IN_PROGRESS: "办理中",
    State.LEDGERED: "挂账",
    State.REPLIED: "已回单",
    State.AWAITING_CALLBACK: "待回访",
    State.CLOSED: "已办结",
    State.NOT_ACCEPTED: "不予受理",
    State.CANCELLED: "已撤回",
    State.TERMINATED: "已终止",
    State.MERGED: "已并单",
}
"""What each state is called in Chinese."""

OPEN: tuple[State, ...] = (
    State.REGISTERED,
    State.PENDING_INFO,
    State.TRIAGE,
    State.DISPATCHED,
    State.IN_PROGRESS,
    State.LEDGERED,
    State.REPLIED,
    State.AWAITING_CALLBACK,
)


class Role(StrEnum):
    """In which capacity somebody acts."""

    AGENT = "agent"
    CHANNEL = "channel"
    REGULATOR = "regulator"
    TEAM_LEAD = "team_lead"
    DISPATCHER = "dispatcher"
    UNIT_MEMBER = "unit_member"
    UNIT_HEAD = "unit_head"
    REPLY_AUDITOR = "reply_auditor"
    CALLBACK_AGENT = "callback_agent"
    PROVINCE_MANAGER = "province_manager"
    REGIONAL_MANAGER = "regional_manager"
    HEADQUARTERS = "headquarters"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
    CUSTOMER = "customer"
    SYSTEM = "system"


class OrderClass(StrEnum):
    """The urgency class that picks a column of the policy's limits."""

    URGENT = "urgent"
    FAULT = "fault"
    GENERAL = "general"
    CONSULT = "consult"
    COMPLEX = "complex"


class Outcome(StrEnum):
    """How an order ended."""

    RESOLVED_SATISFIED = "resolved_satisfied"
    RESOLVED_DISSATISFIED = "resolved_dissatisfied"
    UNRESOLVED = "unresolved"
    ANSWERED_AT_ONCE = "answered_at_once"
    NOT_RATED = "not_rated"
    TERMINATED = "terminated"
    WITHDRAWN = "withdrawn"
    DECLINED = "declined"
    MERGED = "merged"


class Colour(StrEnum):
    """Supervision colours, rising."""

    NONE = ""
    BLUE = "blue"
    YELLOW = "yellow"
    RED = "red"


COLOUR_RANK: dict[Colour, int] = {Colour.NONE: 0, Colour.BLUE: 1, Colour.YELLOW: 2, Colour.RED: 3}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person, a channel or the system, in one role, for one unit ('' = none).

    `acting_for` is the absent colleague in whose place he acts, in that one's role and unit; '' for himself.
    """

    id: str
    role: Role
    unit: str = ""
    acting_for: str = ""

    @property
    def people(self) -> tuple[str, ...]:
        """Whose deed it is where two duties may not be one person's: his own, and that of whom he acts for."""
        return (self.id, self.acting_for) if self.acting_for else (self.id,)


SYSTEM = Actor(id="system", role=Role.SYSTEM)


@dataclass(frozen=True, slots=True)
class Customer:
    """Who complains (诉求人); `zone` is the IANA zone in which he may be called.

    Outside tests name, phone and email are sealed, as is all free text of an order: to the rules they are just words.
    `id` is the customer's in the vault, '' where there is none.
    """

    name: str
    phone: str
    email: str = ""
    zone: str = "Asia/Shanghai"
    tier: str = "normal"
    id: str = ""


class UnitRole(StrEnum):
    """What a handling unit owes: the lead answers, a co unit owes a part, a copied unit owes nothing."""

    LEAD = "lead"
    CO = "co"
    COPY = "copy"


class Part(StrEnum):
    """The life of one unit's assignment."""

    OFFERED = "offered"
    SIGNED = "signed"
    WORKING = "working"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    RETURN_REQUESTED = "return_requested"
    RETURN_UPHELD = "return_upheld"
    WITHDRAWN = "withdrawn"
    COPIED = "copied"


@dataclass(frozen=True, slots=True)
class Assignment:
    """One unit's part in one order.

    `signed_at` is the instant of the signature; where the system signed (`auto_signed`), that at which it was noticed
    that the limit had passed. The limit's own instant stands in the clock's change (`fell_due`).
    """

    id: str
    unit: str
    role: UnitRole
    status: Part
    round: int
    hop: int
    dispatched_at: datetime
    designated: bool = False
    signed_at: datetime | None = None
    auto_signed: bool = False
    contacted_at: datetime | None = None
    explained: bool = False
    told_at: datetime | None = None
    return_asked_by: str = ""
    status_before_return: str = ""


class WhistleKind(StrEnum):
    """工作推进哨, 应急哨, 攻坚哨: who must approve differs by kind."""

    ROUTINE = "routine"
    EMERGENCY = "emergency"
    HARD = "hard"


class Blow(StrEnum):
    """The life of a whistle."""

    REQUESTED = "requested"
    REFUSED_INVALID = "refused_invalid"
    BLOWN = "blown"
    JOINT_HANDLING = "joint_handling"
    DISPOSED = "disposed"
    VERIFIED = "verified"
    ENDED = "ended"


class Presence(StrEnum):
    """The life of one summoned unit's attendance."""

    SUMMONED = "summoned"
    SIGNED = "signed"
    CONTACTED = "contacted"
    REPORTED_IN = "reported_in"
    DONE = "done"
    RATED = "rated"
    EXCUSED = "excused"


@dataclass(frozen=True, slots=True)
class Rating:
    """What the frontline gives a unit: 1 (poor) to 5 (good) on each of four."""

    report_in: int
    cooperation: int
    quality: int
    result: int
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Attendance:
    """One summoned unit: has it reported in?"""

    unit: str
    status: Presence
    summoned_at: datetime
    absent: bool = False
    reported_in_at: datetime | None = None
    reported_in_by: str = ""
    accepted: bool = False
    substitute: str = ""
    rating: Rating | None = None
    appeal: str = ""


@dataclass(frozen=True, slots=True)
class Whistle:
    """One blow: the matter, who was summoned, and how far it has come; without a `lead` the order's lead leads."""

    id: str
    kind: WhistleKind
    matter: str
    lead: str
    status: Blow
    requested_by: str
    requested_at: datetime
    attendances: tuple[Attendance, ...]
    blown_at: datetime | None = None
    blows: int = 0
    valid: bool | None = None


class CallbackStatus(StrEnum):
    """The life of a call-back."""

    PLANNED = "planned"
    DEFERRED = "deferred"
    ATTEMPTING = "attempting"
    UNDER_REVIEW = "under_review"
    SMS_SENT = "sms_sent"
    COMPLETED = "completed"
    REFUSED = "refused"
    LAPSED = "lapsed"


class Satisfaction(StrEnum):
    """The customer's own word; 'not rated' is never one of them."""

    SATISFIED = "satisfied"
    BASICALLY = "basically"
    DISSATISFIED = "dissatisfied"


@dataclass(frozen=True, slots=True)
class Callback:
    """The call-back of one round; `expiry` marks the one that is due because the limit passed without a reply.

    `not_before` is the earliest instant (UTC) at which the customer may be called (again), or at which the message goes
    out that asks him instead. `moved_from` is when the limit for calling would have passed, where that lay before
    anybody may call; the clock then runs to the end of the first calling hours.
    """

    round: int
    status: CallbackStatus
    planned_at: datetime
    expiry: bool = False
    attempts: tuple[datetime, ...] = ()
    solved: bool | None = None
    satisfaction: Satisfaction | None = None
    not_before: datetime | None = None
    moved_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """Something asked that another person must decide: an extension, a ledgering, a termination."""

    kind: str
    by: str
    unit: str
    at: datetime
    until: datetime | None = None
    text: str = ""


class Ticking(StrEnum):
    """What a clock in the state is doing; a clock that ended is no longer in the state.

    `answered` waits for a verdict on what was handed in: accepted, it is met; sent back, it runs on to the same due
    time.
    """

    RUNNING = "running"
    PAUSED = "paused"
    ANSWERED = "answered"
    BREACHED = "breached"


@quick
@dataclass(frozen=True, slots=True)
class Clock:
    """One limit being watched.

    `key` is unique in the order (`sign/a1`), `kind` names the limit in the policy, `unit` is the unit it is charged
    to, on its `hop`; `rule` names the policy's rule that set it. `next_at` is the instant of the next mark (a warning,
    the breach, a step of the ladder, the dead end), `step` its index in the plan of this kind; no `next_at`, nothing
    more to come. `warned` are the indexes of the warnings given.

    `length` is the whole limit in minutes, of work where `working` is set, else elapsed; `worked` what was used up of
    it before `since`, when it last began to run; `paused` the elapsed minutes for which it stood still. `extended`
    marks a due time that somebody moved by hand: no rule moves it any more. Between `answered_at`, when something was
    handed in, and the verdict nothing is used up; sent back, that time counts. `reached` is the level to which an
    earlier ladder had raised it when its terms changed. Instants are UTC.
    """

    key: str
    kind: str
    unit: str
    started_at: datetime
    due_at: datetime
    first_due_at: datetime
    length: float = 0.0
    working: bool = False
    status: Ticking = Ticking.RUNNING
    step: int = 0
    next_at: datetime | None = None
    paused_at: datetime | None = None
    hop: int = 0
    rule: str = ""
    warned: tuple[int, ...] = ()
    since: datetime | None = None
    worked: float = 0.0
    paused: float = 0.0
    extended: bool = False
    answered_at: datetime | None = None
    reached: int = 0


@dataclass(frozen=True, slots=True)
class Order:
    """One complaint, whole, at one instant; `seq` is that of the last event applied.

    `contacts` counts the customer's own demands: the complaint itself, and each time that he pressed. `closed_at` is
    the instant of the event that ended the round; where time ended it, that at which it was noticed. `against` is the
    unit that is complained about, '' where none is named; `imported` the system and the number there of an order whose
    history was taken in from it, '' for our own.
    """

    id: str
    seq: int
    state: State
    order_class: OrderClass
    category: str
    title: str
    province: str
    channel: str
    customer: Customer
    terms: str
    policy_version: str
    registered_at: datetime
    registered_by: str
    priority: str = "normal"
    area: str = ""
    against: str = ""
    rehearsal: bool = False
    round: int = 1
    hop: int = 0
    reopens: int = 0
    reworks: int = 0
    final_review: bool = False
    returns: int = 0
    urges: int = 0
    contacts: int = 1
    level: int = 0
    colour: Colour = Colour.NONE
    resume: State | None = None
    outcome: Outcome | None = None
    closed_at: datetime | None = None
    over: bool = False
    handlers: tuple[str, ...] = ()
    dispatched_by: str = ""
    audited_by: str = ""
    called_by: str = ""
    extensions: int = 0
    ledgered: bool = False
    infos: int = 0
    notes: int = 0
    attachments: int = 0
    assignments: tuple[Assignment, ...] = ()
    whistles: tuple[Whistle, ...] = ()
    requests: tuple[Request, ...] = ()
    callback: Callback | None = None
    clocks: dict[str, Clock] = field(default_factory=dict)
    imported: str = ""

    @property
    def lead(self) -> Assignment | None:
        """The one assignment that answers for the order in this round, if there is one (invariant 5)."""
        over = (Part.RETURN_UPHELD, Part.WITHDRAWN)
        for part in reversed(self.assignments):
            if part.round == self.round and part.role is UnitRole.LEAD and part.status not in over:
                return part
        return None

    def assignment_id(self, offset: int = 0) -> str:
        """The id of the next assignment, or of the one `offset` after it."""
        return f"a{len(self.assignments) + offset + 1}"

    @property
    def overdue(self) -> bool:
        """True while a duty stands unmet past its limit."""
        return any(clock.status is Ticking.BREACHED for clock in self.clocks.values())
