"""What a refusal says to a customer: why, and what to do instead, (Chinese, English), by the problem's code.

The titles are those of the one table in `api.errors`. What the rules say for programs is not for him.
"""

# ruff: noqa: E501 - prose is kept in one line a sentence

from __future__ import annotations

from typing import NamedTuple


class Said(NamedTuple):
    """The reason and the remedy in both languages."""

    why_zh: str
    why_en: str
    remedy_zh: str
    remedy_en: str


_LOST = Said(
    "没有找到您可以查看的这件工单。", "There is no such complaint that you may see.",
    "请核对工单编号，或用登记手机号重新验证。", "Check the number, or come in with the phone it was registered with.",
)  # fmt: skip
_FIELD = Said(
    "有一项内容没有填写，或格式不对。", "Something is missing, or not as it should be.",
    "请检查标出的内容后重新提交。", "Check what is marked and send it again.",
)  # fmt: skip
_AGAIN = Said(
    "系统暂时没有响应。", "The system does not answer at the moment.",
    "请稍后再试；同一操作不会重复生效。", "Try again in a moment; nothing is done twice.",
)  # fmt: skip
_OWN_PAGE = Said(
    "这次提交不是从当前页面发出的，或页面已过期。", "This did not come from the present page, or the page was too old.",
    "请在下方重新填写提交；若仍不行，请在浏览器中允许本网站使用 Cookie。", "Please send it again from here. If that does not help, let this site use cookies.",
)  # fmt: skip

SAID: dict[str, Said] = {
    "not_allowed_now": Said(
        "这件投诉的状态已经变化，现在不能这样操作。", "The complaint has moved on; this is not possible now.",
        "请看下面的最新状态和可以做的事。", "See below where it stands now, and what you can do.",
    ),
    "stale_order": Said(
        "您打开页面后，这件投诉有了新变化。", "Something has happened since you opened the page.",
        "请看下面的最新状态，再决定是否提交。", "See below where it stands now, then decide.",
    ),
    "window_closed": Said(
        "可以申请重新办理的期限已过。", "The time for reopening is over.",
        "如仍未解决，请拨打客服热线重新登记。", "If it is still not solved, please call the hotline to register it anew.",
    ),
    "appeal_only": Said(
        "这件投诉已经终审。", "The final review is done.",
        "如有异议，您可以向电信用户申诉受理机构申诉。", "If you disagree, you may appeal to the telecommunications regulator.",
    ),
    "cap_reached": Said(
        "可用次数已用完。", "This has been used as often as is possible.",
        "如有需要，请拨打客服热线。", "Please call the hotline if you need more.",
    ),
    "too_soon": Said("距上次操作时间太短。", "It is too soon after the last time.", "请稍后再试。", "Please try again later."),
    "too_late": Said("期限已过。", "The time for this is over.", "请看下面的最新状态。", "See below where it stands now."),
    "reason_required": Said(
        "没有填写原因。", "The reason is missing.", "请写明原因后重新提交。", "Say why, and send it again.",
    ),
    "invalid_field": _FIELD,
    "invalid_request": _FIELD,
    "malformed_request": _FIELD,
    "idempotency_key_required": _OWN_PAGE,
    "unsupported_media_type": _FIELD,
    "command_reused": Said(
        "这张表单已经提交过，内容与上次不同。", "This form was sent before, with something else in it.",
        "请看下面的最新状态；如仍需要，请在新表单中提交。", "See below where it stands now; if it is still needed, use the new form.",
    ),
    "command_pending": Said(
        "上一次提交还在处理。", "What you sent is still being worked on.",
        "请等几秒后刷新本页查看结果，不必重复填写。", "Wait a few seconds and load this page again; you need not send it again.",
    ),
    "outcome_unknown": Said(
        "没有及时得到确认，可能已经生效，也可能没有。", "No confirmation came in time; it may or may not have been done.",
        "请等几秒后刷新本页查看；同一次提交不会重复生效。", "Wait a few seconds and load this page again; nothing is done twice.",
    ),
    "unavailable": _AGAIN,
    "internal_error": _AGAIN,
    "not_yet_recorded": _AGAIN,
    "too_slow": _AGAIN,
    "too_many_requests": Said(
        "操作过于频繁。", "This was asked for too often.",
        "请过一会儿再试；急事请拨打客服热线。", "Please try again later; if it is urgent, call the hotline.",
    ),
    "file_refused": Said(
        "这个文件不能接收：格式不在可接收范围、内容与格式不符、带有密码或宏，或已达份数上限。", "This document is not taken: of another kind than we take, not what its name says, locked or with macros, or one too many.",
        "请换成照片、PDF、Word、Excel、文本、录音或 MP4 视频再上传。", "Send a picture, PDF, Word, Excel, text, sound or MP4 file instead.",
    ),
    "too_large": Said(
        "提交的内容太大。", "It is too large.", "请缩小文件或减少内容后再试。", "Send a smaller document, or less text.",
    ),
    "erased": _LOST,
    "order_not_found": _LOST,
    "not_found": Said(
        "没有这个页面。", "There is no such page.",
        "请核对地址，或从查询首页进入。", "Check the address, or begin at the first page.",
    ),
    "method_not_allowed": Said(
        "没有这个页面。", "There is no such page.",
        "请核对地址，或从查询首页进入。", "Check the address, or begin at the first page.",
    ),
    "not_valid": Said(
        "链接或验证码无效，或已失效。", "The link or the code is not valid, or not any more.",
        "请重新获取验证码，或拨打客服热线索取新链接。", "Have a new code sent, or ask the hotline for a new link.",
    ),
    "csrf": _OWN_PAGE,
    "unauthenticated": Said(
        "查询已结束或尚未验证。", "Your visit is over, or has not begun.",
        "请用手机号重新验证。", "Please verify again with your phone.",
    ),
    "forbidden": Said(
        "这项操作需要先确认号码是您本人的。", "For this we must know that the number is yours.",
        "请用登记手机号获取验证码后继续。", "Come in with a code to the phone it was registered with.",
    ),
    "staff": Said(
        "这里是客户查询页面，您当前以工作人员身份登录。", "This page is for customers, and you are logged in as staff.",
        "请回到工作台；查看客户页面请用客户链接。", "Go back to the console; to see what a customer sees, use his link.",
    ),
    "address_too_long": _FIELD,
    "headers_too_large": _FIELD,
    "misdirected": _OWN_PAGE,
}  # fmt: skip
"""Every code that a customer's page may come to; any other is said as `internal_error`, with the title of its own."""
