"""Look at an uploaded file before it is stored: is it readable at all?

Wrong content blocks the submission, not the upload of a draft; only what nobody could
read is refused here.
"""

from __future__ import annotations

import os
import re
from typing import Any

from ckan.plugins.toolkit import _

from ckanext.satudata.common import files
from ckanext.satudata.common.errors import refuse

_BEGIN = 4096
#: How a web page begins, whatever the file is called: a login page saved as CSV.
_WEB_PAGE = re.compile(
    rb"^\s*(<!--.*?-->\s*)*(<\?xml[^>]*>\s*)?<(!doctype\s+html|html|head|script)\b", re.I | re.S
)
_WEB_NAMES = (".html", ".htm", ".xhtml")


def uploads(data: Any) -> list[Any]:
    """Every file under a key ``upload`` of an action's input, however deep."""
    found: list[Any] = []
    if isinstance(data, dict):
        for key, value in data.items():
            if str(key).rsplit("__", 1)[-1] == "upload":
                upload = files.uploaded({"upload": value}, "upload")
                found += [upload] if upload is not None else []
            else:
                found += uploads(value)
    elif isinstance(data, (list, tuple)):
        for one in data:
            found += uploads(one)
    return found


def check_upload(upload: Any) -> None:
    """Refuse a file that is empty, or a web page under another name.

    Args:
        upload: FileStorage of a form or an open binary file; its position is put back.

    Raises:
        Refusal: ``empty_file`` or ``invalid_format``, with the way out.
    """
    name = os.path.basename(getattr(upload, "filename", None) or getattr(upload, "name", "") or "")
    source = files.stream(upload)
    if not (hasattr(source, "seek") and source.seekable()):
        return
    place = source.tell()
    begin = source.read(_BEGIN)
    source.seek(place)
    if not isinstance(begin, bytes):
        return
    if not begin.strip(b"\x00\r\n\t \xef\xbb\xbf"):
        refuse(
            "empty_file",
            _("The file %(name)s is empty. Choose the file with the data and upload it again.")
            % {"name": name},
            "upload",
        )
    text = (
        begin.decode("utf-16", "ignore").encode()
        if begin[:2] in (b"\xff\xfe", b"\xfe\xff")
        else begin
    )
    if _WEB_PAGE.match(text.removeprefix(b"\xef\xbb\xbf")) and not name.lower().endswith(
        _WEB_NAMES
    ):
        refuse(
            "invalid_format",
            _(
                "The file %(name)s is a web page, not data. Open the data in Excel and save "
                'it again as "CSV UTF-8" or as Excel workbook (.xlsx).'
            )
            % {"name": name},
            "upload",
        )
