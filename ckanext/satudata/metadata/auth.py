"""Who may read the code lists."""

from __future__ import annotations

from typing import Any

from ckan.plugins import toolkit as tk
from ckan.types import AuthResult, Context

__all__ = ["satudata_code_list_list", "satudata_code_list_show"]


@tk.auth_allow_anonymous_access
def satudata_code_list_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Everybody (Perpres 39/2019 ps 36: the portal gives access to reference codes)."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def satudata_code_list_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Everybody, as the list of lists."""
    return {"success": True}
