"""Every action of every plugin is judged, and what is locked refuses every write."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
from typing import Any

import pytest

from ckan import logic, model
from ckan import plugins as p
from ckan.plugins import toolkit as tk

from ckanext.satudata import registry
from ckanext.satudata.approval import gate
from ckanext.satudata.common import compat

from tests import factories as make
from tests.gate import probes
from tests.gate.hidden import Hidden, filled

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]

LOCKED = ["submitted", "awaiting_validation", "validated", "published"]
UNLOCKED = ["draft", "returned", "cancelled", "withdrawn"]
WRITES = gate.table()["writes"]
#: Inputs of a probe that would change nothing in a dataset of the agency ``{org}``.
INSTEAD = {
    "package_owner_org_update": [{"id": "{id}", "organization_id": "{other}"}],
    "member_delete": [{"id": "{group}", "object": "{id}", "object_type": "package"}],
    "group_update": [{"id": "{group}", "name": "{group}", "packages": []}],
    "group_patch": [{"id": "{group}", "packages": []}],
    "bulk_update_public": [{"datasets": ["{id}"], "org_id": "{org}"}],
}


@pytest.fixture
def world(kept, with_plugins, non_clean_db) -> Hidden:
    if not kept:
        kept["world"] = Hidden.town()
    return kept["world"]


@pytest.fixture
def locked(kept, world) -> dict[str, dict[str, str]]:
    """State → what stands for a dataset in it; no test can change one."""
    if "locked" not in kept:
        kept["locked"] = {}
        for state in LOCKED:
            package = world.dataset(f"terkunci-{state}")
            kept["locked"][state] = world.fill(package)
            make.bring_to(world.city, package, state)
    return kept["locked"]


def _installed() -> dict[str, set[str]]:
    """Plugin → its actions, of every CKAN plugin that is installed beside this one."""
    found = {}
    for entry in importlib.metadata.entry_points(group="ckan.plugins"):
        ours = entry.value.startswith("ckanext.satudata")
        if ours or entry.name.startswith(("example_", "test_")) or ".tests." in entry.value:
            continue
        plugin = entry.load()
        if p.IActions.implemented_by(plugin):
            bare = object.__new__(plugin)
            if entry.name == "datastore":
                bare.backend = p.get_plugin("datastore").backend
            found[entry.name] = set(plugin.get_actions(bare))
    return found


def test_every_action_of_every_installed_plugin_is_classified():
    """CKAN's own and those of activity, DataStore, views, xloader, harvest, scheming and ours."""
    tk.get_action("package_show")
    table = gate.table()
    known = {*table["writes"], *table["other"], *table["reads"], *registry.actions()}
    assert set(logic._actions) - known == set()
    installed = _installed()
    assert {"activity", "datastore", "harvest", "xloader"} <= set(installed)
    # A chained action of CKAN's examples is none of a portal.
    installed.pop("chained_functions", None)
    assert {name: actions - known for name, actions in installed.items() if actions - known} == {}


def test_every_writing_action_is_chained_by_the_gate():
    """Its link is in front of each one that is there."""
    tk.get_action("package_show")
    for name in set(WRITES) & set(logic._actions):
        assert compat.unwrap(logic._actions[name]).satudata_gate, name


def _state(app: Any, world: Hidden, package: dict[str, str]) -> tuple[Any, ...]:
    """Everything of a dataset: metadata, bytes by the public route, rows, views."""
    person = world.city.walidata
    resource = package["resource"]
    path = f"/dataset/{package['id']}/resource/{resource}/download/penduduk.csv"
    return (
        json.dumps(make.call("package_show", person, id=package["id"], use_cache=False)),
        app.get(path, headers=world.headers("walidata"), status=200).data,
        json.dumps(make.call("datastore_search", person, resource_id=resource)["records"]),
        json.dumps(make.call("resource_view_list", person, id=resource)),
    )


@pytest.mark.parametrize("action", sorted(name for name in WRITES if name in probes.PROBES))
def test_a_locked_dataset_refuses_every_writing_action(app, world, locked, action):
    """In every locked state; to its producer, the administrator, and with ``ignore_auth``."""
    tk.get_action("package_show")
    if action not in logic._actions:
        pytest.skip("not on this portal")
    words = {**world.words("sysadmin"), "other": world.city.other}
    before = {state: _state(app, world, one) for state, one in locked.items()}
    for state, package in locked.items():
        for data in INSTEAD.get(action) or probes.PROBES[action]:
            for person in ("produsen_data", "sysadmin", "ignore_auth"):
                context: dict[str, Any] = {"user": getattr(world.city, person, world.city.sysadmin)}
                if person == "ignore_auth":
                    context["ignore_auth"] = True
                model.Session.rollback()
                with pytest.raises((tk.ValidationError, tk.NotAuthorized, tk.ObjectNotFound)) as no:
                    tk.get_action(action)(context, filled(data, {**words, **package}))
                code = getattr(no.value, "error_dict", {}).get("code")
                if person == "ignore_auth" and "table" not in str(data):
                    assert code == ["locked"], (action, state, data, no.value)
    model.Session.rollback()
    assert {state: _state(app, world, one) for state, one in locked.items()} == before


@pytest.mark.parametrize("state", [*LOCKED, *UNLOCKED])
def test_an_unchanged_round_trip_is_accepted_in_every_state(world, kept, state):
    """What any of the showing actions gave, sent back, changes nothing and is no error."""
    city = world.city
    package = make.dataset(city, tags=[{"name": "putar"}])
    if state != "draft":
        make.bring_to(city, package, state)
    person, key = city.produsen_data, package["id"]
    resource = package["resources"][0]["id"]
    show = {"user": person}
    shown = [
        tk.get_action("package_show")(dict(show), {"id": key}),
        tk.get_action("package_show")(dict(show, use_cache=False), {"id": key}),
        tk.get_action("package_show")(dict(show, for_view=True), {"id": package["name"]}),
        tk.get_action("package_search")(dict(show), {"fq": f"id:{key}", "include_private": True})[
            "results"
        ][0],
    ]
    stored = make.call("package_show", person, id=key)
    for number, given in enumerate(shown):
        for action in ("package_update", "package_patch"):
            answer = make.call(action, person, **json.loads(json.dumps(given)))
            assert answer["private"] is stored["private"], (number, action)
        revised = make.call("package_revise", person, match={"id": key}, update=given)
        assert revised["package"]["private"] is stored["private"], number
    for action in ("resource_update", "resource_patch"):
        given = make.call("resource_show", person, id=resource)
        make.call(action, person, **given)
    after = make.call("package_show", person, id=key)
    moving = {"metadata_modified", "resources"} if state in UNLOCKED else set()
    assert {k: v for k, v in after.items() if k not in moving} == {
        k: v for k, v in stored.items() if k not in moving
    }
    assert after["resources"][0]["url"] == stored["resources"][0]["url"]
