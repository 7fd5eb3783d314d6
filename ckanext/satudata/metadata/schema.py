"""Inputs of the code list actions."""

from __future__ import annotations

from typing import Any

from ckan.plugins import toolkit as tk

#: Codes given at most in one answer, and when nothing is asked.
MOST, PAGE = 1000, 100

Schema = dict[str, Any]


def none() -> Schema:
    """Input of ``satudata_code_list_list``: nothing."""
    return {}


def show() -> Schema:
    """Input of ``satudata_code_list_show``."""
    v = tk.get_validator
    return {
        "id": [v("not_empty"), v("unicode_safe")],
        "q": [v("ignore_empty"), v("unicode_safe")],
        "limit": [v("default")(PAGE), v("natural_number_validator")],
        "offset": [v("default")(0), v("natural_number_validator")],
    }
