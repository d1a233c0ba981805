"""Frozen records made and copied with a changed field, faster than `dataclasses` does it: the rules' innermost loop.

Every event makes a new order of some fifty fields, and some new clocks. `dataclasses.replace` sends each field through
the frozen record's `__init__`, which looks up `object.__setattr__` and then the slot by its name; here a function is
written for each kind of record, once, that puts the fields straight into their slots, as one would by hand:

    def copy(record):
        made = new(kind)
        put_id(made, record.id)
        put_seq(made, record.seq)
        ...
        return made
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import MISSING, Field, fields
from functools import wraps
from typing import Any, TypeVar

R = TypeVar("R")
Put = Callable[[Any, Any], None]

_SHAPES: dict[type, tuple[Callable[[Any], Any], dict[str, Put]]] = {}
"""For each kind of record the function that copies it, and for each field the one that puts a value into its slot."""


def replace(record: R, /, **changes: Any) -> R:
    """The record with these fields changed; for slotted dataclasses without `__post_init__`.

    Raises:
        TypeError: the record has no such field, or is of another kind.
    """
    kind = type(record)
    shape = _SHAPES.get(kind)
    if shape is None:
        shape = _SHAPES[kind] = _shape(kind)
    copy, puts = shape
    made: R = copy(record)
    try:
        for name in changes:
            puts[name](made, changes[name])
    except KeyError as unknown:
        raise TypeError(f"{kind.__name__} has no field {unknown}") from None
    return made


def quick(kind: type[R]) -> type[R]:
    """The frozen slotted dataclass below this decorator, its records made in some two thirds of the time.

    For kinds of which every command makes several.

    Raises:
        TypeError: it is no slotted dataclass, has a `__post_init__`, or a field that `__init__` does not take or makes.
    """
    items, puts = fields(kind), _puts(kind)  # type: ignore[arg-type]
    if not all(item.init and not item.kw_only and item.default_factory is MISSING for item in items):
        raise TypeError(f"{kind.__name__} has a field that its __init__ does not take in its turn, or makes itself")
    given = ", ".join(("self", *(_argument(item) for item in items)))
    lines = (f"def __init__({given}):", *(f"    put_{item.name}(self, {item.name})" for item in items))
    defaults = {f"default_{item.name}": item.default for item in items}
    init = _written(kind, "__init__", lines, {**defaults, **_known(puts)})
    kind.__init__ = wraps(kind.__init__)(init)  # type: ignore[method-assign]
    return kind


def _argument(item: Field[Any]) -> str:
    return item.name if item.default is MISSING else f"{item.name}=default_{item.name}"


def _shape(kind: type[Any]) -> tuple[Callable[[Any], Any], dict[str, Put]]:
    puts = _puts(kind)
    moves = (f"    put_{name}(made, record.{name})" for name in puts)
    lines = ("def copy(record):", "    made = new(kind)", *moves, "    return made")
    return _written(kind, "copy", lines, {"new": object.__new__, "kind": kind, **_known(puts)}), puts


def _puts(kind: type[Any]) -> dict[str, Put]:
    """For each field the function that puts a value into its slot."""
    names = [item.name for item in fields(kind)]
    if hasattr(kind, "__post_init__") or not all(hasattr(getattr(kind, name, None), "__set__") for name in names):
        raise TypeError(f"{kind.__name__} is no slotted dataclass without __post_init__")
    return {name: getattr(kind, name).__set__ for name in names}


def _known(puts: dict[str, Put]) -> dict[str, Any]:
    return {f"put_{name}": put for name, put in puts.items()}


def _written(kind: type[Any], name: str, lines: Iterable[str], known: dict[str, Any]) -> Callable[..., Any]:
    """The function of that name in these lines, which know these names; only field names make them differ."""
    exec(compile("\n".join(lines), f"<{name} of {kind.__name__}>", "exec"), known)  # nosec B102  # our own classes
    made: Callable[..., Any] = known[name]
    return made
