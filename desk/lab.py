"""`whistle lab`: another policy over real past orders, a month made of them, and policies in the shadow."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from typer.core import TyperGroup

import rulebook
from desk import lab_shown as shown
from desk import render
from desk.client import Desk, Usage
from desk.options import AUDITOR, Api, As, Category, Class, Machine, Province, Since, Until, Zone
from desk.policy_desk import policy_desk

LOOK_SECONDS = 0.5
PARTS = ("calendar", "ladder", "warnings", "limits", "calling", "caps")


class ByPolicy(TyperGroup):
    """`whistle lab POLICY` is `whistle lab try POLICY`: what is no command's name is a policy's."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the command in where it is left out."""
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["try", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=ByPolicy,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="推演 / another policy over past orders, side by side with what happened.",
)
shadow = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="影子运行 / a policy beside the live one, without effect."
)
app.add_typer(shadow, name="shadow")

Policy = Annotated[
    str,
    typer.Argument(metavar="[POLICY]", help="政策文件或版本; 不写即按原条款 / a file or version; none: as recorded."),
]
Calendar = Annotated[str, typer.Option("--calendar", help="只取其日历 / the calendars of this policy alone.")]
Ladder = Annotated[str, typer.Option("--ladder", help="只取其升级阶梯 / the ladders of this policy alone.")]
Only = Annotated[
    list[str] | None,
    typer.Option("--only", help=f"只取 POLICY 的一部分 / of POLICY this part alone: {', '.join(PARTS)}."),
]
Catalogue = Annotated[
    Path | None,
    typer.Option("--catalogue", help="派单目录 / clauses (YAML): - {category: …, lead: net, co: [], province: GD}."),
]
Version = Annotated[str, typer.Option("--version", help="工单现行政策版本 / the version that they run by.")]
Table = Annotated[Path | None, typer.Option("--csv", help="逐单差异写入 CSV / each order's differences as CSV.")]


@app.callback()
def lab() -> None:
    """推演 / another policy over past orders, side by side with what happened."""


@app.command("try")
def try_(
    policy: Policy = "",
    only: Only = None,
    calendar: Calendar = "",
    ladder: Ladder = "",
    catalogue: Catalogue = None,
    since: Since = "",
    until: Until = "",
    province: Province = "",
    category: Category = "",
    order_class: Class = "",
    version: Version = "",
    limit: Annotated[int, typer.Option("--limit", help="最多工单数 / at most so many orders.", min=1)] = 100_000,
    table: Table = None,
    api: Api = "",
    person: As = AUDITOR,
    zone: Zone = render.DEFAULT_ZONE,
    machine: Machine = False,
) -> None:
    """推演 / play past orders by other terms, and report both sides. Touches no order."""
    body = _asked(policy, only, calendar, ladder, catalogue)
    body |= _selection(since, until, province, category, order_class, version) | {"limit": limit}
    _carried_out(body, table, api, person, machine)


@app.command("rehearse")
def rehearse(
    policy: Policy = "",
    only: Only = None,
    calendar: Calendar = "",
    ladder: Ladder = "",
    catalogue: Catalogue = None,
    first: Annotated[
        str, typer.Option("--month", help="演练月份 / the month, such as 2027-02; default: the next.")
    ] = "",
    orders: Annotated[int, typer.Option("--orders", help="工单数 / complaints in the month.", min=1)] = 5_000,
    seed: Annotated[int, typer.Option("--seed", help="随机种子 / what the month is drawn by.", min=0)] = 1,
    since: Since = "",
    until: Until = "",
    province: Province = "",
    table: Table = None,
    api: Api = "",
    person: As = AUDITOR,
    zone: Zone = render.DEFAULT_ZONE,
    machine: Machine = False,
) -> None:
    """演练一个月 / a month made of the real past orders, by the recorded terms and by these, in minutes."""
    body = _asked(policy, only, calendar, ladder, catalogue)
    body |= _selection(since, until, province, "", "", "")
    body["month"] = {"first": _month(first).isoformat(), "orders": orders, "seed": seed}
    _carried_out(body, table, api, person, machine)


@app.command("runs")
def runs(api: Api = "", person: As = AUDITOR, zone: Zone = render.DEFAULT_ZONE, machine: Machine = False) -> None:
    """推演记录 / the runs that are kept."""
    with policy_desk(api, person) as connection:
        found = connection.get("/audit/lab")
    if machine:
        render.as_json(found)
    else:
        render.out.print(render.times())
        render.out.print(shown.runs(found))


@app.command("show")
def show(
    run: Annotated[str, typer.Argument(metavar="RUN", help="推演编号 / the run's id.")],
    table: Table = None,
    api: Api = "",
    person: As = AUDITOR,
    zone: Zone = render.DEFAULT_ZONE,
    machine: Machine = False,
) -> None:
    """查看推演 / a run's report again."""
    with policy_desk(api, person) as connection:
        _tell(connection, connection.get(f"/audit/lab/{run}"), table, machine)


@app.command("cancel")
def cancel(
    run: Annotated[str, typer.Argument(metavar="RUN", help="推演编号 / the run's id.")],
    api: Api = "",
    person: As = AUDITOR,
) -> None:
    """取消推演 / stop a run."""
    with policy_desk(api, person) as connection:
        found = connection.post(f"/audit/lab/{run}/cancel", {})
    render.out.print(f"{found['id']} {shown.STATES[found['state']]} {found['state']}")


