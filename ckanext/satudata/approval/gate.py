"""The gate: every action that writes datasets is chained and asked here first.

Two promises are kept at this place (product page 4): a dataset is private until
validated, whoever asks and by whatever route; and while locked nothing of it changes.
The decision falls before any byte is stored, and neither ``ignore_auth`` nor a sysadmin
is an approval. The table of actions is ``gate.yaml``; the trigger of the migration is
the last line behind it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, NoReturn

import sqlalchemy as sa
import yaml
from flask import current_app, has_app_context

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.types import Context

from ckanext.satudata import config
from ckanext.satudata.approval import locks, marks, permissions, texts
from ckanext.satudata.approval.gate_find import find, foreign_resources
from ckanext.satudata.approval.model import Approval
from ckanext.satudata.approval.states import ENDED, LOCKED, State
from ckanext.satudata.common import actor
from ckanext.satudata.common.errors import Refusal, refuse
from ckanext.satudata.metadata import columns, national
from ckanext.satudata.metadata import service as metadata
from ckanext.satudata.storage import served
from ckanext.satudata.validation import service as validation

#: Writes the gate let through, so that the hook behind it knows (thread, packages).
_passed: ContextVar[frozenset[str]] = ContextVar("satudata_passed", default=frozenset())

#: Actions whose input carries ``private`` of the dataset itself.
_SAVES = ("package_create", "package_update", "package_patch", "package_revise")
#: Those that take a file.
_FILES = ("resource_create", "resource_update", "resource_patch")
#: Those that name files by an id of the caller's choice.
_CLAIMS = (*_SAVES, *_FILES, "datastore_create")
#: Those that write rows and views, of which CKAN's own hooks know nothing.
_ROWS = ("datastore_", "resource_view_")
#: Actions whose unchanged round trip is accepted while locked.
_ROUND_TRIPS = {
    "package_update": "package_show",
    "package_patch": "package_show",
    "resource_update": "resource_show",
    "resource_patch": "resource_show",
}
_TRUE = frozenset({True, "1", "true", "t", "yes", "y", "on"})


@lru_cache(maxsize=1)
def table() -> dict[str, Any]:
    """The classified actions: ``writes`` (name → rule), ``other``, ``reads``."""
    path = os.path.join(os.path.dirname(__file__), "gate.yaml")
    with open(path, encoding="utf-8") as source:
        return yaml.safe_load(source)


def chained_actions(existing: set[str]) -> dict[str, Callable[..., Any]]:
    """The links of the gate, for the actions that exist on this portal.

    Args:
        existing: names of all actions of core and of the other plugins. CKAN refuses to
            start when an action is chained that does not exist.
    """
    return {name: _link(name, rule) for name, rule in table()["writes"].items() if name in existing}


def _link(name: str, rule: str) -> Callable[..., Any]:
    @tk.chained_action
    def gated(next_action: Any, context: Context, data_dict: dict[str, Any]) -> Any:
        return _pass(name, rule, next_action, context, data_dict)

    gated.__name__ = name
    gated.__doc__ = f"Ask the gate before ``{name}``."
    gated.satudata_gate = True  # type: ignore[attr-defined]
    # CKAN's audit looks for check_access in the outermost function; the action behind
    # this link still does it.
    gated.auth_audit_exempt = True  # type: ignore[attr-defined]
    return gated


def _pass(
    name: str,
    rule: str,
    next_action: Callable[..., Any],
    context: Context,
    data_dict: dict[str, Any],
) -> Any:
    if not isinstance(data_dict, dict):
        return next_action(context, data_dict)
    found = find(rule, data_dict)
    packages = {one for one in found if is_managed(one)}
    if not packages and (found or _creates_unmanaged(name, data_dict)):
        # Nothing of the workflow is concerned: as in stock CKAN, but for its files.
        _check_foreign(name, context, data_dict, found)
        return _through(found, next_action, context, data_dict)
    given = _put_in_order(name, data_dict)
    if name.startswith(_ROWS) and context.get("ignore_auth") and not context.get("user"):
        # xloader deletes a table as nobody, and CKAN 2.12 then finds no user for its activity.
        context["user"] = actor.site_user()
    if name == "package_owner_org_update" and _same_owner(data_dict):
        return next_action(context, data_dict)
    outermost = packages.isdisjoint(_passed.get())
    with locks.lock(packages, alone=False) as connection:
        unchanged = _stop_locked(name, context, data_dict, given, packages, connection)
        if unchanged is not None:
            return unchanged
        if name == "package_update" or marks.own(given):
            _keep_marks(name, context, given, packages)
        if name in _SAVES:
            _check_type(name, context, data_dict)
            _keep_private(name, context, data_dict, packages)
        if name in _CLAIMS:
            _check_files(name, context, data_dict, packages)
        done = _through(packages, next_action, context, data_dict)
        if name.startswith(_ROWS):
            _remember(context, packages)
    if outermost and name in _SAVES + _FILES and columns.mentioned(data_dict):
        served.reload(packages)
    return done


def _stop_locked(
    name: str,
    context: Context,
    data_dict: dict[str, Any],
    given: dict[str, Any],
    packages: set[str],
    connection: Any,
) -> Any:
    """Refuse where a dataset is locked; what changes nothing is answered instead."""
    for package_id in sorted(packages):
        state = locked_state(package_id, connection)
        if state is None:
            continue
        _ask_core(name, context, data_dict, packages)
        if name in _SAVES:
            _keep_marks(name, context, given, {package_id})
        unchanged = _unchanged(name, context, data_dict)
        if unchanged is not None:
            return unchanged
        refuse_locked(package_id, state)
    return None


def _put_in_order(name: str, data_dict: dict[str, Any]) -> dict[str, Any]:
    """What forms, harvesters and clients send in other shapes than the scheme's.

    Returns:
        The dataset of the input as it was given; that of a revision is in its update.
    """
    dataset = data_dict.get("update") if name == "package_revise" else data_dict
    if not isinstance(dataset, dict):
        return {}
    given = dict(dataset)
    whole = name in _SAVES and dataset.get("type") in (None, "", "dataset")
    if whole:
        national.absorb(dataset)
    if whole or name in _FILES:
        columns.tidy(dataset)
    if whole:
        metadata.check_agency(dataset)
    return given


def _keep_marks(name: str, context: Context, data_dict: dict[str, Any], packages: set[str]) -> None:
    """Refuse what only the portal says of a dataset; patch and revise end here too."""
    for package_id in packages:
        field = marks.changed(package_id, data_dict)
        if field:
            _ask_core(name, context, data_dict, packages)
            refuse("control", texts.control(field), field)


def _check_type(name: str, context: Context, data_dict: dict[str, Any]) -> None:
    """Refuse a type without pages: every list with such a dataset in it fails to link it."""
    kind = data_dict.get("type") or "dataset"
    if name != "package_create" or not has_app_context():
        return
    if f"{kind}.read" in current_app.view_functions:
        return
    _ask_core(name, context, data_dict, set())
    refuse("unknown_type", texts.unknown_type(), "type")


def _check_files(
    name: str, context: Context, data_dict: dict[str, Any], packages: set[str]
) -> None:
    """Refuse ids of another dataset's files, and files that nobody could read."""
    _check_foreign(name, context, data_dict, packages)
    for upload in validation.uploads(data_dict):
        validation.check_upload(upload)


