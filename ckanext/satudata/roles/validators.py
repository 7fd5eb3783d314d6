"""Validators of the role actions."""

from __future__ import annotations

from typing import Any

from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _

from ckanext.satudata.roles.states import Role

__all__ = ["satudata_role"]


def satudata_role(value: Any) -> str:
    """Code of a role; anything else is named back with the codes there are."""
    codes = [str(role) for role in Role]
    if str(value) not in codes:
        raise tk.Invalid(
            _("There is no role %(value)s. Choose one of: %(roles)s.")
            % {"value": value, "roles": ", ".join(codes)}
        )
    return str(value)
