"""Files of INDAH's workbook: what another library reads, and what is refused and how."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from werkzeug.datastructures import FileStorage

from ckan.plugins import toolkit as tk

from ckanext.satudata.metadata import indah, intake, workbook

from tests import factories as make
from tests.metadata.books import AGENCY, columns, filled, package, put, read

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]


def test_the_workbook_read_with_another_library():
    """Keys in row 1, bold and frozen, lists of words, and no text that became a formula."""
    of = package(tujuan="=1+1", latar_belakang="+62 342", pj_nama="@a", pj_telepon="-5")
    book = openpyxl.load_workbook(io.BytesIO(workbook.xlsx(indah.sheets(of, AGENCY))))
    shown = [one.title for one in book.worksheets if one.sheet_state == "visible"]
    # Excel takes names of 31 signs, the longest of INDAH has 32.
    assert shown == [name[:31] for name in columns()]
    for page, keys in zip(book.worksheets, columns().values(), strict=False):
        assert [one.value for one in page[1]] == keys
        assert page[1][0].font.bold
        assert page.freeze_panes == "A2"
        assert all(one.data_type in "sn" for row in page.iter_rows() for one in row)
    page = book["ms_kegiatan"]
    cells = {head.value: cell for head, cell in zip(page[1], page[2], strict=True)}
    assert cells["tujuan_kegiatan"].value == "=1+1"
    assert cells["latar_belakang_kegiatan"].value == "+62 342"
    assert cells["tahun"].value == "2026"
    lists = {
        str(one.sqref)[:2].rstrip("2"): one.formula1 for one in page.data_validations.dataValidation
    }
    assert "TRUE,FALSE" in lists["B"]
    assert lists["G"] == "daftar_pilihan!$A$1:$A$22"


def test_a_text_that_no_cell_takes_is_refused():
    """Excel would leave it out without a word."""
    with pytest.raises(tk.ValidationError, match="JSON"):
        workbook.xlsx(indah.sheets(package(tujuan="a" * 32768), {}))


def second_activity(book: Any) -> None:
    put("judul_kegiatan", "Kegiatan lain", row=3)(book)


def refused(content: bytes) -> list[str]:
    """What is said of a file that is not taken."""
    with pytest.raises((tk.ValidationError, indah.WrongCellsError)) as error:
        book = workbook.read(FileStorage(io.BytesIO(content), filename="a.xlsx"))
        try:
            intake.compare(package(), AGENCY, book.sheets)
        except indah.WrongCellsError as wrong:
            book.refuse(wrong.problems)
    return error.value.error_dict["upload"]


@pytest.mark.parametrize(
    ("change", "place", "word"),
    [
        (put("cara_pengumpulan_data", "SENSUS_KECIL"), ("ms_kegiatan", "F", "2"), "SURVEI"),
        (put("sektor_kegiatan", "KEUANGN"), ("ms_kegiatan", "G", "2"), "KEUANGAN"),
        (put("rilis_digital_tanggal", "31/12/2026"), ("ms_kegiatan", "2"), "2026-11-24"),
        (put("metode_wawancara", "mungkin"), ("ms_kegiatan", "2"), "TRUE, FALSE"),
        (put("tahun", "dua ribu"), ("ms_kegiatan", "E", "2"), "2026"),
        (put("pj_teknis_email", "bukan email"), ("ms_kegiatan", "Q", "2"), "bukan email"),
        (second_activity, ("ms_kegiatan", "D", "3"), ""),
        (
            put("judul_kegiatan", "Lain", sheet="ms_variabel"),
            ("ms_variabel", "A", "2"),
            "Kompilasi Data Kependudukan 2026",
        ),
        (put("nama", None, sheet="ms_variabel"), ("ms_variabel", "D", "2"), ""),
        (
            put("indikator_nama", "Lain", 3, "ms_indikator_variabel_pembangun"),
            ("ms_indikator_variabel_pembangun", "B", "3"),
            "ms_indikator",
        ),
        (
            put("tipe_data", "HURUF", sheet="ms_variabel"),
            ("ms_variabel", "L", "2"),
            "CHARACTER",
        ),
    ],
)
def test_a_wrong_cell_is_named_with_its_place(change, place, word):
    """Sheet, letter and row as the person sees them, and what to write."""
    (said,) = refused(filled(change))
    for part in (*place, word):
        assert re.search(rf"(^|\W){re.escape(part)}(\W|$)", said) or part in said, (part, said)


def test_problems_are_told_together_and_not_without_end():
    """Twenty, and how many more."""

    def change(book: Any) -> None:
        for key in columns()["ms_kegiatan"]:
            put(key, "?")(book)

    said = refused(filled(change))
    assert len(said) == 21
    assert "column A, row 2 (jenis_statistik)" in said[0]


def drop(name: str) -> Callable[[Any], None]:
    return lambda book: book.remove(book[name])


def test_missing_sheets_and_columns_are_named():
    """With what the file has instead."""
    (said,) = refused(filled(drop("ms_indikator")))
    assert "ms_indikator " in said
    assert "ms_kegiatan_wilayah" in said
    (said,) = refused(filled(lambda book: put("tahun", "tahun_kegiatan", row=1)(book)))
    assert "tahun" in said


def bomb() -> bytes:
    """A small file that unpacks to much."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", b"<a/>")
        archive.writestr("xl/a.xml", b"0" * 40_000_000)
    return target.getvalue()


