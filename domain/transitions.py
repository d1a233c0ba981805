"""What may happen, when, by whom, and where it leads: the table that everything else obeys.

Theory of operation
-------------------
A row says: in these states this verb may be asked for by these roles, and the order then stands in one of `to`
(an empty `to` leaves the state as it is). A pair (state, verb) without a row is refused, and so is a role that its row
does not name. What a row cannot say the command's own rule narrows further, in `order.py` and its neighbours: caps,
time windows, whose unit it is, which kind of whistle a role may approve, that two duties are not one person's.

Time has its own rows, in `TIME`: what the system does when a limit passes.

`docs/states.md` and the OpenAPI descriptions are generated from this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from domain.errors import NotAllowedNow, RoleForbidden
from domain.model import OPEN, Role, State

AGENT, CHANNEL, REGULATOR, TEAM_LEAD = Role.AGENT, Role.CHANNEL, Role.REGULATOR, Role.TEAM_LEAD
DISPATCHER, CUSTOMER = Role.DISPATCHER, Role.CUSTOMER
REPLY_AUDITOR, CALLBACK_AGENT = Role.REPLY_AUDITOR, Role.CALLBACK_AGENT
PROVINCE, REGION, HQ = Role.PROVINCE_MANAGER, Role.REGIONAL_MANAGER, Role.HEADQUARTERS

UNIT = (Role.UNIT_MEMBER, Role.UNIT_HEAD)
SUPERVISORS = (PROVINCE, REGION, HQ)
FRONTLINE = (AGENT, TEAM_LEAD)
STAFF = (*FRONTLINE, DISPATCHER, *UNIT, REPLY_AUDITOR, CALLBACK_AGENT, *SUPERVISORS)

REGISTERED, PENDING_INFO, TRIAGE = State.REGISTERED, State.PENDING_INFO, State.TRIAGE
DISPATCHED, IN_PROGRESS, LEDGERED = State.DISPATCHED, State.IN_PROGRESS, State.LEDGERED
REPLIED, AWAITING_CALLBACK, CLOSED = State.REPLIED, State.AWAITING_CALLBACK, State.CLOSED
WORKED = (DISPATCHED, IN_PROGRESS, LEDGERED, PENDING_INFO)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `reason` marks a verb that must say why."""

    verb: str
    states: tuple[State, ...]
    roles: tuple[Role, ...]
    to: tuple[State, ...] = ()
    reason: bool = False


