"""The fingerprint is taken from database, DataStore and bytes; nothing in them goes unseen."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.satudata.approval import canonical, fingerprint, publication, tables
from ckanext.satudata.approval.implementations import XloaderGuard
from ckanext.satudata.common.errors import Refusal

from tests import factories as make
from tests.approval import fingerprinted

log = logging.getLogger(__name__)

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]

#: Of the dataset in fingerprinted.py, on CKAN 2.12 and 2.11.
KNOWN = "sd2:83eb0f77a5b31de93e1f46ca52dfd0c17ad753efc3dc19f7f1f20adbe752fe76"
KNOWN_FIRST_FORM = "ebb7ab6075408d7af7f9938c4cd285e24fea56d12eb4a4ddb1088030e0f3b535"
#: Megabytes of memory that reading much may take more than reading little.
MORE_MEMORY = 40


@pytest.fixture
def city(kept, with_plugins, non_clean_db) -> make.City:
    if "city" not in kept:
        kept["city"] = fingerprinted.city_with_agency()
    return kept["city"]


@pytest.fixture
def package(kept, city) -> dict[str, Any]:
    """A draft that uses every part; each test leaves it as it was."""
    if "package" not in kept:
        kept["package"] = fingerprinted.dataset(city, related=True)
    return kept["package"]


def _state(city: make.City, key: str) -> str:
    return make.call("satudata_approval_show", city.walidata, id=key)["state"]


@contextmanager
def counted(engine: Any):
    """Statements that an engine gets inside the block."""
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_more):
        seen.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


def test_the_same_content_has_this_fingerprint_on_every_version(package):
    """Made through the actions; the constants hold on CKAN 2.12 and 2.11."""
    content = fingerprint.read(package["id"])
    assert canonical.fingerprint(content) == KNOWN, canonical.text(content)
    assert canonical.fingerprint(content, "sd1") == KNOWN_FIRST_FORM


def test_a_copy_has_the_fingerprint_of_its_original(city, package):
    """With a name, ids, addresses and times of its own."""
    copy = fingerprinted.dataset(city, related=True)
    assert copy["id"] != package["id"]
    assert fingerprint.compute(copy["id"]) == fingerprint.compute(package["id"])


@pytest.mark.parametrize("name", fingerprinted.ATTACKS)
def test_what_is_changed_past_the_portal_is_seen(package, name):
    """By SQL or on disk, in the same session; put back, it is the same again."""
    before = fingerprint.compute(package["id"])
    fingerprinted.attack(name, package)
    try:
        assert fingerprint.compute(package["id"]) != before
    finally:
        fingerprinted.repair(name, package)
    assert fingerprint.compute(package["id"]) == before


@pytest.mark.parametrize(
    "text",
    [
        "UPDATE resource SET hash = 'x', mimetype = 'text/x', size = 1, url = 'lain.csv',"
        " last_modified = now(), cache_url = 'x' WHERE id = :file",
        'UPDATE resource SET extras = (extras::jsonb || \'{"datastore_active": false,'
        ' "ckan_url": "x", "task_created": "x"}\'::jsonb)::text WHERE id = :file',
        "UPDATE package SET metadata_modified = now(), name = name || '-lain' WHERE id = :key",
    ],
    ids=["of the file", "of xloader", "of the dataset"],
)
def test_what_ckan_computes_does_not_count(city, text):
    """Hash, type and size that CKAN and xloader note, addresses, names, times."""
    package = fingerprinted.dataset(city)
    before = fingerprint.compute(package["id"])
    names = {"key": package["id"], "file": package["resources"][0]["id"]}
    fingerprinted.sql(text, **{key: one for key, one in names.items() if f":{key}" in text})
    assert fingerprint.compute(package["id"]) == before


def test_a_reload_of_the_same_file_does_not_count(package):
    """Xloader empties the table and fills it again: other numbers, the same order."""
    before, resource = fingerprint.compute(package["id"]), package["resources"][0]["id"]
    fingerprinted.store_sql(f'UPDATE "{resource}" SET _id = _id + 500')
    try:
        assert fingerprint.compute(package["id"]) == before
    finally:
        fingerprinted.store_sql(f'UPDATE "{resource}" SET _id = _id - 500')


def test_the_number_of_queries_does_not_grow_with_the_files(city, package):
    """Of CKAN's database constant; of the DataStore's one, and one for each table."""
    from ckanext.datastore.backend.postgres import get_write_engine

    many = make.dataset(city, files=5)
    for one in many["resources"][:3]:
        fingerprinted.rows(city, one["id"])
    numbers = []
    for key in (package["id"], many["id"]):
        with (
            counted(model.Session.get_bind()) as ckan,
            counted(get_write_engine()) as store,
        ):
            fingerprint.compute(key)
        reads = [one for one in store if "set_config" not in one]
        numbers.append((len(ckan), len(reads)))
    (few_ckan, few_store), (many_ckan, many_store) = numbers
    assert few_ckan == many_ckan <= 7
    assert (few_store, many_store) == (2, 4)


@contextmanager
def _store_away():
    before = tk.config["ckan.datastore.write_url"]
    tk.config["ckan.datastore.write_url"] = "postgresql://x:x@127.0.0.1:9/nowhere"
    try:
        yield
    finally:
        tk.config["ckan.datastore.write_url"] = before


def test_nothing_is_decided_while_the_datastore_does_not_answer(city):
    """Neither submitted nor published on what nobody could read; afterwards it goes on."""
    package = fingerprinted.dataset(city)
    key = package["id"]
    with _store_away(), pytest.raises(tk.ValidationError) as refused:
        make.call("satudata_approval_submit", city.produsen_data, id=key)
    assert refused.value.error_dict["code"] == ["unreadable"]
    assert _state(city, key) == "draft"
    make.bring_to(city, package, "validated")
    with _store_away(), pytest.raises(Refusal):
        publication.publish(key)
    model.Session.rollback()
    assert _state(city, key) == "validated"
    assert publication.publish(key).state == "published"


def test_bytes_that_cannot_be_read_are_not_bytes_that_are_missing(city):
    """A disk error refuses; a file that is gone is a difference."""
    package = fingerprinted.dataset(city)
    key, place = package["id"], fingerprinted.path(package["resources"][0]["id"])
    before = fingerprint.compute(key)
    os.rename(place, f"{place}.away")
    assert fingerprint.compute(key) != before
    # Reading a folder is an error of input and output.
    os.mkdir(place)
    with pytest.raises(Refusal) as refused:
        fingerprint.compute(key)
    assert refused.value.code == "unreadable"
    os.rmdir(place)
    os.rename(f"{place}.away", place)
    assert fingerprint.compute(key) == before


def test_without_the_datastore_rows_that_exist_are_not_no_rows(city, package, monkeypatch):
    """Switched off by mistake it refuses; a dataset that never had rows does not need it."""
    plain = make.dataset(city)["id"]
    before = fingerprint.compute(plain)
    monkeypatch.setattr(tables, "enabled", lambda: False)
    assert fingerprint.compute(plain) == before
    with pytest.raises(Refusal) as refused:
        fingerprint.compute(package["id"])
    assert refused.value.code == "unreadable"


def test_submission_waits_for_rows_that_are_being_written(city):
    """Whoever writes them: a load that has not committed would come after the fingerprint."""
    from ckanext.datastore.backend.postgres import get_write_engine

    package = fingerprinted.dataset(city)
    key, resource = package["id"], package["resources"][0]["id"]
    with get_write_engine().connect() as connection:
        begun = connection.begin()
        connection.execute(sa.text(f'DELETE FROM "{resource}"'))
        with pytest.raises(tk.ValidationError) as refused:
            make.call("satudata_approval_submit", city.produsen_data, id=key)
        assert refused.value.error_dict["code"] == ["busy"]
        begun.rollback()
    done = make.call("satudata_approval_submit", city.produsen_data, id=key)
    assert done["fingerprint"] == fingerprint.compute(key)


def test_a_load_that_makes_views_is_waited_for(city):
    """Xloader calls a load viewable that still makes indexes and notes the hash."""
    package = fingerprinted.dataset(city)
    key, resource = package["id"], package["resources"][0]["id"]
    task = {
        "entity_id": resource,
        "entity_type": "resource",
        "task_type": "xloader",
        "key": "xloader",
        "value": "{}",
        "error": "{}",
        "state": "running_but_viewable",
        "last_updated": str(make.clock.now().replace(tzinfo=None)),
    }
    make.call("task_status_update", city.sysadmin, **task)
    with pytest.raises(tk.ValidationError) as refused:
        make.call("satudata_approval_submit", city.produsen_data, id=key)
    assert refused.value.error_dict["code"] == ["busy"]
    make.call("task_status_update", city.sysadmin, **{**task, "state": "complete"})
    assert make.call("satudata_approval_submit", city.produsen_data, id=key)["state"] == "submitted"


def test_publication_changes_nothing_that_counts(city):
    """Nor does xloader, which the publication wakes: it does not reload what is locked."""
    package = fingerprinted.dataset(city)
    key, resource = package["id"], package["resources"][0]["id"]
    fingerprinted.sql("UPDATE resource SET format = 'TSV' WHERE id = :key", key=resource)
    before = fingerprint.compute(key)
    approval = make.bring_to(city, package, "published")
    assert approval["fingerprint"] == before == fingerprint.compute(key)
    submit = tk.get_action("xloader_submit")
    context = {"ignore_auth": True, "user": city.sysadmin}
    # Its own call at publication, and one by hand: the first is answered, the second refused.
    assert not XloaderGuard().can_upload(resource)
    with pytest.raises(tk.ValidationError):
        submit(dict(context), {"resource_id": resource})
    _load_is_stopped(resource)
    assert fingerprint.compute(key) == before


def _load_is_stopped(resource: str) -> None:
    """A job that was queued before runs now: xloader's own loader, on the file's bytes."""
    from ckanext.xloader import loader

    with pytest.raises(tk.ValidationError) as refused:
        loader.load_csv(
            fingerprinted.path(resource), resource_id=resource, mimetype="csv", logger=log
        )
    assert refused.value.error_dict["code"] == ["locked"]


#: Prints the highest memory in MB after the first and after the second dataset.
_PEAKS = """
import resource, sys
from ckan.cli import load_config
from ckan.config.middleware import make_app
make_app(load_config("test.ini"))
from ckanext.satudata.approval import fingerprint
for key in sys.argv[1:]:
    fingerprint.compute(key)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def test_memory_stays_flat_for_a_file_of_1_gb_and_many_rows(city):
    """Both are streamed; the process is hardly larger than after reading little."""
    small, large = fingerprinted.dataset(city), fingerprinted.dataset(city)
    resource = large["resources"][0]["id"]
    with open(fingerprinted.path(resource), "r+b") as target:
        target.truncate(1024**3)
    # Compressed in the database, 90 MB for who reads them all at once.
    fingerprinted.store_sql(
        f'INSERT INTO "{resource}" ("Kelurahan", n)'
        " SELECT repeat('x', 1500), g FROM generate_series(1, 60000) g"
    )
    command = [sys.executable, "-c", _PEAKS, small["id"], large["id"]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    little, much = map(int, done.stdout.split()[-2:])
    assert much - little < MORE_MEMORY


def test_a_form_nobody_knows_decides_nothing(package):
    """It is refused, neither taken for the same nor for another content."""
    with pytest.raises(Refusal) as refused:
        fingerprint.matches(package["id"], "sd9:00")
    assert refused.value.code == "unknown_form"
    assert fingerprint.matches(package["id"], None) is False
    assert json.loads(canonical.text(fingerprint.read(package["id"])))["form"] == "sd2"
