"""Asking witnesses: each is sent the newest checkpoint with the proof that it goes on from the last one that it knows.

A witness that is away delays nothing: the log is signed without it, and when it is back the newest checkpoint is the
next that it gets. What a witness says *no* to is another matter: it has seen a tree that this log does not go on from,
so either the log's history was changed, or an old copy of the database was put in its place. That is written to the
log, and to the witness's sign of life, where `whistle doctor` finds it; nothing here makes it good.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

import httpx
from sqlalchemy.orm import Session

from notary import tree
from notary.keys import Witness
from notary.note import Note, NoteError, Signature, read_decimal, read_signatures
from notary.tree import BadTile
from notary.witness import SIZE_TYPE
from runtime import outgoing
from runtime.settings import Settings
from store import log, pulses, signing

logger = logging.getLogger(__name__)

T = TypeVar("T")
PERIOD = 1.0
"""Seconds between two looks; one worker looks at a time."""
SECONDS = 5.0
"""How long a witness has for its answer."""
PULSE = "witness "
"""How the signs of life of witnesses begin; their names follow."""
REFUSED = "refused: "
"""How a sign of life begins that tells of a refusal."""


class Run(Protocol):
    """Does a step in one transaction, as the system, in a thread."""

    def __call__(self, step: Callable[[Session], T], /) -> Awaitable[T]:
        """What the step answers."""


@dataclass(frozen=True, slots=True)
class _Job:
    """A checkpoint for a witness that knows `old`, and the proof."""

    old: int
    size: int
    note: str
    proof: tuple[bytes, ...]


class Cosigner:
    """Brings checkpoints to one witness."""

    def __init__(self, run: Run, settings: Settings, witness: Witness) -> None:
        self._run = run
        self._witness = witness
        self._client_of = reaching(settings, witness.url)
        self._known: int | None = None

    async def look(self) -> float:
        """Send the newest checkpoint if the witness does not have it; how many seconds to rest."""
        job = await self._run(self._next)
        if job is not None:
            await self._run(self._kept(await self._asked(job), job))
        return PERIOD

    def _next(self, session: Session) -> _Job | None:
        if not pulses.take_turn(session, f"cosigning {self._witness.name}", 0.8 * PERIOD):
            return None
        newest, cosigned = log.checkpoint(session), signing.cosigned_size(session, self._witness.name)
        if newest is None or newest.size == cosigned:
            return None
        old = cosigned if self._known is None else self._known
        if old > newest.size:
            self._tell(session, f"it has cosigned {old} leaves, and the log has {newest.size}")
            self._known = None
            return None
        try:
            proof = tree.consistency(log.reader(session), old, newest.size)
        except BadTile as fault:
            self._tell(session, str(fault))
            return None
        return _Job(old, newest.size, newest.note, tuple(proof))

    async def _asked(self, job: _Job) -> httpx.Response | Exception:
        lines = [f"old {job.old}", *(base64.b64encode(step).decode() for step in job.proof), "", job.note]
        try:
            async with self._client_of() as client:
                return await client.post(f"{self._witness.url}/add-checkpoint", content="\n".join(lines).encode())
        except httpx.HTTPError as error:
            return error

    def _kept(self, answer: httpx.Response | Exception, job: _Job) -> Callable[[Session], None]:
        """What follows from the answer, for one transaction."""

        def keep(session: Session) -> None:
            if isinstance(answer, Exception):
                logger.warning("the witness %s does not answer: %s", self._witness.name, answer)
                return
            if answer.status_code == 200:
                self._cosigned(session, answer, job)
            elif answer.status_code == 409 and answer.headers.get("content-type") == SIZE_TYPE:
                self._told_size(session, answer, job)
            elif answer.status_code in (409, 422):
                self._known = None
                self._tell(session, f"{job.size} leaves do not go on from {job.old}: {answer.text.strip()[:200]}")
            else:
                self._known = None
                self._tell(session, f"{answer.status_code}: {answer.text.strip()[:200]}", fork=False)

        return keep

    def _cosigned(self, session: Session, answer: httpx.Response, job: _Job) -> None:
        try:
            line = self._line(answer.text, job.note)
        except NoteError as error:
            self._tell(session, f"its cosignature does not hold: {error}", fork=False)
            return
        self._known = job.size
        signing.keep_cosignature(session, job.size, self._witness.name, line.line)
        pulses.beat(session, PULSE + self._witness.name, str(job.size))

    def _line(self, text: str, note: str) -> Signature:
        """The witness's own line of what it answered."""
        for line in read_signatures(text):
            if self._witness.verifier.made(line):
                self._witness.verifier.verify(Note.parse(note).text, line)
                return line
        raise NoteError("it is of another key")

    def _told_size(self, session: Session, answer: httpx.Response, job: _Job) -> None:
        """It knows another size: go on from there, unless this log never had so many leaves."""
        try:
            size = read_decimal(answer.text.removesuffix("\n"), "size")
        except NoteError as error:
            self._tell(session, f"{error}", fork=False)
            return
        newest = log.checkpoint(session)
        if newest is None or size > newest.size:
            self._tell(session, f"it has cosigned {size} leaves, and the log has {job.size}")
            self._known = None
        else:
            self._known = size

    def _tell(self, session: Session, what: str, *, fork: bool = True) -> None:
        """Say it loudly, and where the doctor looks."""
        logger.error("the witness %s does not cosign: %s", self._witness.name, what)
        pulses.beat(session, PULSE + self._witness.name, (REFUSED if fork else "") + what)


def reaching(settings: Settings, url: str) -> Callable[..., httpx.AsyncClient]:
    """Makes clients that may reach this address, which the operator named, wherever it is, and no other inside."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    own = settings.model_copy(
        update={"outgoing_private_hosts": parts.hostname or "", "outgoing_ports": str(port)},
    )

    def make(**options: Any) -> httpx.AsyncClient:
        return outgoing.client(own, SECONDS, max_answer=65_536, **options)

    return make
