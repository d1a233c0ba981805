"""The event log over HTTP: for those whose task it is, masked for them, with a reason, on record."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from store.access_tables import accesses
from store.session import EVERYWHERE, make_engine, sessions
from tests.api.conftest import MANAGER, PHONE, Caller
from tests.conftest import Database

HQ, AUDITOR = "hq-supervisor-1", "hq-auditor-1"


def asked(format_: str, **more: Any) -> dict[str, Any]:
    """A request for a log."""
    return {"format": format_, "reason": "process mining of March", **more}


async def test_few_logs_are_written_at_once(api: Caller, app: FastAPI) -> None:
    aside = app.state.parts.aside
    with aside.stream(), aside.stream():
        refused = await api.post("/audit/exports", asked("csv"), AUDITOR)
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    for _ in range(3):
        assert (await api.post("/audit/exports", asked("csv"), AUDITOR)).status_code == 200
    assert aside.streams == 0


async def test_the_log_is_masked_for_whoever_exports_it_and_names_no_customer(api: Caller) -> None:
    number = await api.opened(text=f"陈女士 says: call me at {PHONE}")
    for format_ in ("ocel", "xes", "csv"):
        answer = await api.post("/audit/exports", asked(format_, ids=[number]), AUDITOR)
        assert answer.status_code == 200, answer.text
        assert number in answer.text
        assert "OrderRegistered" in answer.text
        assert PHONE not in answer.text
        assert "陈女士" not in answer.text
        assert "~pd1~" not in answer.text
    parquet = await api.post("/audit/exports", asked("parquet", ids=[number]), AUDITOR)
    assert parquet.content.startswith(b"PAR1")
    assert parquet.content.endswith(b"PAR1")


async def test_a_customer_has_the_same_key_in_all_his_orders_and_exports(api: Caller) -> None:
    numbers = [await api.opened(), await api.opened()]
    keys = set()
    for who in (AUDITOR, HQ):
        answer = await api.post("/audit/exports", asked("csv", ids=numbers), who)
        rows = csv.DictReader(io.StringIO(answer.content[3:].decode(), newline=""), strict=True)
        keys |= {row["customer"] for row in rows}
    assert len(keys) == 1
    document = json.loads((await api.post("/audit/exports", asked("ocel", ids=numbers), HQ)).content)
    assert [one["id"] for one in document["objects"] if one["type"] == "customer"] == [f"customer:{keys.pop()}"]


async def test_an_export_is_on_record_with_its_reason_and_its_orders(api: Caller, database: Database) -> None:
    number = await api.opened()
    await api.post("/audit/exports", asked("xes", ids=[number]), HQ)
    engine = make_engine(database.owner_url, 1, sight=EVERYWHERE)
    with sessions(engine)() as session:
        looks = select(accesses).where(accesses.c.operation == "export_log").order_by(accesses.c.id.desc()).limit(1)
        look = session.execute(looks).one()
    engine.dispose()
    assert (look.actor_id, look.outcome, list(look.orders)) == (HQ, "exported", [number])
    assert (look.reason, look.detail) == ("process mining of March", "xes ids")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"format": "csv"}, "reason"),
        (asked("pdf"), "format"),
        (asked("csv", province="XX"), "province"),
        (asked("csv", unit="GD.nix"), "unit"),
        (asked("csv", since="2026-03-02T10:00:00"), "since"),
        (asked("csv", wanted=1), "wanted"),
    ],
)
async def test_what_cannot_be_exported_is_refused_and_names_the_field(
    api: Caller, body: dict[str, Any], field: str
) -> None:
    answer = await api.post("/audit/exports", body, AUDITOR)
    assert answer.status_code == 422
    problem = answer.json()
    assert field in (problem.get("field"), *(one["field"] for one in problem.get("errors", ())))


async def test_it_is_for_auditors_and_headquarters_alone(api: Caller) -> None:
    answer = await api.post("/audit/exports", asked("csv"), MANAGER)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
