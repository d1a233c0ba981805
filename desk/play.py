"""Playing one branch of the story on the running system: acting, letting time pass, and telling it line by line."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rich.cells import cell_len
from rich.text import Text

from desk import render
from desk.client import Desk, Refused
from desk.steps import PROVINCE, REGION, Act, Branch, Calling, Climb, Later, See, Step, Time, unit
from domain.model import Role

ZONE = "Asia/Shanghai"
"""The zone of the story's customers, in which they are called."""
MARKS = 40
"""Marks of a clock that a climb may pass: far more than any ladder has steps."""
MARGIN_SECONDS = 2
"""How far past a mark the clock is moved, so that the mark has surely passed."""
SETTLE_SECONDS = 60.0
"""How long it may take until the ledger has what a jump in time has brought."""
LOOK_SECONDS = 0.1
"""The time between two looks for it."""
CALL_MARGIN = timedelta(minutes=5)
"""How far from the opening and closing hour a call-back keeps."""

Say = Callable[[Text], None]


class BranchFailedError(Exception):
    """The system did not do what the story says; the message names the step and the reason."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What all branches share: the connection, who holds which desk, and the hours in which customers are called."""

    desk: Desk
    people: Sequence[dict[str, Any]]
    opens: int
    closes: int

    @staticmethod
    def of(desk: Desk) -> Stage:
        """The stage as the running system has it; raises Refused or Unreachable."""
        calling = desk.get("/policies/current")["document"]["calling"]
        return Stage(desk, desk.get("/people"), calling["opens"], calling["closes"])

    def person(self, who: str, phone: str) -> str:
        """The log-in of somebody of the story; raises BranchFailedError when nobody holds that desk."""
        if who == "customer":
            return f"customer:{phone}"
        desks = {Role.REGIONAL_MANAGER: REGION, Role.HEADQUARTERS: "HQ"}
        role, at = (who, desks.get(Role(who), PROVINCE)) if who in set(Role) else (Role.UNIT_MEMBER.value, unit(who))
        for person in self.people:
            if person["role"] == role and at in (person["unit"], person["province"]):
                return str(person["id"])
        raise BranchFailedError(f"{who}: 无人任此岗 / nobody holds this desk ({role} at {at})")


