"""What a harvested portal must keep, line by line, as a harvester without an account sees it.

Each line is a trap found in the sources of ckanext-harvest, ckanext-scheming and CKAN, or
in records of the national portal (docs/howto/harvest.md).
"""

from __future__ import annotations

import re
import uuid
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from dateutil import parser

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.satudata.approval.states import PRINCIPLES
from ckanext.satudata.common import startup
from ckanext.satudata.metadata import checks
from ckanext.satudata.metadata import service as metadata

from tests import factories as make
from tests.metadata import full_record

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]

CODES = {"pusat", "daerah-provinsi", "daerah-kota", "daerah-kabupaten"}
TAG = re.compile(r"[\w \-.]{2,100}")


def _ask(app: Any, action: str, **query: Any) -> Any:
    """Ask as a harvester does: GET, no account."""
    answer = app.get(f"/api/3/action/{action}?{urlencode(query)}")
    assert answer.status_code == 200, answer.data
    return answer.json["result"]


def _found(app: Any, key: str) -> list[dict[str, Any]]:
    return _ask(app, "package_search", fq=f"id:{key}", rows=100, sort="id asc")["results"]


def _extras(record: dict[str, Any]) -> dict[str, str]:
    return {one["key"]: one["value"] for one in record.get("extras") or ()}


def _write(app: Any, token: str, action: str, **data: Any) -> dict[str, Any]:
    """Call an action as a program of the agency does."""
    answer = app.post(f"/api/3/action/{action}", json=data, headers={"Authorization": token})
    assert answer.status_code == 200, answer.data
    return answer.json["result"]


@pytest.fixture
def token(kept, city):
    if "token" not in kept:
        made = make.call("api_token_create", city.produsen_data, user=city.produsen_data, name="t")
        kept["token"] = made["token"]
    return kept["token"]


@pytest.fixture
def full(kept, city, app, token):
    """A draft with every field of the scheme, and of a file, filled in."""
    if "full" not in kept:
        values = {one["field_name"]: full_record.filled(one) for one in metadata.fields()}
        values |= {"name": f"lengkap-{uuid.uuid4().hex[:8]}", "owner_org": city.opd}
        values |= {
            "jenis": "indikator",
            "license_id": "cc-by",
            "tag_string": "penduduk,jenis kelamin",
        }
        file = {one["field_name"]: full_record.filled(one) for one in metadata.resource_fields()}
        file |= {"url": "https://example.org/a.csv", "format": "CSV"}
        made = _write(app, token, "package_create", **values, resources=[file])
        kept["full"] = made["id"]
        kept["values"] = {**values, "resources": [file]}
    return kept["full"]


@pytest.fixture
def public(kept, city):
    """A published dataset with a file, tags and a free extra."""
    if "public" not in kept:
        package = make.dataset(
            city,
            author="Bidang Data Dinas Kesehatan",
            author_email="data@example.org",
            maintainer="Walidata Kota Blitar",
            maintainer_email="walidata@example.org",
            tags=[{"name": "penduduk"}, {"name": "jenis kelamin"}],
            extras=[{"key": "Catatan", "value": "Tiap tahun"}],
            license_id="cc-by",
        )
        make.bring_to(city, package, "published")
        kept["public"] = package["id"]
    return kept["public"]


# Line 1
def test_line_01_search_results_carry_the_fields_as_string_extras(app, public):
    """Under their national keys; ``package_show`` is what it was, for ckanapi."""
    (record,) = _found(app, public)
    extras = _extras(record)
    expected = {
        "konsep": "Penduduk",
        "satuan": "jiwa",
        "ukuran": "Jumlah",
        "jenis": "variabel",
        "accessRights": "terbuka",
        "accrualPeriodicity": "Tahunan",
        "judul_kegiatan": make.COMPLETE["judul_kegiatan"],
        "iv_metode_pengumpulan_data": "Pengumpulan data sekunder",
        "vi_apakah_melakukan_uji_coba": "Tidak",
        "viii_ketersediaan_produk_digital": "Ya",
        "viii_ketersediaan_produk_mikrodata": "Tidak",
        "produsen_data_name": "Dinas Kesehatan",
        "i_instansi_penyelanggara": "Dinas Kesehatan",
        "total_msvar": "1",
        "total_msind": "0",
        "Catatan": "Tiap tahun",
    }
    assert expected.items() <= extras.items()
    assert all(isinstance(value, str) and value for value in extras.values())
    shown = _ask(app, "package_show", id=public)
    assert _extras(shown) == {"Catatan": "Tiap tahun"}
    assert shown["metode_pengumpulan"] == ["data_sekunder"]


