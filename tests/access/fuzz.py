"""Requests made up from the OpenAPI document, by every kind of asker, and every check that can be made of an answer.

`python -m tests.access.fuzz --requests 100000` (`make fuzz`) asks a whole system in a folder of its own.
"""

from __future__ import annotations

import argparse
import copy
import json
import logging
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import schemathesis
from schemathesis import config as settings_of
from schemathesis.engine import Status, events, from_schema

from bench import temporary
from tests.access.expected import COLUMNS, LINK, MACHINES, MISSING, NOBODY, TOKEN, YES, Column, cell, document

EXCLUDED: dict[str, str] = {
    "max_response_time": "how long an answer takes is measured by bench/, on a machine that does nothing else",
    "object_level_authorization": "needs two log-ins that own what they make; here places decide, and "
    "test_matrix asks for each object of another's place",
}
"""Checks that are not made, and why."""

ACCEPTED = ["2xx", "3xx", "401", "403", "404", "408", "409", "410", "412", "422", "429", "5xx"]
"""What a well-formed request may get: the order's state and the directory are known to the rules alone (422)."""

EVERY_PHASE = 7
"""Of so many operations that an asker may ask for, one is gone through systematically; all are asked at random."""


@dataclass
class Summary:
    """What was asked, by whom, and what was wrong."""

    requests: Counter[str] = field(default_factory=Counter)
    operations: set[str] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)
    checks: Counter[str] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    expected: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """Requests of all askers."""
        return self.requests.total()

    def text(self, seconds: float) -> str:
        """The summary, for people."""
        wrong = [f"✗ {name}: {what}" for name, what in {**self.failures, **self.errors}.items()]
        return "\n".join(
            [
                f"{self.total} requests in {seconds:.0f} s",
                f"{len(self.operations)} operations, {len(self.requests)} askers",
                f"{len(self.failures)} failures, {len(self.errors)} errors, {self.expected.total()} explained",
                "statuses: " + ", ".join(f"{status} × {many}" for status, many in sorted(self.statuses.items())),
                "checks: " + ", ".join(f"{name} × {many}" for name, many in sorted(self.checks.items())),
                *wrong,
            ]
        )


def askers() -> tuple[Column, ...]:
    """Everybody who can show who he is by a header alone; a link's session is a browser's."""
    return tuple(column for column in COLUMNS if column is not LINK)


def headers(column: Column, token: Callable[[str, tuple[str, ...]], str]) -> dict[str, str]:
    """How an asker says who he is; `token` makes a service token for a person and scopes."""
    if column is NOBODY:
        return {}
    if column is TOKEN:
        return {"Authorization": f"Bearer {token(column.person, ('notices',))}"}
    if column.role in MACHINES:
        wide = ("orders:read", "orders:register", "orders:act", "notices", "directory:read", "policies:read")
        return {"Authorization": f"Bearer {token(column.person, wide)}"}
    if not column.person:
        return {"Authorization": "Bearer dev:customer:13977000001"}
    return {"Authorization": f"Bearer dev:{column.person}"}


def tokens(address: str) -> Callable[[str, tuple[str, ...]], str]:
    """Makes service tokens of the installation at an address."""

    def make(person: str, scopes: tuple[str, ...]) -> str:
        body = {"name": "fuzz", "person": person, "scopes": scopes, "days": 1}
        made = httpx.post(f"{address}/v1/tokens", json=body, headers={"Authorization": "Bearer dev:hq-supervisor-1"})
        return str(made.raise_for_status().json()["token"])

    return make


def planted(address: str) -> dict[str, str]:
    """Orders to ask about, by the place of whoever sees them; the last one's number stands for all."""
    body = {
        "title": "No network", "text": "Since Monday.", "category": "network.fault", "province": "GD",
        "channel": "hotline", "customer": {"name": "陈女士", "phone": "13977000001"},
    }  # fmt: skip
    sent = {"Authorization": "Bearer dev:gd-agent-1", "Idempotency-Key": f"fuzz-{time.time_ns()}"}
    made = httpx.post(f"{address}/v1/orders", json=body, headers=sent, timeout=30)
    return {"order_id": made.raise_for_status().json()["order"]["id"], "unit_id": "GD.net", "person_id": "gd-net-2"}


def fuzz(address: str, column: Column, seed: int, found: Summary, whole: str, wanted: list[str]) -> None:
    """One round of one asker through these operations of the document `whole`."""
    number = askers().index(column)
    may = [name for name in wanted if cell(name, column)[0] in (YES, MISSING)]
    systematic = [name for count, name in enumerate(may) if (count + number + seed) % EVERY_PHASE == 0]
    for phases, chosen in ((_phases(coverage=True), systematic), (_phases(coverage=False), wanted)):
        if chosen:
            schema = schemathesis.openapi.from_dict(json.loads(whole), config=_config(address, column, seed, phases))
            _run(schema.include(operation_id=chosen), column, found)


def _config(address: str, column: Column, seed: int, phases: Any) -> Any:
    checks: dict[str, Any] = {name: {"enabled": False} for name in EXCLUDED if name != "max_response_time"}
    project = settings_of.ProjectConfig(
        base_url=address,
        headers=_SAID[column.name],
        continue_on_failure=True,
        request_timeout=30,
        phases=phases,
        checks=settings_of.ChecksConfig.from_dict(
            {**checks, "positive_data_acceptance": {"expected-statuses": ACCEPTED}}
        ),
        generation=settings_of.GenerationConfig(max_examples=1, no_shrink=True, with_security_parameters=False),
    )
    return settings_of.SchemathesisConfig(seed=seed, projects=settings_of.ProjectsConfig(default=project))


