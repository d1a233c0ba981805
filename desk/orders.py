"""`whistle orders`: open, list, show, act, events, watch."""

from __future__ import annotations

import difflib
import time
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from desk import render, verbs
from desk.client import PAGE, Desk, Refused, Usage
from desk.options import DEFAULT_PERSON, Api, As, Machine, Zone, desk
from domain.model import STATES_ZH

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="工单 / orders: open, list, show, act, watch.")

OrderId = Annotated[str, typer.Argument(metavar="ORDER", help="工单号 / the order's number.")]
POLL_SECONDS = 1.0


@app.command("open")
def open_order(
    title: Annotated[str, typer.Option(help="标题 / what it is about, in a line.")],
    text: Annotated[str, typer.Option(help="原话 / what the customer says.")],
    phone: Annotated[str, typer.Option(help="电话 / the customer's number.")],
    name: Annotated[str, typer.Option(help="称呼 / the customer's name.")] = "客户 customer",
    category: Annotated[str, typer.Option(help="类别 / a category of the dispatch catalogue.")] = "unknown",
    province: Annotated[str, typer.Option(help="省分 / the province's unit id.")] = "GD",
    channel: Annotated[str, typer.Option(help="渠道 / how it came in.")] = "hotline",
    order_class: Annotated[str, typer.Option("--class", help="urgent, fault, general, consult or complex.")] = "",
    area: Annotated[str, typer.Option(help="地点 / the place within the province.")] = "",
    source: Annotated[str, typer.Option(help="来源 / where it came from.")] = "",
    zone: Annotated[str, typer.Option(help="客户时区 / the customer's time zone.")] = "Asia/Shanghai",
    tier: Annotated[str, typer.Option(help="客户等级 / normal, silver, gold or diamond.")] = "normal",
    against: Annotated[str, typer.Option(help="被投诉单位 / the unit complained about, if any.")] = "",
    dispatch: Annotated[bool, typer.Option(help="按目录派单 / dispatch by the catalogue at once.")] = True,
    rehearsal: Annotated[bool, typer.Option(help="演练 / a rehearsal, whose time may be skipped.")] = False,
    key: Annotated[str, typer.Option(help="Idempotency-Key; default: a new one.")] = "",
    api: Api = "",
    person: As = DEFAULT_PERSON,
    machine: Machine = False,
) -> None:
    """受理一件投诉 / take a complaint: the number is given at once."""
    complaint: dict[str, Any] = {
        "title": title,
        "text": text,
        "category": category,
        "province": province,
        "channel": channel,
        "customer": {"name": name, "phone": phone, "zone": zone, "tier": tier},
        "area": area,
        "source": source,
        "against": against,
        "dispatch": dispatch,
        "rehearsal": rehearsal,
    }
    if order_class:
        complaint["order_class"] = order_class
    with desk(api, person) as connection:
        try:
            done = connection.register(complaint, key)
        except Refused as refused:
            raise _spoken(refused, "whistle orders open --help") from None
        _show(done.view, machine)
        if dispatch and done.view["order"]["state"] == "registered":
            _not_dispatched(connection, category, province)


def _not_dispatched(connection: Desk, category: str, province: str) -> None:
    """Say that no clause of the catalogue took the order, and which category may have been meant."""
    _warn_of_category(
        _known_categories(connection),
        category,
        f"派单目录中没有类别 {category} ({province}), 工单待派单员处理 / "
        f"the dispatch catalogue has no category {category} for {province}; the order waits for a dispatcher",
    )


def _known_categories(connection: Desk) -> list[str]:
    return sorted({entry["category"] for entry in connection.get("/catalogue")})


def _warn_of_category(known: list[str], category: str, said: str) -> None:
    near = difflib.get_close_matches(category, known, n=1)
    meant = f" · 是否指 did you mean {near[0]}?" if near and category not in known else ""
    render.err.print(f"! {said}{meant} · → whistle directory categories", style="yellow", soft_wrap=True, markup=False)


def _spoken(refused: Refused, page: str) -> Refused:
    """The refusal with its remedy in the words of the command line; `page` is the command that explains the fields."""
    problem = dict(refused.problem)
    if problem.get("code") == "reason_required":
        problem["remedy"] = "--reason '…'"
    elif problem.get("code") == "invalid_request" or "/docs" in problem.get("remedy", ""):
        said = problem.get("remedy", "")
        sample = _SAMPLES.get(problem.get("field", "")) or ("" if "/docs" in said else said)
        problem["remedy"] = " · ".join(word for word in (sample, page) if word)
    return Refused(problem)


