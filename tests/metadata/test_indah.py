"""The workbook of INDAH: every column of BPS, the words in it, out and back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ckanext.satudata.metadata import completeness, indah, indah_layout, intake, workbook
from ckanext.satudata.metadata import service as metadata

from tests import factories as make
from tests.metadata.books import AGENCY, INDICATOR, columns, package, read

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]

QUICK = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


# ---------------------------------------------------------------- columns and words


def test_the_sheets_are_those_of_indah():
    """All columns in order, every one filled by the scheme or by a word of the table."""
    found = indah.sheets(package(), {})
    assert list(found) == list(columns())
    for sheet in indah_layout.layout():
        assert [one.key for one in sheet.columns] == columns()[sheet.name]
        for one in sheet.columns:
            assert one.field or one.rule, one.key
            assert one.rule.get("blank", "reason"), one.key
    assert list(found["ms_kegiatan"][0]) == columns()["ms_kegiatan"]


def test_every_key_of_the_scheme_is_a_column():
    """No field of the scheme names a column that INDAH does not have."""
    for of in (indah_layout.DATASET, "indikator", "variabel"):
        known = {
            key
            for name, about in indah_layout.table().items()
            if about["of"] == of
            for key in columns()[name]
        }
        for one in indah_layout.scope(of):
            keys = one.get("indah") or ()
            keys = keys.values() if isinstance(keys, dict) else [keys] if keys else []
            assert set(keys) <= known, one["field_name"]
            choices = {choice["value"] for choice in indah_layout.choices(one)}
            assert not isinstance(one.get("indah"), dict) or set(one["indah"]) <= choices


def test_what_a_dataset_says():
    """Words, TRUE and FALSE, dates, and what is made of the agency."""
    row = indah.sheets(package(), AGENCY)["ms_kegiatan"][0]
    want = {
        "jenis_statistik": "STATISTIK_SEKTORAL",
        "rekomendasi_dari_bps": "FALSE",
        "cara_pengumpulan_data": "KOMPILASI_PRODUK_ADMINISTRASI",
        "sektor_kegiatan": "DEMOGRAFI_DAN_KEPENDUDUKAN",
        "frekuensi_penyelenggaraan": "TAHUNAN",
        "produsen_data_id": "",
        "produsen_data_name": "Dinas Kesehatan",
        "unit_eselon1": "-",
        "unit_eselon2": "Dinas Kesehatan",
        "pj_teknis_alamat": "Jalan Contoh 1",
        "metode_wawancara": "FALSE",
        "metode_pengumpulan_sekunder": "TRUE",
        "rilis_digital_tanggal": "2026-12-31",
        "jenis_rancangan_sampel": "",
    }
    assert {key: row[key] for key in want} == want
    bare = indah.sheets(package(), {})["ms_kegiatan"][0]
    assert (bare["unit_eselon2"], bare["pj_teknis_alamat"]) == ("-", "-")


def test_several_choices_also_come_as_stored_text():
    """CKAN stores them as JSON."""
    stored = {key: json.dumps(value) for key, value in make.COMPLETE.items() if type(value) is list}
    assert indah.sheets(package(**stored), {}) == indah.sheets(package(), {})


def test_a_choice_without_a_column_is_told_as_other():
    """INDAH has no kecamatan: it goes out as "other" and comes back as what it is."""
    mixed = {"tingkat_penyajian": ["kabupaten_kota", "kecamatan"]}
    row = indah.sheets(package(**mixed), {})["ms_kegiatan"][0]
    assert (row["tingkat_lainnya"], row["tingkat_lainnya_text"]) == ("TRUE", "Kecamatan")
    back = indah.fields(indah.sheets(package(**mixed), {}))
    assert back["tingkat_penyajian"] == ["kabupaten_kota", "kecamatan"]
    assert "tingkat_penyajian_lainnya" not in back
    both = {"tingkat_penyajian": ["kecamatan", "lainnya"], "tingkat_penyajian_lainnya": "RT; RW"}
    back = indah.fields(indah.sheets(package(**both), {}))
    assert sorted(back["tingkat_penyajian"]) == ["kecamatan", "lainnya"]
    assert back["tingkat_penyajian_lainnya"] == "RT; RW"


def test_regions_are_the_city_where_nothing_is_said():
    """Only where the activity covers a part of Indonesia."""
    city = [("Jawa Timur", "Kota Blitar")]
    assert regions(package()) == city
    assert regions(package(cakupan_kegiatan="seluruh_wilayah_indonesia")) == []
    said = "Jawa Timur | Kabupaten Blitar\n\nBali|Kota Denpasar"
    assert regions(package(wilayah_kegiatan=said)) == [
        ("Jawa Timur", "Kabupaten Blitar"),
        ("Bali", "Kota Denpasar"),
    ]


def regions(of: dict[str, Any]) -> list[tuple[str, str]]:
    rows = indah.sheets(of, {})["ms_kegiatan_wilayah"]
    return [(one["wilayah_provinsi"], one["wilayah_kabupaten_kota"]) for one in rows]


def test_variables_of_several_files_are_told_once():
    """A yearly file with the same columns is the same variable; one is called as its column."""
    rows = [
        {**make.VARIABEL, "klasifikasi_isian": "1 | Laki-laki\n2|Perempuan"},
        {**make.VARIABEL, "kolom": "nik", "akses": "tertutup"},
    ]
    files = [{"id": "1", "variabel": rows}, {"id": "2", "variabel": json.dumps(rows[:1])}]
    found = indah.sheets(package(resources=files), {})
    said = [(one["nama"], one["bisa_diakses_umum"]) for one in found["ms_variabel"]]
    assert said == [("jumlah_penduduk", "TRUE"), ("nik", "FALSE")]
    assert found["ms_variabel"][0]["alias"] == "-"
    assert found["ms_variabel"][0]["tipe_data"] == "INTEGER"
    domain = [
        (one["value_domain_kode"], one["value_domain_nilai"])
        for one in found["ms_variabel_value_domain"]
    ]
    assert domain == [("1", "Laki-laki"), ("2", "Perempuan")]
    assert len(found["ms_kegiatan_variabel_dikumpulkan"]) == 2


def test_indicators_and_what_they_are_made_of():
    """Only where the data is an indicator."""
    of = package(jenis="indikator", indikator=[INDICATOR])
    found = indah.sheets(of, {})
    assert found["ms_indikator"][0]["indikator_komposit"] == "FALSE"
    assert found["ms_indikator"][0]["rumus"] == "-"
    assert found["ms_indikator_pembangun"] == []
    made = [one["variabel_pembangun_nama"] for one in found["ms_indikator_variabel_pembangun"]]
    assert made == ["Balita stunting", "Balita diukur"]
    assert indah.sheets({**of, "jenis": "variabel"}, {})["ms_indikator"] == []
    assert indah.fields(found)["indikator"] == [INDICATOR]


# ---------------------------------------------------------------- there and back

#: Any text but "-", which is INDAH's word for nothing in some columns.
TEXT = (
    st.text(
        st.characters(
            categories=["L", "N", "P", "S"], include_characters=" \n", max_codepoint=0xFFFF
        ),
        min_size=1,
        max_size=40,
    )
    .map(lambda text: "\n".join(text.split("\n")).strip())
    .filter(lambda text: text != "-")
)
WORD = st.text("abcdefghij ÄÖ=+@", min_size=2, max_size=12).map(lambda one: " ".join(one.split()))


def _value(one: dict[str, Any], draw: Callable[[Any], Any]) -> Any:
    """Any value of a field."""
    choices = [choice["value"] for choice in indah_layout.choices(one)]
    if one.get("preset") == "multiple_checkbox":
        return draw(st.lists(st.sampled_from(choices), unique=True))
    if choices:
        return draw(st.sampled_from(["", *choices]))
    if one.get("preset") == "date":
        return draw(st.dates(date(1950, 1, 1), date(2100, 12, 31))).isoformat()
    if not one.get("indah"):
        rows = draw(st.lists(st.tuples(WORD.filter(bool), WORD), max_size=3))
        return "\n".join(f"{first} | {second}" if second else first for first, second in rows)
    return draw(TEXT)


@st.composite
def datasets(draw: Callable[[Any], Any]) -> dict[str, Any]:
    """Datasets with any values in the fields INDAH knows, of which some do not apply."""
    made: dict[str, Any] = {"jenis": "indikator", "resources": []}
    for one in metadata.fields():
        if one.get("indah") or one["field_name"] == "wilayah_kegiatan":
            made[one["field_name"]] = _value(one, draw)
    for of in ("indikator", "variabel"):
        names = draw(st.lists(WORD.filter(bool), max_size=3, unique_by=str.casefold))
        rows = [
            {one["field_name"]: _value(one, draw) for one in indah_layout.scope(of)}
            | {"nama": name}
            for name in names
        ]
        if of == "indikator":
            made[of] = rows
        else:
            files = [{**row, "kolom": row["nama"], "akses": "terbuka"} for row in rows]
            made["resources"] = [{"id": "1", "variabel": files}]
    return made


def _expected(values: dict[str, Any], of: str) -> dict[str, Any]:
    """What has to come back: values that apply, in fields that INDAH knows."""
    lines = {about.get("lines") for about in indah_layout.table().values() if about["of"] == of}
    found = {}
    for one in indah_layout.scope(of):
        name, value = one["field_name"], values.get(one["field_name"])
        known = one.get("indah") or name in lines
        if name == "owner_org" or not known or not completeness.applies(one, values):
            continue
        if value not in (None, "", []) and (value != "-" or one.get("preset")):
            found[name] = sorted(value) if isinstance(value, list) else value
    return found


def _said(row: dict[str, Any], of: str) -> dict[str, Any]:
    """A row without "-", and with INDAH's words where several choices have the same."""
    known = {one["field_name"]: one for one in indah_layout.scope(of)}
    found = {}
    for name, value in row.items():
        choices = indah_layout.choices(known[name])
        several = known[name].get("preset") == "multiple_checkbox"
        found[name] = indah_layout.word(known[name], value) if choices and not several else value
        if several:
            found[name] = sorted(value)
    return found


@QUICK
@given(datasets())
def test_what_goes_out_comes_back(made):
    """All mapped fields that apply, by the pure mapping, by workbook and by CSV."""
    sent = indah.sheets(made, {})
    for sheets in (sent, read(workbook.xlsx(sent)), read(workbook.packed(sent))):
        back = indah.fields(sheets)
        rows, files = back.pop("indikator", []), back.pop("variabel", {})
        want = _expected(made, "dataset")
        want.setdefault("wilayah_kegiatan", back.get("wilayah_kegiatan"))
        if want["wilayah_kegiatan"] is None:
            del want["wilayah_kegiatan"]
        assert _said(back, "dataset") == _said(want, "dataset")
        expected = [_expected(one, "indikator") for one in made["indikator"]]
        assert [_said(one, "indikator") for one in rows] == [
            _said(one, "indikator") for one in expected
        ]
        for one in made["resources"][0]["variabel"]:
            want = _said(_expected(one, "variabel"), "variabel")
            assert _said(files[one["nama"]], "variabel") == want
        # And nothing of it is a change.
        assert intake.compare(made, {}, sheets).patch == {}
