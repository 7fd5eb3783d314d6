"""A dataset with every field of the scheme filled in, its copy, and their comparison."""

from __future__ import annotations

import uuid
from typing import Any

from ckan.plugins import toolkit as tk

#: What a copy necessarily says otherwise.
OWN = {"id", "package_id", "metadata_created", "metadata_modified", "created", "last_modified"}


def filled(field: dict[str, Any], seed: str = "") -> Any:
    """A value for any field of the scheme."""
    name, rules = field["field_name"], field.get("validators", "")
    choices = [one["value"] for one in tk.h.scheming_field_choices(field) or ()]
    if field.get("repeating_subfields"):
        return [{one["field_name"]: filled(one, seed) for one in field["repeating_subfields"]}]
    if choices:
        return choices[:2] if field.get("preset") == "multiple_checkbox" else choices[0]
    for word, value in (
        ("satudata_year", "2026"),
        ("satudata_count", "2"),
        ("satudata_sds", "SE04218.01.00"),
        ("satudata_code", "35.72"),
        ("email_validator", "data@example.org"),
    ):
        if word in rules:
            return value
    return "2026-01-31" if field.get("preset") == "date" else f"Isi {name}{seed}"


def copied(record: dict[str, Any]) -> dict[str, Any]:
    """A record as one sends it to make another dataset of it."""
    copy = {key: value for key, value in record.items() if key not in OWN}
    copy["name"] = f"salinan-{uuid.uuid4().hex[:8]}"
    copy["resources"] = [
        {key: value for key, value in one.items() if key not in OWN} for one in record["resources"]
    ]
    return copy


def same(one: dict[str, Any], other: dict[str, Any], *apart: str) -> None:
    """Field by field; what is not of the scheme too."""
    apart = apart or ("name",)
    assert set(one) == set(other)
    for key in set(one) - {"resources", "tags", *OWN, *apart}:
        assert one[key] == other[key], key
    assert [tag["name"] for tag in one["tags"]] == [tag["name"] for tag in other["tags"]]
    for before, after in zip(one["resources"], other["resources"], strict=True):
        assert set(before) == set(after)
        for key in set(before) - OWN:
            assert before[key] == after[key], key
