"""The demo organisation: headquarters, four regional centres, 31 provinces with their departments, and their people.

Names of places are real, people are made up from `documents/organisation.json`; every post is held by somebody, and
the provinces in `staffed` have two or more in each. Loading it again changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from importlib.resources import files
from itertools import count
from typing import Any, NamedTuple

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.model import Role
from store import policies
from store.session import EVERYWHERE, make_engine, sessions
from store.tables import catalogue, people, units

MAIL_DOMAIN = "example.invalid"
"""A domain that can never exist: demo mail that goes astray reaches nobody."""


class Login(NamedTuple):
    """A development log-in; `label` is '中文 / English'."""

    id: str
    role: str
    unit: str
    label: str

    @property
    def label_zh(self) -> str:
        """The label in Chinese."""
        return self.label.partition(" / ")[0]

    @property
    def label_en(self) -> str:
        """The label in English."""
        return self.label.partition(" / ")[2]


def document(name: str) -> dict[str, Any]:
    """A document of the folder `documents`, such as 'policy' or 'organisation'."""
    text = (files("store") / "documents" / f"{name}.json").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content


def load(url: str) -> None:
    """Put the demo organisation, its catalogue and the default policy into the database.

    What is there is brought up to date; a person who was made inactive stays so, and so does a policy of one's own that
    is in force.
    """
    engine = make_engine(url, pool_size=1, sight=EVERYWHERE)
    try:
        with sessions(engine).begin() as session:
            organisation = document("organisation")
            _upsert(session, units, tuple(unit_rows(organisation)))
            _upsert(session, people, tuple(people_rows(organisation)), keep=("active",))
            _upsert(session, catalogue, tuple(catalogue_rows(organisation)))
            policy = document("policy")
            policies.ship(session, policy["version"], policy)
    finally:
        engine.dispose()


def unit_rows(organisation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every unit as a row, parents before their children."""
    top = organisation["headquarters"]
    yield _unit(organisation, "HQ", "", "headquarters", "HQ", top)
    yield from _departments(organisation, "HQ", top)
    for region in organisation["regions"]:
        yield _unit(organisation, region["id"], "HQ", "region", "", region)
        for province in region["provinces"]:
            name = organisation["provinces"][province]
            yield _unit(organisation, province, region["id"], "province", province, name)
            yield from _departments(organisation, province, name)