def test_line_01_every_field_with_a_national_key_is_among_them(app, full, token):
    """Nothing that the scheme names is left behind."""
    query = urlencode({"fq": f"id:{full}", "include_private": True})
    answer = app.get(
        f"/api/3/action/package_search?{query}", headers={"Authorization": token}
    ).json["result"]
    extras = _extras(answer["results"][0])
    for field in metadata.fields():
        for one in (field, *field.get("repeating_subfields", ())):
            keys = one.get("national") or ()
            for key in [keys] if isinstance(keys, str) else dict(keys).values():
                assert extras.get(key), key


def test_line_01_the_mirror_can_be_switched_off(app, public, monkeypatch):
    """Where the harvester runs the same scheme."""
    monkeypatch.setitem(tk.config, "ckanext.satudata.national_mirror", False)
    extras = _extras(_found(app, public)[0])
    assert "satuan" not in extras
    assert "publisher_type" not in extras


def test_line_01_extras_that_are_fields_are_taken_in(app, token, full, city):
    """A record read from search results, sent as it is, gives the same dataset."""
    query = urlencode({"fq": f"id:{full}", "include_private": True})
    headers = {"Authorization": token}
    answer = app.get(f"/api/3/action/package_search?{query}", headers=headers)
    (record,) = answer.json["result"]["results"]
    copy = _write(app, token, "package_create", **full_record.copied(record))
    shown = _write(app, token, "package_show", id=full)
    full_record.same(shown, _write(app, token, "package_show", id=copy["id"]))
    known = {one["field_name"] for one in metadata.fields()}
    bare = {key: value for key, value in full_record.copied(record).items() if key not in known}
    given = {"owner_org": city.opd, "title": record["title"], "name": f"t-{uuid.uuid4().hex[:8]}"}
    made = _write(app, token, "package_create", **bare, **given)
    assert not made.get("extras")
    for field in metadata.fields():
        if field.get("national"):
            assert made[field["field_name"]] == shown[field["field_name"]], field["field_name"]
    row = made["indikator"][0]
    assert row["rumus"] == "Isi rumus"
    assert row["nama"] == record["title"]


# Line 2
@pytest.mark.parametrize("access", ["terbuka", "terbatas"])
def test_line_02_codes_are_those_of_the_national_scheme(app, city, access):
    """Words of the national portal; a closed dataset is not harvested at all."""
    package = make.dataset(city, accessRights=access)
    make.bring_to(city, package, "published")
    extras = _extras(_found(app, package["id"])[0])
    assert extras["accessRights"] == access
    assert extras["publisher_type"] in CODES
    words = {"terbuka", "terbatas", "tertutup"}
    field = next(one for one in metadata.fields() if one["field_name"] == "accessRights")
    assert {one["value"] for one in field["choices"]} == words


# Line 3
def test_line_03_author_is_the_producer_and_maintainer_the_walidata(app, public):
    """With one e-mail address each."""
    (record,) = _found(app, public)
    assert record["author"] == "Bidang Data Dinas Kesehatan"
    assert record["maintainer"] == "Walidata Kota Blitar"
    labels = {one["field_name"]: one["label"]["id"] for one in metadata.fields()}
    assert (labels["author"], labels["maintainer"]) == ("Produsen data", "Walidata")
    for name in ("author_email", "maintainer_email"):
        assert re.fullmatch(r"[^@\s,;<>]+@[^@\s,;<>]+", record[name])


