"""Compare what is locked with its fingerprint, every night and when asked.

What differs before the publication goes back to the check. What is published stays
public: an alarm tells the walidata, who repairs it or withdraws it, and ends by itself
once the content is again what was validated. Commits, as publication.py does.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from ckan import model

from ckanext.satudata import signals
from ckanext.satudata.approval import fingerprint, locks, publication, service
from ckanext.satudata.approval.model import Approval
from ckanext.satudata.approval.service import Decision
from ckanext.satudata.approval.states import LOCKED, TRANSITIONS, State
from ckanext.satudata.common import clock, events

log = logging.getLogger(__name__)

#: When the nightly round begins, in the portal's zone.
NIGHT = time(1)


@dataclass(frozen=True)
class Outcome:
    """What a comparison found.

    Attributes:
        package_id: the dataset.
        state: of its approval afterwards.
        fingerprint: the stored one that was compared with.
        found: that of the content now, by the same form.
    """

    package_id: str
    state: str
    fingerprint: str
    found: str

    @property
    def same(self) -> bool:
        """Is the content what was submitted?"""
        return self.found == self.fingerprint

    def dictize(self) -> dict[str, Any]:
        """The outcome as the API gives it."""
        return {
            "package_id": self.package_id,
            "state": self.state,
            "fingerprint": self.fingerprint,
            "found": self.found,
            "same": self.same,
        }


def locked() -> list[str]:
    """Ids of all datasets whose content is frozen."""
    return list(model.Session.scalars(_locked().order_by(Approval.package_id)))


def due() -> list[str]:
    """Ids of datasets that were not compared since the last night began, oldest first."""
    order = (Approval.verified_at.asc().nulls_first(), Approval.package_id)
    return list(model.Session.scalars(_due().order_by(*order)))


def _locked() -> sa.sql.Select:
    return (
        sa.select(Approval.package_id)
        .join(model.Package, model.Package.id == Approval.package_id)
        .where(
            Approval.state.in_([str(state) for state in LOCKED]), Approval.fingerprint.is_not(None)
        )
    )


def _due() -> sa.sql.Select:
    return _locked().where(sa.or_(Approval.verified_at.is_(None), Approval.verified_at < _night()))


def _night() -> datetime:
    """When the last night began."""
    now = clock.local(clock.now())
    begin = datetime.combine(now.date(), NIGHT, now.tzinfo)
    if begin > now:
        begin = datetime.combine(now.date() - timedelta(days=1), NIGHT, now.tzinfo)
    return begin


def claim(package_id: str) -> bool:
    """Take a due dataset for this process, until the transaction ends.

    Two ticks do not compute the same one, and nobody else waits for this lock.
    """
    query = sa.text("SELECT pg_try_advisory_xact_lock(hashtextextended(:id, 13))")
    if not model.Session.execute(query, {"id": package_id}).scalar():
        return False
    # Another process may have finished it since the list was read.
    return model.Session.scalar(_due().where(Approval.package_id == package_id)) is not None


def check(package_id: str) -> Outcome | None:
    """Compare a dataset with its fingerprint, and act where it differs.

    Computed without a lock, so that nobody waits; what differs is computed once more
    with the dataset to ourselves, because a write or a publication may have been
    under way.

    Returns:
        None when the dataset is not locked.

    Raises:
        Refusal: the content cannot be read or the form is unknown; nothing is decided.
        LookupError: no such dataset.
    """
    columns = (Approval.fingerprint, Approval.state, Approval.mismatch_at)
    standing = _locked().where(Approval.package_id == package_id)
    row = model.Session.execute(standing.with_only_columns(*columns)).first()
    if row is None:
        return None
    if row.mismatch_at is None and fingerprint.matches(package_id, row.fingerprint):
        model.Session.execute(
            sa.update(Approval)
            .where(Approval.package_id == package_id, Approval.fingerprint == row.fingerprint)
            .values(verified_at=clock.now())
            .execution_options(synchronize_session=False)
        )
        model.Session.commit()
        return Outcome(package_id, row.state, row.fingerprint, row.fingerprint)
    model.Session.rollback()
    with locks.lock({package_id}, alone=True):
        return _act(package_id)


def _act(package_id: str) -> Outcome | None:
    """Raise or end the alarm, or send a dataset back to the check."""
    approval = model.Session.scalar(
        Approval.open_for(package_id).with_for_update().execution_options(populate_existing=True)
    )
    if approval is None or approval.fingerprint is None or approval.state not in LOCKED:
        model.Session.rollback()
        return None
    stored, was = approval.fingerprint, approval.mismatch_at
    found = fingerprint.again(package_id, stored)
    approval.verified_at = clock.now()
    kind = ""
    if found == stored and was is not None:
        approval.mismatch_at, kind = None, "match"
    elif found != stored and State(approval.state) in TRANSITIONS["invalidate"].sources:
        comment = "Fingerprint differs from the validated one."
        approval, kind = service.transit("invalidate", Decision(package_id, None, comment)), ""
        model.Session.commit()
        publication.reindex(package_id)
        signals.approval_changed.send("invalidate", approval=approval.dictize())
    elif found != stored and was is None:
        approval.mismatch_at, kind = clock.now(), "mismatch"
    if found != stored:
        log.error("The content of dataset %s is not what was submitted", package_id)
    if kind:
        _note(approval, kind, found)
    model.Session.commit()
    if kind:
        signals.approval_changed.send(kind, approval=approval.dictize())
    return Outcome(package_id, approval.state, stored, found)


def _note(approval: Approval, kind: str, found: str) -> None:
    """Write what was found into the history."""
    events.append(
        service.stream(approval.package_id),
        kind,
        role="system",
        from_state=approval.state,
        to_state=approval.state,
        fingerprint=found,
        data={"round": approval.round, "expected": approval.fingerprint},
    )
