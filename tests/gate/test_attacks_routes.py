"""Other roads to a dataset: collaborators, the command line, xloader, functions of core."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from ckan import model
from ckan.cli.cli import ckan
from ckan.plugins import toolkit as tk

from tests import factories as make
from tests.gate.hidden import Hidden

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]


@pytest.fixture
def world(kept, with_plugins, non_clean_db) -> Hidden:
    if not kept:
        world = kept["world"] = Hidden.town()
        for state in ("published", "submitted"):
            package = world.dataset(state)
            world.hidden[state] = world.fill(package)
            make.bring_to(world.city, package, state)
    return kept["world"]


def _all_of(world: Hidden, package: dict[str, str]) -> tuple[Any, ...]:
    """Metadata, rows and views as a walidata sees them."""
    model.Session.rollback()
    call, person = make.call, world.city.walidata
    return (
        call("package_show", person, id=package["id"], use_cache=False),
        call("datastore_search", person, resource_id=package["resource"])["records"],
        call("resource_view_list", person, id=package["resource"]),
    )


@pytest.mark.parametrize("capacity", ["editor", "member"])
def test_a_collaborator_from_outside_makes_nothing_public(world, monkeypatch, capacity):
    """With ``ckan.auth.allow_dataset_collaborators`` on; an editor may write the draft only."""
    monkeypatch.setitem(tk.config, "ckan.auth.allow_dataset_collaborators", True)
    city, person = world.city, make.user("kolaborator")
    draft = make.dataset(city)
    make.call(
        "package_collaborator_create",
        city.sysadmin,
        id=draft["id"],
        user_id=person,
        capacity=capacity,
    )
    assert make.call("package_show", person, id=draft["id"])["title"] == draft["title"]
    for wish in ({"private": False}, {"private": "tidak"}, {"private": 0}):
        with pytest.raises((tk.ValidationError, tk.NotAuthorized)):
            make.call("package_patch", person, id=draft["id"], **wish)
    if capacity == "editor":
        make.call("package_patch", person, id=draft["id"], title="Oleh kolaborator")
    else:
        with pytest.raises(tk.NotAuthorized):
            make.call("package_patch", person, id=draft["id"], title="Oleh kolaborator")
    make.bring_to(city, draft, "submitted")
    for action, data in (
        ("package_patch", {"id": draft["id"], "title": "Lagi"}),
        ("resource_delete", {"id": draft["resources"][0]["id"]}),
        ("satudata_approval_claim", {"id": draft["id"]}),
        ("satudata_approval_publish", {"id": draft["id"]}),
        ("satudata_approval_recall", {"id": draft["id"]}),
    ):
        with pytest.raises((tk.ValidationError, tk.NotAuthorized)):
            make.call(action, person, **data)
    model.Session.rollback()
    shown = make.call("package_show", city.walidata, id=draft["id"], use_cache=False)
    assert shown["private"] is True
    assert shown["title"] in (draft["title"], "Oleh kolaborator")


def test_a_collaborator_is_not_told_of_other_datasets(world, monkeypatch):
    """The setting opens the one dataset, and the lists of collaborators to nobody else."""
    monkeypatch.setitem(tk.config, "ckan.auth.allow_dataset_collaborators", True)
    for person in (None, "outsider", "other_produsen"):
        hidden = world.call(
            "package_collaborator_list", {"id": "{id}"}, person, world.hidden["submitted"]
        )
        none = world.call("package_collaborator_list", {"id": "{id}"}, person, world.missing())
        assert hidden == none == ("NotFound", "")
        said = world.call(
            "package_collaborator_list", {"id": "{id}"}, person, world.hidden["published"]
        )
        assert said[0] == "NotAuthorized"


@pytest.mark.parametrize(
    "words",
    [
        ("dataset", "purge", "{id}"),
        ("views", "create", "datatables_view", "-d", "{id}", "-y"),
        ("views", "clear", "-y"),
        ("xloader", "submit", "{id}", "-y"),
        ("search-index", "rebuild", "{id}"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
@pytest.mark.parametrize("state", ["published", "submitted"])
def test_a_command_changes_nothing_of_what_is_locked(cli, world, state, words):
    """CKAN's commands call actions with ``ignore_auth``; the gate stands before these too."""
    package = world.hidden[state]
    before = _all_of(world, package)
    cli.invoke(ckan, [word.format(**package) for word in words])
    assert _all_of(world, package) == before


@pytest.mark.parametrize("state", ["published", "submitted"])
@pytest.mark.parametrize("loader", ["load_csv", "load_table"])
def test_xloader_loads_nothing_into_what_is_locked(world, tmp_path, state, loader):
    """Its own code, which clears the table by SQL before it calls an action, is stopped first."""
    import logging

    from ckanext.xloader import loader as xloader

    package = world.hidden[state]
    before = _all_of(world, package)
    other = tmp_path / "lain.csv"
    other.write_text("menara\n666\n667\n")
    with pytest.raises(tk.ValidationError) as refused:
        getattr(xloader, loader)(
            str(other), package["resource"], mimetype="text/csv", logger=logging.getLogger("x")
        )
    assert "locked" in str(refused.value.error_dict)
    assert _all_of(world, package) == before


def test_functions_of_core_around_the_chain_change_nothing(world):
    """A plugin that imports CKAN's functions meets the second line, or the trigger."""
    from ckan.logic.action import create, delete, update

    admin = {"user": world.city.sysadmin, "ignore_auth": True, "model": model}
    for package in world.hidden.values():
        before = _all_of(world, package)
        shown = before[0]
        for function, data in (
            (update.package_update, {**shown, "title": "Lain"}),
            (update.package_update, {**shown, "private": not shown["private"]}),
            (update.resource_update, {**shown["resources"][0], "name": "Lain"}),
            (create.resource_create, {"package_id": shown["id"], "url": "https://example.org/a"}),
            (delete.package_delete, {"id": shown["id"]}),
            (delete.resource_delete, {"id": package["resource"]}),
        ):
            # Core's resource_delete looks for a key in the refusal that is not there.
            with pytest.raises((tk.ValidationError, sa.exc.DBAPIError, KeyError)):
                function({**admin, "session": model.Session}, dict(data))
            model.Session.rollback()
        assert _all_of(world, package) == before


def test_a_new_dataset_around_the_chain_is_not_public(world):
    """Core's package_create, imported: refused by the trigger, or by the hook."""
    from ckan.logic.action.create import package_create

    context = {"user": world.city.sysadmin, "ignore_auth": True, "model": model}
    data = {"name": f"samping-{world.word}", "title": "x", "owner_org": world.city.opd}
    with pytest.raises((tk.ValidationError, sa.exc.DBAPIError)):
        package_create({**context, "session": model.Session}, {**data, "private": False})
    model.Session.rollback()
    assert model.Package.get(data["name"]) is None
