"""A write that fails leaves the old bytes served; one that succeeds, the new ones."""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from ckan import model
from ckan.lib import uploader
from ckan.lib.search import common
from ckan.plugins import toolkit as tk

from ckanext.satudata import plugin
from ckanext.satudata.common import files
from ckanext.satudata.storage import checks, service

from tests import factories as make

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]

OLD = make.SAMPLE.read_bytes()


def new() -> bytes:
    """A file of its own."""
    return f"tahun,nilai\n2026,{uuid.uuid4().hex}\n".encode()


@pytest.fixture
def package(city) -> dict[str, Any]:
    """A draft with two files of the same content."""
    return make.dataset(city, files=2)


@pytest.fixture
def untouched(kept, city) -> dict[str, Any]:
    """A draft with two files that no test changes."""
    if "untouched" not in kept:
        kept["untouched"] = make.dataset(city, files=2)
    return make.call("package_show", city.produsen_data, id=kept["untouched"]["id"])


def served(resource_id: str) -> bytes | None:
    """What the service gives, on a connection that sees only what is committed."""
    model.Session.rollback()
    source = service.open_resource(resource_id)
    if source is None:
        return None
    with source:
        return source.read()


Write = Callable[[make.City, dict[str, Any], Any], Any]


def _nested(package: dict[str, Any], upload: Any) -> list[dict[str, Any]]:
    first, *others = package["resources"]
    return [{**first, "upload": upload}, *others]


#: Every way to replace the bytes of the first file.
WRITES: dict[str, Write] = {
    "resource_update": lambda city, package, upload: make.call(
        "resource_update",
        city.produsen_data,
        **{**package["resources"][0], "upload": upload},
    ),
    "resource_patch": lambda city, package, upload: make.call(
        "resource_patch", city.produsen_data, id=package["resources"][0]["id"], upload=upload
    ),
    "package_update": lambda city, package, upload: make.call(
        "package_update",
        city.produsen_data,
        **{**package, "resources": _nested(package, upload)},
    ),
    "package_patch": lambda city, package, upload: make.call(
        "package_patch",
        city.produsen_data,
        id=package["id"],
        resources=_nested(package, upload),
    ),
    "package_revise": lambda city, package, upload: make.call(
        "package_revise",
        city.produsen_data,
        match={"id": package["id"]},
        update__resources__0__upload=upload,
    ),
}


@pytest.mark.parametrize("name", sorted(WRITES))
def test_a_write_switches_the_bytes(city, package, name):
    """The new bytes are served, the other file keeps its own."""
    first, second = (one["id"] for one in package["resources"])
    content = new()
    WRITES[name](city, package, make.upload(content, "baru.csv"))
    assert served(first) == content
    assert served(second) == OLD
    digest = hashlib.sha256(content).hexdigest()
    found = service.pointer(first)
    assert (found.sha256, found.size, found.original_sha256) == (digest, len(content), None)
    assert service.sha256_of(first) == digest
    shown = make.call("resource_show", city.produsen_data, id=first)
    assert shown["url"].endswith("/baru.csv")
    assert shown["size"] == len(content)


def _fail_in_edit(patch: pytest.MonkeyPatch) -> None:
    def edit(*_args: Any) -> None:
        raise RuntimeError("edit")

    patch.setattr(plugin.SatudataPlugin, "edit", edit)


def _fail_after_update(patch: pytest.MonkeyPatch) -> None:
    def after(*_args: Any) -> None:
        raise RuntimeError("after_dataset_update")

    patch.setattr(plugin.SatudataPlugin, "after_dataset_update", after)


def _solr_down(patch: pytest.MonkeyPatch) -> None:
    """The address of Solr is one where nothing listens."""
    nowhere = "http://127.0.0.1:1/solr/none"
    patch.setitem(tk.config, "solr_url", nowhere)
    if hasattr(common, "SolrSettings"):  # 2.11 keeps it
        patch.setattr(common.SolrSettings, "_url", nowhere)


def _trigger(patch: pytest.MonkeyPatch) -> None:
    """The row would become public: the trigger of the database refuses the statement."""
    original = plugin.SatudataPlugin.edit

    def edit(self: Any, entity: model.Package) -> None:
        original(self, entity)
        model.Session.execute(
            sa.update(model.Package.__table__)
            .where(model.Package.__table__.c.id == entity.id)
            .values(private=False)
        )

    patch.setattr(plugin.SatudataPlugin, "edit", edit)


