"""Existence is not told: what is hidden answers as what is missing.

Every action whose input names a dataset, a file, a view or a piece of its history is
chained (the rules are those of ``gate.yaml``), and so is every page of these. Who may not
see the dataset gets the bare answer that there is none: the same status and the same body.
Actions that ask CKAN for the right themselves are left to do so, and only their refusal is
exchanged; a granted answer costs nothing. The others are asked before they run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from flask import Flask
from werkzeug.exceptions import NotFound

from ckan import authz, model
from ckan import plugins as p
from ckan.common import current_user
from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _
from ckan.types import Context

from ckanext.satudata.approval import gate, gate_find, withdrawn
from ckanext.satudata.storage import service as storage

#: Answer of a finder for what exists and belongs to no dataset.
NO_DATASET = ""
#: Writing actions that CKAN lets do something with a dataset one cannot see.
_FIRST = frozenset(
    (
        *("member_create", "member_delete", "group_create", "group_update", "group_patch"),
        "organization_create",
    )
)
#: Kinds that name a dataset only beside another key of the input with one of these values.
_ONLY = {
    "member": ("object_type", ("package",)),
    "owned": ("owner_type", ("package", "resource")),
}
#: Actions in which CKAN's right to do it fails for who is not signed in.
_SIGNED_IN = frozenset(
    ("package_collaborator_list", "package_collaborator_create", "package_collaborator_delete")
)
#: Refusals of actions that may tell more than "there is none".
_REFUSALS = (tk.NotAuthorized, tk.ObjectNotFound, tk.ValidationError)


# What a name stands for


def _package(ref: str) -> str | None:
    found = model.Package.get(ref)
    return found.id if found else None


def _table(ref: str) -> str | None:
    return storage.package_of(ref) or storage.package_of(gate_find.aliased(ref) or "")


def _view(ref: str) -> str | None:
    found = model.ResourceView.get(ref)
    return storage.package_of(found.resource_id) if found else None


def _file(ref: str) -> str | None:
    """Dataset of a file of CKAN 2.12's file actions."""
    file = getattr(model, "File", None)
    if file is None or model.Session.get(file, ref) is None:
        return None
    return next(iter(gate_find.FINDERS["file"](ref, {})), NO_DATASET)


def _entity(ref: str) -> str | None:
    """What has a task: a file or a dataset."""
    return storage.package_of(ref) or _package(ref)


def _task(ref: str) -> str | None:
    found = model.TaskStatus.get(ref)
    return _entity(found.entity_id) if found else None


def _object(ref: str) -> str | None:
    """What has a history: a dataset, or something else."""
    return _package(ref) or NO_DATASET


def _activity(ref: str) -> str | None:
    if not p.plugin_loaded("activity"):
        return None
    from ckanext.activity.model import Activity

    found = model.Session.get(Activity, ref)
    return _object(found.object_id or "") if found else None


#: Kind of ``gate.yaml`` → id of the dataset that a name stands for; None for nothing.
KINDS: dict[str, Callable[[str], str | None]] = {
    "package": _package,
    "packages": _package,
    "added": _package,
    "exchanged": _package,
    "match": _package,
    "member": _package,
    "resource": storage.package_of,
    "table": _table,
    "view": _view,
    "file": _file,
    "owned": _entity,
    "entity": _entity,
    "task": _task,
    "activity": _activity,
}


def named(rule: str, data: dict[str, Any]) -> Iterator[str | None]:
    """Datasets that an input names: an id each, None where a name stands for nothing.

    Args:
        rule: the action's value in ``gate.yaml``.
        data: its input; what is no text names nothing.
    """
    for kind, paths in gate_find.parts(rule):
        key, values = _ONLY.get(kind, ("", ()))
        if kind not in KINDS or (key and data.get(key) not in values):
            continue
        for path in paths:
            given = gate_find.value(data, path)
            refs = gate_find.match_refs(given, data) if kind == "match" else gate_find.refs(given)
            for ref in refs:
                found = KINDS[kind](ref)
                if found != NO_DATASET:
                    yield found
            if refs:
                break


def hidden(packages: Iterator[str | None], context: Context) -> bool:
    """Is one of them missing, or not for the eyes of the caller?"""
    for package_id in packages:
        if package_id is None or not withdrawn.may_see(context, package_id):
            return True
    return False


def told(context: Context) -> bool:
    """May the caller know everything, or does the portal say that it tells?"""
    if context.get("ignore_auth") or tk.config.get("ckan.auth.reveal_private_datasets"):
        return True
    return authz.is_sysadmin(context.get("user") or None)


# Actions


def chained_actions(existing: set[str]) -> dict[str, Callable[..., Any]]:
    """The links in front of the actions whose input names a dataset.

    Args:
        existing: names of all actions of core and of the other plugins.
    """
    table, links = gate.table(), {}
    for section in ("writes", "other", "reads"):
        for name, rule in table[section].items():
            if name in existing and any(kind in KINDS for kind, _keys in gate_find.parts(rule)):
                asks = name in withdrawn.READS if section != "writes" else name not in _FIRST
                links[name] = _link(name, rule, first=not asks, reads=section == "reads")
    return links


def _link(name: str, rule: str, *, first: bool, reads: bool) -> Callable[..., Any]:
    @tk.chained_action
    def silent(next_action: Any, context: Context, data_dict: dict[str, Any]) -> Any:
        if not isinstance(data_dict, dict) or told(context):
            return next_action(context, data_dict)
        # Actions change their input.
        given = dict(data_dict)
        if first and hidden(named(rule, given), context):
            raise tk.ObjectNotFound
        if name in _SIGNED_IN and not context.get("user"):
            raise tk.NotAuthorized
        try:
            return next_action(context, data_dict)
        except withdrawn.Withdrawn:
            raise
        except _REFUSALS as error:
            if hidden(named(rule, given), context):
                raise tk.ObjectNotFound from error
            raise

    silent.__name__ = name
    silent.__doc__ = f"Answer in ``{name}`` for what is hidden as for what is missing."
    if reads:
        silent = tk.side_effect_free(silent)
    # The action behind this link checks the right; see the gate.
    silent.auth_audit_exempt = True  # type: ignore[attr-defined]
    return silent


# Pages

#: Begin of an address → what its parts name. Pages of the procedure guard themselves.
PAGES: dict[str, dict[str, str]] = {
    "/dataset/": {
        "id": "package",
        "_id": "package",  # ckanext-dcat
        "resource_id": "resource",
        "view_id": "view",
        "activity_id": "activity",
    },
    "/dataset_series/": {"_id": "package"},
    "/datastore/": {"resource_id": "table"},
    "/datatables/": {"resource_view_id": "view"},
}
#: Pages whose part of that name is something else.
_OTHERWISE = {"activity.package_changes": {"id": "activity"}}


def guard_pages(app: Flask) -> None:
    """Let every page of a dataset answer for a hidden one as for a missing one."""
    app.before_request(_ask)


def _ask() -> None:
    rule, args = tk.request.url_rule, tk.request.view_args
    if rule is None or not args or rule.endpoint.startswith("satudata_"):
        return
    kinds = next((one for begin, one in PAGES.items() if rule.rule.startswith(begin)), None)
    kinds = _OTHERWISE.get(rule.endpoint, kinds)
    context: Context = {"user": current_user.name}
    if kinds is None or told(context):
        return
    found = (KINDS[kind](str(args[key])) for key, kind in kinds.items() if args.get(key))
    if hidden((one for one in found if one != NO_DATASET), context):
        text = _("This does not exist, or it is not public. Log in if you work on it.")
        raise NotFound(text)
