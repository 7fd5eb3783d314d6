"""The gate: nothing unvalidated becomes public, nothing locked changes."""

from __future__ import annotations

import contextvars
import threading
from typing import Any

import pytest
import sqlalchemy as sa

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.satudata.approval import gate, locks
from ckanext.satudata.common import compat

from tests import factories as make

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]

#: Values that are not the answer "private".
ODD = [False, "false", "False", "0", 0, "tidak", "Draft", [], {}, "no", "f"]


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


def _bytes(resource_id: str) -> bytes:
    with compat.open_resource(resource_id) as stored:
        return stored.read()


@pytest.mark.parametrize("value", ODD, ids=repr)
def test_every_odd_value_of_private_stays_private_on_creation(city, value):
    """Only an absent or a true value is accepted."""
    with pytest.raises(tk.ValidationError) as refused:
        make.call(
            "package_create",
            city.produsen_data,
            name="aneh",
            owner_org=city.opd,
            private=value,
        )
    assert refused.value.error_dict["code"] == ["private_required"]
    assert model.Package.get("aneh") is None


@pytest.mark.parametrize("value", [None, "", True, "true", "True", 1, "1"], ids=repr)
def test_absent_or_true_private_is_private(city, value):
    """A missing value means private, not public as in stock CKAN."""
    package = make.dataset(city, files=0, private=value)
    assert package["private"] is True


@pytest.mark.parametrize("person", ["produsen_data", "sysadmin"])
def test_revise_to_public_is_refused(city, person):
    """package_revise has two spellings for the same wish."""
    package = make.dataset(city, files=0)
    for wish in ({"update": {"private": False}}, {"update__private": False}):
        with pytest.raises(tk.ValidationError):
            make.call(
                "package_revise",
                getattr(city, person),
                match={"id": package["id"]},
                **wish,
            )


def test_bulk_update_to_public_changes_nothing(city):
    """On 2.11 this is plain SQL: the trigger is what refuses."""
    package = make.dataset(city)
    with pytest.raises((tk.ValidationError, tk.NotAuthorized)):
        make.call(
            "bulk_update_public",
            city.sysadmin,
            datasets=[package["id"]],
            org_id=make.call("organization_show", city.sysadmin, id=city.opd)["id"],
        )
    model.Session.rollback()
    assert make.call("package_show", city.produsen_data, id=package["id"])["private"]


def _attempts(package: dict[str, Any], city: make.City) -> list[tuple[str, dict]]:
    key, resource = package["id"], package["resources"][0]["id"]
    return [
        ("package_update", {**package, "title": "Lain"}),
        ("package_patch", {"id": key, "title": "Lain"}),
        ("package_patch", {"id": package["name"], "notes": "Lain"}),
        ("package_revise", {"match": {"id": key}, "update": {"title": "Lain"}}),
        ("package_revise", {"match__name": package["name"], "update__title": "Lain"}),
        ("package_delete", {"id": key}),
        ("package_owner_org_update", {"id": key, "organization_id": city.other}),
        ("resource_create", {"package_id": key, "url": "https://example.org/x"}),
        ("resource_patch", {"id": resource, "name": "Lain"}),
        (
            "resource_update",
            {"id": resource, "upload": make.upload(b"palsu\n1\n", "penduduk.csv")},
        ),
        ("resource_delete", {"id": resource}),
        ("package_resource_reorder", {"id": key, "order": [resource]}),
        (
            "resource_view_create",
            {"resource_id": resource, "title": "Lain", "view_type": "text_view"},
        ),
        ("datastore_create", {"resource_id": resource, "force": True, "fields": []}),
        ("datastore_upsert", {"resource_id": resource, "force": True, "records": []}),
        ("datastore_delete", {"resource_id": resource, "force": True}),
        (
            "member_create",
            {
                "id": city.opd,
                "object": key,
                "object_type": "package",
                "capacity": "public",
            },
        ),
    ]


@pytest.mark.parametrize("number", range(17))
@pytest.mark.parametrize("person", ["produsen_data", "sysadmin", "ignore_auth"])
def test_locked_dataset_refuses_every_write(city, locked, number, person):
    """Refused for the producer, the administrator and with ``ignore_auth`` alike."""
    action, data = _attempts(locked, city)[number]
    resource = locked["resources"][0]["id"]
    before = make.call("package_show", city.walidata, id=locked["id"])
    context = {"user": getattr(city, person, city.sysadmin)}
    if person == "ignore_auth":
        context = {"user": city.sysadmin, "ignore_auth": True}
    with pytest.raises((tk.ValidationError, tk.NotAuthorized)) as refused:
        tk.get_action(action)(context, data)
    if person != "produsen_data":
        assert refused.value.error_dict["code"] == ["locked"], action
    model.Session.rollback()
    after = make.call("package_show", city.walidata, id=locked["id"], use_cache=False)
    assert after == before
    assert _bytes(resource) == make.SAMPLE.read_bytes()


def test_there_are_as_many_attempts_as_are_run(city, locked):
    """The numbers above cover the whole list."""
    assert len(_attempts(locked, city)) == 17


def test_unchanged_round_trip_of_a_locked_dataset_is_accepted(city, locked):
    """What package_show gave may be sent back; nothing changes."""
    for action in ("package_update", "package_patch"):
        answer = make.call(action, city.produsen_data, **locked)
        assert answer["metadata_modified"] == locked["metadata_modified"]
    resource = locked["resources"][0]
    assert make.call("resource_update", city.produsen_data, **resource) == resource


def test_a_stranger_is_not_told_that_a_dataset_is_locked(city, locked):
    """The answer is that of a dataset one has no right to."""
    with pytest.raises(tk.NotAuthorized):
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


def test_permit_is_for_one_dataset_one_thread_and_one_use(city):
    """A copied context in another thread has no permit, nor has a second use."""
    with locks.permit("a"):
        assert not locks.take_permit({"b"})
        seen = []
        context = contextvars.copy_context()
        thread = threading.Thread(target=lambda: seen.append(context.run(locks.take_permit, {"a"})))
        thread.start()
        thread.join()
        assert seen == [False]
        assert locks.take_permit({"a"})
        assert not locks.take_permit({"a"})


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


def test_every_action_of_the_portal_is_classified():
    """A new action of CKAN or a plugin has to be judged before it goes in."""
    from ckan import logic

    from ckanext.satudata import registry

    tk.get_action("package_show")
    table = gate.table()
    known = {*table["writes"], *table["other"], *table["reads"], *registry.actions()}
    assert set(logic._actions) - known == set()


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
