"""How well policies of ours explain the due times that somebody else's office gave its requests.

Of each type of request the earlier half of the rows, by opening time, chooses one policy: a span and a calendar, out of
a finite list that knows nothing of the rows. The later half is then reckoned with it and compared. Rows without a
target say nothing of a policy and are only counted.

A policy explains a row when its due time lies within two minutes of the target. Offices change their limits: the
policy that is in force at the end of the earlier half counts, and a change is believed when it explains ten rows more
than staying would. Among policies that explain as many, the one that types choose for most rows wins, then the way
of counting (calendar and unit) that explains most rows over all types: a calendar is the office's, not the type's.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from rulebook.candidates import TOLERANCE, Office, Policy, Request, explaining

WITHIN = 0.98
"""The aim: the share of the later halves' rows that lie within it."""
CHANGE = 10
"""How many rows more a change of policy has to explain than staying does."""
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
Rank = Callable[[Policy], tuple[int, int, int, int]]
"""What a policy is preferred by when the rows of its type do not tell; more is better."""


@dataclass(frozen=True, slots=True)
class TypeFit:
    """How it went with one type; counts are rows with a target unless they say otherwise.

    Attributes:
        type: the type of request.
        untargeted: its rows without a target.
        early: rows of the earlier half.
        later: rows of the later half.
        dst: later rows that a clock change lies within.
        missed: the row numbers of later rows that are neither within nor `other`.
        explained: the early rows that the policy, before a change its predecessor, explains.
        policy: what was chosen; None when no candidate explains any early row.
        zh: the policy in Chinese.
        en: the policy in English.
        since: when the policy came into force; None when it always was.
        within: later rows within two minutes.
        other: of the rest, those that another number on the same calendar explains, as after a change of type.
        dst_within: the rows of `dst` that are within two minutes.
        dst_shifted: those of `dst` that are wrong by an hour: by the clock change.
        dst_told: those of `dst_within` that days of 24 hours would have missed.
    """

    type: str
    untargeted: int
    early: int
    later: int
    dst: int
    missed: tuple[int, ...]
    explained: int = 0
    policy: Policy | None = None
    zh: str = "未找到规则"
    en: str = "no policy found"
    since: datetime | None = None
    within: int = 0
    other: int = 0
    dst_within: int = 0
    dst_shifted: int = 0
    dst_told: int = 0


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Closed rows with a target: how many have a verdict, the rows where ours differs, and how many have none."""

    checked: int
    wrong: tuple[int, ...]
    unsaid: int


@dataclass(frozen=True, slots=True)
class Fit:
    """The whole check: the types with a target, most rows first, and the verdicts."""

    types: tuple[TypeFit, ...]
    verdicts: Verdicts

    def total(self, count: str) -> int:
        """The sum of one count of `TypeFit` over all types."""
        return sum(getattr(fit, count) for fit in self.types)

    @property
    def share(self) -> float:
        """The share of the later halves' rows that lie within two minutes."""
        later = self.total("later")
        return self.total("within") / later if later else 0.0

    @property
    def met(self) -> bool:
        """True when every aim is met: the share, no row wrong by a clock change, every verdict right."""
        return self.share >= WITHIN and not self.total("dst_shifted") and not self.verdicts.wrong


def overdue(closed: datetime, target: datetime) -> bool:
    """The verdict: closed after the target; in the moment of the target is in time."""
    return closed > target


