"""Input of the letter actions."""

from __future__ import annotations

from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.satudata.letters.states import LetterKind, LetterState

Schema = dict[str, Any]


def one() -> Schema:
    """A letter by its id."""
    v = tk.get_validator
    return {"id": [v("not_empty"), v("unicode_safe")]}


def upload() -> Schema:
    """A letter and a file."""
    v = tk.get_validator
    return {**one(), "upload": [v("ignore_missing")]}


def reason() -> Schema:
    """A letter and why."""
    v = tk.get_validator
    return {**one(), "comment": [v("not_empty"), v("unicode_safe")]}


def list_() -> Schema:
    """Input of ``satudata_letter_list``."""
    v = tk.get_validator
    optional = v("ignore_empty")
    states = ["waiting", *(str(state) for state in LetterState)]
    return {
        "kind": [v("default")(str(LetterKind.SURAT_VALIDASI)), v("one_of")(list(LetterKind))],
        "year": [optional, v("natural_number_validator")],
        "state": [optional, v("one_of")(states)],
        "organization": [optional, v("satudata_organization_id")],
        "dataset": [optional, v("satudata_package_id")],
        "limit": [optional, v("natural_number_validator")],
        "after": [optional, v("natural_number_validator")],
    }


def summary() -> Schema:
    """Input of ``satudata_letter_summary``."""
    v = tk.get_validator
    return {
        "kind": [v("default")(str(LetterKind.SURAT_VALIDASI)), v("one_of")(list(LetterKind))],
        "year": [v("not_empty"), v("natural_number_validator")],
    }


def verify() -> Schema:
    """Input of ``satudata_letter_verify``."""
    v = tk.get_validator
    return {
        "code": [v("not_empty"), v("unicode_safe")],
        "upload": [v("ignore_missing")],
        "sha256": [v("ignore_empty"), v("unicode_safe")],
    }
