"""Past orders as the ledger has them, page by page: memory does not grow with how many there are."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby

import msgspec
from sqlalchemy import JSON, ColumnElement, bindparam, cast, func, select, tuple_
from sqlalchemy.orm import Session

from audit.lab.past import BROKEN, NO_COMMANDS, Past, Unplayable, past
from contracts.messages import CommandMessage, decode, from_row, to_command
from domain.commands import Command
from domain.model import OrderClass
from store.commands import Standing
from store.event_rows import COLUMNS, event_row
from store.session import LOST
from store.tables import commands, events, orders
from store.tables import terms as frozen

log = logging.getLogger(__name__)

PAGE = 100
"""Orders that are read at once."""
_E, _O, _C = events.c, orders.c, commands.c
_EVENTS = select(*COLUMNS).where(_E.order_id.in_(bindparam("numbers", expanding=True))).order_by(_E.order_id, _E.seq)
_COMMANDS = select(_C.key, _C.order_id, _C.verb, _C.message).where(
    _C.order_id.in_(bindparam("numbers", expanding=True)), _C.state == Standing.DONE.value
)


class Selection(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which past orders: registered from an instant (with it) until another (without it), and of what kind.

    `policy_version` is the one that the order runs by now. A filter left empty does not filter; `limit` 0 is no limit.
    """

    since: datetime | None = None
    until: datetime | None = None
    province: str = ""
    category: str = ""
    order_class: OrderClass | None = None
    policy_version: str = ""
    rehearsal: bool = False
    limit: int = 0


def count(session: Session, selection: Selection) -> int:
    """How many orders that is."""
    wanted = select(_O.order_id).where(*_conditions(selection))
    if selection.limit:
        wanted = wanted.limit(selection.limit)
    return session.scalar(select(func.count()).select_from(wanted.subquery())) or 0


Place = tuple[datetime, str]
"""Where a page ended: the last order's registration, and its number."""


def pages(
    session: Session, selection: Selection, after: Place | None = None, size: int = PAGE
) -> tuple[list[str], Place | None]:
    """The numbers of the next selected orders, in the order in which they were registered, and where they end."""
    wanted = select(_O.order_id, _O.registered_at).where(*_conditions(selection))
    if after is not None:
        wanted = wanted.where(tuple_(_O.registered_at, _O.order_id) > tuple_(*after))
    many = min(size, selection.limit) if selection.limit else size
    rows = session.execute(wanted.order_by(_O.registered_at, _O.order_id).limit(many)).all()
    return [row.order_id for row in rows], (rows[-1].registered_at, rows[-1].order_id) if rows else after


def pasts(session: Session, numbers: Iterable[str], as_of: datetime) -> Iterator[Past | Unplayable]:
    """These orders as the lab plays them, in this order; one that cannot be played says why.

    Where one of them cannot even be read, each is read alone, so that it stands in no other's way.
    """
    asked = list(numbers)
    try:
        found = _pasts(session, asked, as_of)
    except LOST:
        raise
    except Exception:  # whatever one order has come to: the driver, the decoder or the rules may stumble over it
        if len(asked) > 1:
            found = [one for number in asked for one in pasts(session, [number], as_of)]
        else:
            log.exception("%s cannot be read", asked[0])
            found = [Unplayable(asked[0], BROKEN)]
    yield from found


def _pasts(session: Session, asked: list[str], as_of: datetime) -> list[Past | Unplayable]:
    by_order: dict[str, dict[str, Command]] = {}
    for row in session.execute(_COMMANDS, {"numbers": asked}):
        command = to_command(row.verb, decode(row.message, CommandMessage))
        by_order.setdefault(row.order_id, {})[row.key] = command
    rows = session.execute(_EVENTS, {"numbers": asked}).mappings()
    lived = {
        number: [from_row(event_row(row)) for row in own]
        for number, own in groupby(rows, key=lambda row: str(row["order_id"]))
    }
    found: list[Past | Unplayable] = []
    for number in asked:
        try:
            found.append(past(number, lived.get(number, []), by_order.get(number, {}), as_of))
        except Unplayable as why:
            found.append(why)
        except (KeyError, ValueError):  # another version's event or command
            found.append(Unplayable(number, NO_COMMANDS))
    return found


def _conditions(selection: Selection) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [_O.rehearsal.is_(selection.rehearsal)]
    if selection.since is not None:
        found.append(_O.registered_at >= selection.since)
    if selection.until is not None:
        found.append(_O.registered_at < selection.until)
    for column, value in ((_O.province, selection.province), (_O.category, selection.category)):
        if value:
            found.append(column == value)
    if selection.order_class is not None:
        found.append(_O.order_class == selection.order_class.value)
    if selection.policy_version:
        version = cast(frozen.c.document, JSON)["policy_version"].as_string()
        found.append(_O.terms.in_(select(frozen.c.digest).where(version == selection.policy_version)))
    return found
