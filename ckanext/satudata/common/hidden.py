"""The answer of a page that a person may not know of: that of a page that is missing."""

from __future__ import annotations

from typing import Any

from flask import current_app
from werkzeug.exceptions import NotFound

from ckan.common import current_user
from ckan.plugins import toolkit as tk


def answer(_error: Exception) -> Any:
    """Error handler of a blueprint for ObjectNotFound and NotAuthorized.

    Who is not signed in is asked to. An exception raised inside of an error handler, as
    ``base.abort`` does, would answer 500, so the 404 is handed to CKAN's handler.
    """
    if current_user.is_anonymous:
        return tk.h.redirect_to("user.login", came_from=tk.request.full_path)
    return current_app.handle_http_exception(NotFound())
