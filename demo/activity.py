"""How a dataset of the demo city is made: its activity, indicators and variables.

Plausible answers to MS-Keg, MS-Ind and MS-Var (BPS Regulation 5/2020) of what nearly all
data of agencies is: records of an application, compiled after each period. They follow
from the dataset's entry alone, so the city is the same on every machine.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

#: About whom one record is: unit of the figure → choice of ``unit_pengumpulan``.
UNITS = {
    **dict.fromkeys(("jiwa", "orang", "siswa", "persen"), "individu"),
    "keluarga": "rumah_tangga",
    "pedagang": "usaha_perusahaan",
}
#: Measures that are calculated, and what makes a title one of them.
CALCULATED, SPOKEN = ("Persentase",), ("Prevalensi", "Cakupan", "Persentase")
#: Step of the activity → its first and last day, counted from the end of the period.
SCHEDULE = {
    "perencanaan": (-28, -22),
    "desain": (-21, -15),
    "pengumpulan": (1, 6),
    "pengolahan": (7, 10),
    "analisis": (11, 12),
    "diseminasi": (13, 20),
    "evaluasi": (21, 26),
}
#: What an agency that is not ready yet has not written.
UNFINISHED = (
    *("latar_belakang", "tujuan", "tingkat_penyajian", "rilis_digital"),
    *("jadwal_diseminasi_awal", "jadwal_diseminasi_akhir"),
)
#: Columns that the files have in common: type and definition.
COLUMNS = {
    "id": ("bilangan_bulat", "Nomor urut baris."),
    "tahun": ("tahun", "Tahun yang diterangkan angkanya."),
    "bulan": ("teks", "Bulan yang diterangkan angkanya."),
    "satuan": ("teks", "Satuan angkanya."),
}


def _standard(dataset: dict[str, Any]) -> tuple[str, str, str, str]:
    konsep, klasifikasi, ukuran, satuan = (one.strip() for one in dataset["std"].split("|"))
    return konsep, klasifikasi, ukuran, satuan


def is_indicator(dataset: dict[str, Any]) -> bool:
    """Is the figure calculated of others, or counted and measured?"""
    return _standard(dataset)[2] in CALCULATED or dataset["title"].startswith(SPOKEN)


def activity(dataset: dict[str, Any], agency: dict[str, Any]) -> dict[str, Any]:
    """Kind, indicators and activity of a dataset, as fields of the scheme.

    Args:
        dataset: its entry of the city's file.
        agency: that of its agency.
    """
    konsep, _klasifikasi, _ukuran, satuan = _standard(dataset)
    end = date.fromisoformat(str(dataset["period"][1]))
    year = str((end + timedelta(days=1)).year)
    city, title = "Kota Blitar", agency["title"]
    unit = UNITS.get(satuan, "lainnya")
    other = {} if unit != "lainnya" else {"lainnya": konsep}
    name = f"Kompilasi Data {konsep} {year}"
    found: dict[str, Any] = {
        "jenis": "indikator" if is_indicator(dataset) else "variabel",
        "judul_kegiatan": name,
        "tahun_kegiatan": year,
        "cara_pengumpulan_data": "kompilasi_produk_administrasi",
        "sektor_kegiatan": agency["sector"],
        "jenis_statistik": "statistik_sektoral",
        "rekomendasi_bps": "tidak",
        "pj_jabatan": f"Kepala Bidang Data dan Pelaporan {title}",
        "pj_alamat": f"{city} (contoh)",
        "pj_surel": f"{agency['short']}@example.org",
        "latar_belakang": f"{title} merencanakan dan menilai layanannya menurut angka "
        f"{konsep.lower()}. Angkanya sudah dicatat dalam aplikasi perangkat daerah.",
        "tujuan": f"Menyediakan angka {konsep.lower()} untuk perencanaan, evaluasi, dan "
        f"pelayanan publik {city} pada setiap periode.",
        **_schedule(end),
        "pelaksanaan": "berulang",
        "frekuensi_penyelenggaraan": dataset["freq"],
        "tipe_pengumpulan": "longitudinal_cross_sectional",
        "cakupan_kegiatan": "sebagian_wilayah_indonesia",
        "wilayah_kegiatan": _region(dataset),
        "metode_pengumpulan": ["data_sekunder"],
        "sarana_pengumpulan": ["lainnya"],
        "sarana_pengumpulan_lainnya": "Ekspor dari aplikasi perangkat daerah",
        "unit_pengumpulan": [unit],
        "uji_coba": "tidak",
        "pemeriksaan_kualitas": ["supervisi"],
        "penyesuaian_nonrespon": "tidak",
        "tahap_pengolahan": ["editing", "validasi"],
        "metode_analisis": "deskriptif",
        "unit_analisis": [unit],
        **_presented(dataset),
        "produk": ["digital"],
        "rilis_digital": (end + timedelta(days=SCHEDULE["diseminasi"][1])).isoformat(),
    }
    found |= {f"{one}_lainnya": konsep for one in ("unit_pengumpulan", "unit_analisis") if other}
    if is_indicator(dataset):
        found["indikator"] = [_indicator(dataset, name)]
    if dataset["road"] == "draft":
        found = {key: value for key, value in found.items() if key not in UNFINISHED}
    return found


def _schedule(end: date) -> dict[str, str]:
    return {
        f"jadwal_{step}_{edge}": (end + timedelta(days=days)).isoformat()
        for step, span in SCHEDULE.items()
        for edge, days in zip(("awal", "akhir"), span, strict=True)
    }


def _region(dataset: dict[str, Any]) -> str:
    return "Jawa Timur | Kota Blitar" if "table" in dataset else "Jawa Barat | Semua"


def _level(dataset: dict[str, Any]) -> str:
    """Lowest region the figures are given for."""
    words = f"{dataset['title']} {_standard(dataset)[1]}".lower()
    return next((one for one in ("kelurahan", "kecamatan") if one in words), "kota")


def _presented(dataset: dict[str, Any]) -> dict[str, Any]:
    level = _level(dataset)
    if level == "kelurahan":
        return {
            "tingkat_penyajian": ["kabupaten_kota", "lainnya"],
            "tingkat_penyajian_lainnya": "Kelurahan",
        }
    return {"tingkat_penyajian": ["kabupaten_kota", *(["kecamatan"] if level != "kota" else [])]}


def _indicator(dataset: dict[str, Any], name: str) -> dict[str, str]:
    konsep, klasifikasi, ukuran, satuan = _standard(dataset)
    whole = konsep.split(maxsplit=1)[0].lower()
    worse = dataset["title"].startswith("Prevalensi")
    better = "buruk" if worse else "baik"
    return {
        "nama": dataset["title"],
        "konsep": konsep,
        "definisi": dataset["definisi"],
        "interpretasi": f"Makin tinggi nilainya makin {better} keadaannya.",
        "metode_perhitungan": f"Jumlah {konsep.lower()} dibagi jumlah seluruh {whole} sasaran "
        "di wilayah dan periode yang sama, dikalikan seratus.",
        "rumus": f"{konsep} / seluruh {whole} sasaran x 100",
        "ukuran": ukuran,
        "satuan": satuan,
        "klasifikasi_penyajian": klasifikasi,
        "indikator_komposit": "tidak",
        "variabel_pembangun": f"Jumlah {konsep.lower()} | {name}\n"
        f"Jumlah seluruh {whole} sasaran | {name}",
        "level_estimasi": _level(dataset).capitalize(),
        "akses_umum": "ya",
    }


def variables(columns: list[str], dataset: dict[str, Any]) -> list[dict[str, str]]:
    """The columns of a file, as rows of the field ``variabel``.

    Args:
        columns: first row of the file.
        dataset: its entry of the city's file.
    """
    table = dataset.get("table") or {}
    figure = table.get("column") or next(
        (one for one in columns if one.startswith("jumlah_")), columns[-1]
    )
    return [
        _figure(one, dataset, table) if one == figure else _column(one, table) for one in columns
    ]


def _named(column: str) -> dict[str, str]:
    return {"kolom": column, "akses": "terbuka", "nama": column.replace("_", " ").capitalize()}


def _figure(column: str, dataset: dict[str, Any], table: dict[str, Any]) -> dict[str, str]:
    konsep, _klasifikasi, ukuran, satuan = _standard(dataset)
    return {
        **_named(column),
        "konsep": konsep,
        "definisi": dataset["definisi"],
        "tipe_data": "desimal" if table.get("decimals") else "bilangan_bulat",
        "ukuran": ukuran,
        "satuan": satuan,
        "referensi_waktu": "Periode data",
        "aturan_validasi": "Tidak kurang dari 0",
    }


def _column(column: str, table: dict[str, Any]) -> dict[str, str]:
    kind, place = "teks", column.partition("_")[2].replace("_", "/")
    definition = f"Pengelompokan angka menurut {column.replace('_', ' ')}."
    if column in COLUMNS:
        kind, definition = COLUMNS[column]
    elif column.startswith("kode_"):
        definition = f"Kode {place} menurut Kementerian Dalam Negeri."
    elif column.startswith("nama_"):
        definition = f"Nama {place}."
    found = {
        **_named(column),
        "konsep": column.replace("_", " ").capitalize(),
        "definisi": definition,
        "tipe_data": kind,
    }
    by, parts = table.get("by", [None, []])
    values = parts if column == by else table.get("rows", ()) if column == table.get("head") else ()
    if values:
        found["klasifikasi_isian"] = "\n".join(str(one) for one in values)
    return found
