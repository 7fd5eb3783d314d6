"""Words of the metadata scheme that are not in its YAML."""

from __future__ import annotations

from ckan.plugins.toolkit import _


def parts() -> dict[str, str]:
    """Part of the form → heading."""
    return {
        "identity": _("What data is this?"),
        "standar_data": _("Standar Data"),
        "schedule": _("Schedule and access"),
        "priority": _("Priority data"),
        "parties": _("Parties"),
    }
