"""Template helpers of the audit."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.common import current_user
from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _

from ckanext.satudata.audit import permissions, service

__all__ = ["satudata_system_bar"]


def satudata_system_bar() -> list[dict[str, Any]]:
    """Entry of the work bar for walidata and administrators, with what was found."""
    if not current_user or current_user.is_anonymous:
        return []
    if not permissions.may_read(model.User.get(current_user.name)):
        return []
    number = service.number_found()
    root = tk.url_for("satudata_audit.system", locale="default")
    return [
        {
            "label": _("System"),
            "url": tk.url_for("satudata_audit.system"),
            "count": number or None,
            "active": tk.request.path == root,
            "late": bool(number),
            "urgent": _("findings"),
        }
    ]
