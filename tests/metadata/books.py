"""Workbooks of INDAH for the tests: an example, and what a person does to it in Excel."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
from werkzeug.datastructures import FileStorage

from ckanext.satudata.metadata import indah, workbook

from tests import factories as make

#: Sheets and columns of INDAH's workbook, as BPS gives them.
GIVEN = Path(__file__).parent / "indah-fields.csv"
#: The agency of the examples.
AGENCY = {
    "title": "Dinas Kesehatan",
    "alamat": "Jalan Contoh 1",
    "telepon": "(0342) 1",
    "surel": "",
}
INDICATOR = {
    "nama": "Prevalensi stunting",
    "definisi": "Balita pendek",
    "interpretasi": "Makin tinggi makin banyak",
    "metode_perhitungan": "Dibagi",
    "satuan": "persen",
    "indikator_komposit": "tidak",
    "variabel_pembangun": "Balita stunting | EPPGBM 2026\nBalita diukur | EPPGBM 2026",
    "level_estimasi": "Kelurahan",
}


def columns() -> dict[str, list[str]]:
    """Sheet → its columns, of the file of BPS."""
    found: dict[str, list[str]] = {}
    for row in csv.DictReader(io.StringIO(GIVEN.read_text(encoding="utf-8"))):
        found.setdefault(row["sheet"], []).append(row["column_key"])
    return found


def package(**values: Any) -> dict[str, Any]:
    """A dataset as package_show gives it."""
    return {**make.COMPLETE, "title": "Jumlah Penduduk", "resources": [], **values}


def read(content: bytes) -> indah.Sheets:
    """Sheets of a file."""
    return workbook.read(FileStorage(io.BytesIO(content), filename="a")).sheets


def filled(change: Callable[[Any], Any] | None = None) -> bytes:
    """The workbook of an example, changed as a person would in Excel."""
    files = [{"id": "1", "variabel": [make.VARIABEL]}]
    of = package(resources=files, jenis="indikator", indikator=[INDICATOR])
    book = openpyxl.load_workbook(io.BytesIO(workbook.xlsx(indah.sheets(of, AGENCY))))
    if change:
        change(book)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def cell(book: Any, key: str, row: int = 2, sheet: str = "ms_kegiatan") -> Any:
    """A cell by the key of its column."""
    return book[sheet[:31]].cell(row, columns()[sheet].index(key) + 1)


def put(key: str, value: Any, row: int = 2, sheet: str = "ms_kegiatan") -> Callable[[Any], None]:
    """A change that writes one cell."""

    def change(book: Any) -> None:
        cell(book, key, row, sheet).value = value

    return change
