"""Logs of other systems: read in every form that they come in, counted, refused with their place, never half."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from defusedxml import ElementTree

from desk import history, history_mapping, history_reading
from desk.client import Usage
from desk.history import Result
from desk.history_mapping import Brought
from desk.mapping import BadRow
from runtime.settings import PROJECT
from tests.desk.conftest import Whistle

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"

MAPPING = """
system: {system}
format: {format}
delimiter: ";"
zone: Europe/Berlin
null: ["?", "-"]
case: "{{{case}}}"
{more}
time: {{of: "{{{time}}}", formats: [iso, "%d.%m.%Y %H:%M"]}}
step:
  activity: "{{{activity}}}"
  by: "{{{by}}}"
  unit: "{{{unit}}}"
  state: {{of: "{{{activity}}}", map: {{Neu: registered, Gelöst: awaiting_callback, Zu: closed}}, default: in_progress}}
order:
  title: "Fall {{@case}}"
  text: "Fall {{@case}}"
  category: network.fault
  province: GD
  channel: hotline
  customer.name: "Kunde {{@case}}"
  customer.phone: "00000 90 {{@case|digits}}"
"""
COLUMNS = {"case": "nr", "time": "zeit", "activity": "was", "by": "wer", "unit": "wo"}
HEAD = "nr;folge;zeit;was;wer;wo;prio;oft;notiz"
MORE = 'sequence: folge\nwords: [notiz]\nignored: {prio: "made up"}'


def mapping(path: Path, *, format_: str = "csv", more: str = MORE, **columns: str) -> str:
    """A mapping's file."""
    file = path / f"{path.name}.yaml"
    given = {**COLUMNS, **columns}
    file.write_text(
        MAPPING.format(system=f"there-{path.name}"[:50], format=format_, more=more, **given), encoding="utf-8"
    )
    return str(file)


def read(path: Path, name: str) -> tuple[list[Brought], Result]:
    """What a file gives by a mapping."""
    rules = history_mapping.load(name)
    log = history_reading.look(path, rules.format, delimiter=rules.delimiter, case_object=rules.case_object)
    if log.columns:
        rules.check(log.columns)
    result = Result()
    return list(history.cases(log, rules, result)), result


