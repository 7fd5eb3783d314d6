"""The dataset form by parts: what was sent, what changed meanwhile, what is stored.

Everything is saved as a draft at any time; what is missing is said, not demanded. Two
people may edit at once: a field that only one of them changed is taken from that one, and
one that both changed is shown with both values to the later one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _

from ckanext.satudata.metadata import completeness, texts
from ckanext.satudata.metadata import service as metadata

#: Hidden input that remembers what the person saw of each field.
SEEN = "_seen"
Field = Mapping[str, Any]


def pages() -> list[dict[str, Any]]:
    """Parts of the form: ``number`` (from 1), ``key``, ``title``, ``description``, ``fields``."""
    found = tk.h.scheming_get_dataset_form_pages("dataset") or []
    return [
        {
            "number": number,
            "key": page["fields"][0].get("part", ""),
            "title": tk.h.scheming_language_text(page["title"]),
            "description": tk.h.scheming_language_text(page["description"]),
            "fields": page["fields"],
        }
        for number, page in enumerate(found, start=1)
    ]


def place(field: str) -> int:
    """Number of the part that a field stands in; 1 for one the form does not have."""
    for page in pages():
        if any(one["field_name"] == field for one in page["fields"]):
            return page["number"]
    return 1


def neighbours(
    number: int, values: Mapping[str, Any]
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """The parts before and after one, without those of which nothing applies."""
    open_ = [
        page for page in pages() if any(completeness.applies(one, values) for one in page["fields"])
    ]
    before = [one for one in open_ if one["number"] < number]
    after = [one for one in open_ if one["number"] > number]
    return (before[-1] if before else None), (after[0] if after else None)


def stored(field: Field, package: Mapping[str, Any]) -> Any:
    """Value of a field as the form compares it: text, list of choices, or list of rows.

    Args:
        field: of the scheme.
        package: a dictionary as of ``package_show``.
    """
    name = field["field_name"]
    value = package.get(name)
    if name == "tag_string":
        tags = [one.get("display_name") or one["name"] for one in package.get("tags") or ()]
        return ", ".join(sorted(tags))
    if field.get("repeating_subfields"):
        rows = completeness.rows(value)
        return [{key: _plain(one) for key, one in row.items() if _plain(one)} for row in rows]
    if field.get("preset") == "multiple_checkbox":
        return sorted(completeness.chosen(value))
    return _plain(value)


def sent(field: Field, form: MultiDict[str, str]) -> Any:
    """Value of a field as a form sends it, comparable with :func:`stored`."""
    name = field["field_name"]
    if field.get("repeating_subfields"):
        return _rows(field, form)
    if field.get("preset") == "multiple_checkbox":
        return sorted({one for one in form.getlist(name) if one})
    if name == "tag_string":
        tags = {one.strip() for one in form.get(name, "").split(",") if one.strip()}
        return ", ".join(sorted(tags))
    return _plain(form.get(name, ""))


def _rows(field: Field, form: MultiDict[str, str]) -> list[dict[str, str]]:
    """Rows that were filled in, in the order of their numbers."""
    found: dict[str, dict[str, str]] = {}
    names = {one["field_name"] for one in field["repeating_subfields"]}
    for key, value in form.items():
        parts = key.split("-", 2)
        if len(parts) == 3 and parts[0] == field["field_name"] and parts[2] in names:
            found.setdefault(parts[1], {})[parts[2]] = _plain(value)
    ordered = sorted(found.items(), key=lambda pair: (len(pair[0]), pair[0]))
    rows = [{key: one for key, one in row.items() if one} for _number, row in ordered]
    return [row for row in rows if row]


def _plain(value: Any) -> str:
    return str(value if value is not None else "").replace("\r\n", "\n").strip()


def mark(value: Any) -> str:
    """Short mark of a value, by which a later change of it is noticed."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def marks(fields: list[Field], package: Mapping[str, Any]) -> str:
    """What a person sees of each field now, as JSON for the hidden input."""
    return json.dumps({one["field_name"]: mark(stored(one, package)) for one in fields})


