"""The web side of the access classes: files and previews that are not for everybody."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, make_response

from ckan import model
from ckan.common import current_user
from ckan.plugins import toolkit as tk

from ckanext.satudata import profile
from ckanext.satudata.approval import access, texts
from ckanext.satudata.approval.access import Facts, Restricted
from ckanext.satudata.metadata import service as metadata
from ckanext.satudata.storage import service as storage

#: Pages of a file that show what it is called and how it is edited. Every other address of
#: a file, also one of another plugin, gives its content.
_ABOUT = frozenset({"read", "edit", "delete", "views", "edit_view"})


def close(app: Flask) -> None:
    """Ask for the access class before any address of a file is answered."""
    app.before_request(_ask)
    app.register_error_handler(Restricted, _told)


def _user() -> model.User | None:
    return None if current_user.is_anonymous else model.User.get(current_user.name)


def _ask() -> Response | None:
    """Refuse a file whose metadata the person may see, and not its content.

    The file counts, not the dataset that the address names. Who may not see the dataset at
    all gets CKAN's own answer, which is that of a missing one.
    """
    resource_id = (tk.request.view_args or {}).get("resource_id")
    if not resource_id or (tk.request.endpoint or "").rsplit(".", 1)[-1].lstrip("_") in _ABOUT:
        return None
    package_id = storage.package_of(resource_id)
    facts = access.of(package_id) if package_id else None
    if facts is None or package_id is None or access.may_read_data(_user(), facts):
        return None
    try:
        tk.check_access("package_show", {"user": current_user.name}, {"id": package_id})
    except (tk.NotAuthorized, tk.ObjectNotFound):
        return None
    package = model.Session.get(model.Package, package_id)
    return _page(words(facts, package), package)


def _told(error: Restricted) -> Response:
    """A page of another plugin met the refusal on its way."""
    return _page({"text": str(error), "ppid": profile.current().ppid.model_dump()}, None)


def _page(access_words: dict[str, Any], package: model.Package | None) -> Response:
    extra = {"access": access_words, "package": package}
    answer = make_response(tk.render("satudata/approval/restricted.html", extra), 403)
    answer.headers["X-Robots-Tag"] = "noindex"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def words(facts: Facts, package: model.Package | None) -> dict[str, Any]:
    """The restriction of a dataset as pages say it.

    Returns:
        ``level``, ``label``, ``text`` (who may read), ``basis`` (legal, may be empty) and
        ``ppid`` (where others ask; None for closed data).
    """
    basis = dict(package.extras or {}).get("dasar_pembatasan", "") if package else ""
    restricted = facts.level == metadata.RESTRICTED
    return {
        "level": facts.level,
        "label": texts.access_classes()[facts.level],
        "text": texts.readers(access.readers(facts)) if restricted else texts.closed(),
        "basis": basis,
        "ppid": profile.current().ppid.model_dump() if restricted else None,
    }


def shown(pkg_dict: dict[str, Any], user: model.User | None) -> dict[str, Any] | None:
    """The restriction of a dataset for one person, or None where the data is open.

    Args:
        pkg_dict: as of ``package_show``.
        user: who looks.

    Returns:
        As :func:`words`, and ``may_read``.
    """
    facts = access.of(pkg_dict["id"]) if pkg_dict.get("id") else None
    if facts is None or facts.level == metadata.OPEN:
        return None
    package = model.Session.get(model.Package, pkg_dict["id"])
    told, may_read = words(facts, package), access.may_read_data(user, facts)
    if may_read and facts.level != metadata.RESTRICTED:
        told["text"] = texts.parties_only()
    return {**told, "may_read": may_read}
