"""The question outside the session survives a database that was started anew."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from ckan import model

from ckanext.satudata.common import quick

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]

_WHO = "SELECT pg_backend_pid() AS pid, key FROM unnest($1) AS key"


def _ask() -> list:
    return quick.rows("satudata_test_who", _WHO, ["a", "b"])


def test_a_lost_connection_is_replaced():
    """Nobody who reads a list sees an error because PostgreSQL was restarted."""
    first = _ask()
    assert [one.key for one in first] == ["a", "b"]
    assert _ask()[0].pid == first[0].pid
    model.Session.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": first[0].pid})
    model.Session.rollback()
    again = _ask()
    assert [one.key for one in again] == ["a", "b"]
    assert again[0].pid != first[0].pid


def test_a_wrong_question_is_not_asked_twice():
    """What the database refuses is told."""
    with pytest.raises(sa.exc.ProgrammingError):
        quick.rows("satudata_test_wrong", "SELECT missing FROM unnest($1) AS key", ["a"])
    assert _ask()
