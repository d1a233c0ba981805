"""The state diagram and the table of commands as Markdown, drawn from `transitions`: `python -m domain.diagram`."""

from __future__ import annotations

from domain.commands import COMMANDS
from domain.model import STATUS, State
from domain.transitions import REGISTERS, TABLE, TIME

_ENDS = (State.NOT_ACCEPTED, State.CANCELLED, State.TERMINATED, State.MERGED)


def _first_line(verb: str) -> str:
    return (COMMANDS[verb].__doc__ or "").strip().splitlines()[0]


def _edges() -> list[str]:
    labels: dict[tuple[str, str], list[str]] = {}
    for row in TABLE:
        for state in row.states:
            for to in row.to:
                if to is not state:
                    labels.setdefault((state, to), []).append(row.verb)
    for time_row in TIME:
        for state in time_row.states:
            for to in time_row.to:
                if to is not state:
                    labels.setdefault((state, to), []).append(f"{time_row.kind} limit passes")
    return [f"    {start} --> {to}: {', '.join(dict.fromkeys(verbs))}" for (start, to), verbs in labels.items()]


def diagram() -> str:
    """The order's states as a Mermaid diagram; commands that leave the state as it is are in the table only."""
    lines = ["stateDiagram-v2", "    [*] --> registered: register", "    registered --> dispatched: catalogue"]
    lines += [edge for edge in _edges() if "withdraw" not in edge]
    lines += ["    note right of cancelled: withdraw leads here from every open state"]
    lines += [f"    {state} --> [*]" for state in _ENDS if state is not State.MERGED]
    return "\n".join(lines)


def table() -> str:
    """Every row of the table: verb, who, from, to, and what it means."""
    lines = ["| command | who | from | to | meaning |", "| --- | --- | --- | --- | --- |"]
    lines.append(f"| `register` | {', '.join(REGISTERS)} | – | registered, dispatched | {_first_line('register')} |")
    for row in TABLE:
        to = ", ".join(row.to) or "unchanged"
        note = " A reason is required." if row.reason else ""
        who, states = ", ".join(row.roles), ", ".join(row.states)
        lines.append(f"| `{row.verb}` | {who} | {states} | {to} | {_first_line(row.verb)}{note} |")
    return "\n".join(lines)


def time_table() -> str:
    """What the passing of a limit does, beyond the breach on record and the ladder."""
    lines = ["| limit | in | to | does |", "| --- | --- | --- | --- |"]
    for row in TIME:
        lines.append(f"| `{row.kind}` | {', '.join(row.states)} | {', '.join(row.to) or 'unchanged'} | {row.does} |")
    return "\n".join(lines)


def statuses() -> str:
    """The TMF621 status of each state."""
    lines = ["| state | TMF621 status |", "| --- | --- |"]
    return "\n".join(lines + [f"| `{state}` | {status} |" for state, status in STATUS.items()])


def page() -> str:
    """The whole of `docs/states.md`."""
    return f"""# States and commands

Generated from `domain/transitions.py` by `python -m domain.diagram`; a test fails when this page lags.
A pair of state and command that has no row here is refused, with code, present state and what is allowed now.

```mermaid
{diagram()}
```

## Commands

{table()}

## What time does

{time_table()}

## TMF621

{statuses()}
"""


if __name__ == "__main__":
    print(page(), end="")
