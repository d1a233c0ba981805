"""The kinds of limit that a policy may set: what each counts from, whose it is, and whether a clock runs on it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of limit.

    Attributes:
        clock: True when a clock runs and something follows its breach; else it only bounds what may be asked.
        unit: True when it counts by the calendar of the unit that owes it, and a unit may have its own.
        zh: what it counts from, in Chinese.
        en: the same in English.
        ladder: True when a breach needs a ladder, or nobody would be told.
    """

    clock: bool
    unit: bool
    zh: str
    en: str
    ladder: bool = True


NEEDED = ("dispatch", "reply_audit", "callback", "callback_review", "info", "reopen")
"""Without any of these an open order would sleep, and nobody be told; the statutory one is needed beside them."""

KINDS: dict[str, Kind] = {
    "register": Kind(False, False, "自诉求到达起", "from the complaint's arrival"),
    "dispatch": Kind(True, False, "自登记起, 未派单时", "from registration, while no unit has it"),
    "sign": Kind(True, True, "自派单起", "from dispatch"),
    "contact": Kind(True, True, "自派单起", "from dispatch"),
    "target": Kind(True, True, "自派单起", "from dispatch", ladder=False),
    "due": Kind(True, True, "自派单起", "from dispatch"),
    "co_due": Kind(True, True, "自派单起", "from dispatch"),
    "statutory": Kind(True, False, "自登记起", "from registration"),
    "progress": Kind(
        True, True, "自派单起, 以后自上次告知起", "from dispatch, then from the last word to the customer"
    ),
    "extension": Kind(False, True, "自办结时限起", "from the due time that it moves"),
    "return_window": Kind(False, True, "自派单起", "from dispatch"),
    "return_decision": Kind(True, False, "自退单申请起", "from the return request"),
    "reply_audit": Kind(True, False, "自回单起", "from the reply"),
    "info": Kind(True, False, "自要求补充信息起", "from the question to the customer", ladder=False),
    "callback": Kind(True, False, "自回单审核通过起", "from the accepted reply"),
    "callback_review": Kind(True, False, "自回访结果不满意起", "from a call-back that is unsolved or dissatisfied"),
    "reopen": Kind(True, False, "自办结起", "from closing", ladder=False),
    "ledger": Kind(False, True, "自挂账申请起", "from the proposal to ledger it"),
    "extension_decision": Kind(True, False, "自延期申请起", "from the request for an extension"),
    "ledger_decision": Kind(True, False, "自挂账申请起", "from the proposal to ledger it"),
    "termination_decision": Kind(True, False, "自终止申请起", "from the request to terminate it"),
    "whistle_decision": Kind(True, False, "自申请吹哨起", "from the request to blow a whistle"),
    "whistle_sign": Kind(True, True, "自吹哨起", "from the whistle's blowing"),
    "whistle_contact": Kind(True, True, "自吹哨起", "from the whistle's blowing"),
    "whistle_report_in": Kind(True, True, "自吹哨起", "from the whistle's blowing"),
    "whistle_review": Kind(True, False, "自应急哨吹响起", "from the blowing of an emergency whistle"),
    "appeal_decision": Kind(True, False, "自提出申诉起", "from the appeal"),
}
"""In the order in which an order meets them."""
