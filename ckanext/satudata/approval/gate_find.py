"""How the datasets an action would write are found from its input (see gate.yaml).

Every finder takes the value of one key and answers package ids. An input of a wrong
shape finds nothing: the action itself refuses it before anything is written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from ckan import model
from ckan import plugins as p

from ckanext.satudata.approval.model import Approval
from ckanext.satudata.approval.states import LOCKED

Finder = Callable[[Any, dict[str, Any]], set[str]]


def _scalars(query: Any) -> set[str]:
    return set(model.Session.scalars(query))


def refs(values: Any) -> list[str]:
    """Ids or names in a text, a dictionary with ``id`` or ``name``, or a list of these."""
    if not isinstance(values, list):
        values = [values]
    keys = [(one.get("id") or one.get("name")) if isinstance(one, dict) else one for one in values]
    return [key for key in keys if isinstance(key, str) and key]


def _packages(values: Any, _data: dict[str, Any]) -> set[str]:
    keys = refs(values)
    if not keys:
        return set()
    return _scalars(
        sa.select(model.Package.id).where(
            sa.or_(model.Package.id.in_(keys), model.Package.name.in_(keys))
        )
    )


def _resources(values: Any, _data: dict[str, Any]) -> set[str]:
    keys = refs(values)
    if not keys:
        return set()
    return _scalars(sa.select(model.Resource.package_id).where(model.Resource.id.in_(keys)))


def _views(values: Any, _data: dict[str, Any]) -> set[str]:
    keys = refs(values)
    if not keys:
        return set()
    return _scalars(
        sa.select(model.Resource.package_id)
        .join(model.ResourceView, model.ResourceView.resource_id == model.Resource.id)
        .where(model.ResourceView.id.in_(keys))
    )


def _tables(values: Any, data: dict[str, Any]) -> set[str]:
    """Datasets of DataStore tables, named by a file's id or an alias."""
    keys = refs(values)
    return _resources(keys, data) or _resources(list(filter(None, map(aliased, keys))), data)


def aliased(name: str) -> str | None:
    """Id of the file whose DataStore table has another name, or None."""
    if not p.plugin_loaded("datastore"):
        return None
    from ckanext.datastore.backend import DatastoreBackend

    backend = DatastoreBackend.get_active_backend()
    return backend.resource_id_from_alias(name)[1]


def match_refs(value: Any, data: dict[str, Any]) -> list[str]:
    """What ``match`` of package_revise names, as object, JSON text or flattened keys."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            value = {}
    found = value if isinstance(value, dict) else {}
    keys = [
        found.get("id"),
        found.get("name"),
        data.get("match__id"),
        data.get("match__name"),
    ]
    return refs(keys)


def _match(value: Any, data: dict[str, Any]) -> set[str]:
    return _packages(match_refs(value, data), data)


def _in_group(ref: Any) -> set[str]:
    group = model.Group.get(str(ref)) if isinstance(ref, str) else None
    if group is None:
        return set()
    return _scalars(
        sa.select(model.Member.table_id).where(
            model.Member.group_id == group.id,
            model.Member.table_name == "package",
            model.Member.state == "active",
        )
    )


def _exchanged(values: Any, data: dict[str, Any]) -> set[str]:
    """Datasets that a new list of a group's datasets would add or take away."""
    if "packages" not in data:
        return set()
    return _packages(values or [], data) ^ _in_group(data.get("id"))


def _of_organization(ref: Any, _data: dict[str, Any]) -> set[str]:
    group = model.Group.get(str(ref)) if isinstance(ref, str) else None
    if group is None:
        return set()
    return _scalars(sa.select(model.Package.id).where(model.Package.owner_org == group.id))


def _member(ref: Any, data: dict[str, Any]) -> set[str]:
    return _packages(ref, data) if data.get("object_type") == "package" else set()


def _tagged(ref: Any, data: dict[str, Any]) -> set[str]:
    tag = model.Tag.get(str(ref), data.get("vocabulary_id")) if ref else None
    if tag is None:
        return set()
    return _scalars(
        sa.select(model.PackageTag.package_id).where(
            model.PackageTag.tag_id == tag.id, model.PackageTag.state == "active"
        )
    )


def _vocabulary(ref: Any, _data: dict[str, Any]) -> set[str]:
    vocabulary = model.Vocabulary.get(str(ref)) if ref else None
    if vocabulary is None:
        return set()
    return _scalars(
        sa.select(model.PackageTag.package_id)
        .join(model.Tag, model.Tag.id == model.PackageTag.tag_id)
        .where(
            model.Tag.vocabulary_id == vocabulary.id,
            model.PackageTag.state == "active",
        )
    )


