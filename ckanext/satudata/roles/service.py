"""Give, confirm and end roles."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from ckan import model
from ckan.plugins.toolkit import _

from ckanext.satudata.common import clock, dates, events
from ckanext.satudata.common.errors import Conflict, refuse
from ckanext.satudata.roles import members, permissions, texts
from ckanext.satudata.roles.model import RoleAssignment
from ckanext.satudata.roles.states import FACTS, NEEDED, Acting, Role, State

#: Years between which a date is believed; others are slips of the keyboard.
YEARS = (2000, 2100)


def assign(values: dict[str, Any], actor: model.User) -> RoleAssignment:
    """Record a role assignment.

    What a sysadmin gives holds at once; what others give is a proposal until a second
    person confirms it.

    Args:
        values: ``user_id``, ``role``, ``organization_id``, ``decree``, ``starts_on``,
            ``ends_on``, ``acting_for``, ``acting_kind`` (dates as :class:`date`).
        actor: who records it.

    Raises:
        Refusal: role and organisation do not fit, the dates do not, or the same role is
            held already.
    """
    role, organization_id = Role(values["role"]), values.get("organization_id")
    if FACTS[role].per_organization != bool(organization_id):
        message = (
            _("This role is held in one agency. Name it.")
            if FACTS[role].per_organization
            else _("This role is held for the whole city. Leave the agency empty.")
        )
        refuse("required", message, "organization")
    starts_on, ends_on = values.get("starts_on") or clock.today(), values.get("ends_on")
    _check_dates(starts_on, ends_on)
    kind = _stand_in(values, role, ends_on)
    _lock_person(values["user_id"])
    _refuse_overlap(values, role, starts_on, ends_on)
    assignment = RoleAssignment(
        **{key: values.get(key) for key in ("user_id", "organization_id", "decree")},
        acting_for=values.get("acting_for"),
        acting_kind=kind,
        ends_on=ends_on,
        role=str(role),
        starts_on=starts_on,
        created_by=actor.id,
    )
    at_once = permissions.holds_at_once(actor)
    if at_once:
        assignment.confirmed_by, assignment.confirmed_at = actor.id, clock.now()
    model.Session.add(assignment)
    model.Session.flush()
    _record(assignment, "role_assign" if at_once else "role_propose", actor)
    members.sync(assignment.user_id)
    return assignment


def confirm(assignment: RoleAssignment, actor: model.User) -> RoleAssignment:
    """Let a proposal hold; the second person is neither its proposer nor its subject.

    Args:
        assignment: locked by :func:`get`.
        actor: who confirms.

    Raises:
        Conflict: decided meanwhile.
        Refusal: ``same_person``.
    """
    _refuse_decided(assignment)
    why = permissions.barred(actor.id, assignment)
    if why:
        refuse("same_person", texts.barred()[why])
    assignment.confirmed_by, assignment.confirmed_at = actor.id, clock.now()
    model.Session.flush()
    _record(assignment, "role_confirm", actor)
    members.sync(assignment.user_id)
    return assignment


def reject(assignment: RoleAssignment, reason: str, actor: model.User) -> RoleAssignment:
    """Refuse a proposal, or take back an own one; it never held.

    Args:
        assignment: locked by :func:`get`.
        reason: why, kept in the history.
        actor: who rejects.

    Raises:
        Conflict: decided meanwhile.
        Refusal: ``same_person`` for a role for oneself, ``no_role`` for the proposal of
            another without the right to decide.
    """
    _refuse_decided(assignment)
    if not permissions.can_reject(actor, assignment):
        why = permissions.barred(actor.id, assignment)
        refuse(
            "same_person" if why else "no_role",
            texts.barred()[why] if why else texts.no_second(),
        )
    assignment.rejected_by, assignment.rejected_at = actor.id, clock.now()
    assignment.reject_reason = reason
    model.Session.flush()
    _record(assignment, "role_reject", actor, comment=reason)
    return assignment


def end(assignment: RoleAssignment, ends_on: date | None, actor: model.User) -> RoleAssignment:
    """End an assignment: the given day is the last one it holds.

    Taking away needs no second person. An end is only ever brought forward: more time is
    a new assignment, which somebody confirms.

    Args:
        assignment: locked by :func:`get`.
        ends_on: the last day; None ends the role at once (with yesterday), one that
            never began to hold on the day before its first.
        actor: who ends it.

    Raises:
        Conflict: it does not hold any more, or was never confirmed.
        Refusal: the day lies in the past, or after the present end.
    """
    state, yesterday = assignment.state(clock.today()), clock.today() - timedelta(days=1)
    if state is State.PROPOSED:
        raise Conflict(_("This role is only proposed. Reject the proposal instead."))
    if state in (State.ENDED, State.REJECTED):
        raise Conflict(_decided(assignment))
    if ends_on is not None and ends_on < yesterday:
        refuse("invalid", _("The last day lies in the past. Leave it empty to end now."), "ends_on")
    if ends_on is not None and assignment.ends_on is not None and ends_on > assignment.ends_on:
        message = _(
            "The role ends on %(day)s already. More time is a new role with its own decree."
        )
        refuse("invalid", message % {"day": dates.day(assignment.ends_on)}, "ends_on")
    first = assignment.starts_on - timedelta(days=1)
    assignment.ends_on = max(ends_on or yesterday, first)
    model.Session.flush()
    _record(assignment, "role_end", actor)
    members.sync(assignment.user_id)
    return assignment


def get(assignment_id: str, *, lock: bool = False) -> RoleAssignment | None:
    """One assignment, or None.

    Args:
        assignment_id: its id.
        lock: wait for others who decide on it, and read what they left.
    """
    query = sa.select(RoleAssignment).where(RoleAssignment.id == assignment_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return model.Session.scalars(query).first()


def find(
    user_id: str | None = None,
    role: str | None = None,
    organization_id: str | None = None,
    *,
    active: bool | None = None,
    state: str | None = None,
    text: str | None = None,
    limit: int | None = None,
    after: str | None = None,
) -> list[RoleAssignment]:
    """Assignments that fit all given filters, newest first.

    Args:
        user_id: of this person.
        role: with this code.
        organization_id: in this agency.
        active: those that hold today.
        state: in this state today.
        text: part of the person's name or user name.
        limit: at most so many.
        after: id of the last one read.
    """
    query = sa.select(RoleAssignment)
    if active:
        query = RoleAssignment.active_on(clock.today())
    for column, value in (
        (RoleAssignment.user_id, user_id),
        (RoleAssignment.role, role),
        (RoleAssignment.organization_id, organization_id),
        (RoleAssignment.state_on(clock.today()), state),
    ):
        if value is not None:
            query = query.where(column == value)
    if text:
        like = f"%{escaped(text)}%"
        people = sa.select(model.User.id).where(
            sa.or_(model.User.name.ilike(like), model.User.fullname.ilike(like))
        )
        query = query.where(RoleAssignment.user_id.in_(people))
    last = get(after) if after else None
    if last is not None:
        query = query.where(
            sa.or_(
                RoleAssignment.created_at < last.created_at,
                sa.and_(RoleAssignment.created_at == last.created_at, RoleAssignment.id > last.id),
            )
        )
    query = query.order_by(RoleAssignment.created_at.desc(), RoleAssignment.id).limit(limit)
    return list(model.Session.scalars(query))


def escaped(text: str) -> str:
    """A text as a part of a LIKE pattern that means itself."""
    return re.sub(r"([\\%_])", r"\\\1", text.strip())


def counts() -> dict[str, int]:
    """State → how many assignments are in it today."""
    state = RoleAssignment.state_on(clock.today()).label("state")
    query = sa.select(state, sa.func.count()).group_by(state)
    return {row[0]: row[1] for row in model.Session.execute(query)}


def waiting_for(user: model.User) -> int:
    """How many proposals a person may confirm now."""
    if not permissions.can_decide(user):
        return 0
    query = sa.select(sa.func.count()).where(
        RoleAssignment.state_on(clock.today()) == str(State.PROPOSED),
        RoleAssignment.user_id != user.id,
        RoleAssignment.created_by.is_distinct_from(user.id),
    )
    return model.Session.scalar(query) or 0


def vacancies() -> list[tuple[model.Group, list[Role]]]:
    """Agencies that lack a head or a data producer today, and which of the two."""
    held: dict[str, set[str]] = {}
    query = RoleAssignment.active_on(clock.today()).with_only_columns(
        RoleAssignment.organization_id, RoleAssignment.role
    )
    people = sa.select(model.User.id).where(model.User.state == "active")
    query = query.where(
        RoleAssignment.role.in_([str(role) for role in NEEDED]),
        RoleAssignment.user_id.in_(people),
    )
    for organization_id, role in model.Session.execute(query.distinct()):
        held.setdefault(organization_id, set()).add(role)
    groups = model.Session.scalars(
        sa.select(model.Group)
        .where(model.Group.is_organization.is_(True), model.Group.state == "active")
        .order_by(model.Group.title, model.Group.name)
    )
    missing = [
        (group, [role for role in NEEDED if str(role) not in held.get(group.id, set())])
        for group in groups
    ]
    return [(group, roles) for group, roles in missing if roles]


def history(assignment: RoleAssignment) -> list[events.Event]:
    """What was done with an assignment, oldest first."""
    return list(model.Session.scalars(events.Event.of(f"role:{assignment.id}")))


def _check_dates(starts_on: date, ends_on: date | None) -> None:
    for field, day in (("starts_on", starts_on), ("ends_on", ends_on)):
        if day is not None and not YEARS[0] <= day.year < YEARS[1]:
            refuse("invalid", _("Check the year of this date."), field)
    if ends_on and ends_on < starts_on:
        refuse("invalid", _("The end lies before the beginning."), "ends_on")


def _stand_in(values: dict[str, Any], role: Role, ends_on: date | None) -> str | None:
    """How a stand-in acts, or None for an office of one's own."""
    kind, person = values.get("acting_kind"), values.get("acting_for")
    if not person:
        if kind:
            refuse("required", _("Name the person stood in for."), "acting_for")
        return None
    if person == values["user_id"]:
        refuse("invalid", _("Nobody stands in for themselves."), "acting_for")
    if ends_on is None:
        refuse("required", _("A stand-in needs a last day, and ends by itself then."), "ends_on")
    held = sa.select(RoleAssignment.id).where(
        RoleAssignment.user_id == person,
        RoleAssignment.role == str(role),
        RoleAssignment.organization_id.is_not_distinct_from(values.get("organization_id")),
        RoleAssignment.confirmed_at.is_not(None),
    )
    if model.Session.execute(held.limit(1)).first() is None:
        refuse("invalid", _("The person stood in for does not hold this role."), "acting_for")
    return kind or str(Acting.PLH)


