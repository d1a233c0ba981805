"""An OpenID provider as a process of its own: the mock, with what it leaves out, and with the lies that tests need.

The mock takes any code without its PKCE verifier; here a code needs the one of its challenge (RFC 7636). A user with
the claim `forge` gets an ID token that the provider never signed: by `another_key`, with `none`, or with `hs256` and a
secret. The mock's key has no name; with `named` the tokens are signed by a key that has one.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from runtime import ports

WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass
class RunningProvider:
    """A provider process; `user` puts somebody's claims down, `answer` logs him in as a browser would."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def user(self, sub: str, **claims: Any) -> None:
        httpx.put(f"{self.issuer}/users/{sub}", json=claims, trust_env=False).raise_for_status()

    def answer(self, address: str, sub: str) -> dict[str, str]:
        """Log in at the address that the browser was sent to: what comes back to the redirect address."""
        answered = httpx.post(address, data={"sub": sub}, trust_env=False)
        assert answered.status_code == 302, answered.text
        back = urlsplit(answered.headers["location"])
        return {name: values[0] for name, values in parse_qs(back.query).items()}

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


def start(port: int = 0, *, named: bool = False) -> RunningProvider:
    """A provider that answers, on that port or a free one, with a key of its own."""
    port = port or ports.free_run(1)
    command = [sys.executable, "-W", "ignore", "-m", "tests.support.provider", str(port), "named" if named else ""]
    env = {**os.environ, "AUTHLIB_INSECURE_TRANSPORT": "1"}
    running = RunningProvider(port, subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL))
    until = time.monotonic() + 30
    while True:
        with contextlib.suppress(httpx.HTTPError):
            httpx.get(f"{running.issuer}/.well-known/openid-configuration", trust_env=False).raise_for_status()
            return running
        assert time.monotonic() < until, "the provider does not start"
        time.sleep(0.1)


@contextlib.contextmanager
def provider() -> Iterator[RunningProvider]:
    running = start()
    try:
        yield running
    finally:
        running.stop()


class Strict:
    """WSGI around the mock: PKCE, and forged tokens on demand."""

    def __init__(self, inner: WSGI, key: Any = None) -> None:
        self._inner = inner
        self._key = key
        self._challenges: dict[str, str] = {}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        if path == "/jwks" and self._key is not None:
            start_response("200 OK", [("Content-Type", "application/json")])
            return [json.dumps({"keys": [self._key.as_dict(private=False)]}).encode()]
        if method != "POST" or path not in ("/oauth2/authorize", "/oauth2/token"):
            return self._inner(environ, start_response)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        if path == "/oauth2/token" and not self._fits(form):
            start_response("400 BAD REQUEST", [("Content-Type", "application/json")])
            return [b'{"error": "invalid_grant"}']
        status, headers, answer = self._answered(environ)
        if path == "/oauth2/authorize":
            self._remember(parse_qs(environ["QUERY_STRING"]), dict(headers).get("Location", ""))
        elif status.startswith("200"):
            answer = _signed(answer, self._key)
            headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
        start_response(status, headers)
        return [answer]

    def _answered(self, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
        seen: list[Any] = []
        chunks = self._inner(environ, lambda status, headers, *_: seen.extend((status, headers)))
        body = b"".join(chunks)
        return seen[0], seen[1], body

    def _remember(self, asked: dict[str, list[str]], location: str) -> None:
        code = parse_qs(urlsplit(location).query).get("code", [""])[0]
        if asked.get("code_challenge_method") == ["S256"]:
            self._challenges[code] = asked["code_challenge"][0]

    def _fits(self, form: dict[str, str]) -> bool:
        from authlib.oauth2.rfc7636 import create_s256_code_challenge

        challenge = self._challenges.pop(form.get("code", ""), None)
        return challenge is not None and create_s256_code_challenge(form.get("code_verifier", "")) == challenge


def _signed(answer: bytes, key: Any) -> bytes:
    from joserfc import jws, jwt
    from joserfc.jwk import OctKey, RSAKey

    content = json.loads(answer)
    token = jws.extract_compact(content["id_token"].encode())
    claims, header = json.loads(token.payload), token.headers()
    match claims.get("forge"):
        case "another_key":
            content["id_token"] = jwt.encode(header, claims, RSAKey.generate_key(2048))
        case "none":
            unsigned = {**header, "alg": "none"}
            content["id_token"] = jwt.encode(unsigned, claims, OctKey.generate_key(256), algorithms=["none"])
        case "hs256":
            content["id_token"] = jwt.encode({**header, "alg": "HS256"}, claims, OctKey.import_key("public" * 8))
        case None if key is not None:
            content["id_token"] = jwt.encode({**header, "kid": key.kid}, claims, key)
    return json.dumps(content).encode()


def main() -> None:
    import oidc_provider_mock
    import uvicorn
    from joserfc.jwk import RSAKey

    key = RSAKey.generate_key(2048, auto_kid=True) if sys.argv[2] == "named" else None
    made = oidc_provider_mock.app(require_nonce=True)
    made.wsgi_app = Strict(made.wsgi_app, key)
    uvicorn.run(made, interface="wsgi", host="127.0.0.1", port=int(sys.argv[1]), log_config=None)


if __name__ == "__main__":
    main()