@dataclass(slots=True)
class Play:
    """One branch being played; `say` gets every line."""

    stage: Stage
    branch: Branch
    phone: str
    say: Say
    ahead: timedelta = timedelta()
    told: int = 0
    view: dict[str, Any] = field(default_factory=dict)

    @property
    def order(self) -> dict[str, Any]:
        """The order as last seen."""
        found: dict[str, Any] = self.view["order"]
        return found

    @property
    def now(self) -> datetime:
        """The order's own time."""
        return datetime.now(UTC) + self.ahead

    def run(self) -> None:
        """Register the complaint and take every step; raises BranchFailedError, Refused or Unreachable."""
        self._register()
        for number, step in enumerate(self.branch.steps, start=1):
            try:
                self._take(step)
            except Refused as refused:
                raise BranchFailedError(f"第 {number} 步 step {number} {_named(step)}: {refused}") from refused

    def timeline(self) -> list[dict[str, Any]]:
        """Everything that happened to the order."""
        return self._events(0)

    def _register(self) -> None:
        agent = self.stage.person("agent", self.phone)
        done = self.stage.desk.register(
            {
                "title": f"【演练】{self.branch.zh} / rehearsal: {self.branch.en}",
                "text": "家里断网, 请尽快处理。 / Nothing works at home, please see to it.",
                "category": self.branch.category,
                "province": PROVINCE,
                "channel": "hotline",
                "customer": {"name": "陈女士 Ms Chen", "phone": self.phone, "zone": ZONE},
                "source": "tour",
                "dispatch": self.branch.dispatch,
                "rehearsal": True,
            },
            person=agent,
        )
        self.view = done.view
        self.say(Text(f"   {self.order['id']} · 演练 rehearsal", style="dim"))
        self._acted("agent", agent, "register")

    def _take(self, step: Step) -> None:
        match step:
            case Act():
                self._act(step)
            case Later(hours=hours):
                self._forward(timedelta(hours=hours))
            case Calling():
                if (opening := self._calling_time()) > self.now:
                    self._forward(opening - self.now)
            case Climb():
                self._climb(step)
            case See(fields=fields):
                self._see(fields)

    def _act(self, step: Act) -> None:
        person = self.stage.person(step.who, self.phone)
        body = {name: self._value(value) for name, value in step.body.items()}
        try:
            self.view = self.stage.desk.act(self.order["id"], step.verb, body, person=person).view
        except Refused as refused:
            if refused.reason != step.refused:
                raise
            said = f"✗ {refused.reason}: {refused.problem.get('detail', '')}"
            self._line(self.now, person, step.verb, said, "italic")
            return
        if step.refused:
            raise BranchFailedError(f"{step.who} {step.verb}: 本应被拒 / should have been refused: {step.refused}")
        self._acted(step.who, person, step.verb)

    def _value(self, value: Any) -> Any:
        if not isinstance(value, Time):
            return value
        bases = {"due": self.view["due_at"], "registered": self.order["registered_at"]}
        base = self.now if value.base == "now" else render.instant(bases[value.base])
        return (base + timedelta(hours=value.plus)).isoformat()

    def _calling_time(self) -> datetime:
        """The next moment at which the customer may be called; now, if he may be and his evening is not near."""
        earliest = max(self.now, render.instant(self.order["callback"]["not_before"]))
        local = earliest.astimezone(ZoneInfo(ZONE))
        closing = local.replace(hour=self.stage.closes - 1, minute=59, second=59)
        if local > closing - CALL_MARGIN:
            opening = local.replace(hour=self.stage.opens, minute=0, second=0, microsecond=0)
            return opening + timedelta(days=1) + CALL_MARGIN
        return earliest + CALL_MARGIN if earliest > self.now else self.now

    def _climb(self, step: Climb) -> None:
        """From mark to mark, each by itself, so that the level is seen rising."""
        for _ in range(MARKS):
            if self.order["level"] >= step.level:
                return
            marks = [
                render.instant(clock["next_at"])
                for clock in self.order["clocks"].values()
                if clock["kind"] == step.kind and clock["unit"] == step.unit and clock["next_at"]
            ]
            if not marks:
                break
            self._forward(max(min(marks) - self.now, timedelta()) + timedelta(seconds=MARGIN_SECONDS))
        raise BranchFailedError(f"{step.kind} {step.unit}: 未升到 / did not climb to level {step.level}")

    def _see(self, fields: dict[str, Any]) -> None:
        one = self.order
        wrong = [f"{name} {one[name]!r} ≠ {value!r}" for name, value in fields.items() if one[name] != value]
        if wrong:
            raise BranchFailedError(f"{self.order['id']}: {', '.join(wrong)}")

    def _forward(self, by: timedelta) -> None:
        """Move the order's clock, wait until all that fell due is in the ledger, and tell it."""
        seconds = max(1, round(by.total_seconds()))
        self.stage.desk.fast_forward(self.order["id"], seconds)
        self.ahead += timedelta(seconds=seconds)
        self.say(Text(f"   ⏩ {_span(timedelta(seconds=seconds))}", style="blue"))
        until = time.monotonic() + SETTLE_SECONDS
        while True:
            self.view = self.stage.desk.get(f"/orders/{self.order['id']}")
            due = self.view["next_at"]
            if not due or render.instant(due) > self.now - timedelta(seconds=MARGIN_SECONDS / 2):
                break
            if time.monotonic() > until:
                raise BranchFailedError(f"{self.order['id']}: 到点未发生 / was due at {due} and did not happen")
            time.sleep(LOOK_SECONDS)
        self._tell_time()

    def _acted(self, who: str, person: str, verb: str) -> None:
        """Tell what time brought before this act, then the act and where it has led."""
        command = self.view["command"]
        self.view = self.stage.desk.get(f"/orders/{self.order['id']}")  # whoever acted may be shown less than a desk is
        self._tell_time(before=command["first"])
        at, said = self.now, ""
        for row in self._events(command["first"] - 1):
            if row["seq"] == command["first"]:
                at = render.instant(row["at"])
                self.ahead = at - datetime.now(UTC)
            if row["seq"] <= command["last"]:
                said = render.essence(row) or said
        self.told = max(self.told, command["last"])
        self._line(at, person, verb, said)
        self._tell_time()

    def _tell_time(self, before: int = 0) -> None:
        """Tell the events that nobody asked for."""
        for row in self._events(self.told):
            if before and row["seq"] >= before:
                return
            self.told = row["seq"]
            style = render.COLOURS.get(str(row["data"].get("colour", "")), "")
            at = render.instant(row["at"])
            self._line(at, "⏰ " + row["actor"]["id"], row["type"], render.essence(row), style, bare=True)

    def _line(self, at: datetime, person: str, verb: str, said: str, style: str = "", *, bare: bool = False) -> None:
        """When, who, what; and, unless `bare`, the state and level that the order then has."""
        line = Text.assemble(("   " + _clock(at), "cyan"), "  ", (f"{_wide(person, 22)}", "magenta"), f" {verb:<19} ")
        if not bare:
            line.append_text(Text.assemble("→ ", render.state(self.order["state"]), "  级 "))
            line.append_text(render.level(self.order["level"], self.order["colour"]))
        if said:
            line.append(said if bare else f"  {said}", style=style or ("" if bare else "dim"))
        self.say(line)

    def _events(self, after: int) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        while True:
            page = self.stage.desk.get(f"/orders/{self.order['id']}/events", after=after, limit=200)
            rows += page["items"]
            if page["next"] is None or not page["items"]:
                return rows
            after = page["next"]


def told(rows: Sequence[dict[str, Any]]) -> list[Text]:
    """The timeline of an order: when (its own time), how long after registering, what, and by whom."""
    begun = render.instant(rows[0]["at"])
    lines = []
    for row in rows:
        at = render.instant(row["at"])
        lines.append(
            Text.assemble(
                (f"   {row['seq']:>3} ", "dim"),
                (_clock(at), "cyan"),
                (f"  +{_span(at - begun):<8}", "dim"),
                f" {row['type']:<20} ",
                (f"{row['actor']['id']:<22}", "magenta"),
                f" {render.essence(row)}",
            )
        )
    return lines


def _clock(at: datetime) -> str:
    return render.when(at, "%m-%d %H:%M")


def _wide(text: str, width: int) -> str:
    """The text padded to so many columns of a terminal."""
    return text + " " * max(0, width - cell_len(text))


def _span(length: timedelta) -> str:
    minutes = round(length.total_seconds() / 60)
    days, hours = minutes // 1440, minutes % 1440 // 60
    parts = ((days, "d"), (hours, "h"), (minutes % 60, "min"))
    return " ".join(f"{number}{mark}" for number, mark in parts if number) or "0min"


def _named(step: Step) -> str:
    return f"{step.who} {step.verb}" if isinstance(step, Act) else type(step).__name__
