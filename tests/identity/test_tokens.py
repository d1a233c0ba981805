"""Service tokens on the real database: who a program is, until when, and how soon that ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session, sessionmaker

from domain.model import Role
from identity import scopes, tokens
from identity.people import Identified
from identity.tokens import NotPossible, TokenIdentity
from store import tokens as rows
from store.access_tables import tokens as t
from store.tables import people
from store.tokens import Token

Made = sessionmaker[Session]
HEADQUARTERS = Identified("hq-supervisor-1", "甲", "A", Role.HEADQUARTERS)
ADMINISTRATOR = Identified("hq-admin", "乙", "B", Role.ADMINISTRATOR)


def create(made: Made, **changes: Any) -> tuple[str, Token]:
    given: dict[str, Any] = {
        "person": "web-channel",
        "name": "website",
        "scopes": ("orders:register",),
        "days": 30,
        "by": HEADQUARTERS,
        "now": datetime.now(UTC),
        **changes,
    }
    with made.begin() as session:
        return tokens.create(session, **given)


def find(made: Made, token: str) -> Identified | None:
    with made.begin() as session:
        return tokens.find(session, token)


def test_a_token_is_the_person_within_its_scopes_and_only_its_hash_is_kept(made: Made) -> None:
    token, row = create(made)
    found = find(made, token)
    assert found is not None
    assert (found.id, found.role, found.scopes) == ("web-channel", Role.CHANNEL, ("orders:register",))
    assert token.startswith(f"whs_{row.id}_")
    with made() as session:
        kept = session.execute(select(t).where(t.c.id == row.id)).one()
    secret = token.removeprefix(f"whs_{row.id}_")
    assert all(secret not in str(value) for value in kept)
    assert kept.hash == tokens.hashed(token)
    assert len({create(made)[0] for _ in range(20)}) == 20


def test_what_is_not_the_whole_token_is_nobody(made: Made) -> None:
    token, row = create(made)
    other, _ = create(made)
    wrong = [
        "",
        "whs_",
        token[:-1],
        token + "A",
        token.upper(),
        f"whs_{row.id}_{other[17:]}",
        f"whs_{'a' * 12}_{token[17:]}",
    ]
    assert [text for text in wrong if find(made, text) is not None] == []


def test_a_token_ends_when_it_expires_is_revoked_or_its_person_leaves(made: Made) -> None:
    token, row = create(made, person="regulator", scopes=("orders:read",))
    assert find(made, token) is not None
    with made.begin() as session:
        session.execute(update(people).where(people.c.id == "regulator").values(active=False))
    assert find(made, token) is None
    with made.begin() as session:
        session.execute(update(people).where(people.c.id == "regulator").values(active=True))
        session.execute(update(t).where(t.c.id == row.id).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    assert find(made, token) is None
    token, row = create(made)
    with made.begin() as session:
        first = rows.revoke(session, row.id)
        again = rows.revoke(session, row.id)
        assert rows.revoke(session, "unknown00000") is None
    assert find(made, token) is None
    assert first is not None
    assert first == again
    assert first.revoked_at is not None


def test_its_use_is_noted_once_a_minute(made: Made) -> None:
    token, row = create(made)
    uses = []
    for _ in range(2):
        find(made, token)
        with made() as session:
            uses.append(session.scalar(select(t.c.used_at).where(t.c.id == row.id)))
    assert uses[0] is not None
    assert uses[0] == uses[1]
    with made.begin() as session:
        session.execute(update(t).where(t.c.id == row.id).values(used_at=uses[0] - timedelta(seconds=61)))
    find(made, token)
    with made() as session:
        later = session.scalar(select(t.c.used_at).where(t.c.id == row.id))
    assert later is not None
    assert later > uses[0]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"scopes": ()}, "scopes"),
        ({"scopes": ("orders:read", "everything")}, "scopes"),
        ({"scopes": ("orders:act:register",)}, "scopes"),
        ({"scopes": ("orders:act:sign",)}, "scopes"),
        ({"scopes": ("orders:link",)}, "scopes"),
        ({"scopes": ("notices", "orders:read"), "by": ADMINISTRATOR}, "scopes"),
        ({"scopes": ("orders:act",), "by": ADMINISTRATOR, "person": "hq-admin"}, "scopes"),
        ({"person": "hq-admin"}, "person"),
        ({"person": "hq-supervisor-1", "scopes": ("keys",), "by": ADMINISTRATOR}, "person"),
        ({"person": "gd-agent-1", "by": replace(HEADQUARTERS, id="gd-agent-1")}, "person"),
        ({"days": 0}, "days"),
        ({"days": 401}, "days"),
        ({"person": "nobody"}, "person"),
        ({"person": "sc-gone"}, "person"),
        ({"person": "sc-odd"}, "person"),
        ({"person": "customer:13900000001"}, "person"),
    ],
    ids=str,
)
def test_a_token_that_cannot_be_names_the_field(made: Made, changes: dict[str, Any], field: str) -> None:
    with made.begin() as session:
        for one, role, active in (("sc-gone", "agent", False), ("sc-odd", "customer", True)):
            if session.scalar(select(people.c.id).where(people.c.id == one)) is None:
                row = {"id": one, "name_zh": "甲", "name_en": "A", "role": role, "active": active}
                session.execute(insert(people).values(row))
    with pytest.raises(NotPossible) as refused:
        create(made, **changes)
    assert refused.value.field == field
    assert refused.value.remedy


async def test_a_revoked_token_is_believed_for_seconds_at_most(made: Made) -> None:
    now = [1000.0]
    asked: list[str] = []

    async def run(step: Any, *arguments: Any) -> Any:
        asked.append(step.__name__)
        with made.begin() as session:
            return step(session, *arguments)

    identity = TokenIdentity(run, clock=lambda: now[0])
    token, row = create(made)
    assert await identity.identify(token) == await identity.identify(token)
    assert asked == ["find"]
    assert await identity.identify("whs_no_token") is None
    assert await identity.identify("dev:hq-admin") is None
    assert asked == ["find"]
    with made.begin() as session:
        rows.revoke(session, row.id)
    assert await identity.identify(token) is not None
    assert tokens.BELIEVED_SECONDS <= 10
    now[0] += tokens.BELIEVED_SECONDS + 1
    assert await identity.identify(token) is None
    assert all(token not in key for key in identity.__dict__["_believed"])


@pytest.mark.parametrize("by", [HEADQUARTERS, ADMINISTRATOR], ids=lambda by: by.id)
def test_a_maker_may_have_a_token_of_his_own(made: Made, by: Identified) -> None:
    token, row = create(made, person=by.id, by=by, scopes=("operations:read",))
    found = find(made, token)
    assert found is not None
    assert (found.id, found.role, row.created_by) == (by.id, by.role, by.id)


@pytest.mark.parametrize("scope", [*scopes.SCOPES, scopes.ALL_ACTS])
def test_whatever_opens_orders_is_given_by_headquarters_alone(made: Made, scope: str) -> None:
    create(made, scopes=(scope,))
    if scope.startswith("orders:"):
        with pytest.raises(tokens.NotGiven) as refused:
            create(made, scopes=(scope,), by=ADMINISTRATOR)
        assert "headquarters" in refused.value.remedy
    else:
        create(made, scopes=(scope,), by=ADMINISTRATOR)


def test_scopes_open_what_they_name_and_nothing_else() -> None:
    assert scopes.opened(["orders:act:urge"]) == {"urge"}
    assert scopes.opened(["orders:act:sign"]) == frozenset()
    everything = scopes.opened(["orders:act"])
    assert {"urge", "reopen", "supervise"} <= everything
    assert "register" not in everything
    assert "get_order" not in everything
    assert scopes.opened(["unknown", "directory:read"]) == scopes.SCOPES["directory:read"].operations
    assert scopes.opened([]) == frozenset()
    for scope in (*scopes.SCOPES, scopes.ALL_ACTS):
        assert scopes.known(scope)
        assert scopes.opened([scope]).isdisjoint(scopes.IN_PERSON)
