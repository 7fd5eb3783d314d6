"""Input of the approval actions."""

from __future__ import annotations

from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.satudata.approval import states

Schema = dict[str, Any]


def dataset() -> Schema:
    """A dataset by name or id."""
    v = tk.get_validator
    return {"id": [v("not_empty"), v("unicode_safe")]}


def decision() -> Schema:
    """What every transition takes."""
    v = tk.get_validator
    optional = v("ignore_empty")
    return {
        **dataset(),
        "comment": [optional, v("unicode_safe")],
        "revision": [v("ignore_missing"), v("natural_number_validator")],
    }


def with_findings() -> Schema:
    """A return: its findings."""
    v = tk.get_validator
    return {**decision(), "findings": [v("ignore_empty"), v("satudata_findings")]}


def confirm() -> Schema:
    """Conformity: the answers to the principles."""
    v = tk.get_validator
    return {**decision(), "checklist": [v("ignore_empty"), v("satudata_checklist")]}


def validate() -> Schema:
    """The head's validation: number and date of the letter and its signed PDF."""
    v = tk.get_validator
    return {
        **decision(),
        "number": [v("not_empty"), v("unicode_safe")],
        "date": [v("not_empty"), v("satudata_date")],
        "upload": [v("ignore_missing")],
    }


def withdraw() -> Schema:
    """A withdrawal: coded reason and the notice to the public."""
    v = tk.get_validator
    return {
        **decision(),
        "reason": [v("not_empty"), v("one_of")(list(states.WITHDRAW_REASONS))],
        "notice": [v("not_empty"), v("unicode_safe")],
    }


def list_() -> Schema:
    """Input of ``satudata_approval_list``."""
    v = tk.get_validator
    optional = v("ignore_empty")
    return {
        "state": [optional, v("one_of")([str(state) for state in states.State])],
        "organization": [optional, v("satudata_organization_id")],
        "mine": [optional, v("boolean_validator")],
        "limit": [optional, v("natural_number_validator")],
        "after": [optional, v("unicode_safe")],
    }
