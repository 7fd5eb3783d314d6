"""API of the role assignments."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.types import Context

from ckanext.satudata import signals
from ckanext.satudata.common import actor, clock
from ckanext.satudata.roles import schema, service
from ckanext.satudata.roles.model import RoleAssignment

__all__ = [
    "satudata_role_assign",
    "satudata_role_end",
    "satudata_role_list",
    "satudata_role_show",
]


def _names(cls: Any, ids: set[str]) -> dict[str, str]:
    if not ids:
        return {}
    rows = model.Session.execute(sa.select(cls.id, cls.name).where(cls.id.in_(sorted(ids))))
    return {row[0]: row[1] for row in rows}


def _dictize(assignments: list[RoleAssignment]) -> list[dict[str, Any]]:
    """Assignments with the names of people and organizations, in three queries."""
    day = clock.today()
    result = [one.dictize(day) for one in assignments]
    users = _names(
        model.User,
        {one.user_id for one in assignments}
        | {one.acting_for for one in assignments if one.acting_for},
    )
    organizations = _names(
        model.Group, {one.organization_id for one in assignments if one.organization_id}
    )
    for one in result:
        one["user"] = users.get(one["user_id"])
        one["acting_for_name"] = users.get(one["acting_for"])
        one["organization"] = organizations.get(one["organization_id"])
    return result


def _get(assignment_id: str) -> RoleAssignment:
    found = service.get(assignment_id)
    if found is None:
        raise tk.ObjectNotFound
    return found


@tk.validate_action_data(schema.assign)
def satudata_role_assign(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Give a person a role of the procedure (Perpres 39/2019 ps 20-24).

    The person's CKAN memberships are derived from it at once.

    Args:
        context: CKAN's context.
        data_dict: ``user`` (name or id), ``role`` (code), ``organization`` (name or id,
            for roles held in one agency), ``decree`` (number of the SK), and optional
            ``starts_on`` and ``ends_on`` (ISO dates, first and last day), ``acting_for``
            (user stood in for) with ``acting_kind`` (plt, plh, an).

    Returns:
        The assignment: ``id``, ``user``, ``user_id``, ``role``, ``organization``,
        ``organization_id``, ``decree``, ``starts_on``, ``ends_on``, ``acting_for``,
        ``acting_kind``, ``state`` (future, active, ended).

    Raises:
        NotAuthorized: for oneself, or without the right to give roles.
        ValidationError: role and agency do not fit, or the role is held already.
    """
    tk.check_access("satudata_role_assign", context, data_dict)
    values = {
        **data_dict,
        "user_id": data_dict["user"],
        "organization_id": data_dict.get("organization"),
    }
    assignment = service.assign(values, actor.user(context))
    model.Session.commit()
    result = _dictize([assignment])[0]
    signals.role_changed.send("assign", assignment=result)
    return result


@tk.validate_action_data(schema.end)
def satudata_role_end(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """End a role; the memberships that followed from it are taken away.

    Args:
        context: CKAN's context.
        data_dict: ``id`` of the assignment, and optional ``ends_on`` (last day it
            holds, ISO date); without it the role ends at once.

    Returns:
        The assignment, as of ``satudata_role_assign``.

    Raises:
        ObjectNotFound: no such assignment.
        NotAuthorized: one's own role, or without the right to give roles.
    """
    assignment = _get(data_dict["id"])
    tk.check_access("satudata_role_end", context, {"user": assignment.user_id})
    ends_on = data_dict.get("ends_on") or clock.today() - timedelta(days=1)
    service.end(assignment, ends_on, actor.user(context))
    model.Session.commit()
    result = _dictize([assignment])[0]
    signals.role_changed.send("end", assignment=result)
    return result


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
        data_dict: optional filters ``user``, ``role``, ``organization`` and ``active``
            (true: those that hold today).

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
            data_dict.get("active"),
        )
    )
