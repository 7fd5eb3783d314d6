"""Access classes: who reads files and rows, path by path, role by role, class by class."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.satudata.approval import access, gate_find, publication
from ckanext.satudata.roles import permissions as roles

from tests import factories as make

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]

SECRET = 41_207
NAMED = "pimpinan_daerah"
#: {0} is the dataset, {1} its file, {2} a preview of it, {3} another, open dataset, {4} an
#: alias of its table.
ABOUT = ["/dataset/{0}", "/dataset/{0}/resource/{1}"]
CONTENT = [
    "/dataset/{0}/resource/{1}/download/penduduk.csv",
    "/dataset/{0}/resource/{1}/download",
    "/en/dataset/{0}/resource/{1}/download",
    "/dataset/{3}/resource/{1}/download",
    "/dataset/{0}/resource/{1}/view/{2}",
    "/datastore/dump/{1}",
    "/datastore/dump/{1}?format=json",
]
CALLS = [
    ("datastore_search", {"resource_id": "{1}"}),
    ("datastore_search", {"id": "{1}", "limit": "0"}),
    ("datastore_search", {"resource_id": "{4}"}),
    ("datastore_info", {"id": "{1}"}),
]
READ = [
    *("produsen_data", "walidata_pendukung", "kepala_opd", "walidata", "pembina_data"),
    *(NAMED, "sysadmin"),
]
REFUSED = [None, "outsider", "other_produsen", "other_kepala", "sekretariat"]


def with_rows(city: make.City, state: str, level: str, **more: Any) -> dict[str, Any]:
    """A dataset with rows and a preview, brought to a state."""
    package = make.dataset(city, accessRights=level, **more)
    key = package["resources"][0]["id"]
    values = {"resource_id": key, "force": True, "records": [{"kasus": SECRET}]}
    package["alias"] = values["aliases"] = f"alias-{key}"
    tk.get_action("datastore_create")({"ignore_auth": True, "user": city.produsen_data}, values)
    view = {"resource_id": key, "view_type": "datatables_view", "title": "Tabel"}
    package["view"] = make.call("resource_view_create", city.produsen_data, **view)["id"]
    if state != "draft":
        make.bring_to(city, package, state)
    return package


@pytest.fixture
def data(kept, city) -> dict[str, Any]:
    """A published dataset of each class that is published, and a closed one."""
    if "data" not in kept:
        kept["data"] = {
            "terbuka": with_rows(city, "published", "terbuka"),
            "terbatas": with_rows(city, "published", "terbatas", akses_peran=[NAMED]),
            "tertutup": with_rows(city, "validated", "tertutup", akses_peran=[NAMED]),
        }
    return kept["data"]


@pytest.fixture
def as_(kept, city) -> Any:
    """Headers of a person; None is anonymous."""
    from ckan.tests import factories

    def headers(person: str | None) -> dict[str, str]:
        if person is None:
            return {}
        tokens = kept.setdefault("tokens", {})
        if person not in tokens:
            tokens[person] = factories.APIToken(user=getattr(city, person))["token"]
        return {"Authorization": tokens[person]}

    return headers


def _filled(pattern: str, package: dict[str, Any], data: dict[str, Any]) -> str:
    other = data["terbuka"]["name"]
    key = package["resources"][0]["id"]
    return pattern.format(package["name"], key, package["view"], other, package["alias"])


def _secret(body: Any) -> bool:
    text = body if isinstance(body, str) else body.decode("utf-8", "replace")
    return str(SECRET) in text or "KABUPATEN BOGOR" in text


@pytest.mark.parametrize("path", CONTENT)
def test_content_of_restricted_data_is_refused_with_the_way_to_ask(app, data, as_, path):
    """403, who may read, the PPID; not a byte of the data."""
    url = _filled(path, data["terbatas"], data)
    assert app.test_client().head(url).status_code == 403
    for person in REFUSED:
        answer = app.get(url, headers=as_(person), status=403)
        assert not _secret(answer.data), person
        assert answer.headers["Cache-Control"] == "private, no-store"
        for told in ("PPID Kota Blitar", "diskominfotik@blitarkota.go.id", "UU 14/2008 pasal 17"):
            assert told in answer.body, told


@pytest.mark.parametrize(("action", "given"), CALLS)
def test_rows_of_restricted_data_are_refused_by_the_api(app, data, as_, action, given):
    """403 with the same words, also where other refusals look like a missing table."""
    filled = {key: _filled(one, data["terbatas"], data) for key, one in given.items()}
    url = f"/api/3/action/{action}"
    for person in REFUSED:
        answer = app.post(url, json=filled, headers=as_(person), status=403)
        assert answer.json["error"]["__type"] == "Authorization Error"
        assert "PPID Kota Blitar" in answer.json["error"]["message"]
        assert not _secret(answer.data), person
    for person in READ:
        app.post(url, json=filled, headers=as_(person), status=200)


@pytest.mark.parametrize("person", READ)
def test_the_roles_read_restricted_data(app, data, as_, person):
    """The parties of the process, those of the named role, the administrator."""
    for path in (CONTENT[0], CONTENT[4], CONTENT[5]):
        answer = app.get(_filled(path, data["terbatas"], data), headers=as_(person), status=200)
        assert _secret(answer.data) or "/view/" in path
    body = app.get(_filled(ABOUT[1], data["terbatas"], data), headers=as_(person)).body
    assert "/download" in body
    assert "diskominfotik@blitarkota.go.id" not in body


@pytest.mark.parametrize("person", [None, "outsider"])
def test_metadata_of_restricted_data_is_public(app, data, as_, person):
    """Found, shown, told how to ask; no button to download, no preview, no dictionary."""
    package = data["terbatas"]
    for path in ABOUT:
        body = app.get(_filled(path, package, data), headers=as_(person), status=200).body
        for told in ("PPID Kota Blitar", "UU 14/2008 pasal 17", "10 hari kerja"):
            assert told in body, told
        # The block for search engines names the address, as the API does.
        body = re.sub(r'<script type="application/ld\+json">.*?</script>', "", body, flags=re.S)
        assert "/download" not in body
        assert "kasus" not in body
        assert not _secret(body)
    found = app.get(f"/api/3/action/package_search?fq=id:{package['id']}", headers=as_(person))
    (result,) = found.json["result"]["results"]
    assert result["accessRights"] == "terbatas"
    assert result["akses_peran"] == [NAMED]
    assert result["resources"][0]["url"].endswith("/download/penduduk.csv")


@pytest.mark.parametrize("path", ABOUT + CONTENT)
def test_closed_data_looks_like_missing_data(app, data, as_, path):
    """Nothing is told of it, not even its class, also to a role that the field names."""
    for person in (None, NAMED, "other_kepala"):
        answer = app.get(_filled(path, data["tertutup"], data), headers=as_(person), status=404)
        assert "PPID" not in answer.body
        assert not _secret(answer.data)


def test_the_road_of_closed_data_ends_at_validated(app, city, data, as_):
    """The tick passes it by, a person cannot publish it, its page says so."""
    package = data["tertutup"]
    assert package["id"] not in publication.due()
    with pytest.raises(tk.ValidationError) as refused:
        make.call("satudata_approval_publish", city.walidata, id=package["id"])
    assert refused.value.error_dict["code"] == ["access"]
    assert make.call("package_show", city.walidata, id=package["id"])["private"] is True
    approval = make.call("satudata_approval_show", city.walidata, id=package["id"])
    assert (approval["state"], approval["due_at"]) == ("validated", None)
    assert approval["letter_id"]
    body = app.get(f"/dataset/{package['name']}", headers=as_("walidata"), status=200).body
    assert "Tidak dipublikasikan (tertutup)" in body
    assert "jalannya berakhir di sini" in body
    for absent in ("Tahan publikasi", "/satudata/hold", "tiga menit"):
        assert absent not in body, absent
    for person in ("produsen_data", "kepala_opd"):
        app.get(_filled(CONTENT[0], package, data), headers=as_(person), status=200)
    found = app.get(f"/api/3/action/package_search?fq=id:{package['id']}").json["result"]
    assert found["count"] == 0


@pytest.mark.parametrize("person", [None, "outsider"])
def test_open_data_is_for_everybody(app, data, as_, person):
    """As ever."""
    for path in ABOUT + CONTENT:
        app.get(_filled(path, data["terbuka"], data), headers=as_(person), status=200)
    assert "PPID" not in app.get(_filled(ABOUT[0], data["terbuka"], data)).body


def test_rows_by_sql_and_by_the_table_of_a_preview(app, city, data):
    """Every table of the query is asked; the preview's own address too."""
    key, other = (data[one]["resources"][0]["id"] for one in ("terbatas", "terbuka"))
    for person, told in ((city.outsider, True), (getattr(city, NAMED), False), ("", True)):
        context = {"user": person, "table_names": [other, key]}
        refused = None
        try:
            tk.check_access("datastore_search_sql", context, {})
        except access.Restricted as error:
            refused = error
        assert (refused is not None) is told
    form = {"draw": "1", "search[value]": "", "start": "0", "length": "10"}
    answer = app.post(f"/datatables/ajax/{data['terbatas']['view']}", data=form, status=None)
    assert answer.status_code == 403
    assert not _secret(answer.data)


