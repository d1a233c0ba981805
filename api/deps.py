"""What routes ask for: who acts, under which key, and against which state of the order."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, cast

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError
from sqlalchemy.orm import Session, sessionmaker

from api.errors import Problem
from api.gateway import Gateway
from api.identity import Identified, Identity
from api.invalid import InvalidBody
from runtime.settings import Profile, Settings

KEY_PATTERN = re.compile(r"[\x21-\x7e]{8,128}")
"""An Idempotency-Key: 8 to 128 visible ASCII characters, such as a UUID."""
T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)
_ETAG = re.compile(r'(?:W/)?"?(\d{1,9})"?')


@dataclass(frozen=True, slots=True)
class Parts:
    """What the application is put together from; the routes find it in `app.state.parts`."""

    settings: Settings
    gateway: Gateway
    reads: sessionmaker[Session]

    async def read(self, query: Callable[..., T], *arguments: Any, **options: Any) -> T:
        """The answer of a query of the store, `query(session, …)`, run off the event loop."""
        return await self.gateway.run(self._read, query, arguments, options)

    def _read(self, query: Callable[..., T], arguments: tuple[Any, ...], options: dict[str, Any]) -> T:
        with self.reads() as session:
            return query(session, *arguments, **options)

    @property
    def development(self) -> bool:
        """True where rehearsals may be run and demo log-ins are open."""
        return self.settings.profile is Profile.DEVELOPMENT


async def parts(request: Request) -> Parts:
    """The parts of the running application; a coroutine, because others are run in a thread."""
    return cast("Parts", request.app.state.parts)


async def asker(request: Request) -> Identified:
    """Who asks; raises Problem `unauthenticated`."""
    identity: Identity = request.app.state.identity
    return await identity.identify(request)


def idempotency_key(request: Request) -> str:
    """The command's key; raises Problem when it is missing or malformed."""
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
