"""`whistle accesses` and `whistle customers`: who looked at what, and the erasure of a customer's data."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from desk import render, verbs
from desk.accounts import ADMINISTRATOR
from desk.client import Desk, Usage
from desk.listing import Listing
from desk.options import AUDITOR, Api, As, Machine, Zone, desk
from desk.orders import checked

OUTCOMES = {
    "seen": "查看 seen",
    "refused": "被拒 refused",
    "revealed": "看全 revealed",
    "exported": "导出 exported",
    "erased": "清除 erased",
    "changed": "变更 changed",
    "logged_in": "登录 logged in",
    "log_in_failed": "登录失败 log-in failed",
    "logged_out": "退出 logged out",
}
_HEADINGS = ("何时 at", "何人 who", "操作 operation", "结果 outcome", "工单 orders", "细节 detail", "理由 reason")
_SHOWN_ORDERS = 3

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="客户 / customers' personal data.")


def accesses(
    order: Annotated[str, typer.Option(help="工单 / who looked at this order.")] = "",
    actor: Annotated[str, typer.Option(help="人员 / what this person looked at.")] = "",
    outcome: Annotated[str, typer.Option(help=f"结果 / one of {', '.join(OUTCOMES)}.")] = "",
    start: Annotated[str, typer.Option("--from", help="自 / then or later.")] = "",
    until: Annotated[str, typer.Option(help="至 / before then.")] = "",
    limit: Annotated[int, typer.Option(help="至多 / at most so many; 0 = all.")] = 20,
    zone: Zone = render.DEFAULT_ZONE,
    api: Api = "",
    person: As = AUDITOR,
    machine: Machine = False,
) -> None:
    """访问记录 / who looked at what and who was refused what, the latest first; supervisors ask by --order alone."""
    if outcome and outcome not in OUTCOMES:
        raise Usage(f"没有结果 / there is no outcome {outcome} · → 可用 one of: {', '.join(OUTCOMES)}")
    number = checked(order) if order else ""
    times = {name: verbs.instant(name, text) for name, text in (("from", start), ("until", until)) if text}
    narrowed: dict[str, Any] = {"actor": actor, "outcome": outcome, **times}
    path, query = "/accesses", {"order_id": number, **narrowed}
    if number and not any(narrowed.values()):
        path, query = f"/orders/{number}/accesses", {}
    with desk(api, person) as connection:
        found, more = _first(connection, path, query, limit)
    if machine:
        render.as_json(found)
        return
    render.out.print(Listing(_HEADINGS, [_cells(one) for one in found], whole=(0, 1), title=render.times()))
    if more:
        render.out.print(f"… 还有更多, 用 --limit / there are more; see --limit (now {limit})", markup=False)


def _first(connection: Desk, path: str, query: dict[str, Any], limit: int) -> tuple[list[dict[str, Any]], bool]:
    found: list[dict[str, Any]] = []
    for one in connection.pages(path, **query):
        if limit and len(found) == limit:
            return found, True
        found.append(one)
    return found, False


def _cells(one: dict[str, Any]) -> tuple[str, ...]:
    who = one["actor_id"] or one["address"] or "未知 unknown"
    orders = ", ".join(one["orders"][:_SHOWN_ORDERS])
    others = len(one["orders"]) - _SHOWN_ORDERS
    return (
        render.when(one["at"], "%m-%d %H:%M:%S"),
        f"{who} → {one['acting_for']}" if one["acting_for"] else who,
        one["operation"],
        OUTCOMES[one["outcome"]],
        f"{orders} + {others}" if others > 0 else orders,
        " ".join(word for word in (one["code"], one["detail"]) if word),
        one["reason"],
    )


@app.command("erase")
def erase(
    phone: Annotated[str, typer.Argument(metavar="PHONE", help="电话 / the customer's number.")],
    reason: Annotated[str, typer.Option(help="理由, 明文留存 / why; kept in clear, so name nobody.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="不再询问 / do not ask once more.")] = False,
    api: Api = "",
    person: As = ADMINISTRATOR,
    machine: Machine = False,
) -> None:
    """清除 / erase a customer's personal data for good, in all orders at once; refused while one of them is open."""
    if not reason.strip():
        raise Usage("缺少理由 / no reason is given · → --reason '…'")
    if machine and not yes:
        raise Usage("--json 时不能询问 / --json cannot ask · → --yes")
    if not yes and not typer.confirm(f"永久清除 {phone} 的个人信息? / erase the personal data of {phone} for good?"):
        render.out.print("未执行 / nothing was changed")
        raise typer.Exit(1)
    with desk(api, person) as connection:
        done = connection.post("/customers/erase", {"phone": phone, "reason": reason})
    if machine:
        render.as_json(done)
        return
    said = "已清除 erased" if done["erased"] else "没有此客户的信息 / there was nothing of this customer"
    render.out.print(said, markup=False)
