"""A policy's text is read as it is written, and what is wrong with it is told with its line."""

from __future__ import annotations

import pytest

from rulebook.reading import MOST_BYTES, read


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("09:30", "09:30"),
        ("no", "no"),
        ("on", "on"),
        ("2026-10-01", "2026-10-01"),
        ("2026-10-01T10:00:00Z", "2026-10-01T10:00:00Z"),
        ("010", "010"),
        ("1_000", "1_000"),
        ("0x10", "0x10"),
        ("12", 12),
        ("-3", -3),
        ("0.75", 0.75),
        ("1e3", "1e3"),
        (".nan", ".nan"),
        ("true", True),
        ("null", None),
        ("~", None),
        ("", None),
        ('"12"', "12"),
        ("'true'", "true"),
    ],
)
def test_plain_scalars_mean_what_they_say(text: str, value: object) -> None:
    source = read(f"key: {text}\n")
    assert source.faults == ()
    assert source.data == {"key": value}
    assert type(source.data["key"]) is type(value)


def test_every_key_is_a_text_and_has_its_line() -> None:
    source = read("12345: 3\non: 1\nlist:\n  - a: 1\n  - b: 2\n")
    assert source.data == {"12345": 3, "on": 1, "list": [{"a": 1}, {"b": 2}]}
    assert {path: source.lines[path] for path in ("12345", "on", "list", "list[0].a", "list[1]", "list[1].b")} == {
        "12345": 1,
        "on": 2,
        "list": 3,
        "list[0].a": 4,
        "list[1]": 5,
        "list[1].b": 5,
    }


@pytest.mark.parametrize(
    ("text", "line", "path", "said"),
    [
        ("a: 1\nb:\n  c: 1\n  c: 2\n", 4, "b.c", "the key c stands twice, first in line 3"),
        ("a: 1\nb: [1, 2\nc: 3\n", 3, "", "the YAML cannot be read"),
        ("a: !!python/object/apply:os.system [ls]\n", 1, "a", "is not allowed"),
        ("a: !thing 3\n", 1, "a", "the tag !thing is not allowed"),
        ("a: 1\n---\nb: 2\n", 3, "", "it holds 2 documents"),
        ("- a\n- b\n", 1, "", "it is no such document"),
        ("just words\n", 1, "", "it is no such document"),
        ("", 1, "", "it holds 0 documents"),
        ("? [a, b]\n: 1\n", 1, "", "a key is no text"),
        ("a: *nowhere\n", 1, "", "the YAML cannot be read"),
        ("\ta: 1\n", 1, "", "the YAML cannot be read"),
        ('{"a": 1,\n "b": }', 2, "", "the JSON cannot be read"),
        ('{"a": 1, "a": 2}', 0, "a", "the key a stands twice"),
        ("[" * 3000 + "]" * 3000, 0, "", "the YAML cannot be read"),
        ('{"a": ' + "9" * 4301 + "}", 0, "", "too many digits"),
        ('{"a":' * 3000 + "1" + "}" * 3000, 0, "", "nested too deeply"),
        ("a: " + "x" * MOST_BYTES, 0, "", "longer than"),
        ("a: " + "[" * 60 + "]" * 60, 1, "", "nested too deeply"),
    ],
)
def test_what_cannot_be_read_is_told_with_line_and_place(text: str, line: int, path: str, said: str) -> None:
    faults = read(text).faults
    assert faults, "it was read"
    assert said in faults[0].reason_en
    assert faults[0].line == line or (not path and line == 0)
    assert faults[0].path.startswith(path)
    assert faults[0].remedy_zh
    assert faults[0].remedy_en


def test_all_duplicates_are_told_at_once() -> None:
    assert [fault.line for fault in read("a: 1\na: 2\nb: 1\nb: 2\n").faults] == [2, 4]


def test_an_anchor_may_be_used_and_a_bomb_of_them_goes_off_nowhere() -> None:
    assert read("a: &x [1]\nb: *x\n").data == {"a": [1], "b": [1]}
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)
    )
    assert "it holds too much" in read(bomb).faults[0].reason_en
    assert "nested too deeply" in read("a: &a [*a]\n").faults[0].reason_en
