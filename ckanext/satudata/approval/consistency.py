"""Do history, approvals and datasets say the same? A chain alone cannot tell its end.

The hashes of a history prove that nothing in it was altered; that its last events are
still there is seen by what they brought about: each step raised ``revision`` of an
approval by one, and the last one led to the state it is in. Two more things that no step
of the workflow leaves behind are looked for: a public dataset whose record is gone, and a
locked one that belongs to another agency than the one that submitted it.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from ckan import model

from ckanext.satudata import config
from ckanext.satudata.approval import adoption, service
from ckanext.satudata.approval.model import Approval, Publication
from ckanext.satudata.approval.states import ENDED, LOCKED, TRANSITIONS
from ckanext.satudata.common import events
from ckanext.satudata.common.events import Break, Event


def verify(package_id: str | None = None) -> tuple[int, list[Break]]:
    """Compute the chains again, and compare them with what they brought about.

    Args:
        package_id: one dataset, or None for all and every other history.

    Returns:
        The number of events read, and the places where something does not hold.
    """
    stream = service.stream(package_id) if package_id else None
    count, breaks = events.verify(stream)
    for look in (_steps, _publics, _owners):
        breaks += look(package_id)
    return count, breaks


def _first(column: Any, *order: Any) -> Any:
    """The first value of a column within a group, by an order."""
    return sa.func.array_agg(aggregate_order_by(column, *order))[1]


def _steps(package_id: str | None) -> list[Break]:
    """Datasets whose steps in the history are not those of their approvals."""
    prefix = service.stream("")
    ended = Approval.state.in_([str(state) for state in ENDED])
    cases = sa.select(
        (sa.literal(prefix) + Approval.package_id).label("stream"),
        sa.func.sum(Approval.revision).label("steps"),
        _first(Approval.state, ended, Approval.created_at.desc()).label("state"),
    ).group_by(Approval.package_id)
    told = (
        sa.select(
            Event.stream,
            sa.func.count().label("steps"),
            sa.func.max(Event.number).label("last"),
            _first(Event.to_state, Event.number.desc()).label("state"),
        )
        .where(Event.stream.startswith(prefix), Event.kind.in_([*TRANSITIONS, adoption.EVENT]))
        .group_by(Event.stream)
    )
    if package_id is not None:
        cases = cases.where(Approval.package_id == package_id)
        told = told.where(Event.stream == prefix + package_id)
    cases, told = cases.subquery(), told.subquery()
    query = (
        sa.select(
            sa.func.coalesce(cases.c.stream, told.c.stream),
            cases.c.steps,
            told.c.steps,
            told.c.last,
            cases.c.state,
            told.c.state,
        )
        .select_from(cases.join(told, told.c.stream == cases.c.stream, full=True))
        .where(
            sa.or_(
                cases.c.steps.is_distinct_from(told.c.steps),
                cases.c.state.is_distinct_from(told.c.state),
            )
        )
        .order_by(sa.text("1"))
    )
    found = []
    for stream, made, read, last, state, told_state in model.Session.execute(query):
        if made != read:
            reason = f"{read or 0} steps, but the approvals made {made or 0}"
        else:
            reason = f"ends {told_state}, but the approval is {state}"
        found.append(Break(stream, last or 0, reason))
    return found


def _publics(package_id: str | None) -> list[Break]:
    """Public datasets of the workflow that have no publication record any more."""
    package = model.Package
    query = (
        sa.select(package.id)
        .where(
            package.state == "active",
            package.private.is_not(True),
            sa.func.coalesce(package.type, "dataset").not_in(sorted(config.unmanaged_types())),
            sa.exists().where(Approval.package_id == package.id),
            ~sa.exists().where(
                Publication.package_id == package.id, Publication.revoked_at.is_(None)
            ),
        )
        .order_by(package.id)
    )
    return _named(query, package.id, package_id, "public without a publication record")


def _owners(package_id: str | None) -> list[Break]:
    """Locked datasets that were given to another agency."""
    package = model.Package
    query = (
        sa.select(package.id)
        .join(Approval, Approval.package_id == package.id)
        .where(
            Approval.state.in_([str(state) for state in LOCKED]),
            Approval.organization_id.is_distinct_from(package.owner_org),
        )
        .order_by(package.id)
    )
    return _named(query, package.id, package_id, "belongs to another agency than when submitted")


def _named(query: Any, column: Any, package_id: str | None, reason: str) -> list[Break]:
    if package_id is not None:
        query = query.where(column == package_id)
    return [Break(service.stream(one), 0, reason) for one in model.Session.scalars(query)]
