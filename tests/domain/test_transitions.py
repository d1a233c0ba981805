"""The table is the only place where state and role are decided, and it is whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain import errors
from domain.commands import COMMANDS
from domain.diagram import page
from domain.events import EVENTS
from domain.evolve import APPLY
from domain.model import OPEN, STATUS, Role, State
from domain.order import RULES
from domain.transitions import BY_STATE, TABLE, allowed, row_for


def test_every_command_but_register_has_a_row_and_a_rule() -> None:
    named = {row.verb for row in TABLE}
    assert named == set(COMMANDS) - {"register"}
    assert {COMMANDS[verb] for verb in named} == set(RULES)


def test_no_state_and_verb_stand_in_two_rows() -> None:
    pairs = [(state, row.verb) for row in TABLE for state in row.states]
    assert len(pairs) == len(set(pairs)) == len(BY_STATE)


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("verb", sorted(set(COMMANDS) - {"register"}))
def test_a_missing_row_is_the_refusal_and_says_what_is_allowed(state: State, verb: str) -> None:
    row = BY_STATE.get((state, verb))
    for role in Role:
        if row is None:
            with pytest.raises(errors.NotAllowedNow) as refused:
                row_for(state, verb, role)
            assert refused.value.state == state
            assert refused.value.allowed == allowed(state).get(role.value, ())
        elif role not in row.roles:
            with pytest.raises(errors.RoleForbidden) as forbidden:
                row_for(state, verb, role)
            assert verb not in forbidden.value.allowed
        else:
            assert row_for(state, verb, role) is row


def test_auditors_administrators_and_the_system_change_no_order() -> None:
    assert not any(Role.AUDITOR in row.roles for row in TABLE)
    assert not any(Role.ADMINISTRATOR in row.roles for row in TABLE)
    assert not any(Role.SYSTEM in row.roles for row in TABLE)


def test_terminal_states_admit_nothing() -> None:
    for state in set(State) - set(OPEN) - {State.CLOSED}:
        assert allowed(state) == {}


def test_every_state_has_its_tmf621_status() -> None:
    assert set(STATUS) == set(State)


def test_refusal_codes_are_distinct_and_documented() -> None:
    codes = errors.codes()
    assert len(codes) == len(errors.Refusal.__subclasses__())
    assert all(cls.__doc__ for cls in codes.values())


def test_every_event_that_evolve_knows_exists() -> None:
    assert set(APPLY) <= set(EVENTS.values())


def test_the_states_page_is_drawn_from_the_table() -> None:
    drawn = Path(__file__).parents[2] / "docs" / "states.md"
    assert drawn.read_text() == page(), "run: python -m domain.diagram > docs/states.md"
