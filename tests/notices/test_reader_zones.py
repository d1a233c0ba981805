"""Everybody reads a notice's times on his own clock: the customer in his zone, whoever works on it in his unit's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from contracts.messages import to_rows
from domain import commands as c
from domain.model import Customer
from store import ledger, posts, tables
from tests.domain.lives import Life, dispatched, working
from tests.notices.conftest import notices_of

ABROAD = Customer("Li", "13800000000", zone="America/New_York")


@pytest.fixture
def a_unit_in_tokyo(made: sessionmaker[Session]) -> Iterator[None]:
    """GD.bill works in Tokyo meanwhile."""
    for zone in ("Asia/Tokyo", "Asia/Shanghai"):
        with made.begin() as session:
            session.execute(update(tables.units).where(tables.units.c.id == "GD.bill").values(zone=zone))
        posts.forget()
        if zone == "Asia/Tokyo":
            yield


def bodies(made: sessionmaker[Session], life: Life, template: str) -> dict[str, str]:
    """What each audience of a template reads in English."""
    with made.begin() as session:
        ledger.record(session, life.at.id, to_rows(life.at.id, life.events))
        return {
            row["audience"]: row["body_en"] for row in notices_of(session, life.at.id) if row["template"] == template
        }


def test_each_unit_reads_its_own_clock_and_the_customer_his(made: sessionmaker[Session], a_unit_in_tokyo: None) -> None:
    life = dispatched("GD.bill", order_id="WH20261123-ZONES001", customer=ABROAD)
    (lead,) = bodies(made, life, "unit.dispatched").values()
    assert lead.count("(UTC+08:00)") == 2
    assert "UTC-" not in lead
    (co,) = bodies(made, life, "unit.dispatched_co").values()
    assert "(UTC+09:00)" in co
    (his,) = bodies(made, life, "customer.dispatched").values()
    assert "(UTC-04:00)" in his or "(UTC-05:00)" in his
    assert "(UTC+" not in his


def test_one_notice_to_many_is_written_for_each(made: sessionmaker[Session], a_unit_in_tokyo: None) -> None:
    life = working("GD.bill", order_id="WH20261123-ZONES002", customer=ABROAD)
    life.do("dispatcher", c.Retier(tier="gold"))
    found = bodies(made, life, "unit.retimed")
    assert "(UTC+08:00)" in found["unit:GD.net"]
    assert "(UTC+09:00)" in found["unit:GD.bill"]
    (his,) = bodies(made, life, "customer.retimed").values()
    assert "UTC+" not in his


def test_an_audience_of_staff_lives_where_its_unit_does(made: sessionmaker[Session]) -> None:
    with made() as session:
        found = posts.organisation(session, 0)
    places = {"XJ": "Asia/Urumqi", "XJ.net": "Asia/Tashkent", "HQ": "Asia/Shanghai"}
    units = {name: replace(found.units.get(name, found.units["HQ"]), zone=zone) for name, zone in places.items()}
    people = {"a": replace(found.people["gd-net-1"], id="a", unit="XJ.net")}
    here = posts.Organisation(units, people, found.at)
    assert {audience: here.zone_of(audience) for audience in _ZONES} == _ZONES
    assert posts.Organisation({}, {}, found.at).zone_of("unit:GD") == "UTC"


_ZONES = {
    "unit:XJ.net": "Asia/Tashkent",
    "head:XJ.net": "Asia/Tashkent",
    "person:a": "Asia/Tashkent",
    "role:dispatcher@XJ": "Asia/Urumqi",
    "unit:XJ.gone": "Asia/Urumqi",
    "role:headquarters@HQ": "Asia/Shanghai",
    "person:nobody": "Asia/Shanghai",
}
