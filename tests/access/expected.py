"""What every operation answers to every role, about an object of its own, somebody else's, and nobody's.

Who may ask is the product's own table (`api.access.GRANTS`); where somebody stands is `identity.people`. What is said
here is what an operation is about (`ABOUT`) and how such objects are bounded (`ANSWERS`). The cells follow from the
three; `docs/access.md` shows them, and `test_matrix` asks the running system for each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from api.access import GRANTS
from api.app import create_app
from domain.commands import COMMANDS
from domain.model import Role
from identity.people import Identified
from runtime.settings import load
from store import demo


class Said(StrEnum):
    """What an answer comes to, by its letter in the table."""

    YES = "✓"
    EMPTY = "∅"
    REFUSED = "⊘"
    MISSING = "✗"
    UNKNOWN = "–"


YES, EMPTY, REFUSED, MISSING, UNKNOWN = Said

LEGEND: dict[Said, str] = {
    YES: "answered; a command may still be refused by the rules for the state that the order is in",
    EMPTY: "answered, but nothing of it is shown and nothing is changed",
    REFUSED: "403: not for this role, or not of this object",
    MISSING: "404: not there for him",
    UNKNOWN: "401: log in first",
}

Cell = tuple[Said, ...]
"""One answer, or where an operation is about one object three: of one's own, of another's, of nobody's."""


@dataclass(frozen=True)
class Column:
    """One kind of asker, and the one of the demo organisation who stands for it; '' for those without a person."""

    name: str
    head: str
    role: Role | None
    person: str = ""


COLUMNS: tuple[Column, ...] = (
    Column("agent", "AG", Role.AGENT, "gd-agent-1"),
    Column("team_lead", "TL", Role.TEAM_LEAD, "gd-teamlead-1"),
    Column("dispatcher", "DI", Role.DISPATCHER, "gd-dispatcher-1"),
    Column("reply_auditor", "RA", Role.REPLY_AUDITOR, "gd-replyauditor-1"),
    Column("callback_agent", "CB", Role.CALLBACK_AGENT, "gd-caller-1"),
    Column("unit_member", "UM", Role.UNIT_MEMBER, "gd-net-1"),
    Column("unit_head", "UH", Role.UNIT_HEAD, "gd-net-head"),
    Column("province_manager", "PM", Role.PROVINCE_MANAGER, "gd-manager"),
    Column("regional_manager", "RM", Role.REGIONAL_MANAGER, "south-manager"),
    Column("headquarters", "HQ", Role.HEADQUARTERS, "hq-supervisor-1"),
    Column("auditor", "AU", Role.AUDITOR, "hq-auditor-1"),
    Column("administrator", "AD", Role.ADMINISTRATOR, "hq-admin"),
    Column("channel", "CH", Role.CHANNEL, "web-channel"),
    Column("regulator", "RE", Role.REGULATOR, "regulator"),
    Column("customer", "CU", Role.CUSTOMER),
    Column("customer by link", "LI", Role.CUSTOMER),
    Column("token without the scope", "TO", Role.CHANNEL, "web-channel"),
    Column("nobody", "NO", None),
)
BY_NAME = {column.name: column for column in COLUMNS}
LINK, TOKEN, NOBODY = COLUMNS[-3:]
MACHINES = (Role.CHANNEL, Role.REGULATOR)


class About(StrEnum):
    """What an operation is about."""

    NOTHING = "nothing in particular"
    ORDER = "an order"
    REHEARSAL = "a rehearsal"
    CLOCK = "a limit of an order"
    FILE = "a document of an order"
    INBOX = "a unit's inbox"
    UNIT = "a unit"
    ABSENCE = "a person's absence"
    SAID = "what was said of a person's absences"
    TAKEN = "an absent colleague"
    ACTING = "one's acting for a colleague"
    VIEW = "one's own view of a list"
    NOTICE = "a notice"
    POLICY = "a policy's version"
    TEMPLATE = "a notice's wording"
    KEY = "a secret key"
    TOKEN = "a service token"
    ACCOUNT = "a person's account"
    VAULT = "a customer's data"
    TRACKED = "a number with its phone"
    CODE = "a code that was sent"
    LINK = "a customer's link"
    SESSION = "one's own log-in"
    PASSWORD = "one's own password"
    SELF = "oneself"
    LAB_RUN = "a run of the lab"
    SHADOW = "a policy in the shadow"
    ENGINE = "what the engine keeps"
    PROVIDER = "the log-in provider, of which this installation has none"


