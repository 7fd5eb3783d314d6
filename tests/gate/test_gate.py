"""The gate: nothing unvalidated becomes public, nothing locked changes."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import sqlalchemy as sa

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.satudata.approval import locks

from tests import factories as make

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]


@pytest.fixture(scope="module")
def cities() -> dict[str, Any]:
    """One city for the module, made when the first test asks for it."""
    return {}


@pytest.fixture
def city(cities, with_plugins, non_clean_db) -> make.City:
    if not cities:
        cities["city"] = make.city()
    return cities["city"]


@pytest.fixture
def locked(cities, city) -> dict[str, Any]:
    """A submitted dataset with one file; no test can change it."""
    if "locked" not in cities:
        package = make.dataset(city)
        make.bring_to(city, package, "submitted")
        cities["locked"] = package["id"]
    return make.call("package_show", city.walidata, id=cities["locked"])


def test_a_stranger_is_not_told_that_a_dataset_is_locked(city, locked):
    """The answer is that of a dataset that does not exist."""
    with pytest.raises(tk.ObjectNotFound):
        make.call("package_patch", city.outsider, id=locked["id"], title="Lain")


def test_core_function_around_the_chain_is_stopped_by_the_hook(city, locked):
    """A plugin that imports core's package_update meets the second line."""
    from ckan.logic.action.update import package_update

    with pytest.raises(tk.ValidationError) as refused:
        package_update(
            {"user": city.sysadmin, "ignore_auth": True, "model": model},
            {**locked, "title": "Lain"},
        )
    assert refused.value.error_dict["code"] == ["locked"]
    model.Session.rollback()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE package SET private = false WHERE id = :id",
        "UPDATE package SET private = NULL WHERE id = :id",
        "INSERT INTO package (id, name, type, state, private)"
        " VALUES (:id || 'x', :id || 'x', 'dataset', 'active', false)",
    ],
)
def test_trigger_refuses_sql_without_a_record(city, locked, statement):
    """The last line: not even SQL makes a dataset public."""
    engine = model.Session.get_bind()
    with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError) as refused:
        connection.execute(sa.text(statement), {"id": locked["id"]})
    assert refused.value.orig.pgcode == "SD001"


def test_submission_waits_for_a_running_write(city, monkeypatch):
    """A write that runs holds the dataset; who comes meanwhile is told, not mixed in."""
    package = make.dataset(city)
    monkeypatch.setattr(locks, "PATIENCE", 1)
    started, release = threading.Event(), threading.Event()

    def write() -> None:
        with locks.lock({package["id"]}, alone=False):
            started.set()
            release.wait(20)
        model.Session.remove()

    thread = threading.Thread(target=write)
    thread.start()
    assert started.wait(10)
    with pytest.raises(tk.ValidationError) as refused:
        make.call("satudata_approval_submit", city.produsen_data, id=package["id"])
    assert refused.value.error_dict["code"] == ["busy"]
    release.set()
    thread.join()
    make.call("satudata_approval_submit", city.produsen_data, id=package["id"])


def test_publication_cannot_be_forged_by_input(city):
    """Fields that look like control state are data or refused, never believed."""
    package = make.dataset(city, extras=[{"key": "approval_state", "value": "published"}])
    assert package["private"] is True
    shown = make.call("satudata_approval_show", city.produsen_data, id=package["id"])
    assert shown["state"] == "draft"


def test_a_listed_type_that_no_plugin_brings_is_managed(city):
    """Core accepts any text as type: "harvest" alone opens no road to the public."""
    with pytest.raises(tk.ValidationError) as refused:
        make.call(
            "package_create",
            city.produsen_data,
            name="menyamar",
            type="harvest",
            owner_org=city.opd,
            private=False,
        )
    assert refused.value.error_dict["code"] == ["private_required"]
