"""A whole description of a yearly compilation, as the scheme demands it before a submission."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

SCHEMAS = Path(__file__).parent.parent / "ckanext" / "satudata" / "schemas"
CODES = SCHEMAS.parent / "metadata" / "codes"
#: MS-Keg of a compilation of administrative records: what applies and is demanded.
KEGIATAN: dict[str, Any] = {
    "judul_kegiatan": "Kompilasi Data Kependudukan 2026",
    "tahun_kegiatan": "2026",
    "cara_pengumpulan_data": "kompilasi_produk_administrasi",
    "sektor_kegiatan": "2",
    "jenis_statistik": "statistik_sektoral",
    "rekomendasi_bps": "tidak",
    "pj_jabatan": "Kepala Bidang Pengelolaan Data",
    "latar_belakang": "Layanan kota direncanakan menurut jumlah penduduknya.",
    "tujuan": "Angka penduduk per wilayah setiap tahun.",
    "jadwal_pengumpulan_awal": "2026-12-01",
    "jadwal_pengumpulan_akhir": "2026-12-15",
    "jadwal_pengolahan_awal": "2026-12-16",
    "jadwal_pengolahan_akhir": "2026-12-20",
    "jadwal_diseminasi_awal": "2026-12-21",
    "jadwal_diseminasi_akhir": "2026-12-31",
    "pelaksanaan": "berulang",
    "frekuensi_penyelenggaraan": "tahunan",
    "tipe_pengumpulan": "cross_sectional",
    "cakupan_kegiatan": "sebagian_wilayah_indonesia",
    "metode_pengumpulan": ["data_sekunder"],
    "sarana_pengumpulan": ["mail"],
    "unit_pengumpulan": ["individu"],
    "uji_coba": "tidak",
    "pemeriksaan_kualitas": ["supervisi"],
    "penyesuaian_nonrespon": "tidak",
    "tahap_pengolahan": ["editing", "validasi"],
    "metode_analisis": "deskriptif",
    "unit_analisis": ["individu"],
    "tingkat_penyajian": ["kabupaten_kota"],
    "produk": ["digital"],
    "rilis_digital": "2026-12-31",
}
#: MS-Var of one column.
VARIABEL: dict[str, Any] = {
    "kolom": "jumlah_penduduk",
    "akses": "terbuka",
    "definisi": "Banyaknya penduduk pada akhir tahun",
    "tipe_data": "bilangan_bulat",
}


#: Fields that take one form of text only.
_OWN = {"satudata_sds": "SE04218.01.00", "satudata_year": "2026", "satudata_count": "12"}


def every_field(kind: str = "dataset_fields") -> dict[str, Any]:
    """A value for each field of the scheme, applicable or not, as its form would send it.

    Args:
        kind: ``dataset_fields`` or ``resource_fields``.
    """
    scheme = yaml.safe_load((SCHEMAS / "dataset.yaml").read_text())
    return {one["field_name"]: _value(one) for one in scheme[kind]}


def _value(field: dict[str, Any]) -> Any:
    key = field["field_name"]
    if "repeating_subfields" in field:
        return [{one["field_name"]: _value(one) for one in field["repeating_subfields"]}]
    if "choices" in field or "choices_helper" in field or "satudata_code" in _words(field):
        value = _codes(field)[-1]
        return [value] if field.get("preset") == "multiple_checkbox" else value
    if field.get("preset") == "date":
        return "2026-01-31"
    if "email_validator" in _words(field):
        return f"{key.replace('_', '.')}@example.org"
    return next((_OWN[one] for one in _words(field) if one in _OWN), f"Isi {key}")


def _words(field: dict[str, Any]) -> list[str]:
    return field.get("validators", "").split()


def _codes(field: dict[str, Any]) -> list[str]:
    if "choices" in field:
        return [one["value"] for one in field["choices"]]
    items = yaml.safe_load((CODES / f"{field['code_list']}.yaml").read_text())["items"]
    return [one["code"] for one in items]
