"""What goes wrong, as problem details (RFC 9457): one table from a stable code to its HTTP status and titles.

A code is what a program reads and it never changes; a title names the kind, the detail says what is wrong this time
and the remedy what to do instead.
"""

from __future__ import annotations

import logging
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match

from api import record
from api.invalid import InvalidBody, faults
from store.session import LOST
from vault import masks
from vault.seal import MARK

log = logging.getLogger(__name__)

PROBLEM_JSON = "application/problem+json"
RETRY_SECONDS = 2
"""How long a caller is asked to wait before he tries again."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem: its HTTP status and its title in both languages."""

    status: int
    title: str
    title_zh: str


REFUSALS: dict[str, Kind] = {
    "not_allowed_now": Kind(409, "Not allowed in this state", "当前状态不允许此操作"),
    "role_forbidden": Kind(403, "Not allowed for this role", "该角色无权执行此操作"),
    "not_your_unit": Kind(403, "Your unit does not hold this part", "非本单位承办"),
    "reason_required": Kind(422, "A reason is required", "必须说明理由"),
    "invalid_field": Kind(422, "A field is not acceptable", "字段无效"),
    "unknown_subject": Kind(422, "No such thing in this order", "工单中无此对象"),
    "same_person": Kind(403, "Another person must do this", "须由另一人办理"),
    "cap_reached": Kind(409, "Used up", "次数已用完"),
    "designated": Kind(409, "A designated unit may not return the order", "指定承办单位不得退单"),
    "too_late": Kind(409, "Too late", "已过期限"),
    "too_soon": Kind(409, "Too soon", "间隔未到"),
    "quiet_hours": Kind(409, "Quiet hours", "静默时段"),
    "too_many_calls": Kind(409, "This number was called too often", "对该号码呼叫过于频繁"),
    "already_pending": Kind(409, "Already waiting for a decision", "已有同类申请待决"),
    "part_open": Kind(409, "A co unit's part is open", "协办部分未完成"),
    "whistle_open": Kind(409, "A whistle is open", "哨未办结"),
    "window_closed": Kind(409, "The reopening window has passed", "重启时限已过"),
    "appeal_only": Kind(409, "Only an appeal is left", "只能申诉"),
    "stale_order": Kind(412, "The order has moved on", "工单已有新变化"),
    "command_reused": Kind(409, "This key was used for another command", "该幂等键已用于其他命令"),
}
"""The rules' refusals: every code of `domain.errors`."""

FAULTS: dict[str, Kind] = {
    "malformed_request": Kind(400, "The request cannot be read", "请求无法解析"),
    "idempotency_key_required": Kind(400, "An Idempotency-Key is required", "缺少幂等键"),
    "unauthenticated": Kind(401, "Log in first", "请先登录"),
    "log_in_failed": Kind(401, "Not logged in", "登录失败"),
    "account_locked": Kind(403, "This account is locked for a while", "账号暂时锁定"),
    "password_change_required": Kind(403, "Choose a password of your own first", "请先修改密码"),
    "csrf": Kind(403, "Not asked by our own page", "请求并非来自本系统页面"),
    "forbidden": Kind(403, "Not yours to see or to do", "无权访问"),
    "key_in_use": Kind(409, "This key is still in use", "密钥仍在使用"),
    "policy_missing": Kind(409, "The policy of this order is not here", "缺少该工单的政策版本"),
    "not_valid": Kind(403, "Not valid, or not any more", "无效或已失效"),
    "not_admitted": Kind(403, "Known to the log-in provider, but not admitted here", "该账号无权登录本系统"),
    "not_found": Kind(404, "No such resource", "资源不存在"),
    "order_not_found": Kind(404, "No such order", "工单不存在"),
    "past_not_whole": Kind(409, "The past is not known so far yet", "尚未整理到该时刻"),
    "lab_busy": Kind(409, "The lab has enough to do", "推演任务已满"),
    "unknown_clock": Kind(404, "No such limit on this order", "此工单无该时限"),
    "stale_template": Kind(412, "Another wording was published meanwhile", "期间已有新的措辞发布"),
    "method_not_allowed": Kind(405, "Method not allowed", "方法不允许"),
    "too_slow": Kind(408, "The request did not arrive in time", "请求未在时限内送达"),
    "erased": Kind(410, "The customer's data were erased", "客户信息已清除"),
    "order_open": Kind(409, "An order is still open", "尚有未结工单"),
    "command_pending": Kind(409, "This command is still being carried out", "该命令仍在执行"),
    "too_large": Kind(413, "The request is too large", "请求过大"),
    "address_too_long": Kind(414, "The address is too long", "请求地址过长"),
    "unsupported_media_type": Kind(415, "Not a media type for this", "不支持的媒体类型"),
    "misdirected": Kind(421, "Not served under this name", "不在此域名下提供服务"),
    "file_refused": Kind(422, "This document is not taken", "不接受该文件"),
    "invalid_request": Kind(422, "The request is not valid", "请求内容无效"),
    "too_many_requests": Kind(429, "Too many requests", "请求过多"),
    "headers_too_large": Kind(431, "The headers are too large", "请求头过大"),
    "internal_error": Kind(500, "Something failed inside", "内部错误"),
    "unavailable": Kind(503, "Not available at the moment", "暂不可用"),
    "outcome_unknown": Kind(503, "The outcome is not known yet", "结果尚不明确"),
    "not_yet_recorded": Kind(503, "Not recorded yet", "尚未记录"),
    "not_yet_notarised": Kind(503, "Not under a signed checkpoint yet", "尚未列入已签名的日志"),
}
"""What goes wrong before or after the rules."""

