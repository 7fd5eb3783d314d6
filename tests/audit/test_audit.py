"""The audit finds nothing on a sound portal, and every leak that is planted."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from ckan import authz, logic, model
from ckan.lib import search
from ckan.plugins import toolkit as tk

from ckanext.satudata.approval import existence, implementations
from ckanext.satudata.approval import permissions as approvals
from ckanext.satudata.audit import jobs, walk
from ckanext.satudata.common import compat
from ckanext.satudata.letters import permissions as letters
from ckanext.satudata.storage import service as storage

from tests import factories as make

pytestmark = pytest.mark.both

#: Datasets of the portal that is audited, and how far each is.
WORLD = {
    "gone": "withdrawn",
    "row": None,
    "label": None,
    "index": None,
    "open": "validated",
    "public": "published",
    "lost": "published",
}


@pytest.fixture
def world(kept, request) -> dict[str, Any]:
    """A city with one dataset of each kind, with words of its own everywhere."""
    if "world" in kept:
        return kept["world"]
    request.getfixturevalue("with_plugins")
    request.getfixturevalue("reset_db")()
    search.clear_all()
    city = make.city()
    found: dict[str, Any] = {"city": city}
    for key, state in WORLD.items():
        package = make.dataset(
            city,
            files=0,
            title=f"Judul Rahasia {key}",
            notes=f"Keterangan yang hanya ada pada {key}, panjangnya cukup.",
            tag_string=f"kata-kunci-{key}",
        )
        make.call(
            "resource_create",
            city.produsen_data,
            package_id=package["id"],
            name=f"Berkas Rahasia {key}",
            format="CSV",
            upload=make.upload(f"nama\nsel rahasia {key}\n".encode(), f"berkas-{key}.csv"),
            variabel=[make.VARIABEL],
        )
        package = make.call("package_show", city.produsen_data, id=package["id"])
        resource = package["resources"][0]["id"]
        tk.get_action("datastore_create")(
            {"ignore_auth": True, "user": city.produsen_data},
            {"resource_id": resource, "force": True, "records": [{"a": f"baris rahasia {key}"}]},
        )
        view = {"resource_id": resource, "title": f"Tampilan {key}", "view_type": "text_view"}
        make.call("resource_view_create", city.produsen_data, **view)
        if state:
            make.bring_to(city, package, state)
        found[key] = package
    kept["world"] = found
    return found


def _audit(app: Any, **more: Any) -> dict[str, Any]:
    model.Session.rollback()
    return jobs.perform(app=app.app, **{"sample": 20, "seconds": 300, "seed": 1, **more})


def _told(world: dict[str, Any], found: dict[str, Any]) -> set[tuple[str, str, str, str]]:
    """(kind, dataset, who, route) of each finding about this module's datasets."""
    names = {world[key]["id"]: key for key in WORLD}
    return {
        (one["kind"], names[one["dataset"]], one["who"], one["route"])
        for one in found["findings"]
        if one["dataset"] in names
    }


def _rows() -> dict[str, tuple[int, str]]:
    """Table → number of rows and newest transaction that wrote one."""
    model.Session.rollback()
    engine = model.Session.get_bind()
    found = {}
    with engine.connect() as connection:
        for name in sa.inspect(engine).get_table_names():
            query = f'SELECT count(*), max(xmin::text::bigint)::text FROM "{name}"'
            found[name] = tuple(connection.execute(sa.text(query)).one())
    return found


@pytest.fixture
def sound(kept, world, request) -> dict[str, Any]:
    """An audit of the portal as it is: everything is asked for, of the newest dataset."""
    if "sound" not in kept:
        app = request.getfixturevalue("app")
        before = _rows()
        kept["sound"] = _audit(app, sample=1)
        after = _rows()
        kept["written"] = {name for name in after if after[name] != before.get(name)}
    return kept["sound"]


def test_a_sound_portal_has_no_finding(sound):
    """Every page and action, by both; all that is published is there."""
    found = {(one["kind"], one["route"]) for one in sound["findings"]}
    assert found == set()
    counts = sound["counts"]
    assert counts["not_walked"] == []
    assert (counts["hidden"], counts["published"], counts["in_time"]) == (5, 2, True)
    assert (counts["hidden_walked"], counts["published_walked"]) == (1, 1)
    assert counts["requests"] > 800


def test_an_audit_writes_nothing_but_its_result(sound, kept):
    """No activity, no token, no mark of the one it signs in; only the account, once."""
    assert kept["written"] == {"satudata_audit_run", "user"}