@pytest.mark.parametrize("field", ["author_email", "maintainer_email", "pj_surel"])
@pytest.mark.parametrize("value", ["a@example.org, b@example.org", "Data <a@example.org>", "a"])
def test_line_03_anything_but_one_address_is_refused(city, field, value):
    """The harvester's own validator would refuse the whole record."""
    with pytest.raises(tk.ValidationError) as refused:
        make.dataset(city, files=0, **{field: value})
    assert field in refused.value.error_dict


# Lines 4 and 5
def test_line_04_what_can_be_harvested_is_of_the_type_dataset(app, public):
    """Every record that an anonymous search gives."""
    answer = _ask(app, "package_search", rows=1000, sort="id asc")
    assert answer["count"] == len(answer["results"]) >= 1
    assert {one["type"] for one in answer["results"]} == {"dataset"}


def test_line_05_records_of_the_procedure_are_no_packages(app, city, public):
    """Letters, events, roles and withdrawals are tables: a search has no filter on types."""
    made = make.call("satudata_approval_history", city.walidata, id=public)
    assert len(made) >= 4
    kinds = {kind for (kind,) in model.Session.query(model.Package.type).distinct()}
    assert kinds == {"dataset"}
    assert _ask(app, "package_search", fq="-dataset_type:dataset")["count"] == 0


# Line 6
def test_line_06_what_is_not_validated_is_private_at_every_moment(app, city):
    """From the first row in the database until the publication."""
    package = make.dataset(city)
    key = package["id"]

    def hidden() -> None:
        model.Session.rollback()
        assert model.Package.get(key).private is True
        assert _found(app, key) == []
        assert app.get(f"/api/3/action/package_show?id={key}").status_code in (403, 404)

    hidden()
    for person, step, more in (
        (city.produsen_data, "submit", {}),
        (city.walidata, "claim", {}),
        (city.walidata, "confirm", {"checklist": dict.fromkeys(PRINCIPLES, "ok")}),
    ):
        make.call(f"satudata_approval_{step}", person, id=key, **more)
        hidden()
    make.validate(city, key)
    hidden()
    make.call("satudata_approval_publish", city.walidata, id=key)
    assert len(_found(app, key)) == 1


# Line 7
def test_line_07_publishing_moves_the_date_and_the_index(app, city):
    """An incremental job asks for what changed since its last one."""
    package = make.dataset(city)
    make.bring_to(city, package, "validated")
    before = make.call("package_show", city.produsen_data, id=package["id"])["metadata_modified"]
    since = f"metadata_modified:[{before}Z TO *] AND id:{package['id']}"
    assert _ask(app, "package_search", fq=since)["count"] == 0
    make.call("satudata_approval_publish", city.walidata, id=package["id"])
    (record,) = _ask(app, "package_search", fq=since)["results"]
    assert record["metadata_modified"] > before
    moved = parser.parse(record["metadata_modified"]) + timedelta(seconds=1)
    later = f"metadata_modified:[{moved.isoformat()}Z TO *] AND id:{package['id']}"
    assert _ask(app, "package_search", fq=later)["count"] == 0


# Line 8
def test_line_08_a_withdrawal_is_told_because_no_job_brings_it(app, city):
    """The record is gone from the search, its link says why, and there is a list of notices."""
    package = make.dataset(city)
    make.bring_to(city, package, "published")
    url = _found(app, package["id"])[0]["resources"][0]["url"]
    path = url.removeprefix(tk.config["ckan.site_url"])
    notice = "Angka keliru, diperbaiki."
    make.call(
        "satudata_approval_withdraw", city.walidata, id=package["id"], reason="wrong", notice=notice
    )
    assert _found(app, package["id"]) == []
    answer = app.get(path, follow_redirects=False)
    assert answer.status_code == 410
    assert notice in answer.get_data(as_text=True)
    notices = _ask(app, "satudata_withdrawal_list")
    assert notice in str(notices)


