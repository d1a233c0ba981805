"""Records made and copied quickly: the same as `dataclasses` makes them, for every kind that the rules have."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from dataclasses import dataclass, field
from typing import Any

import pytest

from domain import commands, events, model, policy
from domain.records import quick, replace

KINDS = [
    kind
    for module in (model, policy, events, commands)
    for kind in vars(module).values()
    if isinstance(kind, type) and dataclasses.is_dataclass(kind) and not hasattr(kind, "__post_init__")
]


def filled(kind: type[Any]) -> Any:
    """A record with another value in every field."""
    return kind(**{item.name: f"{item.name} of old" for item in dataclasses.fields(kind)})


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_changed_copy_is_what_dataclasses_would_make(kind: type[Any]) -> None:
    record = filled(kind)
    for item in dataclasses.fields(kind):
        changed = replace(record, **{item.name: "new"})
        assert changed == dataclasses.replace(record, **{item.name: "new"}) != record
        assert getattr(changed, item.name) == "new"
    assert replace(record) == record == filled(kind)
    assert pickle.loads(pickle.dumps(replace(record))) == copy.copy(record) == record


def test_a_field_that_is_not_there_is_refused() -> None:
    with pytest.raises(TypeError, match="Actor has no field 'post'"):
        replace(model.Actor("a", model.Role.AGENT), post="b")


@dataclass(frozen=True, slots=True)
class Slow:
    name: str
    count: int = 3
    more: tuple[str, ...] = ("a", "b")


@quick
@dataclass(frozen=True, slots=True)
class Quick:
    name: str
    count: int = 3
    more: tuple[str, ...] = ("a", "b")


@pytest.mark.parametrize("kind", [Slow, Quick])
def test_a_quick_record_is_made_and_refused_as_any_other(kind: type[Any]) -> None:
    assert dataclasses.astuple(kind("a")) == ("a", 3, ("a", "b"))
    assert dataclasses.astuple(kind("a", more=(), count=4)) == ("a", 4, ())
    for arguments, named in (((), {}), (("a", 1, (), 2), {}), (("a",), {"name": "b"}), (("a",), {"post": "b"})):
        with pytest.raises(TypeError, match="__init__"):
            kind(*arguments, **named)
    with pytest.raises(dataclasses.FrozenInstanceError):
        kind("a").name = "b"
    assert inspect.signature(kind) == inspect.signature(Slow)
    assert kind("a") == kind("a", 3) != kind("b")
    assert hash(kind("a")) == hash(kind("a", 3))
    assert pickle.loads(pickle.dumps(kind("a"))) == kind("a") == dataclasses.replace(kind("b"), name="a")


@dataclass(frozen=True)
class Loose:
    name: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    name: str = ""

    def __post_init__(self) -> None:
        assert self.name != "wrong"


@dataclass(frozen=True, slots=True)
class Counted:
    name: str = ""
    count: int = field(default=0, init=False)


@pytest.mark.parametrize("record", [Loose(), Checked(), "text"], ids=repr)
def test_what_cannot_be_copied_slot_by_slot_is_refused(record: Any) -> None:
    with pytest.raises(TypeError):
        replace(record, name="wrong")


@dataclass(frozen=True, slots=True)
class Making:
    names: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Named:
    name: str = field(kw_only=True)


@pytest.mark.parametrize("kind", [Loose, Checked, Counted, Making, Named], ids=lambda kind: kind.__name__)
def test_a_kind_that_is_not_made_slot_by_slot_cannot_be_quick(kind: type[Any]) -> None:
    with pytest.raises(TypeError):
        quick(kind)


def test_a_field_that_its_init_does_not_take_is_copied_too() -> None:
    record = Counted("a")
    object.__setattr__(record, "count", 3)
    assert replace(record, name="b").count == 3
