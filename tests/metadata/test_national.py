"""The national keys: out of the scheme's fields, and back into them."""

from __future__ import annotations

import copy
import json
import string
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.satudata.metadata import national
from ckanext.satudata.metadata import service as metadata

from tests import factories as make

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]

_quick = settings(
    deadline=None,
    max_examples=60,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
#: Parts of an indicator that the dataset has too.
SHARED = ("konsep", "definisi", "ukuran", "satuan")
_text = st.text(string.ascii_letters + " ,.;|%é–", min_size=1).filter(str.strip)


def _choices(field: dict[str, Any]) -> list[str]:
    return [one["value"] for one in tk.h.scheming_field_choices(field) or ()]


def _value(field: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Any value that the scheme stores in a field."""
    choices = _choices(field)
    if field.get("preset") == "multiple_checkbox":
        return st.lists(st.sampled_from(choices), min_size=1, unique=True).map(
            lambda some: sorted(some, key=choices.index)
        )
    return st.sampled_from(choices) if choices else _text


@st.composite
def _described(draw: Any) -> dict[str, Any]:
    """Some of the fields that have a national key, filled in."""
    found: dict[str, Any] = {}
    for one in metadata.fields():
        if one.get("national") and draw(st.booleans()):
            found[one["field_name"]] = draw(_value(one))
        elif one["field_name"] == "indikator" and draw(st.booleans()):
            parts = [part for part in one["repeating_subfields"] if part.get("national")]
            row = {part["field_name"]: draw(_value(part)) for part in parts}
            found |= {"jenis": "indikator", "indikator": [row]}
    if "indikator" in found:
        found["jenis"] = "indikator"
    return found


def _mirrored(**values: Any) -> dict[str, Any]:
    record = {"type": "dataset", "name": "a", "title": "A", **copy.deepcopy(values)}
    national.mirror([record])
    return record


def _extras(record: dict[str, Any]) -> dict[str, str]:
    return {one["key"]: one["value"] for one in record["extras"]}


def test_what_a_harvester_keeps_becomes_the_same_fields_again():
    """From the extras alone, and from the whole record, whatever is filled in."""

    @_quick
    @given(_described())
    def check(values):
        record = _mirrored(**values)
        assert all(isinstance(one, str) and one for one in _extras(record).values())
        whole = copy.deepcopy(record)
        national.absorb(whole)
        assert whole == {"type": "dataset", "name": "a", "title": "A", "extras": [], **values}
        harvested = {"name": "a", "extras": record["extras"]}
        national.absorb(harvested)
        assert harvested.pop("extras") == []
        expected = {"name": "a", **values}
        if "indikator" in values:
            # The national scheme reads these of the dataset itself.
            both = {one: values[one] for one in SHARED if one in values}
            expected["indikator"] = [{**both, **values["indikator"][0]}]
        assert harvested == expected

    check()


def test_choices_that_are_stored_as_json_go_out_as_well():
    """Search results of the raw dataset have them as text."""
    listed, stored = ["wawancara", "data_sekunder"], '["wawancara", "data_sekunder"]'
    rows = [{"nama": "A", "rumus": "a / b"}]
    files = [{"variabel": [{"kolom": "a"}, {"kolom": "b"}]}, {"variabel": '[{"kolom": "c"}]'}, {}]
    one = _mirrored(metode_pengumpulan=listed, indikator=rows, resources=files)
    other = _mirrored(metode_pengumpulan=stored, indikator=json.dumps(rows), resources=files)
    assert _extras(one) == _extras(other)
    assert _extras(one)["iv_metode_pengumpulan_data"] == "Wawancara; Pengumpulan data sekunder"
    assert _extras(one)["rumus"] == "a / b"
    assert (_extras(one)["total_msind"], _extras(one)["total_msvar"]) == ("1", "3")


def test_people_read_labels_and_programs_codes():
    """Of access and kind the national portal reads the code; products are a question each."""
    extras = _extras(
        _mirrored(
            jenis="indikator",
            accessRights="terbatas",
            accrualPeriodicity="dua_tahunan",
            sektor_kegiatan="2",
            uji_coba="tidak",
            produk=["digital", "mikrodata"],
            indikator=[{"indikator_komposit": "ya"}, {"indikator_komposit": "tidak"}],
        )
    )
    expected = {
        "jenis": "indikator",
        "accessRights": "terbatas",
        "publisher_type": "daerah-kota",
        "accrualPeriodicity": "Dua tahunan",
        "sektor_kegiatan": "Demografi dan Kependudukan",
        "vi_apakah_melakukan_uji_coba": "Tidak",
        "viii_ketersediaan_produk_tercetak": "Tidak",
        "viii_ketersediaan_produk_digital": "Ya",
        "viii_ketersediaan_produk_mikrodata": "Ya",
        "indikator_komposit": "Ya",
        "total_msind": "2",
    }
    assert expected.items() <= extras.items()


def test_labels_and_keys_mean_one_thing():
    """Else a record read would not come back: no label is two choices', no key two fields'."""
    keys: list[str] = []
    for field in metadata.fields():
        for one in (field, *field.get("repeating_subfields", ())):
            found = one.get("national") or ()
            keys += [found] if isinstance(found, str) else list(dict(found).values())
            labels = [choice["label"]["id"] for choice in tk.h.scheming_field_choices(one) or ()]
            if one.get("national"):
                assert len(set(labels)) == len(labels), one["field_name"]
                assert not any("; " in label for label in labels), one["field_name"]
    assert len(set(keys)) == len(keys)
    assert not set(keys) & set(national.COMPUTED)


@pytest.mark.parametrize(
    ("key", "word", "field", "value"),
    [
        (
            "cara_pengumpulan_data",
            "Kompromin",
            "cara_pengumpulan_data",
            "kompilasi_produk_administrasi",
        ),
        ("accrualPeriodicity", "Yearly", "accrualPeriodicity", "tahunan"),
        (
            "iv_metode_pengumpulan_data",
            "Interview; Observasi",
            "metode_pengumpulan",
            ["wawancara", "pengamatan"],
        ),
    ],
)
def test_other_words_of_other_portals_are_understood(key, word, field, value):
    """English labels, and the spellings that a code list knows."""
    record = {"extras": [{"key": key, "value": word}]}
    national.absorb(record)
    assert record == {field: value, "extras": []}


def test_an_indicator_is_made_of_the_extras_of_a_harvested_one():
    """Its name and unit are the record's own; of a variable such extras stay extras."""
    extras = [{"key": "interpretasi", "value": "Makin tinggi makin baik"}]
    record: dict[str, Any] = {"title": "Cakupan", "satuan": "persen", "extras": list(extras)}
    national.absorb(record)
    assert record["extras"] == extras
    record |= {"jenis": "indikator"}
    national.absorb(record)
    row = {"nama": "Cakupan", "satuan": "persen", "interpretasi": "Makin tinggi makin baik"}
    assert (record["indikator"], record["extras"]) == ([row], [])


def test_what_was_given_itself_is_kept():
    """An extra fills what is empty and overwrites nothing."""
    row = {"nama": "A", "rumus": "a"}
    record: dict[str, Any] = {
        "jenis": "indikator",
        "satuan": "jiwa",
        "produk": ["tercetak"],
        "indikator": [row],
        "extras": [
            {"key": "satuan", "value": "orang"},
            {"key": "viii_ketersediaan_produk_digital", "value": "Ya"},
            {"key": "rumus", "value": "b"},
            {"key": "level_estimasi", "value": "Kota"},
            {"key": 7, "value": "kept"},
            "kept",
        ],
    }
    national.absorb(record)
    assert (record["satuan"], record["produk"]) == ("jiwa", ["tercetak"])
    assert record["indikator"] == [{**row, "level_estimasi": "Kota"}]
    assert row == {"nama": "A", "rumus": "a"}
    assert record["extras"] == [{"key": 7, "value": "kept"}, "kept"]


@pytest.mark.parametrize("text", ["kata " * 9000, "é" * 40_000, "x" * 40_000, "\ud800" * 20_000])
def test_a_long_value_is_cut_at_a_word(text):
    """Solr takes no term above 32,766 bytes and refuses the whole record."""
    found = _extras(_mirrored(definisi=text))["definisi"]
    assert found.endswith("…")
    assert len(found.encode()) <= national.LONGEST
    assert " …" not in found
    assert national.short("kata " * 10) == "kata " * 10


def test_facts_of_the_agencies_cost_one_query_for_a_page(city):
    """Not one per dataset; and no more where there is nothing to tell."""
    facts = {
        "alamat": "Jalan Merdeka 1",
        "telepon": "0342-801171",
        "surel": "dinkes@example.org",
        "faksimile": "0342-801172",
        "unit_eselon1": "Sekretariat Daerah",
        "unit_eselon2": "Dinas Kesehatan",
    }
    make.call("organization_patch", city.sysadmin, id=city.opd, **facts, nip_kepala="")
    ids = [model.Group.get(name).id for name in (city.opd, city.other)]
    page = [
        {
            "type": "dataset",
            "name": f"a{n}",
            "owner_org": ids[n % 2],
            "organization": {"title": "D"},
        }
        for n in range(20)
    ]
    queries: list[str] = []
    bind = model.Session.get_bind()
    listen = lambda *args: queries.append(args[2])  # noqa: E731
    sa.event.listen(bind, "before_cursor_execute", listen)
    try:
        national.mirror(page)
        asked = len(queries)
        national.mirror([{"name": "a"}, {"type": "harvest", "name": "b"}])
        national.mirror([])
    finally:
        sa.event.remove(bind, "before_cursor_execute", listen)
    assert (asked, len(queries)) == (1, 1)
    expected = {key: facts[name] for key, name in national.AGENCY.items()}
    expected["i_instansi_penyelanggara"] = "D"
    assert expected.items() <= _extras(page[0]).items()
    assert "i_alamat" not in _extras(page[1])
