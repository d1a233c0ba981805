"""A notice in words: the templates of both languages, and the names of the codes that occur in them."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.texts_customer import TO_CUSTOMERS
from domain.texts_staff import TO_STAFF

Param = str | datetime
"""What fills a template: a text, or an instant that is written in the reader's zone."""

TEMPLATES: dict[str, tuple[str, str, str, str]] = {**TO_CUSTOMERS, **TO_STAFF}


def _fields(texts: tuple[str, ...]) -> tuple[str, ...]:
    names = (name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name)
    return tuple(dict.fromkeys(names))


FIELDS: dict[str, tuple[str, ...]] = {template: _fields(texts) for template, texts in TEMPLATES.items()}
"""The parameters of each template, in the order in which they first occur."""

COMMON = ("order", "title")
"""Fields that every wording may name, whatever the shipped one does."""

OFFERED: dict[str, tuple[str, ...]] = {
    template: tuple(dict.fromkeys((*fields, *COMMON))) for template, fields in FIELDS.items()
}
"""The fields that a wording of each template may name: what the event behind it can fill."""

NAMED: dict[str, str] = {
    "unit": "unit",
    "units": "unit",
    "lead": "unit",
    "actor_unit": "unit",
    "suggested_unit": "unit",
    "substitute": "unit",
    "matter": "matter",
    "category": "category",
}
"""Parameters whose values the directory and the policy name, with the group under which `render` looks them up."""

LABELS: dict[str, dict[str, tuple[str, str]]] = {
    "outcome": {
        "resolved_satisfied": ("已解决，客户满意", "resolved, customer satisfied"),
        "resolved_dissatisfied": ("已解决，客户不满意（已说明）", "resolved, customer dissatisfied (explained)"),
        "unresolved": ("未解决（已说明）", "unresolved (explained)"),
        "not_rated": ("未评价", "not rated"),
        "terminated": ("终止办理", "ended without a result"),
        "withdrawn": ("客户撤诉", "withdrawn"),
        "declined": ("不予受理", "not accepted"),
        "merged": ("并单", "merged"),
    },
    "colour": {"blue": ("蓝色", "blue"), "yellow": ("黄色", "yellow"), "red": ("红色", "red")},
    "level": {
        "0": ("未升级", "no level"),
        "1": ("1 级（责任岗位）", "level 1 (whoever owes it)"),
        "2": ("2 级（负责人）", "level 2 (its head)"),
        "3": ("3 级（省级服务经理）", "level 3 (province manager)"),
        "4": ("4 级（区域中心）", "level 4 (regional centre)"),
        "5": ("5 级（总部）", "level 5 (headquarters)"),
    },
    "kind": {
        "routine": ("工作推进哨", "routine"),
        "emergency": ("应急哨", "emergency"),
        "hard": ("攻坚哨", "hard"),
    },
    "priority": {
        "low": ("低", "low"),
        "normal": ("普通", "normal"),
        "high": ("高", "high"),
        "critical": ("特急", "critical"),
    },
    "clock": {
        "dispatch": ("派单", "Dispatch"),
        "sign": ("签收", "Signing"),
        "contact": ("首次联系", "First contact"),
        "due": ("办结", "The result"),
        "co_due": ("协办", "The supporting part"),
        "statutory": ("法定答复", "The statutory answer"),
        "progress": ("进展告知", "Progress to the customer"),
        "return_decision": ("退单裁定", "The return's decision"),
        "reply_audit": ("回单审核", "The reply's audit"),
        "info": ("补充信息", "The customer's information"),
        "callback": ("回访", "The call-back"),
        "callback_review": ("回访复核", "The call-back's review"),
        "whistle_decision": ("吹哨审批", "The whistle's approval"),
        "whistle_sign": ("应哨", "Answering the whistle"),
        "whistle_contact": ("哨后联系", "Contact after the whistle"),
        "whistle_report_in": ("部门报到", "Reporting in"),
        "target": ("目标时限", "The unit's own aim"),
        "extension_decision": ("延期审批", "The extension's decision"),
        "ledger_decision": ("挂账审批", "The deferral's decision"),
        "termination_decision": ("终止审批", "The termination's decision"),
        "whistle_review": ("应急哨复核", "The emergency whistle's review"),
        "appeal_decision": ("评哨申诉裁定", "The appeal's decision"),
        "rating": ("短信评价", "The rating by message"),
        "reopen": ("重启窗口", "The window for reopening"),
    },
}
LABELS["whistle_kind"] = LABELS["kind"]
LABELS["was"] = LABELS["priority"]

