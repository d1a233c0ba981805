"""No worker while time goes on: what fell due meanwhile is caught up, and whoever asks is answered."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy.orm import Session, sessionmaker

from api.assembly import open_gateway
from api.errors import Problem
from api.gateway import Gateway
from api.views import Reply
from contracts.messages import OrderInput
from domain import commands as c
from domain.model import Customer, OrderClass, Role
from identity.people import Identified
from runtime import keyring
from runtime.plugin import connect
from runtime.settings import Settings
from store import policies
from tests.domain.lives import PEOPLE
from tests.support.desk import Desk
from tests.workflows.test_storm import LONG, boundless, whistles, whole
from vault import customers
from worker import serving, watching

HOURS = 1
PHONE = "13800000000"
AGENT = Identified("gd-agent-1", "坐席", "Agent", Role.AGENT, unit="GD.svc", province="GD")


async def begun(desk: Desk, customer: str) -> str:
    """An order of a customer of the vault that has whistled for everybody just now."""
    order_id = desk.number()
    body = c.Register(
        order_id=order_id,
        title="no signal",
        text="no signal anywhere",
        category="network.outage",
        order_class=OrderClass.URGENT,
        province="GD",
        channel="10010",
        customer=Customer("Li", PHONE, id=customer),
        rehearsal=True,
    )
    await desk.record(await desk.start(OrderInput(order_id, boundless()), c.Command(order_id, PEOPLE["agent"], body)))
    for whistle in whistles():
        await desk.do(order_id, "agent", whistle)
    return order_id


async def noted(gateway: Gateway, order_id: str, key: str) -> Reply:
    """The reply to a note, asked for with the same key until there is one."""
    async with asyncio.timeout(LONG):
        while True:
            try:
                return await gateway.act(order_id, "note", key, AGENT, c.Note("well?"))
            except Problem as problem:
                if problem.code not in ("outcome_unknown", "command_pending"):
                    raise


@pytest.mark.asyncio(loop_scope="session")
async def test_an_order_that_slept_through_thousands_of_marks_comes_through_whole(
    settings: Settings, made: sessionmaker[Session]
) -> None:
    keys = keyring.load(settings.keyring_path)
    with made.begin() as session:
        policies.save_terms(session, boundless())
        customer = customers.obtain(session, keys, PHONE).customer
    client = await connect(settings, settings.rehearsal_namespace)
    desk = Desk(client, made, keys)
    async with serving(settings):
        order_id = await begun(desk, customer)
        before = await desk.seq(order_id)
    sleeping = asyncio.create_task(desk.wait(order_id, hours=HOURS))
    await asyncio.sleep(3)
    async with serving(settings), watching(settings), open_gateway(settings) as gateway:
        reply = await noted(gateway, order_id, f"{order_id}/amid")
        assert reply.status == 200
        async with asyncio.timeout(LONG):
            assert await sleeping
        reply = await noted(gateway, order_id, f"{order_id}/after")
        assert reply.status == 200
        rows = await whole(desk, order_id)
        assert len(rows) - before > 3000
        assert [row.command_id for row in rows[before:] if row.command_id] == [f"{order_id}/amid", f"{order_id}/after"]
        await desk.close()
