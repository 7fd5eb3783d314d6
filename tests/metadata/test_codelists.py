"""Code lists: well-formed, from two sources, looked up by any spelling, added to by a city."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from ckan.plugins import toolkit as tk
from ckan.tests import helpers

from ckanext.satudata import profile
from ckanext.satudata.approval import states, texts
from ckanext.satudata.common import csvs
from ckanext.satudata.metadata import checks, codefiles, codelists
from ckanext.satudata.metadata import service as metadata
from ckanext.satudata.metadata.codefiles import CodeListError

#: A list that is right; tests break it.
GOOD: dict[str, Any] = {
    "key": "contoh",
    "title": {"id": "Contoh", "en": "Example"},
    "about": "Contoh",
    "source": "Satu",
    "source_date": "2026-01",
    "licence": "Fakta",
    "checked_against": "Dua",
    "columns": {"nomor": {"id": "Nomor", "en": "Number"}},
    "unique": ["nomor"],
    "items": [
        {"code": "a", "id": "Alif", "en": "Aleph", "nomor": "1"},
        {"code": "b", "id": "Ba", "en": "Beth", "nomor": "2", "variants": ["Bet"]},
    ],
}


def regions(level: str) -> list[codefiles.Item]:
    """Regions of Indonesia of one level, without those of a city."""
    found = codefiles.shipped("wilayah").items
    return [one for one in found if one.columns["tingkat"] in level]


# ---------------------------------------------------------------- the files
@pytest.mark.parametrize("name", sorted(codefiles.available()))
def test_list_says_where_it_comes_from(name):
    """Source, date, licence and second source; labels in both languages; nothing empty."""
    found = codefiles.shipped(name)
    head = found.head
    assert head.licence
    for text in (head.title, head.about, head.source, head.checked_against):
        assert text.id.strip() == text.id
        assert text.en.strip() == text.en
    assert len(found.codes) == len(found.items) > 2
    for one in found.items:
        assert all(word and word == word.strip() for word in one.words())


def test_every_list_of_the_procedure_is_there():
    """What the portal promises to know."""
    assert set(codefiles.available()) >= {
        *("wilayah", "frekuensi", "akses", "urusan", "sektor_kegiatan", "cara_pengumpulan"),
        *("metode_pengumpulan", "ukuran", "satuan", "sdgs", "alasan_pengembalian"),
    }


def test_all_provinces_and_regencies_have_both_codes():
    """38 provinces, 416 regencies and 98 cities; the bridge is one to one."""
    counts = Counter(one.columns["tingkat"] for one in codefiles.shipped("wilayah").items)
    assert counts == {"provinsi": 38, "kabupaten": 416, "kota": 98}
    everywhere = codefiles.shipped("wilayah").items
    assert len({one.columns["bps"] for one in everywhere}) == len(everywhere)
    for one in everywhere:
        assert re.fullmatch(r"\d\d(\.\d\d)?", one.code)
        assert len(one.columns["bps"]) == len(one.code.replace(".", ""))


def test_a_regency_lies_in_its_province_in_both_codings():
    """Kemendagri by the code above it, BPS by the code of that province."""
    provinces = {one.code: one.columns["bps"] for one in regions("provinsi")}
    for one in regions("kabupaten kota"):
        assert one.columns["induk"] == one.code[:2]
        assert one.columns["bps"][:2] == provinces[one.code[:2]], one.code
        city = one.id.startswith("Kota ")
        assert (one.columns["tingkat"] == "kota") == city
        assert (int(one.columns["bps"][2:]) > 70) == city == (int(one.code[3:]) > 70)


def test_codes_are_never_derived_from_each_other():
    """They differ for 199 of 514 regencies, and for every province of Papua but none other."""
    rows = regions("kabupaten kota")
    assert sum(one.columns["bps"] != one.code.replace(".", "") for one in rows) == 199
    other = {one.id: one.columns["bps"] for one in regions("provinsi") if one.code[0] == "9"}
    assert other == {
        "Papua": "94",
        "Papua Barat": "91",
        "Papua Selatan": "95",
        "Papua Tengah": "96",
        "Papua Pegunungan": "97",
        "Papua Barat Daya": "92",
    }
    rest = [one for one in regions("provinsi") if one.code[0] != "9"]
    assert all(one.code == one.columns["bps"] for one in rest)


@pytest.mark.parametrize(
    ("kemendagri", "bps", "name"),
    [
        ("35.72", "3572", "Kota Blitar"),
        ("35.05", "3505", "Kabupaten Blitar"),
        ("11.01", "1103", "Kabupaten Aceh Selatan"),
        ("11.10", "1102", "Kabupaten Aceh Singkil"),
        ("31.74", "3171", "Kota Administrasi Jakarta Selatan"),
        ("73.24", "7325", "Kabupaten Luwu Timur"),
        ("93.01", "9501", "Kabupaten Merauke"),
        ("94.01", "9604", "Kabupaten Nabire"),
        ("95.01", "9702", "Kabupaten Jayawijaya"),
        ("96.71", "9271", "Kota Sorong"),
        ("91.71", "9471", "Kota Jayapura"),
        ("92.03", "9101", "Kabupaten Fak Fak"),
    ],
)
def test_bridge_of_known_regions(kemendagri, bps, name):
    """Read from the sources by hand."""
    one = codefiles.shipped("wilayah").codes[kemendagri]
    assert (one.columns["bps"], one.id) == (bps, name)


def test_villages_of_kota_blitar_stand_in_its_profile():
    """3 sub-districts and 21 villages; the list as a whole stays one to one."""
    found = codefiles.added("p", "wilayah", profile.load("kota_blitar").code_lists["wilayah"])
    own = [one for one in found.items if one.code.startswith("35.72.")]
    assert Counter(one.columns["tingkat"] for one in own) == {"kecamatan": 3, "kelurahan": 21}
    for one in own:
        above = found.codes[one.columns["induk"]]
        assert one.code.startswith(f"{above.code}.")
        assert one.columns["bps"].startswith(above.columns["bps"])
    assert found.codes["35.72.01"].columns["bps"] == "3572020"
    assert found.codes["35.72.03.1006"].columns["bps"] == "3572030004"


def test_iso_8601_durations():
    """Each is one period, or none for what has no period."""
    found = {one.code: one.columns.get("iso8601") for one in codefiles.shipped("frekuensi").items}
    assert found.pop("ad_hoc") is None
    assert all(re.fullmatch(r"P\d[DWMY]", text or "") for text in found.values())
    assert found["triwulanan"] == "P3M"


def test_urusan_lie_under_their_affair():
    """7.01 is the sub-district and 8.01 kesbangpol, unlike a list that is found in public."""
    found = codefiles.shipped("urusan").codes
    assert found["7.01"].id == "Kecamatan"
    assert found["8.01"].id == "Kesatuan Bangsa dan Politik"
    assert all(one.columns["induk"] == code[0] for code, one in found.items() if "." in code)
    assert len([code for code in found if re.fullmatch(r"[123]\.\d\d", code)]) == 32


# ---------------------------------------------------------------- one place for a code
@pytest.mark.both
@pytest.mark.usefixtures("with_plugins")
@pytest.mark.parametrize(
    ("name", "field"), [("frekuensi", "accrualPeriodicity"), ("akses", "accessRights")]
)
def test_list_reads_the_choices_of_the_scheme(name, field):
    """Codes that are stored in datasets, in their order, with the labels of the form."""
    (scheme,) = [one for one in metadata.fields() if one["field_name"] == field]
    want = [(one["value"], one["label"]) for one in scheme["choices"]]
    found = codefiles.shipped(name).items
    assert [(one.code, {"id": one.id, "en": one.en}) for one in found] == want


@pytest.mark.both
@pytest.mark.usefixtures("with_plugins")
def test_reasons_of_the_approval_are_the_list():
    """Codes in the procedure, words on its pages."""
    found = codefiles.shipped("alasan_pengembalian").items
    assert list(states.REASONS) == list(texts.reasons()) == [one.code for one in found]
    assert set(states.HEAD_REASONS) <= set(states.REASONS)
    assert sum(states.REASONS.values()) == 9


# ---------------------------------------------------------------- looking up
@pytest.mark.both
@pytest.mark.usefixtures("with_plugins")
@pytest.mark.parametrize(
    ("name", "word", "code"),
    [
        ("satuan", "%", "persen"),
        ("satuan", "Persentase", "persen"),
        ("satuan", "PERSEN", "persen"),
        ("satuan", " persen  (%) ", "persen"),
        ("satuan", "Percent", "persen"),
        ("satuan", "Kg", "kilogram"),
        ("satuan", "m2", "meter_persegi"),
        ("satuan", "m²", "meter_persegi"),
        ("satuan", "Ha.", "hektare"),
        ("satuan", "kw", None),
        ("satuan", "sak", None),
        ("ukuran", "Persentase", "persentase"),
        ("frekuensi", "Insidental", "ad_hoc"),
        ("frekuensi", "Per Triwulan", "triwulanan"),
        ("frekuensi", "Yearly", "tahunan"),
        ("wilayah", "Kab. Blitar", "35.05"),
        ("wilayah", "KOTA BLITAR", "35.72"),
        ("wilayah", "Kabupaten Toba Samosir", "12.12"),
        ("wilayah", "DKI Jakarta", "31"),
        ("wilayah", "Kabupaten Fakfak", "92.03"),
        ("wilayah", "35.72.02.1006", "35.72.02.1006"),
        ("wilayah", "Sukorejo", None),
        ("sdgs", "1", "1"),
        ("tidak_ada", "1", None),
    ],
)
def test_word_resolves_to_its_code(name, word, code):
    """By code, label and spelling; not where a word means two things."""
    found = codelists.find(name, word)
    assert (found.code if found else None) == code


@pytest.mark.both
@pytest.mark.usefixtures("with_plugins")
def test_nearest_words_of_an_unknown_one():
    """A typing error finds its word; nonsense finds none."""
    assert codelists.nearest("satuan", "persn")[0].code == "persen"
    assert codelists.nearest("wilayah", "Kabupaten Blitr")[0].code == "35.05"
    assert codelists.nearest("satuan", "qqqqqqqqq") == []
    assert codelists.nearest("tidak_ada", "persen") == []


@pytest.mark.both
@pytest.mark.usefixtures("with_plugins")
def test_region_is_found_by_its_bps_code():
    """The bridge read from the other side."""
    found = codelists.by_column("wilayah", "bps", "9501")
    assert found is not None
    assert found.code == "93.01"
    assert codelists.by_column("wilayah", "bps", "0000") is None


# ---------------------------------------------------------------- a city's own
@pytest.mark.both
@pytest.mark.usefixtures("with_plugins", "non_clean_db")
@pytest.mark.ckan_config("ckanext.satudata.profile", "kabupaten_contoh")
def test_another_city_adds_codes_and_a_list():
    """Without villages; its own list comes after the shipped ones."""
    assert codelists.names()[-1] == "pasar"
    assert codelists.find("pasar", "alun-alun market").code == "P01"
    assert codelists.find("wilayah", "Kabupaten Contoh").columns["bps"] == "9901"
    assert codelists.find("wilayah", "35.72.01") is None
    shown = helpers.call_action("satudata_code_list_show", id="wilayah", q="contoh")
    assert [one["code"] for one in shown["items"]] == ["99", "99.01"]
    assert shown["additions"][0]["count"] == 2
    assert list(checks.code_lists_are_well_formed()) == []


ADDED = {"source": "a", "source_date": "2026", "checked_against": "b"}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("akses", {**ADDED, "items": [{"code": "x", "id": "X", "en": "X"}]}, "closed"),
        ("satuan", {**ADDED, "items": []}, "code_lists.satuan: items"),
        ("satuan", {"items": [{"code": "x", "id": "X", "en": "X"}]}, "source"),
        ("satuan", {**ADDED, "items": [{"code": "ton", "id": "T", "en": "T"}]}, "ton belongs to"),
        ("satuan", {**ADDED, "items": [{"code": "x", "id": "%", "en": "X"}]}, "belongs to persen"),
        ("satuan", {**ADDED, "items": [{"code": "x", "id": "X"}]}, "items.0.en"),
        ("satuan", {**ADDED, "items": [{"code": "x", "id": "X", "en": "X", "z": "1"}]}, "0.z"),
        ("satuan", {**ADDED, "title": "T", "items": [{"code": "x"}]}, "title and columns"),
        ("pasar", {**ADDED, "items": [{"code": "x", "id": "X", "en": "X"}]}, "pasar.title"),
        ("Pasar Kota", {**ADDED, "title": "T", "items": [{"code": "x"}]}, "small letters"),
        ("wilayah", {**ADDED, "items": [{"code": "99", "bps": "35", "id": "X"}]}, "belongs to 35"),
    ],
)
def test_wrong_addition_names_profile_and_key(name, content, said):
    """What the operator reads at start-up."""
    with pytest.raises(CodeListError) as refused:
        codefiles.added("/etc/kota.yaml", name, content)
    assert all(one.startswith("/etc/kota.yaml: ") for one in refused.value.problems)
    assert said in str(refused.value)


@pytest.mark.both
@pytest.mark.usefixtures("with_plugins")
def test_wrong_addition_keeps_the_portal_from_serving(tmp_path, monkeypatch):
    """The self-test tells it with file and key."""
    content = yaml.safe_load(Path(profile.available()["kota_blitar"]).read_text())
    content["code_lists"]["akses"] = {**ADDED, "items": [{"code": "x", "id": "X", "en": "X"}]}
    path = tmp_path / "kota.yaml"
    path.write_text(yaml.safe_dump(content))
    monkeypatch.setitem(tk.config, "ckanext.satudata.profile", str(path))
    (problem,) = checks.code_lists_are_well_formed()
    assert problem.blocks
    assert problem.what.startswith(f"{path}: code_lists.akses")


# ---------------------------------------------------------------- wrong files
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"title": None}, "title"),
        ({"source_date": "kemarin"}, "source_date"),
        ({"licence": 3}, "licence"),
        ({"unknown": "x"}, "unknown"),
        ({"items": []}, "items"),
        ({"items": "a"}, "items"),
        ({"items": [{"code": "a", "id": "A"}]}, "items.0.en"),
        ({"items": [{"code": 1, "id": "A", "en": "A"}]}, "items.0.code"),
        ({"items": ["a"]}, "items.0"),
        ({"items": [{"code": "a", "id": "A", "en": "A", "nomer": "1"}]}, "items.0.nomer"),
        ({"items": [{"code": "a", "id": "A", "en": "A", "nomor": 1}]}, "items.0.nomor"),
        ({"items": [*GOOD["items"], GOOD["items"][0]]}, "items.2.code: a belongs to a too"),
        ({"items": [GOOD["items"][0], {**GOOD["items"][1], "nomor": "1"}]}, "items.1.nomor"),
        ({"items": [GOOD["items"][0], {**GOOD["items"][1], "en": "aleph"}]}, "items.1.word"),
        ({"columns": {"code": "x"}}, "columns.code"),
        ({"unique": ["nama"]}, "columns.nama"),
        ({"labels_from": "accessRights"}, "terbuka"),
    ],
)
def test_wrong_list_names_file_and_key(change, said):
    """Each mistake at its place."""
    with pytest.raises(CodeListError) as refused:
        codefiles.parse("contoh.yaml", {**GOOD, **change})
    assert all(one.startswith("contoh.yaml: ") for one in refused.value.problems)
    assert said in str(refused.value)
    assert codefiles.parse("contoh.yaml", GOOD).keys["bet"].code == "b"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("key: contoh\ntitle: a: b\n", ":2: file"),
        ("- a\n- b\n", "file: a code list is a mapping"),
        (yaml.safe_dump({**GOOD, "key": "lain"}), "key: has to be the file's name"),
    ],
)
def test_wrong_file_names_itself(tmp_path, monkeypatch, text, said):
    """Not YAML, no mapping, another list."""
    (tmp_path / "rusak.yaml").write_text(text)
    monkeypatch.setattr(codefiles, "FOLDER", str(tmp_path))
    with pytest.raises(CodeListError) as refused:
        codefiles.shipped("rusak")
    assert str(tmp_path / "rusak.yaml") in str(refused.value)
    assert said in str(refused.value)


# ---------------------------------------------------------------- action, page, CSV
@pytest.mark.both
@pytest.mark.usefixtures("with_plugins", "non_clean_db")
def test_actions_are_for_everybody():
    """List of lists, one list, pages of it, search."""
    everybody = {"user": "", "ignore_auth": False}
    lists = helpers.call_action("satudata_code_list_list", everybody)
    assert {"wilayah", "satuan"} <= {one["id"] for one in lists}
    assert all(one["source"]["id"] and one["checked_against"]["en"] for one in lists)
    shown = helpers.call_action("satudata_code_list_show", everybody, id="wilayah")
    assert (shown["total"], len(shown["items"])) == (576, 100)
    part = helpers.call_action("satudata_code_list_show", id="wilayah", limit=2, offset=1)
    assert [one["code"] for one in part["items"]] == ["11.01", "11.02"]
    found = helpers.call_action("satudata_code_list_show", id="wilayah", q="blitar kota")
    assert [one["code"] for one in found["items"]] == ["35.72"]
    assert found["items"][0]["bps"] == "3572"
    assert found["items"][0]["label"] == {"id": "Kota Blitar", "en": "Kota Blitar"}
    missed = helpers.call_action("satudata_code_list_show", id="satuan", q="persn")
    assert missed["items"] == []
    assert missed["nearest"][0]["code"] == "persen"


@pytest.mark.both
@pytest.mark.usefixtures("with_plugins", "non_clean_db")
def test_wrong_input_of_the_action():
    """An unknown list is not found; limits are natural numbers, and at most 1000."""
    for name in ("tidak_ada", "../satuan", "satuan.yaml"):
        with pytest.raises(tk.ObjectNotFound):
            helpers.call_action("satudata_code_list_show", id=name)
    with pytest.raises(tk.ValidationError):
        helpers.call_action("satudata_code_list_show")
    for key in ("limit", "offset"):
        for value in ("banyak", -1):
            with pytest.raises(tk.ValidationError) as refused:
                helpers.call_action("satudata_code_list_show", id="satuan", **{key: value})
            assert key in refused.value.error_dict
    shown = helpers.call_action("satudata_code_list_show", id="wilayah", limit=100000)
    assert len(shown["items"]) == 576


@pytest.mark.both
@pytest.mark.usefixtures("with_plugins", "non_clean_db")
def test_pages(app):
    """Lists, one list, its pages and search, in the reader's language; unknown is 404."""
    page = app.get("/kode-referensi").body
    assert "Kode referensi" in page
    assert 'href="/kode-referensi/wilayah"' in page
    assert "Regions" in app.get("/en/kode-referensi").body
    first = app.get("/kode-referensi/wilayah").body
    assert "page=2" in first
    assert "Kode BPS" in first
    assert "35.72.03.1007" in app.get("/kode-referensi/wilayah?q=Bendogerit").body
    assert "93.01" in app.get("/kode-referensi/wilayah?page=11").body
    missed = app.get("/kode-referensi/satuan?q=persn").body
    assert "q=persen" in missed
    quoted = app.get("/kode-referensi/satuan?q=<script>alert(1)</script>").body
    assert "<script>alert(1)" not in quoted
    for path in ("tidak-ada", "tidak-ada.csv", "satuan.yaml"):
        assert app.get(f"/kode-referensi/{path}", status=404)
    for number in ("0", "-1", "x", "99999999999999999999"):
        assert app.get(f"/kode-referensi/satuan?page={number}").status_code == 200