_POSTS: dict[str, tuple[str, str]] = {
    "agent": ("热线坐席", "the hotline agents"),
    "team_lead": ("班组长", "the team lead"),
    "dispatcher": ("派单员", "the dispatcher"),
    "reply_auditor": ("回单审核员", "the reply auditor"),
    "callback_agent": ("回访员", "the call-back agent"),
    "province_manager": ("省级服务经理", "the province manager"),
    "regional_manager": ("区域经理", "the regional manager"),
    "headquarters": ("服务监督", "the supervisors"),
    "administrator": ("系统管理员", "the administrators"),
}
"""What whoever holds a post is called; the place is added."""

_NOTHING = "–"
_BREAKS = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Words:
    """A notice in both languages."""

    title_zh: str
    title_en: str
    body_zh: str
    body_en: str


def render(
    template: str,
    params: Mapping[str, Param],
    names: Mapping[str, tuple[str, str]],
    zone: str = "UTC",
    texts: tuple[str, str, str, str] | None = None,
) -> Words:
    """The notice in words, its times in `zone`, the reader's own (IANA), with the offset beside.

    `names` gives (zh, en) for `unit:<id>`, `matter:<code>` and `category:<code>`; a code without a name stands for
    itself, an empty value reads '–'. `texts` are another wording of the template, without a flaw (`domain.wordings`).
    A title is one line, whatever fills it. Raises KeyError for an unknown template or a missing parameter.
    """
    given = {name: written(value, zone) if isinstance(value, datetime) else value for name, value in params.items()}
    zh = {name: _named(name, value, 0, names) for name, value in given.items()}
    en = {name: _named(name, value, 1, names) for name, value in given.items()}
    texts = texts or TEMPLATES[template]
    return Words(
        one_line(texts[0].format_map(zh)),
        one_line(texts[1].format_map(en)),
        texts[2].format_map(zh).strip(),
        texts[3].format_map(en).strip(),
    )


def one_line(text: str) -> str:
    """The text with spaces in the place of the ends of its lines, and of whatever else nobody sees."""
    return _BREAKS.sub(" ", text).strip()


def written(at: datetime, zone: str) -> str:
    """An instant on the clocks of a zone, to the minute, with its offset; in UTC for a zone that nobody knows."""
    local = at.astimezone(_zone(zone))
    offset = local.strftime("%z")
    return f"{local:%Y-%m-%d %H:%M} (UTC{offset[:3]}:{offset[3:5]})"


def _zone(name: str) -> tzinfo:
    """The zone, or UTC for a name that nobody knows: a notice must never stop what it tells of."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def called(audience: str, names: Mapping[str, tuple[str, str]]) -> tuple[str, str]:
    """What an audience is called in both languages; `names` as in `render`, people under `person:<id>`."""
    kind, _, name = audience.partition(":")
    if kind == "role":
        role, _, place = name.partition("@")
        zh, en = names.get(f"unit:{place}", (place, place))
        post = _POSTS.get(role, (role, role))
        return f"{zh}{post[0]}", f"{post[1]} of {en}"
    zh, en = names.get(f"unit:{name}" if kind == "head" else audience, (name, name))
    return (f"{zh}负责人", f"the head of {en}") if kind == "head" else (zh, en)


def in_place_of(words: Words, whom: tuple[str, str]) -> Words:
    """The notice for whoever stands in, saying for whom (zh, en) it is."""
    return Words(
        f"【代收】{words.title_zh}",
        f"{words.title_en} (for somebody else)",
        f"（代{whom[0]}接收）{words.body_zh}",
        f"(Received for {whom[1]}.) {words.body_en}",
    )


def _named(name: str, value: str, language: int, names: Mapping[str, tuple[str, str]]) -> str:
    if not value:
        return "" if name == "explanation" else _NOTHING
    if name in LABELS:
        return LABELS[name].get(value, (value, value))[language]
    if name in NAMED:
        shown = (names.get(f"{NAMED[name]}:{code}", (code, code))[language] for code in value.split(", "))
        return ("、" if language == 0 else ", ").join(shown)
    return value