def test_a_role_that_ended_reads_no_more(city, data):
    """Roles are asked at the moment of reading."""
    person = make.user("pimpinan")
    made = city.assign(person, NAMED)
    facts, reader = access.of(data["terbatas"]["id"]), model.User.get(person)
    assert facts is not None
    assert access.may_read_data(reader, facts)
    make.call("satudata_role_end", city.sysadmin, id=made["id"])
    assert roles.holdings(reader.id) == []
    assert not access.may_read_data(reader, facts)


def _store(package_id: str, value: str | None) -> None:
    """Change the class around every gate, as a script with the database's password would."""
    package = model.Package.get(package_id)
    if value is None:
        del package.extras["accessRights"]
    else:
        package.extras["accessRights"] = value
    model.Session.commit()
    model.Session.remove()


@pytest.mark.parametrize(
    ("level", "stored", "holds"),
    [
        ("terbatas", "terbuka", "terbatas"),
        ("terbatas", "tertutup", "tertutup"),
        ("terbuka", "terbatas", "terbatas"),
        ("terbuka", "rahasia", "tertutup"),
        ("terbuka", "", "tertutup"),
        ("terbuka", None, "tertutup"),
    ],
)
def test_of_stored_and_validated_class_the_stricter_holds(app, data, level, stored, holds):
    """An unknown or a missing word closes."""
    package = data[level]
    try:
        _store(package["id"], stored)
        facts = access.of(package["id"])
        assert facts is not None
        assert facts.level == holds
        app.get(_filled(CONTENT[0], package, data), status=403)
    finally:
        _store(package["id"], level)


