"""A misspelt filter is refused with what may have been meant; it never reads as an empty list."""

import pytest

from tests.api.conftest import CALLER, Caller

AUDITOR = "hq-auditor-1"


@pytest.mark.parametrize(
    ("path", "who", "query", "field", "remedy"),
    [
        ("/orders", "gd-agent-1", {"province": "ZZ"}, "province", "GET /v1/units?kind=province lists them."),
        ("/orders", "gd-agent-1", {"province": "gd"}, "province", "Did you mean GD? "),
        ("/orders", "gd-agent-1", {"province": "GD.net"}, "province", "GET /v1/units?kind=province"),
        ("/orders", "gd-agent-1", {"unit": "GD.nte"}, "unit", "Did you mean GD.net? "),
        ("/criticisms", "gd-agent-1", {"province": "ZZ"}, "province", "GET /v1/units?kind=province"),
        ("/criticisms", "gd-agent-1", {"unit": "GD.nte"}, "unit", "Did you mean GD.net? "),
        ("/callbacks", CALLER, {"province": "ZZ"}, "province", "GET /v1/units?kind=province"),
        ("/units", "gd-agent-1", {"province": "ZZ"}, "province", "GET /v1/units?kind=province"),
        ("/units", "gd-agent-1", {"kind": "deprtment"}, "kind", "Did you mean department? One of province, "),
        ("/people", "gd-agent-1", {"at": "GD.nte"}, "at", "Did you mean GD.net? "),
        ("/catalogue", "gd-agent-1", {"province": "ZZ"}, "province", "GET /v1/units?kind=province"),
        ("/operations/clocks", AUDITOR, {"kind": "sgin"}, "kind", "Did you mean sign? One of dispatch, sign, "),
    ],
)
async def test_what_a_filter_names_must_exist(
    api: Caller, path: str, who: str, query: dict[str, str], field: str, remedy: str
) -> None:
    answer = await api.get(path, who, **query)
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["field"]) == (422, "invalid_request", field)
    assert remedy in problem["remedy"]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/orders", {"province": "GD", "unit": "GD.net"}),
        ("/criticisms", {"province": "XJ", "unit": "GD"}),
        ("/units", {"province": "GD", "kind": "department", "parent": "GD"}),
        ("/people", {"at": "R.south"}),
        ("/catalogue", {"province": "*"}),
    ],
)
async def test_what_is_known_is_let_through(api: Caller, path: str, query: dict[str, str]) -> None:
    assert (await api.get(path, "gd-agent-1", **query)).status_code == 200
