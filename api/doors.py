"""Which ways in are open here, for the page that offers them, and the demo log-in of the development profile.

The demo log-in believes whoever it is told; its route is not there unless the settings open it, and a session that it
opened is worth nothing where they do not.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import login, schemas
from api.access import MACHINES
from api.deps import Parts, PartsDep
from api.directory import identified
from api.entering import Entered
from api.errors import Problem, declared
from api.login import CookiesDep, SessionView
from api.record import access
from api.schemas import Clean
from api.views import JSON
from domain.model import Role
from identity import people, sessions, tracking
from identity.people import Identified
from identity.sessions import Live
from runtime.settings import Profile, Settings
from store import accesses, demo, tables
from store.accesses import Outcome
from store.demo import Login
from vault import customers

CUSTOMER = "customer:"
"""Begins what a demo customer logs in by; his number follows."""


class DemoPerson(BaseModel):
    """Somebody whom the demo log-in offers, with the names of his unit."""

    id: str
    name_zh: str
    name_en: str
    role: Role
    unit: str
    province: str
    unit_zh: str
    unit_en: str


class Doors(BaseModel):
    """The ways in: by password, by the OpenID provider, and where demo log-ins are open as one of these."""

    profile: Profile
    password: bool
    oidc: bool
    demo: list[DemoPerson]


class DemoRequest(schemas.Request):
    """As whom to log in: a person's id, or `customer:` and a telephone number."""

    person: Annotated[Clean, Field(min_length=1, max_length=64)] = Field(examples=["gd-agent-1"])


def make_router(settings: Settings) -> APIRouter:
    """The routes; that of the demo log-in only where it is open."""
    router = APIRouter(tags=["log-in"])
    router.add_api_route(
        "/doors",
        doors,
        operation_id="doors",
        response_model=Doors,
        responses=declared("unavailable"),
        summary="The ways in that are open here",
    )
    if settings.demo_open:
        router.add_api_route(
            "/login/demo",
            log_in_demo,
            methods=["POST"],
            operation_id="log_in_demo",
            response_model=SessionView,
            responses=declared("log_in_failed", "csrf", "too_many_requests", "invalid_request", "unavailable"),
            summary="Log in as somebody of the demo organisation",
        )
    return router


async def doors(parts: PartsDep) -> Response:
    """What the log-in page offers, before anybody has said who he is."""
    found: list[DemoPerson] = await parts.system(_offered) if parts.settings.demo_open else []
    ways = Doors(
        profile=parts.settings.profile,
        password=True,
        oidc=parts.settings.oidc_issuer is not None,
        demo=found,
    )
    return Response(ways.model_dump_json(), media_type=JSON)


async def log_in_demo(request: Request, given: DemoRequest, parts: PartsDep, known: CookiesDep) -> Response:
    """Opens a session like that of a password, without one; the one that the browser had before ends.

    Development profile only, and only from a page of this system.
    """
    known.demand_own_page(request)
    before = await known.known(request)
    entered: Entered | None = await parts.write(_enter, request, parts, given.person, before)
    if entered is None:
        raise Problem(
            "log_in_failed", "There is no such demo log-in.", field="person", remedy="GET /v1/doors lists them."
        )
    known.forget()
    return await login.answered(parts, entered)


def _offered(session: Session) -> list[DemoPerson]:
    """Those of the shown log-ins who are in the directory now, in the order in which they are shown; no programs."""
    c = tables.people.c
    wanted = select(
        *(c.id, c.name_zh, c.name_en, c.role, c.unit, c.province),
        func.coalesce(tables.units.c.name_zh, "").label("unit_zh"),
        func.coalesce(tables.units.c.name_en, "").label("unit_en"),
    ).join_from(tables.people, tables.units, tables.units.c.id == c.unit, isouter=True)
    shown = c.active & c.id.in_([one.id for one in demo.LOGINS]) & c.role.not_in(MACHINES)
    rows = session.execute(wanted.where(shown))
    there = {row.id: DemoPerson(**row._mapping) for row in rows}
    return [found for one in demo.LOGINS if (found := there.get(one.id) or _customer(one)) is not None]


def _customer(one: Login) -> DemoPerson | None:
    """A demo customer, who is in no directory; None for anybody else."""
    if not one.id.startswith(CUSTOMER):
        return None
    names = {"name_zh": one.label_zh, "name_en": one.label_en}
    return DemoPerson(id=one.id, **names, role=Role.CUSTOMER, unit="", province="", unit_zh="", unit_en="")


def _enter(session: Session, request: Request, parts: Parts, person: str, before: Live | None) -> Entered | None:
    """Open somebody's session in place of his browser's, and write it down; for nobody only that it was tried."""
    who = _named(session, parts, person)
    if who is None:
        accesses.add(session, access(request, None, Outcome.LOG_IN_FAILED, code="log_in_failed", detail=sessions.DEMO))
        return None
    now = datetime.now(UTC)
    noted = access(request, who, Outcome.LOGGED_IN, detail=sessions.DEMO)
    accesses.add(session, noted)
    if before is not None:
        sessions.end(session, before.digest, now)
    hours = tracking.SESSION_HOURS if who.customer else parts.settings.session_hours
    opened = sessions.create(
        session,
        now=now,
        how=sessions.DEMO,
        hours=hours,
        person="" if who.customer else who.id,
        customer=who.customer,
        address=noted.address,
    )
    live = sessions.find(session, opened.cookie, now, timedelta(hours=hours))
    return Entered(opened, live) if live is not None else None


def _named(session: Session, parts: Parts, person: str) -> Identified | None:
    if not person.startswith(CUSTOMER):
        return identified(session, person)
    try:
        found = customers.obtain(session, parts.rack.keyring, person.removeprefix(CUSTOMER))
    except ValueError:  # no telephone number
        return None
    return people.customer(found.customer)
