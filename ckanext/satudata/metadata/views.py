"""Pages of the code lists, for everybody."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response
from werkzeug.exceptions import NotFound

from ckan.common import current_user
from ckan.plugins import toolkit as tk

from ckanext.satudata.common import pages as shared
from ckanext.satudata.metadata import codelists, pages
from ckanext.satudata.metadata.indah_pages import FORMS, Indah, download
from ckanext.satudata.metadata.parts import NewPart, Part, Prefill

__all__ = ["satudata_metadata"]

satudata_metadata = Blueprint("satudata_metadata", __name__)


shared.guard(satudata_metadata)


def _ask(action: str, **data: Any) -> Any:
    """Call an action; an unknown list is a missing page, also for who is not signed in."""
    try:
        return tk.get_action(action)({"user": current_user.name}, data)
    except tk.ObjectNotFound as error:
        raise NotFound from error


@satudata_metadata.route("/kode-referensi")
def index() -> str:
    """All code lists with their sources."""
    lists = _ask("satudata_code_list_list")
    return tk.render("satudata/metadata/lists.html", pages.index(lists))


@satudata_metadata.route("/kode-referensi/<id>")
def show(id: str) -> str:
    """One list: search, fifty codes a page."""
    text, number = tk.request.args.get("q", "").strip(), _number()
    start = (number - 1) * pages.PAGE
    shown = _ask("satudata_code_list_show", id=id, q=text, limit=pages.PAGE, offset=start)
    return tk.render("satudata/metadata/list.html", pages.one(shown, text, number))


@satudata_metadata.route("/kode-referensi/<id>.csv")
def table(id: str) -> Response:
    """The codes as CSV: all of them, or those that the search of the page found."""
    _ask("satudata_code_list_show", id=id, limit=0)
    found = codelists.get(id)
    assert found is not None
    answer = make_response(pages.table(found, tk.request.args.get("q", "").strip()))
    answer.headers["Content-Type"] = "text/csv; charset=utf-8"
    answer.headers["Content-Disposition"] = f'attachment; filename="kode-referensi-{id}.csv"'
    return answer


def _number() -> int:
    """Number of the page asked for; the first one for anything that is no number."""
    given = tk.request.args.get("page", "")
    return max(1, int(given)) if given.isascii() and given.isdecimal() and len(given) < 7 else 1


satudata_metadata.add_url_rule("/dataset/edit/<id>/<int:page>", view_func=Part.as_view("part"))
satudata_metadata.add_url_rule(
    "/dataset/new/<id>/<int:page>", view_func=NewPart.as_view("new_part")
)
satudata_metadata.add_url_rule("/dataset/<id>/indah", view_func=Indah.as_view("indah"))
for _ending in FORMS:
    satudata_metadata.add_url_rule(
        f"/dataset/<id>/indah.{_ending}",
        endpoint=f"indah_{_ending}",
        defaults={"ending": _ending},
        view_func=download,
    )
satudata_metadata.add_url_rule("/dataset/<id>/salin-isian", view_func=Prefill.as_view("prefill"))
