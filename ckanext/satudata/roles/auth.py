"""Who may call the role actions.

A sysadmin is asked too: nobody gives, ends or confirms a role of their own. Whether a
person is the second one for a very proposal is judged by the service.
"""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _
from ckan.types import AuthResult, Context

from ckanext.satudata.roles import permissions, texts

__all__ = [
    "satudata_role_assign",
    "satudata_role_confirm",
    "satudata_role_end",
    "satudata_role_list",
    "satudata_role_reject",
    "satudata_role_show",
    "satudata_role_vacancy_list",
]


def _user(context: Context) -> model.User | None:
    found = model.User.get(context.get("user") or None)
    return found if found is not None and found.state == "active" else None


def _no(message: str) -> AuthResult:
    return {"success": False, "msg": message}


@tk.auth_sysadmins_check
def satudata_role_assign(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Sysadmin, walidata and sekretariat, for somebody else."""
    user = _user(context)
    if user is None or not permissions.can_manage(user):
        return _no(texts.no_manager())
    target = model.User.get(data_dict.get("user") or None)
    if target is not None and not permissions.can_assign(user, target.id):
        return _no(texts.own_role())
    return {"success": True}


@tk.auth_sysadmins_check
def satudata_role_end(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """As giving a role."""
    return satudata_role_assign(context, data_dict)


@tk.auth_sysadmins_check
def satudata_role_confirm(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Sysadmin and walidata."""
    user = _user(context)
    if user is not None and permissions.can_decide(user):
        return {"success": True}
    return _no(texts.no_second())


@tk.auth_sysadmins_check
def satudata_role_reject(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Sysadmin and walidata, and the sekretariat for what it proposed itself."""
    user = _user(context)
    if user is not None and permissions.can_manage(user):
        return {"success": True}
    return _no(texts.no_second())


def satudata_role_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Everybody their own; walidata, sekretariat and administrators all."""
    user = _user(context)
    if user is not None and permissions.can_list_all(user):
        return {"success": True}
    if user is not None and data_dict.get("user") in (user.id, user.name):
        return {"success": True}
    return _no(_("You may list your own roles only."))


def satudata_role_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """As listing the roles of that person."""
    return satudata_role_list(context, data_dict)


def satudata_role_vacancy_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Who may read everybody's roles."""
    user = _user(context)
    if user is not None and permissions.can_list_all(user):
        return {"success": True}
    return _no(texts.no_manager())
