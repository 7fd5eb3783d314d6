"""Who calls an action, read once from CKAN's context."""

from __future__ import annotations

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.types import Context


def user(context: Context) -> model.User:
    """The signed-in person behind a call.

    Raises:
        NotAuthorized: nobody, or a deleted account; also with ``ignore_auth``, because
            a decision of the procedure always belongs to a person.
    """
    found = model.User.get(context.get("user") or None)
    if found is None or found.state != "active":
        raise tk.NotAuthorized(tk._("Log in to do this."))
    return found


def site_user() -> str:
    """Name of the user in whose name the portal itself writes."""
    return tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
