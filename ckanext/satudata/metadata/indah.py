"""The workbook of INDAH (BPS) as sheets of texts: made of a dataset, and read back.

Sheets and columns are data (:mod:`indah_layout`); nothing here names a column.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _

from ckanext.satudata import profile
from ckanext.satudata.common import csvs
from ckanext.satudata.common.validators import satudata_date
from ckanext.satudata.metadata import codefiles, codelists, completeness, indah_layout
from ckanext.satudata.metadata import service as metadata
from ckanext.satudata.metadata.indah_layout import (
    DASH,
    DATASET,
    NO,
    OTHER,
    YES,
    Column,
    Field,
    Sheet,
    beside,
    choices,
    unnamed,
    word,
    words,
)

#: Sheet → rows, each column → text.
Sheets = dict[str, list[dict[str, str]]]
#: Words of a choice that are named where an unknown one was found.
_NAMED = 10


@dataclass(frozen=True)
class Problem:
    """A cell that cannot be read: sheet, row (from 0), column, and what to write instead."""

    sheet: str
    row: int
    column: str
    text: str


class WrongCellsError(Exception):
    """Sheets that cannot be read.

    Attributes:
        problems: every one of them, in the order of the sheets.
    """

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(one.text for one in problems))


def plain(value: Any) -> str:
    """A value as a cell has it: text, lines ended alike, nothing around it."""
    text = str(value if value is not None else "")
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def row_name(row: Mapping[str, Any]) -> str:
    """Name of an indicator or a variable; a variable without one is called as its column."""
    return plain(row.get("nama")) or plain(row.get("kolom"))


def merged(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of one name as one: the first value that is there."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        if not row_name(row):
            continue
        one = found.setdefault(csvs.key(row_name(row)), {})
        one.update({key: value for key, value in row.items() if not one.get(key)})
    return list(found.values())


def rows_of(package: Mapping[str, Any], of: str) -> list[dict[str, Any]]:
    """What the rows of a sheet are made of.

    Args:
        package: a dictionary as of ``package_show``.
        of: as ``indah.yaml`` says it.
    """
    if of == DATASET:
        return [dict(package)]
    for one in metadata.fields():
        if one["field_name"] == of:
            applies = completeness.applies(one, package)
            return merged(completeness.rows(package.get(of))) if applies else []
    files = package.get("resources") or ()
    return merged([row for file in files for row in completeness.rows(file.get(of))])


# ---------------------------------------------------------------- out


def sheets(package: Mapping[str, Any], organization: Mapping[str, Any]) -> Sheets:
    """A dataset as INDAH's workbook (MS-Keg, MS-Var, MS-Ind; BPS Regulation 5/2020).

    Args:
        package: a dictionary as of ``package_show``.
        organization: as of ``organization_show``; may lack anything.

    Returns:
        Every sheet with every column in INDAH's order. One choice is INDAH's word, each
        of several choices TRUE or FALSE; a field that does not apply or is empty is empty,
        or ``-`` where INDAH wants it.
    """
    found: Sheets = {}
    for sheet in indah_layout.layout():
        rows = found[sheet.name] = []
        for values in rows_of(package, sheet.of):
            for line in _lines(sheet, values):
                given = (values, line, package, organization)
                rows.append({one.key: _cell(one, *given) for one in sheet.columns})
    return found


def _cell(
    column: Column,
    values: Mapping[str, Any],
    line: tuple[str, str],
    package: Mapping[str, Any],
    organization: Mapping[str, Any],
) -> str:
    rule, text = column.rule, ""
    if "parent" in rule:
        return plain(package.get(rule["parent"]))
    if "line" in rule:
        return line[rule["line"]]
    if "name" in rule:
        return row_name(values)
    if column.field is not None:
        text = _text(column, values)
    said = (plain(organization.get(one)) for one in rule.get("agency") or ())
    text = text or next(filter(None, said), "")
    return text or (DASH if rule.get("dash") else "")


def _text(column: Column, values: Mapping[str, Any]) -> str:
    """Value of a field as a cell has it."""
    field = column.field
    assert field is not None
    source = beside(field)
    others = _unnamed(source, values) if source else []
    if not completeness.applies(field, values):
        return "; ".join(others)
    value = values.get(field["field_name"])
    if column.choice is not None:
        chosen = completeness.chosen(value)
        hidden = column.choice == OTHER and _unnamed(field, values)
        yes = column.choice in chosen or hidden
        return (YES if yes else NO)[0].upper() if chosen else ""
    if choices(field):
        return word(field, plain(value)) if plain(value) else ""
    return "; ".join([*others, *filter(None, [plain(value)])])


def _unnamed(field: Field, values: Mapping[str, Any]) -> list[str]:
    """Labels of what is chosen that INDAH has no column for: it is told as "other"."""
    if not completeness.applies(field, values):
        return []
    chosen = completeness.chosen(values.get(field["field_name"]))
    return [one["label"]["id"] for one in unnamed(field) if one["value"] in chosen]


def _lines(sheet: Sheet, values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The lines of a field in two parts; one empty line for a sheet that is not of lines."""
    if sheet.lines is None:
        return [("", "")]
    if not completeness.applies(sheet.lines, values):
        return []
    text = plain(values.get(sheet.lines["field_name"]))
    lines = [one.partition("|") for one in text.split("\n") if one.strip()]
    found = [(first.strip(), rest.strip()) for first, _sign, rest in lines]
    return found or (_city() if sheet.of == DATASET else [])


