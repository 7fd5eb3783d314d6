"""Read the scheme's fields of a dataset: how they are named and shown, its period."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

from babel.dates import format_date

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _

from ckanext.satudata.common import dates, language
from ckanext.satudata.common.errors import refuse

#: Access classes of the national scheme; only the open one is published as a whole.
OPEN, RESTRICTED, CLOSED = "terbuka", "terbatas", "tertutup"
#: Those of which anything is published.
PUBLISHED = (OPEN, RESTRICTED)
#: Months of the parts of a year that have a name, and their numbers.
_PARTS = {3: "Triwulan", 6: "Semester"}
_ROMAN = ("I", "II", "III", "IV")


def fields() -> list[dict[str, Any]]:
    """Dataset fields of the scheme, in the order of the form."""
    schema = tk.h.scheming_get_dataset_schema("dataset")
    return schema["dataset_fields"] if schema else []


def resource_fields() -> list[dict[str, Any]]:
    """Fields of files of the scheme, in the order of the form."""
    schema = tk.h.scheming_get_dataset_schema("dataset")
    return schema.get("resource_fields", []) if schema else []


def values(package: model.Package) -> dict[str, Any]:
    """Field → stored value of a dataset, read from the database."""
    stored: dict[str, Any] = {
        key: getattr(package, key)
        for key in ("title", "name", "notes", "license_id", "author", "author_email")
    }
    stored |= {key: getattr(package, key) for key in ("maintainer", "maintainer_email")}
    return {**dict(package.extras or {}), **stored, "owner_org": package.owner_org}


def label(field: Mapping[str, Any]) -> str:
    """Label of a field in the reader's language."""
    return tk.h.scheming_language_text(field.get("label", field["field_name"]), language.current())


def labels() -> dict[str, str]:
    """Field → label in the reader's language."""
    return {one["field_name"]: label(one) for one in fields()}


def shown(field: Mapping[str, Any], value: Any) -> str:
    """A stored value as people read it: labels of choices, date and license in words."""
    if field.get("repeating_subfields"):
        return _rows_shown(field, value)
    chosen = _several(value) if field.get("preset") == "multiple_checkbox" else [value]
    words = [
        tk.h.scheming_language_text(choice["label"], language.current())
        for choice in tk.h.scheming_field_choices(field) or ()
        if choice["value"] in chosen
    ]
    if words:
        return ", ".join(words)
    if value in (None, "", []):
        return ""
    if field.get("preset") == "date":
        with suppress(ValueError):
            return dates.day(date.fromisoformat(str(value)))
    if field["field_name"] == "license_id":
        found = model.Package.get_license_register().get(str(value))
        return _(found.title) if found else str(value)
    return str(value)


def _rows_shown(field: Mapping[str, Any], value: Any) -> str:
    """Rows of a repeating field, one a line: what is filled, by its label."""
    lines = []
    for row in _several(value):
        parts = [
            f"{label(one)}: {shown(one, row[one['field_name']])}"
            for one in field["repeating_subfields"]
            if isinstance(row, dict) and row.get(one["field_name"])
        ]
        lines.append("; ".join(parts))
    return "\n".join(filter(None, lines))


def _several(value: Any) -> list[Any]:
    """What was chosen in a field of several choices, stored as JSON."""
    with suppress(ValueError):
        value = json.loads(value) if isinstance(value, str) else value
    return value if isinstance(value, list) else [value]


def access(package: model.Package) -> str | None:
    """Access class of a dataset; None where nothing or an unknown word is stored."""
    found = dict(package.extras or {}).get("accessRights")
    return found if found in (OPEN, RESTRICTED, CLOSED) else None


def _whole_months(start: date, end: date) -> int:
    """Calendar months of one year that a period covers from first to last day; else 0."""
    last = (end + timedelta(days=1)).day == 1
    if start.year != end.year or start.day != 1 or not last:
        return 0
    return end.month - start.month + 1


def period(package: model.Package) -> str:
    """Period of a stored dataset in words, as :func:`period_of`."""
    return period_of(dict(package.extras or {}))


def period_of(extras: Mapping[str, Any]) -> str:
    """Period of a dataset as letters and pages print it: "2026", "Triwulan III 2026".

    Always in Indonesian, because it is printed on official letters.
    """
    try:
        start = date.fromisoformat(extras.get("temporal_start") or "")
        end = date.fromisoformat(extras.get("temporal_end") or "")
        months = _whole_months(start, end)
    except (ValueError, OverflowError):
        return ""
    if (start.month, start.day, end.month, end.day) == (1, 1, 12, 31):
        return str(start.year) if start.year == end.year else f"{start.year}-{end.year}"
    if months == 1:
        return format_date(start, "MMMM y", locale="id")
    if months in _PARTS and start.month % months == 1:
        number = (start.month - 1) // months
        return f"{_PARTS[months]} {_ROMAN[number]} {start.year}"
    if start == end:
        return format_date(start, "d MMMM y", locale="id")
    pattern = "d MMMM" if start.year == end.year else "d MMMM y"
    return (
        format_date(start, pattern, locale="id") + " - " + format_date(end, "d MMMM y", locale="id")
    )


def check_agency(data_dict: Mapping[str, Any]) -> None:
    """Refuse an agency that does not exist by its name, before core's auth speaks of rights.

    Raises:
        Refusal: ``unknown_agency`` at the field ``owner_org``.
    """
    given = data_dict.get("owner_org")
    if not given or not isinstance(given, str):
        return
    found = model.Group.get(given)
    if found is None or not found.is_organization or found.state != "active":
        refuse(
            "unknown_agency",
            _("There is no agency %(name)s. Choose one of the list of agencies.") % {"name": given},
            "owner_org",
        )