ON_RECORD = (401, 403, 404)
"""Statuses of what somebody was not let see or do; the rules' refusals of commands have a record of their own."""

KINDS: dict[str, Kind] = {**REFUSALS, **FAULTS}


class ProblemBody(BaseModel):
    """A problem (RFC 9457). `code` is stable; `field`, `remedy`, `state`, `allowed` are absent when empty."""

    type: str = Field(examples=["/problems/not_allowed_now"])
    title: str
    title_zh: str
    status: int
    code: str = Field(examples=["not_allowed_now"])
    detail: str
    instance: str = ""
    field: str = Field("", description="The request's field that is to blame, dotted.")
    remedy: str = Field("", description="What to do instead.")
    state: str = Field("", description="The state the order is in.")
    allowed: list[str] = Field(default=[], description="The commands that are allowed now.")
    errors: list[dict[str, str]] = Field(default=[], description="Each field at fault: its message, its remedy.")


class Problem(Exception):  # noqa: N818 - it names what happened
    """A request that gets a problem as its answer."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        field: str = "",
        remedy: str = "",
        state: str = "",
        allowed: tuple[str, ...] = (),
        errors: tuple[Mapping[str, str], ...] = (),
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.extras: dict[str, Any] = {
            name: value
            for name, value in {
                "field": field,
                "remedy": remedy,
                "state": state,
                "allowed": list(allowed),
                "errors": list(errors),
            }.items()
            if value
        }
        self.retry_after = retry_after

    @property
    def status(self) -> int:
        """The HTTP status of the code."""
        return KINDS[self.code].status

    def body(self, instance: str = "") -> bytes:
        """The problem's JSON, without whatever looks like somebody's number or address: answers lie about in logs."""
        kind = KINDS[self.code]
        instance = instance if repeatable(instance) else ""
        return msgspec.json.encode(
            {
                "type": f"/problems/{self.code}",
                "title": kind.title,
                "title_zh": kind.title_zh,
                "status": kind.status,
                "code": self.code,
                "detail": masks.struck(self.detail),
                **({"instance": instance} if instance else {}),
                **{name: _discreet(value) for name, value in self.extras.items()},
            }
        )

    def response(self, instance: str = "") -> Response:
        """The problem as an HTTP answer, with Retry-After where it pays to ask again."""
        headers = {}
        retry = self.retry_after if self.retry_after is not None else RETRY_SECONDS if self.status == 503 else None
        if retry is not None:
            headers["Retry-After"] = str(retry)
        if self.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return Response(self.body(instance), status_code=self.status, media_type=PROBLEM_JSON, headers=headers)


def repeatable(given: str) -> bool:
    """Whether what somebody wrote where a code belongs may stand in an answer: it is none of a person's data."""
    return given.isascii() and MARK.decode() not in given and masks.struck(given) == given


def _discreet(value: Any) -> Any:
    if isinstance(value, str):
        return masks.struck(value)
    if isinstance(value, Mapping):
        return {name: _discreet(one) for name, one in value.items()}
    return [_discreet(one) for one in value]


