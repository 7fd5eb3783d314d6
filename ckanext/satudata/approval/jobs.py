"""What the tick does for the approval, each round."""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta

from ckan import model

from ckanext.satudata import signals
from ckanext.satudata.approval import publication, verify
from ckanext.satudata.approval.states import State
from ckanext.satudata.common import clock
from ckanext.satudata.common.errors import Refusal

log = logging.getLogger(__name__)

__all__ = ["tick_fingerprints", "tick_index", "tick_publish"]

#: Seconds of a round that comparing may take, because publication waits for its end.
SECONDS = 10
#: What could not be read is tried again after so long.
_PAUSE = timedelta(minutes=10)
#: Dataset → when this process tries it again.
_later: dict[str, datetime] = {}


def tick_publish() -> int:
    """Publish what is validated, signed and due (SOP 4: within three minutes)."""
    done = 0
    for group in publication.due():
        try:
            approvals = publication.release(group)
        except Refusal as refusal:
            # Decided otherwise since the list was read; the next round sees it.
            model.Session.rollback()
            log.info("Not published: %s: %s", ", ".join(group), refusal.message)
        except Exception:
            # Database or disk: these are tried again, the others do not wait for them.
            model.Session.rollback()
            log.exception("Could not be published: %s", ", ".join(group))
        else:
            done += len(approvals)
            for one in approvals:
                kind = "publish" if one.state == State.PUBLISHED else "invalidate"
                signals.approval_changed.send(kind, approval=one.dictize())
    return done


def tick_index() -> int:
    """Index again what changed its state while the index was down."""
    return sum(publication.reindex(package_id) for package_id in publication.behind())


def tick_fingerprints() -> int:
    """Once a night compare what is locked with its fingerprint, a part in each round."""
    until, done = time.monotonic() + SECONDS, 0
    for package_id in verify.due():
        if time.monotonic() >= until:
            break
        if _later.get(package_id, clock.now()) > clock.now():
            continue
        try:
            if verify.claim(package_id):
                verify.check(package_id)
                done += 1
            _later.pop(package_id, None)
        except Exception as error:
            # A disk or the DataStore: nothing is decided, the others do not wait for it.
            _later[package_id] = clock.now() + _PAUSE
            known = isinstance(error, Refusal)
            log.error("Dataset %s could not be compared: %s", package_id, error, exc_info=not known)
        finally:
            model.Session.rollback()
    return done
