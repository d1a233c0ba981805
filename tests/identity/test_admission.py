"""From claims to people: whom the directory has, who is entered, and who stays outside."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session, sessionmaker

from domain.model import Role
from identity import admission
from identity.admission import Admitted, NotAdmitted
from runtime.settings import SettingError, load
from store import directory
from store.access_tables import accounts, federated
from store.tables import people

ROLES = {"leads": "team_lead", "agents": "agent", "net": "unit_member", "admins": "administrator"}
Made = sessionmaker[Session]


def admit(made: Made, sub: str, *, provisioning: bool = False, person_claim: str = "sub", **claims: Any) -> Admitted:
    settings = load(
        oidc_issuer="https://login.example.net",
        oidc_client_id="whistle",
        oidc_roles=json.dumps(ROLES),
        oidc_allow_provisioning=provisioning,
        oidc_person_claim=person_claim,
    )
    with made.begin() as session:
        return admission.admit(session, admission.reading(settings), {"sub": sub, **claims})


def refusal(made: Made, sub: str, **claims: Any) -> NotAdmitted:
    with pytest.raises(NotAdmitted) as refused:
        admit(made, sub, **claims)
    assert refused.value.zh
    assert refused.value.remedy_zh
    return refused.value


def test_somebody_of_the_directory_is_linked_and_keeps_his_place(made: Made) -> None:
    admitted = admit(made, "gd-agent-1", groups=["agents"], unit="GD.svc")
    assert (admitted.person.id, admitted.changes) == ("gd-agent-1", ())
    with made() as session:
        assert session.scalar(select(federated.c.person).where(federated.c.subject == "gd-agent-1")) == "gd-agent-1"


def test_role_unit_and_province_follow_the_provider_and_the_change_is_told(made: Made) -> None:
    admit(made, "gd-agent-2", groups=["agents"], unit="GD.svc")
    moved = admit(made, "gd-agent-2", groups=["net"], unit="JS.net")
    assert moved.changes == ("role agent → unit_member", "unit GD.svc → JS.net", "province GD → JS")
    with made() as session:
        person = directory.person(session, "gd-agent-2")
    assert person is not None
    assert (person.role, person.unit, person.province) == (Role.UNIT_MEMBER, "JS.net", "JS")
    assert admit(made, "gd-agent-2", groups=["net"], unit="JS.net").changes == ()


def test_of_several_groups_the_first_of_the_setting_counts(made: Made) -> None:
    assert admit(made, "js-agent-1", groups=["agents", "leads", "golf"], unit="JS.svc").person.role is Role.TEAM_LEAD
    assert admit(made, "js-agent-1", groups="agents", unit="JS.svc").person.role is Role.AGENT


@pytest.mark.parametrize("groups", [[], ["golf"], None, "", 7, {"agents": True}])
def test_without_a_group_that_has_a_role_nobody_enters(made: Made, groups: Any) -> None:
    assert "groups" in refusal(made, "bj-agent-1", groups=groups, unit="BJ.svc").en


@pytest.mark.parametrize("unit", ["XX.svc", "", None, ["GD.svc"], "G" * 400, "GD.svc'; --"])
def test_without_a_unit_that_exists_nobody_enters(made: Made, unit: Any) -> None:
    assert "unit" in refusal(made, "bj-agent-1", groups=["agents"], unit=unit).en


def test_a_role_acts_for_its_own_kind_of_unit(made: Made) -> None:
    assert "department" in refusal(made, "bj-net-1", groups=["net"], unit="BJ").en


def test_whom_the_directory_does_not_know_is_entered_only_if_that_is_wanted(made: Made) -> None:
    claims: dict[str, Any] = {"groups": ["agents"], "unit": "GD.svc", "name": "王 芳\n<b>", "email": "f@example.net"}
    assert "newcomer" in refusal(made, "newcomer", **claims).en
    admitted = admit(made, "newcomer", provisioning=True, email_verified=True, **claims)
    person = admitted.person
    assert (person.id, person.role, person.unit, person.province) == ("newcomer", Role.AGENT, "GD.svc", "GD")
    assert (person.name_zh, person.email) == ("王 芳 <b>", "f@example.net")
    again = admit(made, "newcomer", groups=["agents"], unit="GD.svc")
    assert again.person.id == "newcomer"


def test_who_comes_for_the_first_time_in_many_browsers_at_once_is_one_person(made: Made) -> None:
    def come(_: int) -> str:
        return admit(made, "at-once", provisioning=True, groups=["agents"], unit="GD.svc").person.id

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(come, range(8))) == {"at-once"}
    with made() as session:
        assert session.scalars(select(federated.c.person).where(federated.c.subject == "at-once")).all() == ["at-once"]


def test_of_two_accounts_that_claim_one_person_at_once_one_gets_him(made: Made) -> None:
    def come(number: int) -> bool:
        claims: dict[str, Any] = {
            "groups": ["agents"],
            "unit": "HB.svc",
            "person_claim": "staff",
            "staff": "hb-agent-1",
        }
        try:
            admit(made, f"rival-{number}", **claims)
        except NotAdmitted:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(come, range(8))) == 1


def test_an_address_that_nobody_verified_is_not_written_to(made: Made) -> None:
    admitted = admit(made, "unsure", provisioning=True, groups=["agents"], unit="GD.svc", email="a@example.net")
    assert admitted.person.email == ""


@pytest.mark.parametrize("sub", ["a b", "auth0|7", "x" * 65, "customer:1", "system", "person:gd-agent-1", "王"])
def test_what_cannot_be_a_persons_id_makes_none(made: Made, sub: str) -> None:
    assert "id" in refusal(made, sub, provisioning=True, groups=["agents"], unit="GD.svc").en


@pytest.mark.parametrize("sub", [None, "", 7, "x" * 300])
def test_an_account_without_a_subject_is_none(made: Made, sub: Any) -> None:
    assert "subject" in refusal(made, sub, provisioning=True, groups=["agents"], unit="GD.svc").en


def test_another_claim_may_name_the_person_but_nobody_takes_anothers_place(made: Made) -> None:
    claims: dict[str, Any] = {"groups": ["agents"], "unit": "SH.svc", "person_claim": "staff"}
    assert admit(made, "first", staff="sh-agent-1", **claims).person.id == "sh-agent-1"
    assert "another account" in refusal(made, "second", staff="sh-agent-1", **claims).en
    assert admit(made, "first", staff="somebody-else", **claims).person.id == "sh-agent-1"


def test_the_administrator_with_a_password_is_nobodys_account(made: Made) -> None:
    with made.begin() as session:
        session.execute(insert(accounts).values(person="hq-admin", hash="argon2"))
    assert "password" in refusal(made, "hq-admin", groups=["admins"], unit="HQ").en


def test_who_is_not_active_any_more_stays_outside(made: Made) -> None:
    admit(made, "zj-agent-1", groups=["agents"], unit="ZJ.svc")
    with made.begin() as session:
        session.execute(update(people).where(people.c.id.in_(["zj-agent-1", "zj-caller-1"])).values(active=False))
    assert "active" in refusal(made, "zj-agent-1", groups=["leads"], unit="ZJ.svc").en
    assert "active" in refusal(made, "zj-caller-1", groups=["leads"], unit="ZJ.svc").en
    with made() as session:
        person = directory.person(session, "zj-agent-1")
    assert person is not None
    assert person.role is Role.AGENT or person.role == "agent"


def test_claims_may_stand_inside_others(made: Made) -> None:
    settings = load(
        oidc_issuer="https://login.example.net",
        oidc_client_id="whistle",
        oidc_roles=json.dumps(ROLES),
        oidc_role_claim="realm_access.roles",
        oidc_unit_claim="https://example.net/unit",
    )
    claims = {"sub": "fj-agent-1", "realm_access": {"roles": ["agents"]}, "https://example.net/unit": "FJ.svc"}
    with made.begin() as session:
        assert admission.admit(session, admission.reading(settings), claims).person.id == "fj-agent-1"


@pytest.mark.parametrize("role", ["system", "customer", "emperor", ""])
def test_no_group_is_given_a_role_that_is_none_for_staff(role: str) -> None:
    settings = load(oidc_roles=json.dumps({"everybody": role}))
    with pytest.raises(SettingError, match="everybody"):
        admission.reading(settings)


@pytest.mark.parametrize("text", ["agents", "[]", '{"a": 1}'])
def test_the_roles_are_a_json_object(text: str) -> None:
    with pytest.raises(SettingError, match="WHISTLE_OIDC_ROLES"):
        load(oidc_roles=text)
