"""What a list of orders may be asked by, read alike by the list itself and by its exports."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Depends, Query, Request

from api.deps import Parts
from api.errors import Problem
from api.filters import demand
from api.views import line_shown
from domain.model import Role, State
from domain.sight import VIEWS, View
from identity.people import Identified
from store import orders as queries
from store.cursors import BadCursor
from store.orders import OrderLine, OrderQuery, Page, Sort
from store.texts import fold
from vault import finding, veil
from vault.rack import Rack
from vault.veil import Rights

MOST_LOOKS = 10
"""How many times 200 candidates a text search looks at for one page."""


@dataclass
class Filters:
    """The filters of a list; they add up."""

    state: Annotated[list[State] | None, Query(description="May be repeated.")] = None
    status: Annotated[str, Query(max_length=20, description="TMF621 status, such as inProgress.")] = ""
    unit: Annotated[str, Query(max_length=50, description="The lead unit.")] = ""
    province: Annotated[str, Query(max_length=20)] = ""
    category: Annotated[str, Query(max_length=100)] = ""
    level: Annotated[int, Query(ge=0, le=5, description="The lowest escalation level.")] = 0
    overdue: Annotated[bool | None, Query()] = None
    text: Annotated[str, Query(max_length=200, description="Any part of number or title, as one is shown them.")] = ""
    following: Annotated[bool, Query(description="Only those that I follow.")] = False
    rehearsal: Annotated[bool, Query()] = False
    sort: Annotated[Sort, Query()] = Sort.NEWEST

    async def query(self, parts: Parts, who: Identified, cursor: str = "", limit: int = queries.MOST) -> OrderQuery:
        """The query that they mean, of those orders that he sees.

        Raises:
            Problem: a province or unit that the directory does not have.
        """
        await demand(parts, who, province=self.province, unit=self.unit)
        if who.role is Role.CUSTOMER and (self.level or self.sort is Sort.LEVEL):
            field = "level" if self.level else "sort"
            raise Problem("invalid_request", "Customers see no levels.", field=field, remedy="Leave it out.")
        return OrderQuery(
            sight=who.sight,
            state=tuple(self.state or ()),
            status=self.status,
            unit=self.unit,
            province=self.province,
            category=self.category,
            level=self.level,
            overdue=self.overdue,
            marks=tuple(finding.marks_wanted(parts.rack.keyring, self.text)),
            following=self.following,
            rehearsal=self.rehearsal,
            sort=self.sort,
            cursor=cursor,
            limit=limit,
        )


FiltersDep = Annotated[Filters, Depends()]


async def page_of(parts: Parts, who: Identified, query: OrderQuery, text: str) -> Page:
    """One page, of those lines alone that hold the text, if one is given; raises Problem for a bad cursor."""
    try:
        query = replace(query, told_units=VIEWS[who.role] is View.UNIT)
        page = await (_searched(parts, who, query, text) if text else parts.read(who, queries.search, query))
        return Page(tuple(line_shown(line, who.role) for line in page.items), page.next)
    except BadCursor as error:
        raise Problem("invalid_request", f"{error}.", field="cursor", remedy="Start again without a cursor.") from error


async def _searched(parts: Parts, who: Identified, query: OrderQuery, text: str) -> Page:
    """The same page that a list of nothing but the lines that hold the text would have.

    A candidate whose hidden part alone holds it leaves no trace, neither in `next` nor in the page's length; but for
    the one at which the search stops when it has looked at very many.
    """
    found: list[OrderLine] = []
    after = query.cursor
    for _ in range(MOST_LOOKS):
        page = await parts.read(who, queries.search, replace(query, cursor=after, limit=queries.MOST))
        found += await parts.gateway.run(_matching, parts.rack, page.items, text, veil.RIGHTS[who.role])
        after = page.next
        if len(found) > query.limit or not after:
            shown = tuple(found[: query.limit])
            return Page(shown, queries.cursor_at(query.sort, shown[-1]) if len(found) > len(shown) else "")
    return Page(tuple(found), after)


def filters_used(request: Request) -> str:
    """The names of the filters that a request uses, for the record of who looked; never what stands in them."""
    return " ".join(name for name in Filters.__dataclass_fields__ if name in request.query_params)


def _matching(rack: Rack, lines: Sequence[OrderLine], text: str, rights: Rights) -> list[OrderLine]:
    """The lines in which the text stands as the asker is shown them: marks name candidates, and no more."""
    wanted = fold(text)
    titles = "\n".join(line.title for line in lines).encode()
    keys = rack.keys(veil.sealed_by(titles))
    return [
        line
        for line in lines
        if wanted in fold(line.order_id)
        or wanted in fold(veil.unveiled(line.title.encode(), rights, keys, veil.plain).decode())
    ]
