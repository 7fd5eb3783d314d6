"""What the download of a resource answers, to whom, under which name."""

from __future__ import annotations

import io
import os
import re
import uuid
from typing import Any

import pytest

from ckan import model
from ckan.tests import factories

from ckanext.satudata.common import compat, files
from ckanext.satudata.storage import service

from tests import factories as make
from tests.storage.test_uploads import make_legacy

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]

OLD = make.SAMPLE.read_bytes()
#: Of this module only: another one that stores the same content gives the file a new date.
OWN = OLD + uuid.uuid4().bytes.hex().encode()
CLEAN = b"tahun,nilai\n2026,1\n"


@pytest.fixture(scope="module")
def kept() -> dict[str, Any]:
    """City, datasets and tokens, made once for the module."""
    return {"tokens": {}}


@pytest.fixture
def package(kept, city) -> dict[str, Any]:
    """A draft whose file no test changes."""
    if "package" not in kept:
        made = kept["package"] = make.dataset(city)
        upload = make.upload(OWN, "penduduk.csv")
        resource_id = made["resources"][0]["id"]
        make.call("resource_patch", city.produsen_data, id=resource_id, upload=upload)
    return kept["package"]


@pytest.fixture
def get(kept, city, app):
    """GET as a person, None is anonymous; answers the response whatever its status."""

    def fetch(person: str | None, address: str, **headers: str) -> Any:
        if person and person not in kept["tokens"]:
            token = factories.APIToken(user=city.people.get(person, person))["token"]
            kept["tokens"][person] = token
        if person:
            headers["Authorization"] = kept["tokens"][person]
        model.Session.rollback()
        return app.get(address, headers=headers, follow_redirects=False)

    return fetch


def _address(package: dict[str, Any], name: str = "") -> str:
    resource = package["resources"][0]["id"]
    return f"/dataset/{package['id']}/resource/{resource}/download" + (name and f"/{name}")


@pytest.mark.parametrize("name", ["", "penduduk.csv", "lain.csv"])
def test_download_has_bytes_type_and_a_name(get, package, name):
    """Without a name in the address it has that of the file, never that of the blob."""
    answer = get("produsen_data", _address(package, name))
    assert answer.status_code == 200
    assert answer.data == OWN
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert (name or "penduduk.csv") in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Accept-Ranges"] == "bytes"
    again = get(
        "produsen_data", _address(package, name), **{"If-None-Match": answer.headers["ETag"]}
    )
    assert again.status_code == 304


@pytest.mark.parametrize("name", ["", "penduduk.csv"])
@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=0-9", 206, OWN[:10]),
        ("bytes=20-", 206, OWN[20:]),
        ("bytes=-5", 206, OWN[-5:]),
        (f"bytes={len(OWN)}-", 416, None),
    ],
    ids=["begin", "rest", "end", "behind"],
)
def test_parts_of_a_file(get, package, name, asked, status, part):
    """A download that was cut off goes on where it stopped."""
    answer = get("produsen_data", _address(package, name), Range=asked)
    assert answer.status_code == status
    if part is not None:
        assert answer.data == part
        assert answer.headers["Content-Range"].endswith(f"/{len(OWN)}")


def test_hidden_and_foreign_downloads_stay_hidden(get, package):
    """The name is looked up before the right is checked, and tells nothing."""
    for address in (_address(package), _address(package, "penduduk.csv")):
        answer = get("outsider", address)
        assert answer.status_code in (403, 404)
        assert "Content-Disposition" not in answer.headers
    for odd in ("%00", "a%00b", uuid.uuid4().hex):
        answer = get("produsen_data", f"/dataset/{package['id']}/resource/{odd}/download")
        assert answer.status_code in (400, 404)


def _blob_is_gone(resource_id: str) -> None:
    service.put(resource_id, io.BytesIO(uuid.uuid4().bytes))
    model.Session.commit()
    os.remove(files.path(service.sha256_of(resource_id)))


def _nothing_is_served(resource_id: str) -> None:
    service.clear(resource_id)
    model.Session.commit()


def _legacy_is_gone(resource_id: str) -> None:
    os.remove(make_legacy(resource_id, OLD))


