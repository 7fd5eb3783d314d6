"""The pages of the dataset form: one part each, for a new dataset and for one there is."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from functools import partial
from typing import Any

from flask import Response, jsonify
from flask.views import MethodView
from werkzeug.exceptions import Forbidden, NotFound

from ckan.common import current_user
from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _, ungettext

from ckanext.satudata.common import clock, dates
from ckanext.satudata.common.errors import Refusal
from ckanext.satudata.metadata import completeness, form, prefill
from ckanext.satudata.metadata import service as metadata

TEMPLATE = "satudata/metadata/part.html"
#: Datasets offered to copy from; the search finds the others.
CHOICE = 50


class Part(MethodView):
    """``/dataset/edit/<id>/<page>``: one part of the form of a dataset."""

    #: Endpoint of a part, and CKAN's name of the style of the form.
    endpoint, style = "satudata_metadata.part", "edit"

    def _read(self, id: str, page: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """The part and the dataset; a hidden or missing one is a missing page."""
        found = {one["number"]: one for one in form.pages()}
        package = self._shown(id)
        if page not in found or package["type"] != "dataset":
            raise NotFound
        self._may_change(package)
        return found[page], package

    def _may_change(self, package: dict[str, Any]) -> None:
        try:
            tk.check_access("package_update", self._context(), {"id": package["id"]})
        except tk.NotAuthorized as error:
            raise Forbidden(_("Only its agency changes a dataset.")) from error

    def _context(self, **more: Any) -> Any:
        return {"user": current_user.name, "auth_user_obj": current_user, **more}

    def get(self, id: str, page: int) -> str:
        """The part with what is stored."""
        part, package = self._read(id, page)
        return self._page(part, package, package, {})

    def post(self, id: str, page: int) -> Any:
        """Store what changed; then the same part, the next one, or the dataset."""
        part, package = self._read(id, page)
        sent = tk.request.form
        changed, errors = form.changes(part["fields"], sent, package)
        automatic = sent.get("save") == "auto"
        if changed:
            wrong = self._store(package, changed)
            if automatic and wrong:
                # One wrong answer must not keep the others of the page from being saved.
                self._store(package, {key: changed[key] for key in changed if key not in wrong})
            errors = {**errors, **wrong}
            package = self._shown(package["id"])
        if automatic:
            return self._auto(part, package, errors)
        if errors:
            shown = {**package, **form.typed(part["fields"], sent)}
            return self._page(part, package, shown, errors)
        return tk.h.redirect_to(self._after(sent.get("save", ""), part, package))

    def _shown(self, id: str) -> dict[str, Any]:
        return tk.get_action("package_show")(self._context(for_edit=True), {"id": id})

    def _store(self, package: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
        """Store what changed; messages by field where something is wrong, and nothing stored."""
        try:
            tk.get_action("package_patch")(self._context(), {**changed, "id": package["id"]})
        except Refusal:
            raise
        except tk.ValidationError as error:
            return error.error_dict
        return {}

    def _after(self, asked: str, part: dict[str, Any], package: dict[str, Any]) -> str:
        """Where a saved part leads to."""
        if asked == "stay":
            tk.h.flash_success(_("Saved. Nobody outside sees it."))
            to: dict[str, Any] | None = part
        else:
            before, after = form.neighbours(part["number"], package)
            to = before if asked == "previous" else after
        if to is None:
            return self._end(package)
        return tk.url_for(self.endpoint, id=package["name"], page=to["number"])

    def _end(self, package: dict[str, Any]) -> str:
        """Page after the last part: the dataset."""
        return tk.url_for("dataset.read", id=package["name"])

    def _auto(
        self, part: dict[str, Any], package: dict[str, Any], errors: dict[str, Any]
    ) -> Response:
        """Answer to the script that saves while somebody types."""
        found = completeness.of_values(package, package["resources"])
        answer = {
            "errors": {key: _first(one) for key, one in errors.items()},
            "seen": form.marks(part["fields"], package),
            "filled": found.filled,
            "total": found.total,
            "count": _("{filled} of {total}").format(filled=found.filled, total=found.total),
            "text": _("Saved %(time)s.") % {"time": dates.hour(clock.now())},
        }
        return jsonify(answer)

    def _page(
        self,
        part: dict[str, Any],
        package: dict[str, Any],
        shown: dict[str, Any],
        errors: dict[str, Any],
    ) -> str:
        """Render a part.

        Args:
            part: of the form.
            package: as stored.
            shown: as the inputs show it: what was typed where something is wrong.
            errors: messages by field.
        """
        found = completeness.of_values(package, package["resources"])
        data = {**shown, "tag_string": shown.get("tag_string") or form.stored(_TAGS, package)}
        missing = [one for one in found.missing if "resource" not in one]
        first = missing[0]["field"] if missing else None
        before, after = form.neighbours(part["number"], data)
        extra = {
            "pkg_dict": package,
            "pkg": package,
            "dataset_type": "dataset",
            "form_snippet": "satudata/metadata/snippets/form.html",
            "form_vars": {
                "data": data,
                "errors": errors,
                "error_summary": {},
                "form_style": self.style,
                "dataset_type": "dataset",
                "part": part,
                "groups": form.groups(part["fields"], data),
                "seen": form.marks(part["fields"], package),
                "previous": before,
                "following": after,
            },
            "part": part,
            "found": found,
            "outline": form.outline(found, part["number"]),
            "endpoint": self.endpoint,
            "hidden": sum(one.hidden for one in found.parts),
            "next_url": (
                tk.url_for(self.endpoint, id=package["name"], page=form.place(first))
                + f"#field-{first}"
                if first
                else None
            ),
            "files_url": self._files_url(package),
            # Asked for by the page of a locked dataset only.
            "answers": partial(form.answers, part["fields"], package),
            "saved": dates.moment(_moment(package["metadata_modified"])),
        }
        return tk.render(TEMPLATE, extra)

    def _files_url(self, package: dict[str, Any]) -> str:
        if package["resources"]:
            return tk.url_for(
                "dataset_resource.edit",
                id=package["name"],
                resource_id=package["resources"][0]["id"],
            )
        return tk.url_for("dataset_resource.new", id=package["name"])


_TAGS = {"field_name": "tag_string"}


def _moment(text: str) -> datetime:
    """When CKAN stored something; it writes UTC without saying so."""
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def _first(message: Any) -> str:
    while isinstance(message, (list, tuple)) and message:
        message = message[0]
    return str(message)


class NewPart(Part):
    """``/dataset/new/<id>/<page>``: the parts after the first one of a new dataset."""

    endpoint, style = "satudata_metadata.new_part", "new"

    def _end(self, package: dict[str, Any]) -> str:
        """Page after the last part: the file."""
        if package["resources"]:
            return super()._end(package)
        return tk.url_for("dataset_resource.new", id=package["name"])


class Prefill(Part):
    """``/dataset/<id>/salin-isian``: fill what is empty from another dataset of the agency."""

    def _dataset(self, id: str) -> dict[str, Any]:
        package = self._shown(id)
        self._may_change(package)
        return package

    def get(self, id: str) -> str:  # type: ignore[override]
        """The datasets to choose from, most like this one first."""
        package, asked = self._dataset(id), tk.request.args.get("q", "").strip()
        return self._choice(package, asked, "")

    def post(self, id: str) -> Any:  # type: ignore[override]
        """Fill from the chosen one, and back to the form."""
        package, source = self._dataset(id), tk.request.form.get("source", "")
        if not source:
            return self._choice(package, "", _("Choose the dataset whose answers are copied."))
        data = {"id": package["id"], "source": source}
        done = tk.get_action("satudata_dataset_prefill")(self._context(), data)
        number = len(done["filled"]) + done["files"]
        if number:
            text = ungettext("%(num)s answer copied.", "%(num)s answers copied.", number)
            tk.h.flash_success(text % {"num": number} + " " + _("What you wrote is unchanged."))
        else:
            tk.h.flash_notice(_("There was nothing to copy: what it has is filled here already."))
        return tk.h.redirect_to("satudata_metadata.part", id=package["name"], page=1)

    def _choice(self, package: dict[str, Any], asked: str, error: str) -> str:
        rows = [
            {
                "id": one["id"],
                "title": one["title"],
                "period": metadata.period_of(one),
                "number": len(prefill.values(one, package)),
            }
            for one in self._others(package, asked)
        ]
        extra = {"pkg_dict": package, "pkg": package, "dataset_type": "dataset"}
        extra |= {"rows": [one for one in rows if one["number"]], "q": asked, "error": error}
        return tk.render("satudata/metadata/prefill.html", extra)

    def _others(self, package: dict[str, Any], asked: str) -> list[dict[str, Any]]:
        """Datasets of the same agency, those with its words in the title first."""
        data: dict[str, Any] = {
            # Words only: what the search engine takes for syntax is no title.
            "q": re.sub(r"[^\w\s]", " ", asked).strip() or "*:*",
            "fq": f'+owner_org:"{package["owner_org"]}" -id:"{package["id"]}"',
            "rows": CHOICE,
            "include_private": True,
            "sort": "metadata_modified desc",
        }
        found = tk.get_action("package_search")(self._context(), data)["results"]
        words = set(package["title"].lower().split())
        return sorted(found, key=lambda one: -len(words & set(one["title"].lower().split())))