def fit(requests: Iterable[Request], candidates: Sequence[Office]) -> Fit:
    """Fit each type on its earlier half and check its later half; the verdicts of all rows."""
    rows = sorted(requests, key=lambda request: (request.opened, request.row))
    types: defaultdict[str, list[Request]] = defaultdict(list)
    for request in rows:
        types[request.type].append(request)
    targeted = {kind: [one for one in ones if one.target] for kind, ones in types.items()}
    # The larger half is the later one: it is what counts.
    explained = {
        kind: [tuple(explaining(one, candidates)) for one in ones[: len(ones) // 2]] for kind, ones in targeted.items()
    }
    rank = _ranks(explained.values())
    changes = _clock_changes(rows, candidates[0].calendar.zone)
    fits = [
        _type_fit(kind, ones, len(types[kind]) - len(ones), explained[kind], rank, candidates, changes)
        for kind, ones in targeted.items()
        if ones
    ]
    fits.sort(key=lambda one: (-one.early - one.later, one.type))
    return Fit(tuple(fits), _verdicts(rows))


def _ranks(explained: Iterable[Sequence[tuple[Policy, ...]]]) -> Rank:
    """How usual a policy is in the office, and how usual its way of counting, by the rows of all types.

    What types choose by themselves says how the office works; where they cannot tell, the way of counting that explains
    most rows does.
    """
    alone = list(explained)
    ways: Counter[tuple[int, str]] = Counter()
    for rows in alone:
        best: dict[tuple[int, str], int] = {}
        for policy, count in Counter(policy for found in rows for policy in found).items():
            way = policy.office, policy.unit
            best[way] = max(count, best.get(way, 0))
        ways.update(best)

    def by_way(policy: Policy) -> tuple[int, int, int, int]:
        return 0, ways[policy.office, policy.unit], -policy.office, -policy.number

    votes: Counter[Policy] = Counter()
    for rows in alone:
        if chosen := _in_force(rows, by_way):
            votes[chosen[0]] += chosen[2]
    return lambda policy: (votes[policy], *by_way(policy)[1:])


def _verdicts(rows: Iterable[Request]) -> Verdicts:
    checked, unsaid = 0, 0
    wrong = []
    for one in rows:
        if one.closed is None or one.target is None:
            continue
        if one.overdue is None:
            unsaid += 1
            continue
        checked += 1
        if one.overdue != overdue(one.closed, one.target):
            wrong.append(one.row)
    return Verdicts(checked, tuple(sorted(wrong)), unsaid)


def _type_fit(
    kind: str,
    rows: Sequence[Request],
    untargeted: int,
    explained: Sequence[tuple[Policy, ...]],
    rank: Rank,
    candidates: Sequence[Office],
    changes: Sequence[datetime],
) -> TypeFit:
    early, later = rows[: len(explained)], rows[len(explained) :]
    chosen = _in_force(explained, rank)
    crossing = [one for one in later if _crosses(one, changes)]
    if chosen is None:
        return TypeFit(
            type=kind,
            untargeted=untargeted,
            early=len(early),
            later=len(later),
            dst=len(crossing),
            missed=tuple(one.row for one in later),
        )
    policy, since, score = chosen
    zh, en = policy.words(candidates)
    place = candidates[policy.office]
    off = {one.row: abs(place.calendar.add(one.opened, policy.span) - one.due) for one in later}
    rest = [one for one in later if off[one.row] > TOLERANCE]
    elsewhere = {one.row for one in rest if next(explaining(one, (place,)), None)}
    right = [one for one in crossing if off[one.row] <= TOLERANCE]
    return TypeFit(
        type=kind,
        untargeted=untargeted,
        early=len(early),
        explained=score,
        policy=policy,
        zh=zh,
        en=en,
        since=early[since].opened if since else None,
        later=len(later),
        within=len(later) - len(rest),
        other=len(elsewhere),
        dst=len(crossing),
        dst_within=len(right),
        dst_shifted=sum(abs(off[one.row] - _HOUR) <= TOLERANCE for one in crossing),
        dst_told=sum(not _elapsed(one) for one in right) if policy.unit == "d" else 0,
        missed=tuple(one.row for one in rest if one.row not in elsewhere),
    )


def _in_force(explained: Sequence[tuple[Policy, ...]], rank: Rank) -> tuple[Policy, int, int] | None:
    """The policy at the end, the row at which it came into force, and how many rows it and its predecessors explain."""
    rows: defaultdict[Policy, list[int]] = defaultdict(list)
    for number, found in enumerate(explained):
        for policy in found:
            rows[policy].append(number)
    if not rows:
        return None

    # With fewer rows than a change needs none can win or bring one about; of those that explain the same, one will do.
    enough = min(CHANGE, max(map(len, rows.values())))
    same: dict[tuple[int, ...], Policy] = {}
    for policy, numbers in rows.items():
        key = tuple(numbers)
        if len(key) >= enough and (key not in same or rank(policy) > rank(same[key])):
            same[key] = policy
    at: list[list[_Standing]] = [[] for _ in explained]
    standings = [_Standing(policy) for policy in same.values()]
    for one, key in zip(standings, same, strict=True):
        for number in key:
            at[number].append(one)
    best = standings[0]
    for number, hit in enumerate(at):
        floor, explains = best.score - CHANGE, best.explains
        for one in hit:
            if one.score < floor:
                one.score, one.explains, one.since = floor, explains, number
            one.score += 1
            one.explains += 1
        best = max(best, *hit, key=lambda one: one.score) if hit else best
    last = max(standings, key=lambda one: (one.score, rank(one.policy)))
    return last.policy, last.since, last.explains


@dataclass(slots=True)
class _Standing:
    """A policy amid the choice: its score after the cost of changes, the rows explained up to now, and since which."""

    policy: Policy
    score: int = 0
    explains: int = 0
    since: int = 0


def _elapsed(request: Request) -> bool:
    """True when the target lies whole days of 24 hours after the opening."""
    days = (request.due - request.opened) / _DAY
    return abs(days - round(days)) * _DAY <= TOLERANCE


def _clock_changes(rows: Sequence[Request], zone: str) -> tuple[datetime, ...]:
    """The instants, to the second, at which the zone's clocks changed while any row was open."""
    local = ZoneInfo(zone)
    if not rows:
        return ()
    found = []
    at, end = rows[0].opened, max(one.target or one.opened for one in rows)
    while at < end:
        low, high = at, at + _DAY
        if low.astimezone(local).utcoffset() != high.astimezone(local).utcoffset():
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) / 2
                same = middle.astimezone(local).utcoffset() == low.astimezone(local).utcoffset()
                low, high = (middle, high) if same else (low, middle)
            found.append(high.replace(microsecond=0).astimezone(UTC))
        at += _DAY
    return tuple(found)


def _crosses(request: Request, changes: Sequence[datetime]) -> bool:
    return bisect_left(changes, request.opened) < bisect_left(changes, request.due)
