"""What a request got wrong, in words: one sentence and one remedy for each kind of fault that the validation finds.

The table is by pydantic's own type of error; one that is not in it keeps pydantic's words. The sentence leaves out the
field, which the problem names beside it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,39}|\d{1,5}")
"""What a field may be called, or the number of an item; whatever else is sent as one is not repeated."""
LOOK = "/docs shows what each call takes."
_PLACES = ("body", "query", "path", "header")
_INSTANT = "Write date, time and offset, such as 2026-03-02T09:00:00+08:00."
_BY_EXAMPLE = {
    "phone": "5 digits or more, with +, -, brackets and spaces, such as 13900000003.",
    "email": "Such as name@example.cn.",
}
"""How a field is to be written, where its pattern would say little."""


class InvalidBody(RequestValidationError):  # noqa: N818 - it names what is wrong
    """A body that is not as its model wants it; the model knows which fields there are.

    Attributes:
        model: the request's model.
    """

    def __init__(self, errors: Sequence[Any], model: type[BaseModel]) -> None:
        super().__init__(errors)
        self.model = model


@dataclass(frozen=True, slots=True)
class Fault:
    """One field at fault: its dotted name, what is wrong with it, and what to send instead."""

    field: str
    message: str
    remedy: str


def faults(found: Sequence[Mapping[str, Any]], model: type[BaseModel] | None = None) -> tuple[Fault, ...]:
    """Each error that the validation found, in words; with the request's model also which field may have been meant."""
    return tuple(_fault(item, model) for item in found)


def _fault(item: Mapping[str, Any], model: type[BaseModel] | None) -> Fault:
    location = [part if _NAME.fullmatch(str(part)) else "…" for part in item["loc"] if part not in _PLACES]
    field = ".".join(map(str, location))
    if item["type"] == "extra_forbidden":
        return Fault(field, "There is no such field.", _known(location, model))
    say = _SAID.get(item["type"])
    message, remedy = say(item.get("ctx", {})) if say else (_sentence(item["msg"]), LOOK)
    if item["type"] in ("string_pattern_mismatch", "value_error"):
        remedy = _BY_EXAMPLE.get(str(location[-1]) if location else "", remedy)
    if item["type"] in ("enum", "literal_error") and isinstance(item.get("input"), str):
        remedy = f"{meant(item['input'], _values(item['ctx']['expected']))}{remedy}"
    if item["type"] == "missing":
        remedy = f"Send {field}; {LOOK}"
    return Fault(field, message, remedy)


def meant(given: str, known: Sequence[str]) -> str:
    """`Did you mean …? ` for the nearest of what is known, '' when nothing is near; letter case does not count."""
    folded = {one.casefold(): one for one in known}
    near = difflib.get_close_matches(given.casefold(), folded, n=1)
    return f"Did you mean {folded[near[0]]}? " if near else ""


def _known(location: Sequence[Any], model: type[BaseModel] | None) -> str:
    for part in location[:-1]:
        model = _inner(model, str(part))
    if model is None:
        return LOOK
    names = [info.alias or name for name, info in model.model_fields.items()]
    return f"{meant(str(location[-1]), names)}Known are {', '.join(names)}."


def _inner(model: type[BaseModel] | None, name: str) -> type[BaseModel] | None:
    """The model of a field that is an object itself."""
    for key, info in model.model_fields.items() if model else ():
        if name in (key, info.alias):
            kinds = (info.annotation, *get_args(info.annotation))
            return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
    return None


def _values(expected: str) -> list[str]:
    """The values that pydantic lists as `'a', 'b' or 'c'`."""
    return [word.strip(" '") for word in expected.replace(" or ", ", ").split(",") if word.strip(" '")]


def _sentence(text: str) -> str:
    text = text.removeprefix("Value error, ")
    return f"{text[:1].upper()}{text[1:]}".rstrip(".") + "."


Said = Callable[[Mapping[str, Any]], tuple[str, str]]


def _plain(message: str, remedy: str) -> Said:
    return lambda context: (message, remedy)


def _unit(context: Mapping[str, Any]) -> str:
    """What a length counts: pydantic calls a text that was cleaned a `Value`."""
    return "characters" if context.get("field_type", "Value") == "Value" else "items"


def _short(context: Mapping[str, Any]) -> tuple[str, str]:
    least = context["min_length"]
    if least == 1:
        return "Is empty.", "Fill it in."
    return f"Is shorter than {least} {_unit(context)}.", f"Give {least} or more."


def _long(context: Mapping[str, Any]) -> tuple[str, str]:
    return f"Is longer than {context['max_length']} {_unit(context)}.", f"Give {context['max_length']} at most."


def _bound(name: str, message: str) -> Said:
    return lambda context: (f"{message} {context[name]}.", f"Send a number that is {_BOUNDS[name]} {context[name]}.")


_BOUNDS = {"gt": "more than", "ge": "at least", "lt": "less than", "le": "at most"}
_NO_INSTANT = _plain("Is no instant.", _INSTANT)
_NO_WHOLE = _plain("Is no whole number.", "Send a whole number, such as 3.")
_NO_NUMBER = _plain("Is no number.", "Send a number, such as 1.5.")
_NO_CHOICE = _plain("Is neither true nor false.", "Send true or false.")
_NO_OBJECT = _plain("Is no object.", f"Send a JSON object; {LOOK}")
_NO_LIST = _plain("Is no list.", 'Send a JSON list, such as ["GD.net"].')


def _one_of(context: Mapping[str, Any]) -> tuple[str, str]:
    return "Is none of the known values.", f"One of {', '.join(_values(context['expected']))}."


_SAID: dict[str, Said] = {
    "missing": _plain("Is missing.", LOOK),
    "string_type": _plain("Is no text.", "Send a text."),
    "string_too_short": _short,
    "too_short": _short,
    "string_too_long": _long,
    "too_long": _long,
    "string_pattern_mismatch": lambda context: (
        "Is not written as it must be.",
        f"It must match {context['pattern']}",
    ),
    "enum": _one_of,
    "literal_error": _one_of,
    "greater_than": _bound("gt", "Is not more than"),
    "greater_than_equal": _bound("ge", "Is less than"),
    "less_than": _bound("lt", "Is not less than"),
    "less_than_equal": _bound("le", "Is more than"),
    **dict.fromkeys(
        (
            "datetime_parsing",
            "datetime_from_date_parsing",
            "datetime_type",
            "datetime_object_invalid",
        ),
        _NO_INSTANT,
    ),
    "timezone_aware": _plain("Has no time zone.", _INSTANT),
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float", "int_parsing_size"), _NO_WHOLE),
    **dict.fromkeys(("float_parsing", "float_type", "finite_number"), _NO_NUMBER),
    **dict.fromkeys(("bool_parsing", "bool_type"), _NO_CHOICE),
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type"), _NO_OBJECT),
    **dict.fromkeys(("tuple_type", "list_type"), _NO_LIST),
}
