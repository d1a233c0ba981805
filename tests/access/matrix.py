"""`docs/access.md`: who may do and see what, in plain words and as a table of every operation and role.

`python -m tests.access.matrix > docs/access.md` writes it.
"""

from __future__ import annotations

from collections import Counter

from tests.access.expected import ANSWERS, BY_PLACE, COLUMNS, LEGEND, SECRET, Cell, Operation, cell, operations, place

PROSE = """# Who may do and see what

*Made by `python -m tests.access.matrix`; a test fails when it is out of date. Each cell of the table below is asked
of the running system by `tests/access/test_matrix.py`.*

## Roles

Agents (AG) and their team leads (TL) take complaints and speak to customers; dispatchers (DI) give them to units;
members (UM) and heads (UH) of units handle them; reply auditors (RA) judge what units reply; call-back agents (CB)
ask the customer. Supervisors are the managers of a province (PM) and of a region (RM), and headquarters (HQ).
Auditors (AU) read everything and change nothing. Administrators (AD) look after
accounts, tokens and keys, and see no order. Channels (CH) and the regulator (RE) are programs. A customer (CU) sees
his own orders; by a link (LI) the one that it was made for.

## Places

Headquarters stands above 4 regions and 31 provinces, each province above its departments. An order lies in its
province and with every unit that was ever party to it. People of the front, dispatchers, reply auditors and call-back
agents see the orders of their province; members and heads those of their unit; managers all below them; headquarters,
auditors and what stands at headquarters, as the channel and the regulator do, all of them. Besides, one sees the
orders that one follows. What is not in sight is not there: the answer is the same 404 that a number gets which nobody
ever had.

## Two walls

The first wall is the program. `api/access.py` has a row for every operation with the roles that may ask, looked at
before anything else; a route without a row answers nobody. Queries then name the places of whoever asks. The second
wall is the database: row-level security on every table of orders, for the role that API and workers log in as.
Whoever has not said where he stands sees no row (`store/walls.py`). A query that forgets the first wall still meets
the second.

## What is not shown

- **Units** (UM, UH) may be the ones complained about. They are not told who complains, nor of the call-back and its
  limits while the round runs; of the customer they may have revealed the number alone, and the unit complained about
  not even that.
- **Customers** see the steps that concern them, and not the desks behind: no ladder, whistles, notes, people's names,
  inner reasons or policy.
- **Administrators** see keys, accounts and how the engine runs; in its payloads what people said stays sealed.

## Masks and reveal

Names, numbers, addresses and what people said are sealed per customer before they are kept. What leaves is opened as
far as the reader's rights go: the desks see `陈**` and `138****0001` and texts without numbers, units and programs not
even that of the person. `reveal` shows what is behind a mask, for a reason, and is on record before it is shown.
Erasure destroys the customer's key, and with it every seal.

## Acting for others

A substitute whom the directory names may take a colleague's place while he is away, with a reason, for at most twelve
hours, and request by request (`Acting-For`). He then has the colleague's role and place, not his own; events and
records name both.

## Service tokens

A program acts as a person of the directory and may do what that person may, of it only what the token's scopes name
(`identity/scopes.py`). No token logs in, reveals, acts for anybody or makes tokens.

## The table

"""


def letters(found: Cell) -> str:
    """A cell as it is shown: one letter where all its answers are alike, and it is a refusal."""
    return str(found[0]) if len(set(found)) == 1 and found[0] in "⊘–" else "".join(found)


def _line(operation: Operation) -> str:
    cells = " | ".join(letters(cell(operation.id, column)) for column in COLUMNS)
    return f"| `{operation.id}` | {operation.about} | {cells} |"


def page() -> str:
    """The whole document."""
    every = operations()
    cells = [(operation, column, cell(operation.id, column)) for operation in every for column in COLUMNS]
    said = Counter(one for _, _, found in cells for one in found)
    key = "; ".join(f"`{said_}` {words}" for said_, words in LEGEND.items())
    lines = [
        "A cell has one answer, or three: about an object of one's own, of another's, of nobody's. Where an object",
        "belongs to all there are two: one that is there, and one that is not. One letter stands for all where all are",
        f"refused. {key}.",
        "",
        "Where each column stands: " + ", ".join(f"{one.head} {one.name}{_stands(one.name)}" for one in COLUMNS) + ".",
        "",
        "Of these nobody learns whether another's is there, for both answers are the same to the byte but for the id: "
        + ", ".join(SECRET)
        + ".",
        "",
        "| operation | about | " + " | ".join(column.head for column in COLUMNS) + " |",
        "| --- | --- |" + " --- |" * len(COLUMNS),
        *(_line(operation) for operation in every),
        "",
        f"{len(every)} operations, {len(COLUMNS)} columns, {len(cells)} cells, {said.total()} answers: "
        + ", ".join(f"{many} {one}" for one, many in said.most_common())
        + ".",
    ]
    return PROSE + "\n".join(lines) + "\n"


def _stands(name: str) -> str:
    column = next(one for one in COLUMNS if one.name == name)
    if not column.person:
        return ""
    at = {"*": "everything", "": "nowhere"}.get(place(column), place(column))
    return f" ({column.person}, sees {at})"


assert set(BY_PLACE) <= set(SECRET) <= set(ANSWERS), "what is bounded by place is secret"

if __name__ == "__main__":
    print(page(), end="")
