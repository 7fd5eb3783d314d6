"""A portal that harvests others: what comes in is private, sources open no road to the public."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.satudata.approval import gate

from tests import factories as make

PLUGINS = (
    "satudata scheming_datasets scheming_organizations activity datastore xloader text_view "
    "datatables_view harvest ckan_harvester"
)
pytestmark = [
    pytest.mark.ckan_config("ckan.plugins", PLUGINS),
    pytest.mark.usefixtures("with_plugins", "non_clean_db", "unmanaged_types"),
]


@pytest.fixture
def city(kept, with_plugins, non_clean_db) -> make.City:
    if "city" not in kept:
        city = kept["city"] = make.city()
        kept["source"] = make.call(
            "harvest_source_create",
            city.sysadmin,
            name=f"sumber-{uuid.uuid4().hex[:8]}",
            title="Portal lain",
            url=f"https://{uuid.uuid4().hex[:8]}.example.org",
            source_type="ckan",
            owner_org=make.call("organization_show", city.sysadmin, id=city.opd)["id"],
        )["id"]
    return kept["city"]


def _import(kept: dict[str, Any], **values: Any) -> tuple[Any, list[str], Any]:
    """Let CKANHarvester import a record: its answer, the errors, and the dataset."""
    from ckanext.harvest.harvesters import CKANHarvester
    from ckanext.harvest.model import HarvestJob, HarvestObject, HarvestSource

    name = f"dari-portal-{uuid.uuid4().hex[:8]}"
    record = {
        "id": str(uuid.uuid4()),
        "name": name,
        "title": "Dari portal lain",
        "resources": [{"url": "https://example.org/a.csv", "name": "a", "format": "CSV"}],
        **make.COMPLETE,
        **values,
    }
    source = HarvestSource.get(kept["source"])
    job = HarvestJob(source=source)
    job.save()
    found = HarvestObject(guid=record["id"], job=job, content=json.dumps(record))
    found.save()
    answer = CKANHarvester().import_stage(found)
    errors = [one.message for one in found.errors]
    model.Session.rollback()
    return answer, errors, model.Package.get(name)


def test_every_action_with_a_harvester_on_board_is_classified(city):
    """The gate is in front of those of ckanext-harvest too."""
    from ckan import logic

    tk.get_action("package_show")
    table = gate.table()
    assert "harvest_source_create" in logic._actions
    for name in logic._actions:
        known = name in {**table["writes"], **table["other"], **table["reads"]}
        assert known or name.startswith("satudata_"), name


def test_a_harvested_dataset_is_private(kept, city):
    """CKANHarvester imports with ``ignore_auth``; the record says nothing of ``private``."""
    answer, errors, package = _import(kept)
    assert (answer, errors) == (True, [])
    assert package.private is True
    assert make.call("package_search", None, fq=f"id:{package.id}")["count"] == 0


@pytest.mark.parametrize("value", [False, "false", 0, "tidak", [], {}], ids=repr)
def test_a_harvested_record_that_says_it_is_public_is_not(kept, city, value):
    """Refused, with an error in the report of the job; nothing of it is public."""
    _answer, errors, package = _import(kept, private=value)
    assert package is None or package.private is True
    assert package is not None or errors


def test_a_harvester_changes_nothing_of_what_is_locked(kept, city):
    """A newer record of the same id is refused while the dataset is in the procedure."""
    package = make.dataset(city)
    make.bring_to(city, package, "published")
    before = make.call("package_show", city.walidata, id=package["id"], use_cache=False)
    newer = {"id": package["id"], "metadata_modified": "2199-01-01T00:00:00"}
    _answer, errors, _package = _import(kept, **newer)
    assert errors
    after = make.call("package_show", city.walidata, id=package["id"], use_cache=False)
    assert after == before


def test_a_dataset_does_not_become_a_harvest_source(city):
    """Its type would take it out of the procedure; neither editor nor administrator change it."""
    package = make.dataset(city)
    for person in (city.produsen_data, city.sysadmin):
        for wish in ({"type": "harvest"}, {"type": "harvest", "private": False}):
            for action, data in (
                ("package_patch", {"id": package["id"], **wish}),
                ("package_update", {**package, **wish}),
                ("package_revise", {"match": {"id": package["id"]}, "update": wish}),
            ):
                with pytest.raises(tk.ValidationError):
                    make.call(action, person, **data)
    model.Session.rollback()
    stored = model.Package.get(package["id"])
    assert (stored.type, stored.private) == ("dataset", True)


@pytest.mark.parametrize(
    "action", ["harvest_source_clear", "harvest_source_delete", "harvest_source_index_clear"]
)
def test_the_actions_of_sources_do_nothing_to_a_dataset(city, action):
    """They take the id of any dataset; that of a published one changes nothing."""
    package = make.dataset(city)
    make.bring_to(city, package, "published")
    before = make.call("package_show", city.walidata, id=package["id"], use_cache=False)
    for context in ({"user": city.produsen_data}, {"user": city.sysadmin, "ignore_auth": True}):
        with pytest.raises(Exception, match=".*"):
            tk.get_action(action)(dict(context), {"id": package["id"]})
        model.Session.rollback()
    after = make.call("package_show", city.walidata, id=package["id"], use_cache=False)
    assert after == before
    assert make.call("package_search", None, fq=f"id:{package['id']}")["count"] == 1
