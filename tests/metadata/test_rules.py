"""Rules of the scheme: contradictions are told at submission, a draft is always saved."""

from __future__ import annotations

import inspect
import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.satudata.metadata import rules
from ckanext.satudata.metadata import service as metadata

from tests import factories as make

pytestmark = pytest.mark.usefixtures("with_plugins", "non_clean_db")

SURVEY = {
    "cara_pengumpulan_data": "survei",
    "metode_pemilihan_sampel": "probabilitas",
    "metode_sampel": "cluster_sampling",
}
STAFF = {"sarana_pengumpulan": ["capi"], "jumlah_supervisor": "1", "jumlah_enumerator": "2"}
#: Values beside a complete dataset, and the field at which something is said; None: nothing.
CASES = [
    ({}, None),
    ({"temporal_start": "2026-12-31", "temporal_end": "2026-01-01"}, "temporal_end"),
    ({"temporal_start": "2026-01-01", "temporal_end": "2026-01-01"}, None),
    ({"prioritas_tahun": "2026"}, "kriteria_prioritas"),
    ({"kriteria_prioritas": "TPB"}, "prioritas_tahun"),
    ({"prioritas_tahun": "2026", "kriteria_prioritas": "RPJMD"}, None),
    ({"prioritas_tahun": "dua ribu", "kriteria_prioritas": "RPJMD"}, "prioritas_tahun"),
    ({"prioritas_tahun": "26", "kriteria_prioritas": "RPJMD"}, "prioritas_tahun"),
    ({"ukuran": "Persentase", "satuan": "jiwa"}, "satuan"),
    ({"ukuran": "prosentase", "satuan": "%"}, None),
    ({"ukuran": "Persentase", "satuan": "Permil"}, None),
    ({"ukuran": "Jumlah", "satuan": "persen"}, "satuan"),
    ({"ukuran": "Jumlah; Persentase", "satuan": "jiwa, persen"}, None),
    ({"ukuran": "Jumlah; Persentase", "satuan": "jiwa"}, "satuan"),
    ({"ukuran": "Luas", "satuan": "kilometer"}, "satuan"),
    ({"ukuran": "Luas", "satuan": "ha"}, None),
    ({"ukuran": "Panjang", "satuan": "km"}, None),
    ({"ukuran": "Panjang", "satuan": "Meter persegi"}, "satuan"),
    # A word that no list has may be right: nobody guesses.
    ({"ukuran": "Jumlah", "satuan": "sekolah"}, None),
    ({"ukuran": "Kepadatan", "satuan": "persen"}, None),
    ({"ukuran": "Persentase", "satuan": "poin"}, None),
    ({"ukuran": "Rata-rata", "satuan": "persen"}, None),
    ({"jadwal_pengolahan_akhir": "2026-01-01"}, "jadwal_pengolahan_akhir"),
    ({"jadwal_desain_akhir": "2026-01-01"}, None),
    ({"accrualPeriodicity": "ad_hoc"}, None),
    ({"accrualPeriodicity": "ad_hoc", "jadwal_rilis": "2027-01-31"}, "jadwal_rilis"),
    ({"jadwal_rilis": "2027-01-31"}, None),
    ({**SURVEY, "metode_sampel": "quota_sampling"}, "metode_sampel"),
    ({**SURVEY, "metode_sampel": "cluster_sampling"}, None),
    ({**SURVEY, "metode_pemilihan_sampel": "nonprobabilitas"}, "metode_sampel"),
    # What does not apply any more says nothing.
    ({"metode_pemilihan_sampel": "probabilitas", "metode_sampel": "quota_sampling"}, None),
    ({**STAFF, "jumlah_supervisor": "9"}, "jumlah_supervisor"),
    ({**STAFF, "jumlah_supervisor": "2"}, None),
    ({"jumlah_supervisor": "9", "jumlah_enumerator": "2"}, None),
]


@pytest.mark.parametrize(("values", "field"), CASES)
def test_a_contradiction_is_told_at_its_field(city, test_request_context, values, field):
    """And nothing is told of what may be true."""
    package = make.dataset(city, **values)
    with test_request_context():
        found = rules.contradictions(model.Package.get(package["id"]))
    assert [one["field"] for one in found] == ([field] if field else [])


def test_submission_is_refused_with_the_message(city):
    """At the field, in words that say what to write; the draft stays as it was."""
    package = make.dataset(city, ukuran="Persentase", satuan="jiwa")
    with pytest.raises(tk.ValidationError) as refused:
        make.call("satudata_approval_submit", city.produsen_data, id=package["id"])
    (told,) = refused.value.error_dict["satuan"]
    for word in ("persentase", "persen, permil", "jiwa"):
        assert word in told
    call = {"id": package["id"], "satuan": "persen"}
    make.call("package_patch", city.produsen_data, **call)
    done = make.call("satudata_approval_submit", city.produsen_data, id=package["id"])
    assert done["state"] == "submitted"


def test_every_rule_names_its_article():
    """The reader of the code finds the law."""
    assert len(rules.RULES) >= 5
    for rule in rules.RULES:
        assert "39/2019" in inspect.getdoc(rule) or "14/2008" in inspect.getdoc(rule), rule


_WORDS = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\x00"), max_size=40
).filter(lambda text: text == text.strip())


def _fields() -> list[str]:
    """Fields of free text, of MS-Keg too."""
    apart = {"validators", "choices", "choices_helper", "repeating_subfields"}
    return sorted(
        one["field_name"]
        for one in metadata.fields()
        if not apart & set(one) and one["field_name"] != "license_id"
    )


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_draft_is_saved_whatever_is_missing_and_keeps_every_field(city, data):
    """Incomplete, contradicting, in any script: what was typed is read again as it was."""
    given_: dict[str, Any] = data.draw(st.dictionaries(st.sampled_from(_fields()), _WORDS))
    dates = st.dates().map(str)
    for field in data.draw(st.sets(st.sampled_from(["temporal_start", "temporal_end"]))):
        given_[field] = data.draw(dates)
    package = make.call(
        "package_create",
        city.produsen_data,
        name=f"draf-{uuid.uuid4().hex}",
        title="Draf",
        owner_org=city.opd,
        **given_,
    )
    shown = make.call("package_show", city.produsen_data, id=package["id"])
    assert {key: shown.get(key) or "" for key in given_} == given_
    one = data.draw(st.sampled_from(_fields()))
    changed = make.call("package_patch", city.produsen_data, id=package["id"], **{one: "Baru"})
    kept = {key: value for key, value in given_.items() if key != one}
    assert {key: changed.get(key) or "" for key in kept} == kept
    assert changed[one] == "Baru"
