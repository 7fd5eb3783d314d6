"""Table Schema of a file, made from its variables (MS-Var).

The variables are the source; a schema is derived, so that both cannot differ. It describes
the file that everybody gets: columns that are not open are not in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckanext.satudata.common import csvs
from ckanext.satudata.metadata import columns, completeness
from ckanext.satudata.metadata import service as metadata


def descriptor(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Table Schema (https://specs.frictionlessdata.io/table-schema/) of a file.

    Args:
        resource: a dictionary as of ``resource_show``.
    """
    closed = {csvs.key(name) for name in columns.withheld(resource)}
    rows = completeness.rows(resource.get(columns.FIELD))
    shown = [one for one in rows if csvs.key(str(one.get("kolom"))) not in closed]
    return {"fields": [_field(one) for one in shown], "missingValues": [""]}


def _field(row: Mapping[str, Any]) -> dict[str, Any]:
    name = str(row["kolom"]).strip()
    found = {
        "name": name,
        "title": row.get("nama") or name,
        "description": row.get("definisi") or "",
        "type": _types().get(str(row.get("tipe_data") or ""), "any"),
        "unit": row.get("satuan") or "",
    }
    codes = [
        line.split("|")[0].strip()
        for line in str(row.get("klasifikasi_isian") or "").splitlines()
        if line.strip()
    ]
    if codes:
        found["constraints"] = {"enum": codes}
    return {key: value for key, value in found.items() if value}


def _types() -> dict[str, str]:
    """Type of a variable → type of Table Schema, from the scheme."""
    parts = next(
        one["repeating_subfields"]
        for one in metadata.resource_fields()
        if one["field_name"] == columns.FIELD
    )
    kind = next(one for one in parts if one["field_name"] == "tipe_data")
    return {one["value"]: one["table_schema"] for one in kind["choices"]}
