"""Which bytes a resource serves: save, point, open. Nothing here commits.

The bytes are stored by content (:mod:`ckanext.satudata.common.files`); a row per resource
points to them. The row is written by CKAN's own session inside the transaction of the
write, so bytes and metadata change together or not at all. ``hash`` of a resource is not
asked: users and xloader write it as they like.

A resource without a row was made before the extension came. Its file is read from where
CKAN's own uploader put it, until it is taken over or replaced.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import unquote, urlsplit

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from ckan import model

from ckanext.satudata.common import clock, compat, files
from ckanext.satudata.storage.model import FilePointer

_TABLE = FilePointer.__table__
_VALUES = ("sha256", "size", "original_sha256", "original_name")


@dataclass(frozen=True)
class Pointer:
    """What a resource serves.

    Attributes:
        sha256: the bytes of its download address, for everyone who may read it; None
            where it has none.
        size: of the served file, in bytes.
        original_sha256: the uploaded file where the served one was made of it, for roles.
        original_name: name of the uploaded file then.
    """

    sha256: str | None = None
    size: int | None = None
    original_sha256: str | None = None
    original_name: str | None = None


def _row(resource_id: str) -> Any:
    """The resource with its row: ``package_id``, ``of`` (the row's, or None), values."""
    query = (
        sa.select(
            model.Resource.package_id,
            _TABLE.c.package_id.label("of"),
            *(_TABLE.c[name] for name in _VALUES),
        )
        .outerjoin(_TABLE, _TABLE.c.resource_id == model.Resource.id)
        .where(model.Resource.id == resource_id)
    )
    return model.Session.execute(query).first()


def pointer(resource_id: str) -> Pointer | None:
    """What a resource serves; None for a file from before the extension and no resource."""
    row = _row(resource_id)
    if row is None or row.of is None:
        return None
    if row.of != row.package_id:
        # Its id was claimed from another dataset: these are not its bytes.
        return Pointer()
    return Pointer(*(getattr(row, name) for name in _VALUES))


def pointers(resource_ids: list[str]) -> dict[str, Pointer]:
    """What many resources serve, in one query; those of :func:`pointer` None are left out."""
    query = (
        sa.select(
            model.Resource.id,
            (_TABLE.c.package_id == model.Resource.package_id).label("own"),
            *(_TABLE.c[name] for name in _VALUES),
        )
        .join(_TABLE, _TABLE.c.resource_id == model.Resource.id)
        .where(model.Resource.id.in_(resource_ids))
    )
    return {
        row.id: Pointer(*(getattr(row, name) for name in _VALUES)) if row.own else Pointer()
        for row in model.Session.execute(query)
    }


def is_legacy(resource_id: str) -> bool:
    """Is it a resource from before the extension, whose file lies where CKAN put it?"""
    row = _row(resource_id)
    return row is not None and row.of is None


def package_of(resource_id: Any) -> str | None:
    """Id of the dataset of a resource, deleted ones included; None for a new one."""
    if not isinstance(resource_id, str):
        return None
    query = sa.select(model.Resource.package_id).where(model.Resource.id == resource_id)
    return model.Session.scalar(query)


# Reading
def open_resource(resource_id: str) -> IO[bytes] | None:
    """Open what a resource serves, or answer None where there is nothing.

    Args:
        resource_id: id of a resource with ``url_type`` "upload".
    """
    found = pointer(resource_id)
    if found is not None:
        return files.read(found.sha256)
    return compat.open_stock(resource_id) if is_legacy(resource_id) else None


def open_original(resource_id: str) -> IO[bytes] | None:
    """Open the file as it was uploaded: the original, else what is served.

    Only for those who may read it (:mod:`ckanext.satudata.storage.permissions`).
    """
    found = pointer(resource_id)
    if found is not None and found.original_sha256:
        return files.read(found.original_sha256)
    return open_resource(resource_id)


def sha256_of(resource_id: str) -> str | None:
    """SHA-256 of what a resource serves; of a file from before, its bytes are read."""
    found = pointer(resource_id)
    if found is not None:
        return found.sha256
    source = open_resource(resource_id)
    if source is None:
        return None
    with source:
        return files.sha256(source)


def file_name(resource_id: str) -> str | None:
    """Name of an uploaded file, for those who download it; None for a link."""
    query = sa.select(model.Resource.url).where(
        model.Resource.id == resource_id, model.Resource.url_type == "upload"
    )
    url = model.Session.scalar(query) or ""
    return os.path.basename(unquote(urlsplit(url).path)) or None


def original_name(resource_id: str) -> str | None:
    """Name of the file as it was uploaded."""
    found = pointer(resource_id)
    return (found.original_name if found else None) or file_name(resource_id)


# Writing
def save(source: Any, limit: int | None = None) -> str:
    """Store bytes; in the same transaction something must come to name them.

    Args:
        source: FileStorage of a form or a binary file.
        limit: largest accepted size in bytes; None for any.

    Returns:
        Their SHA-256.

    Raises:
        Refusal: ``too-large``.
    """
    return files.save(source, limit)


def _write(resource_id: str, value: Pointer) -> None:
    """Insert or replace the row of a resource; what it named before gets its time of grace.

    Raises:
        LookupError: there is no such resource.
    """
    names = ("resource_id", "package_id", *_VALUES, "changed_at")
    source = sa.select(
        model.Resource.id,
        model.Resource.package_id,
        *(sa.literal(getattr(value, name), _TABLE.c[name].type) for name in _VALUES),
        sa.literal(clock.now(), _TABLE.c.changed_at.type),
    ).where(model.Resource.id == resource_id)
    _let_go(_TABLE.c.resource_id == resource_id)
    statement = insert(_TABLE).from_select(names, source)
    written = model.Session.execute(
        statement.on_conflict_do_update(
            index_elements=["resource_id"],
            set_={name: statement.excluded[name] for name in names[1:]},
        )
    )
    if not written.rowcount:
        raise LookupError(resource_id)


def _let_go(condition: Any) -> None:
    """Date the files that rows name, before they name others."""
    query = sa.select(_TABLE.c.sha256, _TABLE.c.original_sha256).where(condition)
    for row in model.Session.execute(query).all():
        files.touch(row.sha256)
        files.touch(row.original_sha256)


def _served(sha256: str) -> dict[str, Any]:
    return {"sha256": sha256, "size": os.path.getsize(files.path(sha256))}


def put(resource_id: str, upload: Any, limit: int | None = None) -> str:
    """Serve an upload, and nothing of what was there before.

    Args:
        resource_id: id of a resource that is flushed.
        upload: FileStorage of a form or a binary file.
        limit: largest accepted size in bytes; None for any.

    Returns:
        The SHA-256 of the content.

    Raises:
        Refusal: ``too-large``; nothing is stored.
        LookupError: there is no such resource.
    """
    sha256 = save(upload, limit)
    _write(resource_id, Pointer(**_served(sha256)))
    return sha256


def clear(resource_id: str) -> None:
    """Serve nothing any more, also not a file from before the extension."""
    _write(resource_id, Pointer())


def withhold(resource_id: str) -> None:
    """Serve nothing of an uploaded file, which stays as the original for roles."""
    take_over(resource_id)
    before = pointer(resource_id) or Pointer()
    original = before.original_sha256 or before.sha256
    title = before.original_name or file_name(resource_id)
    _write(resource_id, Pointer(original_sha256=original, original_name=title))


def begin(resource_id: str, known: str | None) -> None:
    """Let a new resource begin without bytes, whatever its id served once.

    Args:
        resource_id: id of a resource that is flushed.
        known: dataset of a resource with this id before the write, or None.
    """
    if known is None or package_of(resource_id) != known:
        _write(resource_id, Pointer())


def begin_all(package_id: str | None) -> None:
    """Let all files of a new dataset begin without bytes."""
    query = sa.select(model.Resource.id).where(model.Resource.package_id == package_id)
    for resource_id in model.Session.scalars(query).all():
        _write(resource_id, Pointer())


def set_served(resource_id: str, source: Any, *, name: str | None = None) -> str:
    """Serve a file made of the uploaded one, which is kept as the original.

    Made a second time, the original stays the uploaded file. Where the uploaded file
    itself is served again, there is no original beside it.

    Args:
        resource_id: the resource.
        source: FileStorage or binary file, or the SHA-256 of a stored file.
        name: name of the uploaded file; by default the one in the resource's address,
            so call this before the address changes.

    Returns:
        The SHA-256 that is served now.

    Raises:
        LookupError: no such resource, or no stored file of that hash.
    """
    if isinstance(source, str):
        _must_exist(source)
        sha256 = source
    else:
        sha256 = save(source)
    take_over(resource_id)
    before = pointer(resource_id) or Pointer()
    original = before.original_sha256 or before.sha256
    more: dict[str, Any] = {}
    if original not in (None, sha256):
        title = before.original_name or name or file_name(resource_id)
        more = {"original_sha256": original, "original_name": title}
    _write(resource_id, Pointer(**_served(sha256), **more))
    return sha256


def _must_exist(sha256: str) -> None:
    files.protect()
    if len(sha256) != 64 or not os.path.isfile(files.path(sha256)):
        raise LookupError(sha256)


def copy(resource_id: str, to: str) -> None:
    """Let a resource serve what another one serves, its original included; copies no bytes.

    Raises:
        LookupError: there is no such resource.
    """
    files.protect()
    take_over(resource_id)
    _write(to, pointer(resource_id) or Pointer())


def take_over(resource_id: str) -> str | None:
    """Store the file of a resource from before the extension by its content.

    CKAN's own copy stays where it is. To repeat it does nothing.

    Returns:
        SHA-256 of what the resource serves; None where it has no file.
    """
    if is_legacy(resource_id):
        source = compat.open_stock(resource_id)
        if source is not None:
            with source:
                return put(resource_id, source)
        return None
    found = pointer(resource_id)
    return found.sha256 if found else None
