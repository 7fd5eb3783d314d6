"""The copy of a file that the public gets: without the columns that are not open.

Made again whenever the file or the classes of its columns change, in the transaction of
that change. The uploaded file stays beside it as the original, for roles. Where no certain
copy can be made nothing is served, and the dataset cannot be submitted.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import sqlalchemy as sa

from ckan import model
from ckan import plugins as p
from ckan.plugins import toolkit as tk

from ckanext.satudata.common import actor, csvs, files
from ckanext.satudata.common.csvs import NoCopyError
from ckanext.satudata.metadata import columns
from ckanext.satudata.storage import service, texts
from ckanext.satudata.storage.model import FilePointer

log = logging.getLogger(__name__)

#: Letters of a column's name that xloader keeps.
_NAME = 63


def refresh(package_id: str | None, resource_id: str | None = None) -> None:
    """Bring the served copies of a dataset, or of one file, up to file and classes.

    Cheap where nothing changed: one query, and of a file with withheld columns the two
    rows of names.
    """
    model.Session.flush()
    resource = model.Resource
    query = (
        sa.select(resource.id, resource.extras, resource.url_type, FilePointer.original_sha256)
        .outerjoin(FilePointer, FilePointer.resource_id == resource.id)
        .where(resource.state == "active")
    )
    if resource_id is not None:
        query = query.where(resource.id == resource_id)
    else:
        query = query.where(resource.package_id == package_id)
    for row in model.Session.execute(query).all():
        out = columns.withheld(row.extras)
        if not out and not row.original_sha256:
            continue
        with suppress(NoCopyError):
            _refresh(row.id, out, row.url_type == "upload")


def _refresh(resource_id: str, out: dict[str, str], uploaded: bool, anew: bool = False) -> None:
    """As :func:`refresh`, for one file.

    Args:
        resource_id: the file.
        out: its withheld columns.
        uploaded: False for a link, of which nothing is served here.
        anew: make the copy also where its columns are right already.

    Raises:
        NoCopyError: nothing is served from now on.
    """
    found = service.pointer(resource_id)
    if not out:
        if found is not None and found.original_sha256:
            service.set_served(resource_id, found.original_sha256)
            _note_size(resource_id)
        return
    if not uploaded:
        return
    if found is None:
        service.take_over(resource_id)
        found = service.pointer(resource_id)
    original = (found.original_sha256 or found.sha256) if found else None
    if found is None or original is None:
        return
    source = files.read(original)
    if source is None:
        service.withhold(resource_id)
        raise NoCopyError("missing")
    with source:
        try:
            if anew or not found.original_sha256 or not _is_without(source, found.sha256, out):
                with csvs.without(source, out) as copy:
                    service.set_served(resource_id, copy)
        except NoCopyError:
            service.withhold(resource_id)
            raise
    _note_size(resource_id)


def _is_without(original: Any, served: str | None, out: Iterable[str]) -> bool:
    """Has the served file the columns of the original but the withheld ones?"""
    copy = files.read(served)
    if copy is None:
        return False
    gone = {csvs.key(one) for one in out}
    with copy:
        how = csvs.shape(original, out, whole=False)
        return csvs.names(copy, how) == [one for one in how.names if csvs.key(one) not in gone]


def _note_size(resource_id: str) -> None:
    """Let the resource tell the size of what is served, not that of the upload."""
    found, resource = service.pointer(resource_id), model.Session.get(model.Resource, resource_id)
    if found is not None and resource is not None and resource.size != found.size:
        resource.size = found.size
        model.Session.flush()


def problems(package: model.Package) -> list[dict[str, str]]:
    """Why the files of a dataset cannot be given without their withheld columns.

    The copies are made anew, so what is submitted is what the rule makes.

    Returns:
        ``field`` and ``text`` each, as of the other hindrances of a submission.
    """
    found = []
    for one in package.resources:
        out = columns.withheld(one.extras)
        if one.state != "active" or not out:
            continue
        name = one.name or one.url
        try:
            if one.url_type != "upload":
                raise NoCopyError("link")
            _refresh(one.id, out, True, anew=True)
            _check_table(one.id, out)
        except NoCopyError as error:
            found.append({"field": "resources", "text": texts.no_copy(name, error)})
    return found


def _fold(name: str) -> str:
    """A column's name without what a loader may change of it."""
    plain = unicodedata.normalize("NFKD", name.strip()[:_NAME]).encode("ascii", "ignore")
    return re.sub(r"[^a-z0-9]", "", plain.decode().lower()) or csvs.key(name)


def _check_table(resource_id: str, out: Iterable[str]) -> None:
    """Is the DataStore's table one of the served copy, and of no column besides?

    Raises:
        NoCopyError: ``table``, with a column that is not of the copy.
    """
    table = _table(resource_id)
    if not table:
        return
    source = service.open_resource(resource_id)
    if source is None:
        raise NoCopyError("missing")
    with source:
        given = {_fold(one) for one in csvs.shape(source, whole=False).names}
    gone = {_fold(one) for one in out}
    for column in table:
        if _fold(column) not in given or _fold(column) in gone:
            raise NoCopyError("table", column=column)


def _table(resource_id: str) -> list[str]:
    """Columns of a file's table in the DataStore; none where there is no table."""
    if not p.plugin_loaded("datastore"):
        return []
    from ckanext.datastore.backend.postgres import get_read_engine

    query = sa.text(
        "SELECT column_name FROM information_schema.columns WHERE table_name = :name"
        " AND table_schema = 'public' AND column_name NOT IN ('_id', '_full_text')"
    )
    with get_read_engine().connect() as connection:
        return list(connection.execute(query, {"name": resource_id}).scalars())


def reload(package_ids: Iterable[str]) -> None:
    """Have the tables loaded again that still have a withheld column; after the commit.

    Nothing depends on it: a dataset with such a table cannot be submitted.
    """
    if not p.plugin_loaded("xloader"):
        return
    resource = model.Resource
    rows = model.Session.execute(
        sa.select(resource.id, resource.extras).where(
            resource.package_id.in_(sorted(package_ids)), resource.state == "active"
        )
    ).all()
    for row in rows:
        out = columns.withheld(row.extras)
        try:
            if out and service.pointer(row.id):
                _check_table(row.id, out)
        except NoCopyError as error:
            if error.code != "table":
                continue
            data = {"resource_id": row.id, "ignore_hash": True}
            context = {"ignore_auth": True, "user": actor.site_user()}
            try:
                tk.get_action("xloader_submit")(context, data)
            except Exception:
                # The write is done; whatever the queue does, it stands.
                log.exception("Table of file %s could not be loaded again", row.id)
