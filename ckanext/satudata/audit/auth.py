"""Who may call the audit's action."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.plugins.toolkit import _
from ckan.types import AuthResult, Context

from ckanext.satudata.audit import permissions

__all__ = ["satudata_audit_show"]


def satudata_audit_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Walidata and sysadmins."""
    if permissions.may_read(model.User.get(context.get("user") or None)):
        return {"success": True}
    return {"success": False, "msg": _("The audit is read by walidata and administrators.")}
