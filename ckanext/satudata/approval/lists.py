"""Lists and counts of CKAN in which hidden datasets would leave a trace.

Tags, formats, members and history of groups, and numbers: taken over the whole list
before it is cut into pages, so that no page is shorter by what is hidden. The queries are
of a constant number whatever is listed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa

from ckan import model
from ckan.lib import search
from ckan.lib.plugins import get_permission_labels
from ckan.plugins import toolkit as tk
from ckan.types import Context

from ckanext.satudata.approval import existence

#: More than any portal has.
_ALL = 1_000_000
#: Ids of one question to the index, which takes a thousand at most.
_AT_ONCE = 500
#: What CKAN's sizes of a page are when none is given.
_FORMATS = 5


def visible(context: Context, ids: Iterable[str]) -> set[str]:
    """Those of the datasets that the caller may see now.

    Public ones by the database, in one query; the rest by the index, which knows the
    permission labels, and only for who is signed in.
    """
    wanted = set(ids)
    if existence.told(context) or not wanted:
        return wanted
    package = model.Package
    public = set(
        model.Session.scalars(
            sa.select(package.id).where(
                package.id.in_(wanted), package.private.is_(False), package.state == "active"
            )
        )
    )
    rest = sorted(wanted - public) if context.get("user") else []
    for begin in range(0, len(rest), _AT_ONCE):
        some = " OR ".join(rest[begin : begin + _AT_ONCE])
        found = _ask_index(context, fq=f"+id:({some})", fl="id", rows=_AT_ONCE)
        public |= set(found.results)
    return public


def _ask_index(context: Context, **more: Any) -> search.PackageSearchQuery:
    """Ask the index for whatever the caller may see, by the labels of the person."""
    user = model.User.get(context.get("user") or None)
    query = search.query_for(model.Package)
    asked = {"q": "*:*", **more, "fq": f"{more.get('fq', '')} +state:(active OR draft)"}
    labels = get_permission_labels().get_user_dataset_labels(user)
    query.run(asked, permission_labels=labels)
    return query


def _facet(context: Context, field: str) -> dict[str, int]:
    """Values of a field in the datasets the caller may see, and how many have each."""
    more = {"facet.field": [field], "facet.limit": -1, "rows": 0}
    return _ask_index(context, **more).facets.get(field, {})


def _page(found: list[Any], data: dict[str, Any], limit: int | None = None) -> list[Any]:
    """A page of a list by ``limit`` and ``offset``, as CKAN reads them."""
    begin = int(data.get("offset") or 0)
    size = data.get("limit", limit)
    return found[begin:] if size is None else found[begin : begin + int(size)]


# Tags


def _free(data: dict[str, Any]) -> bool:
    """Are tags asked for that come from datasets (those of vocabularies do not)?"""
    return not data.get("vocabulary_id")


def _tag_list(call: Any, context: Context, data: dict[str, Any]) -> Any:
    found = call(data)
    if not _free(data):
        return found
    seen = _facet(context, "tags")
    return [one for one in found if (one["name"] if isinstance(one, dict) else one) in seen]


def _tag_autocomplete(call: Any, context: Context, data: dict[str, Any]) -> Any:
    if not _free(data):
        return call(data)
    return _page(_tag_list(call, context, {**data, "limit": _ALL, "offset": 0}), data)


def _tag_search(call: Any, context: Context, data: dict[str, Any]) -> Any:
    if not _free(data):
        return call(data)
    found, seen = call({**data, "limit": _ALL, "offset": 0}), _facet(context, "tags")
    rows = [one for one in found["results"] if one["name"] in seen]
    return {"count": len(rows), "results": _page(rows, data)}


def _tag_show(call: Any, context: Context, data: dict[str, Any]) -> Any:
    found = call(data)
    if not found.get("vocabulary_id") and found["name"] not in _facet(context, "tags"):
        raise tk.ObjectNotFound
    return found


def _formats(call: Any, context: Context, data: dict[str, Any]) -> Any:
    found, seen = call({**data, "limit": _ALL}), _facet(context, "res_format")
    open_ = {one.lower() for one in seen}
    # In CKAN's order by frequency, of what the caller may see.
    counts = {one.lower(): count for one, count in seen.items()}
    rows = sorted((one for one in set(found) if one in open_), key=lambda one: (-counts[one], one))
    return rows[: int(data.get("limit", _FORMATS))]


# Members and history


def _members(call: Any, context: Context, data: dict[str, Any]) -> Any:
    found = call(data)
    seen = visible(context, (one[0] for one in found if one[1] == "package"))
    # Sorted: CKAN gives them as they lie in the database, which shows what was changed last.
    return sorted(one for one in found if one[1] != "package" or one[0] in seen)


def _resources(call: Any, context: Context, data: dict[str, Any]) -> Any:
    """In an order of their own: CKAN's default is where they lie, which a change moves."""
    return call(data if data.get("order_by") else {**data, "order_by": "id"})


