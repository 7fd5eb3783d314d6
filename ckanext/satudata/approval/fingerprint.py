"""Fingerprint of a dataset's content, so that what was validated is what is published.

Canonical form ``sd1``: JSON with sorted keys of the metadata (without ids, addresses of
uploads, times and computed fields) and, per file in its order, its metadata and the
SHA-256 of its bytes; text in NFC, empty values left out. The same content gives the
same fingerprint on CKAN 2.12 and 2.11, and for a copy of the dataset.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from typing import Any

import sqlalchemy as sa

from ckan import model

from ckanext.satudata.common import compat, files

VERSION = "sd1"

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
#: Written by CKAN and its plugins, not by the producer.
_COMPUTED = frozenset(
    {
        "datastore_active",
        "datastore_contains_all_records_of_source_file",
        "datastore_fields",
        "ckan_url",
        "original_url",
        "resource_id",
        "set_url_type",
        "task_created",
        "validation_status",
        "validation_timestamp",
    }
)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, dict):
        pairs = ((str(key), _plain(one)) for key, one in value.items())
        return {key: one for key, one in pairs if one not in (None, "", [], {})}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value


def _file_hash(resource: model.Resource) -> str | None:
    """SHA-256 of an uploaded file; None for a link, "missing" where no bytes are."""
    if resource.url_type != "upload":
        return None
    source = compat.open_resource(resource.id)
    if source is None:
        return "missing"
    with source:
        return files.sha256(source)


def _resource(resource: model.Resource) -> dict[str, Any]:
    extras = {
        key: value for key, value in dict(resource.extras or {}).items() if key not in _COMPUTED
    }
    return {
        **{key: getattr(resource, key) for key in _RESOURCE_FIELDS},
        "extras": extras,
        "sha256": _file_hash(resource),
        "link": None if resource.url_type == "upload" else resource.url,
    }


def content(package_id: str) -> dict[str, Any]:
    """What is hashed, read from the database and the bytes, never from the index."""
    model.Session.flush()
    package = model.Session.get(model.Package, package_id, populate_existing=True)
    if package is None:
        raise LookupError(package_id)
    resources = model.Session.scalars(
        sa.select(model.Resource)
        .where(model.Resource.package_id == package_id, model.Resource.state == "active")
        .order_by(model.Resource.position, model.Resource.id)
        .execution_options(populate_existing=True)
    )
    tags = model.Session.scalars(
        sa.select(model.Tag.name)
        .join(model.PackageTag, model.PackageTag.tag_id == model.Tag.id)
        .where(
            model.PackageTag.package_id == package_id,
            model.PackageTag.state == "active",
        )
    )
    return _plain(
        {
            "form": VERSION,
            "metadata": {key: getattr(package, key) for key in _PACKAGE_FIELDS},
            "extras": dict(package.extras or {}),
            "tags": sorted(unicodedata.normalize("NFC", name) for name in tags),
            "files": [_resource(resource) for resource in resources],
        }
    )


def compute(package_id: str) -> str:
    """The fingerprint of a dataset now: 64 hexadecimal digits."""
    text = json.dumps(
        content(package_id), ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )
    return hashlib.sha256(text.encode()).hexdigest()


def short(fingerprint: str | None) -> str:
    """The short form that letters print: sixteen digits in groups of four."""
    digits = (fingerprint or "")[:16]
    return " ".join(digits[n : n + 4] for n in range(0, len(digits), 4))
