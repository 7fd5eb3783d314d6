"""How complete the description of a dataset is: what applies, what is filled, what is missing.

A field says itself whether it applies (``when``) and whether it has to be filled before the
submission (``duty``); nothing here names a field of the scheme.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from ckan import model
from ckan.plugins.toolkit import _

from ckanext.satudata.metadata import service as metadata
from ckanext.satudata.metadata import texts

#: Fields CKAN itself demands before it stores a draft.
DRAFT = ("title", "name", "owner_org")
#: Part of the form that is about the files.
FILES = "berkas"
#: Formats of files that have columns, so that their variables have to be described.
TABLES = frozenset({"CSV", "TSV", "XLSX", "XLS", "ODS"})

Values = Mapping[str, Any]


@dataclass
class Part:
    """A part of the form.

    Attributes:
        key: of the part; ``berkas`` for the files.
        filled: number of demanded fields that have a value.
        total: number of demanded fields that apply.
        hidden: number of fields that do not apply to this dataset.
        missing: ``field`` and ``label`` each, of files also ``resource`` (its id).
    """

    key: str
    filled: int = 0
    total: int = 0
    hidden: int = 0
    missing: list[dict[str, str]] = field(default_factory=list)


@dataclass
class Completeness:
    """What :func:`of` found.

    Attributes:
        parts: in the order of the form.
        draft: fields missing without which no draft is stored.
    """

    parts: list[Part]
    draft: list[dict[str, str]]

    @property
    def filled(self) -> int:
        """Demanded fields that have a value."""
        return sum(one.filled for one in self.parts)

    @property
    def total(self) -> int:
        """Demanded fields that apply."""
        return sum(one.total for one in self.parts)

    @property
    def score(self) -> int:
        """Percent of the demanded fields that are filled, 100 only where all are."""
        return self.filled * 100 // self.total if self.total else 100

    @property
    def missing(self) -> list[dict[str, str]]:
        """What is missing for the submission, in the order of the form."""
        return [one for part in self.parts for one in part.missing]


def chosen(value: Any) -> list[str]:
    """What is chosen in a field: of one choice, of several, as list or as stored JSON."""
    if isinstance(value, str) and value.startswith("["):
        with suppress(ValueError):
            value = json.loads(value)
    if isinstance(value, list):
        return [str(one) for one in value]
    return [str(value)] if value not in (None, "") else []


def applies(field: Mapping[str, Any], values: Values) -> bool:
    """Does a field say something about a dataset with these values?

    Args:
        field: of the scheme; its ``when`` names fields and the values they need.
        values: field → value; of a repeating field those of its row.
    """
    when = field.get("when") or {}
    return all(
        any(one in wanted for one in chosen(values.get(name))) for name, wanted in when.items()
    )


def empty(value: Any) -> bool:
    """Is a stored value none: nothing, spaces, or a list without anything?"""
    if isinstance(value, str):
        return value.strip() in ("", "[]", "{}")
    return not value and value is not False and value != 0


def rows(value: Any) -> list[dict[str, Any]]:
    """Rows of a repeating field, as list or as stored JSON."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return []
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def of_values(values: Values, files: Iterable[Mapping[str, Any]]) -> Completeness:
    """Completeness of a dataset.

    Args:
        values: field → value.
        files: of the dataset: ``id``, ``name``, ``format`` and the row field ``variabel``.
    """
    parts = {key: Part(key) for key in texts.parts()}
    draft = []
    for one in metadata.fields():
        name = one["field_name"]
        part = parts.setdefault(one.get("part", "identity"), Part(one.get("part", "identity")))
        if not applies(one, values):
            part.hidden += 1
            continue
        gone = empty(values.get(name))
        if gone and name in DRAFT:
            draft.append({"field": name, "label": metadata.label(one)})
        if one.get("duty") != "submit":
            continue
        if one.get("repeating_subfields") and not gone:
            _rows(part, one, rows(values.get(name)), {"field": name})
            continue
        part.total += 1
        part.filled += not gone
        if gone:
            part.missing.append({"field": name, "label": metadata.label(one)})
    _files(parts.setdefault(FILES, Part(FILES)), list(files))
    return Completeness(list(parts.values()), draft)


def _rows(
    part: Part, field: Mapping[str, Any], given: list[dict[str, Any]], place: dict[str, str]
) -> None:
    """Count the demanded parts of the rows of a repeating field."""
    for number, row in enumerate(given, start=1):
        for one in field["repeating_subfields"]:
            if one.get("duty") != "submit" or not applies(one, row):
                continue
            part.total += 1
            if not empty(row.get(one["field_name"])):
                part.filled += 1
                continue
            text = _("%(field)s, line %(number)s: %(part)s") % {
                "field": metadata.label(field),
                "number": number,
                "part": metadata.label(one),
            }
            part.missing.append({**place, "label": text})


def _files(part: Part, files: list[Mapping[str, Any]]) -> None:
    """Variables of the files that are tables (MS-Var)."""
    fields = [one for one in metadata.resource_fields() if one.get("duty") == "submit"]
    part.total += 1
    part.filled += bool(files)
    if not files:
        part.missing.append({"field": "resources", "label": _("At least one file")})
    for file in files:
        if str(file.get("format") or "").upper() not in TABLES:
            continue
        for one in fields:
            place = {"field": one["field_name"], "resource": str(file.get("id") or "")}
            given = rows(file.get(one["field_name"]))
            if given:
                count = len(part.missing)
                _rows(part, one, given, place)
                _named(part.missing[count:], file)
                continue
            part.total += 1
            part.missing.append({**place, "label": metadata.label(one)})
            _named(part.missing[-1:], file)


def _named(missing: list[dict[str, str]], file: Mapping[str, Any]) -> None:
    for one in missing:
        one["label"] = f"{one['label']} ({file.get('name') or file.get('url') or file.get('id')})"


def of(package: model.Package) -> Completeness:
    """Completeness of a stored dataset, read from the database."""
    return of_values(metadata.values(package), [_file(one) for one in package.resources])


def of_many(packages: list[model.Package]) -> dict[str, Completeness]:
    """Completeness of datasets by their ids, in one query for all their files."""
    files: dict[str, list[dict[str, Any]]] = {one.id: [] for one in packages}
    query = sa.select(model.Resource).where(
        model.Resource.package_id.in_(files), model.Resource.state == "active"
    )
    for one in model.Session.scalars(query) if files else ():
        files[one.package_id].append(_file(one))
    return {one.id: of_values(metadata.values(one), files[one.id]) for one in packages}


def _file(one: model.Resource) -> dict[str, Any]:
    """A file as :func:`of_values` reads it."""
    facts = {"id": one.id, "name": one.name, "format": one.format, "url": one.url}
    return {**dict(one.extras or {}), **facts}


def missing(package: model.Package) -> list[dict[str, str]]:
    """Fields that are empty and have to be filled before the submission."""
    return of(package).missing


def dictized(found: Completeness) -> dict[str, Any]:
    """As the API gives it."""
    labels = texts.parts()
    return {
        "score": found.score,
        "filled": found.filled,
        "total": found.total,
        "draft": {"complete": not found.draft, "missing": found.draft},
        "submit": {"complete": not found.missing, "missing": found.missing},
        "parts": [
            {
                "part": one.key,
                "label": labels.get(one.key, one.key),
                "filled": one.filled,
                "total": one.total,
                "hidden": one.hidden,
                "missing": one.missing,
            }
            for one in found.parts
        ],
    }
