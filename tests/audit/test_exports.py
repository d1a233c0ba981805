"""The event log in four formats: complete, valid by their schemas, related, masked, the same whatever the page."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import jsonschema
import pytest
from defusedxml import ElementTree
from pyarrow import parquet
from sqlalchemy.orm import Session, sessionmaker

from audit.exports import reading
from audit.exports.formats import KINDS, Format
from audit.exports.reading import Selection
from audit.exports.tables import COLUMNS
from audit.exports.traces import Trace
from audit.exports.writing import shown
from audit.process import orders as process
from contracts.messages import to_rows
from domain import commands as c
from domain.model import Customer, OrderClass, Outcome, State
from domain.order import decide
from store import demo, ledger
from store.session import EVERYWHERE, make_engine, sessions
from tests.conftest import Database
from tests.domain import test_history as foreign
from tests.domain.lives import MONDAY, PEOPLE, terms
from tests.store import stories

SPECS = Path(__file__).resolve().parents[3] / "shared" / "data" / "specs"
IMPORTED = "WH20260302-IMPORTED"


@pytest.fixture(scope="module")
def made(database: Database) -> Iterator[sessionmaker[Session]]:
    """Sessions on a ledger with an eventful order, a closed one, a quiet one of Beijing, and an imported one."""
    demo.load(database.owner_url)
    engine = make_engine(database.app_url, sight=EVERYWHERE)
    found = sessions(engine)
    with found.begin() as session:
        lives = (
            stories.eventful(),
            stories.closing(),
            stories.quiet(
                customer=Customer("Wang", "13800000000", id="c9"),
                province="BJ",
                category="billing.dispute",
                title="=HYPERLINK(1)",
                text='a < b & "c"\t\x07',
            ),
        )
        for life in lives:
            ledger.record(session, life.at.id, stories.rows(life))
        steps = (
            *foreign.CLOSED[:2],
            foreign.step("Wait & see", 1.5, by="=cmd|1", unit="20", details={"why": 'parts, "late"', "n 1": "5"}),
            *foreign.CLOSED[2:],
        )
        command = foreign.history(*steps, outcome=Outcome.NOT_RATED, details={"made_sla": "true"})
        events = decide(None, c.Command("import-1", PEOPLE["hq"], command), MONDAY, terms())
        ledger.record(session, IMPORTED, to_rows(IMPORTED, events))
    yield found
    engine.dispose()


def key(customer: str) -> str:
    """A customer's key."""
    return f"k{customer}"


def traces(made: sessionmaker[Session], limit: int = 200, **selection: Any) -> Iterator[list[Trace]]:
    """The pages of an export, as somebody who sees everything in clear is shown them."""
    after = ""
    with made() as session:
        while page := reading.page(session, Selection(**selection), key, after, limit):
            after = page[-1].order_id
            yield shown(page, lambda document: document)


def written(made: sessionmaker[Session], format_: Format, limit: int = 200, **selection: Any) -> bytes:
    """The file."""
    writer = KINDS[format_].made()
    pieces = [writer.begin()]
    for page in traces(made, limit, **selection):
        pieces.append(writer.page(page))
    with made() as session:
        pieces.append(writer.customers(reading.customers(session, Selection(**selection), key)[0]))
    pieces += list(writer.end())
    writer.close()
    return b"".join(pieces)


def spec(name: str) -> Path:
    """A published schema; a test that needs it is loudly left out where it is not there."""
    path = SPECS / name
    if not path.is_file():
        pytest.skip(f"NOT CHECKED against the published schema: {path} is not there")
    return path


def ocel(made: sessionmaker[Session], **selection: Any) -> dict[str, Any]:
    """The OCEL document."""
    found: dict[str, Any] = json.loads(written(made, Format.OCEL, **selection))
    return found


def test_ocel_is_valid_by_its_published_schema(made: sessionmaker[Session]) -> None:
    schema = json.loads(spec("schema_ocel2.json").read_text())
    jsonschema.validate(ocel(made), schema, format_checker=jsonschema.FormatChecker())
    jsonschema.validate(ocel(made, province="nowhere"), schema)


def test_ocel_names_nothing_that_it_does_not_have(made: sessionmaker[Session]) -> None:
    log = ocel(made)
    objects = {one["id"]: one for one in log["objects"]}
    assert len(objects) == len(log["objects"]), "no object twice"
    assert len({one["id"] for one in log["events"]}) == len(log["events"]), "no event twice"
    for kinds, items in (("eventTypes", log["events"]), ("objectTypes", log["objects"])):
        declared = {one["name"]: {field["name"]: field["type"] for field in one["attributes"]} for one in log[kinds]}
        for item in items:
            for attribute in item.get("attributes", ()):
                kind = declared[item["type"]][attribute["name"]]
                assert isinstance(attribute["value"], str)
                assert parsed(kind, attribute["value"]) is not None, (item["id"], attribute)
    for item in (*log["events"], *log["objects"]):
        for relation in item.get("relationships", ()):
            assert relation["objectId"] in objects, (item["id"], relation)
            assert relation["qualifier"]
    assert {one["type"] for one in log["objects"]} == {
        "order", "unit", "person", "role", "customer", "whistle", "assignment", "clock",
    }  # fmt: skip


