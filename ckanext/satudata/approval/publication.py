"""Make validated datasets public, and take public ones away; whole or not at all.

State, event, record and the rows of all datasets that go together are written in one
transaction of PostgreSQL: before its commit everything is as it was, after it all of
them are public. CKAN's ``package_update`` is not used: it would write the content again
after its fingerprint was compared, index before it commits, and take each dataset by
itself. What follows the commit (search index, activity) can be lost by a crash and is
made again by the tick. This is the one place where a service commits.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from ckan import model
from ckan.plugins.toolkit import _

from ckanext.satudata.approval import activities, fingerprint, locks, service
from ckanext.satudata.approval.model import Approval, Publication
from ckanext.satudata.approval.service import Decision
from ckanext.satudata.approval.states import State
from ckanext.satudata.common import clock, compat
from ckanext.satudata.common.errors import Conflict, Refusal, refuse
from ckanext.satudata.letters import service as letters
from ckanext.satudata.metadata import service as metadata

log = logging.getLogger(__name__)


def due() -> list[list[str]]:
    """Datasets to be published now: signed, not held, release time reached.

    Returns:
        Groups of ids. Those of one release minute are one group, else those of one
        letter; a group becomes public together.
    """
    query = sa.select(Approval.package_id, Approval.letter_id, Approval.release_at).where(
        Approval.state == str(State.VALIDATED),
        Approval.hold_reason.is_(None),
        Approval.letter_id.is_not(None),
        Approval.access.in_(metadata.PUBLISHED),
        sa.or_(Approval.release_at.is_(None), Approval.release_at <= clock.now()),
    )
    rows = model.Session.execute(query.order_by(Approval.validated_at)).all()
    signed = letters.signed_ids([row.letter_id for row in rows])
    groups: dict[Any, list[str]] = {}
    for row in rows:
        if row.letter_id in signed:
            minute = row.release_at and row.release_at.replace(second=0, microsecond=0)
            groups.setdefault(minute or row.letter_id, []).append(row.package_id)
    return list(groups.values())


def publish(
    package_id: str, user: model.User | None = None, revision: int | None = None
) -> Approval:
    """Publish one validated dataset.

    Args:
        package_id: the dataset.
        user: a walidata who lifts the hold, or None for the system.
        revision: the one the person saw; another one is a conflict.

    Returns:
        The approval: published, or submitted again when the content is not the one
        that was validated.

    Raises:
        Refusal: not validated, not signed, or held (for the system).
    """
    return _release([package_id], user, revision)[0]


def release(package_ids: Iterable[str]) -> list[Approval]:
    """Publish datasets together: after any crash all of them are public or none is.

    Args:
        package_ids: a group of :func:`due`. One that was held or called back since
            stays out of it.

    Returns:
        The approvals of the others, as of :func:`publish`.
    """
    return _release(package_ids, None, None)


def _release(
    package_ids: Iterable[str], user: model.User | None, revision: int | None
) -> list[Approval]:
    wanted = sorted(set(package_ids))
    with locks.lock(set(wanted), alone=True):
        try:
            fit, changed = [], []
            for one in wanted:
                approval = _open(one)
                try:
                    _ask(approval, user, revision)
                except Refusal as refusal:
                    if len(wanted) == 1:
                        raise
                    log.info("Dataset %s stays out: %s", one, refusal.message)
                    continue
                # All are read before one is public: this takes long, the writing does not.
                same = fingerprint.matches(one, approval.fingerprint)
                (fit if same else changed).append(one)
            approvals = [_alarm(one) for one in changed]
            approvals += [_write(one, user) for one in fit]
            model.Session.commit()
        except Exception:
            model.Session.rollback()
            raise
    for one in [*fit, *changed]:
        reindex(one)
    for one in approvals:
        if one.state == str(State.PUBLISHED):
            activities.announce(one.package_id, one.validated_by)
    return approvals


def _open(package_id: str) -> Approval | None:
    return model.Session.scalar(
        Approval.open_for(package_id).with_for_update().execution_options(populate_existing=True)
    )


def _ask(approval: Approval | None, user: model.User | None, revision: int | None) -> None:
    """Refuse what may not be published now."""
    if approval and revision is not None and approval.revision != revision:
        raise Conflict(_("The dataset changed meanwhile. Reload to see its state."))
    if approval is None or approval.state != str(State.VALIDATED):
        refuse("wrong_state", _("The dataset is not validated."))
    if not letters.covers(approval.letter_id, approval.package_id, approval.fingerprint):
        refuse("not_signed", _("The letter is not signed yet."))
    if approval.access not in metadata.PUBLISHED:
        refuse("access", _("Closed data is not published: its road ends here."))
    if user is None and approval.hold_reason:
        refuse("held", _("Publication is held: %s") % approval.hold_reason)
    if approval.release_at is not None and approval.release_at > clock.now():
        refuse("too_early", _("The data has a release time that is still to come."))


def _alarm(package_id: str) -> Approval:
    """The content is not what was validated: back to the check, nothing is public."""
    log.error("Dataset %s changed after it was validated", package_id)
    comment = "Fingerprint at publication differs from the validated one."
    return service.transit("invalidate", Decision(package_id, None, comment))


def _write(package_id: str, user: model.User | None) -> Approval:
    """State, event, record and row of one dataset; the trigger demands the record."""
    approval = service.transit("publish", Decision(package_id, user))
    now = clock.now()
    model.Session.execute(
        sa.update(Publication)
        .where(Publication.package_id == package_id, Publication.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    model.Session.add(
        Publication(
            package_id=package_id,
            approval_id=approval.id,
            letter_id=approval.letter_id,
            fingerprint=approval.fingerprint,
            published_at=now,
        )
    )
    model.Session.flush()
    service.set_private(package_id, False)
    return approval


def seconds(publication: Publication, letter: Any) -> int | None:
    """Seconds from signature to public (SOP 4: three minutes); None without a letter."""
    signed = letter.signed_at if letter is not None else None
    if signed is None:
        return None
    return max(0, round((publication.published_at - signed).total_seconds()))


def withdraw(decision: Decision) -> Approval:
    """Take a published dataset away from the public, also with the index down."""
    approval = service.transit("withdraw", decision)
    activities.hide(decision.package_id)
    model.Session.commit()
    reindex(decision.package_id)
    return approval


def reindex(package_id: str) -> bool:
    """Bring one dataset's entry in the index up to the database, if the index answers.

    What fails is tried again by the tick (:func:`behind`).

    Returns:
        True when the index took it.
    """
    try:
        compat.index_dataset(package_id)
    except Exception:
        # Whatever the index does, the decision is made and stands.
        log.exception("Dataset %s could not be indexed", package_id)
        model.Session.rollback()
        return False
    model.Session.execute(
        sa.update(Approval)
        .where(Approval.package_id == package_id)
        .values(indexed_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    model.Session.commit()
    return True


def behind() -> list[str]:
    """Ids of datasets whose entry in the index is older than their state."""
    query = sa.select(Approval.package_id).where(
        sa.or_(Approval.indexed_at.is_(None), Approval.indexed_at < Approval.state_since)
    )
    return list(model.Session.scalars(query.distinct()))
