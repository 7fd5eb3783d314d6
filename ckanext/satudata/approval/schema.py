"""Input of the approval actions."""

from __future__ import annotations

from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.satudata.approval import states
from ckanext.satudata.letters.states import Way

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


def submit() -> Schema:
    """A submission: when the data shall become public at the earliest."""
    v = tk.get_validator
    return {**decision(), "release_at": [v("ignore_empty"), v("satudata_moment")]}


def with_findings() -> Schema:
    """A return: its findings."""
    v = tk.get_validator
    return {**decision(), "findings": [v("ignore_empty"), v("satudata_findings")]}


def confirm() -> Schema:
    """Conformity: the answers to the principles, and a change of the release time."""
    v = tk.get_validator
    return {**submit(), "checklist": [v("ignore_empty"), v("satudata_checklist")]}


def validate() -> Schema:
    """The head's validation: datasets, and how their letter is signed."""
    v = tk.get_validator
    optional = v("ignore_empty")
    return {
        "id": [optional, v("unicode_safe")],
        "ids": [optional, v("satudata_names")],
        "comment": [optional, v("unicode_safe")],
        "revision": [v("ignore_missing"), v("natural_number_validator")],
        "way": [optional, v("one_of")([str(way) for way in Way])],
        "number": [optional, v("unicode_safe")],
        "date": [optional, v("satudata_date")],
        "letter": [optional, v("unicode_safe")],
        "given": [optional, v("satudata_texts")],
        "upload": [v("ignore_missing")],
    }


def issue() -> Schema:
    """A letter to be printed: its datasets, number and date."""
    v = tk.get_validator
    optional = v("ignore_empty")
    return {
        "ids": [v("not_empty"), v("satudata_names")],
        "signer": [optional, v("satudata_user_id")],
        "number": [optional, v("unicode_safe")],
        "date": [optional, v("satudata_date")],
    }


def withdraw() -> Schema:
    """A withdrawal: coded reason and the notice to the public."""
    v = tk.get_validator
    return {
        **decision(),
        "reason": [v("not_empty"), v("one_of")(list(states.WITHDRAW_REASONS))],
        "notice": [v("not_empty"), v("unicode_safe")],
    }


def answer() -> Schema:
    """Answer of one finding."""
    v = tk.get_validator
    return {
        "id": [v("not_empty"), v("unicode_safe")],
        "answer": [v("not_empty"), v("one_of")(["fixed", "replied", "accepted", "reopened"])],
        "reply": [v("ignore_empty"), v("unicode_safe")],
    }


def withdrawals() -> Schema:
    """Input of ``satudata_withdrawal_list``."""
    v = tk.get_validator
    return {
        "limit": [v("ignore_empty"), v("natural_number_validator")],
        "after": [v("ignore_empty"), v("unicode_safe")],
    }


def adoption() -> Schema:
    """Input of ``satudata_portal_adopt``."""
    v = tk.get_validator
    optional = v("ignore_empty")
    return {
        "after": [optional, v("unicode_safe")],
        "limit": [optional, v("natural_number_validator")],
        "organization": [optional, v("satudata_organization_id")],
        "dry_run": [optional, v("boolean_validator")],
        "missing_files": [optional, v("boolean_validator")],
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
