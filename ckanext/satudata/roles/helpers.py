"""Template helpers of the roles."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.common import current_user
from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _

from ckanext.satudata.roles import permissions, service

__all__ = ["satudata_role_bar"]


def satudata_role_bar() -> list[dict[str, Any]]:
    """Entry of the work bar for those who give roles, with the proposals that wait."""
    if not current_user or current_user.is_anonymous:
        return []
    user = model.User.get(current_user.name)
    if user is None or not permissions.can_manage(user):
        return []
    root = tk.url_for("satudata_roles.index", locale="default")
    return [
        {
            "label": _("Assignments"),
            "url": tk.url_for("satudata_roles.index"),
            "count": service.waiting_for(user),
            "active": tk.request.path.startswith(root),
            "late": False,
        }
    ]
