"""What the API recommends, in the words of the command line: the command that asks what an HTTP call would."""

from __future__ import annotations

import re

_LISTS = r"(?: lists (?:them|the versions|the demo log-ins)\.)?"
_SAID: tuple[tuple[str, str], ...] = (
    (r"GET /v1/orders/([\w-]+)/deadlines", r"whistle orders clocks \1"),
    (r"GET /v1/units\?kind=(\w+)", r"whistle directory units --kind \1"),
    (r"GET /v1/units", "whistle directory units"),
    (r"GET /v1/people", "whistle directory people"),
    (r"GET /v1/policies", "whistle policy versions"),
    (r"GET /v1/acting lists for whom you may act\.", "whistle acting list"),
    (r"POST /v1/acting", "whistle acting take PERSON"),
    (r"Log in(?: again)? with POST /v1/login[^.]*\.", "whistle login PERSON, 或设 or set WHISTLE_TOKEN"),
    (r"POST /v1/password", "whistle password"),
    (r"POST /v1/accounts/([\w@.:+-]+)/(reset|unlock|logout)", r"whistle accounts \2 \1"),
)
_TABLE = tuple((re.compile(call + r"(?![\w/?])" + _LISTS), command) for call, command in _SAID)
_PAGE = re.compile(r"/docs shows what each call takes\.|See /docs\.")


def in_commands(text: str) -> str:
    """A sentence of the API's with commands in the place of calls."""
    for call, command in _TABLE:
        text = call.sub(command, text)
    return _PAGE.sub("见该命令的 --help / see the command's --help", text)
