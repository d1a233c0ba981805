"""Log-in with OpenID Connect: the authorization code flow with PKCE, against one provider.

A log-in on its way hangs on one secret of 256 bits that only the browser keeps, in a cookie. State, nonce and PKCE
verifier are derived from it, so the database holds nothing that would help a reader, and an answer that was begun in
another browser fits nothing here. The database knows its hash alone, once and for ten minutes.

What comes back is believed in this order: the state, the provider's name if it gives one (RFC 9207), the code, which
the token endpoint takes only with the verifier, then the ID token: its signature by the provider's published keys,
issuer, audience, times, nonce.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet, import_key

from runtime.outgoing import client
from runtime.settings import Settings

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA")
"""Signatures that are believed: public keys only, never a shared secret and never none."""
LEEWAY = 60
"""Seconds by which two clocks may differ."""
WAITS = 600
"""Seconds that a log-in on its way is waited for."""
DESCRIBED = 3600.0
"""Seconds for which the provider's description and its keys are believed."""
KEYS_AGAIN = 60.0
"""Seconds after which keys are fetched again at the earliest, when those at hand do not fit a token."""

log = logging.getLogger(__name__)


class Refused(Exception):  # noqa: N818 - it names what happened
    """A log-in that cannot be believed. The message says why, for the log and the caller; it holds no secret."""


