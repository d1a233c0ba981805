"""What a service token may be made for, as whoever makes one is shown it."""

from __future__ import annotations

from identity.scopes import ALL_ACTS, SCOPES
from tests.api.conftest import AGENT, Caller


async def test_every_scope_is_listed_in_both_languages_for_whoever_makes_tokens(api: Caller) -> None:
    found = (await api.get("/tokens/scopes", "hq-admin")).json()
    every = {*SCOPES, ALL_ACTS}
    assert {one["scope"] for one in found} == every
    assert all(one["zh"] and one["en"] for one in found)
    assert {one["scope"] for one in found if one["orders"]} == {name for name in every if name.startswith("orders:")}
    assert (await api.get("/tokens/scopes", AGENT)).status_code == 403