def _activities(call: Any, context: Context, data: dict[str, Any]) -> Any:
    """What happened to datasets, their files and views; of the hidden ones nothing.

    CKAN keeps the permission labels of the day: what was withdrawn since would be told.
    Views have none at all.
    """
    found = call(data)
    about = {one["object_id"] for one in found if _of_dataset(one)}
    seen = visible(context, about)
    return [one for one in found if one["object_id"] in seen or not _of_dataset(one)]


def _of_dataset(activity: dict[str, Any]) -> bool:
    return (activity["activity_type"] or "").endswith((" package", " view"))


def _autocomplete(call: Any, context: Context, data: dict[str, Any]) -> Any:
    """CKAN asks the index alone, which may lag behind."""
    found, package = call(data), model.Package
    names = [one["name"] for one in found]
    query = sa.select(package.name, package.id).where(package.name.in_(names))
    ids = dict(model.Session.execute(query).all()) if names else {}
    seen = visible(context, ids.values())
    return [one for one in found if ids.get(one["name"]) in seen]


# Groups by number of datasets


def _groups(call: Any, context: Context, data: dict[str, Any]) -> Any:
    """The order by number of datasets counts only those the caller may see."""
    sort = str(data.get("sort") or data.get("order_by") or "").strip()
    if sort.split(" ")[0] not in ("packages", "package_count"):
        return call(data)
    plain = {key: value for key, value in data.items() if key not in ("order_by", "offset")}
    names = call({**plain, "all_fields": False, "sort": "name asc", "limit": _ALL})
    counts = _counts(context, names)
    up = sort.endswith(" asc")
    names = sorted(
        filter(counts.get, names), key=lambda one: (counts[one] * (1 if up else -1), one)
    )
    names = _page(names, data)
    if not tk.asbool(data.get("all_fields")) or not names:
        return names
    # ``organization_list`` reads the names from a key of its own and empties the other.
    named = {"groups": names, "organizations": names}
    rows = call({**plain, **named, "sort": "name asc", "limit": len(names)})
    order = {name: number for number, name in enumerate(names)}
    return sorted(rows, key=lambda one: order[one["name"]])


def _counts(context: Context, names: list[str]) -> dict[str, int]:
    """Name of a group or an organization → datasets in it that the caller may see."""
    fields = ("groups", "organization")
    more = {"facet.field": list(fields), "facet.limit": -1, "rows": 0}
    facets = _ask_index(context, **more).facets
    return {name: sum(facets.get(one, {}).get(name, 0) for one in fields) for name in names}


def _datastore(call: Any, _context: Context, data: dict[str, Any]) -> Any:
    """The list of all tables names the hidden ones."""
    if "_table_metadata" in (data.get("resource_id"), data.get("id")):
        raise tk.ObjectNotFound
    return call(data)


#: Action → what it answers instead. ``call`` is the action behind it.
LISTS: dict[str, Callable[[Any, Context, dict[str, Any]], Any]] = {
    "tag_list": _tag_list,
    "tag_autocomplete": _tag_autocomplete,
    "tag_search": _tag_search,
    "tag_show": _tag_show,
    "format_autocomplete": _formats,
    "package_autocomplete": _autocomplete,
    "member_list": _members,
    "resource_search": _resources,
    "group_list": _groups,
    "organization_list": _groups,
    "user_activity_list": _activities,
    "group_activity_list": _activities,
    "organization_activity_list": _activities,
    "recently_changed_packages_activity_list": _activities,
    "dashboard_activity_list": _activities,
    "datastore_search": _datastore,
}


def chained_actions(existing: set[str]) -> dict[str, Callable[..., Any]]:
    """The links in front of the lists and counts.

    Args:
        existing: names of all actions of core and of the other plugins.
    """
    return {name: _link(name, how) for name, how in LISTS.items() if name in existing}


def _link(name: str, how: Callable[..., Any]) -> Callable[..., Any]:
    @tk.chained_action
    @tk.side_effect_free
    def listed(next_action: Any, context: Context, data_dict: dict[str, Any]) -> Any:
        if not isinstance(data_dict, dict) or existence.told(context):
            return next_action(context, data_dict)
        return how(lambda data: next_action(context, data), context, data_dict)

    listed.__name__ = name
    listed.__doc__ = f"Leave out of ``{name}`` what is hidden."
    # The action behind this link checks the right; see the gate.
    listed.auth_audit_exempt = True  # type: ignore[attr-defined]
    return listed
