"""The page of the metadata scheme, read from its YAML."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from typing import Any

import yaml

INTRO = (
    "`ckanext/satudata/schemas/dataset.yaml`: every field once, with what form, completeness, "
    "export and tests read of it. *Demanded* fields have to be filled before a dataset is "
    "submitted; a draft is stored without them. A field with a condition applies only where "
    "it holds, and is not demanded else. *National* is the key under which the national "
    "portal finds it in search results, spelled as there; *INDAH* the key in the workbook of "
    "BPS. Choices come from the [code lists](code-lists.md) where one is named."
)
HEAD = ("field", "label", "demanded", "applies where", "values", "national", "INDAH", "DCAT")


def parts() -> Iterator[str]:
    """One table a part of the form, and those of files."""
    text = (resources.files("ckanext.satudata") / "schemas" / "dataset.yaml").read_text("utf-8")
    scheme = yaml.safe_load(text)
    title, rows = "", []
    for one in scheme["dataset_fields"]:
        if "start_form_page" in one:
            if rows:
                yield _table(title, rows)
            title, rows = one["start_form_page"]["title"]["en"], []
        rows += _rows(one)
    yield _table(title, rows)
    yield _table("Files", [row for one in scheme["resource_fields"] for row in _rows(one)])


def _rows(field: dict[str, Any], within: str = "") -> Iterator[tuple[str, ...]]:
    name = f"{within}{field['field_name']}"
    yield (
        f"`{name}`",
        field["label"]["en"],
        "yes" if field.get("duty") == "submit" else "",
        " and ".join(
            f"`{key}` is {_listed(wanted)}" for key, wanted in (field.get("when") or {}).items()
        ),
        _values(field),
        _keys(field.get("national")),
        _keys(field.get("indah")),
        _keys(field.get("dcat")),
    )
    for one in field.get("repeating_subfields", ()):
        yield from _rows(one, f"{name}.")


def _values(field: dict[str, Any]) -> str:
    if "code_list" in field:
        return f"list `{field['code_list']}`"
    if "choices" in field:
        return _listed([one["value"] for one in field["choices"]])
    if "repeating_subfields" in field:
        return "rows"
    return "date" if field.get("preset") == "date" else ""


def _keys(value: Any) -> str:
    if isinstance(value, dict):
        return _listed(list(value.values()))
    return f"`{value}`" if value else ""


def _listed(values: list[str]) -> str:
    return ", ".join(f"`{one}`" for one in values)


def _table(title: str, rows: list[tuple[str, ...]]) -> str:
    lines = [HEAD, tuple("---" for _ in HEAD), *rows]
    text = "\n".join("| " + " | ".join(row) + " |" for row in lines)
    return f"## {title}\n\n{text}"