# Line 9
def test_line_09_names_tags_and_ids_are_what_every_portal_takes(app, public):
    """Else the record fails there, and every later job becomes a full one."""
    for record in _ask(app, "package_search", rows=1000)["results"]:
        assert re.fullmatch(r"[a-z0-9_\-]{2,100}", record["name"])
        assert all(TAG.fullmatch(tag["name"]) for tag in record["tags"])
        assert len(record.get("version") or "") <= 100
        for key in (record["id"], *(one["id"] for one in record["resources"])):
            assert str(uuid.UUID(key)) == key
    assert {tag["name"] for tag in _found(app, public)[0]["tags"]} == {"penduduk", "jenis kelamin"}


@pytest.mark.parametrize(
    "values",
    [
        {"tags": [{"name": "a"}]},
        {"tags": [{"name": "a/b"}]},
        {"tags": [{"name": "x" * 101}]},
        {"tag_string": "penduduk,laki & perempuan"},
        {"name": "Nama Besar"},
        {"name": "n" * 101},
        {"version": "1" * 101},
        {"id": "bukan-uuid"},
    ],
    ids=lambda values: next(iter(values)) + str(values)[-12:],
)
def test_line_09_others_are_refused_here_already(city, values):
    """By the field they stand in, while the agency is there to correct them."""
    with pytest.raises(tk.ValidationError) as refused:
        make.dataset(city, files=0, **values)
    assert refused.value.error_dict


# Line 10
def test_line_10_files_have_a_size_dates_and_a_public_address(app, public):
    """A whole number, ISO, and absolute: the harvester copies the address as it is."""
    (resource,) = _found(app, public)[0]["resources"]
    assert isinstance(resource["size"], int)
    for name in ("created", "last_modified", "metadata_modified"):
        assert datetime.fromisoformat(resource[name])
    address = resource["url"]
    assert address.startswith(tk.config["ckan.site_url"] + "/")
    assert app.get(address.removeprefix(tk.config["ckan.site_url"])).status_code == 200


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("https://satudata.blitarkota.go.id", False),
        ("https://103.140.0.1", False),
        ("http://localhost:5000", True),
        ("http://api", True),
        ("http://10.0.0.5", True),
        ("http://192.168.1.2:8080", True),
        ("http://127.0.0.1", True),
        ("http://[::1]:5000", True),
        ("http://ckan.local", True),
        ("http://portal.localhost", True),
    ],
)
def test_line_10_an_address_that_only_we_know_is_told(monkeypatch, address, told):
    """By the self-test, which lets the portal serve all the same."""
    monkeypatch.setitem(tk.config, "ckan.site_url", address)
    problems = list(checks.harvesters_reach_the_portal())
    assert [one.part for one in problems] == ["harvest"] * told
    assert not any(one.blocks for one in problems)
    assert all(address in one.what and "site_url" in one.remedy for one in problems)


# Line 11
def test_line_11_extras_are_unique_short_and_dates_are_dates(app, city):
    """A value that the index refuses would cost the whole record; here it costs its end."""
    long, word = "kata " * 9000, "x" * 40_000
    package = make.dataset(
        city,
        definisi=long,
        klasifikasi=word,
        jenis="indikator",
        indikator=[
            {
                **dict.fromkeys(("nama", "definisi", "metode_perhitungan", "satuan"), "Isi"),
                "interpretasi": long,
                "indikator_komposit": "tidak",
                "variabel_pembangun": long,
                "level_estimasi": "Kota",
            }
        ],
        extras=[
            {"key": "Catatan", "value": long},
            {"key": "rapat_date", "value": "2026-11-24"},
            {"key": "terbit_date", "value": "akhir tahun"},
        ],
    )
    make.bring_to(city, package, "published")
    (record,) = _found(app, package["id"])
    keys = [one["key"] for one in record["extras"]]
    assert len(keys) == len(set(keys))
    assert all(keys)
    for key, value in _extras(record).items():
        assert isinstance(value, str)
        assert len(value.encode()) < 32_000 + 1, key
        if key.endswith("_date"):
            assert parser.parse(value)
    for key in ("definisi", "klasifikasi", "interpretasi", "Catatan"):
        assert _extras(record)[key].endswith("…")
    assert "rapat_date" in keys
    shown = _ask(app, "package_show", id=package["id"])
    assert (shown["definisi"].strip(), shown["klasifikasi"]) == (long.strip(), word)
    assert _extras(shown)["terbit_date"] == "akhir tahun"


