"""Pages of the letters. They hold no rule: every button calls its action."""

from __future__ import annotations

import io
from typing import Any

from flask import Blueprint, Response, send_file
from flask.views import MethodView

from ckan import model
from ckan.common import current_user
from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _

from ckanext.satudata.common import files, limits
from ckanext.satudata.common import pages as shared
from ckanext.satudata.letters import pages, register, service
from ckanext.satudata.letters.model import Letter

__all__ = ["satudata_letters"]

satudata_letters = Blueprint("satudata_letters", __name__)
_DECISIONS = ("confirm", "reject", "revoke", "sign", "upload")


shared.guard(satudata_letters)


def _user() -> model.User:
    if current_user.is_anonymous:
        raise tk.NotAuthorized
    return model.User.get(current_user.name)


def _letter(id: str) -> Letter:
    tk.get_action("satudata_letter_show")({"user": current_user.name}, {"id": id})
    found = service.get(id)
    if found is None:
        raise tk.ObjectNotFound
    return found


@satudata_letters.route("/surat")
def index() -> str:
    """The register: every letter a person may read, with filters."""
    user = _user()
    tk.check_access("satudata_letter_list", {"user": user.name}, {})
    return tk.render(
        "satudata/letters/register.html", pages.register_page(user, tk.request.args.to_dict())
    )


@satudata_letters.route("/surat/daftar.xlsx")
def workbook() -> Response:
    """The register as workbook, with the filters of the page."""
    user, args = _user(), tk.request.args
    tk.check_access("satudata_letter_list", {"user": user.name}, {})
    organization = model.Group.get(args.get("organization") or "")
    year = args.get("year", "") if args.get("year", "").isdecimal() else ""
    rows = register.find(
        user,
        year=int(year) if year else None,
        state=args.get("state") or None,
        organization_id=organization.id if organization else None,
        limit=register.EXPORT,
    )
    return send_file(
        io.BytesIO(register.xlsx(rows)),
        mimetype="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        as_attachment=True,
        download_name=f"register-surat-validasi-{year or 'semua'}.xlsx",
    )


class Read(MethodView):
    """One letter (GET), and what is done with it (POST, one action each)."""

    def get(self, id: str) -> str:
        """Facts, attachment, files and forms of the letter."""
        return self._page(_letter(id), None, [])

    def post(self, id: str) -> Response | str:
        """Call the action the button names; on a refusal the page again."""
        name = tk.request.form.get("do", "")
        if name not in _DECISIONS:
            raise tk.ObjectNotFound
        letter = _letter(id)
        data: dict[str, Any] = {"id": letter.id, "comment": tk.request.form.get("comment", "")}
        upload = tk.request.files.get("upload")
        if upload is not None and upload.filename:
            data["upload"] = upload
        try:
            tk.get_action(f"satudata_letter_{name}")({"user": current_user.name}, data)
        except (tk.NotAuthorized, tk.ValidationError) as error:
            said = [message for _field, message in shared.problems(error)]
            return self._page(_letter(id), name, said)
        tk.h.flash_success(_done()[name])
        return tk.h.redirect_to("satudata_letters.read", id=letter.id)

    def _page(self, letter: Letter, name: str | None, said: list[str]) -> str:
        shown = pages.letter_page(letter, _user())
        typed = tk.request.form.get("comment", "") if name else ""
        return tk.render(
            "satudata/letters/letter.html", {**shown, "errors": said, "asked": name, "typed": typed}
        )


def _done() -> dict[str, str]:
    return {
        "confirm": _("Confirmed. The letter is in effect."),
        "reject": _("The scan was sent back."),
        "revoke": _("The letter is revoked."),
        "sign": _("The signed letter is in the register."),
        "upload": _("The scan is stored. A second person confirms it."),
    }


satudata_letters.add_url_rule("/surat/<id>", view_func=Read.as_view("read"))


@satudata_letters.route("/surat/<id>/<any(berkas, pdf, docx):form>")
def download(id: str, form: str) -> Response:
    """Files of a letter, for those who may read it."""
    letter = _letter(id)
    name = f"surat-validasi-{letter.register.replace('/', '-')}"
    if form == "berkas":
        if letter.file_sha256 is None:
            raise tk.ObjectNotFound
        with open(files.path(letter.file_sha256), "rb") as source:
            kind = files.scan_type(source.read(16)) or "application/octet-stream"
        ending = {"image/jpeg": "jpg", "image/png": "png"}.get(kind, "pdf")
        return send_file(
            files.path(letter.file_sha256), mimetype=kind, download_name=f"{name}.{ending}"
        )
    if not letter.content:
        raise tk.ObjectNotFound
    if form == "pdf":
        return send_file(
            io.BytesIO(service.pdf(letter)),
            mimetype="application/pdf",
            download_name=f"{name}-rancangan.pdf",
        )
    return send_file(
        io.BytesIO(service.docx(letter)),
        mimetype="application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        as_attachment=True,
        download_name=f"{name}.docx",
    )


class Verify(MethodView):
    """Public verification (QR): is this letter in the register?"""

    def get(self, code: str = "") -> Any:
        """The field for a code, or what is known of one."""
        typed = tk.request.args.get("kode", "").strip()
        if typed and not code:
            return tk.h.redirect_to("satudata_letters.verify", code="".join(typed.split()).upper())
        return self._page(code, {"code": code})

    def post(self, code: str = "") -> Any:
        """Compare an uploaded file with the signed letter; nothing of it is kept."""
        upload = tk.request.files.get("upload")
        data = {"code": code, "upload": upload if upload and upload.filename else None}
        return self._page(code, data, compared=data["upload"] is not None)

    def _page(self, code: str, data: dict[str, Any], *, compared: bool = False) -> Any:
        found, status = None, 200
        if code:
            if limits.too_many("verify", tk.request.remote_addr or "-"):
                text = _("Too many tries. Wait a minute.")
                page = tk.render("satudata/letters/verify.html", {"found": None, "wait": text})
                return page, 429
            found = tk.get_action("satudata_letter_verify")({"user": ""}, data)
            if found["result"] == "none":
                limits.count("verify", tk.request.remote_addr or "-")
                status = 404
        shown = {"found": found, "code": code, "compared": compared, "wait": None}
        return tk.render("satudata/letters/verify.html", shown), status


verify = Verify.as_view("verify")
satudata_letters.add_url_rule("/surat/v", view_func=verify)
satudata_letters.add_url_rule("/surat/v/<code>", view_func=verify)
