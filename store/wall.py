"""What the supervisor's wall shows of a place: counts, rates, and who has not done what by when.

Asked as the system and bounded by an explicit condition on place, since the database's question per row is slow over
many rows. An order counts where its province is; who has not reported in, not signed or missed a limit counts where the
unit is that owes, and stands on both lists. Rehearsals never count. Nothing here grows with history: what is open is
read from partial indexes, and the days from indexes by time.

The three rates go by completed call-backs: of those that fell due in the days asked for, how many customers said they
were contacted (响应率), that it is solved (解决率), and that they are satisfied or basically so (满意率). What was not
asked or not answered is no yes and no no; it shows in the coverage beside them, completed over due.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from domain.model import State
from domain.notice_texts import LABELS
from domain.transitions import BY_STATE, MEETS
from store.tables import AWAITED, DECISIONS, OPEN_ORDERS, UNSIGNED
from store.wall_lines import LEVELS, Breach, Count, Decision, Missing, UnitLoad, Wall, Worst
from store.wall_reader import Reader, Scope

MOST_UNREPORTED, MOST_UNSIGNED, MOST_BREACHES, MOST_DECISIONS, WORST = 200, 100, 100, 100, 10
_CANDIDATES = 50
_CUSTOMERS = "('info', 'rating', 'reopen', 'target')"
"""Kinds of clocks that say nothing of what a unit or desk owes."""


def wall(session: Session, scope: Scope, days: int, now: datetime) -> Wall:
    """The wall of a place, with the rates of so many days, today among them. In a session of the system."""
    read = Reader(session, scope, days, now)
    channels, categories = _orders(read)
    _days(read)
    _rates(read)
    units = _units(read)
    unreported, unsigned, breaches, worst = _unreported(read), _unsigned(read), _breaches(read), _worst(read)
    return Wall(
        at=now,
        place=scope.place,
        zone=read.zone,
        days=days,
        today=read.midnight.date(),
        since=read.since,
        total=read.sums.total.figures,
        places=read.sums.lines(),
        units=units,
        channels=channels,
        categories=categories,
        decisions=_decisions(read),
        unreported=unreported,
        unsigned=unsigned,
        breaches=breaches,
        worst=worst,
    )


def _orders(read: Reader) -> tuple[tuple[Count, ...], tuple[Count, ...]]:
    """What is open, in one pass: by place and level, by channel and by category."""
    found = read.rows(
        f"""
        SELECT grouping(province) AS other, grouping(category) AS no_category, province, level, overdue,
               category, channel, count(*) AS n
        FROM (SELECT province, level, overdue, category, channel FROM orders
              WHERE {OPEN_ORDERS} AND {{in_province}}) listed
        GROUP BY GROUPING SETS ((province, level, overdue), (category, overdue), (channel, overdue))
        """  # nosec B608  # constants of this file
    )
    kinds: dict[str, dict[str, list[int]]] = {"category": {}, "channel": {}}
    for row in found:
        if not row.other:
            for one in read.sums.at(row.province):
                one.add("open", row.n)
                one.add("overdue", row.n if row.overdue else 0)
                one.levels[min(row.level, LEVELS)] += row.n
        else:
            kind = "channel" if row.no_category else "category"
            tally = kinds[kind].setdefault(getattr(row, kind), [0, 0])
            tally[0] += row.n
            tally[1] += row.n if row.overdue else 0
    made = [
        tuple(
            Count(code, *read.called(f"{kind}:{code}"), *tally)
            for code, tally in sorted(kinds[kind].items(), key=lambda item: (-item[1][0], item[0]))
        )
        for kind in ("channel", "category")
    ]
    return made[0], made[1]


def _days(read: Reader) -> None:
    """What was registered and what ended since midnight."""
    for name, condition in (
        ("registered", "NOT rehearsal AND registered_at BETWEEN :midnight AND :now"),
        ("closed", "closed_at IS NOT NULL AND NOT rehearsal AND closed_at BETWEEN :midnight AND :now"),
    ):
        counted = f"SELECT province, count(*) AS n FROM orders WHERE {condition} AND {{in_province}} GROUP BY province"  # nosec B608  # constants of this file
        for row in read.rows(counted):
            for one in read.sums.at(row.province):
                one.add(name, row.n)


def _rates(read: Reader) -> None:
    """The three rates: each of its yes among those who answered its question, of the completed call-backs alone."""
    found = read.rows(
        """
        SELECT province, count(*), count(*) FILTER (WHERE status = 'completed'),
               count(*) FILTER (WHERE status = 'completed' AND contacted),
               count(*) FILTER (WHERE status = 'completed' AND contacted IS NOT NULL),
               count(*) FILTER (WHERE status = 'completed' AND solved),
               count(*) FILTER (WHERE status = 'completed' AND solved IS NOT NULL),
               count(*) FILTER (WHERE status = 'completed' AND satisfaction IN ('satisfied', 'basically')),
               count(*) FILTER (WHERE status = 'completed' AND satisfaction <> '')
        FROM callbacks
        WHERE NOT rehearsal AND due_at >= :since AND due_at <= :now AND status NOT IN ('replaced', 'void')
              AND {in_province}
        GROUP BY province
        """
    )
    for province, *numbers in found:
        for one in read.sums.at(province):
            one.rates = [old + new for old, new in zip(one.rates, numbers, strict=True)]


def _units(read: Reader) -> tuple[UnitLoad, ...]:
    """What lies with each unit: its parts, and the whistles by which it was summoned to others' orders."""
    found = read.rows(
        """
        SELECT unit, count(*) AS open, count(*) FILTER (WHERE due_at <= :now) AS overdue,
               count(*) FILTER (WHERE due_at > :now AND due_at <= :soon) AS soon
        FROM (
            SELECT unit, due_at FROM assignments WHERE active AND NOT rehearsal AND role <> 'copy' AND {unit}
            UNION ALL
            SELECT x.unit, min(x.due_at) FROM attendances x
            WHERE x.active AND NOT x.rehearsal AND {x_unit} AND NOT EXISTS (
                SELECT 1 FROM assignments a
                WHERE a.order_id = x.order_id AND a.unit = x.unit AND a.active AND a.role <> 'copy')
            GROUP BY x.order_id, x.unit
        ) owed GROUP BY unit ORDER BY overdue DESC, soon DESC, open DESC, unit
        """
    )
    return tuple(
        UnitLoad(row.unit, read.owner(row.unit, ""), *read.called(f"unit:{row.unit}"), row.open, row.overdue, row.soon)
        for row in found
    )


