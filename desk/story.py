"""The tour's story as data: each branch is one complaint and the steps that it takes to its end (see `steps`)."""

from __future__ import annotations

from desk.steps import Act, Branch, Calling, Climb, Later, Step, Time, act, refused, see, unit


def contacted(lead: str) -> Act:
    """The lead speaks to the customer."""
    return act(lead, "contact", spoke_to="陈女士 Ms Chen", summary="约定上门 / a visit was agreed", record="rec-0117")


def replied(lead: str, done: str) -> Act:
    """The lead's reply with its four elements."""
    return act(lead, "reply", received_at=Time("registered"), spoke_to="陈女士 Ms Chen", done=done, done_by=Time("now"))


ACCEPTED = act("reply_auditor", "audit_reply", accepted=True)


def handled(lead: str, done: str = "已修复并测速 / repaired and measured") -> tuple[Step, ...]:
    """Speak to the customer, do it, reply, and have the reply accepted."""
    return (contacted(lead), Later(1), replied(lead, done), ACCEPTED, see(state="awaiting_callback"))


def rated(satisfaction: str, *, solved: bool = True, why: str = "") -> tuple[Step, ...]:
    """The customer is called back and says so."""
    said = {"result": "reached", "contacted": True, "solved": solved, "satisfaction": satisfaction, "why": why}
    return (Calling(), act("callback_agent", "record_callback", **said))


SATISFIED = (*rated("satisfied"), see(state="closed", outcome="resolved_satisfied"))
RING = act("callback_agent", "record_callback", result="no_answer")

ANSWERED = Branch(
    "answered", "当场答复", "Answered at once", "service.enquiry",
    (
        act("agent", "answer_at_once", answer="逐项说明了十月账单 / the October bill was explained line by line"),
        see(state="awaiting_callback"),
        *rated("satisfied"),
        see(state="closed", outcome="answered_at_once"),
    ),
    dispatch=False,
)  # fmt: skip

SOLVED = Branch(
    "solved", "派单办结", "Dispatched and solved", "broadband.fault",
    (
        see(state="dispatched"),
        act("inst", "sign"),
        act("net", "sign"),
        Later(0.5),
        contacted("inst"),
        refused("part_open", "inst", "reply", received_at=Time("registered"), spoke_to="陈女士", done="已修",
                done_by=Time("now")),
        Later(3),
        act("net", "submit_part", done="楼道光缆已重新熔接 / the riser fibre was spliced anew"),
        replied("inst", "更换光猫并测速 500 Mbit/s / modem replaced, 500 Mbit/s measured"),
        refused("role_forbidden", "inst", "audit_reply", accepted=True),
        ACCEPTED,
        *SATISFIED,
    ),
)  # fmt: skip

RETURNED = Branch(
    "returned", "两次退单后指定承办", "Returned twice, then designated", "billing.dispute",
    (
        act("bill", "request_return", clause="billing.dispute", suggested_unit=unit("it"),
            reason="扣费由客户端缺陷引起 / a fault of the app made the charge"),
        act("dispatcher", "decide_return", upheld=True, reason="属实 / it is so"),
        see(state="triage", returns=1),
        act("dispatcher", "dispatch", lead=unit("it")),
        act("it", "sign"),
        act("it", "request_return", clause="billing.dispute", suggested_unit=unit("mkt"),
            reason="资费由市场部设定 / the tariff is Marketing's"),
        refused("role_forbidden", "dispatcher", "decide_return", upheld=True, reason="属实 / it is so"),
        act("province_manager", "decide_return", upheld=True, reason="第三方裁定 / decided by a third party"),
        see(state="triage", returns=2),
        act("dispatcher", "dispatch", lead=unit("mkt")),
        refused("designated", "mkt", "request_return", clause="billing.dispute", suggested_unit=unit("bill"),
                reason="也不归我 / not ours either"),
        act("mkt", "sign"),
        *handled("mkt", "资费更正并退费 / tariff corrected, money returned"),
        *SATISFIED,
    ),
)  # fmt: skip

_POOR = {"report_in": 2, "cooperation": 2, "quality": 3, "result": 4, "comment": "多次催促才动手 / had to be pressed"}
_GOOD = {"report_in": 5, "cooperation": 5, "quality": 4, "result": 5}


def hears(department: str) -> tuple[Step, ...]:
    """The department answers the whistle and speaks to the frontline."""
    return (
        act(department, "answer_whistle", whistle="w1"),
        act(department, "contact_whistle", whistle="w1", spoke_to="热线坐席 the hotline agent"),
    )


