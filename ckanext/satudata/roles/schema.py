"""Input of the role actions."""

from __future__ import annotations

from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.satudata.roles.states import Acting, State

#: Assignments given at most in one answer, and when nothing is asked.
MOST, PAGE = 1000, 100

Schema = dict[str, Any]


def assign() -> Schema:
    """Input of ``satudata_role_assign``."""
    v = tk.get_validator
    optional = v("ignore_empty")
    return {
        "user": [v("not_empty"), v("satudata_user_id")],
        "role": [v("not_empty"), v("satudata_role")],
        "organization": [optional, v("satudata_organization_id")],
        "decree": [v("remove_whitespace"), v("not_empty"), v("unicode_safe")],
        "starts_on": [optional, v("satudata_date")],
        "ends_on": [optional, v("satudata_date")],
        "acting_for": [optional, v("satudata_user_id")],
        "acting_kind": [optional, v("one_of")([str(kind) for kind in Acting])],
    }


def end() -> Schema:
    """Input of ``satudata_role_end``."""
    v = tk.get_validator
    return {
        "id": [v("not_empty"), v("unicode_safe")],
        "ends_on": [v("ignore_empty"), v("satudata_date")],
    }


def show() -> Schema:
    """Input of ``satudata_role_show``."""
    v = tk.get_validator
    return {"id": [v("not_empty"), v("unicode_safe")]}


def list_() -> Schema:
    """Input of ``satudata_role_list``."""
    v = tk.get_validator
    optional = v("ignore_empty")
    return {
        "user": [optional, v("satudata_user_id")],
        "role": [optional, v("satudata_role")],
        "organization": [optional, v("satudata_organization_id")],
        "active": [optional, v("boolean_validator")],
        "state": [optional, v("one_of")([str(state) for state in State])],
        "q": [optional, v("unicode_safe")],
        "limit": [v("default")(PAGE), v("natural_number_validator")],
        "after": [optional, v("unicode_safe")],
    }


def reject() -> Schema:
    """Input of ``satudata_role_reject``."""
    v = tk.get_validator
    return {**show(), "reason": [v("remove_whitespace"), v("not_empty"), v("unicode_safe")]}


def vacancies() -> Schema:
    """Input of ``satudata_role_vacancy_list``: nothing."""
    return {}
