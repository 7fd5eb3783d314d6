"""What pages of all domains share: hidden and missing look the same, refusals in words."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app
from werkzeug.exceptions import NotFound

from ckan.common import current_user
from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _

from ckanext.satudata.common.errors import Refusal


def hide(blueprint: Blueprint) -> None:
    """Let a blueprint answer for what is hidden as CKAN does for what is missing.

    Its views raise ObjectNotFound or NotAuthorized; who is not signed in is asked to.
    """

    def answer(_error: Exception) -> Any:
        if current_user.is_anonymous:
            return tk.h.redirect_to("user.login", came_from=tk.request.full_path)
        # Raised from here, Flask would take it for an error of the handler itself.
        return current_app.handle_user_exception(NotFound())

    for error in (tk.ObjectNotFound, tk.NotAuthorized):
        blueprint.register_error_handler(error, answer)


def problems(error: Exception) -> list[tuple[str, str]]:
    """A refusal as (field, message) pairs; the field is empty for the whole form."""
    if not isinstance(error, tk.ValidationError):
        return [("", str(error) or _("Not authorized"))]
    found = []
    for field, messages in error.error_dict.items():
        if field == "code" and isinstance(error, Refusal):
            continue
        shown = "" if field in ("message", "__extras") else field
        listed = messages if isinstance(messages, list) else [messages]
        found += [(shown, str(text)) for text in listed]
    return found