TABLE: tuple[Row, ...] = (
    Row("answer_at_once", (REGISTERED,), (AGENT,), (AWAITING_CALLBACK,)),
    Row("decline", (REGISTERED,), (TEAM_LEAD,), (State.NOT_ACCEPTED,), reason=True),
    Row("request_info", (REGISTERED, TRIAGE, DISPATCHED, IN_PROGRESS), (AGENT, *UNIT), (PENDING_INFO,), reason=True),
    Row("supply_info", (PENDING_INFO,), (CUSTOMER, AGENT), (REGISTERED, TRIAGE, DISPATCHED, IN_PROGRESS)),
    Row("triage", (REGISTERED, DISPATCHED), (DISPATCHER,), (TRIAGE,), reason=True),
    Row("dispatch", (REGISTERED, TRIAGE), (DISPATCHER, *SUPERVISORS), (DISPATCHED,)),
    Row("dispatch", (DISPATCHED, IN_PROGRESS), SUPERVISORS, (DISPATCHED,), reason=True),
    Row("sign", (DISPATCHED,), UNIT, (DISPATCHED, IN_PROGRESS)),
    Row("sign", (IN_PROGRESS, LEDGERED, PENDING_INFO, REPLIED), UNIT),
    Row("contact", (*WORKED, REPLIED), UNIT),
    Row("request_return", (DISPATCHED, IN_PROGRESS), UNIT, reason=True),
    Row("decide_return", (DISPATCHED,), (DISPATCHER, *SUPERVISORS), (TRIAGE, DISPATCHED), reason=True),
    Row("decide_return", (IN_PROGRESS,), (DISPATCHER, *SUPERVISORS), (TRIAGE, IN_PROGRESS), reason=True),
    Row("extend", (IN_PROGRESS,), UNIT, reason=True),
    Row("decide_extension", (IN_PROGRESS,), SUPERVISORS, reason=True),
    Row("ledger", (IN_PROGRESS,), UNIT, reason=True),
    Row("decide_ledger", (IN_PROGRESS,), SUPERVISORS, (LEDGERED, IN_PROGRESS), reason=True),
    Row("settle", (LEDGERED,), UNIT, (IN_PROGRESS,)),
    Row("report_progress", WORKED, UNIT),
    Row("submit_part", (*WORKED, REPLIED), UNIT),
    Row("explain_part", (IN_PROGRESS,), UNIT, reason=True),
    Row("reply", (IN_PROGRESS,), UNIT, (REPLIED,)),
    Row("audit_reply", (REPLIED,), (REPLY_AUDITOR,), (AWAITING_CALLBACK, IN_PROGRESS)),
    Row("record_callback", (AWAITING_CALLBACK,), (CALLBACK_AGENT, CHANNEL), (AWAITING_CALLBACK, CLOSED)),
    Row("record_callback", (TRIAGE, *WORKED, REPLIED), (CALLBACK_AGENT, CHANNEL)),
    Row("rate_by_sms", (AWAITING_CALLBACK,), (CUSTOMER, CHANNEL), (AWAITING_CALLBACK, CLOSED)),
    Row("review_callback", (AWAITING_CALLBACK,), SUPERVISORS, (IN_PROGRESS, TRIAGE, CLOSED), reason=True),
    Row("request_termination", (IN_PROGRESS,), UNIT, reason=True),
    Row("terminate", (IN_PROGRESS,), (REPLY_AUDITOR,), (State.TERMINATED, IN_PROGRESS), reason=True),
    Row("withdraw", OPEN, (CUSTOMER,), (State.CANCELLED,), reason=True),
    Row("reopen", (CLOSED,), (CUSTOMER, REGULATOR, *SUPERVISORS), (TRIAGE, IN_PROGRESS), reason=True),
    Row("urge", OPEN, (CUSTOMER, AGENT, CHANNEL)),
    Row("supervise", OPEN, SUPERVISORS, reason=True),
    Row("escalate", OPEN, (TEAM_LEAD, DISPATCHER, *SUPERVISORS), reason=True),
    Row("note", OPEN, STAFF),
    Row("attach", OPEN, (*STAFF, CUSTOMER)),
    Row("relabel", OPEN, (*FRONTLINE, DISPATCHER), reason=True),
    Row("reprioritise", OPEN, (TEAM_LEAD, DISPATCHER, *SUPERVISORS), reason=True),
    Row("retier", OPEN, (TEAM_LEAD, DISPATCHER, *SUPERVISORS), reason=True),
    Row("migrate_policy", OPEN, (HQ,), reason=True),
    Row("request_whistle", OPEN, FRONTLINE, reason=True),
    Row("decide_whistle", OPEN, (TEAM_LEAD, *SUPERVISORS), reason=True),
    Row("review_whistle", (*OPEN, CLOSED), (TEAM_LEAD, *SUPERVISORS), reason=True),
    Row("answer_whistle", OPEN, UNIT),
    Row("contact_whistle", OPEN, UNIT),
    Row("report_in", OPEN, UNIT),
    Row("finish_part", OPEN, UNIT),
    Row("excuse", OPEN, SUPERVISORS, reason=True),
    Row("dispose", OPEN, (*UNIT, *SUPERVISORS)),
    Row("verify_whistle", OPEN, FRONTLINE),
    Row("rate_attendance", (*OPEN, CLOSED), FRONTLINE),
    Row("appeal_rating", (*OPEN, CLOSED), UNIT, reason=True),
    Row("decide_appeal", (*OPEN, CLOSED), SUPERVISORS, reason=True),
)  # fmt: skip