def people_rows(organisation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every person as a row; names repeat only after some six hundred people."""
    numbers = count()

    def person(identity: str, role: str, unit: str, province: str) -> dict[str, Any]:
        number = next(numbers)
        surname = organisation["surnames"][number % len(organisation["surnames"])]
        given = organisation["given"][number % len(organisation["given"])]
        return {
            "id": identity,
            "name_zh": surname[0] + given[0],
            "name_en": f"{given[1]} {surname[1]}",
            "role": role,
            "unit": unit,
            "province": province,
            "email": f"{identity}@{MAIL_DOMAIN}",
            "active": True,
        }

    for number in (1, 2):
        yield person(f"hq-supervisor-{number}", Role.HEADQUARTERS, "HQ", "HQ")
        yield person(f"hq-auditor-{number}", Role.AUDITOR, "HQ", "HQ")
    yield person("hq-admin", Role.ADMINISTRATOR, "HQ", "HQ")
    yield person("regulator", Role.REGULATOR, "HQ", "HQ")
    yield person("web-channel", Role.CHANNEL, "HQ", "HQ")
    for region in organisation["regions"]:
        yield person(f"{region['id'][2:]}-manager", Role.REGIONAL_MANAGER, region["id"], "")
    for place in ("HQ", *organisation["provinces"]):
        at, many = place.lower(), 2 if place in organisation["staffed"] else 1
        if place != "HQ":
            yield person(f"{at}-manager", Role.PROVINCE_MANAGER, place, place)
            for post, role in _DESKS:
                for number in range(1, many + 1):
                    yield person(f"{at}-{post}-{number}", role, f"{place}.svc", place)
        for department in organisation["departments"]:
            unit = f"{place}.{department}"
            yield person(f"{at}-{department}-head", Role.UNIT_HEAD, unit, place)
            for number in range(1, many + 1):
                yield person(f"{at}-{department}-{number}", Role.UNIT_MEMBER, unit, place)


def catalogue_rows(organisation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """One clause for each category and province, and one for everywhere else, led by headquarters."""
    for number, (category, rule) in enumerate(organisation["catalogue"].items(), start=1):
        for province in (*organisation["provinces"], "*"):
            at = "HQ" if province == "*" else province
            yield {
                "id": f"{category}@{province}",
                "category": category,
                "province": province,
                "order_class": rule["class"],
                "lead": f"{at}.{rule['lead']}",
                "co": [f"{at}.{unit}" for unit in rule["co"]],
                "copy": [f"{at}.{unit}" for unit in rule["copy"]],
                "clause": f"{at}-{number}",
            }


_DESKS: tuple[tuple[str, Role], ...] = (
    ("agent", Role.AGENT),
    ("teamlead", Role.TEAM_LEAD),
    ("dispatcher", Role.DISPATCHER),
    ("replyauditor", Role.REPLY_AUDITOR),
    ("caller", Role.CALLBACK_AGENT),
)
"""The desks of a province's service department: the post in a person's id, and its role."""


def _unit(
    organisation: dict[str, Any], identity: str, parent: str, kind: str, province: str, name: dict[str, str]
) -> dict[str, Any]:
    return {
        "id": identity,
        "parent": parent,
        "kind": kind,
        "province": province,
        "name_zh": name["zh"],
        "name_en": name["en"],
        "zone": organisation["zone"],
        "email": f"{identity.lower().replace('.', '-')}@{MAIL_DOMAIN}",
    }


def _departments(organisation: dict[str, Any], place: str, name: dict[str, str]) -> Iterator[dict[str, Any]]:
    for department, own in organisation["departments"].items():
        whole = {"zh": name["zh"] + own["zh"], "en": f"{name['en']} {own['en']}"}
        yield _unit(organisation, f"{place}.{department}", place, "department", place, whole)


def _upsert(session: Session, table: Table, rows: Sequence[dict[str, Any]], keep: tuple[str, ...] = ()) -> None:
    adding = insert(table).values(list(rows))
    changed = {name: adding.excluded[name] for name in rows[0] if name != "id" and name not in keep}
    session.execute(adding.on_conflict_do_update(index_elements=["id"], set_=changed))


def _logins() -> tuple[Login, ...]:
    """The people worth starting with: every role in one province, and heads and members of three."""
    organisation = document("organisation")
    roles, names = organisation["roles"], {row["id"]: row for row in unit_rows(organisation)}
    wanted = tuple(person for person in people_rows(organisation) if person["id"] in _SHOWN)
    staff = tuple(
        Login(
            person["id"],
            str(person["role"]),
            person["unit"],
            f"{names[person['unit']]['name_zh']}{roles[person['role']]['zh']} / "
            f"{names[person['unit']]['name_en']}: {roles[person['role']]['en']}",
        )
        for person in sorted(wanted, key=lambda person: _SHOWN.index(person["id"]))
    )
    return (*staff, *(Login(f"customer:{phone}", str(Role.CUSTOMER), "", "客户 / customer") for phone in CUSTOMERS))


CUSTOMERS: tuple[str, ...] = ("13900000001", "13900000002")
"""Phone numbers of the demo customers; a customer logs in by his number."""

_SHOWN: tuple[str, ...] = (
    "gd-agent-1", "gd-agent-2", "gd-teamlead-1", "gd-dispatcher-1", "gd-dispatcher-2",
    "gd-replyauditor-1", "gd-caller-1", "gd-manager",
    "gd-net-1", "gd-net-head", "gd-bill-1", "gd-bill-head", "gd-inst-1", "gd-inst-head",
    "gd-mkt-1", "gd-mkt-head", "gd-it-1", "gd-svc-1",
    "js-agent-1", "js-teamlead-1", "js-dispatcher-1", "js-replyauditor-1", "js-caller-1", "js-manager",
    "js-net-1", "js-net-head", "js-bill-1", "bj-agent-1", "bj-dispatcher-1", "bj-manager",
    "bj-net-1", "bj-net-head", "bj-bill-1",
    "south-manager", "east-manager", "north-manager", "hq-supervisor-1", "hq-auditor-1", "hq-admin", "regulator",
)  # fmt: skip

LOGINS: Sequence[Login] = _logins()
"""The development log-ins that start-up prints and tests use."""