def _city() -> list[tuple[str, str]]:
    """Province and regency of the profile: where the city collects when nothing is said."""
    city = profile.current().city
    above = codelists.get("wilayah")
    item = above.codes.get(city.region_kemendagri[:2]) if above else None
    if len(city.region_kemendagri) == len("35"):
        return [(item.id if item else city.name, "")]
    return [(item.id if item else "", city.name)]


# ---------------------------------------------------------------- in


def fields(given: Sheets) -> dict[str, Any]:
    """What sheets say of a dataset: the reverse of :func:`sheets`.

    An empty cell says nothing, nor does ``-`` where INDAH wants it for nothing.

    Returns:
        Field → value as ``package_patch`` takes it; ``indikator`` a list of rows, and
        ``variabel`` name → row. Of several choices with the same word of INDAH the first.

    Raises:
        WrongCellsError: a word that is no choice, a wrong date, rows that belong nowhere.
    """
    reader = _Reader(given)
    values = reader.read()
    if reader.problems:
        raise WrongCellsError(reader.problems)
    return values


def silent(column: Column, text: str) -> bool:
    """Does a cell say nothing?"""
    return text == "" or (text == DASH and bool(column.rule.get("dash")))


class _Reader:
    """Reads sheets and collects what is wrong with them."""

    def __init__(self, given: Sheets) -> None:
        self.given = given
        self.sheets = indah_layout.layout()
        self.problems: list[Problem] = []
        self.activity = ""

    def _wrong(self, sheet: Sheet, row: int, column: Column, text: str) -> None:
        self.problems.append(Problem(sheet.name, row, column.key, text))

    def read(self) -> dict[str, Any]:
        values: dict[str, Any] = {}
        rows: dict[str, dict[str, dict[str, Any]]] = {}
        # What another sheet has too is read after it.
        for sheet in sorted(self.sheets, key=indah_layout.order):
            given = self.given.get(sheet.name) or []
            if sheet.of == DATASET and sheet.lines is None:
                values.update(self._dataset(sheet, given))
                continue
            self._related(sheet, given)
            if sheet.of == DATASET:
                values.update(self._of_lines(sheet, given).get("", {}))
            elif sheet.lines is None:
                self._named(sheet, given, rows.setdefault(sheet.of, {}))
            else:
                self._attach(sheet, given, rows.setdefault(sheet.of, {}))
        order = [one.name for one in self.sheets]
        self.problems.sort(key=lambda one: (order.index(one.sheet), one.row))
        own = {one["field_name"] for one in metadata.fields()}
        for of, found in rows.items():
            if found:
                listed = list(found.values())
                values[of] = listed if of in own else {one["nama"]: one for one in listed}
        return values

    def _dataset(self, sheet: Sheet, given: list[dict[str, str]]) -> dict[str, Any]:
        title = next(
            (one for one in sheet.columns if one.key in indah_layout.parents()), sheet.columns[0]
        )
        for row in range(1, len(given)):
            text = _("A dataset has one activity. Leave one row, and delete the others.")
            self._wrong(sheet, row, title, text)
        self.activity = plain(given[0].get(title.key)) if given else ""
        return self._values(sheet, 0, given[0]) if given else {}

    def _related(self, sheet: Sheet, given: list[dict[str, str]]) -> None:
        """Rows of other activities."""
        column = next(one for one in sheet.columns if "parent" in one.rule)
        for number, row in enumerate(given):
            text = plain(row.get(column.key))
            if text and self.activity and csvs.key(text) != csvs.key(self.activity):
                said = _('This row is of another activity. Write "%(name)s", or delete the row.')
                self._wrong(sheet, number, column, said % {"name": self.activity})

    def _named(
        self, sheet: Sheet, given: list[dict[str, str]], rows: dict[str, dict[str, Any]]
    ) -> None:
        """Rows that are indicators or variables; a second sheet adds what the first has not."""
        column, seen = sheet.column("name"), set()
        for number, row in enumerate(given):
            name = plain(row.get(column.key))
            key = csvs.key(name)
            if not name or key in seen:
                text = _("This name is there twice. Leave one of the two rows.")
                if not name:
                    text = _("This row has no name. Write one, or delete the row.")
                self._wrong(sheet, number, column, text)
                continue
            seen.add(key)
            found = self._values(sheet, number, row)
            before = rows.setdefault(key, {"nama": name})
            before.update({one: value for one, value in found.items() if one not in before})

    def _attach(
        self, sheet: Sheet, given: list[dict[str, str]], rows: dict[str, dict[str, Any]]
    ) -> None:
        """Lines of indicators or variables."""
        column = sheet.column("name")
        for number, row in enumerate(given):
            name = plain(row.get(column.key))
            if csvs.key(name) not in rows:
                text = _('"%(name)s" has no row of its own. Add one in the sheet %(sheet)s.')
                first = next(
                    one.name
                    for one in self.sheets
                    if one.of == sheet.of and not indah_layout.order(one)
                )
                self._wrong(sheet, number, column, text % {"name": name, "sheet": first})
        for key, found in self._of_lines(sheet, given).items():
            rows.get(key, {}).update(found)

    def _of_lines(self, sheet: Sheet, given: list[dict[str, str]]) -> dict[str, dict[str, str]]:
        """Name of the row → its field of lines."""
        assert sheet.lines is not None
        first, second = sheet.column("line", 0), sheet.column("line", 1)
        named = [one for one in sheet.columns if "name" in one.rule]
        lines: dict[str, list[str]] = {}
        for number, row in enumerate(given):
            parts = [" ".join(plain(row.get(one.key)).split()) for one in (first, second)]
            if not any(parts):
                continue
            if "|" in parts[0]:
                self._wrong(sheet, number, first, _("The sign | cannot stand here. Leave it out."))
            key = csvs.key(plain(row.get(named[0].key))) if named else ""
            lines.setdefault(key, []).append(f"{parts[0]} | {parts[1]}" if parts[1] else parts[0])
        name = sheet.lines["field_name"]
        return {key: {name: "\n".join(one)} for key, one in lines.items()}

    def _values(self, sheet: Sheet, number: int, row: Mapping[str, str]) -> dict[str, Any]:
        """Field → value of the cells of a row that say something."""
        found: dict[str, Any] = {}
        for columns in indah_layout.groups(sheet):
            cells = {one: plain(row.get(one.key)) for one in columns}
            if all(silent(one, text) for one, text in cells.items()):
                continue
            field = columns[0].field
            assert field is not None
            if columns[0].choice is not None:
                found.update(self._several(sheet, number, cells))
            else:
                value = self._one(sheet, number, columns[0], cells[columns[0]])
                if value is not None:
                    found[field["field_name"]] = value
        return found

    def _one(self, sheet: Sheet, number: int, column: Column, text: str) -> str | None:
        field = column.field
        assert field is not None
        if choices(field):
            found = _spellings(field).get(_spelled(text))
            if found is None:
                self._wrong(sheet, number, column, _unknown(text, words(column)))
            return found
        if field.get("preset") == "date":
            try:
                return satudata_date(text).isoformat()
            except tk.Invalid as error:
                self._wrong(sheet, number, column, error.error)
                return None
        return text

    def _several(self, sheet: Sheet, number: int, cells: Mapping[Column, str]) -> dict[str, Any]:
        """What is chosen of several, and the text that explains "other"."""
        field = next(one.field for one in cells if one.choice is not None)
        assert field is not None
        chosen = []
        for column, text in cells.items():
            if column.choice is None or silent(column, text):
                continue
            if text.casefold() in YES:
                chosen.append(column.choice)
            elif text.casefold() not in NO:
                self._wrong(sheet, number, column, _unknown(text, words(column)))
        partner = next((one for one in cells if one.choice is None), None)
        text = cells[partner] if partner else ""
        found: dict[str, Any] = {}
        if any(one.choice is not None and cells[one] for one in cells):
            found[field["field_name"]] = chosen
        for one in unnamed(field) if OTHER in chosen else ():
            begin = one["label"]["id"]
            if text == begin or text.startswith(f"{begin};"):
                text = text.removeprefix(begin).removeprefix(";").strip()
                chosen.append(one["value"])
        if partner and partner.field and text:
            found[partner.field["field_name"]] = text
        elif set(chosen) - set(field["indah"]):
            chosen.remove(OTHER)
        return found


def _spelled(text: str) -> str:
    return codefiles.key(text.replace("_", " "))


def _spellings(field: Field) -> dict[str, str]:
    """Everything a choice is called → its value; INDAH's words come before the others."""
    found: dict[str, str] = {}
    for one in choices(field):
        found.setdefault(_spelled(word(field, one["value"])), one["value"])
    for one in choices(field):
        labels = one["label"].values() if isinstance(one["label"], Mapping) else [one["label"]]
        for text in (one["value"], *labels):
            found.setdefault(_spelled(str(text)), one["value"])
    return found


def _unknown(text: str, known: list[str]) -> str:
    if len(known) > _NAMED:
        near = difflib.get_close_matches(text.upper(), known, 3, 0.5)
        known = near or [*known[:_NAMED], "…"]
    said = _('"%(value)s" is not known here. Write one of: %(words)s.')
    return said % {"value": text, "words": ", ".join(known)}