def _too_large(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(uploader, "get_max_resource_size", lambda: 0)


FAILURES = {
    "edit": _fail_in_edit,
    "after_dataset_update": _fail_after_update,
    "solr": _solr_down,
    "trigger": _trigger,
    "too large": _too_large,
}


@pytest.mark.parametrize("failure", sorted(FAILURES))
@pytest.mark.parametrize("name", sorted(WRITES))
def test_a_write_that_fails_leaves_the_old_bytes(city, untouched, name, failure):
    """Byte for byte, and readers never see anything else meanwhile."""
    package = untouched
    resource_id, content = package["resources"][0]["id"], new()
    seen: set[bytes | None] = set()
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.add(served(resource_id))
            model.Session.remove()

    readers = [threading.Thread(target=read) for _ in range(2)]
    for one in readers:
        one.start()
    try:
        with pytest.MonkeyPatch.context() as patch:
            FAILURES[failure](patch)
            with pytest.raises(Exception):  # noqa: B017 - whatever it is
                WRITES[name](city, package, make.upload(content, "palsu.csv"))
            # What the end of a request does.
            model.Session.rollback()
    finally:
        stop.set()
        for one in readers:
            one.join()
    seen.add(served(resource_id))
    assert seen == {OLD}
    # It failed after the bytes had landed; they are named by nothing.
    landed = files.read(hashlib.sha256(content).hexdigest()) is not None
    assert landed is (failure != "too large")
    shown = make.call("resource_show", city.produsen_data, id=resource_id)
    assert shown["url"].endswith("/penduduk.csv")


@pytest.mark.parametrize("failure", sorted(FAILURES))
def test_a_file_that_was_not_created_is_not_served(city, untouched, failure):
    """resource_create stores and points by itself on 2.11."""
    package = untouched
    chosen = str(uuid.uuid4())
    with pytest.MonkeyPatch.context() as patch:
        FAILURES[failure](patch)
        with pytest.raises(Exception):  # noqa: B017 - whatever it is
            make.call(
                "resource_create",
                city.produsen_data,
                id=chosen,
                package_id=package["id"],
                name="Baru",
                upload=make.upload(new(), "baru.csv"),
            )
        model.Session.rollback()
    assert served(chosen) is None
    assert service.pointer(chosen) is None
    shown = make.call("package_show", city.produsen_data, id=package["id"])
    assert len(shown["resources"]) == 2


@pytest.mark.parametrize("name", sorted(WRITES))
def test_a_refusal_of_the_gate_stores_nothing(city, kept, name):
    """While locked no byte lands, not even an unnamed one."""
    if "locked" not in kept:
        kept["locked"] = make.dataset(city)
        make.bring_to(city, kept["locked"], "submitted")
    content = new()
    with pytest.raises(tk.ValidationError) as refused:
        WRITES[name](city, kept["locked"], make.upload(content, "palsu.csv"))
    assert refused.value.error_dict["code"] == ["locked"]
    assert served(kept["locked"]["resources"][0]["id"]) == OLD
    assert files.read(hashlib.sha256(content).hexdigest()) is None


def test_a_link_in_the_place_of_the_file_serves_nothing(city, package):
    """Not even when somebody calls it an upload again."""
    resource_id = package["resources"][0]["id"]
    values = {"id": resource_id, "url": "https://example.org/data.csv"}
    make.call("resource_patch", city.produsen_data, clear_upload=True, **values)
    assert served(resource_id) is None
    make.call("resource_patch", city.produsen_data, id=resource_id, url="a.csv", url_type="upload")
    assert served(resource_id) is None


def test_what_a_client_says_of_the_hash_is_not_believed(city, package):
    """Users write it, and xloader puts an MD5 there."""
    resource_id = package["resources"][0]["id"]
    make.call("resource_patch", city.produsen_data, id=resource_id, hash="f" * 64)
    assert service.sha256_of(resource_id) == hashlib.sha256(OLD).hexdigest()
    assert served(resource_id) == OLD


def test_a_deleted_file_comes_back_with_its_bytes(city, package):
    """The row stays with the deleted resource, and its dataset may take it again."""
    first, second = package["resources"]
    make.call("resource_delete", city.produsen_data, id=second["id"])
    make.call("package_patch", city.produsen_data, id=package["id"], resources=[first, second])
    assert served(second["id"]) == OLD


def _claim(action: str, city: make.City, resource_id: str, **more: Any) -> None:
    """Call core's own function: the gate in front of it would refuse the id."""
    from ckan.logic.action import create, update

    context = {"user": city.sysadmin, "ignore_auth": True, "model": model, "session": model.Session}
    resource = {"id": resource_id, "url": "x.csv", "url_type": "upload", "name": "X"}
    if action == "package_create":
        data = {"name": f"lain-{uuid.uuid4().hex[:8]}", "owner_org": city.opd, "private": True}
        data |= {"title": "Lain", "type": "dataset", **make.COMPLETE}
        create.package_create(context, {**data, "resources": [resource]})
    else:
        other = make.dataset(city, files=0)
        update.package_update(context, {**other, "resources": [resource]})


@pytest.mark.parametrize("action", ["package_create", "package_update"])
@pytest.mark.parametrize("end", ["delete", "purge"])
@pytest.mark.parametrize("legacy", [False, True])
def test_nobody_inherits_bytes_with_an_id(city, package, action, end, legacy):
    """The id of a deleted or purged file, claimed around the gate by another dataset."""
    resource_id = package["resources"][1]["id"]
    if legacy:
        make_legacy(resource_id, OLD)
    assert served(resource_id) == OLD
    if end == "delete":
        make.call("resource_delete", city.produsen_data, id=resource_id)
    else:
        make.call("dataset_purge", city.sysadmin, id=package["id"])
    _claim(action, city, resource_id)
    row = model.Session.get(model.Resource, resource_id, populate_existing=True)
    assert row.package_id != package["id"]
    assert served(resource_id) is None


def make_legacy(resource_id: str, content: bytes) -> str:
    """Make a file look as uploaded before the extension; answers its path."""
    import os

    model.Session.rollback()
    table = service.FilePointer.__table__
    model.Session.execute(sa.delete(table).where(table.c.resource_id == resource_id))
    model.Session.commit()
    path = uploader.ResourceUpload({}).get_path(resource_id)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as target:
        target.write(content)
    return path


def test_uploads_are_known_to_go_through_the_storage(monkeypatch):
    """Another uploader in front is a reason not to serve."""
    assert list(checks.uploads_are_stored_by_content()) == []
    monkeypatch.setattr(plugin.SatudataPlugin, "get_resource_uploader", lambda *_args: None)
    (problem,) = checks.uploads_are_stored_by_content()
    assert problem.part == "storage"
