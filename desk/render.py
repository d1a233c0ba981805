"""How things look on a terminal: tables, one order, one event; and how they look to a machine."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console, ConsoleDimensions
from rich.table import Table
from rich.text import Text

from desk.listing import Listing
from domain.model import STATES_ZH

LEVELS = ("–", "承办单位 unit", "部门负责人 head", "省分 province", "区域中心 region", "总部 headquarters")
"""The names of the escalation levels 0 to 5."""
LIMITS = {
    "running": "计时中 running",
    "paused": "已暂停 paused",
    "answered": "待审 answered",
    "breached": "超期 breached",
    "met": "已完成 met",
    "cancelled": "已取消 cancelled",
    "expired": "到期由系统处理 expired",
}
"""What a limit does, or how it ended."""
COLOURS = {"blue": "blue", "yellow": "yellow", "red": "bold red"}
_STYLE_OF_STATE = {"closed": "green", "cancelled": "dim", "terminated": "dim", "not_accepted": "dim"}

PAPER_COLUMNS = 1000
"""The width of what is no terminal: nothing need be folded there."""


class Paper(Console):
    """A console that is as wide as the terminal, and wide enough for everything in a pipe or a file."""

    @property
    def size(self) -> ConsoleDimensions:
        """Columns and lines; of a pipe the columns that COLUMNS asks for, if it does."""
        found = super().size
        return found if self.is_terminal or self._width is not None else found._replace(width=PAPER_COLUMNS)

    @size.setter
    def size(self, size: tuple[int, int]) -> None:
        self._width, self._height = size

    def print(self, *objects: Any, **options: Any) -> None:
        """Print, and leave out the blanks that fill a line up where that serves no terminal's colours."""
        if self.is_terminal:
            super().print(*objects, **options)
            return
        with self.capture() as drawn:
            super().print(*objects, **options)
        self.file.write("\n".join(line.rstrip(" ") for line in drawn.get().split("\n")))


out = Paper(highlight=False)
err = Paper(stderr=True, highlight=False)


def as_json(value: Any) -> None:
    """Print for a machine: indented JSON in UTF-8."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


DEFAULT_ZONE = "Asia/Shanghai"
"""The zone of the demo organisation and its customers."""
_shown_in = [DEFAULT_ZONE]


def use_zone(name: str) -> None:
    """Show all times in this IANA zone from now on; raises ValueError."""
    try:
        _shown_in[0] = ZoneInfo(name).key
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{name}: 不是时区 / is no time zone · → 如 such as Asia/Shanghai") from None


def zone() -> ZoneInfo:
    """The zone in which times are shown."""
    return ZoneInfo(_shown_in[0])


def times() -> str:
    """The line that names that zone, once a table."""
    return f"时间 times: {zone().key}"


def when(value: str | datetime | None, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """An instant in the zone that is shown, to the second unless another form is named; '' for none."""
    if value is None or value == "":
        return ""
    at = value if isinstance(value, datetime) else instant(value)
    return at.astimezone(zone()).strftime(form)


def offset(text: str) -> str:
    """An instant of the API's in the zone that is shown, with its offset, so that it can be typed anywhere."""
    return instant(text).astimezone(zone()).isoformat()


def instant(text: str) -> datetime:
    """The instant that the API wrote; raises ValueError."""
    return datetime.fromisoformat(text)


def state(name: str) -> Text:
    """A state with its Chinese name."""
    return Text(f"{STATES_ZH.get(name, '')} {name}".strip(), style=_STYLE_OF_STATE.get(name, ""))


def level(number: int, colour: str) -> Text:
    """An escalation level, in its supervision colour."""
    return Text(f"{number}" + (f" {colour}" if colour else ""), style=COLOURS.get(colour, ""))


def orders(lines: list[dict[str, Any]]) -> Listing:
    """A list of orders; numbers, states and units are whole at any width."""
    headings = ("工单 order", "状态 state", "级 level", "主办 lead", "限时 due", "标题 title")
    rows = [
        (
            line["order_id"],
            state(line["state"]),
            level(line["level"], line["colour"]),
            line["lead_unit"],
            Text(when(line["due_at"], "%m-%d %H:%M"), style="bold red" if line["overdue"] else ""),
            _short(line["title"]),
        )
        for line in lines
    ]
    return Listing(headings, rows, whole=(0, 3, 4), words=(1, 2))


def _short(title: str) -> Text:
    text = Text(title)
    text.truncate(_TITLE_CELLS, overflow="ellipsis")
    return text


_TITLE_CELLS = 60
"""Columns of a title that a list shows; `show` has it whole."""


