"""Make validated datasets public, and take public ones away; resumable at every step.

Order: a record of the intent is committed first; then the state, its event and the
dataset itself are written by one ``package_update`` under a permit, which indexes and
commits everything. A crash leaves an intent without its end, and the next round of the
tick publishes again. This is the one place where a service commits, because CKAN's
``package_update`` does.
"""

from __future__ import annotations

import logging
from typing import Any

import sqlalchemy as sa

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _

from ckanext.satudata.approval import fingerprint, locks, service
from ckanext.satudata.approval.model import Approval, Publication
from ckanext.satudata.approval.service import Decision
from ckanext.satudata.approval.states import State
from ckanext.satudata.common import clock, compat
from ckanext.satudata.common.errors import Conflict, refuse
from ckanext.satudata.letters import service as letters
from ckanext.satudata.metadata import service as metadata

log = logging.getLogger(__name__)


def due() -> list[str]:
    """Ids of datasets to be published now: signed, not held, release time reached."""
    query = sa.select(Approval.package_id, Approval.letter_id).where(
        Approval.state == str(State.VALIDATED),
        Approval.hold_reason.is_(None),
        Approval.letter_id.is_not(None),
        Approval.access == metadata.OPEN,
        sa.or_(Approval.release_at.is_(None), Approval.release_at <= clock.now()),
    )
    rows = model.Session.execute(query.order_by(Approval.validated_at)).all()
    signed = letters.signed_ids([row.letter_id for row in rows])
    return [row.package_id for row in rows if row.letter_id in signed]


def publish(
    package_id: str, user: model.User | None = None, revision: int | None = None
) -> Approval:
    """Publish a validated dataset.

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
    with locks.lock({package_id}, alone=True):
        approval = model.Session.scalar(
            Approval.open_for(package_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        if approval and revision is not None and approval.revision != revision:
            raise Conflict(_("The dataset changed meanwhile. Reload to see its state."))
        if approval is None or approval.state != str(State.VALIDATED):
            refuse("wrong_state", _("The dataset is not validated."))
        if not letters.covers(approval.letter_id, package_id, approval.fingerprint):
            refuse("not_signed", _("The letter is not signed yet."))
        if approval.access != metadata.OPEN:
            refuse("access", _("Only data of the access class open is published."))
        if user is None and approval.hold_reason:
            refuse("held", _("Publication is held: %s") % approval.hold_reason)
        if approval.release_at is not None and approval.release_at > clock.now():
            refuse("too_early", _("The data has a release time that is still to come."))
        if fingerprint.compute(package_id) != approval.fingerprint:
            return _alarm(package_id)
        _intend(approval)
        return _write(package_id, user)


def _alarm(package_id: str) -> Approval:
    """The content is not what was validated: back to the check, nothing is public."""
    log.error("Dataset %s changed after it was validated", package_id)
    comment = "Fingerprint at publication differs from the validated one."
    approval = service.transit("invalidate", Decision(package_id, None, comment))
    model.Session.commit()
    reindex(package_id)
    return approval


def _intend(approval: Approval) -> None:
    """Commit the record that the trigger demands, once."""
    package_id, values = (
        approval.package_id,
        {
            "approval_id": approval.id,
            "letter_id": approval.letter_id,
            "fingerprint": approval.fingerprint,
        },
    )
    current = model.Session.scalar(Publication.current_for(package_id))
    if current is not None and current.approval_id != approval.id:
        current.state, current.revoked_at = "revoked", clock.now()
        model.Session.flush()
        current = None
    if current is None:
        model.Session.add(Publication(package_id=package_id, state="intent", **values))
    model.Session.commit()


def _write(package_id: str, user: model.User | None) -> Approval:
    """State, event and dataset in one transaction that ``package_update`` commits."""
    # Fresh, because committing the intent ended the transaction.
    approval = service.transit("publish", Decision(package_id, user))
    publication = model.Session.scalar(Publication.current_for(package_id))
    assert publication is not None
    publication.state, publication.published_at = "done", clock.now()
    approval.indexed_at = clock.now()
    model.Session.flush()
    context = {"ignore_auth": True, "user": _site_user(), "use_cache": False}
    data = tk.get_action("package_show")(dict(context), {"id": package_id})
    # Passed back it would not move, and incremental harvesters would miss it.
    data.pop("metadata_modified", None)
    data["private"] = False
    try:
        with locks.permit(package_id):
            tk.get_action("package_update")(dict(context), data)
    except Exception:
        model.Session.rollback()
        reindex(package_id)
        raise
    return approval


def seconds(publication: Publication, letter: Any) -> int | None:
    """Seconds from signature to public (SOP 4: three minutes); None while not public."""
    signed = letter.signed_at if letter is not None else None
    if publication.published_at is None or signed is None:
        return None
    return max(0, round((publication.published_at - signed).total_seconds()))


def _site_user() -> str:
    return tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]


def withdraw(decision: Decision) -> Approval:
    """Take a published dataset away from the public, also with the index down."""
    approval = service.transit("withdraw", decision)
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
