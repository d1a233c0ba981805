"""What is believed of an OpenID provider's answers, against a provider that runs as a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from identity import oidc
from identity.oidc import Away, Begun, Provider, Refused
from runtime.settings import SettingError, Settings, load
from tests.support.provider import RunningProvider, provider, start

BACK = "https://whistle.example.net/v1/oidc/callback"


@pytest.fixture(scope="module")
def running() -> Iterator[RunningProvider]:
    with provider() as found:
        yield found


def settings_for(running: RunningProvider, **changes: Any) -> Settings:
    return load(
        **{
            "oidc_issuer": running.issuer,
            "oidc_client_id": "whistle",
            "oidc_client_secret": "a secret: 100%",
            "outgoing_private_hosts": "127.0.0.1",
            "outgoing_ports": f"80,443,{running.port}",
            **changes,
        }
    )


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def found(running: RunningProvider) -> AsyncIterator[Provider]:
    made = Provider(settings_for(running))
    yield made
    await made.close()


async def went(found: Provider, running: RunningProvider, begun: Begun, sub: str = "wang") -> str:
    """The code with which somebody comes back from the provider."""
    back = await asyncio.to_thread(running.answer, await found.address(begun, BACK), sub)
    assert begun.answers(back["state"])
    return back["code"]


async def test_a_true_answer_brings_the_claims(found: Provider, running: RunningProvider) -> None:
    running.user("wang", groups=["agents"], unit="GD.svc")
    begun = oidc.begin()
    claims = await found.claims(begun, await went(found, running, begun), running.issuer, BACK)
    assert (claims["sub"], claims["groups"], claims["unit"]) == ("wang", ["agents"], "GD.svc")


@pytest.mark.parametrize(
    ("lie", "reason"),
    [
        ({"nonce": "of-another-log-in"}, "nonce"),
        ({"aud": "another-client"}, "aud"),
        ({"aud": ["whistle", "another-client"]}, "azp"),
        ({"azp": "another-client"}, "azp"),
        ({"iss": "https://elsewhere.example.net"}, "iss"),
        ({"exp": 1_000_000_000}, "expired"),
        ({"iat": 9_999_999_999}, "future"),
        ({"forge": "another_key"}, "signature"),
        ({"forge": "none"}, "signature"),
        ({"forge": "hs256"}, "signature"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_false_token_is_refused(
    found: Provider, running: RunningProvider, lie: dict[str, Any], reason: str
) -> None:
    running.user("liar", **lie)
    begun = oidc.begin()
    code = await went(found, running, begun, "liar")
    with pytest.raises(Refused, match=reason):
        await found.claims(begun, code, None, BACK)


async def test_a_code_is_good_once_and_with_its_own_verifier_alone(found: Provider, running: RunningProvider) -> None:
    running.user("wang")
    mine, other = oidc.begin(), oidc.begin()
    stolen = await went(found, running, other)
    with pytest.raises(Refused, match="invalid_grant"):
        await found.claims(mine, stolen, None, BACK)
    code = await went(found, running, mine)
    await found.claims(mine, code, None, BACK)
    with pytest.raises(Refused, match="invalid_grant"):
        await found.claims(mine, code, None, BACK)


async def test_an_answer_that_names_another_provider_is_refused_before_the_code_is_used(
    found: Provider, running: RunningProvider
) -> None:
    running.user("wang")
    begun = oidc.begin()
    code = await went(found, running, begun)
    with pytest.raises(Refused, match="another provider"):
        await found.claims(begun, code, "https://elsewhere.example.net", BACK)
    assert (await found.claims(begun, code, running.issuer, BACK))["sub"] == "wang"


@pytest.mark.parametrize("named", [True, False])
async def test_new_keys_are_fetched_when_those_at_hand_do_not_fit_and_at_most_once_a_minute(named: bool) -> None:
    running = await asyncio.to_thread(start, named=named)
    now = [1000.0]
    made = Provider(settings_for(running), clock=lambda: now[0])
    try:
        begun = oidc.begin()
        await made.claims(begun, await went(made, running, begun), None, BACK)
        await asyncio.to_thread(running.stop)
        running = await asyncio.to_thread(start, running.port, named=named)  # it comes back with another key
        begun = oidc.begin()
        with pytest.raises(Refused, match="signature"):
            await made.claims(begun, await went(made, running, begun), None, BACK)
        now[0] += oidc.KEYS_AGAIN + 1
        begun = oidc.begin()
        assert (await made.claims(begun, await went(made, running, begun), None, BACK))["sub"] == "wang"
    finally:
        await made.close()
        await asyncio.to_thread(running.stop)


async def test_a_provider_that_calls_itself_otherwise_is_none(running: RunningProvider) -> None:
    made = Provider(settings_for(running, oidc_issuer=f"http://127.0.0.1:{running.port}/"))
    with pytest.raises(Away, match="calls itself"):
        await made.address(oidc.begin(), BACK)
    await made.close()


async def test_a_provider_inside_our_own_walls_must_be_named(running: RunningProvider) -> None:
    made = Provider(settings_for(running, outgoing_private_hosts=""))
    with pytest.raises(Away, match="OutgoingRefused"):
        await made.address(oidc.begin(), BACK)
    await made.close()


async def test_a_provider_that_does_not_run_is_away() -> None:
    running = await asyncio.to_thread(start)
    await asyncio.to_thread(running.stop)
    made = Provider(settings_for(running))
    with pytest.raises(Away, match="does not answer"):
        await made.address(oidc.begin(), BACK)
    await made.close()


async def test_the_address_asks_for_a_code_with_a_challenge_and_tells_no_secret(
    found: Provider, running: RunningProvider
) -> None:
    begun = oidc.begin()
    address = httpx.URL(await found.address(begun, BACK))
    asked = dict(address.params)
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert (asked["redirect_uri"], asked["scope"]) == (BACK, "openid profile email")
    assert begun.secret not in str(address)
    assert begun.verifier not in str(address)
    assert len({begun.state, begun.nonce, begun.verifier, begun.secret}) == 4


def test_another_browsers_state_is_not_ours() -> None:
    mine, other = oidc.begin(), oidc.begin()
    assert mine.answers(mine.state)
    assert not mine.answers(other.state)
    assert not mine.answers("")


def test_a_provider_needs_a_client_id_and_in_production_https() -> None:
    with pytest.raises(SettingError, match="oidc_client_id"):
        load(oidc_issuer="https://login.example.net")
    with pytest.raises(SettingError, match="https"):
        load(profile="production", oidc_issuer="http://login.example.net", oidc_client_id="whistle")
