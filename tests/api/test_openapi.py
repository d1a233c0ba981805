"""The OpenAPI document is complete: every verb, valid examples, every error declared."""

import re
from typing import Any

import pytest

from api import errors
from api.app import create_app
from api.commands import describe
from api.examples import EXAMPLES
from api.schemas import REQUESTS, RegisterRequest, to_body
from contracts.messages import decode, encode
from domain.commands import COMMANDS
from domain.transitions import TABLE
from runtime.settings import PROJECT, load


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    app = create_app(load(app_database_url="postgresql://nobody@127.0.0.1:1/none"))
    return app.openapi()


def test_every_command_has_an_example_and_no_other_has() -> None:
    assert set(EXAMPLES) == set(COMMANDS) == {*REQUESTS, "register"}


@pytest.mark.parametrize("verb", sorted(REQUESTS))
def test_an_example_is_valid_and_becomes_the_command(verb: str) -> None:
    request = REQUESTS[verb].model_validate(EXAMPLES[verb])
    body = to_body(verb, request)
    assert type(body) is COMMANDS[verb]
    assert decode(encode(body), COMMANDS[verb]) == body
    needs_reason = all(row.reason for row in TABLE if row.verb == verb)
    assert not needs_reason or request.reason, "the example lacks the reason that the table demands"


def test_the_example_of_register_is_valid() -> None:
    RegisterRequest.model_validate(EXAMPLES["register"])


def test_every_verb_is_a_route_with_summary_roles_example_and_errors(document: dict[str, Any]) -> None:
    for verb in REQUESTS:
        route = document["paths"][f"/v1/orders/{{order_id}}/{verb}"]["post"]
        assert route["operationId"] == verb
        assert route["summary"]
        assert describe(verb) == route["description"]
        assert all(role in route["description"] for row in TABLE if row.verb == verb for role in row.roles)
        content = route["requestBody"]["content"]["application/json"]
        assert content["examples"]["example"]["value"] == EXAMPLES[verb]
        assert {"200", "400", "401", "403", "404", "409", "412", "415", "422", "429", "500", "503"} <= set(
            route["responses"]
        )
        key = next(item for item in route["parameters"] if item["name"] == "Idempotency-Key")
        assert key["required"]
    assert (
        "example" in document["paths"]["/v1/orders"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    )


def test_every_error_is_declared_as_a_problem(document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                if int(status) >= 400 and path != "/readyz":
                    assert list(answer["content"]) == [errors.PROBLEM_JSON], (path, status)
            assert operation["summary"], path


def test_nothing_is_referred_to_that_is_not_there(document: dict[str, Any]) -> None:
    known = set(document["components"]["schemas"])

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if "$ref" in node:
                assert node["$ref"].rsplit("/", 1)[1] in known
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(document)


def test_the_engine_is_reached_through_the_gateway_alone() -> None:
    for path in (PROJECT / "api").glob("*.py"):
        if path.name not in ("gateway.py", "engine.py"):
            source = path.read_text()
            assert "temporalio" not in source, path.name
            assert not re.search(r"(?m)^\s*(?:from|import) workflows\b", source), path.name