def _check_foreign(
    name: str, context: Context, data_dict: dict[str, Any], packages: set[str]
) -> None:
    owners = foreign_resources(name, data_dict, packages)
    if any(is_managed(one) for one in owners) or (owners and any(map(is_managed, packages))):
        _ask_core(name, context, data_dict, packages)
        refuse("foreign_file", texts.foreign_file(), "id")


def _remember(context: Context, packages: set[str]) -> None:
    """Who writes rows or views of a dataset prepared it; CKAN's hooks see metadata only.

    On a connection of its own: these actions commit nothing of CKAN's session, or not all.
    """
    user = model.User.get(context.get("user") or None)
    if user is None or not packages:
        return
    with model.Session.get_bind().begin() as connection:
        for package_id in packages:
            connection.execute(permissions.prepared(package_id, user.id))


def _through(
    packages: set[str],
    next_action: Callable[..., Any],
    context: Context,
    data_dict: dict[str, Any],
) -> Any:
    token = _passed.set(_passed.get() | packages)
    try:
        return next_action(context, data_dict)
    except sa.exc.DBAPIError as error:
        refusal = from_trigger(error)
        if refusal is None:
            raise
        # The trigger refused: nothing of this transaction is kept.
        model.Session.rollback()
        raise refusal from error
    finally:
        _passed.reset(token)


