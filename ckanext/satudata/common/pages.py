"""What pages of all domains share: hidden and missing look the same, refusals in words."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app
from flask_wtf.csrf import validate_csrf
from werkzeug.exceptions import BadRequest, NotFound
from wtforms.validators import ValidationError

from ckan.common import current_user
from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _

from ckanext.satudata.common.errors import Refusal
from ckanext.satudata.common.inputs import unfit


def guard(blueprint: Blueprint, *, typed: bool = True) -> None:
    """Guard the pages of a blueprint; what is hidden answers as what is missing.

    Its views raise ObjectNotFound or NotAuthorized; who is not signed in is asked to.

    Args:
        blueprint: the pages of a domain.
        typed: also look at what was typed; False where the pages answer for it themselves.
    """

    def answer(_error: Exception) -> Any:
        if current_user.is_anonymous:
            return tk.h.redirect_to("user.login", came_from=tk.request.full_path)
        # Raised from here, Flask would take it for an error of the handler itself.
        return current_app.handle_user_exception(NotFound())

    def check() -> None:
        """Refuse signs that no database takes, and forms of another site.

        CKAN stops asking for the token of a page for good once a program with an API token
        opened it, so these pages ask themselves.
        """
        values = [*(tk.request.view_args or {}).values()]
        values += tk.request.values.values() if typed else ()
        if any(unfit(str(one)) for one in values):
            raise NotFound
        by_token = tk.g.get("login_via_auth_header")
        if tk.request.method != "POST" or by_token or current_user.is_anonymous:
            return
        try:
            validate_csrf(tk.request.form.get(tk.config["WTF_CSRF_FIELD_NAME"]))
        except ValidationError as error:
            raise BadRequest(
                _("This form is too old. Go back, reload, and send it again.")
            ) from error

    blueprint.before_request(check)
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


def refused(error: Refusal) -> Any:
    """Answer of a page of CKAN's own that does not expect a refusal: say it, go back."""
    tk.h.flash_error(error.message)
    referrer = tk.request.referrer or ""
    own = referrer.startswith(tk.request.host_url) and tk.request.method == "POST"
    return tk.redirect_to(referrer if own else "home.index")
