"""Sheets of texts as a file: an Excel workbook, or a ZIP with one CSV for each sheet.

What people upload is judged before it is read: its size, what it unpacks to, its kind.
Every refusal is a ValidationError at ``upload`` that says where and what to do.
"""

from __future__ import annotations

import csv
import io
import os
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import IO, Any, NoReturn

import openpyxl
import xlsxwriter
from openpyxl.utils import get_column_letter

from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _

from ckanext.satudata.common import csvs, files
from ckanext.satudata.common.errors import refuse
from ckanext.satudata.metadata import indah_layout
from ckanext.satudata.metadata.indah import Problem, Sheets, plain

#: Bytes of an upload, of what it unpacks to, and of its texts packed again.
MOST, UNPACKED, TEXTS = 5 * 1024 * 1024, 30 * 1024 * 1024, 300 * 1024
#: Files in it, rows of a sheet that are read, and the columns looked at.
PARTS, ROWS, COLUMNS = 500, 2000, 300
#: Characters of a sheet's name that Excel takes: the longest of INDAH has one more.
_NAME = 31
#: Characters that a cell of Excel takes, and a list of words written into it.
_CELL, _LIST = 32767, 255
#: Problems that are named at once.
_NAMED = 20
#: Empty rows below, in which the lists of words are offered too.
_SPARE = 200
#: Hidden sheet for lists of words that are too long for a cell.
_WORDS = "daftar_pilihan"
_CONTENTS = "[Content_Types].xml"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"

#: Rows with their numbers in the file, the first one the names of the columns.
Rows = Iterable[tuple[int, list[str]]]


@dataclass
class Book:
    """A file that was read.

    Attributes:
        sheets: its texts; rows without any are left out.
        letters: sheet → column → its letter in the file.
        numbers: sheet → the numbers of its rows in the file.
    """

    sheets: Sheets = field(default_factory=dict)
    letters: dict[str, dict[str, str]] = field(default_factory=dict)
    numbers: dict[str, list[int]] = field(default_factory=dict)

    def say(self, problem: Problem) -> str:
        """A problem with the place where the person finds it."""
        letter = self.letters.get(problem.sheet, {}).get(problem.column, "?")
        numbers = self.numbers.get(problem.sheet) or [2]
        return _("Sheet %(sheet)s, column %(letter)s, row %(row)s (%(column)s): %(text)s") % {
            "sheet": problem.sheet,
            "letter": letter,
            "row": numbers[min(problem.row, len(numbers) - 1)],
            "column": problem.column,
            "text": problem.text,
        }

    def refuse(self, problems: list[Problem]) -> NoReturn:
        """Refuse the file for what is in its cells."""
        _refuse([self.say(one) for one in problems])


def _refuse(said: list[str]) -> NoReturn:
    more = len(said) - _NAMED
    if more > 0:
        said = [*said[:_NAMED], _("And %(n)s more. Repair these first.") % {"n": more}]
    raise tk.ValidationError({"upload": said})


# ---------------------------------------------------------------- out


def xlsx(sheets: Sheets) -> bytes:
    """Sheets as a workbook: every cell is text, choices are offered as lists.

    Raises:
        Refusal: ``too-long``, a text that no cell of Excel takes whole.
    """
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        bold = book.add_format({"bold": True, "bg_color": "#e6eef2", "border": 1})
        text = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
        lists: list[list[str]] = []
        for sheet in indah_layout.layout():
            page, rows = book.add_worksheet(sheet.name[:_NAME]), sheets[sheet.name]
            for place, column in enumerate(sheet.columns):
                page.write_string(0, place, column.key, bold)
                cells = [row[column.key] for row in rows]
                for number, cell in enumerate(cells, start=1):
                    if len(cell) > _CELL:
                        _too_long(column.key)
                    page.write_string(number, place, cell, text)
                longest = max((len(line) for cell in cells for line in cell.split("\n")), default=0)
                page.set_column(place, place, min(50, max(len(column.key) + 2, longest + 2)), text)
                _offer(page, place, len(rows) + _SPARE, indah_layout.words(column), lists)
            page.freeze_panes(1, 0)
        if lists:
            page = book.add_worksheet(_WORDS)
            page.very_hidden()
            for place, words in enumerate(lists):
                page.write_column(0, place, words)
    return target.getvalue()


