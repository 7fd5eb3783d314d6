"""Locks of a dataset that outlive CKAN's own commits.

CKAN commits in the middle of some actions, so a row lock on its session does not hold
through a write. These are advisory locks on a connection of their own: writers share
one, a transition takes it alone. Submission therefore waits for a running upload, and
an upload that comes later finds the dataset locked.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ckan import model
from ckan.plugins.toolkit import _

from ckanext.satudata.common.errors import refuse

#: Seconds a person waits for another one's write before being told so.
PATIENCE = 20

_held: ContextVar[tuple[int, frozenset[str]]] = ContextVar(
    "satudata_held", default=(0, frozenset())
)


def held() -> frozenset[str]:
    """Datasets this thread holds a lock of (a copied context holds none)."""
    thread, packages = _held.get()
    return packages if thread == _place() else frozenset()


def _place() -> int:
    return hash((os.getpid(), threading.get_ident()))


@contextmanager
def lock(packages: set[str], *, alone: bool) -> Iterator[Connection | None]:
    """Hold the locks of datasets through a block.

    Args:
        packages: ids; those this thread holds already are not taken again.
        alone: True for a transition, False for a write that others may share.

    Yields:
        The connection of the locks, for reading what is true now; None when all of
        them were held already.

    Raises:
        Refusal: ``busy`` when another one does not let go in time.
    """
    missing = sorted(packages - held())
    if not missing:
        yield None
        return
    function = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    engine = model.Session.get_bind()
    connection = engine.connect()
    try:
        connection.execute(sa.text(f"SET LOCAL lock_timeout = '{PATIENCE}s'"))
        try:
            for package_id in missing:
                connection.execute(
                    sa.text(f"SELECT {function}(hashtextextended(:id, 11))"),
                    {"id": package_id},
                )
        except sa.exc.OperationalError as error:
            if getattr(error.orig, "pgcode", None) != "55P03":
                raise
            refuse(
                "busy",
                _("Somebody is saving this dataset right now. Try again in a minute."),
            )
        token = _held.set((_place(), held() | frozenset(missing)))
        try:
            yield connection
        finally:
            _held.reset(token)
    finally:
        connection.close()
