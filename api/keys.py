"""A command's key on its way: what was asked for, who has it in hand, and how a claim is to be understood."""

from __future__ import annotations

import hashlib
import hmac
import time
from dataclasses import dataclass, field
from datetime import datetime

from api.errors import Problem
from api.views import Reply
from contracts.messages import Answer, CommandMessage, OrderInput, encode
from domain.model import Actor, Customer, Order, OrderClass
from domain.policy import Terms
from store.commands import Claim, Standing

HELD_SECONDS = 3.0
"""How long a claimed key is thought to be in the hands of whoever claimed it; then it may be given to another."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A complaint as it was asked for, before the catalogue and the policy have been looked up."""

    title: str
    text: str
    category: str
    province: str
    channel: str
    customer: Customer
    order_class: OrderClass | None = None
    source: str = ""
    area: str = ""
    dispatch: bool = True
    rehearsal: bool = False
    against: str = ""


@dataclass(frozen=True, slots=True)
class Pending:
    """A claimed key whose command is to be carried out; `recorded` is the ledger's last seq of the order.

    `terms` is given for a registration only; `fresh` is False when the key was claimed before. `attempt` is the number
    of this try, `until` the moment (monotonic seconds) after which another may have been given the key.
    """

    key: str
    order_id: str
    verb: str
    message: CommandMessage
    recorded: int
    terms: Terms | None = None
    fresh: bool = True
    attempt: int = 1
    until: float = field(default_factory=lambda: time.monotonic() + HELD_SECONDS)

    @property
    def path(self) -> str:
        """The address that the command was sent to."""
        return "/v1/orders" if self.verb == "register" else f"/v1/orders/{self.order_id}/{self.verb}"


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger knows of an order; `done` is what the asking key has already brought about, if anything."""

    order: Order
    terms: Terms
    updated_at: datetime
    done: Answer | None


def restart_input(known: Known) -> OrderInput:
    """What an order's workflow is started from when the engine has lost or ended it: all that the ledger knows.

    The window of done commands stays empty: whoever sends a command again looks first whether the ledger has it.
    """
    return OrderInput(order_id=known.order.id, terms=known.terms, state=known.order)


def mark(secret: bytes, verb: str, order_id: str, actor: Actor, body: bytes, reason: str) -> str:
    """The keyed hash over all that makes two requests the same; without the key it tells nothing of what they say."""
    content = b"\0".join((b"same", verb.encode(), order_id.encode(), encode(actor), body, reason.encode()))
    return hmac.new(secret, content, hashlib.sha256).hexdigest()


def understood(claimed: Claim) -> Pending | Reply:
    """The command to be carried out, or the reply that its key has already; raises Problem `command_reused`."""
    match claimed.standing:
        case Standing.CONFLICT:
            raise Problem(
                "command_reused",
                "This Idempotency-Key was used before, for another command.",
                field="Idempotency-Key",
                remedy="Use a new key for a new command.",
            )
        case Standing.DONE | Standing.REFUSED:
            assert claimed.answer is not None, "a finished key has its answer"
            return Reply.restored(claimed.answer, claimed.order_id)
        case _:
            return pending(claimed, fresh=claimed.standing is Standing.NEW)


def pending(claimed: Claim, *, fresh: bool) -> Pending:
    """The command of a pending key, in this caller's hands from now on."""
    return Pending(
        key=claimed.key,
        order_id=claimed.order_id,
        verb=claimed.verb,
        message=claimed.message,
        recorded=claimed.recorded_seq,
        fresh=fresh,
        attempt=claimed.attempt,
    )
