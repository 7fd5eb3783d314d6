"""Take away stored files that nothing names, and prove those that are named.

What names a file is read from the database: every column of the extension's tables whose
name ends in ``sha256``, and ``file_sha256`` of the history. A new table is therefore
heard without anybody registering it.

A file is taken when nothing names it and it is older than the grace period. Its date is
when it was stored last or let go last (:func:`ckanext.satudata.common.files.touch`). A
transaction that stores a file, new or there already, holds a shared lock until its row is
committed (:func:`ckanext.satudata.common.files.protect`); the collector takes the lock
alone, asks again, and only then deletes. It never waits for uploads, nor they for more
than one batch.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ckan import model

from ckanext.satudata import config
from ckanext.satudata.common import files
from ckanext.satudata.common.events import Event
from ckanext.satudata.storage.model import FilePointer

#: Files looked at in one step: one query, and at most one hold of the lock.
BATCH = 500
#: Seconds an upload may stand still before its unfinished file counts as left behind.
UNFINISHED_SECONDS = 3600

_NAME = re.compile(r"[0-9a-f]{64}")
_COLUMNS = """
    SELECT table_name, column_name FROM information_schema.columns
    WHERE table_schema = current_schema() AND table_name LIKE 'satudata\\_%'
    AND column_name LIKE '%sha256' ORDER BY table_name, column_name
"""


@dataclass
class Collection:
    """What was done.

    Attributes:
        count: files taken (or that would be taken).
        size: their bytes.
        busy: files were being stored; the rest is for the next time.
    """

    count: int = 0
    size: int = 0
    busy: bool = False


@dataclass(frozen=True)
class Damage:
    """A stored file that is not what its name says.

    Attributes:
        sha256: the name.
        reason: ``missing`` (named, but not there) or ``altered``.
        by: where it is named, e.g. ``satudata_letter.file_sha256``; empty where nowhere.
    """

    sha256: str
    reason: str
    by: str = ""


def _references(connection: Connection) -> dict[str, sa.sql.ColumnElement]:
    """Every column that names files, by ``table.column``."""
    found: dict[str, sa.sql.ColumnElement] = {
        "satudata_event.data": Event.__table__.c.data["file_sha256"].astext
    }
    for table, column in connection.execute(sa.text(_COLUMNS)):
        found[f"{table}.{column}"] = sa.table(table, sa.column(column, sa.Text)).c[column]
    return found


def _named(connection: Connection, names: Iterable[str]) -> set[str]:
    """Those of these files that something names now."""
    wanted, found = sorted(names), set()
    for column in _references(connection).values():
        if wanted:
            found.update(connection.scalars(sa.select(column).where(column.in_(wanted))))
    return found


def _stored() -> Iterator[os.DirEntry[str]]:
    """Every stored file; names that are none of ours are passed over."""
    root = config.storage_path()
    for first in _folders(root):
        for second in _folders(first.path):
            with os.scandir(second.path) as entries:
                for one in entries:
                    right = one.name[:2] == first.name and one.name[2:4] == second.name
                    if right and _NAME.fullmatch(one.name):
                        yield one


def _folders(path: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(path) as entries:
            return [one for one in entries if len(one.name) == 2 and one.is_dir()]
    except FileNotFoundError:
        return []


def _age(path: str) -> float:
    """Seconds since a file was stored or let go; a file that is gone has none.

    The clock of the machine and not the portal's, which tests and the demo set: it is
    compared with dates of the file system.
    """
    try:
        return time.time() - os.stat(path).st_mtime
    except FileNotFoundError:
        return float("-inf")


def collect(*, grace: float | None = None, dry_run: bool = False) -> Collection:
    """Take away what nothing names and is older than the grace period.

    Args:
        grace: seconds; None for the portal's option.
        dry_run: only count.

    Returns:
        What was taken; call again later when it is ``busy``.
    """
    grace = config.storage_grace_seconds() if grace is None else grace
    done = Collection()
    if not dry_run:
        _forget_purged()
        _remove_unfinished(max(grace, UNFINISHED_SECONDS))
    old = (one.name for one in _stored() if _age(one.path) >= grace)
    engine = model.Session.get_bind()
    while batch := set(islice(old, BATCH)):
        with engine.begin() as connection:
            batch -= _named(connection, batch)
        if not batch:
            continue
        if dry_run:
            done.count += len(batch)
            done.size += sum(_size(name) for name in batch)
        elif not _take(batch, grace, done):
            done.busy = True
            break
    return done


def _size(name: str) -> int:
    try:
        return os.path.getsize(files.path(name))
    except FileNotFoundError:
        return 0


def _take(names: set[str], grace: float, done: Collection) -> bool:
    """Delete files while nobody stores any; False where somebody does."""
    with model.Session.get_bind().begin() as connection:
        alone = sa.text("SELECT pg_try_advisory_xact_lock(:key)")
        if not connection.scalar(alone, {"key": files.LOCK}):
            return False
        for name in sorted(names - _named(connection, names)):
            # Since it was seen somebody may have stored it again, and lost it again.
            if _age(files.path(name)) >= grace:
                size = _size(name)
                os.remove(files.path(name))
                done.count += 1
                done.size += size
    return True


def _forget_purged() -> None:
    """Delete the rows of resources that are gone for good; their files get their grace."""
    table = FilePointer.__table__
    gone = sa.delete(table).where(
        ~sa.exists().where(model.Resource.__table__.c.id == table.c.resource_id)
    )
    with model.Session.get_bind().begin() as connection:
        for row in connection.execute(gone.returning(table.c.sha256, table.c.original_sha256)):
            files.touch(row.sha256)
            files.touch(row.original_sha256)


def _remove_unfinished(seconds: float) -> None:
    """Delete what uploads that were cut off left behind."""
    try:
        with os.scandir(config.storage_path()) as entries:
            left = [one.path for one in entries if one.name.startswith(files.UNFINISHED)]
    except FileNotFoundError:
        return
    for path in left:
        if _age(path) >= seconds:
            with suppress(FileNotFoundError):
                os.remove(path)


def verify() -> Iterator[Damage]:
    """Read every stored file and compare it with its name; look for those named but gone.

    Yields:
        What is not as it should be. Memory stays flat.
    """
    for entry in _stored():
        source = files.read(entry.name)
        if source is None:
            continue
        with source:
            if files.sha256(source) != entry.name:
                yield Damage(entry.name, "altered", ", ".join(_namers(entry.name)))
    with model.Session.get_bind().connect() as connection:
        for where, column in _references(connection).items():
            query = sa.select(column).where(column.is_not(None)).distinct()
            streamed = connection.execution_options(stream_results=True).execute(query)
            for name in streamed.scalars():
                if not os.path.isfile(files.path(name)):
                    yield Damage(name, "missing", where)


def _namers(name: str) -> list[str]:
    with model.Session.get_bind().connect() as connection:
        return [
            where
            for where, column in _references(connection).items()
            if connection.scalar(sa.select(column).where(column == name).limit(1))
        ]
