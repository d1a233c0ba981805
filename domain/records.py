"""A changed copy of a frozen record, made some three times faster than `dataclasses.replace` makes it.

Every event makes a new order of some fifty fields, so this is the rules' innermost loop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter
from typing import Any, TypeVar

R = TypeVar("R")

_SHAPES: dict[type, tuple[Callable[[Any], tuple[Any, ...]], dict[str, Callable[[Any, Any], None]]]] = {}


def replace(record: R, /, **changes: Any) -> R:
    """The record with these fields changed; for slotted dataclasses of two or more fields without `__post_init__`.

    Raises:
        TypeError: the record has no such field.
    """
    kind = type(record)
    shape = _SHAPES.get(kind)
    if shape is None:
        names = [field.name for field in fields(record)]  # type: ignore[arg-type]
        shape = _SHAPES[kind] = attrgetter(*names), {name: getattr(kind, name).__set__ for name in names}
    values, setters = shape
    copy: R = object.__new__(kind)
    for put, value in zip(setters.values(), values(record), strict=True):
        put(copy, value)
    for name, value in changes.items():
        put_one = setters.get(name)
        if put_one is None:
            raise TypeError(f"{kind.__name__} has no field {name!r}")
        put_one(copy, value)
    return copy
