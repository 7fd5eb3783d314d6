"""The thinnest whole line: one real CSV from private to public."""

from __future__ import annotations

import pytest

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.satudata.cli import one_round
from ckanext.satudata.common import events
from ckanext.satudata.storage import service as storage

from tests import factories as make

pytestmark = [
    pytest.mark.both,
    pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index"),
]


def _public_names() -> list[str]:
    found = make.call("package_search", None, q="penduduk")
    return [one["name"] for one in found["results"]]


def test_real_csv_becomes_public_only_after_the_heads_validation():
    """Producer, walidata, head, tick: then anonymous finds and reads the same bytes."""
    city = make.city()
    package = make.dataset(city, title="Jumlah Penduduk Jawa Barat")
    key, resource = package["id"], package["resources"][0]["id"]
    for state in ("submitted", "awaiting_validation", "validated"):
        assert package["private"] is True
        assert _public_names() == []
        with pytest.raises((tk.NotAuthorized, tk.ObjectNotFound)):
            make.call("package_show", None, id=key)
        if state == "submitted":
            make.call("satudata_approval_submit", city.produsen_data, id=key)
        elif state == "awaiting_validation":
            make.call("satudata_approval_claim", city.walidata, id=key)
            make.call(
                "satudata_approval_confirm",
                city.walidata,
                id=key,
                checklist=make.CHECKLIST,
            )
        else:
            make.validate(city, key)
        package = make.call("package_show", city.produsen_data, id=key)
        found = make.call("satudata_approval_show", city.produsen_data, id=key)
        assert found["state"] == state

    before = package["metadata_modified"]
    assert one_round()["tick_publish"] == 1

    public = make.call("package_show", None, id=key)
    assert public["private"] is False
    assert public["metadata_modified"] > before
    assert _public_names() == [package["name"]]
    with storage.open_resource(resource) as stored:
        assert stored.read() == make.SAMPLE.read_bytes()
    kinds = [one["kind"] for one in make.call("satudata_approval_history", city.walidata, id=key)]
    assert kinds == ["submit", "claim", "confirm", "validate", "publish"]
    assert events.verify()[1] == []
    model.Session.remove()


def test_asking_for_public_is_refused_and_names_the_way():
    """``private: false`` is refused on creation and change, for sysadmins too."""
    city = make.city()
    package = make.dataset(city)
    for person in (city.produsen_data, city.sysadmin):
        with pytest.raises(tk.ValidationError) as refused:
            make.call("package_patch", person, id=package["id"], private=False)
        assert refused.value.error_dict["code"] == ["private_required"]
        with pytest.raises(tk.ValidationError):
            make.call(
                "package_create",
                person,
                name="langsung-publik",
                owner_org=city.opd,
                private=False,
            )
    shown = make.call("package_show", city.produsen_data, id=package["id"])
    assert shown["private"] is True
