"""What a notice would read in another wording, filled with values to try it with or with those of a real event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict
from sqlalchemy.orm import Session

from api import schemas
from api.errors import Problem
from api.schemas import Plain
from contracts.messages import from_row
from domain.audiences import CUSTOMER
from domain.events import Event
from domain.evolve import evolve
from domain.model import Order
from domain.notice_fields import tried
from domain.notice_texts import OFFERED, Param, render
from domain.notices import Notice, notices
from domain.wordings import Flaw, Wording, flaws, legible
from store import ledger, orders
from store import notices as notice_rows
from store.notices import Names
from store.session import Sight

MOST_TEXT = 4000
"""Characters of one text on its way in; what a template may have is less, and is told as a fault."""
ZONE = "Asia/Shanghai"
ONE_SMS, PART_OF_SMS = 70, 67
"""Characters of a short message in Chinese, and of each part of a longer one."""
MOST_PARTS = 4
"""More parts than these, and a short message to a customer is too long."""
_Words = Annotated[Plain, Field(max_length=MOST_TEXT)]

_EXAMPLE: JsonDict = {
    "template": "customer.urged",
    "title_zh": "催办已收到",
    "title_en": "We hear you",
    "body_zh": "已收到您对工单 {order} 的第 {number} 次催办。",
    "body_en": "We have your reminder no. {number} about order {order}.",
}


class WordingRequest(schemas.Request):
    """A wording in both languages; `{name}` stands for a field of the template, `{{` and `}}` for braces."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**_EXAMPLE, "reason": "plainer words"}]})

    title_zh: _Words
    title_en: _Words
    body_zh: _Words
    body_en: _Words

    def wording(self) -> Wording:
        """The wording as the rules know it."""
        return Wording(self.title_zh, self.title_en, self.body_zh, self.body_en)


class TemplatePreviewRequest(WordingRequest):
    """A wording to try; with `order` the values of that order's event `seq`, or of the last that sends the template."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    template: schemas.RequiredCode
    order: schemas.Code = ""
    seq: int = Field(0, ge=0, le=1_000_000_000)


class FlawTold(BaseModel):
    """One thing that is wrong with a text: at which of its characters (0 for the whole), why, and what to do."""

    field: str
    code: str
    at: int
    warning: bool
    reason_zh: str
    reason_en: str
    remedy_zh: str
    remedy_en: str


class WordsShown(BaseModel):
    """The notice as it would read; what cannot be filled stands for itself."""

    title_zh: str
    title_en: str
    body_zh: str
    body_en: str


class TemplatePreview(BaseModel):
    """The notice in words, and everything that is wrong; `order` and `seq` say whose values these are, if anybody's."""

    ok: bool
    flaws: list[FlawTold]
    words: WordsShown
    order: str
    seq: int
    audience: str
    sms_zh: int = Field(description="How many short messages the Chinese text would take, with values to try it with.")
    sms_en: int = Field(description="The same of the English text.")


@dataclass(frozen=True, slots=True)
class _Values:
    """What fills the fields in each language, in whose zone, and where it comes from."""

    zh: dict[str, Param]
    en: dict[str, Param]
    zone: str = ZONE
    seq: int = 0
    audience: str = ""


def tried_out(session: Session, request: TemplatePreviewRequest, sight: Sight) -> dict[str, object]:
    """The preview; raises Problem where the order is not seen or has no such notice."""
    template, wording = request.template, request.wording()
    names = notice_rows.names(session)
    values = _of_order(session, request, sight, names) if request.order else _samples(template)
    found = list(flaws(template, wording))
    texts = legible(template, wording).texts
    zh = render(template, values.zh, names.labels, values.zone, texts)
    en = render(template, values.en, names.labels, values.zone, texts)
    sms = [_parts(template, language, texts, names) for language in (0, 1)]
    if template.startswith("customer."):
        most = ((name, many) for name, many in zip(("body_zh", "body_en"), sms, strict=True) if many > MOST_PARTS)
        found += [Flaw(name, "long_message", str(many), warning=True) for name, many in most]
    return {
        "ok": not any(not flaw.warning for flaw in found),
        "flaws": [told(template, flaw).model_dump() for flaw in found],
        "words": {"title_zh": zh.title_zh, "title_en": en.title_en, "body_zh": zh.body_zh, "body_en": en.body_en},
        "order": request.order,
        "seq": values.seq,
        "audience": values.audience,
        "sms_zh": sms[0],
        "sms_en": sms[1],
    }