ANSWERS: dict[About, Cell] = {
    About.NOTHING: (YES,),
    About.ORDER: (YES, MISSING, MISSING),
    About.REHEARSAL: (YES, MISSING, MISSING),
    About.CLOCK: (YES, MISSING, MISSING),
    About.FILE: (YES, MISSING, MISSING),
    About.INBOX: (YES, MISSING, MISSING),
    About.UNIT: (YES, YES, MISSING),
    About.ABSENCE: (YES, REFUSED, MISSING),
    About.SAID: (YES, YES, EMPTY),
    About.TAKEN: (YES, REFUSED, REFUSED),
    About.ACTING: (YES, EMPTY, EMPTY),
    About.VIEW: (YES,),
    About.NOTICE: (YES, EMPTY, EMPTY),
    About.POLICY: (YES, MISSING),
    About.TEMPLATE: (YES, MISSING),
    About.KEY: (YES, MISSING),
    About.TOKEN: (YES, MISSING),
    About.ACCOUNT: (YES, MISSING),
    About.VAULT: (YES, EMPTY),
    About.TRACKED: (YES, YES, YES),
    About.CODE: (YES, REFUSED, REFUSED),
    About.LINK: (YES, REFUSED, REFUSED),
    About.SESSION: (YES,),
    About.PASSWORD: (YES,),
    About.SELF: (YES,),
    About.LAB_RUN: (YES, MISSING),
    About.SHADOW: (YES, MISSING),
    About.ENGINE: (REFUSED,),
    About.PROVIDER: (MISSING,),
}
"""What whoever may ask is answered. Two answers where the object belongs to all: one that is there, one that is not."""

BY_PLACE = (About.ORDER, About.REHEARSAL, About.CLOCK, About.FILE, About.INBOX)
"""What is bounded by one's place: who stands at headquarters has no foreign ones, who has no place has none at all."""

SECRET = (*BY_PLACE, About.NOTICE, About.ACTING, About.TRACKED, About.CODE, About.LINK)
"""Of these nobody may learn whether another's is there: both answers are the same to the byte but for the id."""

ANYBODYS = (Role.HEADQUARTERS, Role.ADMINISTRATOR)
"""Who may say of anybody that he is away."""

BEYOND_A_LINK = ("register", "rate_by_sms", "withdraw", "reopen")
"""What a customer does who has proved that he is it: a link may have been passed on, and opens one order alone."""

ABOUT: dict[str, About] = {
    **dict.fromkeys((verb for verb in COMMANDS if verb != "register"), About.ORDER),
    **dict.fromkeys(
        (
            "get_order_known", "get_order_difference",
            "get_order", "get_order_as_of", "get_proof", "get_proof_bundle", "get_live",
            "get_events", "get_deadlines", "reveal", "follow",
            "unfollow", "list_followers", "list_earlier", "list_order_notices",
            "list_order_accesses", "make_link", "upload_file", "list_files",
        ),
        About.ORDER,
    ),
    **dict.fromkeys(
        (
            "register", "foresee", "list_orders", "search_orders", "find_similar", "list_views", "list_callbacks",
            "get_board_as_of", "get_board_difference", "get_process", "list_replays",
            "list_criticisms", "get_wall", "list_accesses", "list_units",
            "list_people", "list_catalogue", "get_policy", "list_policies", "check_policy",
            "preview_policy", "read_policy", "list_templates", "preview_template", "publish_policy",
            "list_notices", "make_token", "list_tokens", "list_scopes", "livez", "readyz", "get_verifier",
            "rebuild", "clocks", "decode_payloads", "list_keys", "rotate_key", "rewrap_keys",
            "doors", "stream", "log_in", "log_in_demo", "list_actings", "export_csv", "export_xlsx", "load_directory",
            "start_lab_run", "list_lab_runs", "start_shadow", "list_shadows",
            "export_log", "import_history",
        ),
        About.NOTHING,
    ),
    "encode_payloads": About.ENGINE,
    **dict.fromkeys(("get_lab_run", "list_lab_orders", "get_lab_load", "cancel_lab_run"), About.LAB_RUN),
    **dict.fromkeys(("get_shadow", "list_shadow_orders", "stop_shadow"), About.SHADOW),
    "explain_clock": About.CLOCK,
    "get_file": About.FILE,
    "fast_forward": About.REHEARSAL,
    "get_unit": About.UNIT,
    "get_inbox_as_of": About.UNIT,
    "get_inbox_difference": About.UNIT,
    "get_inbox": About.INBOX,
    "put_absence": About.ABSENCE,
    "delete_absence": About.ABSENCE,
    "list_absences": About.SAID,
    "take_on": About.TAKEN,
    "give_up": About.ACTING,
    "put_view": About.VIEW,
    "delete_view": About.VIEW,
    "read_notice": About.NOTICE,
    "get_version": About.POLICY,
    "get_policy_text": About.POLICY,
    "get_template": About.TEMPLATE,
    "put_template": About.TEMPLATE,
    "preview": About.POLICY,
    "migrate": About.POLICY,
    "drop_key": About.KEY,
    "revoke_token": About.TOKEN,
    "reset_account": About.ACCOUNT,
    "unlock_account": About.ACCOUNT,
    "log_out_account": About.ACCOUNT,
    "erase_customer": About.VAULT,
    "track": About.TRACKED,
    "track_code": About.CODE,
    "track_link": About.LINK,
    "me": About.SELF,
    "get_session": About.SESSION,
    "log_out": About.SESSION,
    "log_out_everywhere": About.SESSION,
    "change_password": About.PASSWORD,
    "oidc_login": About.PROVIDER,
    "oidc_callback": About.PROVIDER,
    "oidc_logout": About.PROVIDER,
}  # fmt: skip
"""Every operation, and what it is about."""