_UNREPORTED = f"""
    FROM (SELECT * FROM attendances WHERE {AWAITED}) x
    JOIN orders o ON o.order_id = x.order_id
    JOIN whistles w ON w.order_id = x.order_id AND w.id = x.whistle
    LEFT JOIN LATERAL (
        SELECT key, due_at FROM deadlines
        WHERE order_id = x.order_id AND kind = 'whistle_report_in' AND unit = x.unit AND ended_at IS NULL
              AND starts_with(key, 'whistle_report_in/' || x.whistle || '.')
        ORDER BY due_at LIMIT 1
    ) d ON true
    WHERE (x.absent OR d.due_at <= :now) AND {{owed}}
"""  # nosec B608  # constants of this file

_UNSIGNED = f"""
    FROM (SELECT * FROM assignments WHERE {UNSIGNED}) x
    JOIN orders o ON o.order_id = x.order_id
    LEFT JOIN deadlines d ON d.order_id = x.order_id AND d.key = 'sign/' || x.id
    WHERE x.role <> 'copy' AND {{owed}}
"""  # nosec B608  # constants of this file

_BREACHED = """
    FROM (SELECT * FROM deadlines
          WHERE breached_at IS NOT NULL AND NOT rehearsal AND breached_at BETWEEN :midnight AND :now) x
    JOIN orders o ON o.order_id = x.order_id
    WHERE {owed}
"""


def _count(read: Reader, name: str, missing: str) -> None:
    for row in read.rows(f"SELECT x.unit, o.province, count(*) AS n {missing} GROUP BY x.unit, o.province"):
        for one in read.sums.at(read.owner(row.unit, row.province)):
            one.add(name, row.n)


def _unreported(read: Reader) -> tuple[Missing, ...]:
    """Who was summoned and has not reported in although the limit has passed, the highest level first."""
    _count(read, "unreported", _UNREPORTED)
    found = read.rows(
        f"""
        SELECT x.order_id, x.whistle AS subject, x.unit, x.status AS state, x.summoned_at AS since, d.due_at, d.key,
               w.kind, w.matter, o.province, o.level, o.colour, o.category {_UNREPORTED}
        ORDER BY o.level DESC, d.due_at, x.order_id, x.unit LIMIT {MOST_UNREPORTED}
        """
    )
    return tuple(_missing(read, row) for row in found)