def changes(
    fields: list[Field], form: MultiDict[str, str], package: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """What to store of a form, and which fields two people changed differently.

    Args:
        fields: of the part.
        form: as sent, with what the person had seen.
        package: as it is stored now.

    Returns:
        Values for ``package_patch``, and messages by field.
    """
    try:
        seen = json.loads(form.get(SEEN) or "{}")
    except ValueError:
        seen = {}
    seen = seen if isinstance(seen, dict) else {}
    changed: dict[str, Any] = {}
    conflicts: dict[str, list[str]] = {}
    for one in fields:
        name = one["field_name"]
        if name == "owner_org" and name not in form:
            continue
        mine, theirs = sent(one, form), stored(one, package)
        if mine == theirs or seen.get(name) == mark(mine):
            continue
        if name in seen and seen[name] != mark(theirs):
            text = _('Meanwhile somebody else wrote "%(theirs)s". Save again to keep yours.')
            conflicts[name] = [text % {"theirs": _words(one, theirs)}]
            continue
        changed |= _patch(one, mine)
    return changed, conflicts


def _words(field: Field, value: Any) -> str:
    return metadata.shown(field, value) or _("(empty)")


def _patch(field: Field, value: Any) -> dict[str, Any]:
    if field["field_name"] == "tag_string":
        tags = [{"name": one} for one in value.split(", ") if one]
        return {"tags": tags, "tag_string": value}
    return {field["field_name"]: value}


def typed(fields: list[Field], form: MultiDict[str, str]) -> dict[str, Any]:
    """What was typed, to be shown again beside the messages."""
    return {one["field_name"]: sent(one, form) for one in fields}


def outline(found: completeness.Completeness, active: int) -> list[dict[str, Any]]:
    """The parts for the list beside the form, the files last.

    Args:
        found: of the dataset.
        active: number of the part that is open.
    """
    counts = {one.key: one for one in found.parts}
    rows: list[dict[str, Any]] = []
    for page in pages():
        rows.append(_line(page["title"], counts[page["key"]], page["number"]))
        rows[-1]["active"] = page["number"] == active
    rows.append(_line(texts.parts()[completeness.FILES], counts[completeness.FILES], 0))
    return rows


def _line(title: str, part: completeness.Part, number: int) -> dict[str, Any]:
    return {
        "number": number,
        "title": title,
        "filled": part.filled,
        "total": part.total,
        "missing": len(part.missing),
        "applies": bool(part.total),
        "active": False,
    }


def groups(fields: list[Field], package: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Fields of a part by block of the BPS form.

    Args:
        fields: of the part.
        package: values by which is decided what applies.

    Returns:
        ``title`` (empty where the part has no blocks), ``fields`` (each ``field`` and
        ``applies``), ``filled`` and ``total`` of the demanded ones, ``applies``.
    """
    titles = texts.blocks()
    found: list[dict[str, Any]] = []
    for one in fields:
        title = titles.get(one.get("block", ""), "")
        if not found or found[-1]["title"] != title:
            found.append({"title": title, "fields": [], "filled": 0, "total": 0, "applies": False})
        group, applies = found[-1], completeness.applies(one, package)
        group["fields"].append({"field": one, "applies": applies})
        group["applies"] |= applies
        if applies and one.get("duty") == "submit":
            group["total"] += 1
            group["filled"] += not completeness.empty(package.get(one["field_name"]))
    return found


def answers(fields: list[Field], package: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a part says, for who reads a locked dataset: ``title`` and ``rows`` by block."""
    return [
        {
            "title": group["title"],
            "rows": [
                {
                    "label": metadata.label(one["field"]),
                    "value": metadata.shown(one["field"], _readable(one["field"], package)),
                }
                for one in group["fields"]
                if one["applies"]
            ],
        }
        for group in groups(fields, package)
        if group["applies"]
    ]


def _readable(field: Field, package: Mapping[str, Any]) -> Any:
    if field["field_name"] != "owner_org":
        return stored(field, package)
    agency = package.get("organization") or {}
    return agency.get("title") or agency.get("name")
