"""What is public by right, and what the rest leaves behind: asked by the audit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ckan import model

from ckanext.satudata.approval.model import Approval, Publication, unmanaged_type
from ckanext.satudata.metadata import service as metadata


@dataclass(frozen=True)
class Traces:
    """Of a dataset's approvals: what may be told only together with the dataset.

    Attributes:
        ids: ids of the approvals.
        fingerprints: of the content that was decided on.
        letters: ids of letters by which no dataset ever was public.
    """

    ids: tuple[str, ...]
    fingerprints: tuple[str, ...]
    letters: tuple[str, ...]


def _recorded() -> Any:
    return sa.exists().where(
        Publication.package_id == model.Package.id, Publication.revoked_at.is_(None)
    )


def by_right() -> Any:
    """Condition on packages: allowed to be public (a record, or an allow-listed type)."""
    return sa.or_(_recorded(), model.Package.type.in_(sa.select(unmanaged_type.c.type)))


def is_public() -> Any:
    """Condition on packages: the row itself says public."""
    return sa.and_(model.Package.private.is_not(True), model.Package.state == "active")


def hidden() -> sa.sql.Select:
    """Ids, dataset state and newest approval's state of all that nobody may see."""
    newest = (
        sa.select(Approval.state)
        .where(Approval.package_id == model.Package.id)
        .order_by(Approval.created_at.desc())
        .limit(1)
        .correlate(model.Package)
        .scalar_subquery()
    )
    package = model.Package
    return (
        sa.select(package.id, package.name, package.state, newest, package.metadata_modified)
        .where(
            sa.or_(
                package.state != "active",
                sa.and_(sa.not_(_recorded()), sa.not_(sa.and_(is_public(), by_right()))),
            )
        )
        .order_by(package.metadata_modified.desc(), package.id)
    )


def unapproved() -> list[str]:
    """Ids of rows that say public and have no record: the trigger was off."""
    query = sa.select(model.Package.id).where(is_public(), sa.not_(by_right()))
    return list(model.Session.scalars(query))


def published() -> list[tuple[str, datetime | None]]:
    """Ids of what is public by right, the last changed first."""
    package = model.Package
    query = sa.select(package.id, package.metadata_modified).where(is_public(), by_right())
    order = query.order_by(package.metadata_modified.desc(), package.id)
    return [(row[0], row[1]) for row in model.Session.execute(order)]


def withdrawn_ids() -> set[str]:
    """Ids of what was public, was withdrawn and still is: the public is told why.

    Read from the records, not by the query of the notices, which is audited too.
    """
    was = sa.select(Publication.package_id).where(Publication.reason.is_not(None))
    package = model.Package
    query = sa.select(package.id).where(package.id.in_(was), sa.not_(_recorded()))
    query = query.where(package.private.is_(True))
    return set(model.Session.scalars(query))


def restricted() -> list[str]:
    """Ids of what is public by right, but whose data is not for everybody."""
    query = (
        sa.select(model.Package.id)
        .join(Publication, Publication.package_id == model.Package.id)
        .join(Approval, Approval.id == Publication.approval_id)
        .where(is_public(), Publication.revoked_at.is_(None))
        .where(Approval.access.in_((metadata.RESTRICTED, metadata.CLOSED)))
    )
    return list(model.Session.scalars(query.order_by(model.Package.metadata_modified.desc())))


def fingerprint_of(package_id: str) -> str | None:
    """The fingerprint of the content that is public; None for an allow-listed type."""
    return model.Session.scalar(
        Publication.current_for(package_id).with_only_columns(Publication.fingerprint)
    )


def traces(package_id: str) -> Traces:
    """What the approvals of a dataset left behind."""
    query = sa.select(Approval.id, Approval.fingerprint, Approval.letter_id)
    rows = model.Session.execute(query.where(Approval.package_id == package_id)).all()
    keys = {row.letter_id for row in rows if row.letter_id}
    told = sa.select(Publication.letter_id).where(Publication.letter_id.in_(keys))
    once_public = set(model.Session.scalars(told)) if keys else set()
    was = sa.select(Publication.fingerprint).where(Publication.package_id == package_id)
    told_prints = set(model.Session.scalars(was))
    return Traces(
        tuple(row.id for row in rows),
        tuple({row.fingerprint for row in rows if row.fingerprint} - told_prints),
        tuple(sorted(keys - once_public)),
    )
