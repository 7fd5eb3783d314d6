"""Files of the portal (resources, letters), stored by content: the name is the SHA-256.

Old bytes are never overwritten, copies are free, and the hash that a table or a history
event names is the hash of the bytes on disk.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from typing import IO, Any, NoReturn

import sqlalchemy as sa

from ckan import model
from ckan.plugins.toolkit import _

from ckanext.satudata import config
from ckanext.satudata.common.errors import refuse

CHUNK = 1024 * 1024
#: How the names of files begin that are still being written.
UNFINISHED = "upload-"
#: Advisory lock: shared by transactions that store a file, taken alone by the collector.
LOCK = 0x5A7DDA7A


def path(sha256: str) -> str:
    """Where the file with this content lies."""
    return os.path.join(config.storage_path(), sha256[:2], sha256[2:4], sha256)


def stream(upload: Any) -> IO[bytes]:
    """The bytes of an upload: werkzeug's FileStorage or an open binary file."""
    return getattr(upload, "stream", upload)


def sha256(source: IO[bytes]) -> str:
    """Hash a stream from its present position to its end, with flat memory."""
    digest = hashlib.sha256()
    while chunk := source.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def check_size(upload: Any, limit: int) -> None:
    """Refuse what is too large before anybody reads it whole; the position is put back.

    Raises:
        Refusal: ``too-large``.
    """
    source = stream(upload)
    place = source.tell()
    size = source.seek(0, os.SEEK_END) - place
    source.seek(place)
    if size > limit:
        _refuse_size(limit)


def save(upload: Any, limit: int | None = None) -> str:
    """Store an upload by its content, with flat memory.

    From here to the end of the transaction of CKAN's session the collector takes nothing
    (:func:`protect`): write the row that names the file in the same transaction.

    Args:
        upload: FileStorage of a form or a binary file.
        limit: largest accepted size in bytes; None for any.

    Returns:
        The SHA-256 of the content, hexadecimal.

    Raises:
        Refusal: ``too-large`` when it exceeds the limit; nothing is stored.
    """
    source = stream(upload)
    folder = config.storage_path()
    os.makedirs(folder, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=UNFINISHED)
    try:
        with os.fdopen(handle, "wb") as target:
            while chunk := source.read(CHUNK):
                size += len(chunk)
                if limit is not None and size > limit:
                    _refuse_size(limit)
                digest.update(chunk)
                target.write(chunk)
            target.flush()
            os.fsync(target.fileno())
        name = digest.hexdigest()
        protect()
        os.makedirs(os.path.dirname(path(name)), exist_ok=True)
        # Also where it is there already: same bytes, a new date, and damage is repaired.
        os.replace(temporary, path(name))
        _sync_folder(os.path.dirname(path(name)))
    except BaseException:
        with suppress(FileNotFoundError):
            os.remove(temporary)
        raise
    return name


def protect() -> None:
    """Keep the collector away until the transaction of CKAN's session ends."""
    model.Session.execute(sa.text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": LOCK})


def touch(sha256: str | None) -> None:
    """Begin the time anew after which a file that nothing names is collected."""
    if sha256:
        with suppress(FileNotFoundError):
            os.utime(path(sha256))


def read(sha256: str | None) -> IO[bytes] | None:
    """Open a stored file, or answer None where it is not there."""
    if not sha256:
        return None
    try:
        return open(path(sha256), "rb")
    except FileNotFoundError:
        return None


def _sync_folder(folder: str) -> None:
    """Write the new name to the disk too: the commit that names it comes after."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refuse_size(limit: int) -> NoReturn:
    refuse(
        "too-large",
        _("The file is larger than the limit of %(limit)s MB.") % {"limit": limit // CHUNK},
        "upload",
    )


#: How the files begin that a scanner or a phone makes.
_SCANS = (b"%PDF-", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")


def scan_type(content: bytes) -> str:
    """MIME type of a scan by its first bytes; empty for anything else."""
    types = ("application/pdf", "image/jpeg", "image/png")
    return next(
        (kind for kind, begin in zip(types, _SCANS, strict=True) if content.startswith(begin)), ""
    )


def is_scan(upload: Any) -> bool:
    """Is the content a PDF, JPEG or PNG? The position is put back."""
    source = stream(upload)
    begin = source.read(16)
    source.seek(0)
    return bool(scan_type(begin))


def uploaded(data_dict: dict[str, Any], key: str) -> Any | None:
    """The file sent under a key of an action's input, or None.

    A text in its place (an API client that sent JSON) counts as no file, and so does what
    a browser sends for a field in which no file was chosen: one without a name.
    """
    value = data_dict.get(key)
    if value is None or isinstance(value, (str, bytes)) or getattr(value, "filename", None) == "":
        return None
    return value if hasattr(stream(value), "read") else None
