"""What an operator sees of an order in Temporal's own lists and pages: search attributes, details, timer summaries.

Search attributes stand in clear in the engine's database, so they say where an order is and nothing of what it is
about; details and summaries are encrypted like everything else, and hold nothing that the customer said either.
"""

from __future__ import annotations

from typing import Any

from temporalio.common import SearchAttributeKey, SearchAttributePair, SearchAttributeUpdate, TypedSearchAttributes

from contracts.names import LEVEL_ATTRIBUTE, OVERDUE_ATTRIBUTE, PROVINCE_ATTRIBUTE, STATE_ATTRIBUTE
from domain.clocks import next_deadline
from domain.model import STATES_ZH, Clock, Order, Ticking

STATE_KEY = SearchAttributeKey.for_keyword(STATE_ATTRIBUTE)
PROVINCE_KEY = SearchAttributeKey.for_keyword(PROVINCE_ATTRIBUTE)
LEVEL_KEY = SearchAttributeKey.for_int(LEVEL_ATTRIBUTE)
OVERDUE_KEY = SearchAttributeKey.for_bool(OVERDUE_ATTRIBUTE)

_TICKING = (Ticking.RUNNING, Ticking.BREACHED)


def of(order: Order) -> TypedSearchAttributes:
    """The attributes of an order as it stands, to be given when its workflow is started."""
    return TypedSearchAttributes(
        [
            SearchAttributePair(STATE_KEY, order.state.value),
            SearchAttributePair(PROVINCE_KEY, order.province),
            SearchAttributePair(LEVEL_KEY, order.level),
            SearchAttributePair(OVERDUE_KEY, order.overdue),
        ]
    )


def changes(shown: TypedSearchAttributes, order: Order) -> list[SearchAttributeUpdate[Any]]:
    """Only those attributes of the order that differ from what is shown."""
    return [pair.key.value_set(pair.value) for pair in of(order) if shown.get(pair.key) != pair.value]


def details(order: Order, unrecorded: int) -> str:
    """The page's text in Markdown: where the order stands, who leads, and what time will bring next."""
    lead, clock = order.lead, next_clock(order)
    colour = f" · {order.colour}" if order.colour else ""
    overdue = " · **超期 overdue**" if order.overdue else ""
    return "\n".join(
        (
            f"**{STATES_ZH[order.state]} {order.state}** · 层级 level {order.level}{colour}{overdue}",
            "",
            f"- 主办 lead: {lead.unit if lead else '—'} · 轮次 round {order.round}",
            f"- 下一时限 next: {summary(clock) if clock else '—'}",
            f"- 序号 seq {order.seq} · 待入账 unrecorded {unrecorded}",
        )
    )


def summary(clock: Clock | None) -> str:
    """The clock whose mark comes next, its unit and the instant (UTC)."""
    if clock is None or clock.next_at is None:
        return "等待 waiting"
    return f"{clock.key} {clock.unit} {clock.next_at:%Y-%m-%d %H:%M}Z"


def next_clock(order: Order) -> Clock | None:
    """The clock whose mark comes first; None when nothing is awaited."""
    deadline = next_deadline(order)
    armed = (clock for clock in order.clocks.values() if clock.status in _TICKING and clock.next_at == deadline)
    return None if deadline is None else next(armed, None)