@pytest.mark.usefixtures("with_plugins")
def test_every_page_and_action_is_in_the_walk(app):
    """By the URL map and the registry; what is new and not in the table is told."""
    asks, unknown, skipped = walk.plan(app.flask_app.url_map)
    routes = {ask.route for ask in asks}
    for rule in app.flask_app.url_map.iter_rules():
        assert "GET" not in rule.methods or rule.rule in routes | skipped.keys(), rule.rule
    assert unknown == []
    free = {name for name, one in logic._actions.items() if getattr(one, "side_effect_free", 0)}
    assert free - routes == set()


@pytest.mark.usefixtures("with_plugins")
def test_a_new_action_or_page_is_told_until_it_is_in_the_table(app, monkeypatch):
    """It is never taken for closed."""
    monkeypatch.setitem(logic._actions, "weather_show", tk.side_effect_free(lambda c, d: 1))
    monkeypatch.setattr(walk, "_values", lambda rule, name: [] if name == "view_id" else ["1"])
    _asks, unknown, _skipped = walk.plan(app.flask_app.url_map)
    assert "weather_show" in unknown
    assert any("<view_id>" in one for one in unknown)


# Leaks


def _own(world: dict[str, Any]) -> tuple[str, str]:
    """Dataset and file that most plants give away."""
    return world["open"]["id"], world["open"]["resources"][0]["id"]


def _labels(world, patch, *keys: str) -> None:
    ids = [world[key]["id"] for key in keys]
    original = implementations.PermissionLabels.get_dataset_labels

    def labels(self: Any, package: Any) -> list[str]:
        return [*original(self, package), *(["public"] if package.id in ids else [])]

    patch.setattr(implementations.PermissionLabels, "get_dataset_labels", labels)
    for key in ids:
        compat.index_dataset(key)


def _row(world, patch, app) -> None:
    """The trigger is off, and SQL makes a row public."""
    _sql("ALTER TABLE package DISABLE TRIGGER USER")
    _sql(f"UPDATE package SET private = false WHERE id = '{world['row']['id']}'")
    _sql("ALTER TABLE package ENABLE TRIGGER USER")


def _label(world, patch, app) -> None:
    """Another plugin's label gives a private dataset to everybody."""
    _labels(world, patch, "label")


def _index(world, patch, app) -> None:
    """The index says public, and nothing else does: it ran ahead of a commit."""
    with pytest.MonkeyPatch.context() as meanwhile:
        _labels(world, meanwhile, "index")


def _core(name: str, function: Any) -> Any:
    """An action of core as it was before our links."""

    def call(context: Any = None, data_dict: Any = None) -> Any:
        given = {"model": model, "session": model.Session, "user": "", **(context or {})}
        return function(given, data_dict or {})

    return tk.side_effect_free(call)


def _existence(world, patch, app) -> None:
    """The link that makes hidden and missing look alike is gone."""
    from ckan.logic.action.get import package_show

    patch.setitem(logic._actions, "package_show", _core("package_show", package_show))


def _tags(world, patch, app) -> None:
    """tag_list as in stock CKAN."""
    from ckan.logic.action.get import tag_list

    patch.setitem(logic._actions, "tag_list", _core("tag_list", tag_list))


def _metadata(world, patch, app) -> None:
    """datastore_search as in stock CKAN, with its table of tables."""
    from ckanext.datastore.logic.action import datastore_search

    patch.setitem(logic._actions, "datastore_search", _core("datastore_search", datastore_search))


def _datastore(world, patch, app) -> None:
    """The right to the rows of a file is given to everybody."""
    original, key = authz._AuthFunctions.get("datastore_search"), _own(world)[1]

    @tk.auth_allow_anonymous_access
    def allow(context: Any, data_dict: Any = None) -> Any:
        if (data_dict or {}).get("resource_id") == key:
            return {"success": True}
        return original(context, data_dict)

    patch.setitem(authz._AuthFunctions._functions, "datastore_search", allow)
    _without_page_guard(patch)


def _without_page_guard(patch) -> None:
    """The question before every page of a dataset is not asked: the second defence."""
    patch.setattr(existence, "hidden", lambda *_asked: False)


def _download(world, patch, app) -> None:
    """The address of the file serves the bytes without asking."""

    def serve(package_type: str, id: str, resource_id: str, filename: str = "") -> Any:
        stored = storage.open_resource(resource_id)
        return stored.read() if stored else ("", 404)

    for name in ("resource.download", "dataset_resource.download"):
        patch.setitem(app.flask_app.view_functions, name, serve)
    _without_page_guard(patch)


def _hook(world, patch, app) -> None:
    """Another plugin adds to what a search found."""
    package = {**world["open"], "extras": []}
    original = implementations.PackageController.after_dataset_search

    def loosen(self: Any, results: Any, params: Any) -> Any:
        found = original(self, results, params)
        if found.get("results"):
            found["results"] = [*found["results"], package]
        return found

    patch.setattr(implementations.PackageController, "after_dataset_search", loosen)


