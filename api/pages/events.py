"""The steps of an order as its customer reads them: a title for each event that he is shown, and what was said in it.

Where the event sent him a notice, the notice's own words stand there, as he was told at the time.
"""

from __future__ import annotations

from typing import NamedTuple


class Step(NamedTuple):
    """The title in both languages, and the field of the event whose words are quoted, '' for none."""

    zh: str
    en: str
    quoted: str = ""


STEPS: dict[str, Step] = {
    "OrderRegistered": Step("已受理", "Complaint registered"),
    "OrderImported": Step("已转入本系统", "Taken over from another system"),
    "OrderAnswered": Step("当场答复", "Answered at once"),
    "OrderDeclined": Step("未受理", "Not accepted"),
    "InformationRequired": Step("请您补充信息", "We asked you for information"),
    "InformationSupplied": Step("已补充信息", "Information given", "text"),
    "InformationLapsed": Step("未等到补充，继续办理", "We went on without the information"),
    "TriageOpened": Step("正在确定承办部门", "The right department is being found"),
    "OrderDispatched": Step("已交给承办部门", "Handed to a department"),
    "AssignmentSigned": Step("承办部门已签收", "The department has signed in"),
    "CustomerContacted": Step("承办部门已联系", "The department has recorded a contact", "summary"),
    "ExtensionGranted": Step("办结时间延期", "A later date"),
    "OrderLedgered": Step("列入计划，稍后解决", "Planned for later"),
    "LedgerSettled": Step("恢复办理", "Taken up again"),
    "ProgressReported": Step("办理进展", "Progress"),
    "ReplyAccepted": Step("结果通过审核", "The result passed our check", "done"),
    "CallbackAttempted": Step("回访电话未接通", "We called and did not reach you"),
    "CallbackRecorded": Step("已记录您的评价", "Your answer is on record", "why"),
    "RatingLapsed": Step("期限内未评价", "No rating came in time"),
    "OrderReworked": Step("重新办理", "Worked on again", "explanation"),
    "OrderClosed": Step("已办结", "Closed"),
    "ReopenWindowPassed": Step("重新办理的期限已过", "The time for reopening is over"),
    "OrderTerminated": Step("已终止", "Ended without a result"),
    "OrderWithdrawn": Step("已撤回", "Withdrawn"),
    "OrderReopened": Step("已重新办理", "Reopened"),
    "OrderUrged": Step("您的催办", "Your reminder", "text"),
    "DocumentAttached": Step("提交了材料", "A document was added"),
    "WhistleBlown": Step("已召集相关部门联合处理", "Other departments were called in"),
    "DepartmentReportedIn": Step("有部门已到位参与处理", "A department has joined the work"),
}  # fmt: skip
"""By event type; every event that a customer is shown (`domain.sight`) has its line."""
