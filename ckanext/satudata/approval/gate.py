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
from typing import Any

import sqlalchemy as sa
import yaml

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.types import Context

from ckanext.satudata import config
from ckanext.satudata.approval import locks, permissions, texts
from ckanext.satudata.approval.gate_find import find, foreign_resources
from ckanext.satudata.approval.model import Approval
from ckanext.satudata.approval.states import ENDED, LOCKED, State
from ckanext.satudata.common.errors import refuse
from ckanext.satudata.metadata import service as metadata
from ckanext.satudata.validation import service as validation

#: Writes the gate let through, so that the hook behind it knows (thread, packages).
_passed: ContextVar[frozenset[str]] = ContextVar("satudata_passed", default=frozenset())

#: Actions whose input carries ``private`` of the dataset itself.
_SAVES = ("package_create", "package_update", "package_patch", "package_revise")
#: Those that take a dataset's own dictionary, and those that take a file.
_WHOLE = ("package_create", "package_update", "package_patch")
_FILES = ("resource_create", "resource_update", "resource_patch")
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
    packages = {one for one in find(rule, data_dict) if is_managed(one)}
    if name in _WHOLE and data_dict.get("type") in (None, "", "dataset"):
        metadata.absorb(data_dict)
        metadata.check_agency(data_dict)
    if name == "package_update" and locks.take_permit(packages):
        return _through(packages, next_action, context, data_dict)
    if name == "package_owner_org_update" and _same_owner(data_dict):
        return next_action(context, data_dict)
    with locks.lock(packages, alone=False) as connection:
        for package_id in sorted(packages):
            state = locked_state(package_id, connection)
            if state is None:
                continue
            _ask_core(name, context, data_dict, packages)
            unchanged = _unchanged(name, context, data_dict)
            if unchanged is not None:
                return unchanged
            refuse("locked", texts.locked(state))
        if name in _SAVES:
            _keep_private(name, context, data_dict, packages)
        if name in _SAVES or name in _FILES:
            _check_files(name, context, data_dict, packages)
        done = _through(packages, next_action, context, data_dict)
        if name.startswith(_ROWS):
            _remember(context, packages)
        return done


def _check_files(
    name: str, context: Context, data_dict: dict[str, Any], packages: set[str]
) -> None:
    """Refuse ids of another dataset's files, and files that nobody could read."""
    if foreign_resources(name, data_dict, packages):
        _ask_core(name, context, data_dict, packages)
        refuse("foreign_file", texts.foreign_file(), "id")
    for upload in validation.uploads(data_dict):
        validation.check_upload(upload)


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
        if getattr(error.orig, "pgcode", None) != "SD001":
            raise
        # The trigger refused: nothing of this transaction is kept.
        model.Session.rollback()
        refuse("private_required", texts.private_required(), "private")
    finally:
        _passed.reset(token)


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
    return kind not in config.unmanaged_types()


def locked_state(package_id: str, connection: Any = None) -> State | None:
    """The state that locks a dataset now, or None. Unknown states lock.

    A public dataset without an approval (published before the extension came) is locked
    too: it is changed after ``ckan satudata adopt``.
    """
    execute = (connection or model.Session).execute
    state = execute(
        sa.select(Approval.__table__.c.state).where(
            Approval.__table__.c.package_id == package_id,
            Approval.__table__.c.state.not_in([str(one) for one in ENDED]),
        )
    ).scalar()
    if state is None:
        public = execute(
            sa.select(model.Package.id).where(
                model.Package.id == package_id,
                model.Package.private.is_not(True),
                model.Package.state == "active",
            )
        ).scalar()
        return State.PUBLISHED if public else None
    try:
        found = State(state)
    except ValueError:
        return State.SUBMITTED
    return found if found in LOCKED else None


def _same_owner(data_dict: dict[str, Any]) -> bool:
    package = model.Package.get(data_dict.get("id"))
    return bool(package) and package.owner_org == data_dict.get("organization_id")


def _keep_private(
    name: str, context: Context, data_dict: dict[str, Any], packages: set[str]
) -> None:
    """Private is the ground state: absent means private, anything else is refused."""

    def ask(value: Any) -> bool:
        if not _means_private(value):
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
    if name == "package_create" and _unmanaged_input(data_dict):
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


def _unmanaged_input(data_dict: dict[str, Any]) -> bool:
    kind = data_dict.get("type")
    return isinstance(kind, str) and kind in config.unmanaged_types()


def _unchanged(name: str, context: Context, data_dict: dict[str, Any]) -> dict[str, Any] | None:
    """What a round trip that changes nothing answers, or None when it would change.

    Compared with what the database gives and with what the index gave, because clients
    read both.
    """
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
        same = all(
            key in stored and (stored[key] == value or _same_flag(key, stored, value))
            for key, value in data_dict.items()
        )
        if same and (not whole or _covers(stored, data_dict)):
            return stored
    return None


def _same_flag(key: str, stored: dict[str, Any], value: Any) -> bool:
    return (
        key == "private" and isinstance(value, str) and (value.lower() == str(stored[key]).lower())
    )


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
    if package.type in config.unmanaged_types() or package.id in _passed.get():
        return
    state = None if new else locked_state(package.id)
    if state is not None:
        refuse("locked", texts.locked(state))
    if package.private is not True:
        refuse("private_required", texts.private_required(), "private")
    if new:
        _passed.set(_passed.get() | {package.id})


__all__ = ["chained_actions", "guard_entity", "is_managed", "locked_state", "table"]