def _offer(page: Any, place: int, last: int, words: list[str], lists: list[list[str]]) -> None:
    """Offer the words of a column in its cells."""
    if not words:
        return
    source: Any = words
    if len(",".join(words)) > _LIST:
        if words not in lists:
            lists.append(words)
        letter = get_column_letter(lists.index(words) + 1)
        source = f"={_WORDS}!${letter}$1:${letter}${len(words)}"
    page.data_validation(1, place, last, place, {"validate": "list", "source": source})


def _too_long(key: str) -> NoReturn:
    text = _("The text of %(column)s is too long for Excel. Download the CSV or the JSON.")
    refuse("too-long", text % {"column": key})


def packed(sheets: Sheets) -> bytes:
    """Sheets as a ZIP with one CSV each."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as book:
        for sheet in indah_layout.layout():
            keys = [one.key for one in sheet.columns]
            rows = [[row.get(key, "") for key in keys] for row in sheets[sheet.name]]
            name = zipfile.ZipInfo(f"{sheet.name}.csv", (2026, 1, 1, 0, 0, 0))
            name.compress_type = zipfile.ZIP_DEFLATED
            book.writestr(name, csvs.written([keys, *rows]))
    return target.getvalue()


# ---------------------------------------------------------------- in


def read(upload: Any) -> Book:
    """Read an uploaded workbook, or a ZIP of CSV files.

    Args:
        upload: FileStorage of a form, or a binary file.

    Raises:
        ValidationError: at ``upload``, with every problem that was found.
    """
    files.check_size(upload, MOST)
    source = files.stream(upload)
    content = source.read()
    if content.startswith(_OLD_EXCEL):
        _refuse([_('This is the old Excel format. Save it as "Excel Workbook (.xlsx)".')])
    try:
        parts = _unpacked(content)
    except tk.ValidationError:
        raise
    except Exception:
        # A damaged or locked archive fails in many ways.
        _not_a_workbook()
    if any(name.endswith(".csv") for name in parts):
        pages = _csv_pages(parts)
    elif _CONTENTS in parts:
        pages = _xlsx_pages(content, parts)
    else:
        _not_a_workbook()
    return _book(pages)


def _not_a_workbook() -> NoReturn:
    text = _(
        "This file cannot be read as a workbook. Download the workbook of the dataset here, "
        "fill it in, save it as .xlsx, and upload it again."
    )
    _refuse([text])


def _unpacked(content: bytes) -> dict[str, bytes]:
    """The parts of a ZIP by name, never more than the limit of them."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = [one for one in archive.infolist() if not one.is_dir()]
        if any(one.compress_type not in _METHODS for one in parts):
            _not_a_workbook()
        # Python reads no more of a part than its size says.
        if len(parts) > PARTS or sum(one.file_size for one in parts) > UNPACKED:
            text = _(
                "This file unpacks to more than %(n)s MB. Leave only the sheets of INDAH in it."
            )
            _refuse([text % {"n": UNPACKED // 1024 // 1024}])
        return {one.filename: archive.read(one) for one in parts}


def _xlsx_pages(content: bytes, parts: dict[str, bytes]) -> dict[str, Rows]:
    """Rows of the sheets of a workbook."""
    for name, part in parts.items():
        # Entities would unpack to any size; no workbook has any, nor XML in UTF-16.
        xml = name.endswith((".xml", ".rels"))
        if xml and (b"<!DOCTYPE" in part or b"<!ENTITY" in part or b"\x00" in part):
            _not_a_workbook()
    wanted = {one.name[:_NAME]: one.name for one in indah_layout.layout()}
    try:
        book = openpyxl.load_workbook(
            io.BytesIO(content), read_only=True, data_only=True, keep_links=False
        )
        pages = {wanted.get(one.title[:_NAME], one.title): one for one in book.worksheets}
        found: dict[str, Rows] = {
            name: list(_xlsx_rows(page)) if name in wanted.values() else []
            for name, page in pages.items()
        }
        book.close()
    except tk.ValidationError:
        raise
    except Exception:
        # A damaged workbook fails in many ways.
        _not_a_workbook()
    return found


def _xlsx_rows(page: Any) -> Iterator[tuple[int, list[str]]]:
    # What the sheet says of its own size may be wrong.
    page.reset_dimensions()
    for number, cells in enumerate(page.iter_rows(max_col=COLUMNS), start=1):
        if number > ROWS + 1:
            _too_many(page.title)
        yield number, [_text(page.title, number, place, one) for place, one in enumerate(cells)]


def _text(sheet: str, row: int, place: int, cell: Any) -> str:
    """A cell as text: numbers without needless zeros, dates as 2026-11-24."""
    value = cell.value
    if getattr(cell, "data_type", "") == "e":
        text = _(
            "Sheet %(sheet)s, column %(letter)s, row %(row)s: the formula gives %(value)s. "
            "Write the text itself."
        )
        where = {"sheet": sheet, "letter": get_column_letter(place + 1), "row": row}
        _refuse([text % {**where, "value": value}])
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return format(value, ".15g")
    return plain(value)


def _too_many(sheet: str) -> NoReturn:
    text = _("Sheet %(sheet)s goes beyond row %(n)s. Delete the rows below the last filled one.")
    _refuse([text % {"sheet": sheet, "n": ROWS + 1}])


def _csv_pages(parts: dict[str, bytes]) -> dict[str, Rows]:
    """Rows of the CSV files of a ZIP, by name."""
    found: dict[str, Rows] = {}
    for path, content in parts.items():
        name, ending = os.path.splitext(os.path.basename(path))
        if ending == ".csv" and not path.startswith("__MACOSX/"):
            found[name] = list(_csv_rows(name, io.BytesIO(content)))
    return found


def _csv_rows(name: str, source: IO[bytes]) -> Iterator[tuple[int, list[str]]]:
    try:
        how = csvs.shape(source)
        source.seek(0)
        lines = io.TextIOWrapper(source, encoding=how.encoding, newline="")
        # The number of the row as a spreadsheet shows it, not of the line in the file.
        for number, row in enumerate(csv.reader(lines, delimiter=how.separator), start=1):
            if number > ROWS + 1:
                _too_many(name)
            yield number, [_unprotected(plain(one)) for one in row[:COLUMNS]]
    except (csvs.NoCopyError, csv.Error, UnicodeDecodeError):
        text = _('%(name)s.csv cannot be read as CSV. Save it again as "CSV UTF-8".')
        _refuse([text % {"name": name}])


def _unprotected(cell: str) -> str:
    """A cell without the apostrophe that keeps spreadsheets from taking it for a formula."""
    return cell[1:] if cell.startswith("'") and csvs.plain(cell[1:]) == cell else cell


def _book(pages: dict[str, Rows]) -> Book:
    """Texts of the sheets of INDAH, where all of them are there with all their columns."""
    book, said = Book(), []
    for sheet in indah_layout.layout():
        if sheet.name not in pages:
            text = _(
                "The sheet %(sheet)s is missing; the file has: %(others)s. Download the "
                "workbook of the dataset and fill that in."
            )
            others = ", ".join(sorted(pages)) or _("nothing")
            said.append(text % {"sheet": sheet.name, "others": others})
            continue
        rows = iter(pages[sheet.name])
        _number, head = next(rows, (1, []))
        places = {key.strip().lower(): place for place, key in reversed(list(enumerate(head)))}
        keys = [one.key for one in sheet.columns]
        for key in keys:
            if key not in places:
                text = _("Sheet %(sheet)s has no column %(column)s in row 1. Put it back.")
                said.append(text % {"sheet": sheet.name, "column": key})
        filled = [(number, row) for number, row in rows if any(row)]
        book.numbers[sheet.name] = [number for number, _row in filled]
        book.letters[sheet.name] = {
            key: get_column_letter(places[key] + 1) for key in keys if key in places
        }
        book.sheets[sheet.name] = [
            {key: row[places[key]] for key in keys if places.get(key, len(row)) < len(row)}
            for _number, row in filled
        ]
    if said:
        _refuse(said)
    if len(packed(book.sheets)) > TEXTS:
        _refuse([_("The workbook holds too much text. Shorten the longest descriptions.")])
    return book