def liar() -> bytes:
    """A file that says it unpacks to little."""
    content = bytearray(bomb())
    size = (40_000_000).to_bytes(4, "little")
    return bytes(content.replace(size, (10).to_bytes(4, "little")))


def entities() -> bytes:
    """A workbook with an XML bomb in it."""
    source, target = zipfile.ZipFile(io.BytesIO(filled())), io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for one in source.infolist():
            content = source.read(one)
            if one.filename == "xl/workbook.xml":
                content = b'<!DOCTYPE a [<!ENTITY a "b">]>' + content
            archive.writestr(one, content)
    return target.getvalue()


def cut() -> bytes:
    """A ZIP whose parts are no XML."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("[Content_Types].xml", b"<a")
        archive.writestr("xl/workbook.xml", b"\xff\xfe")
    return target.getvalue()


def far_cell() -> bytes:
    """A workbook with one cell at the very end of a sheet."""
    return filled(
        lambda book: book["ms_variabel"].cell(1_048_576, 16_384).__setattr__("value", "a")
    )


def formula_error() -> bytes:
    """A workbook with a formula that could not be calculated."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        for name, keys in columns().items():
            page = book.add_worksheet(name[:31])
            page.write_row(0, 0, keys)
            page.write_formula(1, 2, "=1/0", None, "#DIV/0!")
    return target.getvalue()


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "workbook"),
        (b"a,b\n1,2\n", "workbook"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, ".xlsx"),
        (b"PK\x03\x04" + b"\0" * 99, "workbook"),
        (bomb, "30 MB"),
        (liar, "workbook"),
        (entities, "workbook"),
        (cut, "workbook"),
        (far_cell, "2001"),
        (formula_error, "#DIV/0!"),
        (b"\0" * (5 * 1024 * 1024 + 1), "5 MB"),
        (lambda: filled()[:5000], "workbook"),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_what_is_no_workbook_is_refused(content, word):
    """In words, with the way out; nothing unpacks without end."""
    said = refused(content() if callable(content) else content)
    assert word in said[0]


def test_excel_types_are_read_as_what_they_show():
    """Numbers, dates and yes/no as Excel stores them; CSV with semicolons."""

    def change(book: Any) -> None:
        put("tahun", 2027.0)(book)
        put("rilis_digital_tanggal", make.clock.now().replace(2027, 1, 31, tzinfo=None))(book)
        put("metode_wawancara", True)(book)

    found = indah.fields(read(filled(change)))
    assert (found["tahun_kegiatan"], found["rilis_digital"]) == ("2027", "2027-01-31")
    assert "wawancara" in found["metode_pengumpulan"]
    target, sheets = io.BytesIO(), indah.sheets(package(tujuan="=1; 2"), {})
    with zipfile.ZipFile(target, "w") as archive:
        for name, rows in sheets.items():
            lines = io.StringIO()
            writer = csv.writer(lines, delimiter=";")
            writer.writerows([columns()[name], *(list(one.values()) for one in rows)])
            archive.writestr(f"indah/{name}.csv", lines.getvalue())
    assert read(target.getvalue()) == sheets
