"""Why a command was refused: one class and one stable `code` each, and no HTTP in sight.

A refusal changes nothing. It says what is wrong, names the field where one is to blame, and says what to do instead.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar


def not_before(at: datetime) -> str:
    """The first whole second at or after an instant, for a text that says from when something is possible."""
    whole = at.replace(microsecond=0)
    return (whole if whole == at else whole + timedelta(seconds=1)).isoformat()


def not_after(at: datetime) -> str:
    """The last whole second at or before an instant, for a text that says until when something was possible."""
    return at.replace(microsecond=0).isoformat()


class Refusal(Exception):  # noqa: N818 - an answer, not a fault
    """A command that the rules do not allow; `code` is stable, the message is for people."""

    code: ClassVar[str] = "refused"
    usual: ClassVar[str] = ""
    """The remedy where none is named."""

    def __init__(
        self,
        message: str,
        *,
        field: str = "",
        remedy: str = "",
        state: str = "",
        allowed: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.remedy = remedy or self.usual
        self.state = state
        self.allowed = allowed


class NotAllowedNow(Refusal):
    """The table has no row for this command in the order's state."""

    code = "not_allowed_now"


class RoleForbidden(Refusal):
    """The command exists in this state, but not for this role."""

    code = "role_forbidden"


class NotYourUnit(Refusal):
    """The actor's unit does not hold the part that the command speaks of."""

    code = "not_your_unit"


class ReasonRequired(Refusal):
    """This command must say why."""

    code = "reason_required"
    usual = "say why in the field reason; it is kept on record"


class InvalidField(Refusal):
    """A field is missing, malformed or out of range."""

    code = "invalid_field"


class UnknownSubject(Refusal):
    """No such assignment, whistle, attendance or request in this order."""

    code = "unknown_subject"


class SamePerson(Refusal):
    """Separation of duties: handler, reply auditor, caller and decider are different people (invariant 4)."""

    code = "same_person"


class CapReached(Refusal):
    """The number of times that the policy allows this has been used up."""

    code = "cap_reached"


class Designated(Refusal):
    """A designated unit may not return the order (invariant 3)."""

    code = "designated"


class TooLate(Refusal):
    """Asked after the limit that it should have preceded (invariant 2)."""

    code = "too_late"


class TooSoon(Refusal):
    """The policy's gap since the last attempt has not passed."""

    code = "too_soon"


class QuietHours(Refusal):
    """The customer may not be called at this hour of his day."""

    code = "quiet_hours"


class TooManyCalls(Refusal):
    """The customer's number has been called as often as it may be in the time, over all orders."""

    code = "too_many_calls"


class AlreadyPending(Refusal):
    """The same request is already waiting for its decision."""

    code = "already_pending"


class PartOpen(Refusal):
    """A co unit's part is neither in nor explained (invariant 5)."""

    code = "part_open"


class WhistleOpen(Refusal):
    """Departments that were summoned have not finished; nobody leaves before the matter ends."""

    code = "whistle_open"


class WindowClosed(Refusal):
    """The customer's reopening window has passed."""

    code = "window_closed"


class AppealOnly(Refusal):
    """The final review is done; the way on is an appeal to the regulator."""

    code = "appeal_only"


class StaleOrder(Refusal):
    """The order has moved on since the caller looked."""

    code = "stale_order"


class CommandReused(Refusal):
    """The command's id was used before with another content."""

    code = "command_reused"


def codes() -> dict[str, type[Refusal]]:
    """Every refusal code with its class, for the API's table and the docs."""
    return {cls.code: cls for cls in Refusal.__subclasses__()}
