"""The new terms of an order whose category, class, tier, priority or policy version is to change.

A command of these verbs carries them to the rules, which know no policy documents. They are resolved here, from the
document of the order's own version or of the version to migrate to, and kept in the ledger before the command is sent.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec
from sqlalchemy.orm import Session

from api.errors import Problem
from contracts.messages import CommandMessage, decode, encode
from domain.commands import COMMANDS, MigratePolicy, Relabel, Reprioritise, Retier, verb
from domain.model import Order
from domain.policy import Document, Terms
from domain.retime import renewed
from store import commands, orders, policies

Retiming = Relabel | Reprioritise | Retier | MigratePolicy
VERBS: tuple[str, ...] = tuple(verb(command) for command in Retiming.__args__)
"""The verbs whose command carries the order's new terms."""


def completed(session: Session, order_id: str, verb: str, message: CommandMessage) -> CommandMessage:
    """The message with the order's new terms, which are kept; as it is for a key that is known, or an unknown order.

    Raises:
        Problem: there is no such version or tier.
    """
    if commands.find(session, message.id) is not None:
        return message  # what was sent first counts
    found = orders.find(session, order_id)
    if found is None:
        return message
    body: Retiming = decode(message.body, COMMANDS[verb])
    terms = new_terms(found.order, body, document_for(session, found.order, body))
    policies.save_terms(session, terms)
    return msgspec.structs.replace(message, body=msgspec.Raw(encode(replace(body, terms=terms))))


def document_for(session: Session, order: Order, body: Retiming) -> Document:
    """The policy document that the new terms come from; raises Problem when its version was never published."""
    migrating = isinstance(body, MigratePolicy)
    version = body.version if isinstance(body, MigratePolicy) else order.policy_version
    try:
        return policies.document(session, version)
    except LookupError:
        raise Problem(
            "invalid_field" if migrating else "policy_missing",
            f"There is no policy {version}.",
            field="version" if migrating else "",
            remedy="GET /v1/policies lists the versions."
            if migrating
            else f"Publish policy {version} again, or migrate the order to another version first.",
        ) from None


def new_terms(order: Order, body: Retiming, document: Document) -> Terms:
    """The terms that the order shall have after the command; raises Problem for a tier that is not the policy's."""
    tier = getattr(body, "tier", "")
    if tier and tier not in document["tiers"]:
        known = ", ".join(document["tiers"])
        raise Problem("invalid_field", f"There is no tier {tier}.", field="tier", remedy=f"One of {known}.")
    return renewed(order, body, document)