def _lock_person(user_id: str) -> None:
    """Two who give a role to one person wait for each other until the commit."""
    model.Session.execute(
        sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 11))"), {"key": user_id}
    )


def _refuse_overlap(
    values: dict[str, Any], role: Role, starts_on: date, ends_on: date | None
) -> None:
    query = sa.select(RoleAssignment).where(
        RoleAssignment.user_id == values["user_id"],
        RoleAssignment.role == str(role),
        RoleAssignment.organization_id.is_not_distinct_from(values.get("organization_id")),
        RoleAssignment.acting_for.is_not_distinct_from(values.get("acting_for")),
        RoleAssignment.rejected_at.is_(None),
        sa.or_(RoleAssignment.ends_on.is_(None), RoleAssignment.ends_on >= starts_on),
    )
    if ends_on:
        query = query.where(RoleAssignment.starts_on <= ends_on)
    held = model.Session.scalars(query.order_by(RoleAssignment.starts_on).limit(1)).first()
    if held is None:
        return
    message = _(
        "This person already has this role: %(held)s. The new one would overlap: %(new)s."
        " Choose other days, or end the first one."
    )
    refuse(
        "duplicate",
        message
        % {
            "held": texts.term(held.decree, held.starts_on, held.ends_on),
            "new": texts.term(values["decree"], starts_on, ends_on),
        },
        "user",
    )