def parsed(kind: str, value: str) -> Any:
    """The value as its declared type reads it."""
    match kind:
        case "integer":
            return int(value)
        case "float":
            return float(value)
        case "boolean":
            return {"true": True, "false": False}[value]
        case "time":
            return datetime.fromisoformat(value).astimezone(UTC)
        case _:
            return value


def test_ocel_relates_a_whistle_to_its_order_and_to_whom_it_summons(made: sessionmaker[Session]) -> None:
    log = ocel(made)
    (blown,) = [one for one in log["objects"] if one["type"] == "whistle"]
    related = {(one["qualifier"], one["objectId"].partition(":")[0]) for one in blown["relationships"]}
    assert {("of", "order"), ("summons", "unit")} <= related
    (event,) = [one for one in log["events"] if one["type"] == "DepartmentReportedIn" and "GD.bill" in str(one)]
    qualifiers = {one["qualifier"]: one["objectId"] for one in event["relationships"]}
    assert qualifiers["done by"] == "person:bill"
    assert qualifiers["in role"] == "role:unit_member"
    assert qualifiers["about"] == blown["id"]
    assert qualifiers["met"].startswith("clock:")


def log_of(made: sessionmaker[Session], **selection: Any) -> Element:
    """The XES log."""
    found: Element = ElementTree.fromstring(written(made, Format.XES, **selection))
    return found


ATTRIBUTES: dict[str, Callable[[str], object]] = {
    "string": str,
    "date": datetime.fromisoformat,
    "int": int,
    "float": float,
    "boolean": {"true": True, "false": False}.__getitem__,
    "id": str,
}
NAME = re.compile(r"[A-Za-z_:][\w.:-]*", re.ASCII)
PARTS = {
    "log": (("extension",), ("global",), ("classifier",), tuple(ATTRIBUTES), ("trace",), ("event",)),
    "trace": (tuple(ATTRIBUTES), ("event",)),
    "event": (tuple(ATTRIBUTES),),
    "global": (tuple(ATTRIBUTES),),
}
"""What each element of the schema holds, in this order."""


def test_xes_has_the_elements_of_its_schema_in_their_order(made: sessionmaker[Session]) -> None:
    log = log_of(made)
    assert log.tag == "log"
    assert Decimal(log.get("xes.version", ""))
    for element in (one for one in log.iter() if one.tag in PARTS):
        places = [next(at for at, kinds in enumerate(PARTS[element.tag]) if one.tag in kinds) for one in element]
        assert places == sorted(places), element.tag
        for one in element:
            assert NAME.fullmatch(one.get("name", "none"))
            if one.tag in ATTRIBUTES:
                assert NAME.fullmatch(one.get("key", "")), one.attrib
                ATTRIBUTES[one.tag](one.attrib["value"])
                assert set(one.attrib) == {"key", "value"}


XSD = "{http://www.w3.org/2001/XMLSchema}"


def test_that_order_is_the_published_schemas() -> None:
    schema = ElementTree.parse(spec("xes-ieee-1849-2016.xsd")).getroot()
    group = schema.find(f"{XSD}group[@name='AttributableGroup']")
    attributes = [one.get("name") for one in group.iter(f"{XSD}element")]
    assert {*ATTRIBUTES, "list"} == set(attributes)
    for element, kind in (
        ("log", "LogType"),
        ("trace", "TraceType"),
        ("event", "EventType"),
        ("global", "GlobalsType"),
    ):
        found = schema.find(f"{XSD}complexType[@name='{kind}']")
        children = [one for one in found.iter() if one.tag in (f"{XSD}element", f"{XSD}group")]
        assert [one.get("name", "string") for one in children] == [part[0] for part in PARTS[element]], element
    assert not schema.get("targetNamespace")


def test_xes_has_a_trace_an_order_with_the_standard_attributes(made: sessionmaker[Session]) -> None:
    log = log_of(made)
    assert [one.get("prefix") for one in log.findall("extension")] == ["concept", "time", "org", "lifecycle"]
    assert log.get("xes.version") == "1849.2016"
    found = log.findall("trace")
    assert len(found) == 4
    for event in log.iter("event"):
        keys = [one.get("key") for one in event]
        assert len(keys) == len(set(keys)), "no key twice"
        assert {"concept:name", "time:timestamp", "lifecycle:transition"} <= set(keys)


