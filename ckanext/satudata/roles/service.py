"""Give and end roles, and derive CKAN memberships from them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from ckan import model
from ckan.plugins.toolkit import _

from ckanext.satudata.common import clock, events
from ckanext.satudata.common.errors import refuse
from ckanext.satudata.roles.model import RoleAssignment
from ckanext.satudata.roles.states import CAPACITIES, FACTS, Acting, Role


def assign(values: dict[str, Any], actor: model.User) -> RoleAssignment:
    """Record a role assignment and derive the memberships of the person.

    Args:
        values: ``user_id``, ``role``, ``organization_id``, ``decree``, ``starts_on``,
            ``ends_on``, ``acting_for``, ``acting_kind`` (dates as :class:`date`).
        actor: who records it.

    Raises:
        Refusal: role and organisation do not fit, or the same role is held already.
    """
    role = Role(values["role"])
    if FACTS[role].per_organization != bool(values.get("organization_id")):
        message = (
            _("This role is held in one agency. Name it.")
            if FACTS[role].per_organization
            else _("This role is held for the whole city. Leave the agency empty.")
        )
        refuse("required", message, "organization")
    if values.get("acting_kind") and not values.get("acting_for"):
        refuse("required", _("Name the person stood in for."), "acting_for")
    if values.get("acting_for") and not values.get("acting_kind"):
        values["acting_kind"] = str(Acting.PLH)
    starts_on = values.get("starts_on") or clock.today()
    ends_on = values.get("ends_on")
    if ends_on and ends_on < starts_on:
        refuse("invalid", _("The end lies before the beginning."), "ends_on")
    if _overlapping(values["user_id"], role, values, starts_on, ends_on):
        refuse("duplicate", _("This person already holds this role then."), "user")
    assignment = RoleAssignment(
        **{key: values.get(key) for key in ("user_id", "organization_id", "decree")},
        **{key: values.get(key) for key in ("acting_for", "acting_kind", "ends_on")},
        role=str(role),
        starts_on=starts_on,
        created_by=actor.id,
    )
    model.Session.add(assignment)
    model.Session.flush()
    _record(assignment, "role_assign", actor)
    sync_memberships(assignment.user_id)
    return assignment


def end(assignment: RoleAssignment, ends_on: date, actor: model.User) -> RoleAssignment:
    """End an assignment: the given day is the last one it holds.

    A role that should stop at once ends with yesterday; one that never began to hold
    ends on the day before its first.
    """
    assignment.ends_on = max(ends_on, assignment.starts_on - timedelta(days=1))
    model.Session.flush()
    _record(assignment, "role_end", actor)
    sync_memberships(assignment.user_id)
    return assignment


def get(assignment_id: str) -> RoleAssignment | None:
    """One assignment, or None."""
    return model.Session.get(RoleAssignment, assignment_id)


def find(
    user_id: str | None = None,
    role: str | None = None,
    organization_id: str | None = None,
    active: bool | None = None,
) -> list[RoleAssignment]:
    """Assignments that fit all given filters, newest first."""
    query = RoleAssignment.active_on(clock.today()) if active else None
    if query is None:
        query = sa.select(RoleAssignment)
    for column, value in (
        (RoleAssignment.user_id, user_id),
        (RoleAssignment.role, role),
        (RoleAssignment.organization_id, organization_id),
    ):
        if value is not None:
            query = query.where(column == value)
    query = query.order_by(RoleAssignment.created_at.desc(), RoleAssignment.id)
    return list(model.Session.scalars(query))


def sync_memberships(user_id: str) -> int:
    """Make a person's CKAN memberships equal to what the roles of today give.

    Memberships of organisations are derived, never edited by hand: what no role gives
    is taken away, so a person whose role ended cannot go on editing.

    Returns:
        How many memberships were changed.
    """
    wanted: dict[str, str] = {}
    query = RoleAssignment.active_on(clock.today())
    for one in model.Session.scalars(query.where(RoleAssignment.user_id == user_id)):
        capacity = FACTS[Role(one.role)].capacity
        if capacity and one.organization_id:
            held = wanted.get(one.organization_id, capacity)
            wanted[one.organization_id] = max(capacity, held, key=CAPACITIES.index)
    changed = 0
    members = model.Session.scalars(
        sa.select(model.Member)
        .join(model.Group, model.Group.id == model.Member.group_id)
        .where(
            model.Group.is_organization.is_(True),
            model.Member.table_name == "user",
            model.Member.table_id == user_id,
        )
    )
    for member in members:
        capacity = wanted.pop(member.group_id, None)
        state = "active" if capacity else "deleted"
        if member.state != state or (capacity and member.capacity != capacity):
            member.state, member.capacity = state, capacity or member.capacity
            changed += 1
    for organization_id, capacity in wanted.items():
        model.Session.add(
            model.Member(
                table_name="user",
                table_id=user_id,
                group=model.Session.get(model.Group, organization_id),
                capacity=capacity,
                state="active",
            )
        )
        changed += 1
    model.Session.flush()
    return changed


def sync_all() -> int:
    """Derive the memberships of everybody who ever held a role (tick, each day)."""
    people = model.Session.scalars(sa.select(RoleAssignment.user_id).distinct())
    return sum(sync_memberships(user_id) for user_id in list(people))


def _overlapping(
    user_id: str,
    role: Role,
    values: dict[str, Any],
    starts_on: date,
    ends_on: date | None,
) -> bool:
    query = sa.select(RoleAssignment.id).where(
        RoleAssignment.user_id == user_id,
        RoleAssignment.role == str(role),
        RoleAssignment.organization_id.is_not_distinct_from(values.get("organization_id")),
        RoleAssignment.acting_for.is_not_distinct_from(values.get("acting_for")),
        sa.or_(RoleAssignment.ends_on.is_(None), RoleAssignment.ends_on >= starts_on),
    )
    if ends_on:
        query = query.where(RoleAssignment.starts_on <= ends_on)
    return model.Session.execute(query.limit(1)).first() is not None


def _record(assignment: RoleAssignment, kind: str, actor: model.User) -> None:
    events.append(
        f"role:{assignment.id}",
        kind,
        user_id=actor.id,
        role=assignment.role,
        acting_for=assignment.acting_for,
        data={
            "user_id": assignment.user_id,
            "organization_id": assignment.organization_id,
            "decree": assignment.decree,
            "starts_on": assignment.starts_on.isoformat(),
            "ends_on": assignment.ends_on and assignment.ends_on.isoformat(),
        },
    )
