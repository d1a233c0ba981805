"""Whom an OpenID provider means by a subject, and what of a person follows the provider's word."""

from __future__ import annotations

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from store.access_tables import accounts, federated
from store.tables import people


def alone(session: Session) -> None:
    """Until the transaction ends nobody else enters or links a person by a provider's word."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("federated", 0))))


def person_of(session: Session, issuer: str, subject: str) -> str:
    """The id of the person whom the provider means; '' when he was never here."""
    wanted = (federated.c.issuer == issuer, federated.c.subject == subject)
    return session.scalar(select(federated.c.person).where(*wanted)) or ""


def subject_of(session: Session, issuer: str, person: str) -> str:
    """The subject by which the provider means that person; '' when there is none."""
    wanted = (federated.c.issuer == issuer, federated.c.person == person)
    return session.scalar(select(federated.c.subject).where(*wanted)) or ""


def link(session: Session, issuer: str, subject: str, person: str) -> None:
    """Keep that the provider means that person."""
    session.execute(insert(federated).values(issuer=issuer, subject=subject, person=person))


def has_password(session: Session, person: str) -> bool:
    """True for somebody who has an account with a password of this system."""
    return session.scalar(select(accounts.c.person).where(accounts.c.person == person)) is not None


def enter(session: Session, person: str, *, name: str, role: str, unit: str, province: str, email: str) -> None:
    """Enter somebody in the directory, under the one name that the provider has for him."""
    row = {"id": person, "name_zh": name, "name_en": name, "role": role, "unit": unit, "province": province}
    session.execute(insert(people).values(**row, email=email, active=True))


def move(session: Session, person: str, *, role: str, unit: str, province: str) -> None:
    """Give somebody the role and the unit that the provider names."""
    session.execute(update(people).where(people.c.id == person).values(role=role, unit=unit, province=province))
