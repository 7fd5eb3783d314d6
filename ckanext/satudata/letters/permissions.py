"""Who may read, register, confirm and revoke letters."""

from __future__ import annotations

from ckan import model

from ckanext.satudata.letters.model import Letter
from ckanext.satudata.roles import permissions as roles
from ckanext.satudata.roles.states import Role

#: Roles of the city that keep or read the whole register (SOP: pencatatan).
KEEPERS = (Role.WALIDATA, Role.SEKRETARIAT)
#: Roles that may confirm a scan, beside the agency's own head.
SECOND = (Role.WALIDATA, Role.SEKRETARIAT)


def keeps_register(user: model.User | None) -> bool:
    """May a person read every letter?"""
    if user is None:
        return False
    return user.sysadmin or any(roles.has_role(user.id, role) for role in KEEPERS)


def own_organizations(user: model.User) -> list[str]:
    """Agencies whose letters a person may read by a role held there."""
    held = {one.organization_id for one in roles.holdings(user.id)}
    return sorted(one for one in held if one)


def may_list(user: model.User) -> bool:
    """Has a person a register to read at all?"""
    return keeps_register(user) or bool(own_organizations(user))


def may_read(user: model.User | None, letter: Letter) -> bool:
    """May a person read a letter and its file?"""
    if user is None:
        return False
    return keeps_register(user) or letter.organization_id in own_organizations(user)


def may_sign(user: model.User, letter: Letter) -> bool:
    """May a person hand in the signed file: who signs, or a walidata as registrar?"""
    return letter.signer_id == user.id or roles.has_role(user.id, Role.WALIDATA)


def is_registrar(user: model.User) -> bool:
    """May a person upload scans of paper letters?"""
    return roles.has_role(user.id, Role.WALIDATA)


def is_second(user: model.User) -> bool:
    """Does a person confirm scans of every agency?"""
    return any(roles.has_role(user.id, role) for role in SECOND)


def headed(user: model.User) -> list[str]:
    """Agencies whose head a person is today, or stands in for."""
    held = roles.holdings(user.id)
    return [one.organization_id for one in held if one.role is Role.KEPALA_OPD]


def may_confirm(user: model.User, letter: Letter) -> bool:
    """May a person be the second one who confirms a scan?"""
    return is_second(user) or letter.organization_id in headed(user)
