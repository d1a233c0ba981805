"""The quick way to a link's hash is the slow one: the same bytes, or none at all."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.messages import EventRow, encode
from domain.model import Actor, Role
from store import chain
from tests.audit.lives import random_life

TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
NAMES = st.one_of(TEXTS, st.sampled_from(["\ue000", "\U00010000", "\uffff", "a", "é", "\u0000", '"', "\\", "10", "9"]))
NUMBERS = st.one_of(
    st.integers(-(2**70), 2**70),
    st.integers(-(10**16), 10**16),
    st.integers(2**53 - 3, 2**53 + 3),
    st.floats(),
    st.floats(-1e5, 1e5),
    st.sampled_from([1e15, 1e16, 1e21, 1e20, 1e-6, 1e-7, -0.0, 5e-324, 0.1 + 0.2, 1.0, 100.0]),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), TEXTS, NUMBERS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=12,
)


def row(data: str, **others: str) -> dict[str, Any]:
    plain = {name: "" for name in chain.FIELDS if name != "previous"}
    fixed = {"seq": 3, "at": datetime(2026, 3, 2, tzinfo=UTC), "clocks": "[]", "data": data}
    return {**plain, **fixed, **others}


def both(given_: dict[str, Any], previous: str = "") -> tuple[str, str]:
    """The hash by the quick way and by the slow one; what is refused, by the name of the refusal."""
    found = []
    for way in (chain.stored_digest, lambda one, before: chain.digest(chain.stored_link(one, before))):
        try:
            found.append(way(given_, previous))
        except (rfc8785.CanonicalizationError, msgspec.DecodeError) as error:
            found.append(type(error).__name__)
    return found[0], found[1]


@given(VALUES, st.booleans(), st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", "\t: ")]))
@example({"\U00010000": 1, "\uffff": 2}, False, (",", ":"))
@example({"a": 2**53}, False, (",", ":"))
@example({"a": [1.5, -0.0, 1e21, 1e-7]}, False, (",", ":"))
def test_whatever_json_is_given(value: Any, escaped: bool, apart: tuple[str, str]) -> None:
    text = json.dumps({"v": value}, ensure_ascii=escaped, separators=apart)
    quick, slow = both(row(text))
    assert quick == slow
    quick, slow = both(row("{}", clocks=json.dumps([value], ensure_ascii=escaped, separators=apart)))
    assert quick == slow


NUMERALS = st.from_regex(r"\A-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?\Z")


@given(NUMERALS)
@example("1e400")
@example("1E2")
@example("-0")
@example("9007199254740991")
@example("9007199254740993")
def test_however_a_number_is_spelt(numeral: str) -> None:
    quick, slow = both(row(f'{{"n": {numeral}, "m": [{numeral}]}}'))
    assert quick == slow


@given(st.fixed_dictionaries(dict.fromkeys(("actor_id", "unit", "reason", "type", "order_id"), TEXTS)), TEXTS)
@example({"reason": "\x7f\u2028\"\\\b\f\n\r\t\x00\x1f/<>&'"}, "\U0010ffff")
def test_whatever_is_said_beside_it(others: dict[str, str], previous: str) -> None:
    quick, slow = both(row("{}", **others), previous)
    assert quick == slow


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1)), st.integers(-14, 14))  # noqa: DTZ001 - made aware below
def test_instants_are_written_as_ever(naive: datetime, hours: int) -> None:
    at = naive.replace(tzinfo=timezone(timedelta(hours=hours)))
    assert chain.written(at) == at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@pytest.mark.parametrize("seed", range(8))
def test_events_of_random_lives(seed: int) -> None:
    for one in random_life(seed).rows:
        assert chain.row_digest(one, "aa") == chain.digest(chain.link(one, "aa"))


def test_the_quick_way_is_taken_where_it_may_be() -> None:
    """Else it would be no way at all, and equal to itself."""
    plain = EventRow("WH-1", 1, "NoteAdded", datetime(2026, 3, 2, tzinfo=UTC), Actor("a", Role.AGENT), "v1", RAW)
    quick = chain._quick(
        bytes(plain.data),
        b"[]",
        "",
        "a",
        chain.written(plain.at),
        "",
        "WH-1",
        "v1",
        "",
        "",
        "agent",
        1,
        "NoteAdded",
        "",
    )
    assert quick == chain.digest(chain.link(plain, ""))
    for strange in (b'{"a": 1234567890123456}', '{"🐇": 1}'.encode(), b'{"a": "\\u0001"}', b'{"a": 1e400}'):
        assert chain._quick(strange, b"[]", "", "", "", "", "", "", "", "", "", 1, "", "") == ""


RAW = msgspec.Raw(encode({"z": 1.5, "a": {"b": [1, 2.0], "é": "中文"}}))
