"""What the pages of the letters show: register, one letter, verification."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _

from ckanext.satudata.common import clock, dates
from ckanext.satudata.letters import owners, permissions, register, render, service, texts
from ckanext.satudata.letters.model import Letter
from ckanext.satudata.letters.states import WAITING, LetterKind, LetterState, Way

_BADGES = {
    "waiting_signature": "awaiting_validation",
    "waiting_scan": "awaiting_validation",
    "waiting_confirmation": "submitted",
    "valid": "published",
    "revoked": "withdrawn",
}


def badge(state: str) -> dict[str, str]:
    """Badge of a letter's state, in the colours of the datasets' badges."""
    return {"state": _BADGES[state], "label": texts.states()[state], "icon": _BADGES[state]}


def signer_name(letter: Letter) -> str:
    """Office as it signs, with Plt., Plh. or a.n. before it."""
    signer = letter.content.get("signer", {})
    return signer.get("prefix", "") + signer.get("office", "") or "-"


def register_page(user: model.User, args: dict[str, str]) -> dict[str, Any]:
    """The register of one year with its filters.

    Args:
        user: who looks.
        args: ``year``, ``state`` (one, or waiting), ``organization``, ``after``.
    """
    kind = str(LetterKind.SURAT_VALIDASI)
    years = register.years(kind) or [clock.today().year]
    year = int(args["year"]) if args.get("year", "").isdecimal() else years[0]
    state = args.get("state") if args.get("state") in ("waiting", *LetterState) else None
    agency = args.get("organization") or None
    organization = model.Group.get(agency) if agency else None
    after = int(args["after"]) if args.get("after", "").isdecimal() else None
    rows = register.find(
        user,
        kind=kind,
        year=year,
        state=state,
        organization_id=organization.id if organization else None,
        limit=register.PAGE + 1,
        after=after,
    )
    shown = rows[: register.PAGE]
    kept = {"year": year, "state": state, "organization": agency}
    kept = {key: value for key, value in kept.items() if value}
    return {
        "rows": [_row(*one) for one in shown],
        "years": [
            {"label": str(one), "url": _list(year=one), "active": one == year} for one in years
        ],
        "chips": _chips(kind, year, state, user),
        "summary": _summary(kind, year) if permissions.keeps_register(user) else None,
        "xlsx_url": tk.url_for("satudata_letters.workbook", **kept),
        "next_url": _list(**{**kept, "after": shown[-1][0].register_number})
        if len(rows) > register.PAGE
        else None,
        "filtered": bool(state or agency),
        "year": year,
    }


def _list(**args: Any) -> str:
    return tk.url_for("satudata_letters.index", **args)


def _row(letter: Letter, agency: str, count: int) -> dict[str, Any]:
    return {
        "url": tk.url_for("satudata_letters.read", id=letter.id),
        "register": letter.register,
        "number": letter.number,
        "date": dates.day(letter.dated),
        "agency": agency,
        "signer": signer_name(letter),
        "count": count,
        "way": texts.ways_short()[letter.way],
        "badge": badge(letter.state),
    }


def _chips(kind: str, year: int, state: str | None, user: model.User) -> list[dict[str, Any]]:
    words = texts.states()
    counts = register.summary(kind, year)["states"] if permissions.keeps_register(user) else {}
    rows = [{"label": _("All"), "url": _list(year=year), "active": not state, "count": None}]
    for one in LetterState:
        rows.append(
            {
                "label": words[str(one)],
                "url": _list(year=year, state=str(one)),
                "active": state == str(one),
                "count": counts.get(str(one)) if counts else None,
            }
        )
    return rows


def _summary(kind: str, year: int) -> dict[str, Any]:
    found = register.summary(kind, year)
    problems = [_("Number %(n)s missing") % {"n": one} for one in found["missing"]]
    problems += [_("Number %(n)s used twice") % {"n": one} for one in found["doubles"]]
    text = _("%(count)s letters in %(year)s, numbers 001-%(last)03d, none missing or double.") % {
        "count": found["count"],
        "year": year,
        "last": found["last"],
    }
    return {"ok": not problems, "text": text, "problems": problems, "count": found["count"]}


def letter_page(letter: Letter, user: model.User) -> dict[str, Any]:
    """One letter: facts, attachment, and what the person may do with it."""
    organization = model.Session.get(model.Group, letter.organization_id)
    signer = letter.content.get("signer", {})
    facts = [
        (_("Register number"), letter.register),
        (_("Date of the letter"), dates.day(letter.dated)),
        (_("Agency"), organization.title if organization else "-"),
        (_("Signer"), f"{signer.get('name', '-')}, {signer_name(letter)}"),
        (_("Way"), texts.ways()[letter.way]),
    ]
    if letter.signature:
        facts.append((_("Electronic signature"), texts.signatures()[letter.signature]))
    if letter.signed_at:
        facts.append((_("Signed"), dates.moment(letter.signed_at)))
    if letter.revoked_at:
        facts.append(
            (_("Revoked"), f"{dates.moment(letter.revoked_at)}: {letter.revoke_reason or '-'}")
        )
    facts.append((_("Verification code"), letter.content.get("code_spaced", letter.code)))
    return {
        "letter": letter,
        "title": texts.kinds()[letter.kind],
        "badge": badge(letter.state),
        "line": _line(letter, user),
        "facts": facts,
        "items": [_item(one) for one in service.items(letter.id)],
        "files": _files(letter),
        "verify_url": service.verify_url(letter.code),
        "forms": _forms(letter, user),
        "content_kept": bool(letter.content),
    }


def _line(letter: Letter, user: model.User) -> str:
    if letter.state == str(LetterState.WAITING_SCAN) and not permissions.is_registrar(user):
        return _("Hand the letter signed on paper to the walidata, who uploads the scan.")
    return {
        "waiting_signature": _("Sign the PDF and upload it. Publication waits for it."),
        "waiting_scan": _("Print, have it signed, and upload the scan. Publication waits for it."),
        "waiting_confirmation": _("A second person compares the scan with the letter."),
        "valid": _("This letter is in effect."),
        "revoked": _("This letter is not in effect any more. Its number stays in the register."),
    }[letter.state]


def _item(one: Any) -> dict[str, Any]:
    package = model.Package.get(one.package_id)
    url = tk.url_for("dataset.read", id=package.name) if package else None
    return {
        "title": one.title,
        "period": one.period,
        "fingerprint": render.short(one.fingerprint),
        "url": url if package and package.state == "active" else None,
        "void": texts.void_reasons().get(one.void_reason or "", one.void_reason),
    }


def _files(letter: Letter) -> list[dict[str, str]]:
    rows = []
    if letter.file_sha256:
        label = _("Signed letter") if letter.state == "valid" else _("Uploaded file")
        rows.append({"label": label, "url": _file(letter, "berkas")})
    if letter.content:
        rows.append({"label": _("Letter to sign (PDF)"), "url": _file(letter, "pdf")})
        rows.append({"label": _("Letter to sign (Word)"), "url": _file(letter, "docx")})
    return rows


def _file(letter: Letter, form: str) -> str:
    return tk.url_for("satudata_letters.download", id=letter.id, form=form)


def _forms(letter: Letter, user: model.User) -> list[dict[str, Any]]:
    """Forms of the letter page, each one action; a blocked one says why."""
    state, rows = LetterState(letter.state), []
    waiting = state in WAITING
    barred = owners.of(letter).barred(letter) if waiting else {}
    same = (
        _("You checked or prepared this data. Another person does this.")
        if user.id in barred
        else None
    )
    if state is LetterState.WAITING_CONFIRMATION and permissions.may_confirm(user, letter):
        own = (
            _("You uploaded this file. A second person confirms it.")
            if letter.registered_by == user.id
            else same
        )
        rows.append(
            _form(
                "confirm",
                _("Confirm the scan"),
                "go",
                own,
                ask=_(
                    "Are number, date, datasets and signature on the scan those of this "
                    "letter? With the confirmation it takes effect."
                ),
            )
        )
        rows.append(_form("reject", _("Not the letter"), "return", own, comment=_("Reason")))
    if waiting and state is not LetterState.WAITING_CONFIRMATION:
        if permissions.may_sign(user, letter) and letter.way != Way.SCAN:
            blocked = None if letter.signer_id == user.id else same
            rows.append(
                _form("sign", _("Upload a signed PDF"), "go", blocked, file="application/pdf,.pdf")
            )
        if permissions.is_registrar(user):
            rows.append(
                _form(
                    "upload",
                    _("Upload the scan"),
                    "go",
                    same,
                    file="application/pdf,image/jpeg,image/png",
                    ask=_(
                        "The scan of the letter signed on paper. A second person confirms it "
                        "afterwards."
                    ),
                )
            )
    if state is not LetterState.REVOKED and permissions.may_sign(user, letter):
        rows.append(
            _form("revoke", _("Revoke letter"), "danger", None, comment=_("Reason"), fold=True)
        )
    return rows


def _form(name: str, label: str, style: str, blocked: str | None, **more: Any) -> dict[str, Any]:
    return {"name": name, "label": label, "style": style, "blocked": blocked, **more}
