"""Who may read the code lists."""

from __future__ import annotations

from typing import Any

from ckan.plugins import toolkit as tk
from ckan.types import AuthResult, Context

__all__ = [
    "satudata_table_schema_show",
    "satudata_dataset_prefill",
    "satudata_code_list_list",
    "satudata_code_list_show",
    "satudata_completeness_show",
    "satudata_indah_import",
    "satudata_indah_show",
]


@tk.auth_allow_anonymous_access
def satudata_code_list_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Everybody (Perpres 39/2019 ps 36: the portal gives access to reference codes)."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def satudata_code_list_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Everybody, as the list of lists."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def satudata_completeness_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Whoever may see the dataset: the action asks ``package_show`` for it."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def satudata_indah_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Whoever may see the dataset: the action asks ``package_show`` for it."""
    return {"success": True}


def satudata_indah_import(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Whoever may change the dataset, as ``package_update``."""
    tk.check_access("package_update", context, data_dict)
    return {"success": True}


def satudata_dataset_prefill(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Signed-in people; the action asks ``package_show`` and ``package_patch`` for more.

    So one that is hidden from a person is not there, as for every action.
    """
    return {"success": True}


@tk.auth_allow_anonymous_access
def satudata_table_schema_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Whoever may see the file: the action asks ``resource_show`` for it."""
    return {"success": True}