WHISTLED = Branch(
    "whistled", "吹哨后一部门始终不报到", "Whistled, and one department never reports", "network.outage",
    (
        act("net", "sign"),
        act("inst", "sign"),
        contacted("net"),
        act("agent", "request_whistle", kind="emergency", matter="network_outage",
            units=[unit("inst"), unit("it"), unit("bill")], lead=unit("net"),
            reason="三栋楼断网, 单一部门无法解决 / three buildings are down, one department cannot solve it"),
        *hears("inst"),
        *hears("it"),
        *hears("bill"),
        Later(0.1),
        act("inst", "report_in", whistle="w1", who="装维二班 installation team 2"),
        Later(0.1),
        act("it", "report_in", whistle="w1", who="值班工程师 engineer on duty"),
        refused("whistle_open", "net", "dispose", whistle="w1", result="已恢复 / restored"),
        Climb("whistle_report_in", unit("bill"), level=5),
        act("headquarters", "excuse", whistle="w1", unit=unit("bill"), substitute="HQ.bill",
            reason="总部计费部代为到场 / Headquarters' billing takes its place"),
        act("inst", "finish_part", whistle="w1", done="三栋楼光缆接通 / fibre restored in three buildings"),
        act("it", "finish_part", whistle="w1", done="认证服务恢复 / the log-in service is back"),
        act("net", "report_progress", text="线路已通, 正在逐户复核 / lines are back, each flat is being checked"),
        act("net", "dispose", whistle="w1", result="全部恢复 / all restored"),
        act("inst", "submit_part", done="光缆接通 / fibre restored"),
        refused("whistle_open", "net", "reply", received_at=Time("registered"), spoke_to="陈女士", done="已修",
                done_by=Time("now")),
        act("agent", "verify_whistle", whistle="w1", solved=True),
        act("agent", "rate_attendance", whistle="w1", unit=unit("inst"), rating=_GOOD),
        refused("unknown_subject", "agent", "rate_attendance", whistle="w1", unit=unit("bill"), rating=_POOR),
        act("agent", "rate_attendance", whistle="w1", unit=unit("it"), rating=_POOR),
        act("it", "appeal_rating", whistle="w1", ground="当日割接 / a cut-over that day", reason="见日志 see log"),
        act("province_manager", "decide_appeal", whistle="w1", unit=unit("it"), reason="未报备 / was not announced"),
        act("team_lead", "review_whistle", whistle="w1", valid=True, reason="应急属实 / a true emergency"),
        replied("net", "主干光缆修复 / trunk fibre repaired"),
        ACCEPTED,
        *SATISFIED,
        see(level=5),
    ),
)  # fmt: skip

SENT_BACK = Branch(
    "sent_back", "回单被审核退回", "Reply sent back", "network.fault",
    (
        act("net", "sign"),
        contacted("net"),
        Later(2),
        replied("net", "已处理 / done"),
        act("reply_auditor", "audit_reply", accepted=False, reason="未写明做了什么 / it does not say what was done"),
        see(state="in_progress", round=1),
        Later(1),
        replied("net", "更换基站板卡, 信号 -85 dBm / board replaced, signal -85 dBm"),
        ACCEPTED,
        *SATISFIED,
    ),
)  # fmt: skip

UNREACHABLE = Branch(
    "unreachable", "回访三次未接通, 未评价", "Three calls, no answer: not rated", "network.fault",
    (
        act("net", "sign"),
        *handled("net"),
        Calling(),
        RING,
        refused("too_soon", "callback_agent", "record_callback", result="no_answer"),
        Calling(),
        RING,
        Calling(),
        RING,
        see(state="awaiting_callback"),
        Later(72.5),
        see(state="closed", outcome="not_rated"),
    ),
)  # fmt: skip

DISSATISFIED = Branch(
    "dissatisfied", "不满意, 返工后满意", "Dissatisfied, reworked, satisfied", "network.fault",
    (
        act("net", "sign"),
        *handled("net"),
        *rated("dissatisfied", solved=False, why="晚上仍掉线 / it still drops every evening"),
        see(state="awaiting_callback"),
        act("province_manager", "review_callback", rework=True, explanation="夜间拥塞属实 / congested at night, indeed",
            reason="诉求合理 / the complaint is reasonable"),
        see(state="in_progress", round=2, level=1),
        *handled("net", "夜间扩容 / capacity added"),
        *SATISFIED,
    ),
)  # fmt: skip


def reopened(round_: int, level: int) -> tuple[Step, ...]:
    """The customer restarts the closed order: one round and one level up."""
    return (
        act("customer", "reopen", reason="同样的故障又出现 / the same fault is back"),
        see(round=round_, level=level),
    )


