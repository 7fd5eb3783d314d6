"""Fingerprint of a dataset's content, so that what was validated is what is published.

Reads the content from database, DataStore and files, never from the search index; the
form is :mod:`canonical`'s. What cannot be read refuses, so that no decision is made on
what nobody saw.
"""

from __future__ import annotations

import logging
from typing import IO, Any

import sqlalchemy as sa

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _

from ckanext.satudata.approval import canonical, tables
from ckanext.satudata.common import compat, files
from ckanext.satudata.common.errors import refuse
from ckanext.satudata.storage import service as storage

log = logging.getLogger(__name__)

_PACKAGE_FIELDS = (
    "type",
    "title",
    "notes",
    "version",
    "url",
    "author",
    "author_email",
    "maintainer",
    "maintainer_email",
    "license_id",
)
_RESOURCE_FIELDS = ("name", "description", "format", "url_type", "resource_type")


def _columns(of: Any, *names: str) -> sa.sql.Select:
    """Columns and not objects: what the session remembers may be older than the row."""
    return sa.select(*(getattr(of, name) for name in names))


def read(package_id: str) -> dict[str, Any]:
    """The content of a dataset now, as a plain dictionary for :mod:`canonical`.

    A constant number of queries of CKAN's database; of the DataStore's one, and one more
    for each table.

    Raises:
        LookupError: no such dataset.
        Refusal: ``unreadable`` when files or rows cannot be read.
    """
    session = model.Session
    session.flush()
    package = session.execute(
        _columns(model.Package, "owner_org", *_PACKAGE_FIELDS).where(model.Package.id == package_id)
    ).first()
    if package is None:
        raise LookupError(package_id)
    resources = session.execute(
        _columns(model.Resource, "id", "url", "extras", *_RESOURCE_FIELDS)
        .where(model.Resource.package_id == package_id, model.Resource.state == "active")
        .order_by(model.Resource.position, model.Resource.id)
    ).all()
    ids = [one.id for one in resources]
    _refuse_hidden_rows(resources)
    views, rows = _views(ids), tables.read(ids)
    pointers = storage.pointers(ids)
    return {
        "owner": package.owner_org,
        "metadata": {key: getattr(package, key) for key in _PACKAGE_FIELDS},
        "extras": compat.package_extras(package_id),
        "tags": _tags(package_id),
        "relationships": _relationships(package_id),
        "files": [
            {
                "metadata": {key: getattr(one, key) for key in _RESOURCE_FIELDS},
                "extras": dict(one.extras or {}),
                "url": one.url,
                **_bytes(one.id, one.url_type, pointers.get(one.id)),
                **rows.get(one.id, {}),
                "views": views.get(one.id, []),
            }
            for one in resources
        ],
    }


def _bytes(
    resource_id: str, url_type: str | None, pointer: storage.Pointer | None
) -> dict[str, Any]:
    """SHA-256 of the bytes that are served, and of the original where there is one.

    "missing" where there should be some.
    """
    if url_type != "upload":
        return {}
    try:
        if pointer is None:
            return {"sha256": _hash(storage.open_resource(resource_id))}
        found = {"sha256": _hash(files.read(pointer.sha256))}
        if pointer.original_sha256:
            found["original_sha256"] = _hash(files.read(pointer.original_sha256))
    except OSError as error:
        log.error("The file of resource %s cannot be read: %s", resource_id, error)
        refuse("unreadable", _("A file cannot be read right now. Try again later."))
    return found


def _hash(source: IO[bytes] | None) -> str:
    if source is None:
        return "missing"
    with source:
        return files.sha256(source)


def _refuse_hidden_rows(resources: list[Any]) -> None:
    """With the DataStore switched off, rows that are said to exist are not "no rows"."""
    if tables.enabled():
        return
    if any(_says_rows(dict(one.extras or {})) for one in resources):
        log.error("The plugin datastore is off, but files have rows in the DataStore")
        refuse("unreadable", _("The rows of a file cannot be read right now. Try again later."))


def _says_rows(extras: dict[str, Any]) -> bool:
    try:
        return tk.asbool(extras.get("datastore_active") or False)
    except ValueError:
        return True


def _tags(package_id: str) -> list[str]:
    query = (
        sa.select(model.Tag.name)
        .join(model.PackageTag, model.PackageTag.tag_id == model.Tag.id)
        .where(model.PackageTag.package_id == package_id, model.PackageTag.state == "active")
    )
    return list(model.Session.scalars(query))


def _relationships(package_id: str) -> list[dict[str, Any]]:
    """To other datasets, whichever of the two says so."""
    one = model.PackageRelationship
    query = _columns(one, "subject_package_id", "object_package_id", "type", "comment").where(
        sa.or_(one.subject_package_id == package_id, one.object_package_id == package_id),
        one.state == "active",
    )
    found = []
    for row in model.Session.execute(query):
        says = row.subject_package_id == package_id
        found.append(
            {
                "as": "subject" if says else "object",
                "type": row.type,
                "other": row.object_package_id if says else row.subject_package_id,
                "comment": row.comment,
            }
        )
    return found


def _views(resource_ids: list[str]) -> dict[str, list[dict[str, Any]]]:
    one = model.ResourceView
    query = _columns(
        one, "resource_id", "order", "view_type", "title", "description", "config"
    ).where(one.resource_id.in_(resource_ids))
    found: dict[str, list[dict[str, Any]]] = {}
    for row in model.Session.execute(query):
        found.setdefault(row.resource_id, []).append(
            {
                "order": row.order,
                "type": row.view_type,
                "title": row.title,
                "description": row.description,
                "config": dict(row.config or {}),
            }
        )
    return found


def compute(package_id: str, form: str = canonical.VERSION) -> str:
    """The fingerprint of a dataset now, e.g. ``sd2:4f…`` (errors as of :func:`read`)."""
    return canonical.fingerprint(read(package_id), form)


def again(package_id: str, stored: str, content: dict[str, Any] | None = None) -> str:
    """The fingerprint now, by the form that made a stored one.

    Args:
        package_id: the dataset.
        stored: the fingerprint to compare with.
        content: as of :func:`read`, by who has read it already.

    Raises:
        Refusal: ``unknown_form``, or ``unreadable`` as of :func:`read`.
        LookupError: no such dataset.
    """
    form = canonical.form_of(stored)
    if form not in canonical.FORMS:
        refuse(
            "unknown_form",
            _("This version of the portal does not know the fingerprint %(form)s.")
            % {"form": form},
        )
    return canonical.fingerprint(content or read(package_id), form)


def matches(package_id: str, stored: str | None, content: dict[str, Any] | None = None) -> bool:
    """Is the content (as of :func:`again`) what is stored? Nothing stored is no match."""
    return stored is not None and again(package_id, stored, content) == stored
