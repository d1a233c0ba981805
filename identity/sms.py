"""Short messages by the operator's gateway: one HTTP POST of JSON with `to` and `text`."""

from __future__ import annotations

import asyncio
import logging
import secrets

import httpx

from runtime.outgoing import client
from runtime.settings import Settings

TRIES = 3
"""How often one message is handed to the gateway, under one Idempotency-Key, until it takes it."""
PAUSE = 1.0
"""Seconds between tries."""

log = logging.getLogger(__name__)


class Gateway:
    """The gateway of the settings."""

    def __init__(self, settings: Settings) -> None:
        if settings.sms_url is None:
            raise ValueError("the settings name no gateway")
        self._url = settings.sms_url
        self._token = settings.sms_token
        self._http = client(settings)

    async def close(self) -> None:
        """Close its connections."""
        await self._http.aclose()

    async def send(self, to: str, text: str) -> bool:
        """Hand a message over; True once the gateway has taken it. Neither number nor text gets into a log."""
        key = secrets.token_hex(16)
        headers = {"Idempotency-Key": key}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token.get_secret_value()}"
        reason = ""
        for attempt in range(TRIES):
            if attempt:
                await asyncio.sleep(PAUSE)
            try:
                answer = await self._http.post(self._url, json={"to": to, "text": text}, headers=headers)
            except httpx.HTTPError as error:
                reason = type(error).__name__
                continue
            if answer.is_success:
                return True
            reason = f"status {answer.status_code}"
            if answer.status_code < 500 and answer.status_code != 429:
                break
        log.warning("the SMS gateway did not take message %s: %s", key, reason)
        return False
