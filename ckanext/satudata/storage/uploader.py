"""The uploader of resource files that CKAN asks for each file it writes or serves."""

from __future__ import annotations

import mimetypes
import os
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlsplit

import magic
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import NotFound

from ckan.lib import munge
from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _

from ckanext.satudata.common import compat, files
from ckanext.satudata.storage import served, service

#: Bytes by which libmagic tells a type, an .xlsx too.
_BEGIN = 2048


class ResourceFile:
    """One file of a resource: CKAN's ``PResourceUploader`` on both releases.

    ``get_path`` answers a plain path, on 2.12 too, and not a location in a file-keeper
    storage: CKAN then serves it with ``send_file``, which knows Range requests and
    conditional ones on both releases. An object store behind file-keeper streams a file
    from its beginning only, and has neither the atomic rename nor the dates by which
    unneeded files are told, so a city that has one mounts it as a folder.

    The attribute ``storage`` exists for the files from before the extension, which a
    2.12 portal may have in such a storage.

    Attributes:
        filename: name of the file that is being uploaded, or None.
        filesize: its size in bytes; absent without an upload, as CKAN asks for it.
        mimetype: by the name or, where the portal says so, by the content.
    """

    def __init__(self, resource: dict[str, Any]) -> None:
        self.storage: Any = None
        self.filename: str | None = None
        self.mimetype: str | None = None
        upload = resource.pop("upload", None)
        self.clear = resource.pop("clear_upload", None)
        self._known = service.package_of(resource.get("id"))
        self._guess = tk.config.get("ckan.mimetype_guess")
        if isinstance(upload, FileStorage) and upload.filename:
            self._take(upload, resource)
        elif self.clear:
            resource["url_type"] = ""
        url = resource.get("url")
        if not self.mimetype and self._guess == "file_ext" and isinstance(url, str):
            self.mimetype = mimetypes.guess_type(urlsplit(url).path)[0]

    def _take(self, upload: FileStorage, resource: dict[str, Any]) -> None:
        """Note the upload and what the resource says of it; no byte is stored yet."""
        self._source = upload.stream
        self.filename = munge.munge_filename(upload.filename or "")
        self.filesize = self._source.seek(0, os.SEEK_END)
        self._source.seek(0)
        resource["url"] = self.filename
        resource["url_type"] = "upload"
        resource["last_modified"] = datetime.now(timezone.utc).replace(tzinfo=None)
        if self._guess == "file_contents":
            self.mimetype = magic.from_buffer(self._source.read(_BEGIN), mime=True)
            self._source.seek(0)

    def upload(self, id: str, max_size: int = 10) -> None:
        """Store the file and point to it, in the transaction of the write.

        Args:
            id: of the resource, which is flushed.
            max_size: in megabytes.

        Raises:
            Refusal: ``too-large``; nothing is stored.
        """
        if self.filename is not None:
            self._source.seek(0)
            service.put(id, self._source, max_size * files.CHUNK)
        elif self.clear:
            service.clear(id)
        else:
            service.begin(id, self._known)
        # CKAN 2.11 stores the file of a new resource after all its hooks.
        served.refresh(None, id)

    def get_path(self, id: str) -> str:
        """Where the served file of a resource lies.

        Raises:
            NotFound: it has none; CKAN would answer 500 on a path without a file.
        """
        found = service.pointer(id)
        path = files.path(found.sha256) if found and found.sha256 else None
        if found is None and service.is_legacy(id):
            stock = compat.stock_uploader()
            try:
                path = stock.get_path(id)
            except (TypeError, tk.ValidationError):
                path = None
            self.storage = getattr(stock, "storage", None)
            if path and self.storage is not None:
                return path
        if path is None or not os.path.isfile(path):
            raise NotFound(_("No download is available"))
        return path
