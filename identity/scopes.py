"""What a service token may be made for: a closed list of scopes, and which operations each opens.

An operation of the API is named by its operation id. It stands in one scope, or among `PUBLIC`, which ask nobody who he
is, or among `IN_PERSON`, which are for people alone: no token logs in, makes tokens or accounts, or stands in for
anybody, and none is made for roles (`HOLDERS`) that alone may ask for the others there. A scope never gives more than
the person has as whom the token acts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from domain.model import Role
from domain.transitions import TABLE

PROGRAMS = (Role.CHANNEL, Role.REGULATOR)
"""As whom a program acts; a token for anybody else would let its maker see what only that one may see."""
MAKERS = (Role.ADMINISTRATOR, Role.HEADQUARTERS)
"""Who makes tokens, for programs and for himself."""
HOLDERS = (*PROGRAMS, *MAKERS)
"""The roles that a token can have."""

ALL_ACTS = "orders:act"
"""Opens every command on orders; `orders:act:<verb>` opens one."""


class Scope(NamedTuple):
    """What a scope is for, in both languages, and the operations that it opens."""

    zh: str
    en: str
    operations: frozenset[str]


def _scope(zh: str, en: str, operations: str) -> Scope:
    return Scope(zh, en, frozenset(operations.split()))


_VERBS = tuple(dict.fromkeys(row.verb for row in TABLE if set(row.roles) & set(HOLDERS)))
_BY_HAND = frozenset(row.verb for row in TABLE) - set(_VERBS)
"""Commands of roles that have no tokens."""

SCOPES: dict[str, Scope] = {
    "orders:read": _scope(
        "查阅工单", "read orders",
        "stream list_orders search_orders get_order get_live get_events get_order_as_of get_deadlines explain_clock "
        "list_followers list_callbacks list_criticisms get_inbox list_files get_file get_wall find_similar "
        "list_earlier list_order_notices",
    ),
    "orders:export": _scope("导出工单", "export orders", "export_csv export_xlsx export_log"),
    "orders:register": _scope("登记工单", "register orders", "register foresee"),
    "orders:import": _scope("导入历史", "import histories", "import_history"),
    "orders:attach": _scope("上传附件", "attach documents", "upload_file"),
    **{f"{ALL_ACTS}:{verb}": _scope(f"办理 {verb}", f"the command {verb}", verb) for verb in _VERBS},
    "notices": _scope("查阅通知", "read notices and mark them as read", "list_notices read_notice"),
    "directory:read": _scope(
        "查阅组织", "read the directory", "list_units get_unit list_people list_absences list_catalogue"
    ),
    "directory:write": _scope("登记缺勤", "put people down as away", "put_absence delete_absence"),
    "policies:read": _scope(
        "查阅政策", "read and try policies",
        "list_policies get_policy get_version get_policy_text check_policy read_policy preview_policy preview "
        "list_templates get_template",
    ),
    "policies:write": _scope("发布政策", "publish policies and migrate orders", "publish_policy migrate put_template"),
    "operations:read": _scope("查看运行", "see how it runs", "clocks"),
    "operations:write": _scope("运行维护", "operate it", "rebuild"),
    "keys": _scope("更换密钥", "change the secret keys", "list_keys rotate_key rewrap_keys drop_key"),
    "accesses:read": _scope("查阅工单访问记录", "read who looked at an order", "list_order_accesses"),
    "rehearsals": _scope("演练", "rehearse", "fast_forward"),
}  # fmt: skip
"""Scope → what it opens. No operation stands twice."""

PUBLIC = frozenset(
    (
        *("livez", "readyz", "doors", "me"),
        *("oidc_login", "oidc_callback", "oidc_logout", "track", "track_code", "track_link"),
    )
)
"""Operations that ask nobody who he is, or tell him just that."""

IN_PERSON = frozenset(
    (
        *("make_token", "list_tokens", "revoke_token", "reveal", "follow", "unfollow", "erase_customer"),
        *("log_in", "log_in_demo", "log_out", "log_out_everywhere", "get_session", "change_password"),
        *("decode_payloads", "encode_payloads"),
        "preview_template",
        "list_scopes",
        *("make_link", "list_accesses", "get_proof", "get_proof_bundle", "get_order_known", "get_order_difference"),
        *("get_board_as_of", "get_board_difference", "get_inbox_as_of", "get_inbox_difference", "get_process"),
        *("list_views", "put_view", "delete_view", "list_replays", "get_verifier"),
        *_BY_HAND,
        *("list_actings", "take_on", "give_up", "reset_account", "unlock_account", "log_out_account"),
        "load_directory",
        *("start_lab_run", "list_lab_runs", "get_lab_run", "list_lab_orders", "get_lab_load", "cancel_lab_run"),
        *("start_shadow", "list_shadows", "get_shadow", "list_shadow_orders", "stop_shadow"),
    )
)
"""Operations for people alone, never for a program."""

_OF = {operation: name for name, scope in SCOPES.items() for operation in scope.operations}


def of_orders(scope: str) -> bool:
    """True for a scope that opens something about orders, which only headquarters may give away."""
    return scope.startswith("orders:")


def known(scope: str) -> bool:
    """True for a scope that a token may be made for."""
    return scope in SCOPES or scope == ALL_ACTS


def scope_of(operation: str) -> str:
    """The scope that opens an operation; '' for one that no token opens."""
    return _OF.get(operation, "")


def opened(scopes: Iterable[str]) -> frozenset[str]:
    """The operations that a token of these scopes may ask for, besides the public ones."""
    held = set(scopes)
    if ALL_ACTS in held:
        held.update(f"{ALL_ACTS}:{verb}" for verb in _VERBS)
    return frozenset(operation for name in held & SCOPES.keys() for operation in SCOPES[name].operations)