def from_trigger(error: sa.exc.DBAPIError) -> Refusal | None:
    """What a trigger of ours refused, in words; None for any other error of the database."""
    code = getattr(error.orig, "pgcode", None)
    if code == "SD001":
        return Refusal("private_required", texts.private_required(), "private")
    if code == "SD003":
        return Refusal("locked", texts.record_kept())
    return None


def _ask_core(name: str, context: Context, data_dict: dict[str, Any], packages: set[str]) -> None:
    """A stranger gets the stranger's answer, not the news that a dataset is locked."""
    questions = [(name, dict(data_dict))]
    if name == "package_revise":
        # Its auth function wants what the action makes of its input.
        questions = [("package_update", {"id": one}) for one in sorted(packages)]
    try:
        for auth, data in questions:
            tk.check_access(auth, tk.fresh_context(context), data)
    except (tk.NotAuthorized, tk.ObjectNotFound, tk.ValidationError):
        raise
    except ValueError:  # no auth function of that name
        return
    except Exception as error:
        raise tk.ObjectNotFound from error


def is_managed(package_id: str) -> bool:
    """Is the dataset under the workflow (its type not on the allow-list)?"""
    kind = model.Session.scalar(sa.select(model.Package.type).where(model.Package.id == package_id))
    return (kind or "dataset") not in config.unmanaged_types()


def locked_state(package_id: str, connection: Any = None) -> State | None:
    """The state that locks a dataset now, or None. Unknown states lock.

    A public dataset that no approval locks (published before the extension came) is locked
    too: it is changed after ``ckan satudata adopt``.
    """
    execute = (connection or model.Session).execute
    state = execute(
        sa.select(Approval.__table__.c.state).where(
            Approval.__table__.c.package_id == package_id,
            Approval.__table__.c.state.not_in([str(one) for one in ENDED]),
        )
    ).scalar()
    try:
        found = State(state) if state is not None else None
    except ValueError:
        return State.SUBMITTED
    if found in LOCKED:
        return found
    public = execute(
        sa.select(model.Package.id).where(
            model.Package.id == package_id,
            model.Package.private.is_not(True),
            model.Package.state == "active",
        )
    ).scalar()
    return State.PUBLISHED if public else None


def refuse_locked(package_id: str, state: State) -> NoReturn:
    """Refuse a write of a locked dataset, with the way out of its state."""
    known = sa.select(Approval.id).where(Approval.package_id == package_id).limit(1)
    waits = state is State.PUBLISHED and model.Session.scalar(known) is None
    refuse("locked", texts.not_adopted() if waits else texts.locked(state))


def _same_owner(data_dict: dict[str, Any]) -> bool:
    package = model.Package.get(data_dict.get("id"))
    return bool(package) and package.owner_org == data_dict.get("organization_id")


def _keep_private(
    name: str, context: Context, data_dict: dict[str, Any], packages: set[str]
) -> None:
    """Private is the ground state: absent means private, anything else is refused."""

    def ask(value: Any) -> bool:
        if not _means_private(value) and not _is_old_draft(packages):
            _ask_core(name, context, data_dict, packages)
            new = name == "package_create"
            text = texts.created_private() if new else texts.private_required()
            refuse("private_required", text, "private")
        return True

    if name == "package_revise":
        for key, part in list(data_dict.items()):
            if key == "update" and isinstance(part, dict) and "private" in part:
                part["private"] = ask(part["private"])
            elif key.startswith("update__private"):
                data_dict[key] = ask(part)
        return
    if name != "package_create" and not packages:
        return
    if name == "package_patch" and "private" not in data_dict:
        return
    data_dict["private"] = ask(data_dict.get("private"))


