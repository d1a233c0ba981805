"""What routes ask for: who acts, under which key, and against which state of the order."""

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, TypeVar, cast

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError

from api.aside import Aside
from api.errors import Problem
from api.gateway import Gateway
from api.identity import Identity
from api.invalid import InvalidBody
from api.record import Record
from identity.people import Identified
from runtime.settings import Profile, Settings
from vault.rack import Rack

KEY_PATTERN = re.compile(r"[\x21-\x7e]{8,128}")
"""An Idempotency-Key: 8 to 128 visible ASCII characters, such as a UUID."""
T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-?[0-9A-Fa-f]{4}){3}-?[0-9A-Fa-f]{12}")
_TELLING = re.compile(r"@|\d(?:[-+_./:()]{0,2}\d){6,}")
"""What may be somebody's number or address within a key."""
_ETAG = re.compile(r'(?:W/)?"?(\d{1,9})"?')


@dataclass(frozen=True)
class Parts:
    """What the application is put together from; the routes find it in `app.state.parts`."""

    settings: Settings
    gateway: Gateway

    @cached_property
    def record(self) -> Record:
        """Who looked at what."""
        return Record(self.system)

    @cached_property
    def aside(self) -> Aside:
        """Where what takes seconds is answered, beside the orders."""
        return Aside(self.settings.app_database_url or "")

    def close(self) -> None:
        """Let go of what was opened on the way."""
        if "aside" in self.__dict__:
            self.aside.close()

    @property
    def rack(self) -> Rack:
        """The customers' keys."""
        return self.gateway.books.rack

    async def read(self, who: Identified, query: Callable[..., T], *arguments: Any, **options: Any) -> T:
        """The answer of a query of the store, `query(session, …)`, which sees what that person may see."""
        return await self.gateway.run(self._read, who, query, arguments, options)

    def _read(self, who: Identified, query: Callable[..., T], arguments: tuple[Any, ...], options: dict[str, Any]) -> T:
        with self.gateway.books.reads(who.sight) as session:
            return query(session, *arguments, **options)

    async def system(self, query: Callable[..., T], *arguments: Any, **options: Any) -> T:
        """The answer of one statement of the store that is nobody's own question, such as who somebody is."""
        return await self.gateway.statement(query, *arguments, **options)

    async def write(self, step: Callable[..., T], *arguments: Any, **options: Any) -> T:
        """Do `step(session, …)` in one transaction, as the system: who may have it done was asked before."""
        return await self.gateway.run(self._write, step, arguments, options)

    def _write(self, step: Callable[..., T], arguments: tuple[Any, ...], options: dict[str, Any]) -> T:
        with self.gateway.books.writes() as session:
            return step(session, *arguments, **options)

    @property
    def development(self) -> bool:
        """True where rehearsals may be run and demo log-ins are open."""
        return self.settings.profile is Profile.DEVELOPMENT


async def parts(request: Request) -> Parts:
    """The parts of the running application; a coroutine, because others are run in a thread."""
    return cast("Parts", request.app.state.parts)


async def asker(request: Request) -> Identified:
    """Who asks; raises Problem `unauthenticated`. What leaves in answer is shown as far as his rights go."""
    who: Identified | None = getattr(request.state, "asker", None)
    if who is None:
        identity: Identity = request.app.state.identity
        who = request.state.asker = await identity.identify(request)
    return who


def idempotency_key(request: Request) -> str:
    """The command's key; raises Problem when it is missing or malformed.

    Keys are kept in clear for good and stand in histories and logs, so one that may hold somebody's number or address,
    and is no UUID, stands there as its keyed hash.
    """
    value = request.headers.get("idempotency-key")
    if value is None:
        raise Problem(
            "idempotency_key_required",
            "A command must carry an Idempotency-Key.",
            field="Idempotency-Key",
            remedy="Send a new UUID with each command, and the same one when you ask again.",
        )
    if not KEY_PATTERN.fullmatch(value):
        raise Problem(
            "invalid_request",
            "The Idempotency-Key must be 8 to 128 visible ASCII characters.",
            field="Idempotency-Key",
            remedy="Send a UUID.",
        )
    if _TELLING.search(value) and not _UUID.fullmatch(value):
        app: Parts = request.app.state.parts
        return "h-" + hmac.new(app.rack.keyring.index, b"key\0" + value.encode(), hashlib.sha256).hexdigest()
    return value


def expected_seq(request: Request) -> int | None:
    """The seq that the order must still have; None when the caller does not mind."""
    value = request.headers.get("if-match", "*").strip()
    if value == "*":
        return None
    match = _ETAG.fullmatch(value)
    if match is None:
        raise Problem(
            "invalid_request", "If-Match must be one ETag of an order.", field="If-Match", remedy='Send it like "7".'
        )
    return int(match[1])


async def body_of(request: Request, model: type[M]) -> M:
    """The request's body as that model, a missing one as an empty one; raises InvalidBody."""
    try:
        return model.model_validate_json(await request.body() or b"{}")
    except ValidationError as error:
        raise InvalidBody(error.errors(include_url=False), model) from None


PartsDep = Annotated[Parts, Depends(parts)]
AskerDep = Annotated[Identified, Depends(asker)]