@cache
def _people() -> Mapping[str, Identified]:
    fields = ("id", "name_zh", "name_en", "unit", "province")
    return {
        row["id"]: Identified(role=Role(row["role"]), **{name: row[name] for name in fields})
        for row in demo.people_rows(demo.document("organisation"))
    }


def person(column: Column) -> Identified:
    """The one who stands for a column; raises KeyError for one without a person."""
    return _people()[column.person]


def place(column: Column) -> str:
    """From where a column sees orders: a unit, `*` for all, '' for none; a customer sees his own."""
    return "own" if column.role is Role.CUSTOMER else person(column).place


def cell(operation: str, column: Column) -> Cell:
    """What a column is answered by an operation."""
    grant, about = GRANTS[operation], ABOUT[operation]
    answers = ANSWERS[about]
    if about in (About.SESSION, About.PASSWORD, About.SELF):
        return (_of_oneself(about, column),)
    if grant.public:
        return answers
    if column is NOBODY:
        return (UNKNOWN,) * len(answers)
    if column is TOKEN or column.role not in grant.roles:
        return (REFUSED,) * len(answers)
    if column is LINK and operation in BEYOND_A_LINK:
        return (REFUSED,) * len(answers)
    if about in BY_PLACE:
        return {"*": (YES, YES, MISSING), "": (MISSING,) * 3}.get(place(column), answers)
    if about is About.ABSENCE and column.role in ANYBODYS:
        return (YES, YES, MISSING)
    return answers


def _of_oneself(about: About, column: Column) -> Said:
    """These ask who it is themselves: for a browser's log-in, which programs have not, or for anybody known."""
    if column is NOBODY:
        return UNKNOWN
    if about is About.SELF:
        return YES
    if column is TOKEN or column.role in MACHINES:
        return UNKNOWN
    return REFUSED if about is About.PASSWORD and column.role is Role.CUSTOMER else YES


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document, of the development profile."""
    return create_app(load(app_database_url="postgresql://nobody@127.0.0.1:1/none")).openapi()


@dataclass(frozen=True)
class Operation:
    """An operation as the OpenAPI document has it."""

    id: str
    method: str
    path: str
    about: About
    declared: Mapping[str, Any]


@cache
def operations() -> tuple[Operation, ...]:
    """Every operation of the document that has an expectation, in the document's order."""
    return tuple(
        Operation(item["operationId"], method.upper(), path, ABOUT[item["operationId"]], item)
        for path, methods in document()["paths"].items()
        for method, item in methods.items()
        if item["operationId"] in ABOUT and item["operationId"] in GRANTS
    )
