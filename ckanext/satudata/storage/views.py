"""The original of a resource, for roles; and how downloads are named."""

from __future__ import annotations

from flask import Blueprint, Response, request, send_file
from werkzeug.exceptions import NotFound

from ckan import model
from ckan.common import current_user
from ckan.plugins import toolkit as tk

from ckanext.satudata.common.inputs import unfit
from ckanext.satudata.storage import permissions, service

__all__ = ["satudata_storage"]

satudata_storage = Blueprint("satudata_storage", __name__)


def _is_download(endpoint: str | None) -> bool:
    """Is it CKAN's download of a resource, of whatever dataset type?"""
    return (endpoint or "").endswith("resource.download")


@satudata_storage.before_app_request
def name_download() -> None:
    """Give a download without a file name in its address the name of the file.

    Else CKAN takes the name on the disk, which is a hash. Who may not read the resource
    is refused by CKAN's view as before.
    """
    values = request.view_args
    if not _is_download(request.endpoint) or not values:
        return
    if unfit(values):
        # CKAN would ask the database, which answers with an error.
        raise NotFound
    if not values.get("filename"):
        values["filename"] = service.file_name(values["resource_id"])


@satudata_storage.after_app_request
def do_not_sniff(response: Response) -> Response:
    """What somebody uploaded is never taken for another type than the one it is served as."""
    if _is_download(request.endpoint):
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response


@satudata_storage.route("/dataset/<id>/resource/<resource_id>/original")
def original(id: str, resource_id: str) -> Response:
    """The file as it was uploaded; to all but the roles it looks like what is missing."""
    if unfit(id) or unfit(resource_id):
        raise NotFound
    context = {"user": current_user.name}
    try:
        resource = tk.get_action("resource_show")(dict(context), {"id": resource_id})
        package = tk.get_action("package_show")(dict(context), {"id": id})
    except (tk.ObjectNotFound, tk.NotAuthorized) as error:
        raise NotFound from error
    user = None if current_user.is_anonymous else model.User.get(current_user.name)
    if (
        resource.get("package_id") != package["id"]
        or resource.get("url_type") != "upload"
        or not permissions.may_see_original(user, package.get("owner_org"))
    ):
        raise NotFound
    source = service.open_original(resource_id)
    if source is None:
        raise NotFound
    # By its path where it has one: only then Flask answers Range requests.
    path = getattr(source, "name", None)
    if isinstance(path, str):
        source.close()
    response = send_file(
        path if isinstance(path, str) else source,
        mimetype="application/octet-stream",
        as_attachment=True,
        download_name=service.original_name(resource_id) or resource_id,
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response