def _page(world, patch, app) -> None:
    """One of our own pages lists a dataset too many."""
    title = world["open"]["title"]
    patch.setitem(
        app.flask_app.view_functions, "satudata_approval.withdrawals", lambda: f"<li>{title}</li>"
    )


def _letters(world, patch, app) -> None:
    """Everybody who is signed in reads every letter."""
    patch.setattr(letters, "may_read", lambda user, letter: user is not None)


def _process(world, patch, app) -> None:
    """The list of processes is cut for nobody."""
    patch.setattr(approvals, "visible_to", lambda user, held: sa.true())


def _activity(world, patch, app) -> None:
    """The news tell of a dataset that is not public."""
    told = [{"activity_type": "new package", "object_id": _own(world)[0]}]
    name = "recently_changed_packages_activity_list"
    patch.setitem(logic._actions, name, tk.side_effect_free(lambda context, data: told))


def _altered(world, patch, app) -> None:
    """The public content is not the validated one."""
    _sql(f"UPDATE package SET notes = 'Lain' WHERE id = '{world['lost']['id']}'")


def _lost(world, patch, app) -> None:
    """A published dataset fell out of the index, and its page answers 404."""
    search.clear(world["lost"]["id"])
    original = app.flask_app.view_functions["dataset.read"]

    def read(package_type: str, id: str) -> Any:
        return ("", 404) if id == world["lost"]["name"] else original(package_type, id)

    patch.setitem(app.flask_app.view_functions, "dataset.read", read)


def _sql(text: str) -> None:
    model.Session.rollback()
    with model.Session.get_bind().begin() as connection:
        connection.execute(sa.text(text))


DOWNLOAD = "/dataset/<id>/resource/<resource_id>/download"
#: Plant → what the audit must find: (kind, dataset, who, route).
PLANTS: dict[Callable[..., None], list[tuple[str, str, str, str]]] = {
    _row: [("row", "row", "", "package")],
    _index: [("index", "index", "", "Solr")],
    _label: [("index", "label", "", "Solr"), ("existence", "label", "anonymous", "package_show")],
    _existence: [
        ("existence", "open", "anonymous", "package_show"),
        ("existence", "open", "outsider", "package_show"),
    ],
    _tags: [("content", "open", "anonymous", "tag_list")],
    _metadata: [("content", "index", "anonymous", "datastore_search")],
    _datastore: [
        ("content", "open", "outsider", "/datastore/dump/{resource}?format=json"),
        ("existence", "open", "anonymous", "/datastore/dump/<resource_id>"),
    ],
    _download: [
        ("content", "open", "anonymous", DOWNLOAD),
        ("existence", "open", "outsider", f"{DOWNLOAD}/<filename>"),
    ],
    _hook: [
        ("content", "open", "anonymous", "package_search"),
        ("content", "open", "anonymous", "/feeds/dataset.atom"),
        ("content", "open", "anonymous", "/dataset/"),
    ],
    _page: [("content", "open", "anonymous", "/ditarik")],
    _letters: [
        ("existence", "open", "outsider", "satudata_letter_show"),
        ("content", "open", "outsider", "/surat/<id>"),
    ],
    _process: [("content", "open", "outsider", "satudata_approval_list")],
    _activity: [("content", "open", "outsider", "recently_changed_packages_activity_list")],
    _altered: [("changed", "lost", "", "fingerprint")],
    _lost: [
        ("missing", "lost", "", "Solr"),
        ("unreachable", "lost", "anonymous", "/dataset/{lost}"),
    ],
}


@pytest.fixture
def planted(kept, sound, world, request) -> set[tuple[str, str, str, str]]:
    """One audit with everything planted, of the routes concerned and of all datasets."""
    if "planted" not in kept:
        app = request.getfixturevalue("app")
        routes = {row[3] for rows in PLANTS.values() for row in rows}
        pattern = "|".join(f"^{re.escape(one)}$" for one in sorted(routes))
        try:
            with pytest.MonkeyPatch.context() as patch:
                for plant in PLANTS:
                    plant(world, patch, app)
                kept["planted"] = _told(world, _audit(app, routes=pattern))
        finally:
            _sql(f"UPDATE package SET private = true WHERE id = '{world['row']['id']}'")
            for key in ("index", "label", "lost"):
                compat.index_dataset(world[key]["id"])
    return kept["planted"]


@pytest.mark.parametrize("plant", PLANTS, ids=lambda one: one.__name__.strip("_"))
def test_a_planted_leak_is_found(planted, sound, world, plant):
    """Where, to whom, of which dataset; and without the plant it is not found."""
    for kind, key, who, route in PLANTS[plant]:
        expected = (kind, key, who, route.replace("{lost}", world["lost"]["name"]))
        assert expected in planted
        assert expected not in _told(world, sound)
