"""The connection of the policy commands: what the API would have one call, they name as the command that does it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from desk.client import Desk, Refused
from desk.options import desk

_COMMANDS = {
    r"GET /v1/policies\b(?!/).*": "whistle policy versions",
    r"GET /v1/units\?kind=province\b.*": "whistle directory units --kind province",
    r"GET /v1/units\b.*": "whistle directory units",
    r"GET /v1/orders\b.*": "whistle orders list",
    r"GET /v1/people\b.*": "whistle directory people",
}
"""What a remedy that names a call is by command."""


@contextmanager
def policy_desk(api: str, person: str) -> Iterator[Desk]:
    """As `desk`; raises Refused with remedies that can be typed."""
    with desk(api, person) as connection:
        try:
            yield connection
        except Refused as refused:
            remedy = by_command(str(refused.problem.get("remedy", "")))
            raise Refused({**refused.problem, "remedy": remedy}) from None


def by_command(remedy: str) -> str:
    """A remedy with the command instead of the call that it names."""
    for call, command in _COMMANDS.items():
        remedy = re.sub(call, command, remedy)
    return remedy
