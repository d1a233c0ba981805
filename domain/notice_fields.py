"""What the fields of the notices mean, in both languages, and a value of each to try a wording with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from domain.notice_texts import OFFERED, Param

MEANINGS: dict[str, tuple[str, str]] = {
    "order": ("工单编号", "the order's number"),
    "title": ("工单标题", "the order's title"),
    "statutory_due": ("法定答复期限", "when the statutory answer is due"),
    "answer": ("当场答复的内容", "what was answered at once"),
    "reason": ("办理人写明的理由", "the reason that was given"),
    "other_route": ("可以反映的其他途径", "the other way that is open"),
    "question": ("需要客户补充的内容", "what the customer is asked for"),
    "lead": ("主办单位", "the unit that leads"),
    "due": ("办结时限", "when the result is due"),
    "was_due": ("原办结时限", "when the result was due before"),
    "nearest_due": ("本单位最近的时限", "what the unit owes first is due"),
    "actor_unit": ("操作单位", "the unit that acted"),
    "until": ("延期或挂账至", "the new date, of an extension or a plan"),
    "due_at": ("该时限的截止时间", "when that limit ends"),
    "unit": ("相关单位", "the unit that it is about"),
    "plan": ("挂账计划", "the plan of a deferred order"),
    "result": ("处置结果", "the result"),
    "text": ("进展或催办的内容", "what was reported, or said when pressing"),
    "sms_until": ("短信评价截止时间", "until when a rating by message is taken"),
    "round": ("第几轮办理", "the number of the round"),
    "outcome": ("办结结论", "how the order ended"),
    "explanation": ("对结论的说明，可为空", "the explanation of it; may be empty"),
    "reopen_until": ("可以重启的截止时间", "until when it may be reopened"),
    "ground": ("终止或申诉的理由", "the ground, of an ending or an appeal"),
    "number": ("第几次催办", "the number of the reminder"),
    "sign_due": ("签收时限", "when it must be signed"),
    "co_due": ("协办时限", "when the co part is due"),
    "colour": ("预警或督办颜色", "the colour: blue, yellow, red"),
    "instruction": ("督办要求", "what the supervision asks for"),
    "clock": ("时限名称", "the name of the limit"),
    "percent": ("时限已过的百分比", "how much of the time has passed, in per cent"),
    "was": ("原优先级", "the priority before"),
    "priority": ("新优先级", "the priority now"),
    "kind": ("哨的种类", "the kind of the whistle"),
    "whistle_kind": ("哨的种类", "the kind of the whistle"),
    "matter": ("吹哨事项", "the matter of the whistle"),
    "units": ("被召集的单位", "the units that are summoned"),
    "report_in_due": ("报到时限", "when they must have reported in"),
    "done": ("部门完成的内容", "what the department has done"),
    "substitute": ("接替单位", "the unit that takes the place"),
    "category": ("业务类别", "the category"),
    "clause": ("退单所依据的条款", "the clause that the return cites"),
    "suggested_unit": ("建议转往的单位", "the unit that is suggested instead"),
    "who": ("报到人", "who reported in"),
    "level": ("升级层级", "the level that it is raised to"),
}
"""Every field, (zh, en)."""

_AT = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
_TIMES = ("due", "was_due", "nearest_due", "due_at", "until", "sms_until", "reopen_until", "sign_due", "co_due",
          "statutory_due", "report_in_due")  # fmt: skip

_TRIED: dict[str, tuple[str, str]] = {
    "order": ("W2611230001", "W2611230001"),
    "title": ("小区连续三天断网", "No network in the estate for three days"),
    "answer": ("已远程重启光猫，业务恢复", "The modem was restarted from afar; it works again"),
    "reason": ("需更换楼道光缆，备件明日到货", "The cable in the stairway must be replaced; the part comes tomorrow"),
    "other_route": ("向当地通信管理局反映", "Turn to the regional communications administration"),
    "question": ("请提供故障发生的大致时间", "About when does the fault occur?"),
    "plan": ("机房扩容工程竣工后割接", "To be moved over once the extension is built"),
    "result": ("已更换光缆并现场测试", "The cable was replaced and tested on the spot"),
    "text": ("施工队已到现场", "The crew is on the spot"),
    "explanation": ("已向客户说明处理依据。", "The grounds were explained to the customer."),
    "ground": ("诉求已进入司法程序", "The matter is before a court"),
    "instruction": ("每日上报进展", "Report the progress daily"),
    "done": ("已完成线路割接", "The line was moved over"),
    "clause": ("派单目录 3.2", "catalogue, clause 3.2"),
    "who": ("值班工程师", "the engineer on duty"),
    "round": ("2", "2"),
    "number": ("2", "2"),
    "percent": ("75", "75"),
    "outcome": ("resolved_satisfied", "resolved_satisfied"),
    "colour": ("yellow", "yellow"),
    "clock": ("due", "due"),
    "was": ("normal", "normal"),
    "priority": ("high", "high"),
    "kind": ("routine", "routine"),
    "whistle_kind": ("routine", "routine"),
    "level": ("3", "3"),
}

_GROUPS = {"unit": "GD.net", "lead": "GD.net", "actor_unit": "GD.net", "substitute": "GD.it", "suggested_unit": "GD.it",
           "units": "GD.net, GD.it", "matter": "network_outage", "category": "network.fault"}  # fmt: skip


def tried(template: str, language: int) -> dict[str, Param]:
    """Values to try a wording of the template with, in Chinese (0) or English (1)."""
    return {name: _tried(name, language) for name in OFFERED[template]}


def _tried(name: str, language: int) -> Param:
    if name in _TIMES:
        return _AT + timedelta(hours=_TIMES.index(name))
    return _GROUPS[name] if name in _GROUPS else _TRIED[name][language]
