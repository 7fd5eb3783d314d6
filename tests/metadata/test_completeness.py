"""How complete a dataset is: what applies, what is demanded, what is missing."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.satudata.metadata import completeness
from ckanext.satudata.metadata import service as metadata

from tests import factories as make
from tests.kegiatan import VARIABEL

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]

SURVEY = {
    "jenis_rancangan_sampel": "single_stage_phase",
    "metode_pemilihan_sampel": "nonprobabilitas",
    "metode_sampel": "purposive_sampling",
    "unit_sampel": "Rumah tangga",
    "unit_observasi": "Rumah tangga",
}
FILE = {"id": "f", "name": "Penduduk", "format": "CSV", "variabel": [VARIABEL]}


@pytest.fixture
def full():
    """Values of a dataset to which nothing is missing."""
    return {"title": "Jumlah Penduduk", "name": "a", "owner_org": "b", **make.COMPLETE}


def _missing(values, files=(FILE,)):
    return [one["field"] for one in completeness.of_values(values, files).missing]


def test_a_full_description_is_complete(full):
    """Every demanded field that applies is counted once, and the file."""
    found = completeness.of_values(full, [FILE])
    assert (found.missing, found.draft, found.score) == ([], [], 100)
    assert found.filled == found.total
    demanded = [
        one
        for one in metadata.fields()
        if one.get("duty") == "submit" and completeness.applies(one, full)
    ]
    subfields = sum(
        one.get("duty") == "submit" for one in metadata.resource_fields()[-1]["repeating_subfields"]
    )
    assert found.total == len(demanded) + subfields + 1


@pytest.mark.parametrize("nothing", ["", "  ", None, [], "[]"])
@pytest.mark.parametrize("field", ["definisi", "metode_pengumpulan", "rilis_digital"])
def test_an_empty_field_is_missing_in_its_part(full, field, nothing):
    """Spaces and an empty choice are nothing; the score falls below 100."""
    found = completeness.of_values({**full, field: nothing}, [FILE])
    [missing] = found.missing
    assert missing["field"] == field
    part = next(one for one in found.parts if one.missing)
    assert part.key == next(o["part"] for o in metadata.fields() if o["field_name"] == field)
    assert found.score < 100


def test_what_does_not_apply_is_not_demanded(full):
    """A survey has a sample, a probability sample a frame, and staff a number."""
    assert _missing({**full, "cara_pengumpulan_data": "survei"}) == list(SURVEY)
    survey = {**full, "cara_pengumpulan_data": "survei", **SURVEY}
    assert _missing(survey) == []
    frame = _missing({**survey, "metode_pemilihan_sampel": "probabilitas"})
    assert frame == ["kerangka_sampel", "fraksi_sampel", "sampling_error"]
    staff = _missing({**full, "sarana_pengumpulan": '["capi"]'})
    assert staff[:2] == ["petugas", "pendidikan_petugas"]
    assert _missing({**full, "pelaksanaan": "hanya_sekali", "frekuensi_penyelenggaraan": ""}) == []


def test_an_indicator_is_described_row_by_row(full):
    """MS-Ind where the kind of data is indicator; what it is made of as it is composite."""
    assert _missing({**full, "jenis": "indikator"}) == ["indikator"]
    row = {"nama": "Prevalensi", "definisi": "a", "interpretasi": "b", "metode_perhitungan": "c"}
    row |= {"satuan": "persen", "indikator_komposit": "tidak", "level_estimasi": "Kota"}
    values = {**full, "jenis": "indikator", "indikator": [row]}
    [missing] = completeness.of_values(values, [FILE]).missing
    assert "Variabel pembangun" in missing["label"] or "Variables it is made" in missing["label"]
    row["variabel_pembangun"] = "Balita | Survei gizi"
    assert _missing(values) == []
    row |= {"indikator_komposit": "ya"}
    assert _missing(values) == ["indikator"]


def test_columns_of_tables_are_described_and_those_of_documents_not(full):
    """MS-Var for what has columns; the missing place names file, line and part."""
    assert _missing(full, [{**FILE, "variabel": []}]) == ["variabel"]
    assert _missing(full, [{**FILE, "format": "PDF", "variabel": []}]) == []
    assert _missing(full, []) == ["resources"]
    rows = [VARIABEL, {**VARIABEL, "definisi": ""}]
    [missing] = completeness.of_values(full, [{**FILE, "variabel": rows}]).missing
    assert missing["resource"] == "f"
    assert "2" in missing["label"] and "Penduduk" in missing["label"]


def test_every_condition_names_fields_and_values_that_exist():
    """A misspelled one would hide a field for ever."""
    for fields in (
        metadata.fields(),
        *[o["repeating_subfields"] for o in metadata.fields() if "repeating_subfields" in o],
    ):
        known = {one["field_name"]: one for one in fields}
        for one in fields:
            for name, wanted in (one.get("when") or {}).items():
                choices = {o["value"] for o in tk.h.scheming_field_choices(known[name])}
                assert set(wanted) <= choices, one["field_name"]
                order = list(known)
                assert order.index(name) < order.index(one["field_name"])


def test_the_same_from_page_and_database(city):
    """What the producer reads by action is what the submission demands."""
    package = make.dataset(city, definisi="", sarana_pengumpulan=["capi"])
    shown = make.call("satudata_completeness_show", city.produsen_data, id=package["name"])
    stored = completeness.of(model.Package.get(package["id"]))
    assert shown == completeness.dictized(stored)
    assert not shown["submit"]["complete"] and shown["draft"]["complete"]
    with pytest.raises(tk.ValidationError) as refused:
        make.call("satudata_approval_submit", city.produsen_data, id=package["id"])
    for one in shown["submit"]["missing"]:
        assert one["label"] in str(refused.value.error_dict["fields"])


@pytest.mark.parametrize("person", ["outsider", "other_produsen", None])
def test_others_do_not_read_it(city, person):
    """As the dataset itself: it is not there for them."""
    package = make.dataset(city, files=0)
    caller = getattr(city, person) if person else None
    with pytest.raises((tk.ObjectNotFound, tk.NotAuthorized)):
        make.call("satudata_completeness_show", caller, id=package["id"])


_NAMES = [
    one["field_name"]
    for one in yaml.safe_load(
        (make.Path(__file__).parents[2] / "ckanext/satudata/schemas/dataset.yaml").read_text()
    )["dataset_fields"]
]
_VALUE = st.one_of(
    st.none(), st.text(max_size=8), st.lists(st.text(max_size=4), max_size=2), st.just('["a"')
)


@settings(max_examples=60, deadline=None)
@given(values=st.dictionaries(st.sampled_from(_NAMES), _VALUE, max_size=30))
def test_any_value_is_counted_without_an_error(values):
    """Never more than there is, and complete only where nothing is missing."""
    found = completeness.of_values(values, [{"format": "CSV", "variabel": "{"}])
    assert 0 <= found.filled <= found.total
    assert (found.score == 100) is (not found.missing)


def test_the_work_list_and_the_api_say_how_much_is_there(app, city):
    """In a constant number of queries, however many datasets there are."""
    package = make.dataset(city, definisi="")
    made = [make.dataset(city) for _ in range(2)]
    for one in (package, *made):
        make.call("satudata_approval_show", city.produsen_data, id=one["id"])
    found = {
        one["package_id"]: one["completeness"]
        for one in make.call("satudata_approval_list", city.produsen_data, mine=True)
    }
    assert 0 < found.get(package["id"], 99) < 100
    assert all(found.get(one["id"], 100) == 100 for one in made)
    packages = [model.Package.get(one["id"]) for one in (package, *made)]
    assert {key: one.score for key, one in completeness.of_many(packages).items()} == {
        one.id: completeness.of(one).score for one in packages
    }
