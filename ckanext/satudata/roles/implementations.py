"""Memberships of organizations are derived: CKAN's own ways to edit them are closed.

Links in front of CKAN's actions, for everybody, sysadmins and ``ignore_auth`` too. What
an organization's own form or API call would change besides is put right afterwards, and
its creator becomes no admin by creating it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.types import Context

from ckanext.satudata.common.errors import refuse
from ckanext.satudata.roles import members, texts

Action = Callable[..., Any]

#: CKAN is creating an organization and is about to make its creator an admin.
_creating: ContextVar[bool] = ContextVar("satudata_creating_organization", default=False)


def chained_actions() -> dict[str, Action]:
    """The links, by name of CKAN's action."""
    return {
        "group_update": _link("group_update", _write),
        "member_create": _link("member_create", _join),
        "member_delete": _link("member_delete", _leave),
        "organization_create": _link("organization_create", _create),
        "organization_update": _link("organization_update", _write),
        "user_invite": _link("user_invite", _invite),
    }


def _link(name: str, do: Action) -> Action:
    @tk.chained_action
    def link(next_action: Action, context: Context, data_dict: dict[str, Any]) -> Any:
        if not isinstance(data_dict, dict):
            return next_action(context, data_dict)
        return do(next_action, context, data_dict)

    link.__name__ = name
    link.__doc__ = f"Keep memberships derived in ``{name}``."
    # The action behind this link still calls check_access.
    link.auth_audit_exempt = True  # type: ignore[attr-defined]
    return link


def _organization(data_dict: dict[str, Any], key: str) -> model.Group | None:
    value = data_dict.get(key)
    found = model.Group.get(value) if isinstance(value, str) and value else None
    return found if found is not None and found.is_organization else None


def _is_membership(data_dict: dict[str, Any]) -> bool:
    return (
        str(data_dict.get("object_type")).lower() == "user"
        and _organization(data_dict, "id") is not None
    )


def _join(next_action: Action, context: Context, data_dict: dict[str, Any]) -> Any:
    if not _is_membership(data_dict):
        return next_action(context, data_dict)
    if not _creating.get():
        refuse("derived", texts.derived())
    return {}


def _leave(next_action: Action, context: Context, data_dict: dict[str, Any]) -> Any:
    if _is_membership(data_dict):
        # CKAN's page for this shows a lack of right, and would break on a ValidationError.
        raise tk.NotAuthorized(texts.derived())
    return next_action(context, data_dict)


def _invite(next_action: Action, context: Context, data_dict: dict[str, Any]) -> Any:
    if _organization(data_dict, "group_id") is not None:
        refuse("derived", texts.derived())
    return next_action(context, data_dict)


def _create(next_action: Action, context: Context, data_dict: dict[str, Any]) -> Any:
    if data_dict.get("users"):
        refuse("derived", texts.derived(), "users")
    token = _creating.set(True)
    try:
        return next_action(context, data_dict)
    finally:
        _creating.reset(token)


def _write(next_action: Action, context: Context, data_dict: dict[str, Any]) -> Any:
    organization = _organization(data_dict, "id")
    if organization is None:
        return next_action(context, data_dict)
    organization_id = organization.id
    given = data_dict.get("users")
    if given and _differs(organization_id, given):
        refuse("derived", texts.derived(), "users")
    result = next_action(context, data_dict)
    if members.sync_organization(organization_id) and not context.get("defer_commit"):
        model.Session.commit()
    return result


def _differs(organization_id: str, given: Any) -> bool:
    """Are the people of an update others than the members there are?"""
    try:
        people = {(one.get("name") or one.get("id"), one.get("capacity")) for one in given}
    except (AttributeError, TypeError):
        return True
    return not people <= members.present(organization_id)