@shadow.command("start")
def start(
    policy: Annotated[str, typer.Argument(metavar="POLICY", help="政策文件或版本 / a file or version.")],
    only: Only = None,
    catalogue: Catalogue = None,
    api: Api = "",
    person: As = AUDITOR,
    zone: Zone = render.DEFAULT_ZONE,
) -> None:
    """开始影子运行 / run this policy beside the live one from now on, without effect."""
    body = _asked(policy, only, "", "", catalogue)
    with policy_desk(api, person) as connection:
        found = connection.post("/audit/shadows", body)
    render.out.print(f"{found['id']} · {found['policy']} · 自 since {render.when(found['started_at'])}")


@shadow.command("show")
def show_shadow(
    api: Api = "", person: As = AUDITOR, zone: Zone = render.DEFAULT_ZONE, machine: Machine = False
) -> None:
    """影子对照 / what the policy in the shadow would have made of the live orders."""
    with policy_desk(api, person) as connection:
        found = connection.get(f"/audit/shadows/{_newest(connection)}")
        differ = list(connection.pages(f"/audit/shadows/{found['shadow']['id']}/orders"))
    if machine:
        render.as_json({**found, "orders": differ})
        return
    shown.shadow(found)
    shown.orders(differ)


@shadow.command("stop")
def stop(api: Api = "", person: As = AUDITOR, zone: Zone = render.DEFAULT_ZONE) -> None:
    """停止影子运行 / stop it; what it has found stays until another one is started."""
    with policy_desk(api, person) as connection:
        found = connection.post(f"/audit/shadows/{_newest(connection)}/stop", {})
    render.out.print(f"{found['id']} · 已停止 stopped {render.when(found['stopped_at'])}")


def _carried_out(body: dict[str, Any], table: Path | None, api: str, person: str, machine: bool) -> None:
    """Ask, wait until it is done, and tell; Ctrl-C leaves the run going."""
    with policy_desk(api, person) as connection:
        run = connection.post("/audit/lab", body)
        found = {"run": run, "report": None}
        with render.err.status("") as status:
            while found["run"]["state"] in ("waiting", "running"):
                one = found["run"]
                status.update(f"{one['id']} {shown.STATES[one['state']]} {one['state']} {one['done']}/{one['total']}")
                time.sleep(LOOK_SECONDS)
                found = connection.get(f"/audit/lab/{run['id']}")
        _tell(connection, found, table, machine)
    if found["run"]["state"] != "done":
        raise typer.Exit(1)


def _tell(connection: Desk, found: dict[str, Any], table: Path | None, machine: bool) -> None:
    differ = list(connection.pages(f"/audit/lab/{found['run']['id']}/orders")) if table is not None or machine else []
    if table is not None:
        shown.as_csv(table, differ)
    if machine:
        render.as_json({**found, "orders": differ})
    else:
        shown.report(found)


def _newest(connection: Desk) -> str:
    found = connection.get("/audit/shadows")
    if not found:
        raise Usage("没有影子运行 / no policy runs in the shadow · → whistle lab shadow start POLICY")
    return str(found[0]["id"])


def _asked(policy: str, only: list[str] | None, calendar: str, ladder: str, catalogue: Path | None) -> dict[str, Any]:
    """The layers and clauses, as the API takes them."""
    unknown = [one for one in only or () if one not in PARTS]
    if unknown:
        raise Usage(f"--only: {', '.join(unknown)}: 没有此部分 / there is no such part · → {', '.join(PARTS)}")
    layers = [
        {**_named(name), "parts": parts}
        for name, parts in ((policy, list(only or ())), (calendar, ["calendar"]), (ladder, ["ladder"]))
        if name
    ]
    body: dict[str, Any] = {"layers": layers}
    if catalogue is not None:
        body["catalogue"] = _clauses(catalogue)
    return body


def _named(name: str) -> dict[str, Any]:
    """A policy's file as its document, anything else as a version."""
    path = Path(name)
    if path.suffix.lower() not in (".yaml", ".yml", ".json") and not path.is_file():
        return {"version": name}
    try:
        frozen = rulebook.load(path)
    except (OSError, UnicodeDecodeError) as error:
        raise Usage(f"{name}: 无法读取 / cannot be read: {error}") from None
    if frozen.errors:
        shown.faults(name, frozen.faults)
        raise typer.Exit(2)
    return {"document": frozen.document}


def _clauses(path: Path) -> list[dict[str, Any]]:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise Usage(f"--catalogue {path}: 无法读取 / cannot be read: {error}") from None
    if not isinstance(found, list):
        raise Usage(f"--catalogue {path}: 须为列表 / must be a list · → - {{category: network.fault, lead: net}}")
    return found


def _selection(since: str, until: str, province: str, category: str, order_class: str, version: str) -> dict[str, Any]:
    given = {
        "from": _instant("--from", since),
        "until": _instant("--until", until),
        "province": province,
        "category": category,
        "order_class": order_class,
        "policy_version": version,
    }
    return {name: value for name, value in given.items() if value}


def _instant(option: str, text: str) -> str:
    if not text:
        return ""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Usage(f"{option}: {text!r}: 须为时间 / must be a time · → 2026-08-01") from None
    return (at if at.tzinfo else at.replace(tzinfo=render.zone())).astimezone(UTC).isoformat()


def _month(text: str) -> date:
    today = datetime.now(render.zone()).date()
    if not text:
        return date(today.year + today.month // 12, today.month % 12 + 1, 1)
    try:
        return datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 - a month has no zone
    except ValueError:
        raise Usage(f"--month: {text!r}: 须为月份 / must be a month · → 2027-02") from None
