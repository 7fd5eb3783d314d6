"""The scheme: duties, national keys, mirror for harvesters, extras taken in."""

from __future__ import annotations

import pytest

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.satudata.approval import publication
from ckanext.satudata.metadata import national
from ckanext.satudata.metadata import service as metadata

from tests import factories as make

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]


@pytest.mark.parametrize("field", sorted(make.COMPLETE))
def test_submission_demands_the_field_and_a_draft_does_not(city, field):
    """Named by its label; everything else of the draft is kept."""
    package = make.dataset(city, **{field: ""})
    others = {one: value for one, value in make.COMPLETE.items() if one != field}
    assert {one: package[one] for one in others} == others
    with pytest.raises(tk.ValidationError) as refused:
        make.call("satudata_approval_submit", city.produsen_data, id=package["id"])
    label = next(metadata.label(one) for one in metadata.fields() if one["field_name"] == field)
    assert label in str(refused.value.error_dict["fields"])


def test_the_five_parts_of_standar_data_are_duties(city):
    """Perpres 39/2019 ps 4(1)."""
    duties = {one["field_name"] for one in metadata.fields() if one.get("duty") == "submit"}
    assert {"konsep", "definisi", "klasifikasi", "ukuran", "satuan"} <= duties


def test_unknown_code_is_refused_by_its_field(city):
    """A code list is closed; the message stands at the field."""
    with pytest.raises(tk.ValidationError) as refused:
        make.dataset(city, accessRights="rahasia")
    assert "accessRights" in refused.value.error_dict


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        ("2026-01-01", "2026-12-31", "2026"),
        ("2013-01-01", "2021-12-31", "2013-2021"),
        ("2026-01-01", "2026-06-30", "Semester I 2026"),
        ("2026-07-01", "2026-09-30", "Triwulan III 2026"),
        ("2026-02-01", "2026-02-28", "Februari 2026"),
        ("2026-02-01", "2026-04-30", "1 Februari - 30 April 2026"),
        ("2026-01-01", "2026-06-29", "1 Januari - 29 Juni 2026"),
        ("2025-07-01", "2026-06-30", "1 Juli 2025 - 30 Juni 2026"),
        ("2026-03-02", "2026-03-02", "2 Maret 2026"),
        ("", "", ""),
    ],
)
def test_period_in_words(city, start, end, text):
    """As letters print it."""
    package = make.dataset(city, files=0, temporal_start=start, temporal_end=end)
    assert metadata.period(model.Package.get(package["id"])) == text


@pytest.mark.parametrize("access", ["terbatas", "tertutup"])
def test_a_restriction_has_its_legal_basis(city, access):
    """Demanded where the data is not open, and a link nobody guards is refused there."""
    package = make.dataset(city, accessRights=access, dasar_pembatasan=" ")
    with pytest.raises(tk.ValidationError) as refused:
        make.call("satudata_approval_submit", city.produsen_data, id=package["id"])
    assert "Dasar hukum" in str(refused.value) or "Legal basis" in str(refused.value)
    linked = make.dataset(city, accessRights=access, files=0)
    values = {"package_id": linked["id"], "name": "Luar", "url": "http://127.0.0.1:1/a.csv"}
    make.call("resource_create", city.produsen_data, **values, variabel=[make.VARIABEL])
    with pytest.raises(tk.ValidationError) as refused:
        make.call("satudata_approval_submit", city.produsen_data, id=linked["id"])
    assert "resources" in refused.value.error_dict


def test_search_results_of_the_api_carry_the_national_keys(city, app):
    """As string extras; package_show is left alone, and the pages too."""
    package = make.dataset(city, prioritas_tahun="2026", kriteria_prioritas="RPJMD")
    key = package["id"]
    make.call("satudata_approval_submit", city.produsen_data, id=key)
    make.call("satudata_approval_claim", city.walidata, id=key)
    make.call("satudata_approval_confirm", city.walidata, id=key, checklist=make.CHECKLIST)
    make.call("satudata_approval_claim", city.pembina_data, id=key)
    make.call("satudata_approval_endorse", city.pembina_data, id=key)
    make.validate(city, key)
    publication.publish(key)
    found = app.get(f"/api/3/action/package_search?fq=id:{key}").json["result"]["results"][0]
    extras = {one["key"]: one["value"] for one in found["extras"]}
    assert extras["satuan"] == "jiwa"
    assert extras["accrualPeriodicity"] == "Tahunan"
    assert extras["accessRights"] == "terbuka"
    assert extras["prioritas_tahun"] == "2026"
    assert extras["publisher_type"] == "daerah-kota"
    assert extras["produsen_data_name"] == "Dinas Kesehatan"
    assert extras["produsen_data_city_code"] == "3572"
    assert all(isinstance(value, str) and value for value in extras.values())
    shown = app.get(f"/api/3/action/package_show?id={key}").json["result"]
    assert "extras" not in shown or shown["extras"] == []