def _samples(template: str) -> _Values:
    return _Values(tried(template, 0), tried(template, 1))


def _parts(template: str, language: int, texts: tuple[str, str, str, str], names: Names) -> int:
    """How many short messages a body takes; in English it may hold a letter beyond GSM's own, so it counts alike."""
    words = render(template, tried(template, language), names.labels, ZONE, texts)
    length = len(words.body_en if language else words.body_zh)
    return 1 if length <= ONE_SMS else -(-length // PART_OF_SMS)


def _of_order(session: Session, request: TemplatePreviewRequest, sight: Sight, names: Names) -> _Values:
    """The values of the event that is asked for, or of the order's last that sends the template."""
    sent: tuple[Order, Event, Notice] | None = None
    order: Order | None = None
    seen = orders.head(session, request.order, sight) is not None
    for row in ledger.stored(session, request.order) if seen else ():
        event = from_row(row)
        before, order = order, evolve(order, event)
        if request.seq and event.seq != request.seq:
            continue
        told_now = [one for one in notices(before, order, event) if one.template == request.template]
        sent = (order, event, told_now[0]) if told_now else sent
    if order is None:
        remedy = "Name one that you see, or none."
        raise Problem("order_not_found", f"There is no order {request.order}.", field="order", remedy=remedy)
    if sent is None:
        raise Problem(
            "invalid_request",
            f"{request.order} has sent no {request.template}" + (f" with event {request.seq}." if request.seq else "."),
            field="seq" if request.seq else "order",
            remedy="Take another order, or try it without one.",
        )
    then, event, notice = sent
    customers = notice.audience == CUSTOMER
    zone = then.customer.zone if customers else names.organisation.zone_of(notice.audience)
    return _Values(notice.params, notice.params, zone, event.seq, notice.audience)


_SAID: dict[str, tuple[str, str, str, str]] = {
    "missing": (
        "没有内容", "it is empty",
        "两种语言都要写", "write it in both languages",
    ),
    "too_long": (
        "超过 {what} 个字符", "it is longer than {what} characters",
        "改短", "shorten it",
    ),
    "control": (
        "第 {at} 个字符是不可见的控制字符（{what}）", "character {at} is a control character ({what})",
        "删去它；标题只写一行", "take it out; a title is one line",
    ),
    "brace": (
        "第 {at} 个字符的括号“{what}”不成对", "the brace {what} at character {at} has no other",
        "字段写成 {{名称}}；要显示括号本身则写两个", "write a field as {{name}}; to show a brace write it twice",
    ),
    "unknown_field": (
        "此通知没有字段 {what}", "this notice has no field {what}",
        "可用的字段：{offered}", "its fields are: {offered}",
    ),
    "form": (
        "“{what}”不是字段名", "{what!r} is no field's name",
        "大括号内只写字段名，如 {{order}}", "write a field's name alone between the braces, such as {{order}}",
    ),
    "repeated": (
        "字段 {what} 写了两次以上", "the field {what} stands there more than twice",
        "同一段文字里最多写两次", "name it twice at most in one text",
    ),
    "field_lost": (
        "另一种语言写了 {what}，这里没有", "the other language says {what}, this one does not",
        "补上 {{{what}}}，或两边都不写", "add {{{what}}}, or leave it out of both",
    ),
    "long_message": (
        "用短信发送约需 {what} 条", "as a short message it takes {what} parts",
        "改短，控制在 4 条以内", "shorten it to four parts at most",
    ),
}  # fmt: skip
"""Each flaw in words: reason zh, reason en, remedy zh, remedy en."""


def told(template: str, flaw: Flaw) -> FlawTold:
    """A flaw in words of both languages."""
    offered = ", ".join(OFFERED[template])
    reason_zh, reason_en, remedy_zh, remedy_en = (
        text.format(what=flaw.what, at=flaw.at, offered=offered) for text in _SAID[flaw.code]
    )
    return FlawTold(
        field=flaw.text,
        code=flaw.code,
        at=flaw.at,
        warning=flaw.warning,
        reason_zh=reason_zh,
        reason_en=reason_en,
        remedy_zh=remedy_zh,
        remedy_en=remedy_en,
    )