REOPENED = Branch(
    "reopened", "两次重启, 终审并告知申诉", "Reopened twice, final review, appeal notice", "network.fault",
    (
        act("net", "sign"),
        *handled("net"),
        *SATISFIED,
        Later(48),
        *reopened(2, level=1),
        *handled("net"),
        *SATISFIED,
        *reopened(3, level=2),
        *handled("net"),
        *SATISFIED,
        *reopened(4, level=3),
        see(state="triage", final_review=True),
        act("dispatcher", "dispatch", lead=unit("net"), co=[unit("inst")]),
        act("net", "sign"),
        act("inst", "sign"),
        act("inst", "submit_part", done="入户线路更换 / the drop cable was replaced"),
        *handled("net", "整段线路重建 / the whole line was rebuilt"),
        *SATISFIED,
        refused("appeal_only", "customer", "reopen", reason="仍不满意 / still not content"),
    ),
)  # fmt: skip

WITHDRAWN = Branch(
    "withdrawn", "客户撤回", "Withdrawn by the customer", "network.fault",
    (
        act("net", "sign"),
        refused("role_forbidden", "net", "withdraw", proof="口头 orally", reason="客户说不用了 / he said never mind"),
        act("customer", "withdraw", proof="录音 rec-0142", reason="网络已恢复 / the line works again"),
        see(state="cancelled", outcome="withdrawn"),
    ),
)  # fmt: skip

EXTENDED = Branch(
    "extended", "到期前申请延期", "Extended before the limit", "network.fault",
    (
        act("net", "sign"),
        contacted("net"),
        Later(22),
        act("net", "report_progress", text="待挖掘许可 / waiting for the digging permit"),
        Later(20),
        act("net", "extend", until=Time("due", 20), reason="周四发证 / the permit comes on Thursday"),
        refused("role_forbidden", "net", "decide_extension", granted=True, reason="同意 agreed"),
        act("province_manager", "decide_extension", granted=True, reason="许可已见 / the permit was seen"),
        act("net", "report_progress", text="明日开挖 / digging starts tomorrow"),
        Later(18),
        replied("net", "电缆接头修复 / cable joint repaired"),
        refused("role_forbidden", "dispatcher", "audit_reply", accepted=True),
        ACCEPTED,
        *SATISFIED,
        see(level=0),
    ),
)  # fmt: skip

LEDGERED = Branch(
    "ledgered", "挂账与销账", "Ledgered and settled", "network.coverage",
    (
        act("net", "sign"),
        act("mkt", "sign"),
        contacted("net"),
        act("mkt", "submit_part", done="已给予补偿套餐 / a compensating tariff was given"),
        act("net", "ledger", plan="五月批次建站 / a mast in the May programme", until=Time("now", 96),
            reason="楼内无机房 / no room for equipment in the building"),
        act("province_manager", "decide_ledger", approved=True, reason="已立项 / the project is approved"),
        see(state="ledgered"),
        Later(40),
        act("net", "report_progress", text="设备已到货 / the equipment has come"),
        Later(40),
        act("net", "settle", result="基站已开通 / the mast is on air"),
        see(state="in_progress"),
        *handled("net", "新建基站, 信号 -80 dBm / new mast, signal -80 dBm"),
        *SATISFIED,
    ),
)  # fmt: skip

TERMINATED = Branch(
    "terminated", "终止", "Terminated", "network.fault",
    (
        act("net", "sign"),
        contacted("net"),
        act("net", "request_termination", ground="客户已销户 / the customer closed the account",
            reason="已无可修 / nothing is left to repair"),
        act("reply_auditor", "terminate", approved=True, reason="书面确认 / confirmed in writing"),
        see(state="terminated", outcome="terminated"),
    ),
)  # fmt: skip

ASKED = Branch(
    "asked", "请客户补充信息, 计时暂停", "The customer is asked, the clock pauses", "network.fault",
    (
        act("net", "sign"),
        act("net", "request_info", question="两条线路中哪一条? / which of the two lines?", asked_by="call-0113",
            reason="同址两线 / two lines at one address"),
        see(state="pending_info"),
        Later(5),
        act("customer", "supply_info", text="尾号 0021 / the one that ends in 0021"),
        see(state="in_progress", level=0),
        *handled("net"),
        *SATISFIED,
    ),
)  # fmt: skip

URGED = Branch(
    "urged", "催单变黄, 三次接触升级", "Urged to yellow, and one level up", "network.fault",
    (
        act("net", "sign"),
        act("customer", "urge", text="还没人联系我 / nobody has called yet"),
        see(urges=1, colour=""),
        act("customer", "urge", text="还要多久? / how much longer?"),
        see(urges=2, colour="yellow", level=1),
        *handled("net"),
        *SATISFIED,
    ),
)  # fmt: skip

BRANCHES: tuple[Branch, ...] = (
    ANSWERED, SOLVED, RETURNED, WHISTLED, SENT_BACK, UNREACHABLE, DISSATISFIED, REOPENED, WITHDRAWN, EXTENDED, LEDGERED,
    TERMINATED, ASKED, URGED,
)  # fmt: skip
"""Every branch, in the order in which they are told."""
