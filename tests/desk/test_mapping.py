import json
import os
from pathlib import Path
from typing import Any

import pytest

from api.schemas import RegisterRequest
from desk import mapping, reading
from desk.client import Usage
from desk.mapping import BadRow
from desk.reading import Row

RULES: dict[str, Any] = {
    "source": "there",
    "zone": "America/New_York",
    "id": "no",
    "filed": {"of": "{day} {hour}", "formats": ["%d-%m-%y %I:%M:%S %p", "iso"]},
    "fields": {
        "title": "{what|trim}",
        "text": "{what}\n{@source}/{@id} {@filed}",
        "category": {
            "of": "{what}",
            "words": [[["refund"], "billing.refund"], [["网速"], "network.slow"]],
            "default": "unknown",
        },
        "province": {"of": "{place}", "spread": ["GD", "JS", "BJ"]},
        "area": {"of": "{place}", "pattern": "[A-Z]\\d*[市区]", "default": ""},
        "channel": {"of": "{way}", "map": {"Internet": "web", "Call": "hotline"}},
        "customer.name": "filer of {no}",
        "customer.phone": "000 000 {no|digits}",
    },
    "ignored": {"status": "begins anew"},
}
CELLS = {
    "no": "A-17",
    "day": "22-04-15",
    "hour": "3:53:50 PM",
    "what": " 网速 slow ",
    "place": "在A7区某处",
    "way": "internet",
    "status": "Closed",
}


def understood(tmp_path: Path, **changes: Any) -> mapping.Mapping:
    path = tmp_path / "map.json"
    path.write_text(json.dumps({**RULES, **changes}), encoding="utf-8")
    return mapping.load(str(path))


def test_a_row_becomes_a_complaint_by_the_rules(tmp_path: Path) -> None:
    rules = understood(tmp_path)
    rules.check(tuple(CELLS))
    made = rules.complaint(CELLS)
    assert made.body == {
        "source": "there/A-17",
        "title": "网速 slow",
        "text": " 网速 slow \nthere/A-17 2015-04-22T15:53:50-04:00",
        "category": "network.slow",
        "province": made.body["province"],
        "area": "A7区",
        "channel": "web",
        "customer": {"name": "filer of A-17", "phone": "000 000 17"},
    }
    assert made.body["province"] in ("GD", "JS", "BJ")
    assert made.body == rules.complaint(CELLS).body
    assert made.key == rules.complaint({**CELLS, "what": "something else"}).key
    assert made.key != rules.complaint({**CELLS, "no": "A-18"}).key


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"no": " "}, "no", "no number"),
        ({"day": "31-02-15"}, "filed", "is no time"),
        ({"day": "08-03-15", "hour": "2:30:00 AM"}, "filed", "never was there"),
        ({"way": "pigeon"}, "channel", "not in the mapping"),
        ({"what": "  "}, "title", "is empty"),
        ({"what": "a\x00b"}, "what", "control character"),
    ],
)
def test_a_row_at_fault_names_field_and_reason(tmp_path: Path, changes: dict[str, str], field: str, said: str) -> None:
    with pytest.raises(BadRow, match=said) as bad:
        understood(tmp_path).complaint({**CELLS, **changes})
    assert bad.value.field == field
    assert bad.value.remedy


def test_an_hour_that_came_twice_is_taken_as_the_first(tmp_path: Path) -> None:
    made = understood(tmp_path).complaint({**CELLS, "day": "01-11-15", "hour": "1:30:00 AM"})
    assert "2015-11-01T01:30:00-04:00" in made.body["text"]


def test_every_column_must_be_accounted_for(tmp_path: Path) -> None:
    rules = understood(tmp_path)
    with pytest.raises(Usage, match="does not mention: remark"):
        rules.check((*CELLS, "remark"))
    with pytest.raises(Usage, match="lacks columns of the mapping: status"):
        rules.check(tuple(name for name in CELLS if name != "status"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"zone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"fields": {"title": "x"}}, "fields.text is missing"),
        ({"fields": {**RULES["fields"], "colour": "x"}}, "fields.colour is no field"),
        ({"fields": {**RULES["fields"], "area": {"of": "{place}"}}}, "fields.area needs"),
        ({"fields": {**RULES["fields"], "area": {"of": "{place}", "pattern": "("}}}, "mapping is not right"),
        ({"filed": {"of": "{day}"}}, "'formats'"),
    ],
)
def test_a_wrong_mapping_says_what_is_wrong_in_it(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(Usage, match=said.replace("(", r"\(")):
        understood(tmp_path, **changes)


def test_an_unknown_mapping_names_those_that_there_are() -> None:
    with pytest.raises(Usage, match="cn-public, us-telecom-2015"):
        mapping.load("nonsense")


@pytest.mark.parametrize("name", mapping.built_in())
def test_a_built_in_mapping_takes_real_data_to_the_last_row(name: str) -> None:
    folder = Path(os.environ.get("REAL_COMPLAINTS") or Path(__file__).parents[3] / "shared" / "data")
    if not folder.is_dir():
        pytest.skip("NO REAL DATA WAS READ: set REAL_COMPLAINTS to the folder of the files that the mappings are for")
    rules = mapping.load(name)
    tables = [reading.look(path) for path in sorted(folder.glob("*.csv.gz"))]
    fitting = [table for table in tables if rules.id in table.columns]
    assert fitting, f"no file in {folder} has the column {rules.id}"
    for table in fitting:
        rules.check(table.columns)
        made = [rules.complaint(row.cells) for row in table.rows() if isinstance(row, Row)]
        assert len(made) == table.total == len({one.key for one in made})
        for one in made:
            RegisterRequest.model_validate(one.body)
            assert 1 <= len(one.body["title"]) <= 300
            assert len(one.body["text"]) <= 8000
            assert len(one.body.get("area", "")) <= 200
