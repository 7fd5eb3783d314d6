"""Who may call the letter actions.

A portal administrator is no registrar and no second person: where something is decided
on a letter, sysadmins are asked for the role too.
"""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _
from ckan.types import AuthResult, Context

from ckanext.satudata.letters import permissions, service
from ckanext.satudata.letters.model import Letter

__all__ = [
    "satudata_letter_confirm",
    "satudata_letter_list",
    "satudata_letter_reject",
    "satudata_letter_revoke",
    "satudata_letter_show",
    "satudata_letter_sign",
    "satudata_letter_summary",
    "satudata_letter_upload",
    "satudata_letter_verify",
]


def _user(context: Context) -> model.User | None:
    return model.User.get(context.get("user") or None)


def _letter(data_dict: dict[str, Any]) -> Letter:
    found = service.get(data_dict.get("id"))
    if found is None:
        raise tk.ObjectNotFound
    return found


def _answer(allowed: bool, message: str) -> AuthResult:
    return {"success": True} if allowed else {"success": False, "msg": message}


def satudata_letter_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Walidata and sekretariat all, the roles of an agency its own letters."""
    user = _user(context)
    allowed = user is not None and permissions.may_list(user)
    return _answer(allowed, _("The register is open to the roles of the procedure."))


def satudata_letter_summary(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Walidata and sekretariat, who keep the register."""
    message = _("The register is kept by walidata and sekretariat.")
    return _answer(permissions.keeps_register(_user(context)), message)


def satudata_letter_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """As the register, for one letter."""
    allowed = permissions.may_read(_user(context), _letter(data_dict))
    return _answer(allowed, _("The letter is open to its agency and to the walidata."))


@tk.auth_sysadmins_check
def satudata_letter_sign(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Who signs, or a walidata as registrar."""
    user, letter = _user(context), _letter(data_dict)
    allowed = user is not None and permissions.may_sign(user, letter)
    return _answer(allowed, _("The signed letter is handed in by its signer or a walidata."))


@tk.auth_sysadmins_check
def satudata_letter_upload(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """A walidata as registrar; that it is not the checker is judged by the action."""
    user = _user(context)
    allowed = user is not None and permissions.is_registrar(user)
    return _answer(allowed, _("The scan is uploaded by a walidata as registrar."))


@tk.auth_sysadmins_check
def satudata_letter_confirm(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """A second person: walidata, sekretariat, or the head of that agency."""
    user, letter = _user(context), _letter(data_dict)
    allowed = user is not None and permissions.may_confirm(user, letter)
    message = _("A scan is confirmed by a second walidata, the sekretariat or the head.")
    return _answer(allowed, message)


@tk.auth_sysadmins_check
def satudata_letter_reject(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """As confirming."""
    return satudata_letter_confirm(context, data_dict)


@tk.auth_sysadmins_check
def satudata_letter_revoke(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Who signs, or a walidata."""
    return satudata_letter_sign(context, data_dict)


@tk.auth_allow_anonymous_access
def satudata_letter_verify(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Everybody, without signing in."""
    return {"success": True}
