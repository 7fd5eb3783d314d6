"""API of the role assignments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _
from ckan.types import Context

from ckanext.satudata import signals
from ckanext.satudata.common import actor, clock
from ckanext.satudata.roles import schema, service
from ckanext.satudata.roles.model import RoleAssignment

__all__ = [
    "satudata_role_assign",
    "satudata_role_confirm",
    "satudata_role_end",
    "satudata_role_list",
    "satudata_role_reject",
    "satudata_role_show",
    "satudata_role_vacancy_list",
]

#: Columns that hold a person, and the key under which the name is given.
_PEOPLE = {
    "user_id": "user",
    "acting_for": "acting_for_name",
    "created_by": "created_by_name",
    "confirmed_by": "confirmed_by_name",
    "rejected_by": "rejected_by_name",
}


def _names(cls: Any, ids: set[str | None]) -> dict[str | None, tuple[str, str]]:
    """Id → (name, what people call it) of users or organizations, in one query."""
    wanted = sorted(one for one in ids if one)
    if not wanted:
        return {}
    label = cls.fullname if cls is model.User else cls.title
    rows = model.Session.execute(sa.select(cls.id, cls.name, label).where(cls.id.in_(wanted)))
    return {row[0]: (row[1], row[2] or row[1]) for row in rows}


def _dictize(assignments: list[RoleAssignment]) -> list[dict[str, Any]]:
    """Assignments with the names of people and organizations, in three queries."""
    day = clock.today()
    result = [one.dictize(day) for one in assignments]
    users = _names(model.User, {one[key] for one in result for key in _PEOPLE})
    organizations = _names(model.Group, {one["organization_id"] for one in result})
    for one in result:
        for key, name in _PEOPLE.items():
            one[name], one[f"{name}_title"] = users.get(one[key], (None, None))
        one["organization"], one["organization_title"] = organizations.get(
            one["organization_id"], (None, None)
        )
    return result


def _get(assignment_id: str, *, lock: bool = False) -> RoleAssignment:
    found = service.get(assignment_id, lock=lock)
    if found is None:
        raise tk.ObjectNotFound(_("There is no role assignment with this id."))
    return found


def _decide(
    name: str,
    context: Context,
    data_dict: dict[str, Any],
    do: Callable[[RoleAssignment, model.User], RoleAssignment],
) -> dict[str, Any]:
    """Check, lock, do, commit, tell: of two who decide at once the second is refused."""
    tk.check_access(f"satudata_role_{name}", context, {"user": _get(data_dict["id"]).user_id})
    person = actor.user(context)
    try:
        assignment = do(_get(data_dict["id"], lock=True), person)
        model.Session.commit()
    except Exception:
        model.Session.rollback()
        raise
    result = _dictize([assignment])[0]
    signals.role_changed.send(name, assignment=result)
    return result


@tk.validate_action_data(schema.assign)
def satudata_role_assign(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Give a person a role of the procedure (Perpres 39/2019 ps 20-24).

    What a portal administrator gives holds at once. What the secretariat or a walidata
    gives is a proposal (``proposed``): it gives no right and no membership until somebody
    else confirms it with ``satudata_role_confirm``. CKAN's memberships are derived from
    what holds.

    Args:
        context: CKAN's context.
        data_dict: ``user`` (name or id), ``role`` (code), ``organization`` (name or id,
            for roles held in one agency), ``decree`` (number of the SK), and optional
            ``starts_on`` and ``ends_on`` (ISO dates, first and last day), ``acting_for``
            (user stood in for, then with ``ends_on``) with ``acting_kind`` (plt, plh, an).

    Returns:
        The assignment: ``id``, ``user``, ``user_title``, ``user_id``, ``role``,
        ``organization``, ``organization_title``, ``organization_id``, ``decree``,
        ``starts_on``, ``ends_on``, ``acting_for``, ``acting_for_name``,
        ``acting_kind``, ``state`` (proposed, future, active, ending within 30 days,
        ended, rejected), and ``created_by``, ``confirmed_by``, ``rejected_by`` with
        their ``…_at``, ``…_name`` and ``reject_reason``.

    Raises:
        NotAuthorized: for oneself, or without the right to give roles.
        ValidationError: role, agency or dates do not fit, or the role is held already
            (``duplicate``; both terms are named).
    """
    tk.check_access("satudata_role_assign", context, data_dict)
    values = {
        **data_dict,
        "user_id": data_dict["user"],
        "organization_id": data_dict.get("organization"),
    }
    try:
        assignment = service.assign(values, actor.user(context))
        model.Session.commit()
    except Exception:
        model.Session.rollback()
        raise
    result = _dictize([assignment])[0]
    kind = "propose" if assignment.confirmed_at is None else "assign"
    signals.role_changed.send(kind, assignment=result)
    return result