REGISTERS: tuple[Role, ...] = (AGENT, CHANNEL, REGULATOR, CUSTOMER)
"""Who may register; registering has no state before it, so it has no row."""


@dataclass(frozen=True, slots=True)
class TimeRow:
    """What time does: when the limit of `kind` passes in one of `states`, the order then stands in one of `to`."""

    kind: str
    states: tuple[State, ...]
    to: tuple[State, ...] = ()
    does: str = ""


TIME: tuple[TimeRow, ...] = (
    TimeRow("sign", (DISPATCHED,), (DISPATCHED, IN_PROGRESS), "signs for the unit, marked so"),
    TimeRow("sign", (IN_PROGRESS, LEDGERED, REPLIED), (), "signs for the unit, marked so"),
    TimeRow("info", (PENDING_INFO,), (REGISTERED, TRIAGE, DISPATCHED, IN_PROGRESS), "goes on without the answer"),
    TimeRow("due", (DISPATCHED, IN_PROGRESS, LEDGERED), (), "plans a call-back although no reply came"),
    TimeRow("target", (DISPATCHED, IN_PROGRESS, LEDGERED), (), "warns that the unit's own aim was missed"),
    TimeRow("rating", (AWAITING_CALLBACK,), (CLOSED,), "closes as not rated"),
    TimeRow("reopen", (CLOSED,), (), "ends the customer's window"),
    TimeRow("whistle_report_in", OPEN, (), "marks the department absent and climbs the ladder"),
)

MEETS: dict[str, tuple[str, ...]] = {
    "dispatch": ("dispatch",),
    "sign": ("sign",),
    "contact": ("contact",),
    "due": ("reply", "sign", "settle"),
    "co_due": ("submit_part",),
    "progress": ("report_progress", "contact"),
    "return_decision": ("decide_return",),
    "reply_audit": ("audit_reply",),
    "callback": ("record_callback",),
    "callback_review": ("review_callback",),
    "rating": ("rate_by_sms",),
    "info": ("supply_info",),
    "reopen": ("reopen",),
    "target": ("reply", "sign", "settle"),
    "extension_decision": ("decide_extension",),
    "ledger_decision": ("decide_ledger",),
    "termination_decision": ("terminate",),
    "appeal_decision": ("decide_appeal",),
    "whistle_review": ("review_whistle",),
    "whistle_decision": ("decide_whistle",),
    "whistle_sign": ("answer_whistle", "contact_whistle", "report_in"),
    "whistle_contact": ("contact_whistle", "report_in"),
    "whistle_report_in": ("report_in",),
}
"""What meets a clock of each kind, or leads there in the same hands; the statutory clock is met by the order's end."""

BY_STATE: dict[tuple[State, str], Row] = {(state, row.verb): row for row in TABLE for state in row.states}


@cache
def allowed(state: State) -> dict[str, tuple[str, ...]]:
    """For each role that may do anything in this state, its verbs; shared, so not to be changed."""
    found: dict[str, tuple[str, ...]] = {}
    for role in Role:
        may = tuple(row.verb for row in TABLE if state in row.states and role in row.roles)
        if may:
            found[role.value] = may
    return found


def row_for(state: State, verb: str, role: Role) -> Row:
    """The row that admits the role; raises NotAllowedNow or RoleForbidden, each naming what is allowed now."""
    row = BY_STATE.get((state, verb))
    if row is None:
        raise NotAllowedNow(
            f"{verb} is not possible while the order is {state}",
            state=state,
            allowed=allowed(state).get(role.value, ()),
            remedy=_where(verb),
        )
    if role not in row.roles:
        raise RoleForbidden(
            f"{verb} is not for the role {role}",
            field="actor.role",
            state=state,
            allowed=allowed(state).get(role.value, ()),
            remedy="ask one of: " + ", ".join(row.roles),
        )
    return row


def _where(verb: str) -> str:
    states = tuple(state for row in TABLE if row.verb == verb for state in row.states)
    return "it is possible while the order is: " + ", ".join(states) if states else "there is no such command"
