"""CKAN's memberships of organizations, derived from the roles that hold today.

They are never edited by hand: what no role gives is taken away, so that a person whose
role ended cannot go on editing. A membership of an agency that is deleted, or of a
deleted person, follows from no role. Organizations without a confirmed role are left alone.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from ckan import model

from ckanext.satudata.common import clock
from ckanext.satudata.roles.model import RoleAssignment
from ckanext.satudata.roles.states import CAPACITIES, FACTS, Role


def derived(user_id: str) -> dict[str, str]:
    """Organization id → capacity that a person's roles of today give."""
    wanted: dict[str, str] = {}
    query = (
        RoleAssignment.active_on(clock.today())
        .with_only_columns(RoleAssignment.role, RoleAssignment.organization_id)
        .join(model.Group, model.Group.id == RoleAssignment.organization_id)
        .join(model.User, model.User.id == RoleAssignment.user_id)
        .where(
            RoleAssignment.user_id == user_id,
            model.Group.state == "active",
            model.User.state == "active",
        )
    )
    for role, organization_id in model.Session.execute(query):
        capacity = FACTS[Role(role)].capacity
        if capacity:
            held = wanted.get(organization_id, capacity)
            wanted[organization_id] = max(capacity, held, key=CAPACITIES.index)
    return wanted


def sync(user_id: str) -> int:
    """Make a person's memberships equal to what the roles of today give.

    Returns:
        How many memberships were changed.
    """
    wanted, changed = derived(user_id), 0
    members = model.Session.scalars(_of_organizations().where(model.Member.table_id == user_id))
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


def sync_organization(organization_id: str) -> int:
    """The same for all members of one organization, after CKAN wrote it."""
    members = _of_organizations().where(model.Member.group_id == organization_id)
    holders = sa.select(RoleAssignment.user_id).where(
        RoleAssignment.organization_id == organization_id
    )
    return _sync_all(_people(members, holders))


def sync_all() -> int:
    """The same for everybody who is a member or ever held a role (tick, each day)."""
    return _sync_all(_people(_of_organizations(), sa.select(RoleAssignment.user_id)))


def present(organization_id: str) -> set[tuple[str, str]]:
    """(user, capacity) of an organization's members, the user by name and again by id."""
    query = (
        sa.select(model.User.name, model.User.id, model.Member.capacity)
        .join(model.Member, model.Member.table_id == model.User.id)
        .where(
            model.Member.group_id == organization_id,
            model.Member.table_name == "user",
            model.Member.state == "active",
        )
    )
    rows = list(model.Session.execute(query))
    return {(row[0], row[2]) for row in rows} | {(row[1], row[2]) for row in rows}


def _of_organizations() -> sa.sql.Select:
    """Memberships of people in managed organizations, whatever their state.

    An organization is managed from its first confirmed role on: on a portal that had members
    before, nobody loses a right on the day of the installation, nor by a mere proposal.
    """
    managed = sa.select(RoleAssignment.organization_id).where(
        RoleAssignment.organization_id.is_not(None),
        RoleAssignment.confirmed_at.is_not(None),
    )
    return (
        sa.select(model.Member)
        .join(model.Group, model.Group.id == model.Member.group_id)
        .where(
            model.Group.is_organization.is_(True),
            model.Group.id.in_(managed),
            model.Member.table_name == "user",
        )
    )


def _people(members: sa.sql.Select, holders: sa.sql.Select) -> set[str]:
    active = members.with_only_columns(model.Member.table_id).where(model.Member.state == "active")
    return {*model.Session.scalars(active), *model.Session.scalars(holders)}


def _sync_all(people: Iterable[str]) -> int:
    return sum(sync(user_id) for user_id in sorted(people))