def _means_private(value: Any) -> bool:
    """Absent and true mean private; every other value is a wish to be public."""
    if value is None or value == "" or value is tk.missing:
        return True
    with suppress(TypeError):
        return (value.strip().lower() if isinstance(value, str) else value) in _TRUE
    return False


def _is_old_draft(packages: set[str]) -> bool:
    """Are these drafts of before the workflow, stored as public but never shown?

    Saved again they become private, instead of being refused for what CKAN itself wrote.
    """
    query = sa.select(sa.func.count()).where(
        model.Package.id.in_(sorted(packages)),
        model.Package.state == "draft",
        model.Package.private.is_not(True),
    )
    return bool(packages) and model.Session.scalar(query) == len(packages)


def _creates_unmanaged(name: str, data_dict: dict[str, Any]) -> bool:
    kind = data_dict.get("type") or "dataset"
    return name == "package_create" and isinstance(kind, str) and kind in config.unmanaged_types()


def _unchanged(name: str, context: Context, data_dict: dict[str, Any]) -> dict[str, Any] | None:
    """What a round trip that changes nothing answers, or None when it would change.

    Compared with what the database gives and with what the index gave, because clients
    read both.
    """
    if name == "package_revise":
        # Without a filter or flattened keys it is a patch of what it matches.
        update, match = data_dict.get("update"), data_dict.get("match")
        if set(data_dict) != {"update", "match"} or not isinstance(update, dict):
            return None
        found = _unchanged("package_patch", context, {**update, **match})
        return {"package": found} if found else None
    show = _ROUND_TRIPS.get(name)
    if show is None or data_dict.get("upload") or data_dict.get("clear_upload"):
        return None
    if any(
        one.get("upload") or one.get("clear_upload")
        for one in data_dict.get("resources") or ()
        if isinstance(one, dict)
    ):
        return None
    whole = name.endswith("_update")
    for use_cache in (False, True):
        stored = tk.get_action(show)(
            {"user": context.get("user", ""), "ignore_auth": True, "use_cache": use_cache},
            {"id": data_dict.get("id") or data_dict.get("name")},
        )
        same = all(_same(key, stored, value) for key, value in data_dict.items())
        if same and (not whole or _covers(stored, data_dict)):
            return stored
    return None


def _same(key: str, stored: dict[str, Any], value: Any) -> bool:
    """Is a value what is stored? A flag may be text, and what is not there may be empty."""
    if key not in stored:
        return value in (None, "", [], {})
    flag = key == "private" and isinstance(value, str)
    return stored[key] == value or (flag and value.lower() == str(stored[key]).lower())


def _covers(stored: dict[str, Any], given: dict[str, Any]) -> bool:
    """Does a full update name everything that has a value (it removes what is absent)?"""
    return all(key in given for key, value in stored.items() if value not in (None, "", [], {}))


def guard_entity(package: model.Package, *, new: bool = False) -> None:
    """Second line, in IPackageController: a write that came around the chained actions.

    Args:
        package: what is about to be written.
        new: True from the hook of a creation; the rest of it may then write on.

    Raises:
        Refusal: ``locked``; raising here rolls the write back before bytes land.
    """
    kind = package.type or "dataset"
    if kind in config.unmanaged_types() or package.id in _passed.get():
        return
    state = None if new else locked_state(package.id)
    if state is not None:
        refuse_locked(package.id, state)
    if package.private is not True:
        refuse("private_required", texts.private_required(), "private")
    if new:
        _passed.set(_passed.get() | {package.id})


__all__ = [
    "chained_actions",
    "from_trigger",
    "guard_entity",
    "is_managed",
    "locked_state",
    "refuse_locked",
    "table",
]
