"""What the tick does for the approval, each round."""

from __future__ import annotations

import logging

from ckan import model

from ckanext.satudata import signals
from ckanext.satudata.approval import publication
from ckanext.satudata.approval.states import State
from ckanext.satudata.common.errors import Refusal

log = logging.getLogger(__name__)

__all__ = ["tick_index", "tick_publish"]


def tick_publish() -> int:
    """Publish what is validated, signed and due (SOP 4: within three minutes)."""
    done = 0
    for package_id in publication.due():
        try:
            approval = publication.publish(package_id)
            done += 1
            kind = "publish" if approval.state == State.PUBLISHED else "invalidate"
            signals.approval_changed.send(kind, approval=approval.dictize())
        except Refusal as refusal:
            # Decided otherwise since the list was read; the next round sees it.
            model.Session.rollback()
            log.info("Dataset %s not published: %s", package_id, refusal.message)
        except Exception:
            # Index or disk: this one is tried again, the others do not wait for it.
            model.Session.rollback()
            log.exception("Dataset %s could not be published", package_id)
    return done


def tick_index() -> int:
    """Index again what changed its state while the index was down."""
    return sum(publication.reindex(package_id) for package_id in publication.behind())
