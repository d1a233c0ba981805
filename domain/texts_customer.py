"""What the customer is told, in Chinese and in English.

Each is (title zh, title en, body zh, body en); `{name}` is filled from the event and the order, see `notice_texts`.
"""

# ruff: noqa: E501 - prose is kept in one line a sentence

from __future__ import annotations

TO_CUSTOMERS: dict[str, tuple[str, str, str, str]] = {
    "customer.registered": (
        "已受理", "Complaint registered",
        "您反映的“{title}”已受理，工单编号 {order}，请妥善保存。我们最迟于 {statutory_due} 前答复您。",
        "Your complaint “{title}” is registered as {order}; please keep this number. We answer by {statutory_due} at the latest.",
    ),
    "customer.answered": (
        "当场答复", "Answered at once",
        "工单 {order} 已当场答复：{answer}。我们将回访您是否满意。",
        "Order {order} was answered at once: {answer}. We will call you back to ask whether you are satisfied.",
    ),
    "customer.declined": (
        "不予受理告知", "Not accepted",
        "工单 {order} 不予受理，原因：{reason}。您可以通过以下途径反映：{other_route}。",
        "Order {order} is not accepted: {reason}. The way open to you: {other_route}.",
    ),
    "customer.info_required": (
        "请补充信息", "We need your information",
        "办理工单 {order} 需要您补充：{question}",
        "To go on with order {order} we need from you: {question}",
    ),
    "customer.info_lapsed": (
        "继续办理", "We go on",
        "未收到工单 {order} 的补充信息，我们将按现有信息继续办理。",
        "We have not received the information for order {order} and go on with what we have.",
    ),
    "customer.dispatched": (
        "已派单", "Handed to a department",
        "工单 {order} 已交由{lead}办理，预计 {due} 前办结。",
        "Order {order} is now with {lead}; a result is due by {due}.",
    ),
    "customer.contacted": (
        "已联系", "We have spoken",
        "{actor_unit}已就工单 {order} 与您（或您的联系人）联系。若并未接到联系，请催办或拨打服务热线。",
        "{actor_unit} has recorded a contact with you about order {order}. If nobody reached you, please urge or call the hotline.",
    ),
    "customer.delayed": (
        "办理延期告知", "A later date",
        "工单 {order} 需延期至 {until} 办结，原因：{reason}。",
        "Order {order} needs until {until}: {reason}.",
    ),
    "customer.retimed": (
        "办结时限调整", "Another date",
        "工单 {order} 的预计办结时间已由 {was_due} 调整为 {due}，原因：{reason}。",
        "The result of order {order} is now due by {due} instead of {was_due}: {reason}.",
    ),
    "customer.late": (
        "超期告知", "We are late",
        "抱歉，工单 {order} 未能在承诺的 {due_at} 前办结，责任单位：{unit}。我们已逐级督办，并将主动与您联系。",
        "We are sorry: order {order} was not finished by {due_at} as promised. Responsible: {unit}. It is being escalated and we will contact you.",
    ),
    "customer.ledgered": (
        "挂账告知", "Not solvable now",
        "工单 {order} 暂不具备解决条件，已列入挂账，计划：{plan}；复查日期：{until}。",
        "Order {order} cannot be solved now. The plan: {plan}; to be taken up again by {until}.",
    ),
    "customer.settled": (
        "恢复办理", "Taken up again",
        "工单 {order} 已销账并恢复办理：{result}",
        "Order {order} has been taken up again: {result}",
    ),
    "customer.progress": (
        "办理进展", "Progress",
        "工单 {order} 的最新进展：{text}",
        "News of order {order}: {text}",
    ),
    "customer.replied": (
        "办理结果", "Result",
        "工单 {order} 已有办理结果并通过审核，我们将回访您，请留意来电。",
        "Order {order} has a result and it has passed our audit. We will call you back.",
    ),
    "customer.rate_by_message": (
        "请您评价", "Please rate us",
        "多次致电未能接通。请于 {sms_until} 前回复对工单 {order} 的评价：是否解决、是否满意。",
        "We could not reach you by phone. Please rate order {order} by {sms_until}: is it solved, are you satisfied?",
    ),
    "customer.asked_by_message": (
        "办理结果，请您评价", "Result: please rate us",
        "工单 {order} 已有办理结果。请于 {sms_until} 前回复评价：是否解决、是否满意。",
        "Order {order} has a result. Please rate it by {sms_until}: is it solved, are you satisfied?",
    ),
    "customer.rework": (
        "重新办理", "Worked on again",
        "根据您的评价，工单 {order} 已退回重新办理（第 {round} 轮）。",
        "After what you told us, order {order} is worked on again (round {round}).",
    ),
    "customer.closed": (
        "已办结", "Closed",
        "工单 {order} 已办结：{outcome}。{explanation} 如未解决，您可在 {reopen_until} 前申请重启。",
        "Order {order} is closed: {outcome}. {explanation} If it is not solved you may reopen it until {reopen_until}.",
    ),
    "customer.closed_finally": (
        "终审办结与申诉告知", "Final review closed; your appeal",
        "工单 {order} 终审办结：{outcome}。{explanation} 如仍有异议，您可向电信用户申诉受理机构申诉。",
        "The final review of order {order} is closed: {outcome}. {explanation} You may appeal to the telecommunications regulator.",
    ),
    "customer.ended": (
        "已办结", "Closed",
        "工单 {order} 已办结：{outcome}。{explanation}",
        "Order {order} is closed: {outcome}. {explanation}",
    ),
    "customer.terminated": (
        "终止办理告知", "Ended without a result",
        "工单 {order} 已终止办理，原因：{ground}。如有异议，您可向电信用户申诉受理机构申诉。",
        "Order {order} was ended without a result: {ground}. You may appeal to the telecommunications regulator.",
    ),
    "customer.withdrawn": (
        "已撤诉", "Withdrawn",
        "按您的要求，工单 {order} 已撤销。",
        "Order {order} was withdrawn as you wished.",
    ),
    "customer.reopened": (
        "已重启", "Reopened",
        "工单 {order} 已重启（第 {round} 轮），编号不变。",
        "Order {order} is open again (round {round}) under the same number.",
    ),
    "customer.urged": (
        "催办已收到", "We hear you",
        "已收到您对工单 {order} 的第 {number} 次催办，并已转达承办单位。",
        "Your reminder no. {number} about order {order} was passed on to those who work on it.",
    ),
}  # fmt: skip
