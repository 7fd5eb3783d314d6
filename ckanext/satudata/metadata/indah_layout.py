"""Sheets and columns of the workbook of INDAH (BPS), and the fields they stand for.

What a column means is data: the key ``indah`` of a field of the scheme, or the table
``indah.yaml`` for what no field has. Nothing here names a column.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from ckan.plugins import toolkit as tk

from ckanext.satudata.metadata import codelists
from ckanext.satudata.metadata import service as metadata

Field = Mapping[str, Any]
#: Rows of a sheet that are the dataset itself.
DATASET = "dataset"
#: Choice that stands for what has no name, and that says so in a field beside it.
OTHER = "lainnya"
#: What INDAH wants in a cell that has nothing to say.
DASH = "-"
#: Words of a choice among several, beside those of INDAH.
YES, NO = ("true", "ya", "yes", "1"), ("false", "tidak", "no", "0")


@dataclass(frozen=True, eq=False)
class Column:
    """A column of a sheet.

    Attributes:
        key: as row 1 has it.
        rule: of ``indah.yaml``; empty for a field of the scheme alone.
        field: of the scheme, None where there is none.
        choice: of a field of several choices, the one that this column is.
    """

    key: str
    rule: Mapping[str, Any]
    field: Field | None = None
    choice: str | None = None


@dataclass(frozen=True, eq=False)
class Sheet:
    """A sheet: its name, what its rows are (``indah.yaml``), and its columns in order."""

    name: str
    of: str
    lines: Field | None
    columns: tuple[Column, ...]

    def column(self, rule: str, value: Any = True) -> Column:
        """The column with this word of ``indah.yaml``."""
        return next(one for one in self.columns if one.rule.get(rule) == value)


@lru_cache(maxsize=1)
def table() -> dict[str, dict[str, Any]]:
    """The table ``indah.yaml``."""
    path = os.path.join(os.path.dirname(__file__), "indah.yaml")
    with open(path, encoding="utf-8") as source:
        return yaml.safe_load(source)


def scope(of: str) -> list[dict[str, Any]]:
    """Fields of the rows of a sheet: of the dataset, or of the rows of one of its fields."""
    if of == DATASET:
        return metadata.fields()
    every = (*metadata.fields(), *metadata.resource_fields())
    return next(one["repeating_subfields"] for one in every if one["field_name"] == of)


def layout() -> list[Sheet]:
    """The sheets in INDAH's order, with the fields of the scheme they stand for."""
    found = []
    for name, about in table().items():
        fields = scope(about["of"])
        known: dict[str, tuple[Field, str | None]] = {}
        for one in fields:
            keys = one.get("indah") or {}
            pairs = keys.items() if isinstance(keys, Mapping) else [(None, keys)]
            known.update({key: (one, choice) for choice, key in pairs})
        by_name = {one["field_name"]: one for one in fields}
        columns = []
        for key, rule in about["columns"].items():
            rule = rule or {}
            field, choice = known.get(key, (None, None))
            if {"parent", "name", "line", "fixed", "blank"} & set(rule):
                field, choice = None, None
            if "again" in rule:
                field = by_name[rule["again"]]
            columns.append(Column(key, rule, field, choice))
        found.append(Sheet(name, about["of"], by_name.get(about.get("lines")), tuple(columns)))
    return found


def word(field: Field, value: str) -> str:
    """What INDAH calls a choice."""
    for choice in field.get("choices") or ():
        if choice["value"] == value and "indah" in choice:
            found = choice["indah"]
            return str(found).upper() if isinstance(found, bool) else str(found)
    codes = codelists.get(field["code_list"]) if field.get("code_list") else None
    item = codes.codes.get(value) if codes else None
    return (item.columns.get("indah") if item else None) or value.upper()


def choices(field: Field) -> list[dict[str, Any]]:
    """Choices of a field, also those of its code list; none where it takes any text."""
    return tk.h.scheming_field_choices(field) or []


def words(column: Column) -> list[str]:
    """Words that a column takes; none where it takes any text."""
    if column.choice is not None:
        return [YES[0].upper(), NO[0].upper()]
    if column.field is None:
        return []
    return list(dict.fromkeys(word(column.field, one["value"]) for one in choices(column.field)))


def beside(field: Field) -> Field | None:
    """The field of several choices whose "other" this text field explains; None for others."""
    when = field.get("when") or {}
    if len(when) != 1 or next(iter(when.values())) != [OTHER]:
        return None
    fields = (one for one in metadata.fields() if one["field_name"] in when)
    return next((one for one in fields if isinstance(one.get("indah"), Mapping)), None)


def groups(sheet: Sheet) -> Iterator[list[Column]]:
    """Columns of fields that are read together: those of several choices, with their text."""
    found: dict[str, list[Column]] = {}
    for one in sheet.columns:
        if one.field is None:
            continue
        source = beside(one.field)
        lead = source if source and unnamed(source) else one.field
        found.setdefault(lead["field_name"], []).append(one)
    yield from found.values()


def unnamed(field: Field) -> list[dict[str, Any]]:
    """Choices of a field of several that INDAH has no column for."""
    return [one for one in choices(field) if one["value"] not in field["indah"]]


def order(sheet: Sheet) -> int:
    """Order of reading: sheets of their own first, then what another one has too, then lines."""
    if sheet.lines is not None:
        return 2
    return int(any("again" in one.rule for one in sheet.columns))


def parents() -> set[str]:
    """Keys of the columns by which sheets belong together."""
    rules = [rule for one in table().values() for rule in one["columns"].items() if rule[1]]
    return {key for key, rule in rules if "parent" in rule}
