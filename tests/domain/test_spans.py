"""How lengths of time are written: what may stand there, and what may not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import Span, span, text_of

STEADY = settings(derandomize=True, deadline=None)


@pytest.mark.parametrize(
    "text",
    ["", "5", "wd", "-1h", "1 h", "1w", "1hours", "1e3h", "٣h", "nanh", "5h\n", "at", "at 2026-12-31", "3wdend",
     "at 2026-12-31T18:00Z", "at 2026-12-31T18:00+08:00"],
)  # fmt: skip
def test_no_span_says_what_may_stand_there(text: str) -> None:
    with pytest.raises(ValueError, match="write a number and min, h, d, wmin, wh or wd"):
        span(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2h end", "only days have an end"),
        ("at 2026-02-30T18:00", "day is out of range"),
        ("at 2026-02-28T24:30", "hour must be in"),
        ("36526d", "write 0 to 36525"),
    ],
)
def test_no_span_says_why_not(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        span(text)


@pytest.mark.parametrize(
    "wrong",
    [(-1.0, "min"), (float("nan"), "wmin"), (float("inf"), "d"), (1.0, "week"), (1.0, "min", True), (0.0, "at"),
     (1.0, "min", False, "2026-12-31T18:00")],
)  # fmt: skip
def test_a_span_made_by_hand_is_checked_too(wrong: tuple[float, str]) -> None:
    with pytest.raises(ValueError, match="span"):
        Span(*wrong)


@STEADY
@given(
    amount=st.floats(min_value=0, max_value=36_525, allow_nan=False),
    unit=st.sampled_from(["min", "d", "wmin", "wd"]),
    end=st.booleans(),
)
def test_the_text_of_a_span_means_that_span(amount: float, unit: str, end: bool) -> None:
    length = Span(amount, unit, end_of_day=end and unit in ("d", "wd"))
    assert span(text_of(length)) == length


@pytest.mark.parametrize(
    ("text", "same"),
    [("2h", "120min"), ("90wmin", "90wmin"), ("4wh", "240wmin"), ("1.5d", "1.5d"), ("3wd end", "3wd end"),
     ("15d end", "15d end"), ("at 2026-12-31T18:00", "at 2026-12-31T18:00"), ("100wd", "100wd")],
)  # fmt: skip
def test_spans_are_written_in_their_own_unit(text: str, same: str) -> None:
    assert text_of(span(text)) == same
