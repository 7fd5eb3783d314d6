"""Template helpers of the metadata scheme."""

from __future__ import annotations

from typing import Any

from ckanext.satudata.metadata import codelists

__all__ = ["satudata_code_choices", "satudata_suggestions"]


def satudata_code_choices(field: dict[str, Any]) -> list[dict[str, Any]]:
    """Choices of a field that come from its code list, as ckanext-scheming wants them."""
    found = codelists.get(field["code_list"])
    return [
        {"value": one.code, "label": {"id": one.id, "en": one.en}}
        for one in (found.items if found else ())
    ]


def satudata_suggestions(field: dict[str, Any]) -> list[str]:
    """Labels that are proposed while somebody types into a field (its ``suggest``)."""
    return list(codelists.labels(field["suggest"]).values()) if field.get("suggest") else []