@tk.validate_action_data(schema.show)
def satudata_role_confirm(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Confirm a proposed role; it holds from its first day, with its memberships.

    Args:
        context: CKAN's context.
        data_dict: ``id`` of the assignment.

    Returns:
        The assignment, as of ``satudata_role_assign``.

    Raises:
        ObjectNotFound: no such assignment.
        NotAuthorized: neither walidata nor portal administrator.
        ValidationError: ``same_person`` for who proposed it or is to hold it,
            ``conflict`` when it was decided meanwhile.
    """
    return _decide("confirm", context, data_dict, service.confirm)


@tk.validate_action_data(schema.reject)
def satudata_role_reject(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Reject a proposed role, or take an own proposal back.

    Args:
        context: CKAN's context.
        data_dict: ``id`` of the assignment, ``reason``.

    Returns:
        The assignment, as of ``satudata_role_assign``.

    Raises:
        ObjectNotFound: no such assignment.
        NotAuthorized: without the right to give or confirm roles.
        ValidationError: no reason, ``same_person`` for a role for oneself, ``no_role``
            for another's proposal, ``conflict`` when it was decided meanwhile.
    """

    def do(assignment: RoleAssignment, person: model.User) -> RoleAssignment:
        return service.reject(assignment, data_dict["reason"], person)

    return _decide("reject", context, data_dict, do)


@tk.validate_action_data(schema.end)
def satudata_role_end(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """End a role; the memberships that followed from it are taken away.

    An end is only brought forward. More time is a new assignment with its own decree.

    Args:
        context: CKAN's context.
        data_dict: ``id`` of the assignment, and optional ``ends_on`` (last day it
            holds, ISO date); without it the role ends at once.

    Returns:
        The assignment, as of ``satudata_role_assign``.

    Raises:
        ObjectNotFound: no such assignment.
        NotAuthorized: one's own role, or without the right to give roles.
        ValidationError: a day in the past or after the present end, ``conflict`` when
            the role does not hold any more.
    """

    def do(assignment: RoleAssignment, person: model.User) -> RoleAssignment:
        return service.end(assignment, data_dict.get("ends_on"), person)

    return _decide("end", context, data_dict, do)


@tk.side_effect_free
@tk.validate_action_data(schema.show)
def satudata_role_show(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Show one role assignment.

    Args:
        context: CKAN's context.
        data_dict: ``id`` of the assignment.

    Returns:
        The assignment, as of ``satudata_role_assign``.

    Raises:
        ObjectNotFound: no such assignment, or none that the caller may see.
    """
    assignment = _get(data_dict["id"])
    try:
        tk.check_access("satudata_role_show", context, {"user": assignment.user_id})
    except tk.NotAuthorized as error:
        raise tk.ObjectNotFound from error
    return _dictize([assignment])[0]


@tk.side_effect_free
@tk.validate_action_data(schema.list_)
def satudata_role_list(context: Context, data_dict: dict[str, Any]) -> list[dict[str, Any]]:
    """List role assignments, newest first.

    Args:
        context: CKAN's context.
        data_dict: optional filters ``user``, ``role``, ``organization``, ``active``
            (true: those that hold today), ``state`` (as of ``satudata_role_assign``),
            ``q`` (part of the person's name), ``limit`` (100, at most 1000) and
            ``after`` (id of the last one read, for the next page).

    Returns:
        Assignments, as of ``satudata_role_assign``.

    Raises:
        NotAuthorized: asking for others without the right to.
    """
    tk.check_access("satudata_role_list", context, data_dict)
    return _dictize(
        service.find(
            data_dict.get("user"),
            data_dict.get("role"),
            data_dict.get("organization"),
            active=data_dict.get("active"),
            state=data_dict.get("state"),
            text=data_dict.get("q"),
            limit=min(data_dict["limit"], schema.MOST),
            after=data_dict.get("after"),
        )
    )


@tk.side_effect_free
@tk.validate_action_data(schema.vacancies)
def satudata_role_vacancy_list(context: Context, data_dict: dict[str, Any]) -> list[dict[str, Any]]:
    """List agencies without a head or without a data producer today.

    Args:
        context: CKAN's context.
        data_dict: empty.

    Returns:
        ``organization`` (name), ``organization_id``, ``organization_title`` and
        ``missing`` (codes of the roles nobody holds), by title.

    Raises:
        NotAuthorized: without the right to read everybody's roles.
    """
    tk.check_access("satudata_role_vacancy_list", context, data_dict)
    return [
        {
            "organization": group.name,
            "organization_id": group.id,
            "organization_title": group.title or group.name,
            "missing": [str(role) for role in roles],
        }
        for group, roles in service.vacancies()
    ]