def _unsigned(read: Reader) -> tuple[Missing, ...]:
    """Who has not signed, those for whom the system had to sign first."""
    _count(read, "unsigned", _UNSIGNED)
    found = read.rows(
        f"""
        SELECT x.order_id, x.id AS subject, x.unit,
               CASE WHEN x.auto_signed THEN 'auto_signed' ELSE x.status END AS state,
               x.dispatched_at AS since, d.due_at, d.key, x.role AS kind, '' AS matter,
               o.province, o.level, o.colour, o.category {_UNSIGNED}
        ORDER BY x.auto_signed DESC, o.level DESC, d.due_at, x.order_id, x.id LIMIT {MOST_UNSIGNED}
        """
    )
    return tuple(_missing(read, row) for row in found)


def _missing(read: Reader, row: Any) -> Missing:
    zh, en = read.called(f"unit:{row.unit}")
    matter_zh, matter_en = read.called(f"matter:{row.matter}")
    return Missing(
        order_id=row.order_id, subject=row.subject, unit=row.unit, province=read.owner(row.unit, row.province),
        zh=zh, en=en, state=row.state, kind=row.kind, matter=row.matter, matter_zh=matter_zh, matter_en=matter_en,
        since=row.since, due_at=row.due_at, key=row.key or "", level=row.level, colour=row.colour,
        category=row.category,
    )  # fmt: skip


def _breaches(read: Reader) -> tuple[Breach, ...]:
    """The limits that passed since midnight, the latest first."""
    _count(read, "breaches", _BREACHED)
    found = read.rows(
        f"""
        SELECT x.order_id, x.key, x.kind, x.unit, x.due_at, x.ended_at, o.province, o.level {_BREACHED}
        ORDER BY x.breached_at DESC, x.order_id, x.key LIMIT {MOST_BREACHES}
        """
    )
    return tuple(
        Breach(
            row.order_id, row.key, row.kind, *_clock(row.kind), row.unit, read.owner(row.unit, row.province),
            *read.called(f"unit:{row.unit or row.province}"), row.due_at, row.ended_at, row.level,
        )
        for row in found
    )  # fmt: skip


def _decisions(read: Reader) -> tuple[Decision, ...]:
    """What waits for a decision, the nearest limit first; of closed orders too, whose review is still to come."""
    found = read.rows(
        f"""
        SELECT x.order_id, x.key, x.kind, x.started_at, x.due_at, o.province, o.lead_unit, o.state, o.level
        FROM (SELECT * FROM deadlines WHERE {DECISIONS}) x
        JOIN orders o ON o.order_id = x.order_id
        WHERE {{owed}} ORDER BY x.due_at, x.order_id, x.key LIMIT {MOST_DECISIONS}
        """  # nosec B608  # constants of this file
    )
    return tuple(_decision(read, row) for row in found)


def _decision(read: Reader, row: Any) -> Decision:
    verb = MEETS[row.kind][0]
    may = BY_STATE.get((State(row.state), verb))
    return Decision(
        row.order_id, row.key, row.kind, *_clock(row.kind), verb, tuple(may.roles) if may else (),
        row.lead_unit or "", row.province, *read.called(f"unit:{row.lead_unit or row.province}"), row.state,
        row.started_at, row.due_at, row.level,
    )  # fmt: skip


def _worst(read: Reader) -> tuple[Worst, ...]:
    """The open orders that stand worst, each with what is owed first in it and by whom."""
    found = read.rows(
        f"""
        SELECT o.*, d.kind, coalesce(nullif(d.unit, ''), o.lead_unit) AS owes, d.due_at AS owed_at
        FROM (
            SELECT order_id, category, province, lead_unit, level, colour, overdue FROM orders
            WHERE {OPEN_ORDERS} AND (level > 0 OR overdue) AND {{in_province}}
            ORDER BY level DESC, overdue DESC, order_id LIMIT {_CANDIDATES}
        ) o
        LEFT JOIN LATERAL (
            SELECT kind, unit, due_at FROM deadlines
            WHERE order_id = o.order_id AND ended_at IS NULL AND status IN ('running', 'breached')
                  AND kind NOT IN {_CUSTOMERS}
            ORDER BY due_at, key LIMIT 1
        ) d ON true
        ORDER BY o.level DESC, d.due_at, o.order_id LIMIT {WORST}
        """  # nosec B608  # constants of this file
    )
    return tuple(
        Worst(
            row.order_id, row.category, *read.called(f"category:{row.category}"), row.province, row.owes,
            *read.called(f"unit:{row.owes or row.province}"), row.level, row.colour, row.overdue,
            row.kind or "", *_clock(row.kind or ""), row.owed_at,
        )
        for row in found
    )  # fmt: skip


def _clock(kind: str) -> tuple[str, str]:
    return LABELS["clock"].get(kind, (kind, kind))
