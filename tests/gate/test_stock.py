"""With the allow-list set to all types CKAN behaves as stock; the workflow is not there."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.satudata import config
from ckanext.satudata.approval.checks import trigger_is_alive
from ckanext.satudata.approval.implementations import xloader_may_load
from ckanext.satudata.storage import service as storage

from tests import factories as make
from tests.conftest import migrate

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]


@pytest.fixture
def stock(city, monkeypatch) -> Iterator[make.City]:
    """All types are allow-listed, for gate and trigger."""
    monkeypatch.setitem(tk.config, config.UNMANAGED_TYPES, ["dataset", "harvest"])
    model.Session.remove()
    list(trigger_is_alive())
    yield city
    monkeypatch.undo()
    # What was made public here would lock the tables' rows as datasets without a record.
    with make.without_triggers("package") as connection:
        connection.execute(sa.text("UPDATE package SET private = true"))
    assert list(trigger_is_alive()) == []


def _new(city: make.City, **more: Any) -> dict[str, Any]:
    name = f"bebas-{uuid.uuid4().hex[:8]}"
    values = {"name": name, "title": "Bebas", "owner_org": city.opd, **more}
    return make.call("package_create", city.produsen_data, **values)


def _private(key: str) -> bool | None:
    model.Session.rollback()
    return model.Session.scalar(sa.select(model.Package.private).where(model.Package.id == key))


def test_dataset_is_cores_own_type_and_others_a_plugins(stock):
    """Without a plugin that brings harvest, the word alone opens nothing."""
    assert config.unmanaged_types() == {"dataset"}


@pytest.mark.parametrize(
    ("given", "private"),
    [({}, False), ({"private": False}, False), ({"private": "false"}, False)]
    + [({"private": True}, True), ({"type": "dataset"}, False)],
)
def test_created_as_it_says(stock, given, private):
    """A missing value means public, as in stock CKAN."""
    package = _new(stock, **given)
    assert (package["private"], _private(package["id"])) == (private, private)
    if not private:
        assert make.call("package_show", None, id=package["id"])["id"] == package["id"]


@pytest.mark.parametrize("way", ["update", "patch", "revise", "bulk"])
def test_public_and_private_again(stock, way):
    """By every action that can, as editor or administrator of the agency."""
    package = _new(stock, private=True)
    key = package["id"]
    agency = make.call("organization_show", stock.sysadmin, id=stock.opd)["id"]
    for private in (False, True, False):
        word = "private" if private else "public"
        action, data = {
            "update": ("package_update", {**package, "private": private}),
            "patch": ("package_patch", {"id": key, "private": private}),
            "revise": ("package_revise", {"match": {"id": key}, "update": {"private": private}}),
            "bulk": (f"bulk_update_{word}", {"datasets": [key], "org_id": agency}),
        }[way]
        make.call(action, stock.sysadmin, **data)
        assert _private(key) is private
        # The link in front of core's answers the public by what is stored now.
        if private:
            with pytest.raises((tk.NotAuthorized, tk.ObjectNotFound)):
                make.call("package_show", None, id=key)
        else:
            make.call("package_show", None, id=key)


def test_files_rows_and_views_of_public_data_are_changed(stock):
    """Upload, replace, empty file, rows, dictionary, views, order, deletion."""
    key = _new(stock)["id"]
    producer = stock.produsen_data

    def call(action: str, **data: Any) -> Any:
        return make.call(action, producer, **data)

    upload = make.upload(make.SAMPLE.read_bytes(), "penduduk.csv")
    first = call("resource_create", package_id=key, name="A", format="CSV", upload=upload)["id"]
    second = call("resource_create", package_id=key, name="B", url="https://example.org")["id"]
    call("resource_update", id=first, name="A2", upload=make.upload(b"", "kosong.csv"))
    with storage.open_resource(first) as stored:
        assert stored.read() == b""
    call("resource_patch", id=second, description="Lain")
    call("package_resource_reorder", id=key, order=[second, first])
    call("datastore_create", resource_id=first, force=True, records=[{"a": 1}], primary_key="a")
    call("datastore_upsert", resource_id=first, force=True, records=[{"a": 2}])
    assert call("datastore_search", resource_id=first)["total"] == 2
    call("datastore_delete", resource_id=first, force=True)
    view = call("resource_view_create", resource_id=first, title="v", view_type="text_view")["id"]
    call("resource_view_delete", id=view)
    assert xloader_may_load(first)
    call("resource_delete", id=second)
    call("package_patch", id=key, title="Judul Lain", tags=[{"name": "lain"}])
    assert call("package_show", id=key)["title"] == "Judul Lain"


def test_deleted_undeleted_purged_and_given_away(stock):
    """The life of a public dataset."""
    # Once another test loaded the models of ckanext-harvest, a purge asks for its tables.
    migrate("harvest")
    key = _new(stock)["id"]
    make.call("package_owner_org_update", stock.sysadmin, id=key, organization_id=stock.other)
    make.call("package_delete", stock.sysadmin, id=key)
    make.call("package_patch", stock.sysadmin, id=key, state="active")
    assert make.call("package_show", None, id=key)["private"] is False
    make.call("package_delete", stock.sysadmin, id=key)
    make.call("dataset_purge", stock.sysadmin, id=key)
    assert model.Package.get(key) is None


def test_cores_own_answers(stock):
    """Errors are those of core, not ours."""
    wrong = {"name": "salah", "title": "Salah", "owner_org": "tidak-ada"}
    with pytest.raises(tk.NotAuthorized):
        make.call("package_create", stock.produsen_data, **wrong)
    with pytest.raises(tk.ValidationError) as refused:
        make.call("package_create", stock.sysadmin, **wrong)
    assert "code" not in refused.value.error_dict
    with pytest.raises(tk.NotAuthorized):
        key = _new(stock)["id"]
        make.call("package_patch", stock.outsider, id=key, title="Lain")


def test_the_workflow_is_not_there(app, stock):
    """No submission, no panel; the form asks for the visibility again."""
    from ckan.tests import factories

    package = _new(stock, private=True)
    with pytest.raises(tk.ValidationError) as refused:
        make.call("satudata_approval_submit", stock.produsen_data, id=package["id"])
    assert refused.value.error_dict["code"] == ["unmanaged"]
    headers = {"Authorization": factories.APIToken(user=stock.produsen_data)["token"]}
    page = app.get(f"/dataset/{package['name']}", headers=headers, status=200).body
    assert "sd-panel" not in page
    form = app.get(f"/dataset/edit/{package['name']}", headers=headers, status=200).body
    assert 'name="private"' in form
    assert "sd-privacy" not in form


def test_files_of_datasets_under_the_workflow_stay_theirs(city, monkeypatch):
    """A dataset outside of it does not get at their bytes by an id."""
    package = make.dataset(city)
    stolen = package["resources"][0]["id"]
    make.call("resource_delete", city.produsen_data, id=stolen)
    monkeypatch.setattr("ckanext.satudata.config.unmanaged_types", lambda: frozenset({"bebas"}))
    own = make.dataset(city, files=0)["id"]
    with make.without_triggers("package") as connection:
        text = "UPDATE package SET type = 'bebas' WHERE id = :id"
        connection.execute(sa.text(text), {"id": own})
    claim = {"id": stolen, "url": "d.csv", "url_type": "upload", "name": "d"}
    with pytest.raises(tk.ValidationError) as refused:
        make.call("resource_create", city.produsen_data, package_id=own, **claim)
    assert refused.value.error_dict["code"] == ["foreign_file"]