def values(element: Element) -> dict[str, str]:
    """The attributes of a trace or an event."""
    return {one.get("key", ""): one.get("value", "") for one in element if one.get("key")}


def test_an_imported_order_leaves_as_it_came(made: sessionmaker[Session]) -> None:
    (trace,) = log_of(made, imported=True).findall("trace")
    own = values(trace)
    assert own["concept:name"] == "INC-7"
    assert (own["made_sla"], own["whistle:imported"], own["whistle:order"]) == ("true", "elsewhere", IMPORTED)
    events = [values(one) for one in trace.findall("event")]
    assert [one["concept:name"] for one in events] == [
        "New", "Active", "Wait & see", "Resolved", "Active", "Resolved", "Closed",
    ]  # fmt: skip
    assert datetime.fromisoformat(events[2]["time:timestamp"]) == foreign.BEGUN + timedelta(hours=1.5)
    assert (events[2]["org:resource"], events[2]["org:group"]) == ("=cmd|1", "20")
    assert (events[2]["why"], events[2]["n_1"]) == ('parts, "late"', "5")
    assert events[4]["whistle:reopened"] == "true"


def table(made: sessionmaker[Session], **selection: Any) -> list[dict[str, str]]:
    """The rows of the CSV file."""
    content = written(made, Format.CSV, **selection)
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content[3:].decode(), newline=""), strict=True))


def test_csv_and_parquet_have_a_row_an_event_and_say_the_same(made: sessionmaker[Session]) -> None:
    rows = table(made)
    file = parquet.read_table(io.BytesIO(written(made, Format.PARQUET))).to_pylist()
    assert list(rows[0]) == list(file[0]) == list(COLUMNS)
    with made() as session:
        recorded = sum(len(ledger.stored(session, one.order_id)) for page in traces(made) for one in page)
    assert len(rows) == len(file) == recorded - 2, "all but the two events that the import itself added"
    for text, typed in zip(rows, file, strict=True):
        assert datetime.fromisoformat(text["at"]) == typed["at"]
        assert (text["order_id"], int(text["seq"])) == (typed["order_id"], typed["seq"])
        assert text["actor"].lstrip("'") == typed["actor"]
        assert json.loads(typed["details"]) == json.loads(text["details"])


def test_csv_holds_no_formula(made: sessionmaker[Session]) -> None:
    cells = [cell for row in table(made) for cell in row.values()]
    assert "'=cmd|1" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@", "-"))]
    assert not [cell for cell in cells if "\x07" in cell]


@pytest.mark.parametrize("format_", [Format.OCEL, Format.XES, Format.CSV])
def test_the_file_is_the_same_however_small_its_pages(made: sessionmaker[Session], format_: Format) -> None:
    assert written(made, format_, limit=1) == written(made, format_)


@pytest.mark.parametrize(
    ("selection", "orders"),
    [
        ({}, 4),
        ({"province": "BJ"}, 1),
        ({"category": "billing.dispute"}, 1),
        ({"order_class": OrderClass.URGENT}, 0),
        ({"unit": "GD.it"}, 1),
        ({"unit": "GD.cs"}, 2),
        ({"state": (State.CLOSED,)}, 3),
        ({"ids": (IMPORTED, "WH20260302-NONE")}, 1),
        ({"imported": True}, 1),
        ({"imported": False}, 3),
        ({"since": datetime(2020, 1, 1, tzinfo=UTC)}, 3),
        ({"until": datetime(2020, 1, 1, tzinfo=UTC)}, 1),
        ({"rehearsal": True}, 0),
    ],
)
def test_a_selection_has_the_orders_that_it_names(
    made: sessionmaker[Session], selection: dict[str, Any], orders: int
) -> None:
    assert sum(len(page) for page in traces(made, **selection)) == orders


def test_a_customer_is_his_key_and_nothing_else(made: sessionmaker[Session]) -> None:
    for format_ in Format:
        content = written(made, format_)
        if format_ is Format.PARQUET:
            content = str(parquet.read_table(io.BytesIO(content)).to_pylist()).encode()
        assert b"13800000000" not in content, format_


def test_the_process_picture_has_the_steps_and_times_of_the_export(made: sessionmaker[Session]) -> None:
    """An imported order's too: its own steps at their own times, without what the import itself has recorded."""
    exported = [trace for page in traces(made) for trace in page]
    with made.begin() as session:
        found = process.process(session, process.Selection(), process.Activity.EVENT, datetime.now(UTC)).picture
    assert found.steps == sum(len(trace.events) for trace in exported)
    assert found.durations is not None
    lasted = [(trace.events[-1].at - trace.events[0].at).total_seconds() for trace in exported]
    assert (found.durations.least, found.durations.most) == (min(lasted), max(lasted))
    assert min(edge.times.least for edge in found.edges) >= 0
