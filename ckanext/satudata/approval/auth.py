"""Who may call the approval actions. State and duties are judged by the service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _
from ckan.types import AuthResult, Context

from ckanext.satudata.approval import decide, findings, permissions, refusals, service
from ckanext.satudata.approval.states import TRANSITIONS


def _user(context: Context) -> model.User | None:
    return model.User.get(context.get("user") or None)


def _package(data_dict: dict[str, Any]) -> model.Package:
    package = model.Package.get(data_dict.get("id"))
    if package is None or package.state == "deleted":
        raise tk.ObjectNotFound
    return package


def _transition(name: str) -> Callable[[Context, dict[str, Any]], AuthResult]:
    transition = TRANSITIONS[name]

    def allowed(context: Context, data_dict: dict[str, Any]) -> AuthResult:
        package, user = _package(data_dict), _user(context)
        if user is None:
            return {"success": False, "msg": _("Log in to do this.")}
        state = service.state_of(service.current(package.id))
        if permissions.role_for(transition, user.id, package.owner_org, state):
            return {"success": True}
        return {
            "success": False,
            "msg": refusals.no_role(transition, user, package),
        }

    allowed = tk.auth_sysadmins_check(allowed)
    allowed.__name__ = f"satudata_approval_{name}"
    allowed.__doc__ = f"Roles of the transition {name}: " + (
        ", ".join(map(str, transition.roles)) or "the system"
    )
    return allowed


def satudata_approval_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """The roles of the OPD, and those of the city that work on the dataset."""
    package = _package(data_dict)
    if permissions.may_see_process(_user(context), package.owner_org):
        return {"success": True}
    return {"success": False, "msg": _("The process is shown to its parties only.")}


def satudata_approval_history(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """As the approval itself."""
    return satudata_approval_show(context, data_dict)


def satudata_approval_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Signed-in people; the list itself holds what they may see."""
    if _user(context) is None:
        return {"success": False, "msg": _("Log in to do this.")}
    return {"success": True}


@tk.auth_sysadmins_check
def satudata_finding_answer(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Preparers of the OPD repair or reply; walidata and pembina_data accept or reopen."""
    user, found = _user(context), findings.get(data_dict["id"])
    if found is None:
        raise tk.ObjectNotFound
    key = found[1].package_id
    if user and decide.finding_role(user.id, data_dict.get("answer", ""), key):
        return {"success": True}
    return {"success": False, "msg": _("The finding is answered by its agency and its checker.")}


@tk.auth_sysadmins_check
def satudata_letter_issue(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """A walidata as registrar; that it is not the checker is judged by the action."""
    if decide.may_issue(_user(context)):
        return {"success": True}
    return {"success": False, "msg": _("Letters on paper are issued by a walidata.")}


def satudata_fingerprint_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """As the approval itself."""
    return satudata_approval_show(context, data_dict)


def satudata_fingerprint_verify(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Walidata and pembina_data, and who administers the portal."""
    user = _user(context)
    if user is not None and permissions.checks(user.id):
        return {"success": True}
    return {"success": False, "msg": _("The content is compared by who checks datasets.")}


@tk.auth_allow_anonymous_access
def satudata_withdrawal_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Everybody, without signing in."""
    return {"success": True}


def satudata_portal_adopt(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """The administrator of the portal only."""
    message = _("Datasets are adopted by the administrator of the portal.")
    return {"success": False, "msg": message}


for _name in TRANSITIONS:
    globals()[f"satudata_approval_{_name}"] = _transition(_name)

__all__ = [
    "satudata_approval_history",
    "satudata_approval_list",
    "satudata_approval_show",
    "satudata_finding_answer",
    "satudata_fingerprint_show",
    "satudata_fingerprint_verify",
    "satudata_letter_issue",
    "satudata_portal_adopt",
    "satudata_withdrawal_list",
    *(f"satudata_approval_{name}" for name in TRANSITIONS),
]
