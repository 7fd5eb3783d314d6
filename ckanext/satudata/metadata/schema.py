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


def dataset() -> Schema:
    """Input of actions on one dataset: its id or name."""
    v = tk.get_validator
    return {"id": [v("not_empty"), v("unicode_safe")]}


def indah_import() -> Schema:
    """Input of ``satudata_indah_import``: a dataset, a file, and whether to store."""
    v = tk.get_validator
    return {
        **dataset(),
        "upload": [v("ignore_missing")],
        "confirm": [v("default")(False), v("boolean_validator")],
        "mark": [v("ignore_empty"), v("unicode_safe")],
    }


def prefill() -> Schema:
    """Input of ``satudata_dataset_prefill``: two datasets, and whether only to look."""
    v = tk.get_validator
    return {
        **dataset(),
        "source": [v("not_empty"), v("unicode_safe")],
        "preview": [v("default")(False), v("boolean_validator")],
    }