def test_unreadable_names_name_nobody():
    """What is stored there by hand may be anything."""
    for stored in ("[", '"pimpinan_daerah"', "7", '["outsider", 7, null]', "", None):
        assert access._codes(stored) == frozenset()


def test_the_class_is_locked_with_the_dataset(city, data):
    """The gate holds for class and names as for everything else."""
    for values in ({"accessRights": "terbuka"}, {"akses_peran": ["sekretariat"]}):
        with pytest.raises(tk.ValidationError) as refused:
            make.call("package_patch", city.sysadmin, id=data["terbatas"]["id"], **values)
        assert refused.value.error_dict["code"] == ["locked"]


def test_a_draft_is_restricted_among_those_who_see_it(city):
    """A collaborator of CKAN sees the draft and reads no restricted data; its parties do."""
    package = make.dataset(city, accessRights="terbatas")
    facts = access.of(package["id"])
    assert facts is not None
    assert not access.may_read_data(model.User.get(city.outsider), facts)
    assert access.may_read_data(model.User.get(city.produsen_data), facts)


def test_reading_metadata_costs_nothing_and_data_a_constant(data):
    """package_show asks nothing of the classes; a file three queries, whatever it is."""
    seen: list[str] = []

    def count(_conn: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        seen.append(statement)

    engine = model.Session.get_bind()
    sa.event.listen(engine, "before_cursor_execute", count)
    try:
        make.call("package_show", None, id=data["terbatas"]["id"])
        assert not [one for one in seen if "publication" in one or "role" in one]
        seen.clear()
        access.of(data["terbatas"]["id"])
        assert len(seen) == 3
    finally:
        sa.event.remove(engine, "before_cursor_execute", count)


@pytest.mark.skipif(not hasattr(model, "FileOwner"), reason="CKAN 2.12 has files of their own")
@pytest.mark.parametrize("kind", ["resource", "package"])
def test_files_of_2_12_ask_too(city, data, kind, monkeypatch):
    """A file that the files table gives to a dataset or to one of its files."""
    cascade = {"resource": [], "package": []}
    monkeypatch.setitem(tk.config, "ckan.files.owner.cascade_access", cascade)
    package = data["terbatas"]
    owner = package["id"] if kind == "package" else package["resources"][0]["id"]
    made = model.File(name="a.csv", location=f"a-{kind}.csv", storage="default")
    model.Session.add(made)
    model.Session.flush()
    row = model.FileOwner(file_id=made.id, owner_id=owner, owner_type=kind)
    model.Session.add(row)
    model.Session.commit()
    given = {"id": made.id}
    assert gate_find.find("file:id", given) == {package["id"]}
    tk.check_access("permission_download_file", {"user": getattr(city, NAMED)}, dict(given))
    for person in ("", city.outsider):
        with pytest.raises(access.Restricted):
            tk.check_access("permission_download_file", {"user": person}, dict(given))
