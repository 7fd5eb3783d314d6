"""Template helpers of the approval."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.common import current_user
from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _

from ckanext.satudata import config
from ckanext.satudata.approval import doors, panel, worklist
from ckanext.satudata.letters import permissions as letters
from ckanext.satudata.roles import permissions as roles
from ckanext.satudata.roles.states import Role

__all__ = [
    "satudata_access",
    "satudata_is_managed",
    "satudata_panel",
    "satudata_state_badge",
    "satudata_validity",
    "satudata_work_bar",
]


def _user() -> model.User | None:
    if not current_user or current_user.is_anonymous:
        return None
    return model.User.get(current_user.name)


def satudata_is_managed(kind: str | None) -> bool:
    """Does a type of datasets go through the approval?"""
    return (kind or "dataset") not in config.unmanaged_types()


def satudata_panel(pkg_dict: dict[str, Any]) -> dict[str, Any] | None:
    """The process of a dataset for the person who looks; None for the public."""
    found = panel.for_user(pkg_dict, _user())
    return found.build() if found else None


def satudata_validity(pkg_dict: dict[str, Any]) -> dict[str, Any] | None:
    """Letter, offices and fingerprint of a published dataset, for everyone."""
    return panel.validity(pkg_dict)


def satudata_access(pkg_dict: dict[str, Any]) -> dict[str, Any] | None:
    """Why the files of a dataset are not for everybody; None where they are."""
    return doors.shown(pkg_dict, _user())


def satudata_state_badge(state: str, claimed: bool = False) -> dict[str, str]:
    """Badge of a state: code for the style, and the word."""
    return panel.badge(state, claimed=claimed)


def satudata_work_bar() -> list[dict[str, Any]]:
    """What a person's roles use, in the order of the SOP; empty for the public."""
    user = _user()
    held = roles.holdings(user.id) if user else []
    if user is None or not held:
        return []
    path = tk.request.path
    rows = []
    for kind, label, route in (
        ("mine", _("My Work"), "satudata_approval.tasks"),
        ("check", _("Checking"), "satudata_approval.queue"),
        ("validation", _("Validation"), "satudata_approval.validation"),
    ):
        if kind != "mine" and not any(one.role in worklist.KINDS[kind][0] for one in held):
            continue
        url = tk.url_for(route)
        number, late = worklist.count(kind, user, held)
        active = path == tk.url_for(route, locale="default")
        rows.append({"label": label, "url": url, "count": number, "active": active, "late": late})
    if letters.may_list(user):
        url = tk.url_for("satudata_letters.index")
        active = path.startswith(tk.url_for("satudata_letters.index", locale="default"))
        row = {"label": _("Letters"), "url": url, "count": None, "active": active, "late": False}
        rows.append(row)
    own = [one.organization_id for one in held if one.organization_id]
    if own and any(
        one.role in (Role.PRODUSEN_DATA, Role.WALIDATA_PENDUKUNG, Role.KEPALA_OPD) for one in held
    ):
        organization = model.Group.get(own[0])
        url = tk.url_for("organization.read", id=organization.name)
        active = path == tk.url_for("organization.read", id=organization.name, locale="default")
        rows.append(
            {
                "label": _("My Datasets"),
                "url": url,
                "count": None,
                "active": active,
                "late": False,
            }
        )
    return rows