def unavailable(what: str) -> Problem:
    """The problem of a part of the system that does not answer now; nothing was begun."""
    return Problem("unavailable", f"{what} does not answer at the moment.", remedy="Ask again with the same key.")


def unknown_outcome(verb: str) -> Problem:
    """The problem of a command that was sent and got no answer."""
    return Problem(
        "outcome_unknown",
        f"No answer came in time; {verb} may or may not have been carried out.",
        remedy="Ask again with the same Idempotency-Key and the same body: it is never carried out twice.",
    )


def no_order(order_id: str) -> Problem:
    """The problem of an order that is not there, or not there for this asker."""
    named = order_id if repeatable(order_id) else "of this number"
    return Problem("order_not_found", f"There is no order {named}.", remedy="Check the number.")


def declared(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may answer with these codes, for the OpenAPI document."""
    by_status: dict[int | str, list[str]] = {}
    for code in codes:
        by_status.setdefault(KINDS[code].status, []).append(code)
    return {
        status: {
            "description": "; ".join(f"`{code}`: {KINDS[code].title}" for code in names),
            "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}},
        }
        for status, names in sorted(by_status.items(), key=lambda item: str(item[0]))
    }


def _model_of(request: Request) -> type[BaseModel] | None:
    """The model of the body that the request's route takes, if it takes one."""
    body = getattr(request.scope.get("route"), "body_field", None)
    model = body.field_info.annotation if body is not None else None
    return model if isinstance(model, type) and issubclass(model, BaseModel) else None


async def _invalid(request: Request, error: Exception) -> Response:
    found = cast("RequestValidationError", error).errors()
    if any(item["type"] == "json_invalid" for item in found):
        reason = found[0].get("ctx", {}).get("error", "it is not JSON")
        problem = Problem("malformed_request", f"The body cannot be read: {reason}.", remedy="Send a JSON object.")
        return problem.response(request.url.path)
    wrong = faults(found, error.model if isinstance(error, InvalidBody) else _model_of(request))
    first = wrong[0]
    others = "".join(f" {one.field}: {one.message}" for one in wrong[1:])
    problem = Problem(
        "invalid_request",
        first.message + others,
        field=first.field,
        remedy=first.remedy,
        errors=tuple({"field": one.field, "message": one.message, "remedy": one.remedy} for one in wrong),
    )
    return problem.response(request.url.path)


async def _http(request: Request, error: Exception) -> Response:
    raised = cast("HTTPException", error)
    match raised.status_code:
        case 404:
            path = request.url.path if repeatable(request.url.path) else "this address"
            problem = Problem("not_found", f"There is nothing at {path}.", remedy="See /docs.")
        case 405:
            allowed = ", ".join(_methods(request))
            raised.headers = {"Allow": allowed}
            problem = Problem("method_not_allowed", f"{request.method} is not offered here.", remedy=f"Use {allowed}.")
        case _:
            problem = Problem("malformed_request", str(raised.detail))
    response = problem.response(request.url.path)
    response.headers.update(raised.headers or {})
    return response


def _methods(request: Request) -> list[str]:
    """The methods that the request's path takes."""
    return [
        method
        for method in ("GET", "POST", "PUT", "DELETE")
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in request.app.routes)
    ]


async def _problem(request: Request, error: Exception) -> Response:
    problem = cast("Problem", error)
    if problem.status in ON_RECORD:
        await record.refused(request, problem.code)
    return problem.response(request.url.path)


async def _database(request: Request, error: Exception) -> Response:
    log.warning("the database does not answer: %s", error)
    return unavailable("The database").response(request.url.path)


def unexpected(path: str, error: BaseException) -> Problem:
    """The problem of an unexpected error: logged whole under an id, answered with that id alone."""
    incident = "".join(secrets.choice(string.ascii_lowercase) for _ in range(12))  # digits would be struck out
    log.error("internal error %s at %s", incident, path, exc_info=error)
    return Problem(
        "internal_error",
        f"An unexpected error was logged under {incident}.",
        remedy=f"Tell the operator the number {incident}; asking again with the same key is safe.",
    )


def install(app: FastAPI) -> None:
    """Answer every foreseen error of the application with a problem; `middleware.Bounds` answers the others."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    for lost in LOST:
        app.add_exception_handler(lost, _database)