def test_a_record_of_search_results_can_be_created_again(city):
    """Extras that are fields become fields; what the portal computes is dropped."""
    made = make.call(
        "package_create",
        city.produsen_data,
        name="dari-panen",
        title="Dari Panen",
        owner_org=city.opd,
        extras=[
            {"key": "satuan", "value": "orang"},
            {"key": "accrualPeriodicity", "value": "Bulanan"},
            {"key": "publisher_type", "value": "daerah-kota"},
            {"key": "Catatan", "value": "tetap"},
        ],
    )
    assert (made["satuan"], made["accrualPeriodicity"]) == ("orang", "bulanan")
    assert made["extras"] == [{"key": "Catatan", "value": "tetap"}]


#: Keys of the national scheme (apteksdi/ckanext-scheming, March 2025), as they are spelled.
NATIONAL = """
    title name notes tag_string owner_org author author_email maintainer maintainer_email
    accrualPeriodicity accessRights id_dds id_indikator_mms id_sds satuan ukuran konsep
    jenis theme prioritas_tahun kriteria_prioritas indikator_prioritas publisher_type
    publishing_status status_review_pembina id_msind id_mskeg interpretasi
    metode_perhitungan rumus klasifikasi kodereferensi indikator_komposit level_estimasi
    id_kegiatan_mms id_kegiatan judul_kegiatan tahun_kegiatan cara_pengumpulan_data
    sektor_kegiatan jenis_statistik identitas_rekomendasi i_instansi_penyelanggara i_alamat
    i_telepon i_email i_faksimile ii_unit_eselon1 ii_unit_eselon2 ii_pj_nama ii_pj_jabatan
    ii_pj_alamat ii_pj_telepon ii_pj_email ii_pj_faksimile iii_latar_belakang_kegiatan
    iii_tujuan_kegiatan iv_kegiatan_ini_dilakukan iv_frekuensi_penyelanggara
    iv_tipe_pengumpulan_data iv_cakupan_wilayah_pengumpulan_data iv_metode_pengumpulan_data
    iv_sarana_pengumpulan_data iv_unit_pengumpulan_data v_jenis_rancangan_sampel
    v_metode_pemilihan_sampel_tahap_terakhir v_metode_yang_digunakan
    v_kerangka_sampel_tahap_terakhir v_fraksi_sampel_keseluruhan
    v_nilai_perkiraan_sampling_error_variabel_utama v_unit_sampel v_unit_observasi
    vi_apakah_melakukan_uji_coba vi_metode_pemeriksaan_kualitas_pengumpulan_data
    vi_apakah_melakukan_penyesuaian_nonrespon vi_petugas_pengumpulan_data
    vi_persyaratan_pendidikan_terendah_petugas_pengumpulan_data vi_jumlah_petugas_supervisor
    vi_jumlah_petugas_enumerator vi_apakah_melakukan_pelatihan_petugas
    vii_tahapan_pengolahan_data vii_metode_analisis vii_unit_analisis
    vii_tingkat_penyajian_hasil_analisis viii_ketersediaan_produk_tercetak
    viii_ketersediaan_produk_digital viii_ketersediaan_produk_mikrodata
    viii_rencana_jadwal_rilis_produk_tercetak viii_rencana_jadwal_rilis_produk_digital
    viii_rencana_jadwal_rilis_produk_mikrodata produsen_data_name
    produsen_data_province_code produsen_data_city_code total_msvar total_msind
    submission_period
"""
#: National keys that are no field of ours, each with its reason.
APART = {
    "id_indikator_mms": "given by the national application",
    "id_kegiatan_mms": "given by the national application",
    "id_mskeg": "given by the national application",
    "theme": "the topics, as kategori",
    "publishing_status": "only what is published is there",
    "status_review_pembina": "only what is published is there",
    "submission_period": "of the national application's own calendar",
}


def test_every_national_key_is_there_or_has_a_reason():
    """Spelled as the nation spells it; none of ours is unknown there."""
    ours: set[str] = set(national.COMPUTED) | set(national.AGENCY)
    for one in metadata.fields():
        for field in (one, *one.get("repeating_subfields", ())):
            key = field.get("national")
            ours |= set(key.values()) if isinstance(key, dict) else {key} - {None}
    core = {one["field_name"] for one in metadata.fields()}
    assert set(NATIONAL.split()) - ours - core == set(APART)
    assert not set(APART) & ours
    own = {"definisi", "kategori", *(one for one in ours if one.startswith("satudata_"))}
    assert ours - own <= set(NATIONAL.split())