@pytest.mark.parametrize(
    "extras",
    [
        [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}],
        [{"key": "", "value": "1"}],
    ],
)
def test_line_11_a_key_twice_or_none_is_refused(city, extras):
    """As the harvester's validators refuse it."""
    with pytest.raises(tk.ValidationError):
        make.dataset(city, files=0, extras=extras)


# Line 12
def test_line_12_a_harvester_can_page_and_ask_for_what_changed(app, city, public):
    """Sorted by id; what it asks for is added to what may be seen, and the other way round."""
    ours = f"organization:{city.opd}"
    draft = make.dataset(city, files=0)

    def found(fq: str, **more: Any) -> list[str]:
        asked = {"rows": 1000, "sort": "id asc", **more}
        return [one["id"] for one in _ask(app, "package_search", fq=fq, **asked)["results"]]

    ids = found(ours)
    assert ids == sorted(ids)
    assert public in ids
    assert draft["id"] not in ids
    pages: list[str] = []
    while page := found(ours, rows=2, start=len(pages)):
        pages += page
    assert pages == ids
    assert found(f"{ours} metadata_modified:[2001-01-01T00:00:00Z TO *]") == ids
    assert found(f"{ours} metadata_modified:[2999-01-01T00:00:00Z TO *]") == []
    assert found(f"-organization:{city.opd} +id:{public}") == []
    assert found(f"+(id:{draft['id']} OR id:{public})") == [public]
    assert found(f"id:{draft['id']} +capacity:private +state:draft") == []


# Line 13
def test_line_13_a_page_of_a_hundred_is_not_cut(app, public, monkeypatch):
    """A harvester goes on by 100 whatever it got; a shorter limit is told."""
    assert tk.config["ckan.search.rows_max"] >= checks.PAGE
    assert list(checks.harvesters_reach_the_portal()) == []
    monkeypatch.setitem(tk.config, "ckan.search.rows_max", 99)
    (problem,) = checks.harvesters_reach_the_portal()
    assert (problem.part, problem.blocks) == ("harvest", False)
    assert "rows_max" in problem.remedy
    assert [one for one in startup.findings() if one.part == "harvest"] == [problem]
    assert startup.problems() == []


# Line 14
def test_line_14_the_api_is_open_and_never_says_too_many(app, public):
    """Whoever gets an error page while paging loses the rest without a word."""
    path = "/api/3/action/package_search?rows=100&sort=" + quote("id asc")
    answers = [app.get(path) for _number in range(60)]
    assert {one.status_code for one in answers} == {200}
    assert all(one.json["success"] and one.json["result"]["results"] for one in answers)
    for action in ("status_show", "organization_list", "package_list", "satudata_withdrawal_list"):
        assert app.get(f"/api/3/action/{action}").json["success"] is True


# ckanapi: package_show, package_create, package_update
def test_a_round_trip_by_ckanapi_is_clean_field_by_field(app, token, full, kept):
    """All fields of the scheme filled in: a copy, and an update of itself, are equal."""
    shown = _write(app, token, "package_show", id=full)
    assert len(metadata.fields()) == len([one for one in kept["values"] if one != "resources"])
    for name, value in kept["values"].items():
        if name not in ("tag_string", "resources", "owner_org"):
            assert shown[name] == value, name
    file = kept["values"]["resources"][0]
    assert file.items() <= shown["resources"][0].items()
    assert [tag["name"] for tag in shown["tags"]] == ["jenis kelamin", "penduduk"]
    copy = _write(app, token, "package_create", **full_record.copied(shown))
    full_record.same(shown, _write(app, token, "package_show", id=copy["id"]))
    _write(app, token, "package_update", **shown)
    full_record.same(shown, _write(app, token, "package_show", id=full), "metadata_modified")
    _write(app, token, "package_patch", id=full, notes=shown["notes"])
    full_record.same(shown, _write(app, token, "package_show", id=full), "metadata_modified")