@pytest.mark.parametrize(
    "lose", [_blob_is_gone, _nothing_is_served, _legacy_is_gone], ids=lambda one: one.__name__
)
def test_a_missing_file_is_404(get, city, lose):
    """Not CKAN's 500 on a path without a file."""
    package = make.dataset(city)
    lose(package["resources"][0]["id"])
    for name in ("", "penduduk.csv"):
        assert get("produsen_data", _address(package, name)).status_code == 404
    assert service.open_resource(package["resources"][0]["id"]) is None


def test_a_file_from_before_is_served_taken_over_and_replaced(get, city):
    """Uploaded by stock CKAN: same bytes before and after it is taken over."""
    package = make.dataset(city)
    resource_id, before = package["resources"][0]["id"], b"lama\n1\n"
    path = make_legacy(resource_id, before)
    assert service.pointer(resource_id) is None
    assert get("produsen_data", _address(package)).data == before
    assert get("produsen_data", _address(package), Range="bytes=2-3").data == before[2:4]
    digest = service.sha256_of(resource_id)
    assert [service.take_over(resource_id) for _ in range(2)] == [digest, digest]
    model.Session.commit()
    os.remove(path)
    assert get("produsen_data", _address(package)).data == before
    upload = make.upload(OLD, "penduduk.csv")
    make.call("resource_patch", city.produsen_data, id=resource_id, upload=upload)
    assert get("produsen_data", _address(package)).data == OLD


def test_a_portal_with_a_file_keeper_storage(get, city, kept, tmp_path, monkeypatch):
    """CKAN 2.12 may have kept its files in one; they are served, taken over, given back."""
    file_keeper = pytest.importorskip("file_keeper")
    from ckan.lib.files import storages

    resource_id = (package := make.dataset(city))["resources"][0]["id"]
    make_legacy(resource_id, OLD)
    place = tmp_path / "resources"
    options = {"type": "ckan:fs", "path": str(place), "initialize": True}
    storage = file_keeper.make_storage("resources", options)
    monkeypatch.setitem(storages.members, "resources", storage)
    assert get("produsen_data", _address(package)).status_code == 404
    inside = place / resource_id[:3] / resource_id[3:6] / resource_id[6:]
    inside.parent.mkdir(parents=True)
    inside.write_bytes(CLEAN)
    answer = get("produsen_data", _address(package))
    assert (answer.status_code, answer.data) == (200, CLEAN)
    assert "penduduk.csv" in answer.headers["Content-Disposition"]
    with service.open_resource(resource_id) as source:
        assert source.read() == CLEAN
    assert service.take_over(resource_id) is not None
    service.put(resource_id, io.BytesIO(OLD))
    with service.open_resource(resource_id) as source:
        compat.write_stock(resource_id, source)
    assert inside.read_bytes() == OLD


@pytest.fixture
def derived(kept, city) -> dict[str, Any]:
    """A dataset whose served file was made of the uploaded one."""
    if "derived" not in kept:
        kept["derived"] = make.dataset(city)
        service.set_served(kept["derived"]["resources"][0]["id"], io.BytesIO(CLEAN))
        model.Session.commit()
    return kept["derived"]


def _original(package: dict[str, Any], resource: str | None = None) -> str:
    resource = resource or package["resources"][0]["id"]
    return f"/dataset/{package['id']}/resource/{resource}/original"


@pytest.mark.parametrize(
    "person",
    # pembina_data sees a private dataset only when it is submitted as data prioritas.
    ["produsen_data", "walidata_pendukung", "kepala_opd", "walidata", "sysadmin"],
)
def test_the_original_is_for_roles(get, city, derived, person):
    """The download serves the copy to them too."""
    answer = get(person, _original(derived))
    assert (answer.status_code, answer.data) == (200, OLD)
    assert answer.headers["Content-Disposition"] == "attachment; filename=penduduk.csv"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert "no-store" in answer.headers["Cache-Control"]
    assert get(person, _original(derived), Range="bytes=0-3").data == OLD[:4]
    assert get(person, _address(derived)).data == CLEAN


