"""Lists that stay readable at any width: what the next command needs is never cut, the rest is folded.

Where even that does not fit, each line of the list becomes a short paragraph: first what must be whole, then the rest
with its headings. Where the output is no terminal there is room enough (`render.Paper`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, JustifyMethod, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

Cell = str | Text
_PADDING = 2
_LEAST = 16
"""Columns that what may be folded gets at least, or less where its words are shorter."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Rows under headings: cells of the columns `whole`, such as keys, are never broken, nor words of those of `words`.

    The columns of `right` hold figures.
    """

    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    whole: Collection[int] = (0,)
    words: Collection[int] = ()
    title: str = ""
    right: Collection[int] = ()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it as a table, or as paragraphs where the console is too narrow for one."""
        if self.title:
            yield Text(self.title, style="italic")
        widths = self._widths(options.max_width)
        yield from (self._table(widths),) if widths else self._paragraphs(options.max_width)

    def _widths(self, room: int) -> list[int]:
        """How wide each column becomes; empty where there is no room for a table.

        What is left over goes first to columns that it makes unbroken, then to the one that lacks most.
        """
        columns = range(len(self.headings))
        natural = [max((cell_len(str(row[number])) for row in self.rows), default=0) for number in columns]
        widths = [self._least(number, natural[number]) for number in columns]
        spare = room - sum(widths) - _PADDING * (len(widths) - 1)
        if spare < 0:
            return []
        wanted = [max(natural[number], cell_len(self.headings[number])) for number in columns]
        for goal in (natural, wanted):
            for number in sorted(columns, key=lambda one: goal[one] - widths[one]):
                lacking = max(goal[number] - widths[number], 0)
                if lacking <= spare:
                    widths[number] += lacking
                    spare -= lacking
        most = max(columns, key=lambda one: natural[one] - widths[one])
        widths[most] += min(spare, max(natural[most] - widths[most], 0))
        return widths

    def _least(self, number: int, natural: int) -> int:
        heading = max(map(cell_len, self.headings[number].split()))
        if number in self.whole:
            return max(natural, heading)
        longest = max((cell_len(word) for row in self.rows for word in str(row[number]).split()), default=0)
        return max(longest if number in self.words else min(longest, _LEAST), heading)

    def _table(self, widths: Sequence[int]) -> Table:
        table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, _PADDING, 0, 0))
        for number, heading in enumerate(self.headings):
            justify: JustifyMethod = "right" if number in self.right else "left"
            table.add_column(heading, overflow="fold", width=widths[number], justify=justify)
        for row in self.rows:
            table.add_row(*map(_text, row))
        return table

    def _paragraphs(self, room: int) -> Iterator[RenderableType]:
        for row in self.rows:
            first = [number for number in range(len(row)) if number in self.whole or number in self.words]
            line = Text("  ").join(_text(row[number]) for number in first)
            yield line if line.cell_len <= room else Text("\n  ").join(_text(row[number]) for number in first)
            rest = [
                Text.assemble((f"{heading} ", "dim"), _text(cell))
                for number, (heading, cell) in enumerate(zip(self.headings, row, strict=True))
                if number not in first and str(cell)
            ]
            yield Padding(Text(" · ").join(rest), (0, 0, 0, 4), expand=False)


def _text(cell: Cell) -> Text:
    return cell if isinstance(cell, Text) else Text(cell)
