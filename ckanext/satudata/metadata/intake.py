"""What a filled workbook of INDAH (BPS) would change of a dataset, and the patch that does it.

Only a cell that says something else than the portal itself would write there counts, so
that a workbook which goes out and comes back changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _

from ckanext.satudata.common import csvs
from ckanext.satudata.metadata import completeness, form, indah, indah_layout
from ckanext.satudata.metadata import service as metadata
from ckanext.satudata.metadata.indah import Problem, Sheets, plain
from ckanext.satudata.metadata.indah_layout import DATASET, Column, Field, Sheet
from ckanext.scheming.validation import validators_from_string


@dataclass
class Intake:
    """What a workbook does to a dataset.

    Attributes:
        changes: ``field``, ``label``, ``before`` and ``after`` each, in words.
        left_out: ``label`` and ``text`` (why) of what the workbook says and nobody stores.
        patch: input of ``package_patch``, without the id.
    """

    changes: list[dict[str, str]] = field(default_factory=list)
    left_out: list[dict[str, str]] = field(default_factory=list)
    patch: dict[str, Any] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        """Short mark of the changes: the same as long as the same would be stored."""
        return form.mark(self.changes)

    def note(self, name: str, label: str, of: Field, before: Any, after: Any) -> None:
        """Enter a change."""
        shown = {"before": metadata.shown(of, before), "after": metadata.shown(of, after)}
        self.changes.append({"field": name, "label": label, **shown})


def compare(package: Mapping[str, Any], organization: Mapping[str, Any], given: Sheets) -> Intake:
    """What would change.

    Args:
        package: the dataset as of ``package_show``.
        organization: its agency as of ``organization_show``.
        given: the sheets of the workbook.

    Raises:
        WrongCellsError: cells that cannot be read, or whose values the scheme refuses.
    """
    before = indah.sheets(package, organization)
    said = indah.fields(_news(given, before))
    found = Intake()
    _of_dataset(found, package, said)
    for one in metadata.fields():
        if one["field_name"] in said and one.get("repeating_subfields"):
            _of_rows(found, one, package, said[one["field_name"]])
    for one in metadata.resource_fields():
        if one["field_name"] in said:
            _of_files(found, one, package, said[one["field_name"]])
    _fixed(found, given, before)
    return found


# ---------------------------------------------------------------- which cells are new


def _news(given: Sheets, before: Sheets) -> Sheets:
    """The sheets with empty cells where they say what the portal says."""
    found: Sheets = {}
    for sheet in indah_layout.layout():
        rows = [dict(row) for row in given.get(sheet.name) or ()]
        if sheet.lines is None:
            _same_cells(sheet, rows, before[sheet.name])
        else:
            _same_lines(sheet, rows, before[sheet.name])
        found[sheet.name] = rows
    return found


def _name(sheet: Sheet, row: Mapping[str, str]) -> str:
    column = next((one for one in sheet.columns if "name" in one.rule), None)
    return csvs.key(plain(row.get(column.key))) if column else ""


def _same_cells(sheet: Sheet, rows: list[dict[str, str]], before: list[dict[str, str]]) -> None:
    known = {_name(sheet, row): row for row in before}
    keep = indah_layout.parents()
    for row in rows:
        old = known.get(_name(sheet, row), {})
        for columns in indah_layout.groups(sheet):
            if all(_says_nothing(one, row, old) for one in columns):
                row.update({one.key: "" for one in columns if one.key not in keep})


def _says_nothing(column: Column, row: Mapping[str, str], old: Mapping[str, str]) -> bool:
    text = plain(row.get(column.key))
    return indah.silent(column, text) or text == old.get(column.key)


def _same_lines(sheet: Sheet, rows: list[dict[str, str]], before: list[dict[str, str]]) -> None:
    columns = [one.key for one in sheet.columns if "line" in one.rule]

    def lines(of: list[dict[str, str]], name: str) -> list[tuple[str, ...]]:
        said = [tuple(plain(row.get(key)) for key in columns) for row in _of(of, name)]
        return [one for one in said if any(one)]

    def _of(of: list[dict[str, str]], name: str) -> Iterator[dict[str, str]]:
        yield from (row for row in of if _name(sheet, row) == name)

    for name in {_name(sheet, row) for row in rows}:
        if lines(rows, name) == lines(before, name):
            for row in _of(rows, name):
                row.update(dict.fromkeys(columns, ""))


# ---------------------------------------------------------------- what is stored of them


def _same(one: Field, stored: Any, value: Any) -> bool:
    """Is a value stored already? A choice with the same word of INDAH is not exchanged."""
    if one.get("preset") == "multiple_checkbox":
        return sorted(completeness.chosen(stored)) == sorted(value)
    if plain(stored) == plain(value):
        return True
    chosen = plain(stored) and indah_layout.choices(one)
    return bool(chosen) and indah_layout.word(one, plain(stored)) == indah_layout.word(one, value)


def _of_dataset(found: Intake, package: Mapping[str, Any], said: Mapping[str, Any]) -> None:
    problems = []
    for one in metadata.fields():
        name = one["field_name"]
        if name not in said or one.get("repeating_subfields"):
            continue
        value, message = _checked(one, said[name])
        if message:
            problems.append(Problem(*_cell_of(name), message))
        elif not _same(one, package.get(name), value):
            found.patch[name] = value
            found.note(name, metadata.label(one), one, package.get(name), value)
    if problems:
        raise indah.WrongCellsError(problems)


def _checked(one: Field, value: Any) -> tuple[Any, str]:
    """A value as the scheme stores it, or what its validators say against it."""
    names = one.get("validators")
    if not names or not isinstance(value, str) or indah_layout.choices(one):
        return value, ""
    name = one["field_name"]
    schema = {name: validators_from_string(names, one, {})}
    data, errors = tk.navl_validate({name: value}, schema, {})
    return data.get(name, value), "; ".join(errors.get(name) or ())


def problems(errors: Mapping[str, Any]) -> list[Problem]:
    """Messages of ``package_patch`` by cell; none where one belongs to no cell."""
    known = {one["field_name"]: one for one in metadata.fields() if one.get("indah")}
    if not all(name in known for name in errors):
        return []
    return [
        Problem(*_cell_of(name), str(text))
        for name, said in errors.items()
        for text in (said if isinstance(said, list) else [said])
    ]


def _cell_of(name: str) -> tuple[str, int, str]:
    """Sheet, row and column of a field of the dataset."""
    for sheet in indah_layout.layout():
        for one in sheet.columns:
            if sheet.of == DATASET and one.field and one.field["field_name"] == name:
                return sheet.name, 0, one.key
    first = indah_layout.layout()[0]
    return first.name, 0, first.columns[0].key


def _of_rows(
    found: Intake, one: Field, package: Mapping[str, Any], said: list[dict[str, Any]]
) -> None:
    """Indicators: those of the same name are changed, others are added."""
    name, rows = one["field_name"], deepcopy(completeness.rows(package.get(one["field_name"])))
    count = len(found.changes)
    for row in said:
        fitting = [old for old in rows if csvs.key(indah.row_name(old)) == csvs.key(row["nama"])]
        if not fitting:
            fitting = [{}]
            rows += fitting
        for part in one["repeating_subfields"]:
            _set(found, name, f"{row['nama']}: ", part, fitting, row)
    if len(found.changes) > count:
        found.patch[name] = rows


def _of_files(
    found: Intake, one: Field, package: Mapping[str, Any], said: Mapping[str, dict[str, Any]]
) -> None:
    """Variables of the files, in every file that has the column."""
    name, files = one["field_name"], [deepcopy(file) for file in package.get("resources") or ()]
    rows = [(file, completeness.rows(file.get(name))) for file in files]
    count = len(found.changes)
    for title, row in said.items():
        key = csvs.key(title)
        every = [old for _file, listed in rows for old in listed]
        fitting = [old for old in every if csvs.key(indah.row_name(old)) == key]
        if not fitting:
            text = _("No file has this column. Enter it on the page of the file first.")
            found.left_out.append({"label": title, "text": text})
            continue
        for part in one["repeating_subfields"]:
            if part["field_name"] == "akses" and row.get("akses") == metadata.OPEN:
                _keep_closed(found, title, part, fitting)
            elif part["field_name"] != "nama":
                _set(found, name, f"{title}: ", part, fitting, row)
    if len(found.changes) > count:
        for file, listed in rows:
            if listed:
                file[name] = listed
        found.patch["resources"] = files


def _keep_closed(found: Intake, title: str, part: Field, fitting: list[dict[str, Any]]) -> None:
    """INDAH says TRUE of every variable at first: a workbook opens no column."""
    if all(old.get("akses") == metadata.OPEN for old in fitting):
        return
    text = _("A workbook opens no column to the public. Do it on the page of the file.")
    label = f"{title}: {metadata.label(part)}"
    found.left_out.append({"label": label, "text": text})


def _set(
    found: Intake,
    name: str,
    begin: str,
    part: Field,
    fitting: list[dict[str, Any]],
    row: Mapping[str, Any],
) -> None:
    """Set a part of rows, and enter it once."""
    key = part["field_name"]
    if key not in row:
        return
    changed = [old for old in fitting if not _same(part, old.get(key), row[key])]
    if key == "nama":
        changed = [old for old in changed if not old]
    if changed:
        found.note(name, begin + metadata.label(part), part, changed[0].get(key), row[key])
    for old in changed:
        old[key] = row[key]


def _fixed(found: Intake, given: Sheets, before: Sheets) -> None:
    """What a workbook does not change, where it says something else."""
    for sheet in indah_layout.layout():
        for number, row in enumerate(given.get(sheet.name) or ()):
            for one in sheet.columns:
                text = plain(row.get(one.key))
                old = before[sheet.name][number:] if "fixed" in one.rule else []
                if old and not indah.silent(one, text) and text != old[0][one.key]:
                    said = _('"%(text)s" is not stored: the agency is changed on its own page.')
                    found.left_out.append({"label": one.key, "text": said % {"text": text}})