class Away(Exception):  # noqa: N818 - it names the state
    """The provider does not answer, or not as a provider does."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A log-in on its way, as its one secret makes it."""

    secret: str

    @property
    def key(self) -> str:
        """What the database knows it by."""
        return hashlib.sha256(self.secret.encode()).hexdigest()

    @property
    def state(self) -> str:
        """What the provider sends back."""
        return self._derived("state")

    @property
    def nonce(self) -> str:
        """What the ID token must hold."""
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        """What the token endpoint wants for the code (RFC 7636): 43 characters."""
        return self._derived("verifier")

    def answers(self, state: str) -> bool:
        """True if that is this log-in's state; takes the same time whether or not."""
        return hmac.compare_digest(self.state.encode(), state.encode())

    def _derived(self, purpose: str) -> str:
        made = hmac.new(self.secret.encode(), b"oidc " + purpose.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def begin() -> Begun:
    """A new log-in."""
    return Begun(secrets.token_urlsafe(32))


class Provider:
    """The provider of the settings: where it sends people to log in, and what it says of whoever comes back.

    Its description and its keys are fetched when they are first needed and kept for an hour. `clock` gives seconds.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        if settings.oidc_issuer is None:
            raise ValueError("the settings name no provider")
        self.issuer = settings.oidc_issuer
        self._settings = settings
        self._http = client(settings)
        self._clock = clock
        self._described: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None

    async def close(self) -> None:
        """Close its connections."""
        await self._http.aclose()

    async def address(self, begun: Begun, redirect_uri: str) -> str:
        """Where the browser goes to log in; raises Away."""
        description = await self._description()
        settings = self._settings
        return str(
            prepare_grant_uri(
                description["authorization_endpoint"],
                client_id=settings.oidc_client_id,
                response_type="code",
                redirect_uri=redirect_uri,
                scope=settings.oidc_scopes,
                state=begun.state,
                nonce=begun.nonce,
                code_challenge=create_s256_code_challenge(begun.verifier),
                code_challenge_method="S256",
            )
        )

    async def leaving(self, redirect_uri: str) -> str | None:
        """Where the browser goes to log out at the provider too; None if it offers nothing. Raises Away."""
        endpoint = (await self._description()).get("end_session_endpoint")
        if not isinstance(endpoint, str) or not self._acceptable(endpoint):
            return None
        asked = {"client_id": self._settings.oidc_client_id, "post_logout_redirect_uri": redirect_uri}
        return str(httpx.URL(endpoint).copy_merge_params(asked))

    async def claims(self, begun: Begun, code: str, iss: str | None, redirect_uri: str) -> dict[str, Any]:
        """What the provider says of whoever came back with that code; raises Refused and Away."""
        description = await self._description()
        if iss is None and description.get("authorization_response_iss_parameter_supported") is True:
            raise Refused("the provider names itself in its answers, and this one has no name")
        if iss is not None and iss != self.issuer:
            raise Refused("the answer came from another provider")
        answer = await self._exchange(description, begun, code, redirect_uri)
        id_token = answer.get("id_token")
        if not isinstance(id_token, str):
            raise Refused("the provider gave no ID token")
        token = await self._verified(id_token)
        options = {
            "iss": {"essential": True, "value": self.issuer},
            "aud": {"essential": True, "value": self._settings.oidc_client_id},
            "sub": {"essential": True},
        }
        bound = {
            "nonce": begun.nonce,
            "client_id": self._settings.oidc_client_id,
            "access_token": answer.get("access_token"),
        }
        claims = CodeIDToken(token.claims, token.header, options, bound)
        try:
            claims.validate(leeway=LEEWAY)
        except JoseError as error:
            raise Refused(
                f"the ID token is not for this log-in: {error.error} {error.description or ''}".rstrip()
            ) from error
        return dict(claims)

    async def _exchange(
        self, description: dict[str, Any], begun: Begun, code: str, redirect_uri: str
    ) -> dict[str, Any]:
        """The token endpoint's answer to the code."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": begun.verifier,
        }
        client_id, secret = self._settings.oidc_client_id, self._settings.oidc_client_secret
        auth: httpx.Auth = httpx.Auth()
        if secret is None:
            form["client_id"] = client_id
        elif "client_secret_basic" in description.get("token_endpoint_auth_methods_supported", ["client_secret_basic"]):
            auth = httpx.BasicAuth(quote(client_id, safe=""), quote(secret.get_secret_value(), safe=""))
        else:
            form |= {"client_id": client_id, "client_secret": secret.get_secret_value()}
        try:
            answer = await self._http.post(description["token_endpoint"], data=form, auth=auth)
        except httpx.HTTPError as error:
            raise Away(f"the token endpoint does not answer: {type(error).__name__}") from error
        found = _object(answer)
        if answer.status_code != 200 or found is None:
            if answer.status_code >= 500:
                raise Away(f"the token endpoint answers {answer.status_code}")
            raise Refused(
                f"the provider does not take the code: {str((found or {}).get('error', ''))[:40] or 'no reason'}"
            )
        return found

    async def _verified(self, id_token: str) -> jwt.Token:
        """The token once its signature is verified; where it is not, the keys may be new ones."""
        keys = await self._key_set()
        try:
            return _read(id_token, keys)
        except Refused:
            fresh = await self._key_set(again=True)
            if fresh is keys:
                raise
        return _read(id_token, fresh)

    async def _description(self) -> dict[str, Any]:
        if self._described is not None and self._clock() < self._described[0] + DESCRIBED:
            return self._described[1]
        found = await self._fetched(self.issuer.rstrip("/") + "/.well-known/openid-configuration")
        if found.get("issuer") != self.issuer:
            raise Away(f"the provider calls itself {str(found.get('issuer'))[:100]}, not as `oidc_issuer` has it")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not isinstance(found.get(name), str) or not self._acceptable(found[name]):
                raise Away(f"the provider's {name} cannot be used")
        self._described = (self._clock(), found)
        return found

    async def _key_set(self, *, again: bool = False) -> KeySet:
        if self._keys is not None:
            age = self._clock() - self._keys[0]
            if age < (KEYS_AGAIN if again else DESCRIBED):
                return self._keys[1]
        found = await self._fetched((await self._description())["jwks_uri"])
        self._keys = (self._clock(), KeySet(_public(found.get("keys"))))
        return self._keys[1]

    async def _fetched(self, url: str) -> dict[str, Any]:
        try:
            answer = await self._http.get(url, headers={"Accept": "application/json"})
        except httpx.HTTPError as error:
            raise Away(f"the provider does not answer: {type(error).__name__}") from error
        found = _object(answer)
        if answer.status_code != 200 or found is None:
            raise Away(f"the provider answers {answer.status_code} where it describes itself")
        return found

    def _acceptable(self, url: str) -> bool:
        """True for https; for http only where the provider itself is reached so."""
        try:
            scheme = httpx.URL(url).scheme
        except httpx.InvalidURL:
            return False
        return scheme == "https" or (scheme == "http" and self.issuer.startswith("http:"))


def _object(answer: httpx.Response) -> dict[str, Any] | None:
    try:
        found = answer.json()
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _read(id_token: str, keys: KeySet) -> jwt.Token:
    try:
        return jwt.decode(id_token, keys, algorithms=ALGORITHMS)
    except (JoseError, ValueError) as error:
        raise Refused(f"the ID token's signature is not the provider's: {type(error).__name__}") from error


def _public(published: object) -> list[Key]:
    """The published keys that can verify a signature; those of kinds that are not known here are passed over."""
    found: list[Key] = []
    for key in published if isinstance(published, list) else []:
        if isinstance(key, dict) and key.get("kty") in ("RSA", "EC", "OKP") and key.get("use", "sig") == "sig":
            try:
                found.append(import_key(key))
            except (JoseError, ValueError, TypeError):
                log.warning("a key of the provider cannot be read: %s", str(key.get("kid"))[:100])
    return found
