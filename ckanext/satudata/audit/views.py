"""The page of those who run the portal."""

from __future__ import annotations

from flask import Blueprint

from ckan import model
from ckan.common import current_user
from ckan.plugins import toolkit as tk

from ckanext.satudata.audit import pages, permissions
from ckanext.satudata.common import pages as shared

__all__ = ["satudata_audit"]

satudata_audit = Blueprint("satudata_audit", __name__)


shared.guard(satudata_audit)


@satudata_audit.route("/kelola/sistem")
def system() -> str:
    """State of the portal, for administrators and walidata."""
    user = None if current_user.is_anonymous else model.User.get(current_user.name)
    if not permissions.may_read(user):
        raise tk.ObjectNotFound
    return tk.render("satudata/audit/system.html", pages.system())