_SAMPLES = {
    "customer.phone": "--phone 13900000003",
    "customer.zone": "--zone Asia/Shanghai",
    "customer.tier": "--tier gold",
    "order_class": "--class fault",
    "province": "--province GD",
}
"""What a person types for a field that the API found fault with."""


@app.command("list")
def list_orders(
    state: Annotated[list[str] | None, typer.Option(help="状态 / only in this state; may be repeated.")] = None,
    unit: Annotated[str, typer.Option(help="主办 / the lead unit.")] = "",
    province: Annotated[str, typer.Option(help="省分 / the province.")] = "",
    category: Annotated[str, typer.Option(help="类别 / the category.")] = "",
    level: Annotated[int, typer.Option(help="至少升至此级 / raised to this level at least.")] = 0,
    overdue: Annotated[bool | None, typer.Option("--overdue/--in-time", help="超时与否 / late or not.")] = None,
    text: Annotated[str, typer.Option(help="文字 / any part of number or title, as one is shown them.")] = "",
    customer: Annotated[str, typer.Option(help="客户 / the customer's whole number or name; for desks.")] = "",
    following: Annotated[bool, typer.Option("--following", help="关注 / only those that I follow.")] = False,
    rehearsal: Annotated[bool, typer.Option(help="演练 / rehearsals instead of real orders.")] = False,
    sort: Annotated[str, typer.Option(help="newest, oldest, updated, due or level.")] = "newest",
    limit: Annotated[int, typer.Option(help="至多 / at most so many; 0 = all.")] = 20,
    zone: Zone = render.DEFAULT_ZONE,
    api: Api = "",
    person: As = DEFAULT_PERSON,
    machine: Machine = False,
) -> None:
    """列出工单 / list orders; filters add up."""
    narrowed: dict[str, Any] = {
        "state": state,
        "unit": unit,
        "province": province,
        "category": category,
        "level": level or None,
        "following": following or None,
    }
    searched: dict[str, Any] = {"text": text, "rehearsal": rehearsal, "sort": sort}
    if customer and (overdue is not None or any(narrowed.values())):
        raise Usage("--customer 只可与 --text 合用 / --customer goes with --text, --rehearsal, --sort and --limit only")
    with desk(api, person) as connection:
        if customer:
            every = connection.pages("/orders/search", posted=True, customer=customer, **searched)
        else:
            every = connection.pages("/orders", **narrowed, overdue=overdue, **searched)
        lines: list[dict[str, Any]] = []
        more = False
        for line in every:
            if limit and len(lines) == limit:
                more = True
                break
            lines.append(line)
    if machine:
        render.as_json(lines)
        return
    render.out.print(render.times())
    render.out.print(render.orders(lines))
    if more:
        render.out.print(f"… 还有更多, 用 --limit / there are more; see --limit (now {limit})")


@app.command("show")
def show_order(
    order: OrderId,
    zone: Zone = render.DEFAULT_ZONE,
    api: Api = "",
    person: As = DEFAULT_PERSON,
    machine: Machine = False,
) -> None:
    """看一件工单 / one order: where it stands, its limits, and what each role may ask for now."""
    order = checked(order)
    with desk(api, person) as connection:
        view = connection.get(f"/orders/{order}")
        text = "" if machine else _said(connection, order)
    _show(view, machine, text)


def _said(connection: Desk, order: str) -> str:
    """What the customer said when the order was opened, as far as whoever asks is shown it."""
    first = connection.get(f"/orders/{order}/events", limit=1)["items"]
    return str(first[0]["data"].get("text", "")) if first and first[0]["seq"] == 1 else ""


