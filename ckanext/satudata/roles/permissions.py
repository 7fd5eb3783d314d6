"""Which roles a person holds today: the predicates every other domain asks."""

from __future__ import annotations

from dataclasses import dataclass

from ckan import model

from ckanext.satudata.common import clock
from ckanext.satudata.roles.model import RoleAssignment
from ckanext.satudata.roles.states import Role

#: Roles of the city that read all assignments, give and end them.
MANAGERS = (Role.WALIDATA, Role.SEKRETARIAT)


@dataclass(frozen=True)
class Holding:
    """One role a person may act in now.

    Attributes:
        role: which one.
        organization_id: the OPD, where the role is held in one.
        acting_for: user id of the person stood in for, or None.
        acting_kind: plt, plh or an with ``acting_for``.
    """

    role: Role
    organization_id: str | None
    acting_for: str | None = None
    acting_kind: str | None = None


def holdings(user_id: str | None) -> list[Holding]:
    """All roles a person holds today; columns are read, not cached objects."""
    if not user_id:
        return []
    day = clock.today()
    columns = RoleAssignment.active_on(day).with_only_columns(
        RoleAssignment.role,
        RoleAssignment.organization_id,
        RoleAssignment.acting_for,
        RoleAssignment.acting_kind,
    )
    rows = model.Session.execute(columns.where(RoleAssignment.user_id == user_id))
    return [Holding(Role(row[0]), row[1], row[2], row[3]) for row in rows]


def holding(
    user_id: str | None, roles: tuple[Role, ...], organization_id: str | None
) -> Holding | None:
    """The role in which a person may act for an OPD; an own office before a stand-in.

    Args:
        user_id: the person.
        roles: roles that would do, the first found in this order counts.
        organization_id: the OPD concerned; roles of the whole city fit every OPD.
    """
    fitting = [
        one
        for one in holdings(user_id)
        if one.role in roles
        and (one.organization_id is None or one.organization_id == organization_id)
    ]
    fitting.sort(key=lambda one: (roles.index(one.role), one.acting_for is not None))
    return fitting[0] if fitting else None


def has_role(user_id: str | None, role: Role, organization_id: str | None = None) -> bool:
    """Does a person hold a role today (in an OPD, where the role is held in one)?"""
    return holding(user_id, (role,), organization_id) is not None


def holders(role: Role, organization_id: str | None = None) -> list[str]:
    """User ids of all who hold a role today (in an OPD)."""
    query = RoleAssignment.active_on(clock.today()).with_only_columns(RoleAssignment.user_id)
    query = query.where(RoleAssignment.role == str(role))
    if organization_id is not None:
        query = query.where(RoleAssignment.organization_id == organization_id)
    return list(model.Session.scalars(query.distinct()))


def _has_any(user: model.User, roles: tuple[Role, ...]) -> bool:
    return any(one.role in roles for one in holdings(user.id))


def can_manage(user: model.User) -> bool:
    """May a person give and end roles at all: sysadmin, walidata, sekretariat?"""
    return user.sysadmin or _has_any(user, MANAGERS)


def can_assign(user: model.User, to_user_id: str) -> bool:
    """May a person give a role to another, or end one of another's? Never an own one."""
    return user.id != to_user_id and can_manage(user)


def holds_at_once(user: model.User) -> bool:
    """Does what a person gives hold without a second one?"""
    return bool(user.sysadmin)


def can_decide(user: model.User) -> bool:
    """May a person confirm proposals of others: sysadmin or walidata?"""
    return user.sysadmin or _has_any(user, (Role.WALIDATA,))


def barred(user_id: str, assignment: RoleAssignment) -> str | None:
    """Why a person is no second one for a proposal: ``person``, ``proposer`` or None."""
    if assignment.user_id == user_id:
        return "person"
    return "proposer" if assignment.created_by == user_id else None


def can_confirm(user: model.User, assignment: RoleAssignment) -> bool:
    """May a person confirm this very proposal?"""
    return can_decide(user) and barred(user.id, assignment) is None


def can_reject(user: model.User, assignment: RoleAssignment) -> bool:
    """May a person reject it: who may confirm, and the proposer (taking it back)?"""
    return can_confirm(user, assignment) or (
        barred(user.id, assignment) == "proposer" and can_manage(user)
    )


def can_list_all(user: model.User) -> bool:
    """May a person read everybody's assignments?"""
    return can_manage(user)


__all__ = [
    "Holding",
    "barred",
    "can_assign",
    "can_confirm",
    "can_decide",
    "can_list_all",
    "can_manage",
    "can_reject",
    "has_role",
    "holders",
    "holding",
    "holdings",
    "holds_at_once",
]
