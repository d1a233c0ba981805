"""What goes to Temporal is encrypted before it leaves the process, and bound to its workflow.

Each payload, with the metadata it had, becomes the ciphertext of AES-256-GCM under the current codec key. Beside it
stand in clear: that it is encrypted, the key's id, and the workflow's id. That id is authenticated too, so a payload
that was put into another workflow is not read; neither is one that came in clear, for only a holder of the key may
tell an order anything.

Nonces are random. Under one key some 2³² payloads may be written before two nonces are likely enough to meet; that is
a year of a hundred thousand complaints a day, after which the key should have been changed (`whistle keys rotate`).
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError
from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    ActivitySerializationContext,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)

from runtime.keyring import Keyring, UnknownKey

ENCODING = b"binary/encrypted"
_NONCE_BYTES = 12


class UnreadablePayload(RuntimeError):  # noqa: N818 - it names what happened
    """A payload that is in clear, another workflow's, changed, or under a key that is not here.

    It is a RuntimeError so that the gateway takes it for no answer: what became of the command is not known.
    """


class Codec(PayloadCodec, WithSerializationContext):
    """Encrypts and decrypts for one workflow; the SDK makes one for each by `with_context`.

    It runs on the event loop: a payload takes some microseconds, one of 200 kB a sixth of a millisecond.
    """

    def __init__(self, keyring: Keyring, workflow_id: str = "") -> None:
        self._keyring = keyring
        self._workflow_id = workflow_id

    def with_context(self, context: SerializationContext) -> Codec:
        """The same codec for the workflow that the SDK names; an activity's payloads belong to its workflow."""
        if isinstance(context, (WorkflowSerializationContext, ActivitySerializationContext)):
            return Codec(self._keyring, context.workflow_id or "")
        return Codec(self._keyring)

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Each payload encrypted; raises UnreadablePayload outside a workflow, where nobody could check it."""
        return [self._encrypt(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Each payload as it was; outside a workflow, as for a look at it, its own word for its workflow is taken.

        Raises:
            UnreadablePayload: one is in clear, another workflow's, changed, or under a key that is not here.
        """
        return [self.decrypt(payload) for payload in payloads]

    def _encrypt(self, payload: Payload) -> Payload:
        if not self._workflow_id:
            raise UnreadablePayload("a payload that belongs to no workflow is not sent")
        key_id, key = self._keyring.codec()
        bound = self._workflow_id.encode()
        nonce = os.urandom(_NONCE_BYTES)
        return Payload(
            metadata={"encoding": ENCODING, "key": key_id.encode(), "workflow": bound},
            data=nonce + AESGCM(key).encrypt(nonce, payload.SerializeToString(), bound),
        )

    def decrypt(self, payload: Payload) -> Payload:
        """One payload as it was; raises as `decode`."""
        metadata = payload.metadata
        if not is_encrypted(payload):
            raise UnreadablePayload(f"a payload came in clear to {self._workflow_id or 'nobody'}, and is not read")
        bound = self._workflow_id.encode() or metadata.get("workflow", b"")
        try:
            key = self._keyring.codec_of(metadata.get("key", b"").decode(errors="replace"))
            nonce, sealed = payload.data[:_NONCE_BYTES], payload.data[_NONCE_BYTES:]
            return Payload.FromString(AESGCM(key).decrypt(nonce, sealed, bound))
        except UnknownKey as error:
            raise UnreadablePayload(str(error)) from None
        except (InvalidTag, ValueError, DecodeError):
            of = metadata.get("workflow", b"").decode(errors="replace")
            raise UnreadablePayload(
                f"a payload of {of!r} is not read in {self._workflow_id!r}: it was changed, or is another workflow's"
            ) from None


def is_encrypted(payload: Payload) -> bool:
    """True for a payload that says that it is encrypted."""
    return payload.metadata.get("encoding") == ENCODING  # [] would add what is missing


def readable(keyring: Keyring, given: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Payloads in Temporal's JSON as they were before they were encrypted, for whoever looks on; what is clear stays.

    Raises:
        UnreadablePayload: one was changed, or its key is not here.
        ValueError: one is no payload.
    """
    codec, found = Codec(keyring), []
    for one in given:
        metadata = {name: base64.b64decode(value, validate=True) for name, value in one["metadata"].items()}
        payload = Payload(metadata=metadata, data=base64.b64decode(one["data"], validate=True))
        found.append(MessageToDict(codec.decrypt(payload) if is_encrypted(payload) else payload))
    return found


def workflow_of(payload: Mapping[str, Any]) -> str:
    """The workflow that an encrypted payload in Temporal's JSON names as its own; '' when it names none."""
    try:
        return base64.b64decode(payload["metadata"]["workflow"], validate=True).decode()
    except (KeyError, TypeError, ValueError):
        return ""