def order(view: dict[str, Any], text: str = "") -> Table:
    """One order, whole: who, what, where it stands, what limits run, and what each role may ask for now.

    `text` is what the customer said, if it is to be shown.
    """
    one = view["order"]
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    customer = one["customer"]
    rows: list[tuple[str, str | Text]] = [
        ("工单 order", one["id"] + ("  演练 rehearsal" if one["rehearsal"] else "")),
        ("标题 title", one["title"]),
        *((("原话 text", text),) if text else ()),
        ("状态 state", Text.assemble(state(one["state"]), f"  ({view['status']})")),
        ("类别 category", f"{one['category']} · {one['order_class']} · {one['province']} · {one['channel']}"),
        ("客户 customer", f"{customer['name']} {customer['phone']} ({customer['zone']})"),
        ("主办 lead", view["lead"] or "–"),
        ("级别 level", Text.assemble(level(one["level"], one["colour"]), f"  {LEVELS[one['level']]}")),
        ("轮次 round", str(one["round"])),
        ("时间 times", zone().key),
        ("登记 registered", when(one["registered_at"])),
        ("限时 due", Text(when(view["due_at"]), style="bold red" if view["overdue"] else "")),
    ]
    if one["outcome"]:
        rows.append(("结果 outcome", one["outcome"]))
    parts = [f"{part['unit']} {part['role']} {part['status']}" for part in one["assignments"]]
    if parts:
        rows.append(("承办 parts", "\n".join(parts)))
    for blown in one["whistles"]:
        there = ", ".join(
            f"{who['unit']} {who['status']}{' 缺席 absent' if who['absent'] else ''}" for who in blown["attendances"]
        )
        rows.append((f"哨 {blown['id']}", f"{blown['kind']} {blown['status']}: {there}"))
    clocks = sorted(one["clocks"].values(), key=lambda clock: str(clock["due_at"]))
    if clocks:
        rows.append(
            (
                "时限 limits",
                "\n".join(f"{when(c['due_at'])}  {c['key']} {c['unit']} {LIMITS[c['status']]}" for c in clocks),
            )
        )
    may = [f"{role}: {', '.join(verbs)}" for role, verbs in view["allowed"].items()]
    if may:
        rows.append(("可提 may ask", "\n".join([_BY_STATE, *may])))
    for name, value in rows:
        table.add_row(name, value if isinstance(value, Text) else Text(value))  # brackets in a text are no markup
    return table


_BY_STATE = (
    "此状态下各角色可提出; 仍可能因单位、次序、时限被拒, 届时说明原因 / what each role may ask for in this state; "
    "whose unit it is, what must come first and the limits may still refuse it, with the reason"
)


def event(row: dict[str, Any]) -> Text:
    """One event in one line: seq, when, who, what, and why."""
    actor = row["actor"]
    instead = f" for {actor['acting_for']}" if actor.get("acting_for") else ""
    who = actor["id"] if actor["id"] == "system" else f"{actor['id']}{instead} ({actor['role']})"
    line = Text.assemble(
        (f"{row['seq']:>4}  ", "dim"), (when(row["at"]), "cyan"), f"  {row['type']:<20} ", (who, "magenta")
    )
    if said := essence(row):
        line.append(f"  {said}")
    if row.get("reason"):
        line.append(f"  因 {row['reason']}", style="italic")
    return line


def essence(row: dict[str, Any]) -> str:
    """What an event says beyond its name, short."""
    data = row["data"]
    said: list[str] = []
    match row["type"]:
        case "OrderRegistered":
            said = [data["title"]]
        case "OrderImported":
            said = [f"{data['system']}/{data['case']}", data["title"]]
        case "StepImported":
            said = [offset(data["at"]), data["by"], data["activity"], data["unit"]]
        case "OrderDispatched":
            said = [
                f"{part['role']} {part['unit']}{' 指定 designated' * part['designated']}"
                for part in data["assignments"]
            ]
        case "OrderEscalated":
            said = [f"↑ {data['level']} {LEVELS[data['level']]}", data["colour"], data["key"]]
        case "WhistleRequested":
            said = [data["whistle"]["kind"], ", ".join(who["unit"] for who in data["whistle"]["attendances"])]
        case "DepartmentRated":
            said = [data["unit"], " ".join(str(data["rating"][name]) for name in RATED)]
        case _:
            said = [_said(name, data[name]) for name in _TELLING if data.get(name) not in (None, "", [], (), False)]
    return " · ".join(word for word in said if word)


RATED = ("report_in", "cooperation", "quality", "result")
"""The four things that a department is rated on, in the order in which their marks are printed."""
_TELLING = (
    "units", "unit", "key", "percent", "colour", "until", "reopen_until", "to", "round", "number", "outcome", "solved",
    "satisfaction", "why", "answer", "question", "text", "plan", "result", "done", "who", "substitute", "ground",
    "version", "order_class", "tier", "priority", "category", "was", "auto", "exhausted", "late", "upheld", "valid",
    "final_review", "appeal_notice",
)  # fmt: skip
_BARE = (
    "unit",
    "units",
    "key",
    "colour",
    "outcome",
    "satisfaction",
    "text",
    "answer",
    "question",
    "done",
    "who",
    "why",
)


def _said(name: str, value: Any) -> str:
    """One field of an event in words: what speaks for itself without its name, a mark by its name alone."""
    if value is True:
        return name
    if name.endswith("until"):
        value = when(value)
    text = ", ".join(value) if isinstance(value, list) else str(value)
    if name == "percent":
        return f"{text} %"
    return text if name in _BARE else f"{name} {text}"
