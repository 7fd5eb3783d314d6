"""The language of who reads: of the request, or of the portal where nobody asks by web."""

from __future__ import annotations

from flask import has_request_context

from ckan.lib.helpers import lang
from ckan.plugins import toolkit as tk

#: Languages the extension speaks.
SPOKEN = ("id", "en")


def current() -> str:
    """``id`` or ``en``; commands, jobs and the action API of Python have no request."""
    found = lang() if has_request_context() else tk.config.get("ckan.locale_default")
    return found if found in SPOKEN else "id"
