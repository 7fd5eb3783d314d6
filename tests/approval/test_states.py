"""The table itself, without a database."""

from __future__ import annotations

import pytest

from ckanext.satudata.approval import states
from ckanext.satudata.approval.states import State
from ckanext.satudata.roles.states import Role


def test_every_state_can_be_left_or_has_ended():
    """No dataset gets stuck in a state that is no end."""
    for state in State:
        leaves = [
            one
            for one in states.TRANSITIONS.values()
            if state in one.sources and one.target not in (None, state)
        ]
        assert leaves or state in states.ENDED, state


def test_public_has_one_door():
    """Only publish leads to published, only from validated, never by the head."""
    doors = [one for one in states.TRANSITIONS.values() if one.target is State.PUBLISHED]
    assert [one.name for one in doors] == ["publish"]
    assert doors[0].sources == {State.VALIDATED}
    assert Role.KEPALA_OPD not in doors[0].roles


def test_who_decides_on_content_did_not_prepare_it():
    """Separation of duties is in the table."""
    for name in ("claim", "confirm", "endorse", "validate"):
        assert states.TRANSITIONS[name].not_preparer, name
    assert states.TRANSITIONS["validate"].not_checker


@pytest.mark.parametrize(
    ("name", "state", "rounds", "pembina", "expected"),
    [
        ("submit", State.DRAFT, 1, False, State.SUBMITTED),
        ("recall", State.SUBMITTED, 0, False, State.DRAFT),
        ("recall", State.SUBMITTED, 1, False, State.RETURNED),
        ("confirm", State.SUBMITTED, 1, False, State.AWAITING_VALIDATION),
        ("confirm", State.SUBMITTED, 1, True, State.PEMBINA_REVIEW),
        ("claim", State.PEMBINA_REVIEW, 1, True, State.PEMBINA_REVIEW),
    ],
)
def test_target_follows_the_case(name, state, rounds, pembina, expected):
    """Round and data prioritas decide where the table leaves a choice."""
    found = states.target(states.TRANSITIONS[name], state, number_of_round=rounds, pembina=pembina)
    assert found is expected
