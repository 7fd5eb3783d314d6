"""Validators of action inputs that more than one domain uses."""

from __future__ import annotations

from datetime import date
from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _

__all__ = [
    "satudata_date",
    "satudata_organization_id",
    "satudata_package_id",
    "satudata_user_id",
]


def satudata_date(value: Any) -> date:
    """ISO date (2026-11-24) to :class:`datetime.date`."""
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value).strip())
    except ValueError as error:
        raise tk.Invalid(
            _('"%(value)s" is not a date. Write it as 2026-11-24.') % {"value": value}
        ) from error


def satudata_organization_id(value: Any) -> str:
    """Name or id of an active organization to its id."""
    found = model.Group.get(str(value))
    if found is None or not found.is_organization or found.state != "active":
        raise tk.Invalid(_("There is no agency %(value)s.") % {"value": value})
    return found.id


def satudata_user_id(value: Any) -> str:
    """Name or id of an active user to the id."""
    found = model.User.get(str(value))
    if found is None or found.state != "active":
        raise tk.Invalid(_("There is no user %(value)s.") % {"value": value})
    return found.id


def satudata_package_id(value: Any) -> str:
    """Name or id of a dataset to its id.

    What the caller may not see is decided by the auth function afterwards, which gives
    the same answer as here for a dataset that does not exist.
    """
    found = model.Package.get(str(value))
    if found is None or found.state == "deleted":
        raise tk.ObjectNotFound
    return found.id
