"""Access classes of single columns: the field ``variabel`` of a file.

One row per column: ``kolom`` is its name in the file, ``akses`` its class. What is not
open is not in the copy that the public gets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.satudata.common import csvs, language
from ckanext.satudata.metadata.service import CLOSED, OPEN, RESTRICTED

FIELD = "variabel"
#: Rows as a form sends them: variabel-0-kolom.
_SENT = re.compile(rf"^{FIELD}-([^-]+)-(.+)$")


def withheld(extras: Mapping[str, Any] | None) -> dict[str, str]:
    """Column → class of the columns of a file that the public does not get.

    A word that is no class counts as closed; of two rows for a column the stricter holds.

    Args:
        extras: of the resource, as stored.
    """
    stored = (extras or {}).get(FIELD)
    found: dict[str, tuple[str, str]] = {}
    for one in stored if isinstance(stored, list) else ():
        name = one.get("kolom") if isinstance(one, Mapping) else None
        if not isinstance(name, str) or not name.strip() or one.get("akses") == OPEN:
            continue
        level = RESTRICTED if one.get("akses") == RESTRICTED else CLOSED
        before = found.get(csvs.key(name))
        if before is None or before[1] == RESTRICTED:
            found[csvs.key(name)] = (name.strip(), level)
    return dict(found.values())


def words(extras: Mapping[str, Any] | None) -> str:
    """The withheld columns of a file in words: "nik (Tertutup), alamat (Terbatas)"."""
    labels = {
        choice["value"]: tk.h.scheming_language_text(choice["label"], language.current())
        for choice in _choices()
    }
    return ", ".join(
        f"{name} ({labels.get(level, level)})" for name, level in withheld(extras).items()
    )


def _choices() -> list[dict[str, Any]]:
    schema = tk.h.scheming_get_dataset_schema("dataset") or {}
    for one in schema.get("resource_fields", ()):
        if one["field_name"] == FIELD:
            return one["repeating_subfields"][1]["choices"]
    return []


def tidy(data_dict: Any) -> None:
    """Leave out the rows of a form that were not filled in, in a file or all of a dataset."""
    if not isinstance(data_dict, dict):
        return
    for one in (data_dict, *(data_dict.get("resources") or ())):
        if isinstance(one, dict):
            _tidy(one)


def _tidy(resource: dict[str, Any]) -> None:
    sent: dict[str, dict[str, Any]] = {}
    for field in list(resource):
        match = _SENT.match(field) if isinstance(field, str) else None
        if match:
            sent.setdefault(match[1], {})[match[2]] = resource.pop(field)
    if sent and FIELD not in resource:
        rows = sorted(sent.items(), key=lambda pair: (len(pair[0]), pair[0]))
        resource[FIELD] = [row for _number, row in rows]
    rows = resource.get(FIELD)
    if isinstance(rows, list):
        resource[FIELD] = [
            one for one in rows if not isinstance(one, dict) or any(map(_filled, one.values()))
        ]


def mentioned(value: Any) -> bool:
    """Does an input speak of the classes of columns, in whatever shape?"""
    if isinstance(value, dict):
        return any(FIELD in str(name) or mentioned(one) for name, one in value.items())
    return isinstance(value, list) and any(map(mentioned, value))


def _filled(value: Any) -> bool:
    return bool(value.strip() if isinstance(value, str) else value)