def table(path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    """A table of these lines."""
    file = path / "log.csv"
    file.write_bytes("\r\n".join((HEAD, *lines)).encode(encoding))
    return file


SCATTERED = (
    "2;1;01.03.2020 10:00;Neu;anna;A;1;0;-",
    "1;2;29.03.2020 01:59;Gelöst;ben;B;1;0;Anruf 0301234567",
    "1;1;29.03.2020 01:59;Neu;anna;A;1;0;?",
    "1;4;25.10.2020 02:30;Zu;;B;1;1;",
    "1;3;29.03.2020 03:00;Offen;ben;?;1;1;",
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_table_is_read_whatever_its_writing_and_however_its_cases_are_mixed(tmp_path: Path, encoding: str) -> None:
    found, result = read(table(tmp_path, *SCATTERED, encoding=encoding), mapping(tmp_path))
    assert (result.events, result.cases, result.refused, result.bad) == (5, 2, 0, [])
    first, second = found
    assert [step["activity"] for step in first.body["steps"]] == ["Neu", "Gelöst", "Offen", "Zu"]
    assert first.counted == {"reopens": 1, "moves": 3}
    assert (first.open, second.open) == (False, True)
    assert first.body["outcome"] == "not_rated"
    assert "outcome" not in second.body


def test_times_without_an_offset_are_of_the_zone_and_an_hour_that_came_twice_is_the_first(tmp_path: Path) -> None:
    (first, _), _ = read(table(tmp_path, *SCATTERED), mapping(tmp_path))
    assert [step["at"] for step in first.body["steps"]] == [
        "2020-03-29T00:59:00+00:00",
        "2020-03-29T00:59:00+00:00",
        "2020-03-29T01:00:00+00:00",
        "2020-10-25T00:30:00+00:00",
    ]


def test_what_stands_for_nothing_is_nothing_words_are_apart_and_all_else_is_kept(tmp_path: Path) -> None:
    (first, _), _ = read(table(tmp_path, *SCATTERED), mapping(tmp_path))
    steps = first.body["steps"]
    assert steps[0] == {
        "at": "2020-03-29T00:59:00+00:00", "activity": "Neu", "by": "anna", "unit": "A", "state": "registered",
        "details": {"oft": "0"},
    }  # fmt: skip
    assert steps[1]["words"] == {"notiz": "Anruf 0301234567"}
    assert "unit" not in steps[2]
    assert "by" not in steps[3]


@pytest.mark.parametrize(
    ("line", "field", "number"),
    [
        ("1;5;29.03.2020 02:30;Offen;ben;B;1;0;", "time", 7),
        ("1;5;gestern;Offen;ben;B;1;0;", "time", 7),
        ("1;x;30.03.2020 02:30;Offen;ben;B;1;0;", "folge", 7),
        ("1;5;30.03.2020 02:30;;ben;B;1;0;", "activity", 7),
    ],
)
def test_a_case_with_a_bad_row_stays_outside_and_the_row_is_named(
    tmp_path: Path, line: str, field: str, number: int
) -> None:
    found, result = read(table(tmp_path, *SCATTERED, line), mapping(tmp_path))
    assert [one.case for one in found] == ["2"]
    (bad,) = result.bad
    assert (bad.id, bad.field, bad.row) == ("1", field, number)
    assert bad.reason
    assert bad.remedy


@pytest.mark.parametrize("line", [";5;30.03.2020 02:30;Offen;ben;B;1;0;", "1;5;30.03.2020 02:30;Offen"])
def test_while_a_row_may_be_anybodys_nothing_comes_in(tmp_path: Path, line: str) -> None:
    found, result = read(table(tmp_path, *SCATTERED, line), mapping(tmp_path))
    assert found == []
    assert (result.refused, len(result.bad)) == (2, 1)


def test_a_count_that_the_steps_do_not_bear_out_is_told(tmp_path: Path) -> None:
    name = mapping(tmp_path)
    file = Path(name)
    file.write_text(file.read_text(encoding="utf-8") + '  said_reopens: "{oft}"\n  said_moves: "7"\n', encoding="utf-8")
    _, result = read(table(tmp_path, *SCATTERED), name)
    told = [(one.case, one.count, one.said, one.counted) for one in result.mismatches]
    assert told == [("1", "moves", 7, 3), ("2", "moves", 7, 0)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("zone: Europe/Berlin", "zone: Europe/Nowhere"), "Nowhere"),
        (("system:", "sistem:"), "sistem"),
        (("  category: network.fault\n", ""), "order.category"),
        (("  activity:", "  activities:"), "activities"),
        (("channel: hotline", "colour: red"), "colour"),
        (("{nr}", "{nummer}"), "nummer"),
    ],
)
def test_a_mapping_that_is_not_right_says_where(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    name = mapping(tmp_path)
    file = Path(name)
    file.write_text(file.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    with pytest.raises(Usage, match=said):
        read(table(tmp_path, *SCATTERED), name)


XES = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="2.0" xmlns="http://www.xes-standard.org/">
  <global scope="event"><string key="concept:name" value="x"/></global>
  <trace><string key="concept:name" value="T 1"/><string key="tier" value="gold"/>
    <event><string key="concept:name" value="Neu"/><date key="time:timestamp" value="2020-01-01T10:00:00.5+08:00"/>
      <string key="org:resource" value="anna"><int key="age" value="7"/></string></event>
    <event><string key="concept:name" value="Zu"/>
      <date key="time:timestamp" value="2020-01-01T10:00:00.5+08:00"/></event>
  </trace>
  <trace><string key="concept:name" value="T 2"/>
    <event><string key="concept:name" value="Neu"/><date key="time:timestamp" value="2020-01-02T10:00:00Z"/>
      <list key="l"><values><int key="a" value="1"/></values></list></event>
  </trace>
</log>"""
OF_XES = {"case": "case:concept:name", "time": "time:timestamp", "activity": "concept:name", "by": "org:resource"}


@pytest.mark.parametrize("packed", [False, True])
def test_xes_is_read_trace_by_trace_in_its_own_order(tmp_path: Path, packed: bool) -> None:
    file = tmp_path / ("log.xes.gz" if packed else "log.xes")
    file.write_bytes(gzip.compress(XES.encode()) if packed else XES.encode())
    name = mapping(tmp_path, format_="xes", more='case_keep: ["case:tier"]', **OF_XES, unit="org:group")
    (first, second), result = read(file, name)
    assert result.bad == []
    assert [(one["activity"], one["at"]) for one in first.body["steps"]] == [
        ("Neu", "2020-01-01T02:00:00.500000+00:00"),
        ("Zu", "2020-01-01T02:00:00.500000+00:00"),
    ]
    assert first.body["details"] == {"tier": "gold"}
    assert first.body["steps"][0]["details"] == {"org:resource/age": "7"}
    assert second.body["steps"][0]["details"] == {"l/a": "1"}


def test_a_trace_that_runs_backwards_stays_outside_and_the_row_is_named(tmp_path: Path) -> None:
    file = tmp_path / "log.xes"
    back = XES.replace('="2020-01-01T10:00:00.5+08:00"/></event>', '="2020-01-01T09:00:00+08:00"/></event>')
    file.write_text(back, encoding="utf-8")
    found, result = read(file, mapping(tmp_path, format_="xes", more="", **OF_XES, unit="org:group"))
    assert [one.case for one in found] == ["T 2"]
    (bad,) = result.bad
    assert (bad.id, bad.field, bad.row) == ("T 1", "time", 2)
    assert bad.remedy


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("3;1;01.03.2099 10:00;Neu;anna;A;1;0;-", "time"),
        ("3;1;01.03.2020 10:00;Anruf von Kunde 3;anna;A;1;0;-", "activity"),
        ("3;1;01.03.2020 10:00;Neu;ＫＵＮＤＥ３;A;1;0;-", "by"),
        ("3;1;01.03.2020 10:00;Neu;anna;00000-90-30;1;0;-", "unit"),
    ],
)
def test_a_dry_run_names_the_row_of_what_cannot_be_or_tells_of_the_customer(
    tmp_path: Path, line: str, field: str
) -> None:
    name = mapping(tmp_path)
    file = Path(name)
    file.write_text(file.read_text(encoding="utf-8").replace("00000 90 {@case|digits}", "00000 90 {@case|digits}0"))
    found, result = read(table(tmp_path, *SCATTERED, line), name)
    assert [one.case for one in found] == ["1", "2"]
    (bad,) = result.bad
    assert (bad.id, bad.field, bad.row) == ("3", field, 7)
    assert bad.reason
    assert bad.remedy


def test_a_registration_after_the_first_step_is_refused(tmp_path: Path) -> None:
    more = MORE + '\nregistered: {of: "{oft}", formats: ["%Y"]}'
    lines = (one.replace(";1;0;", ";1;2021;").replace(";1;1;", ";1;2021;") for one in SCATTERED)
    found, result = read(table(tmp_path, *lines), mapping(tmp_path, more=more))
    assert found == []
    assert {(bad.id, bad.field) for bad in result.bad} == {("1", "registered"), ("2", "registered")}


BOMBS = (
    '<!DOCTYPE log [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><log xes.version="1"><trace>&b;</trace></log>',
    '<!DOCTYPE log [<!ENTITY a SYSTEM "file:///etc/passwd">]><log xes.version="1"><trace>&a;</trace></log>',
    '<!DOCTYPE log SYSTEM "http://example.invalid/x.dtd"><log xes.version="1"/>',
    '<log xes.version="1"><trace>',
    "<html><body/></html>",
    "no xml at all",
)


@pytest.mark.parametrize("content", BOMBS)
def test_xml_that_is_none_or_means_harm_is_not_read(tmp_path: Path, content: str) -> None:
    file = tmp_path / "log.xes"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(Usage, match="XML"):
        list(history_reading.look(file).rows())


OCEL: dict[str, Any] = {
    "eventTypes": [], "objectTypes": [],
    "objects": [
        {"id": "o1", "type": "order", "attributes": [
            {"name": "tier", "value": "gold", "time": "2020-01-02T00:00:00Z"},
            {"name": "tier", "value": "silver", "time": "1970-01-01T00:00:00Z"},
        ]},
        {"id": "o2", "type": "order"},
        {"id": "u1", "type": "unit"},
    ],
    "events": [
        {"id": "e2", "type": "Zu", "time": "2020-01-03T00:00:00Z", "attributes": [{"name": "who", "value": "ben"}],
         "relationships": [{"objectId": "o1", "qualifier": "of"}, {"objectId": "u1", "qualifier": "by"}]},
        {"id": "e1", "type": "Neu", "time": "2020-01-01T00:00:00Z",
         "relationships": [{"objectId": "o1", "qualifier": "of"}, {"objectId": "o2", "qualifier": "of"}]},
        {"id": "e0", "type": "Neu", "time": "2020-01-01T00:00:00Z"},
    ],
}  # fmt: skip
OF_OCEL = {"case": "case:id", "time": "time", "activity": "type", "by": "who", "unit": "by:"}


def test_ocel_gives_each_object_its_events_with_what_it_was_like_then(tmp_path: Path) -> None:
    file = tmp_path / "log.json"
    file.write_text(json.dumps(OCEL), encoding="utf-8")
    name = mapping(tmp_path, format_="ocel", more="case_object: order", **OF_OCEL)
    (first, second), result = read(file, name)
    assert result.bad == []
    steps = first.body["steps"]
    assert [(one["activity"], one["details"]["case:tier"]) for one in steps] == [("Neu", "silver"), ("Zu", "gold")]
    assert (steps[1]["by"], steps[1]["unit"]) == ("ben", "u1")
    assert [one["activity"] for one in second.body["steps"]] == ["Neu"]


@pytest.mark.parametrize("content", ["[]", "{", '{"events": []}', '{"events": [], "objects": []}'])
def test_what_is_no_ocel_is_not_read(tmp_path: Path, content: str) -> None:
    file = tmp_path / "log.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(Usage):
        history_reading.look(file, case_object="order")


def test_requests_stay_of_a_bearable_size() -> None:
    bodies = [Brought(str(n), {"case": "x" * 3000, "n": n}, {}, {}, open=False) for n in range(250)]
    found = list(history.batches(iter(bodies)))
    assert [one.body["n"] for batch in found for one in batch] == list(range(250))
    assert max(len(batch) for batch in found) < history.MOST_CASES
    assert all(sum(len(one.body["case"]) for one in batch) < history.MOST_BYTES for batch in found)


def test_a_time_that_never_was_is_refused() -> None:
    times = history_mapping.Times("{t}", ("iso",))
    with pytest.raises(BadRow):
        times.read("time", history_mapping.Cells(t="2020-03-29T02:30"), history_mapping.ZoneInfo("Europe/Berlin"))


async def test_a_log_comes_in_once_and_leaves_as_it_came(whistle: Whistle, tmp_path: Path) -> None:
    file, name = table(tmp_path, *SCATTERED), mapping(tmp_path)
    words = ("import", "history", str(file), "--mapping", name, "--report", str(tmp_path / "report.csv"), "--json")
    code, out, err = await whistle(*words, "--check")
    assert (code, json.loads(out)["fit"]) == (0, 2), err
    code, out, err = await whistle(*words)
    assert code == 0, err
    assert {name: json.loads(out)[name] for name in ("imported", "open", "already_there", "refused")} == {
        "imported": 2, "open": 1, "already_there": 0, "refused": 0,
    }  # fmt: skip
    code, out, err = await whistle(*words)
    assert (code, json.loads(out)["imported"], json.loads(out)["already_there"]) == (0, 0, 2), err
    log = await exported(whistle, tmp_path)
    mine = {one["case"]: one for one in log if one["system"].endswith(tmp_path.name)}
    assert mine["1"]["events"] == [
        ("Neu", datetime.fromisoformat("2020-03-29T00:59:00Z"), "anna"),
        ("Gelöst", datetime.fromisoformat("2020-03-29T00:59:00Z"), "ben"),
        ("Offen", datetime.fromisoformat("2020-03-29T01:00:00Z"), "ben"),
        ("Zu", datetime.fromisoformat("2020-10-25T00:30:00Z"), ""),
    ]
    table(tmp_path, *SCATTERED, "1;5;26.10.2020 02:30;Offen;ben;B;1;0;")
    code, out, err = await whistle(*words)
    assert (code, json.loads(out)["refused"]) == (1, 1), "what is in the ledger is not rewritten"
    assert "imported before" in (tmp_path / "report.csv").read_text(encoding="utf-8-sig")


async def exported(whistle: Whistle, folder: Path) -> list[dict[str, Any]]:
    """The imported traces, as XES has them: case, system, and the imported steps."""
    target = folder / "out.xes"
    code, _, err = await whistle(
        "audit", "export-log", "--format", "xes", "--imported", "--reason", "round trip", "--out", str(target)
    )
    assert code == 0, err
    return list(traces(target))


def traces(path: Path) -> Iterator[dict[str, Any]]:
    """The traces of a log."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        root = ElementTree.parse(file).getroot()
    kept = [one for one in root if one.tag.endswith("trace")]
    for trace in kept:
        own = {one.get("key"): one.get("value") for one in trace}
        steps = [{one.get("key"): one.get("value") for one in event} for event in trace if event.tag.endswith("event")]
        yield {
            "case": own["concept:name"],
            "system": own.get("whistle:imported", ""),
            "events": [
                (one["concept:name"], datetime.fromisoformat(one["time:timestamp"]), one.get("org:resource", ""))
                for one in steps
                if one.get("whistle:imported", "true") == "true" and one["concept:name"] not in OURS
            ],
            "details": [{k: v for k, v in one.items() if ":" not in (k or "")} for one in steps],
        }


OURS = ("OrderTakenOver", "OrderDispatched", "CallbackPlanned", "ClockWarned", "ClockBreached")


def test_the_example_of_the_handbook_fits_and_every_key_is_told(tmp_path: Path) -> None:
    examples = PROJECT / "docs" / "examples"
    (first, second), result = read(examples / "history.csv", str(examples / "history.yaml"))
    assert (result.bad, result.mismatches) == ([], [])
    assert (first.counted, first.open, second.open) == ({"reopens": 1, "moves": 1}, False, True)
    told = (PROJECT / "docs" / "audit.md").read_text(encoding="utf-8")
    keys = set(history_mapping.KEYS) - {"about", "delimiter", "sheet"}
    assert [name for name in (*keys, *history_mapping.built_in()) if f"`{name}`" not in told] == []


def real(name: str) -> Path:
    """Real data; a test that needs them is loudly left out where they are not there."""
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"NOT CHECKED against real data: {path} is not there")
    return path


def test_the_counts_of_every_real_incident() -> None:
    found, result = read(real("servicenow_incidents_slice.csv.gz"), "servicenow-incidents")
    assert (len(found), result.events, result.refused) == (2442, 13866, 0), "INC0000164 too, whose times contradict it"
    assert Counter(one.count for one in result.mismatches) == {"moves": 8}
    assert all(abs(one.said - one.counted) == 1 for one in result.mismatches), "one hidden update each"
    assert sum(one.counted["reopens"] for one in found) == sum(one.said["reopens"] for one in found) > 30


async def test_real_tickets_leave_as_they_came(whistle: Whistle, tmp_path: Path) -> None:
    whole = gzip.decompress(real("helpdesk.xes.gz").read_bytes()).decode()
    pieces = whole.split("</trace>")
    sample = tmp_path / "sample.xes"
    sample.write_text("</trace>".join(pieces[:120]) + "</trace></log>", encoding="utf-8")
    words = ("import", "history", str(sample), "--mapping", "helpdesk-italy", "--report", str(tmp_path / "r.csv"))
    code, out, err = await whistle(*words, "--json")
    assert (code, json.loads(out)["imported"]) == (0, 120), err
    came = {one["case"]: one for one in traces(sample)}
    left = {one["case"]: one for one in await exported(whistle, tmp_path) if one["system"] == "helpdesk"}
    assert set(left) == set(came)
    for case, one in came.items():
        assert left[case]["events"] == one["events"], case
        assert left[case]["details"][: len(one["details"])] == one["details"], case


async def test_a_sample_of_real_incidents_comes_in_with_its_counts(whistle: Whistle, tmp_path: Path) -> None:
    lines = gzip.decompress(real("servicenow_incidents_slice.csv.gz").read_bytes()).decode().splitlines()
    reopened = [line.split(",")[0] for line in lines[1:] if line.split(",")[4] != "0"]
    wanted = set(list(dict.fromkeys(reopened))[:10]) | {line.split(",")[0] for line in lines[1:200]}
    assert "0000164" in wanted, "its third update is before its second"
    sample = tmp_path / "sample.csv"
    sample.write_text(
        "\n".join([lines[0], *(one for one in lines[1:] if one.split(",")[0] in wanted)]), encoding="utf-8"
    )
    words = ("import", "history", str(sample), "--mapping", "servicenow-incidents", "--report", str(tmp_path / "r.csv"))
    code, out, err = await whistle(*words, "--json")
    assert (code, json.loads(out)["imported"]) == (0, len(wanted)), err
    assert json.loads(out)["mismatches"]["reopens"] == 0
    target = tmp_path / "out.csv"
    export = ("audit", "export-log", "--format", "ocel", "--imported", "--reason", "counts", "--out", str(target))
    code, _, err = await whistle(*export)
    assert code == 0, err
    orders = [one for one in json.loads(target.read_bytes())["objects"] if one["type"] == "order"]
    counts = [{one["name"]: one["value"] for one in order["attributes"]} for order in orders]
    mine = [one for one in counts if one["imported"] == "servicenow"]
    assert len(mine) == len(wanted)
    assert all(one["reopens"] == one["said_reopens"] for one in mine)
    assert sum(int(one["reopens"]) for one in mine) >= 10
