"""Time stamps of RFC 3161 over checkpoints: one is asked for now and then, and anybody can check it.

What is stamped is the SHA-256 of the checkpoint's text, the very bytes that the log's key signs; what is kept is the
authority's whole response (DER), as `openssl ts -verify` reads it. A stamp that does not hold is not kept.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC
from pathlib import Path

import httpx
from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)
from sqlalchemy.orm import Session

from notary.cosigning import Run
from notary.note import Note
from runtime import outgoing
from runtime.faults import SetupError
from runtime.settings import Settings
from store import log, pulses, signing

logger = logging.getLogger(__name__)

PERIOD = 10.0
"""Seconds between two looks whether a stamp is due."""
AGAIN = 60.0
"""Seconds before an authority that gave none is asked again."""
_PULSE = "stamping"
_REPLY = "application/timestamp-reply"

Check = Callable[[bytes, str], str]


def checker(certificates: Path) -> Check:
    """A check of stamps that must go back to one of these certificates; it gives the stamp's time, in UTC.

    It raises ValueError where the stamp is none, not over that text, or not of such an authority.

    Raises:
        SetupError: the file has no certificates.
    """
    try:
        roots = x509.load_pem_x509_certificates(certificates.read_bytes())
    except (OSError, ValueError) as error:
        raise SetupError(
            f"无法读取时间戳机构的证书 {certificates}: {error}; 请给出 PEM 文件",
            f"the time-stamp authority's certificates {certificates} cannot be read: {error}; give a PEM file",
        ) from None

    def check(token: bytes, text: str) -> str:
        builder = VerifierBuilder(roots=list(roots))
        try:
            response = decode_timestamp_response(token)
            if not builder.build().verify_message(response, text.encode()):
                raise ValueError("the stamp does not hold")
            return response.tst_info.gen_time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        except (VerificationError, ValueError) as error:
            raise ValueError(f"the stamp does not hold: {error}") from None

    return check


class Stamper:
    """Has the newest checkpoint stamped every `tsa_minutes`, by one worker at a time."""

    def __init__(self, run: Run, settings: Settings) -> None:
        """Raises SetupError: no authority is set, or its certificates cannot be read."""
        if settings.tsa_url is None or settings.tsa_certificates is None:
            raise SetupError("没有设置时间戳机构", "no time-stamp authority is set")
        self._run = run
        self._settings = settings
        self._url = settings.tsa_url
        self._check = checker(settings.tsa_certificates)

    async def look(self) -> float:
        """Have a checkpoint stamped, if one is due; how many seconds to rest."""
        due = await self._run(self._due)
        if due is None:
            return PERIOD
        text = Note.parse(due.note).text
        request = TimestampRequestBuilder().data(text.encode()).hash_algorithm(HashAlgorithm.SHA256).build()
        headers = {"Content-Type": "application/timestamp-query"}
        try:
            async with outgoing.client(self._settings) as client:
                answer = await client.post(self._url, content=request.as_bytes(), headers=headers)
            if answer.status_code != 200 or answer.headers.get("content-type") != _REPLY:
                raise ValueError(f"the answer is {answer.status_code} {answer.headers.get('content-type', '')}")
            self._check(answer.content, text)
            if decode_timestamp_response(answer.content).tst_info.nonce != request.nonce:
                raise ValueError("the stamp is the answer to another request")
        except (httpx.HTTPError, ValueError) as error:
            logger.error("no time stamp from %s: %s", self._url, error)
            return AGAIN
        size, content = due.size, answer.content
        await self._run(lambda session: signing.keep_stamp(session, size, self._url, content))
        return PERIOD

    def _due(self, session: Session) -> log.Signed | None:
        newest, last = log.checkpoint(session), signing.last_stamp(session)
        if newest is None or (last is not None and last.size >= newest.size):
            return None
        if last is not None and (newest.signed_at - last.at).total_seconds() < 60 * self._settings.tsa_minutes:
            return None
        return newest if pulses.take_turn(session, _PULSE, 0.8 * AGAIN if last is None else PERIOD) else None