@pytest.mark.both
@pytest.mark.usefixtures("with_plugins", "non_clean_db")
def test_csv(app):
    """Every code as text, readable by spreadsheets, with the search of the page."""
    answer = app.get("/kode-referensi/wilayah.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "kode-referensi-wilayah.csv" in answer.headers["Content-Disposition"]
    assert answer.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert len(rows) == 576
    assert {one["bps"] for one in rows if one["code"] == "35.10"} == {"3510"}
    found = app.get("/kode-referensi/wilayah.csv?q=kota+blitar").data.decode("utf-8-sig")
    assert len(found.strip().splitlines()) == 2


def test_no_cell_of_a_csv_is_a_formula():
    """Labels come from profiles; a spreadsheet would run them."""
    head = codefiles.parse("contoh.yaml", GOOD).head
    rows = [
        {"code": "=1+1", "id": "@SUM(A1)", "en": "\t=2", "variants": ["-2+3"], "nomor": "+1"},
        {"code": "-", "id": "Tidak ada", "en": "None"},
    ]
    found = codefiles.CodeList(head, codefiles.items("contoh.yaml", head, rows))
    text = codelists.table(found, list(found.items)).decode("utf-8-sig")
    cells = list(csv.reader(io.StringIO(text)))
    assert cells[1] == ["'=1+1", "'@SUM(A1)", "'\t=2", "'+1", "'-2+3", "true"]
    assert cells[2][0] == "-"
    assert csvs.plain("\rx") == "'\rx"
