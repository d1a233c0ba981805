"""What a request got wrong is said in a sentence with a remedy, and the field is named once."""

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from api.invalid import Fault, faults
from api.schemas import REQUESTS, RegisterRequest
from tests.api.conftest import NET, Caller, complaint


def wrong(model: type[BaseModel], body: Any) -> tuple[Fault, ...]:
    """What the words are for that body."""
    with pytest.raises(ValidationError) as found:
        model.model_validate(body)
    return faults(found.value.errors(), model)


def customer(**changes: Any) -> dict[str, Any]:
    return complaint(customer={"name": "陈女士", "phone": "13900000001", **changes})


@pytest.mark.parametrize(
    ("verb", "body", "field", "message", "remedy"),
    [
        ("", customer(phone="12"), "customer.phone", "Has fewer than 5 digits.", "5 digits or more"),
        ("", customer(phone="+()-() -"), "customer.phone", "Has fewer than 5 digits.", "5 digits or more"),
        ("", customer(phone="1" * 33), "customer.phone", "Is longer than 32 characters.", "Give 32 at most."),
        ("", customer(phone="abc"), "customer.phone", "Is not written as it must be.", "such as 13900000003."),
        ("", customer(email="nobody"), "customer.email", "Is not written as it must be.", "name@example.cn"),
        ("", customer(zone="Mars/Sea"), "customer.zone", "Is not an IANA time zone, such as Asia/Shanghai.", "/docs"),
        ("", customer(phnoe="1"), "customer.phnoe", "There is no such field.", "Did you mean phone? Known are name, "),
        ("", customer(name=7), "customer.name", "Is no text.", "Send a text."),
        ("", complaint(customer=3), "customer", "Is no object.", "Send a JSON object"),
        ("", complaint(title=""), "title", "Is empty.", "Fill it in."),
        ("", complaint(zzz=1), "zzz", "There is no such field.", "Known are title, text, "),
        ("", complaint(order_class="falut"), "order_class", "Is none of the known values.", "Did you mean fault? One"),
        ("", complaint(dispatch="perhaps"), "dispatch", "Is neither true nor false.", "Send true or false."),
        ("", {k: v for k, v in complaint().items() if k != "text"}, "text", "Is missing.", "Send text; /docs"),
        ("extend", {"until": "soon"}, "until", "Is no instant.", "2026-03-02T09:00:00+08:00"),
        ("extend", {"until": "2026-03-06T10:00:00"}, "until", "Has no time zone.", "2026-03-02T09:00:00+08:00"),
        ("escalate", {"level": "up"}, "level", "Is no whole number.", "such as 3"),
        ("dispatch", {"lead": "GD.net", "co": ["x"] * 51}, "co", "Is longer than 50 items.", "Give 50 at most."),
        ("dispatch", {"lead": "GD.net", "co": "GD.it"}, "co", "Is no list.", '["GD.net"]'),
        (
            "rate_attendance",
            {"whistle": "w1", "unit": "GD.it", "rating": {"report_in": 9, "cooperation": 1, "quality": 1, "result": 1}},
            "rating.report_in", "Is more than 5.", "Send a number that is at most 5.",
        ),
    ],
)  # fmt: skip
def test_each_kind_of_fault_has_its_sentence(
    verb: str, body: dict[str, Any], field: str, message: str, remedy: str
) -> None:
    (found,) = wrong(REQUESTS[verb] if verb else RegisterRequest, body)
    assert (found.field, found.message) == (field, message)
    assert remedy in found.remedy


async def test_the_field_is_named_once_and_several_each_with_their_own(api: Caller) -> None:
    answer = (await api.post("/orders", customer(phone="12"))).json()
    assert (answer["field"], answer["detail"]) == ("customer.phone", "Has fewer than 5 digits.")
    answer = (await api.post("/orders", {**customer(phone="12"), "titel": "x"})).json()
    assert answer["detail"] == "Has fewer than 5 digits. titel: There is no such field."
    assert [one["field"] for one in answer["errors"]] == ["customer.phone", "titel"]
    assert answer["errors"][1]["remedy"].startswith("Did you mean title? ")


async def test_a_query_and_a_body_that_the_framework_reads_get_the_same_words(api: Caller) -> None:
    answer = (await api.get("/orders", state="in_progres")).json()
    assert answer["detail"] == "Is none of the known values."
    assert answer["remedy"].startswith("Did you mean in_progress? One of ")
    answer = (await api.get("/orders", limit="many")).json()
    assert (answer["field"], answer["detail"]) == ("limit", "Is no whole number.")
    body = {"from": "2026-03-02T00:00:00Z", "untill": "2026-03-09T00:00:00Z"}
    headers = {"Authorization": f"Bearer dev:{NET}"}
    answer = (await api.http.put("/v1/people/gd-net-1/absence", json=body, headers=headers)).json()
    assert answer["field"] == "untill"
    assert answer["remedy"].startswith("Did you mean until? Known are from, ")


async def test_a_missing_reason_says_how_it_is_given(api: Caller) -> None:
    number = await api.opened()
    answer = await api.post(f"/orders/{number}/supervise", {"colour": "red", "instruction": "now"}, "gd-manager")
    assert answer.json()["code"] == "reason_required"
    assert "reason" in answer.json()["remedy"]