def _refuse_decided(assignment: RoleAssignment) -> None:
    if assignment.state(clock.today()) is not State.PROPOSED:
        raise Conflict(_decided(assignment))


def _decided(assignment: RoleAssignment) -> str:
    """Who decided what and when, for the one who comes second."""
    if assignment.rejected_at is not None:
        who, when = assignment.rejected_by, assignment.rejected_at
        message = _("%(who)s already rejected this role on %(when)s.")
    elif assignment.ends_on is not None and assignment.state(clock.today()) is State.ENDED:
        return _("This role ended on %(day)s.") % {"day": dates.day(assignment.ends_on)}
    else:
        who, when = assignment.confirmed_by, assignment.confirmed_at
        message = _("%(who)s already confirmed this role on %(when)s.")
    person = model.User.get(who)
    return message % {"who": person.display_name if person else "-", "when": dates.moment(when)}


def _record(
    assignment: RoleAssignment, kind: str, actor: model.User, comment: str | None = None
) -> None:
    events.append(
        f"role:{assignment.id}",
        kind,
        user_id=actor.id,
        role=assignment.role,
        acting_for=assignment.acting_for,
        comment=comment,
        data={
            "user_id": assignment.user_id,
            "organization_id": assignment.organization_id,
            "decree": assignment.decree,
            "starts_on": assignment.starts_on.isoformat(),
            "ends_on": assignment.ends_on and assignment.ends_on.isoformat(),
        },
    )