@pytest.mark.parametrize("public", [False, True])
@pytest.mark.parametrize(
    "person",
    [None, "outsider", "other_produsen", "other_kepala", "sekretariat", "editor", "collaborator"],
)
def test_for_everyone_else_the_original_is_missing(get, city, kept, derived, person, public):
    """Same status and body as an address that never was; also when the data is public."""
    if public:
        derived = _public(kept, city)
    if person in ("editor", "collaborator"):
        name = kept.setdefault(person, make.user(person))
        city.people[person] = name
        if person == "editor":
            values = {"id": city.other, "username": name, "role": "editor"}
            make_member(values)
    wanted = get(person, _original(derived))
    missing = get(person, _original(derived, str(uuid.uuid4())))
    nowhere = get(person, f"/dataset/tidak-ada/resource/{uuid.uuid4()}/original")
    assert (wanted.status_code, missing.status_code, nowhere.status_code) == (404, 404, 404)
    assert _masked(wanted) == _masked(missing) == _masked(nowhere)
    assert OLD not in wanted.data


def make_member(values: dict[str, Any]) -> None:
    """A CKAN membership without a role, as a portal may have from before."""
    group = model.Group.get(values["id"])
    user = model.User.get(values["username"])
    model.Session.add(
        model.Member(
            group_id=group.id, table_name="user", table_id=user.id, capacity=values["role"]
        )
    )
    model.Session.commit()


def _public(kept: dict[str, Any], city: make.City) -> dict[str, Any]:
    if "public" not in kept:
        made = make.dataset(city)
        service.set_served(made["resources"][0]["id"], io.BytesIO(CLEAN))
        model.Session.commit()
        make.bring_to(city, made, "published")
        kept["public"] = made
    return kept["public"]


def _masked(answer: Any) -> str:
    """A page without ids, tokens and names that its address or its reader bring in."""
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "ID", answer.get_data(as_text=True))
    text = re.sub(r"/dataset/[^/\"]+/resource", "/dataset/ID/resource", text)
    text = re.sub(r'(name="_csrf_token"|csrf)[^>]*', "CSRF", text)
    return re.sub(r"came_from=[^\"&]*", "came_from", text)


def test_public_data_serves_the_copy(get, city, kept):
    """To the public the copy; to the roles of the agency also the original."""
    public = _public(kept, city)
    assert get(None, _address(public)).data == CLEAN
    assert get("produsen_data", _original(public)).data == OLD
    assert get("pembina_data", _original(public)).data == OLD


def test_original_of_another_datasets_file(get, city, package, derived):
    """The address has to be right in both parts."""
    other = derived["resources"][0]["id"]
    assert get("produsen_data", _original(package, other)).status_code == 404


def test_served_copies_and_originals(city):
    """Made again, the original stays the uploaded file; an upload begins anew."""
    resource_id = make.dataset(city)["resources"][0]["id"]
    uploaded = service.sha256_of(resource_id)
    first = service.set_served(resource_id, io.BytesIO(b"bersih 1"))
    second = service.set_served(resource_id, io.BytesIO(b"bersih 2"))
    found = service.pointer(resource_id)
    assert (found.sha256, found.size) == (second, 8)
    assert (found.original_sha256, found.original_name) == (uploaded, "penduduk.csv")
    with service.open_original(resource_id) as source:
        assert source.read() == OLD
    service.set_served(resource_id, first)
    assert service.pointer(resource_id).sha256 == first
    other = make.dataset(city)["resources"][0]["id"]
    service.set_served(resource_id, first)
    service.copy(resource_id, other)
    assert service.pointer(other) == service.pointer(resource_id)
    service.set_served(resource_id, uploaded)
    assert service.pointer(resource_id).original_sha256 is None
    for wrong in ("0" * 64, "../../etc/passwd", ""):
        with pytest.raises(LookupError):
            service.set_served(resource_id, wrong)
    with pytest.raises(LookupError):
        service.put(str(uuid.uuid4()), io.BytesIO(b"x"))
    model.Session.commit()
    upload = make.upload(CLEAN, "baru.csv")
    make.call("resource_patch", city.produsen_data, id=other, upload=upload)
    assert service.pointer(other).original_sha256 is None
