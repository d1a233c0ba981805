"""What happened to a whistle: the part of `events` that speaks of blows, attendances and ratings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.model import Rating, Whistle, WhistleKind


@dataclass(frozen=True, slots=True)
class WhistleRequested:
    """Somebody at the frontline asks to summon departments."""

    whistle: Whistle


@dataclass(frozen=True, slots=True)
class WhistleRefused:
    """Refused as invalid; counts in the whistler's score."""

    whistle: str


@dataclass(frozen=True, slots=True)
class WhistleBlown:
    """The departments are summoned; `again` when blown anew."""

    whistle: str
    kind: WhistleKind
    units: tuple[str, ...]
    again: bool = False


@dataclass(frozen=True, slots=True)
class WhistleReviewed:
    """An emergency whistle was judged afterwards."""

    whistle: str
    valid: bool


@dataclass(frozen=True, slots=True)
class WhistleAnswered:
    """A summoned unit has heard it."""

    whistle: str
    unit: str


@dataclass(frozen=True, slots=True)
class WhistleContacted:
    """A summoned unit has spoken to the frontline."""

    whistle: str
    unit: str
    spoke_to: str


@dataclass(frozen=True, slots=True)
class DepartmentReportedIn:
    """The department is there; `late` when it had been absent."""

    whistle: str
    unit: str
    who: str
    late: bool


@dataclass(frozen=True, slots=True)
class DepartmentAbsent:
    """The limit to report in passed."""

    whistle: str
    unit: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class DepartmentDone:
    """A summoned unit has done its part."""

    whistle: str
    unit: str
    done: str


@dataclass(frozen=True, slots=True)
class DepartmentExcused:
    """A summoned unit may go; the substitute is named."""

    whistle: str
    unit: str
    substitute: str


@dataclass(frozen=True, slots=True)
class WhistleDisposed:
    """The joint handling is finished, says the lead."""

    whistle: str
    result: str


@dataclass(frozen=True, slots=True)
class WhistleVerified:
    """The frontline has checked: solved."""

    whistle: str


@dataclass(frozen=True, slots=True)
class DepartmentRated:
    """The frontline's rating of one unit; immutable, a correction is another event."""

    whistle: str
    unit: str
    rating: Rating


@dataclass(frozen=True, slots=True)
class RatingAppealed:
    """The unit objects."""

    whistle: str
    unit: str
    ground: str


@dataclass(frozen=True, slots=True)
class AppealDecided:
    """The appeal's end; `rating` corrects the first one, None leaves it."""

    whistle: str
    unit: str
    rating: Rating | None


@dataclass(frozen=True, slots=True)
class WhistleEnded:
    """Rated, or ended with the order."""

    whistle: str
