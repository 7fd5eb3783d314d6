"""Who may call the role actions."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.plugins.toolkit import _
from ckan.types import AuthResult, Context

from ckanext.satudata.roles import permissions

__all__ = [
    "satudata_role_assign",
    "satudata_role_end",
    "satudata_role_list",
    "satudata_role_show",
]


def satudata_role_assign(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Portal administrators, and a walidata for somebody else."""
    user = model.User.get(context.get("user") or None)
    target = model.User.get(data_dict.get("user") or None)
    if user and target and permissions.can_assign(user, target.id):
        return {"success": True}
    return {
        "success": False,
        "msg": _("Roles are given by a walidata or the portal administrator."),
    }


def satudata_role_end(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """As giving a role."""
    return satudata_role_assign(context, data_dict)


def satudata_role_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Everybody their own; walidata, sekretariat and administrators all."""
    user = model.User.get(context.get("user") or None)
    if user and permissions.can_list_all(user):
        return {"success": True}
    if user and data_dict.get("user") in (user.id, user.name):
        return {"success": True}
    return {"success": False, "msg": _("You may list your own roles only.")}


def satudata_role_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """As listing the roles of that person."""
    return satudata_role_list(context, data_dict)