@app.command(
    "act",
    epilog="动作与字段 / verbs and their fields ([…] may be left out; --reason where a reason is required):\n\n\b\n"
    + verbs.listing(),
)
def act(
    order: OrderId,
    verb: Annotated[str, typer.Argument(metavar="VERB", help="动作 / one of the verbs below.")],
    words: Annotated[
        list[str] | None, typer.Argument(metavar="FIELD=VALUE…", help="字段 / JSON where the field is not text.")
    ] = None,
    reason: Annotated[str, typer.Option(help="理由 / why.")] = "",
    acting_for: Annotated[
        str, typer.Option(help="代行 / in the place of this absent colleague; see `whistle acting`.", metavar="PERSON")
    ] = "",
    key: Annotated[str, typer.Option(help="Idempotency-Key; default: a new one.")] = "",
    zone: Zone = render.DEFAULT_ZONE,
    api: Api = "",
    person: As = DEFAULT_PERSON,
    machine: Machine = False,
) -> None:
    """办理 / carry out one command on an order, e.g. `whistle orders act WH… sign --as gd-inst-1`."""
    order = checked(order)
    asked = verbs.body(verb, words or [], reason)
    with desk(api, person, acting_for=acting_for) as connection:
        try:
            done = connection.act(order, verb, asked, key)
        except Refused as refused:
            raise _spoken(refused, f"whistle orders verbs {verb}") from None
        category = asked.get("category", "")
        if category and category not in (known := _known_categories(connection)):
            said = (
                f"派单目录中没有类别 {category}, 已照记 / the dispatch catalogue has no category {category}; it is kept"
            )
            _warn_of_category(known, category, said)
        if machine:
            render.as_json(done.view)
            return
        told = done.view["command"]
        for row in _events(connection, order, told["first"] - 1):
            if row["seq"] <= told["last"]:
                render.out.print(render.event(row), soft_wrap=True)
    one = done.view["order"]
    render.out.print(_where(one), soft_wrap=True)


def _where(one: dict[str, Any]) -> str:
    stands = f"→ {STATES_ZH.get(one['state'], '')} {one['state']}"
    return f"{stands} · 级 level {one['level']} · 轮 round {one['round']} · {render.times()}"


@app.command("verbs")
def list_verbs(verb: Annotated[str, typer.Argument(metavar="VERB", help="动作 / this one only.")] = "") -> None:
    """动作与字段 / what `act` can do: every verb with its fields; […] may be left out."""
    if verb:
        verbs.fields(verb)
    render.out.print(verbs.listing([verb] if verb else verbs.VERBS), soft_wrap=True, markup=False)
    if verb:
        render.out.print(f"→ {verbs.usage(verb)}", soft_wrap=True, markup=False)


@app.command("events")
def list_events(
    order: OrderId,
    after: Annotated[int, typer.Option(help="此序号之后 / only those after this seq.")] = 0,
    zone: Zone = render.DEFAULT_ZONE,
    api: Api = "",
    person: As = DEFAULT_PERSON,
    machine: Machine = False,
) -> None:
    """经过 / everything that happened to an order, in order."""
    with desk(api, person) as connection:
        rows = list(_events(connection, checked(order), after))
    if machine:
        render.as_json(rows)
        return
    render.out.print(render.times())
    for row in rows:
        render.out.print(render.event(row), soft_wrap=True)


@app.command("watch")
def watch(
    order: OrderId,
    after: Annotated[int, typer.Option(help="此序号之后 / only events after this seq.")] = 0,
    every: Annotated[float, typer.Option(help="秒 / seconds between two looks.", min=0.1)] = POLL_SECONDS,
    zone: Zone = render.DEFAULT_ZONE,
    api: Api = "",
    person: As = DEFAULT_PERSON,
    machine: Machine = False,
) -> None:
    """跟踪 / print events as they come; ends with Ctrl-C, or when nothing more can come."""
    order = checked(order)
    with desk(api, person) as connection:
        if not machine:
            render.out.print(render.times())
        try:
            while True:
                one = connection.get(f"/orders/{order}")["order"]
                for row in _events(connection, order, after):
                    after = row["seq"]
                    if machine:
                        render.as_json(row)
                    else:
                        render.out.print(render.event(row), soft_wrap=True)
                if one["over"] and after >= one["seq"]:
                    return
                time.sleep(every)
        except KeyboardInterrupt:
            return


def _events(connection: Desk, order: str, after: int) -> Iterator[dict[str, Any]]:
    while True:
        page = connection.get(f"/orders/{order}/events", after=after, limit=PAGE)
        yield from page["items"]
        if page["next"] is None or not page["items"]:
            return
        after = page["next"]


def checked(order: str) -> str:
    """The order's number as it is kept; raises Usage for what is none."""
    if not order or not all(letter.isalnum() or letter == "-" for letter in order) or not order.isascii():
        raise Usage(f"{order!r} 不是工单号 / is no order's number · → 形如 such as WH20260302-ABCDEFGH")
    return order.upper()


def _show(view: dict[str, Any], machine: bool, text: str = "") -> None:
    if machine:
        render.as_json(view)
    else:
        render.out.print(render.order(view, text))
