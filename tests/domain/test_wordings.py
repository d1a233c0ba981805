"""A wording's flaws, and that one without can be rendered whatever fills it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.notice_fields import MEANINGS, tried
from domain.notice_texts import OFFERED, render
from domain.wordings import MOST_BODY, MOST_TITLE, SHIPPED, Flaw, Wording, flaws, legible, named, sound

TEMPLATE = "customer.dispatched"
GOOD = Wording("已派单", "With a department", "{order} 由{lead}办理，{{请稍候}}", "{order} is with {lead}, {{wait}}")


@pytest.mark.parametrize("template", SHIPPED)
def test_the_shipped_wordings_have_no_flaw(template: str) -> None:
    assert flaws(template, SHIPPED[template]) == ()


@pytest.mark.parametrize("template", SHIPPED)
def test_every_field_has_a_meaning_in_both_languages_and_a_value_to_try(template: str) -> None:
    assert all(all(MEANINGS[name]) for name in OFFERED[template])
    assert render(template, tried(template, 1), {}).body_en


@pytest.mark.parametrize(
    ("changed", "flaw"),
    [
        ({"body_en": ""}, Flaw("body_en", "missing")),
        ({"title_zh": " "}, Flaw("title_zh", "missing")),
        ({"title_en": "x" * (MOST_TITLE + 1)}, Flaw("title_en", "too_long", str(MOST_TITLE), MOST_TITLE + 1)),
        ({"body_zh": "{order}{lead}" + "字" * MOST_BODY}, Flaw("body_zh", "too_long", str(MOST_BODY), MOST_BODY + 1)),
        ({"title_en": "two\nlines"}, Flaw("title_en", "control", "U+000A", 4)),
        ({"body_en": "{order} {lead} \x07"}, Flaw("body_en", "control", "U+0007", 16)),
        ({"body_en": "{order} {lead} {phone}"}, Flaw("body_en", "unknown_field", "phone", 16)),
        ({"body_en": "{order} {lead} {"}, Flaw("body_en", "brace", "{", 16)),
        ({"body_en": "{order} {lead}}"}, Flaw("body_en", "brace", "}", 15)),
        ({"body_en": "{order} {lead} {order.__class__}"}, Flaw("body_en", "form", "order.__class__", 16)),
        ({"body_en": "{order} {lead} {order:>99}"}, Flaw("body_en", "form", "order:>99", 16)),
        ({"body_en": "{order} {lead} {}"}, Flaw("body_en", "form", "", 16)),
        ({"body_zh": "{lead}" + "{order}" * 3}, Flaw("body_zh", "repeated", "order", 21)),
        ({"body_en": "{order}"}, Flaw("body_en", "field_lost", "lead", warning=True)),
    ],
)
def test_each_flaw_is_told_with_its_place(changed: dict[str, str], flaw: Flaw) -> None:
    assert flaws(TEMPLATE, GOOD) == ()
    wording = replace(GOOD, **changed)
    assert flaw in flaws(TEMPLATE, wording)
    assert sound(TEMPLATE, wording) is flaw.warning


TEXTS = st.text(st.sampled_from("{}{}aAorder_:!.0 字\n[]"), min_size=1, max_size=30) | st.sampled_from(
    ["{order}", "{{{order}}}", "{{order}}", "{lead}{order}{due}", "{title!r}", "}}{{"]
)


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_whatever_is_sound_can_be_rendered(title_zh: str, title_en: str, body_zh: str, body_en: str) -> None:
    wording = Wording(title_zh, title_en, body_zh, body_en)
    if sound(TEMPLATE, wording):
        words = render(TEMPLATE, tried(TEMPLATE, 0), {}, "Asia/Shanghai", wording.texts)
        assert ("W2611230001" in words.body_zh) == ("order" in named(body_zh))
    else:
        assert any(not flaw.warning for flaw in flaws(TEMPLATE, wording))


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_whatever_is_written_can_be_read_with_what_is_wrong_in_it(a: str, b: str, c: str, d: str) -> None:
    wording = Wording(a, b, c, d)
    shown = legible(TEMPLATE, wording)
    render(TEMPLATE, tried(TEMPLATE, 0), {}, "Asia/Shanghai", shown.texts)
    if sound(TEMPLATE, wording):
        assert shown == wording


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("工单 {order} 欠 {phone}", "工单 W2611230001 欠 {phone}"),
        ("{order} {", "W2611230001 {"),
        ("{order.__class__} {order:>99} {{x}}", "{order.__class__} {order:>99} {x}"),
        ("{order}" * 3, "W2611230001" * 2 + "{order}"),
    ],
)
def test_a_bad_field_stands_for_itself(written: str, read: str) -> None:
    texts = legible(TEMPLATE, replace(GOOD, body_zh=written)).texts
    assert render(TEMPLATE, tried(TEMPLATE, 0), {}, "UTC", texts).body_zh == read


def test_a_title_is_one_line_whatever_fills_it() -> None:
    answered = Wording("答复：{answer}", "Answer: {answer}", "{order}", "{order}")
    assert sound("customer.answered", answered)
    given = {**tried("customer.answered", 1), "answer": "one\r\ntwo\u2028three\x07"}
    words = render("customer.answered", given, {}, "UTC", answered.texts)
    assert (words.title_zh, words.title_en) == ("答复：one two three", "Answer: one two three")
