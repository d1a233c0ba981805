"""The application: its parts put together, its routes, and its OpenAPI document.

`uvicorn api.app:app` serves it with the settings of the environment.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Literal

from fastapi import Depends, FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api import (
    accesses,
    accounts,
    acting,
    audit_bundles,
    audit_exports,
    audit_lab,
    audit_process,
    audit_replays,
    audit_travel,
    audits,
    callbacks,
    clocks,
    codec,
    commands,
    criticisms,
    directory,
    doors,
    earlier,
    errors,
    exports,
    files,
    foresight,
    health,
    histories,
    live,
    login,
    migrations,
    notices,
    oidc,
    operations,
    orders,
    organisation,
    policies,
    policy_texts,
    reference,
    rehearsal,
    saved_views,
    secret_keys,
    sights,
    templates,
    tokens,
    tracking,
    uploads,
    wall,
)
from api.access import GRANTS, admitted
from api.assembly import open_gateway
from api.console import Console
from api.deps import Parts
from api.errors import ProblemBody
from api.headers import SecurityHeaders
from api.identity import CSRF_HEADER, CookieIdentity, DemoIdentity, Identity, Ways
from api.limits import RateLimits
from api.middleware import Bounds
from api.origin import PROBES, Origin
from api.pages.dress import ProblemPages
from api.pages.router import router as pages
from api.schemas import REQUESTS, RegisterRequest
from api.veil import Veil
from api.views import JSON
from identity.sessions import COOKIE
from identity.tokens import TokenIdentity
from runtime import zones
from runtime.settings import Profile, Settings, load
from vault import customers

_INPUT: Literal["validation"] = "validation"
DESCRIPTION = """
Complaints, from the hotline to the end. One route a command, named by its verb; lists and views come from the ledger.

Every command carries an `Idempotency-Key`; a view's `ETag` is the order's seq and may come back as `If-Match`. Errors
are problem details (RFC 9457) with a stable `code`. Instants are UTC.
"""


def create_app(settings: Settings, identity: Identity | None = None) -> FastAPI:
    """The application with these settings; it starts although database or engine are not there yet.

    `identity` finds out who asks; by default by every way in that the settings open.
    """
    zones.pin()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_gateway(settings) as gateway:
            parts = Parts(settings, gateway)
            app.state.parts = parts
            app.state.cookies = CookieIdentity(
                parts.system,
                timedelta(minutes=settings.session_idle_minutes),
                settings.public_url,
                demo=settings.demo_open,
            )
            app.state.identity = identity or _identity(parts, app.state.cookies)
            try:
                following = live.Live(settings, parts, app.state.cookies, app.state.identity)
                async with following.running() as app.state.live:
                    yield
            finally:
                parts.close()
                await parts.record.close()

    app = FastAPI(
        title="Whistle",
        version="0.1.0",
        summary="Complaint escalation on durable workflows",
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json" if settings.shows_docs else None,
        generate_unique_id_function=lambda route: route.name,
    )
    app.add_middleware(Bounds)
    app.add_middleware(Veil)
    app.add_middleware(RateLimits, settings=settings)
    app.add_middleware(codec.UiDoor, settings=settings)
    app.add_middleware(Origin, settings=settings)
    app.add_middleware(ProblemPages)
    app.add_middleware(SecurityHeaders, settings=settings)
    errors.install(app)
    if settings.shows_docs:
        reference.install(app)
    app.router.routes.append(commands.ByVerb("/v1/orders/", commands.ENDPOINTS))
    app.include_router(health.router)
    app.include_router(pages)
    for router in (
        orders.router,
        foresight.router,
        exports.router,
        live.router,
        files.router,
        uploads.router,
        sights.router,
        earlier.router,
        accesses.router,
        audits.router,
        audit_bundles.router,
        audit_process.router,
        audit_travel.router,
        audit_lab.router,
        audit_replays.router,
        audit_exports.router,
        histories.router,
        callbacks.router,
        clocks.router,
        commands.make_router(),
        directory.router,
        organisation.router,
        policy_texts.router,
        policies.router,
        migrations.router,
        criticisms.router,
        wall.router,
        notices.router,
        templates.router,
        saved_views.router,
        operations.router,
        codec.router,
        secret_keys.router,
        login.router,
        doors.make_router(settings),
        acting.router,
        accounts.router,
        oidc.make_router(settings),
        tokens.router,
        tracking.make_router(settings),
    ):
        app.include_router(router, prefix="/v1", dependencies=[Depends(admitted)])
    if settings.profile is Profile.DEVELOPMENT:
        app.include_router(rehearsal.router, prefix="/v1", dependencies=[Depends(admitted)])
    app.router.routes.append(Console(settings.console_dir))
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]
    return app


def _identity(parts: Parts, cookies: CookieIdentity) -> Identity:
    """Every way in that the settings open."""

    async def customer(phone: str) -> str:
        try:
            return (await parts.write(customers.obtain, parts.rack.keyring, phone)).customer
        except ValueError:  # no telephone number
            return ""

    demo = DemoIdentity(lambda person: parts.system(directory.identified, person), customer)
    return Ways(cookies, parts.system, TokenIdentity(parts.write), demo if parts.settings.demo_open else None)


def _document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with the problem's schema, which routes name without returning it."""
    if not app.openapi_schema:
        document = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            description=app.description,
            routes=app.routes,
        )
        schemas = document["components"]["schemas"]
        by_hand: tuple[type[BaseModel], ...] = (ProblemBody, RegisterRequest, *REQUESTS.values())
        inputs = [(model, _INPUT) for model in by_hand]
        _, found = models_json_schema(inputs, ref_template="#/components/schemas/{model}")
        schemas.update(found["$defs"])
        schemas[organisation.NAME] = organisation.schema()
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        for path, operations in document["paths"].items():
            for operation in operations.values():
                _correct(operation)
                if path not in PROBES:
                    _complete(operation)
        document["components"]["securitySchemes"] = {
            "token": {
                "type": "http",
                "scheme": "bearer",
                "description": "A service token; in development also `dev:<person id>`.",
            },
            "session": {
                "type": "apiKey",
                "in": "cookie",
                "name": COOKIE,
                "description": f"From POST /v1/login; what changes something also sends `{CSRF_HEADER}`.",
            },
        }
        document["security"] = [{"token": []}, {"session": []}]
        for path in PROBES:
            document["paths"][path]["get"]["security"] = []
        app.openapi_schema = document
    return app.openapi_schema


def _correct(operation: dict[str, Any]) -> None:
    """Say what the framework cannot know: our own answer to invalid requests."""
    answers = operation["responses"]
    if JSON in answers.get("422", {}).get("content", {}):
        answers["422"] = errors.declared("invalid_request")[422]


def _complete(operation: dict[str, Any]) -> None:
    """Say what stands before every route: who is asked for, and what is answered before the route begins."""
    grant, answers = GRANTS[operation["operationId"]], operation["responses"]
    codes = ["malformed_request", "too_many_requests", "internal_error"]
    if "requestBody" in operation:
        codes += ["too_slow", "too_large", "unsupported_media_type"]
    if not grant.public:
        codes += ["unauthenticated", "forbidden"]
    elif not grant.itself:
        operation["security"] = []
    for status, answer in errors.declared(*codes).items():
        answers.setdefault(str(status), answer)
    operation["responses"] = dict(sorted(answers.items()))


def __getattr__(name: str) -> FastAPI:
    """`app`, made when the server asks for it, so that importing this module needs no settings."""
    if name != "app":
        raise AttributeError(name)
    return create_app(load())