def _owned(ref: Any, data: dict[str, Any]) -> set[str]:
    """The dataset that is, or is to be, the owner of a file of CKAN 2.12's file actions."""
    find_owner = {"package": _packages, "resource": _resources}.get(str(data.get("owner_type")))
    return find_owner(ref, data) if find_owner else set()


def _file(ref: Any, data: dict[str, Any]) -> set[str]:
    """Owner of a file of CKAN 2.12's file actions (a package or a resource)."""
    owner = getattr(model, "FileOwner", None)
    if owner is None or not isinstance(ref, str):
        return set()
    found: set[str] = set()
    rows = model.Session.execute(
        sa.select(owner.owner_type, owner.owner_id).where(owner.file_id == ref)
    )
    for kind, owner_id in rows:
        found |= _owned(owner_id, {**data, "owner_type": kind})
    return found


def _every(_ref: Any, _data: dict[str, Any]) -> set[str]:
    """For actions that go over the whole portal: every locked dataset."""
    states = [str(state) for state in LOCKED]
    return _scalars(sa.select(Approval.package_id).where(Approval.state.in_(states)))


FINDERS: dict[str, Finder] = {
    "package": _packages,
    "packages": _packages,
    "added": _packages,
    "resource": _resources,
    "table": _tables,
    "view": _views,
    "match": _match,
    "group": lambda ref, _data: _in_group(ref),
    "exchanged": _exchanged,
    "organization": _of_organization,
    "member": _member,
    "tag": _tagged,
    "vocabulary": _vocabulary,
    "file": _file,
    "owned": _owned,
    "every": _every,
}


def parts(rule: str) -> list[tuple[str, list[str]]]:
    """A rule of ``gate.yaml`` as (kind, keys of which the first one given counts)."""
    split = [part.partition(":") for part in rule.split()]
    return [(kind, keys.split("|")) for kind, _colon, keys in split]


def value(data: dict[str, Any], path: str) -> Any:
    """What an input has under a key; a dot goes into a nested object."""
    found: Any = data
    for key in path.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return found


def find(rule: str, data: dict[str, Any]) -> set[str]:
    """Ids of the datasets an action would write.

    Args:
        rule: the action's value in ``gate.yaml``, e.g. ``resource:id package:id|name``.
        data: the input of the action.
    """
    found: set[str] = set()
    for kind, paths in parts(rule):
        given = next((path for path in paths if value(data, path)), paths[0])
        found |= FINDERS[kind](value(data, given), data)
    return found


#: Keys of package_revise that name a file, e.g. update__resources__0 or …__resources__0__id.
_FLAT = re.compile(r"(^|__)resources__[^_]+(__id)?$")


def foreign_resources(name: str, data_dict: dict[str, Any], packages: set[str]) -> set[str]:
    """The other datasets to which files in an input belong, or belonged.

    CKAN lets a deleted file's id be claimed by another dataset, which would then serve the
    old bytes. It also lets a table have another file's id as alias: that file's rows, and
    with them its fingerprint, would be those of the table.

    Args:
        name: the action.
        data_dict: its input.
        packages: the datasets it writes.
    """
    wanted: set[str] = set()
    if name == "resource_create" and isinstance(data_dict.get("id"), str):
        wanted.add(data_dict["id"])
    if name == "datastore_create":
        wanted |= _aliases(data_dict.get("aliases"))
    for key, value in data_dict.items():
        if key == "resources" or _FLAT.search(str(key)):
            wanted |= _ids(value)
        elif isinstance(value, dict):
            wanted |= _ids(value.get("resources"))
    if not wanted:
        return set()
    owners = _scalars(
        sa.select(model.Resource.package_id).where(model.Resource.id.in_(sorted(wanted)))
    )
    return owners - packages


def _aliases(value: Any) -> set[str]:
    """Names of a table as the DataStore reads them: a list, or a text with commas."""
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, list | tuple):
        return set()
    return {one.strip().strip('"') for one in names if isinstance(one, str)}


def _ids(value: Any) -> set[str]:
    if isinstance(value, str):
        return {value}
    parts = value if isinstance(value, list) else [value]
    return {one["id"] for one in parts if isinstance(one, dict) and isinstance(one.get("id"), str)}
