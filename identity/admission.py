"""From what an OpenID provider says of somebody to a person of the directory, in a role and a unit.

A subject that was here before is the same person again. One that comes for the first time is the person whose id the
claim of the setting `oidc_person_claim` names; whom the directory does not know is entered, if the installation wants
that. Role and unit follow the provider at every log-in. Nobody is let in whose groups mean no role here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from domain.model import Role
from runtime.settings import SettingError, Settings
from store import directory, federated
from store.directory import ACTS_FOR, EMAIL, ID, RESERVED, ROLES, Person, Unit

_MOST_NAME = 64


class NotAdmitted(Exception):  # noqa: N818 - it names what happened
    """Somebody whom the provider knows, and who may not enter here; why, and what to do, in both languages."""

    def __init__(self, zh: str, en: str, remedy_zh: str, remedy_en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en
        self.remedy_zh = remedy_zh
        self.remedy_en = remedy_en


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who was let in; `changes` names what of him follows the provider since now, such as `role agent → team_lead`."""

    person: Person
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """How the claims are to be read: the settings, with the roles understood."""

    issuer: str
    person: str
    groups: str
    roles: tuple[tuple[str, Role], ...]
    unit: str
    provisioning: bool


def reading(settings: Settings) -> Reading:
    """How this installation reads claims.

    Raises:
        SettingError: a group is to have a role that there is not, or that nobody may be given so.
    """
    groups: dict[str, str] = json.loads(settings.oidc_roles)
    for group, role in groups.items():
        if role not in ROLES:
            known = ", ".join(ROLES)
            raise SettingError(
                f"WHISTLE_OIDC_ROLES 中的组 {group} 对应的角色 {role} 无效; 可用角色: {known}",
                f"WHISTLE_OIDC_ROLES gives the group {group} the role {role}, which cannot be; choose among {known}",
            )
    return Reading(
        issuer=settings.oidc_issuer or "",
        person=settings.oidc_person_claim,
        groups=settings.oidc_role_claim,
        roles=tuple((group, Role(role)) for group, role in groups.items()),
        unit=settings.oidc_unit_claim,
        provisioning=settings.oidc_allow_provisioning,
    )


def admit(session: Session, how: Reading, claims: Mapping[str, Any]) -> Admitted:
    """The person of these claims, entered, linked and brought up to date as need be; raises NotAdmitted.

    In a session of the system; the caller commits it.
    """
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise _refused("登录账号没有可用的 sub", "the account has no usable subject")
    role, unit = _role(how, claims), _unit(session, how, claims)
    kind = ACTS_FOR.get(role, unit.kind)
    if kind != unit.kind:
        raise _refused(
            f"单位 {unit.id} 的类别为 {unit.kind}, 角色 {role} 须属 {kind}",
            f"the unit {unit.id} is a {unit.kind}; the role {role} acts for a {kind}",
        )
    known = federated.person_of(session, how.issuer, subject)
    if not known:
        federated.alone(session)
        known = federated.person_of(session, how.issuer, subject)  # he may have come by another way meanwhile
    person = directory.person(session, known) if known else _first(session, how, claims, subject, role, unit)
    if person is None:
        raise _refused(f"组织资料中没有 {known}", f"the directory has no person {known}")
    if not person.active:
        raise _refused(f"{person.id} 已停用", f"{person.id} is not active any more")
    return _up_to_date(session, person, role, unit)


def _first(session: Session, how: Reading, claims: Mapping[str, Any], subject: str, role: Role, unit: Unit) -> Person:
    """Somebody who comes for the first time, linked to whom the directory has, or entered there."""
    named = _claim(claims, how.person)
    if not isinstance(named, str) or not ID.fullmatch(named) or RESERVED.match(named):
        raise _refused(
            f"声明 {how.person} 不能作人员编号 (至多 64 个字母、数字及 @.:+_-)",
            f"the claim {how.person} cannot be a person's id (up to 64 letters, digits and @.:+_-)",
            ("管理员可用 WHISTLE_OIDC_PERSON_CLAIM 另选声明", "an administrator may choose another claim"),
        )
    person = directory.person(session, named)
    if person is None:
        if not how.provisioning:
            raise _refused(f"组织资料中没有 {named}", f"the directory has no person {named}")
        verified = claims.get("email") if claims.get("email_verified") is True else ""
        email = verified if isinstance(verified, str) and EMAIL.fullmatch(verified) else ""
        name = _name(claims) or named
        federated.enter(session, named, name=name, role=role.value, unit=unit.id, province=unit.province, email=email)
        person = directory.person(session, named)
        assert person is not None
    elif person.active:
        _demand_free(session, how, person)
    else:
        return person
    federated.link(session, how.issuer, subject, named)
    return person


def _demand_free(session: Session, how: Reading, person: Person) -> None:
    """Raise NotAdmitted for a person who is somebody else's already, or who is the way in without the provider."""
    if federated.subject_of(session, how.issuer, person.id):
        raise _refused(f"{person.id} 已与另一账号关联", f"{person.id} belongs to another account of the provider")
    if person.role == Role.ADMINISTRATOR and federated.has_password(session, person.id):
        raise _refused(
            f"管理员 {person.id} 以密码登录, 不与外部账号关联",
            f"the administrator {person.id} logs in with a password and is linked to no account",
            ("请以密码登录", "log in with the password"),
        )


def _up_to_date(session: Session, person: Person, role: Role, unit: Unit) -> Admitted:
    told = {"role": role.value, "unit": unit.id, "province": unit.province}
    held = {"role": str(person.role), "unit": person.unit, "province": person.province}
    changes = tuple(f"{name} {held[name] or '-'} → {told[name] or '-'}" for name in told if held[name] != told[name])
    if changes:
        federated.move(session, person.id, **told)
        found = directory.person(session, person.id)
        assert found is not None
        person = found
    return Admitted(person, changes)


def _role(how: Reading, claims: Mapping[str, Any]) -> Role:
    given = _claim(claims, how.groups)
    groups = [given] if isinstance(given, str) else given if isinstance(given, list) else []
    for group, role in how.roles:
        if group in groups:
            return role
    raise _refused("该账号所属的组在本系统没有角色", "none of the account's groups has a role here")


def _unit(session: Session, how: Reading, claims: Mapping[str, Any]) -> Unit:
    named = _claim(claims, how.unit)
    found = directory.unit(session, named) if isinstance(named, str) and 0 < len(named) <= 50 else None
    if found is None:
        shown = named[:50] if isinstance(named, str) else "-"
        raise _refused(f"声明 {how.unit} 所指单位 {shown} 不存在", f"the claim {how.unit} names no unit: {shown}")
    return found


def _claim(claims: Mapping[str, Any], name: str) -> object:
    """A claim by its name; one that is not there by that name may stand inside others, such as `realm_access.roles`."""
    if name in claims:
        return claims[name]
    found: object = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _name(claims: Mapping[str, Any]) -> str:
    """The name to be shown, without what cannot be printed."""
    given = claims.get("name")
    text = given if isinstance(given, str) else ""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:_MOST_NAME]


def _refused(zh: str, en: str, remedy: tuple[str, str] = ("请联系管理员", "ask an administrator")) -> NotAdmitted:
    return NotAdmitted(zh, en, *remedy)
