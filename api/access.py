"""The first wall: one table of every operation and the roles that may ask for it, checked before a route begins.

Which orders somebody then sees is another matter, that of his place (`identity.people`, `store.sights`); what of them,
of `domain.sight`; and how much of personal data, of `vault.veil`. Commands on orders have their row in the rules' own
table (`domain.transitions`), from which theirs here are made. A route without a row cannot be reached.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fastapi import Request

from api.deps import asker
from api.errors import Problem
from api.record import operation
from domain.history import IMPORTERS
from domain.model import Role
from domain.transitions import REGISTERS, SUPERVISORS, TABLE, UNIT
from identity.people import Identified

AUDITOR, ADMINISTRATOR, CUSTOMER = Role.AUDITOR, Role.ADMINISTRATOR, Role.CUSTOMER
FRONT = (Role.AGENT, Role.TEAM_LEAD)
DESKS = (*FRONT, Role.DISPATCHER, Role.REPLY_AUDITOR, Role.CALLBACK_AGENT)
MACHINES = (Role.CHANNEL, Role.REGULATOR)
READERS = (*DESKS, *UNIT, *SUPERVISORS, AUDITOR, *MACHINES)
"""Staff who see orders, each from his place."""
STAFF = (*READERS, ADMINISTRATOR)
ANYBODY = (*STAFF, CUSTOMER)
PEOPLE = tuple(role for role in STAFF if role not in MACHINES)
OPERATORS = (ADMINISTRATOR, AUDITOR, Role.HEADQUARTERS)


@dataclass(frozen=True, slots=True)
class Grant:
    """Who may ask for an operation; `public` for everybody, logged in or not.

    With `itself` the route finds out itself who asks, for its answer is about him.
    """

    roles: tuple[Role, ...]
    public: bool = False
    itself: bool = False


def _to(*roles: Role) -> Grant:
    return Grant(roles)


BY_PHONE = ("withdraw", "rate_by_sms", "reopen")
"""What takes a customer who has shown that the number is his: a link may be passed on, and is made by the desk."""

PUBLIC = Grant((*ANYBODY,), public=True)
ONESELF = Grant((*ANYBODY,), public=True, itself=True)

GRANTS: dict[str, Grant] = {
    # orders
    "register": _to(*REGISTERS),
    "list_orders": _to(*READERS, CUSTOMER),
    "search_orders": _to(*DESKS, *SUPERVISORS, AUDITOR),
    "import_history": _to(*IMPORTERS),
    "foresee": _to(*(role for role in REGISTERS if role is not CUSTOMER)),
    "find_similar": _to(*DESKS, *SUPERVISORS, AUDITOR),
    "get_order": _to(*READERS, CUSTOMER),
    "get_live": _to(*READERS),
    "stream": _to(*READERS, CUSTOMER),
    "get_events": _to(*READERS, CUSTOMER),
    "get_order_as_of": _to(*DESKS, *SUPERVISORS, AUDITOR),
    "get_proof": _to(AUDITOR),
    "get_proof_bundle": _to(AUDITOR),
    "get_verifier": _to(AUDITOR),
    "get_order_known": _to(AUDITOR, Role.HEADQUARTERS),
    "get_order_difference": _to(*DESKS, *SUPERVISORS, AUDITOR),
    "get_board_as_of": _to(AUDITOR, Role.HEADQUARTERS),
    "get_board_difference": _to(AUDITOR, Role.HEADQUARTERS),
    "get_inbox_as_of": _to(AUDITOR, Role.HEADQUARTERS),
    "get_inbox_difference": _to(AUDITOR, Role.HEADQUARTERS),
    "get_process": _to(AUDITOR, Role.HEADQUARTERS),
    "list_replays": _to(AUDITOR, Role.HEADQUARTERS),
    "export_log": _to(Role.HEADQUARTERS, AUDITOR),
    **dict.fromkeys(
        (
            "start_lab_run", "list_lab_runs", "get_lab_run", "list_lab_orders", "get_lab_load", "cancel_lab_run",
            "start_shadow", "list_shadows", "get_shadow", "list_shadow_orders", "stop_shadow",
        ),
        _to(Role.HEADQUARTERS, AUDITOR),
    ),
    "get_deadlines": _to(*READERS, CUSTOMER),
    "explain_clock": _to(*READERS),
    "reveal": _to(*DESKS, *UNIT, *SUPERVISORS, AUDITOR),
    "list_earlier": _to(*DESKS, *UNIT, *SUPERVISORS, AUDITOR),
    "follow": _to(*DESKS, *UNIT, *SUPERVISORS),
    "unfollow": _to(*DESKS, *UNIT, *SUPERVISORS),
    "list_followers": _to(*DESKS, *SUPERVISORS, AUDITOR),
    "upload_file": _to(*DESKS, *UNIT, *SUPERVISORS, CUSTOMER),
    "list_files": _to(*DESKS, *UNIT, *SUPERVISORS, AUDITOR, CUSTOMER),
    "get_file": _to(*DESKS, *UNIT, *SUPERVISORS, AUDITOR, CUSTOMER),
    "export_csv": _to(*DESKS, *UNIT, *SUPERVISORS, AUDITOR),
    "export_xlsx": _to(*DESKS, *UNIT, *SUPERVISORS, AUDITOR),
    "list_callbacks": _to(*DESKS, *SUPERVISORS, AUDITOR),
    "list_criticisms": _to(*DESKS, *UNIT, *SUPERVISORS, AUDITOR),
    "get_wall": _to(Role.TEAM_LEAD, *SUPERVISORS, AUDITOR),
    # who looked
    "list_accesses": _to(AUDITOR),
    "list_order_accesses": _to(AUDITOR, *SUPERVISORS),
    # one's own views of lists
    "list_views": _to(*PEOPLE),
    "put_view": _to(*PEOPLE),
    "delete_view": _to(*PEOPLE),
    # the directory
    "me": ONESELF,
    "list_units": _to(*ANYBODY),
    "get_unit": _to(*ANYBODY),
    "get_inbox": _to(*DESKS, *UNIT, *SUPERVISORS, AUDITOR),
    "list_people": _to(*PEOPLE),
    "put_absence": _to(*PEOPLE),
    "delete_absence": _to(*PEOPLE),
    "list_absences": _to(*PEOPLE),
    "list_catalogue": _to(*ANYBODY),
    "load_directory": _to(ADMINISTRATOR),
    # policies
    "get_policy": _to(*ANYBODY),
    "list_policies": _to(*STAFF),
    "get_version": _to(*STAFF),
    "check_policy": _to(*PEOPLE),
    "preview_policy": _to(*PEOPLE),
    "publish_policy": _to(ADMINISTRATOR, Role.HEADQUARTERS),
    "get_policy_text": _to(*STAFF),
    "read_policy": _to(*PEOPLE),
    "preview": _to(Role.HEADQUARTERS),
    "migrate": _to(Role.HEADQUARTERS),
    # notices
    "list_notices": _to(*ANYBODY),
    "read_notice": _to(*ANYBODY),
    "list_order_notices": _to(*DESKS, *SUPERVISORS, AUDITOR),
    "list_templates": _to(*OPERATORS),
    "get_template": _to(*OPERATORS),
    "preview_template": _to(ADMINISTRATOR, Role.HEADQUARTERS),
    "put_template": _to(ADMINISTRATOR, Role.HEADQUARTERS),
    # ways in
    "oidc_login": PUBLIC,
    "oidc_callback": PUBLIC,
    "oidc_logout": PUBLIC,
    "track": PUBLIC,
    "track_code": PUBLIC,
    "track_link": PUBLIC,
    "make_link": _to(*FRONT, Role.CALLBACK_AGENT),
    "make_token": _to(ADMINISTRATOR, Role.HEADQUARTERS),
    "list_tokens": _to(*OPERATORS),
    "list_scopes": _to(*OPERATORS),
    "revoke_token": _to(ADMINISTRATOR, Role.HEADQUARTERS),
    # operations
    "livez": PUBLIC,
    "readyz": PUBLIC,
    "rebuild": _to(ADMINISTRATOR),
    "clocks": _to(*OPERATORS),
    "erase_customer": _to(ADMINISTRATOR),
    "fast_forward": _to(*STAFF),
    # secret keys, and what is encrypted with them
    "decode_payloads": _to(ADMINISTRATOR, AUDITOR),
    "encode_payloads": _to(ADMINISTRATOR, AUDITOR),
    "list_keys": _to(ADMINISTRATOR, AUDITOR),
    "rotate_key": _to(ADMINISTRATOR),
    "rewrap_keys": _to(ADMINISTRATOR),
    "drop_key": _to(ADMINISTRATOR),
    # one's own log-in: these ask for the session themselves
    "doors": PUBLIC,
    "log_in": PUBLIC,
    "log_in_demo": PUBLIC,
    "log_out": ONESELF,
    "log_out_everywhere": ONESELF,
    "get_session": ONESELF,
    "change_password": ONESELF,
    # acting for a colleague, and the accounts of others
    "list_actings": _to(*PEOPLE),
    "take_on": _to(*PEOPLE),
    "give_up": _to(*PEOPLE),
    "reset_account": _to(ADMINISTRATOR),
    "unlock_account": _to(ADMINISTRATOR),
    "log_out_account": _to(ADMINISTRATOR),
    # commands
    **{verb: _to(*dict.fromkeys(r for row in TABLE if row.verb == verb for r in row.roles)) for verb in (
        dict.fromkeys(row.verb for row in TABLE)
    )},
}  # fmt: skip
"""Every operation, by its id."""


async def admitted(request: Request) -> None:
    """Return if the asker's role may ask for the route's operation; raises Problem."""
    asked = operation(request)
    grant = GRANTS.get(asked)
    if grant is not None and grant.public:
        return
    who = await asker(request)
    if grant is None or who.role not in grant.roles:
        raise not_yours(grant.roles if grant else ())
    demand_scope(who, asked)


def demand_command(who: Identified, verb: str) -> None:
    """Return if a role may ever ask for a command, in whatever state; raises Problem, whether or not it sees the order.

    The code is the rules' own, which refuse a role that may ask for it in other states alone.
    """
    roles = GRANTS[verb].roles
    if who.role not in roles:
        detail, remedy = f"{verb} is not for the role {who.role}", "ask one of: " + ", ".join(roles)
        raise Problem("role_forbidden", detail, field="actor.role", remedy=remedy)
    if who.order_id and verb in BY_PHONE:
        detail, remedy = f"With a link alone nobody may {verb}.", "Show that the number is yours: POST /v1/track."
        raise Problem("forbidden", detail, remedy=remedy)
    demand_scope(who, verb)


def demand_scope(who: Identified, asked: str) -> None:
    """Return if the asker is a person, or a program whose token was made for this; raises Problem."""
    if who.scopes is not None and asked not in who.opened:
        raise no_scope()


def no_scope() -> Problem:
    """The problem of a service token that was not made for this."""
    return Problem(
        "forbidden",
        "The token's scopes do not name this.",
        field="Authorization",
        remedy="Ask headquarters or an administrator for a token with another scope.",
    )


def not_yours(roles: Iterable[Role]) -> Problem:
    """The problem of a role that may not ask for something; names those that may."""
    return Problem(
        "forbidden",
        "This is not for your role.",
        field="actor.role",
        remedy="Ask one of: " + ", ".join(roles) + "." if roles else "Nobody may ask for this.",
    )