def _phases(*, coverage: bool) -> Any:
    one = settings_of.GenerationConfig(max_examples=1, no_shrink=True, with_security_parameters=False)
    return settings_of.PhasesConfig(
        examples=settings_of.ExamplesPhaseConfig(enabled=not coverage),
        coverage=settings_of.CoveragePhaseConfig(enabled=coverage, generation=settings_of.GenerationConfig()),
        fuzzing=settings_of.FuzzingPhaseConfig(enabled=not coverage, generation=one),
        stateful=settings_of.StatefulPhaseConfig(enabled=not coverage, generation=one, max_steps=4),
    )


def _run(schema: Any, column: Column, found: Summary) -> None:
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            _note(event, column, found)
        elif isinstance(event, events.NonFatalError):
            found.errors.setdefault(f"{column.name} · {event.label}", str(event.info)[:500])
        elif isinstance(event, events.FatalError):
            found.errors[f"{column.name} · the fuzzer"] = repr(event.exception)


def _note(event: events.ScenarioFinished, column: Column, found: Summary) -> None:
    recorder = event.recorder
    for case_id, interaction in recorder.interactions.items():
        found.requests[column.name] += 1
        node = recorder.cases.get(case_id)
        if node is not None:
            found.operations.add(node.value.operation.label)
        if interaction.response is not None:
            found.statuses[interaction.response.status_code] += 1
    for case_id, checks in recorder.checks.items():
        for check in checks:
            found.checks[check.name] += 1
            if check.status is not Status.FAILURE:
                continue
            case = recorder.cases[case_id].value
            sent = recorder.interactions.get(case_id)
            answer = sent.response.content.decode(errors="replace") if sent and sent.response is not None else ""
            reason = _explained(check.name, case, answer)
            if reason:
                found.expected[reason] += 1
                continue
            failure = check.failure_info.failure if check.failure_info else None
            what = f"{failure.title}: {failure.message}" if failure else ""
            asked = f"{case.method} {case.formatted_path} {case.query} {str(case.body)[:300]}"
            found.failures.setdefault(
                f"{check.name} · {case.operation.label}", f"{column.name}: {what} | {asked} | {answer[:400]}"
            )


_UNREAD = ("takes no body", "body cannot be read", "/problems/unsupported_media_type")


def _explained(check: str, case: Any, answer: str) -> str:
    """Why what a check found is as it should be; '' where it is not."""
    if "//" in case.formatted_path:
        return "an address with an empty part is another address, of which the document says nothing"
    if check == "not_a_server_error" and case.path == "/readyz":
        return "this is how it says that a part is not well"
    if check == "unsupported_method" and any(words in answer for words in _UNREAD):
        return "a body that is not to be read is refused before anybody looks where it was sent"
    if check == "positive_data_acceptance" and "the character NUL" in answer:
        return "the document has no word for it, but no address holds the character NUL"
    if check == "negative_data_rejection" and '"status":413' in answer:
        return "too large is a refusal as well"
    return ""


def _document(known: dict[str, str]) -> str:
    """The document as JSON, with what is known to be there as the example of each parameter of that name."""
    whole = copy.deepcopy(document())
    for operation in (item for methods in whole["paths"].values() for item in methods.values()):
        for parameter in operation.get("parameters", ()):
            if parameter["name"] in known:
                parameter["example"] = known[parameter["name"]]
    return json.dumps(whole)


_SAID: dict[str, dict[str, str]] = {}


def rounds(address: str, *, requests: int, seed: int = 1, told: Callable[[Summary], None] = lambda _: None) -> Summary:
    """At least so many requests to a system that is the fuzzer's alone, all askers in turn."""
    logging.getLogger("hypothesis").setLevel(logging.ERROR)
    found, made = Summary(), tokens(address)
    for column in askers():
        _SAID[column.name] = headers(column, made)
    names = [item["operationId"] for methods in document()["paths"].values() for item in methods.values()]
    while found.total < requests:
        whole = _document(planted(address))
        for column, part in _turns(names, seed):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                fuzz(address, column, seed, found, whole, part)
            told(found)
            if found.total >= requests and len(found.requests) == len(askers()):
                break
        seed += 1
    return found


def _turns(wanted: list[str], seed: int) -> Iterator[tuple[Column, list[str]]]:
    """Each asker with each operation, in an order that brings all askers soon."""
    parts = len(askers())
    for turn in range(parts):
        for number, column in enumerate(askers()):
            yield column, [name for count, name in enumerate(wanted) if (count + number + turn + seed) % parts == 0]


class Progress:
    """Tells every few seconds how far it is."""

    def __init__(self) -> None:
        self.begun = self.last = time.monotonic()

    def __call__(self, found: Summary) -> None:
        """Say so, unless it was said a moment ago."""
        if time.monotonic() - self.last > 5:
            self.last = time.monotonic()
            rate = found.total / (self.last - self.begun)
            print(f"{found.total} requests, {rate:.0f} a second, {len(found.failures)} failures", file=sys.stderr)


def main() -> int:
    """Ask a whole system of its own so many requests; 1 when something was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with temporary.folder() as own:
        unlimited = own.model_copy(update={"rate_per_identity": 0, "rate_per_address": 0, "stream_seconds": 1})
        with temporary.servers(unlimited) as stack, temporary.programs(stack.settings):
            told = Progress()
            found = rounds(unlimited.api_url, requests=given.requests, seed=given.seed, told=told)
            print(found.text(time.monotonic() - told.begun))
    return 1 if found.failures or found.errors else 0


if __name__ == "__main__":
    sys.exit(main())
