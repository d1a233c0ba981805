"""Changed copies of records: the same as `dataclasses.replace`, for every kind that the rules have."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from dataclasses import dataclass, field
from typing import Any

import pytest

from domain import commands, events, model, policy
from domain.records import replace

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


def test_a_field_that_its_init_does_not_take_is_copied_too() -> None:
    record = Counted("a")
    object.__setattr__(record, "count", 3)
    assert replace(record, name="b").count == 3
