"""The self-test finds what would leave the gate open, and only then."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from ckan import model

from ckanext.satudata.approval import checks, gate
from ckanext.satudata.common import checks as common_checks
from ckanext.satudata.common import startup

from tests import conftest

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "clean_db")]


def test_a_portal_in_order_has_no_problem():
    """Services, migrations, profile and gate."""
    assert startup.problems() == []


def test_missing_trigger_is_found():
    """Without the last line the portal stays closed."""
    engine = model.Session.get_bind()
    switch = "ALTER TABLE package {} TRIGGER satudata_package_guard"
    with engine.begin() as connection:
        connection.execute(sa.text(switch.format("DISABLE")))
    try:
        (problem,) = checks.trigger_is_alive()
    finally:
        with engine.begin() as connection:
            connection.execute(sa.text(switch.format("ENABLE")))
    assert problem.part == "gate"
    assert "db upgrade" in problem.remedy


def test_action_around_the_gate_is_found(monkeypatch):
    """Another plugin in front of ours, or a link that is missing."""
    from ckan import logic

    logic.get_action("package_update")
    monkeypatch.setitem(logic._actions, "package_update", lambda *_args: None)
    found = list(checks.gate_is_alive())
    assert [one.what for one in found] == ["The action package_update goes around the gate."]
    assert "package_update" in gate.table()["writes"]


def test_missing_migrations_are_found_and_named():
    """Web says 503 until ``ckan db upgrade`` was run."""
    model.Session.remove()
    conftest.migrate("satudata", "base")
    try:
        (problem,) = common_checks.migrations_are_applied()
    finally:
        conftest.migrate("satudata", "head")
    assert "ckan db upgrade -p satudata" in problem.remedy
