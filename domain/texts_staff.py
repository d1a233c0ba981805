"""What departments, desks, whistlers and managers are told, in Chinese and in English.

Each is (title zh, title en, body zh, body en); `{name}` is filled from the event and the order, see `notice_texts`.
"""

# ruff: noqa: E501 - prose is kept in one line a sentence

from __future__ import annotations

TO_STAFF: dict[str, tuple[str, str, str, str]] = {
    "unit.dispatched": (
        "新工单（主办）", "New order (lead)",
        "工单 {order}“{title}”由你单位主办。请于 {sign_due} 前签收，于 {due} 前办结。",
        "You lead order {order} “{title}”. Sign for it by {sign_due}; the result is due by {due}.",
    ),
    "unit.dispatched_co": (
        "新工单（协办）", "New order (supporting)",
        "工单 {order}“{title}”由你单位协办，主办单位{lead}。请于 {co_due} 前提交协办结果。",
        "You have a part in order {order} “{title}”, led by {lead}. Hand it in by {co_due}.",
    ),
    "unit.copied": (
        "工单抄送", "For your information",
        "工单 {order}“{title}”抄送你单位，主办单位{lead}。",
        "Order {order} “{title}”, led by {lead}, for your information.",
    ),
    "unit.released": (
        "工单已转出", "No longer yours",
        "工单 {order} 已改派或转入研判，你单位不再承办。",
        "Order {order} was dispatched elsewhere or sent to triage; your part has ended.",
    ),
    "unit.auto_signed": (
        "超期自动签收", "Signed for you",
        "工单 {order} 超期未签收，系统已代为签收并记录。",
        "Order {order} was not signed in time; the system signed for you and put it on record.",
    ),
    "unit.info_supplied": (
        "补充信息已到", "Information supplied",
        "客户已为工单 {order} 补充信息，请继续办理。",
        "The customer supplied the information for order {order}; please go on.",
    ),
    "unit.info_lapsed": (
        "补充信息超期", "Information did not come",
        "工单 {order} 等待补充信息已到上限，请按现有信息继续办理。",
        "The wait for information on order {order} has ended; please go on with what there is.",
    ),
    "unit.return_upheld": (
        "退单同意", "Return upheld",
        "工单 {order} 的退单申请已同意：{reason}",
        "Your return of order {order} is upheld: {reason}",
    ),
    "unit.return_denied": (
        "退单驳回，指定承办", "Return denied: designated",
        "工单 {order} 的退单申请已驳回，指定你单位承办，不得再退：{reason}",
        "Your return of order {order} is denied; you are designated and may not return it again: {reason}",
    ),
    "unit.extension_granted": (
        "延期同意", "Extension granted",
        "工单 {order} 同意延期至 {until}；原时限仍记录在案。",
        "Order {order} is extended to {until}; the first due time stays on record.",
    ),
    "unit.extension_denied": (
        "延期不同意", "Extension denied",
        "工单 {order} 延期未获同意，仍须于 {due} 前办结：{reason}",
        "Order {order} is not extended; it stays due by {due}: {reason}",
    ),
    "unit.ledgered": (
        "挂账同意", "Deferral granted",
        "工单 {order} 已挂账，须按计划于 {until} 前落实：{plan}",
        "Order {order} is deferred with a plan, to be carried out by {until}: {plan}",
    ),
    "unit.ledgering_denied": (
        "挂账不同意", "Deferral denied",
        "工单 {order} 挂账未获同意，请继续办理：{reason}",
        "Order {order} is not deferred; please go on: {reason}",
    ),
    "unit.part_submitted": (
        "协办结果已提交", "A part is in",
        "{actor_unit}已提交工单 {order} 的协办结果。",
        "{actor_unit} handed in its part of order {order}.",
    ),
    "unit.part_explained": (
        "未等协办结果即回单", "Replied without your part",
        "主办单位已说明工单 {order} 不再等待你单位的协办结果：{reason}",
        "The lead of order {order} replies without your part and says why: {reason}",
    ),
    "unit.reply_sent_back": (
        "回单退回", "Reply sent back",
        "工单 {order} 的回单审核未通过：{reason}。原时限 {due} 不变。",
        "The reply to order {order} did not pass the audit: {reason}. It stays due by {due}.",
    ),
    "unit.rework": (
        "退回重办", "To be worked on again",
        "工单 {order} 进入第 {round} 轮办理，请于 {due} 前重新答复：{explanation}",
        "Order {order} is in round {round}; a new reply is due by {due}: {explanation}",
    ),
    "unit.terminated": (
        "已终止", "Ended",
        "工单 {order} 已终止办理，无需继续。",
        "Order {order} was ended without a result; nothing more is to be done.",
    ),
    "unit.termination_denied": (
        "终止不同意", "Termination denied",
        "工单 {order} 终止未获同意，请继续办理：{reason}",
        "Order {order} is not ended; please go on: {reason}",
    ),
    "unit.withdrawn": (
        "客户撤诉", "Withdrawn by the customer",
        "工单 {order} 已由客户撤销，无需继续办理。",
        "Order {order} was withdrawn by the customer; nothing more is to be done.",
    ),
    "unit.reopened": (
        "工单重启", "Order reopened",
        "工单 {order}“{title}”已重启（第 {round} 轮），请于 {due} 前办结。",
        "Order {order} “{title}” is open again (round {round}); the result is due by {due}.",
    ),
    "unit.urged": (
        "客户催办", "The customer urges",
        "客户第 {number} 次催办工单 {order}：{text}",
        "The customer has urged order {order} (no. {number}): {text}",
    ),
    "unit.supervised": (
        "督办", "Under supervision",
        "工单 {order} 已列入{colour}督办：{instruction}",
        "Order {order} is under {colour} supervision: {instruction}",
    ),
    "unit.warned": (
        "时限预警", "Time is running",
        "工单 {order} 的{clock}时限已过 {percent}%，截止 {due_at}（{colour}）。",
        "{percent} % of the time for {clock} of order {order} has passed; it is due by {due_at} ({colour}).",
    ),
    "unit.due_soon": (
        "时限将至", "Due soon",
        "工单 {order} 的{clock}时限将于 {due_at} 到期（{colour}）。",
        "{clock} of order {order} is due by {due_at} ({colour}).",
    ),
    "unit.criticised": (
        "通报批评", "Public criticism",
        "因工单 {order} 的{clock}超期未办，{unit}被通报批评。",
        "{unit} is publicly criticised: {clock} of order {order} is still not done.",
    ),
    "unit.reprioritised": (
        "优先级调整", "Priority set",
        "工单 {order} 的优先级已由{was}调整为{priority}；办结时限：{due}。",
        "The priority of order {order} was changed from {was} to {priority}; a result is due: {due}.",
    ),
    "unit.retimed": (
        "时限调整", "Limits changed",
        "工单 {order} 的时限已调整，原因：{reason}。您单位最近的时限：{nearest_due}。",
        "The limits of order {order} were changed: {reason}. What your unit owes first is due: {nearest_due}.",
    ),
    "unit.summoned": (
        "吹哨！请报到", "The whistle was blown: report in",
        "工单 {order} 吹响{kind}，事项：{matter}。{units}请于 {report_in_due} 前报到。",
        "A whistle ({kind}) was blown on order {order} about {matter}. Summoned: {units}; report in by {report_in_due}.",
    ),
    "unit.summoned_again": (
        "再次吹哨！请报到", "The whistle was blown again: report in",
        "工单 {order} 经核验未解决，再次吹响{kind}，事项：{matter}。{units}请于 {report_in_due} 前报到。",
        "Order {order} was found unsolved; the whistle ({kind}) is blown again about {matter}. Summoned: {units}; report in by {report_in_due}.",
    ),
    "unit.department_done": (
        "部门已完成", "A department is done",
        "{unit}已完成工单 {order} 的哨单任务：{done}",
        "{unit} has done its part of the whistle on order {order}: {done}",
    ),
    "unit.excused": (
        "准予离场", "Excused",
        "工单 {order} 的哨单不再要求{unit}到场，由{substitute}接替。",
        "{unit} is excused from the whistle on order {order}; {substitute} takes its place.",
    ),
    "unit.whistle_verified": (
        "哨单核验通过", "Verified on the spot",
        "工单 {order} 的哨单已经一线核验解决。",
        "The frontline has verified that the matter of the whistle on order {order} is solved.",
    ),
    "unit.rated": (
        "评哨", "You were rated",
        "一线已对{unit}在工单 {order} 哨单中的表现评分，可申诉一次。",
        "The frontline has rated {unit} for the whistle on order {order}; one appeal is open to you.",
    ),
    "unit.appeal_decided": (
        "评哨申诉结果", "The appeal is decided",
        "{unit}对工单 {order} 评哨的申诉已有结论：{reason}",
        "The appeal of {unit} against its rating on order {order} is decided: {reason}",
    ),
    "desk.to_dispatch": (
        "待派单", "To be dispatched",
        "工单 {order}“{title}”（{category}）未匹配到派单目录，请尽快派单。",
        "No catalogue rule fits order {order} “{title}” ({category}); please dispatch it.",
    ),
    "desk.triage": (
        "待研判", "For triage",
        "工单 {order}“{title}”需研判确定承办单位：{reason}",
        "Order {order} “{title}” needs triage to find the responsible unit: {reason}",
    ),
    "desk.return_requested": (
        "退单待裁定", "A return to decide",
        "{actor_unit}申请退回工单 {order}，依据 {clause}，建议转{suggested_unit}。",
        "{actor_unit} wants to return order {order} under {clause} and suggests {suggested_unit}.",
    ),
    "desk.extension_requested": (
        "延期待审批", "An extension to decide",
        "{actor_unit}申请将工单 {order} 延期至 {until}：{reason}",
        "{actor_unit} asks to extend order {order} to {until}: {reason}",
    ),
    "desk.ledgering_proposed": (
        "挂账待审批", "A deferral to decide",
        "{actor_unit}申请将工单 {order} 挂账至 {until}，计划：{plan}",
        "{actor_unit} asks to defer order {order} until {until}; the plan: {plan}",
    ),
    "desk.settled": (
        "已销账", "Taken up again",
        "{actor_unit}已将工单 {order} 销账：{result}",
        "{actor_unit} has taken up the deferred order {order} again: {result}",
    ),
    "desk.audit_reply": (
        "回单待审核", "A reply to audit",
        "{actor_unit}已回复工单 {order}，请审核。",
        "{actor_unit} has replied to order {order}; please audit the reply.",
    ),
    "desk.call_back": (
        "待回访", "A call-back to make",
        "工单 {order} 待回访客户。",
        "The customer of order {order} is to be called back.",
    ),
    "desk.review_callback": (
        "回访复核", "A call-back to review",
        "工单 {order} 的客户未解决或不满意，请复核：重办或说明后办结。",
        "The customer of order {order} is not satisfied or the matter not solved; please decide: rework or explain and close.",
    ),
    "desk.termination_requested": (
        "终止待审批", "A termination to decide",
        "{actor_unit}申请终止工单 {order}：{ground}",
        "{actor_unit} asks to end order {order} without a result: {ground}",
    ),
    "desk.final_review": (
        "终审", "Final review",
        "工单 {order} 再次重启（第 {round} 轮），进入终审。",
        "Order {order} was reopened again (round {round}); this is the final review.",
    ),
    "desk.whistle_requested": (
        "吹哨待审批", "A whistle to approve",
        "工单 {order} 申请吹响{whistle_kind}，事项：{matter}。{reason}",
        "A whistle ({whistle_kind}) is asked for on order {order} about {matter}. {reason}",
    ),
    "desk.whistle_across": (
        "跨省吹哨", "A whistle across provinces",
        "工单 {order} 吹响跨省{kind}，事项：{matter}，涉及单位：{units}。",
        "A whistle ({kind}) across provinces was blown on order {order} about {matter}; summoned: {units}.",
    ),
    "desk.whistle_to_review": (
        "应急哨待复核", "An emergency whistle to review",
        "工单 {order} 已吹响应急哨，事项：{matter}，请事后复核是否有效。",
        "An emergency whistle was blown on order {order} about {matter}; please judge whether it was valid.",
    ),
    "desk.rating_appealed": (
        "评哨申诉待裁定", "A rating's appeal to decide",
        "{unit}对工单 {order} 的评哨提出申诉：{ground}",
        "{unit} appeals against its rating on order {order}: {ground}",
    ),
    "whistler.refused": (
        "吹哨未批准", "Your whistle was refused",
        "工单 {order} 的吹哨申请判为无效：{reason}",
        "Your whistle on order {order} was refused as invalid: {reason}",
    ),
    "whistler.reviewed": (
        "应急哨复核结果", "Your whistle was reviewed",
        "工单 {order} 的应急哨（事项：{matter}）已完成复核：{reason}",
        "Your emergency whistle on order {order} about {matter} was reviewed: {reason}",
    ),
    "whistler.reported_in": (
        "部门已报到", "A department reported in",
        "{unit}已就工单 {order} 报到：{who}。",
        "{unit} has reported in on order {order}: {who}.",
    ),
    "whistler.absent": (
        "部门未报到", "A department is absent",
        "{unit}未在 {due_at} 前就工单 {order} 报到，已启动升级。",
        "{unit} did not report in on order {order} by {due_at}; the ladder is running.",
    ),
    "whistler.excused": (
        "部门准予离场", "A department was excused",
        "{unit}在工单 {order} 的哨单中由{substitute}接替。",
        "On the whistle of order {order}, {substitute} takes the place of {unit}.",
    ),
    "whistler.verify": (
        "请现场核验", "Please verify",
        "工单 {order} 的哨单已处置：{result}。请核验是否解决。",
        "The whistle on order {order} is said to be done: {result}. Please verify.",
    ),
    "escalated.by_clock": (
        "超期升级", "Escalated",
        "工单 {order} 的{clock}（应于 {due_at} 前完成，责任单位：{unit}）仍未完成，已升级至{level}，请立即处理。",
        "{clock} of order {order} was due by {due_at} and is still open (responsible: {unit}). It is now at {level}; please act.",
    ),
    "escalated.by_hand": (
        "工单升级", "Raised to you",
        "工单 {order}“{title}”已升级至{level}：{reason}",
        "Order {order} “{title}” was raised to {level}: {reason}",
    ),
    "alarm.dead_end": (
        "升级到顶，无人处理", "Top of the ladder, nobody acted",
        "工单 {order} 的{clock}已升级到顶，{unit}仍未办理。必须有人接手。",
        "{clock} of order {order} was raised to the top of the ladder and {unit} has still not acted. Somebody must take it over.",
    ),
}  # fmt: skip
