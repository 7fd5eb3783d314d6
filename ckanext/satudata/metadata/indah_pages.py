"""The page of a dataset's metadata workbook for INDAH (BPS): out, and back in.

What was uploaded is shown as a list of changes first. The button that stores them sends the
texts that were read once more (a hidden field, packed), and the mark of the list: the
action reads and judges them anew as it does any upload, so that nothing is trusted for
having been in the page, and what would be stored is what was shown.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from typing import Any

from flask import Response, make_response
from flask.views import MethodView
from werkzeug.datastructures import FileStorage

from ckan.common import current_user
from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _

from ckanext.satudata.common import pages as shared
from ckanext.satudata.metadata import workbook
from ckanext.satudata.metadata.indah import Sheets

TEMPLATE = "satudata/metadata/indah.html"


def _json(sheets: Sheets) -> bytes:
    return json.dumps(sheets, ensure_ascii=False, indent=1).encode()


#: Ending of a download → its type, and how it is made.
FORMS: dict[str, tuple[str, Callable[[Sheets], bytes]]] = {
    "xlsx": (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        workbook.xlsx,
    ),
    "zip": ("application/zip", workbook.packed),
    "json": ("application/json; charset=utf-8", _json),
}


def download(id: str, ending: str) -> Response:
    """The workbook of a dataset as file, for whoever may see the dataset."""
    kind, made = FORMS[ending]
    package = tk.get_action("package_show")({"user": current_user.name}, {"id": id})
    sheets = tk.get_action("satudata_indah_show")(
        {"user": current_user.name}, {"id": package["id"]}
    )
    answer = make_response(made(sheets))
    answer.headers["Content-Type"] = kind
    answer.headers["Content-Disposition"] = (
        f'attachment; filename="indah-{package["name"]}.{ending}"'
    )
    return answer


class Indah(MethodView):
    """``/dataset/<id>/indah``: downloads, and for its agency the way back in."""

    def get(self, id: str) -> str:
        """Downloads and the form for a filled workbook."""
        return self._page(self._package(id))

    def post(self, id: str) -> Any:
        """Show the changes of an uploaded workbook; or store those that were shown."""
        package = self._package(id)
        tk.check_access("package_update", {"user": current_user.name}, {"id": package["id"]})
        confirmed = tk.request.form.get("do") == "save"
        try:
            upload, held = self._upload(confirmed)
            data = {"id": package["id"], "upload": upload, "confirm": confirmed}
            data["mark"] = tk.request.form.get("mark") if confirmed else None
            found = tk.get_action("satudata_indah_import")({"user": current_user.name}, data)
        except tk.ValidationError as error:
            said = [message for _field, message in shared.problems(error)]
            return self._page(package, errors=said)
        if found["stored"]:
            tk.h.flash_success(
                tk.ungettext(
                    "{n} change stored.", "{n} changes stored.", len(found["changes"])
                ).format(n=len(found["changes"]))
            )
            return tk.h.redirect_to("dataset.read", id=package["name"])
        return self._page(package, preview=found, held=held)

    def _package(self, id: str) -> dict[str, Any]:
        package = tk.get_action("package_show")({"user": current_user.name}, {"id": id})
        if package["type"] != "dataset":
            raise tk.ObjectNotFound
        return package

    def _upload(self, confirmed: bool) -> tuple[FileStorage | None, str]:
        """The file that was sent, and its texts as the page holds them until the button."""
        if confirmed:
            content = _held(tk.request.form.get("held", ""))
            return FileStorage(io.BytesIO(content), filename="indah.zip"), ""
        upload = tk.request.files.get("upload")
        if upload is None or not upload.filename:
            return None, ""
        book = workbook.read(upload)
        upload.stream.seek(0)
        return upload, base64.b64encode(workbook.packed(book.sheets)).decode("ascii")

    def _page(
        self,
        package: dict[str, Any],
        *,
        errors: list[str] | None = None,
        preview: dict[str, Any] | None = None,
        held: str = "",
    ) -> str:
        context = {"user": current_user.name, "auth_user_obj": current_user}
        try:
            tk.check_access("package_update", context, {"id": package["id"]})
            may_change = True
        except tk.NotAuthorized:
            may_change = False
        shown = {
            "pkg_dict": package,
            "pkg": package,
            "dataset_type": package["type"],
            "url": tk.url_for("satudata_metadata.indah", id=package["name"]),
            "downloads": [
                {
                    "label": label,
                    "url": tk.url_for(f"satudata_metadata.indah_{ending}", id=package["name"]),
                }
                for ending, label in (("xlsx", "Excel"), ("zip", "CSV (ZIP)"), ("json", "JSON"))
            ],
            "may_change": may_change,
            "errors": errors or [],
            "preview": preview,
            "held": held,
            "megabytes": workbook.MOST // 1024 // 1024,
        }
        return tk.render(TEMPLATE, shown)


def _held(text: str) -> bytes:
    """What the page held; a damaged text is said like a damaged file."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise tk.ValidationError(
            {"upload": [_("This page is not complete any more. Choose the workbook again.")]}
        ) from error
