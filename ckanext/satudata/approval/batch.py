"""The head's pages: what waits for a signature, how it is signed (pages, section 8)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _, ungettext

from ckanext.satudata.approval import access, figures, forms, permissions, texts
from ckanext.satudata.approval.model import Approval
from ckanext.satudata.approval.states import HEAD_REASONS, TRANSITIONS, State
from ckanext.satudata.common import clock, dates
from ckanext.satudata.letters import service as letters
from ckanext.satudata.letters import signing
from ckanext.satudata.letters import texts as letter_texts
from ckanext.satudata.metadata import service as metadata
from ckanext.satudata.roles import permissions as roles
from ckanext.satudata.roles.states import Role

#: Datasets on one page; more are validated in a second letter.
MOST = 50


def agencies(user: model.User) -> list[str]:
    """Agencies whose head a person is today, or stands in for."""
    held = [one for one in roles.holdings(user.id) if one.role is Role.KEPALA_OPD]
    return list(dict.fromkeys(one.organization_id for one in held if one.organization_id))


def page(
    user: model.User, organization: str | None, dataset: str | None = None
) -> dict[str, Any] | None:
    """What waits for a head in one agency; None for who is no head.

    Args:
        user: who looks.
        organization: name of the agency, for a stand-in of several.
        dataset: name of the one the person came from; its agency is shown.
    """
    own = agencies(user)
    if not own:
        return None
    came_from = model.Package.get(dataset) if dataset else None
    wanted = came_from.owner_org if came_from else organization
    chosen = model.Group.get(wanted) if wanted else None
    agency = chosen if chosen is not None and chosen.id in own else _with_work(own)
    rows = [_item(user, *row) for row in _waiting(agency)]
    for row in rows:
        row["chosen"] = came_from is None or row["id"] == came_from.id
    first = min((row["due_at"] for row in rows if row["due_at"]), default=None)
    free = [row for row in rows if row["chosen"] and not row["blocked"] and not row["letter"]]
    return {
        "agency": agency,
        "others": [
            {"title": one.title, "url": tk.url_for("satudata_approval.validation", opd=one.name)}
            for one in (model.Group.get(key) for key in own)
            if one.id != agency.id
        ],
        "rows": rows,
        "count": len(free),
        "due": dates.due(first),
        "last": _last(agency) if not rows else None,
        "title": _title(agency, free),
        "statement": texts.asks()["validate"],
        "stand_in": any(
            one.acting_for for one in roles.holdings(user.id) if one.organization_id == agency.id
        ),
    }


def _with_work(own: list[str]) -> model.Group:
    """Of several agencies the first in which something waits."""
    agencies_ = [model.Group.get(key) for key in own]
    return next((one for one in agencies_ if _waiting(one)), agencies_[0])


def _waiting(agency: model.Group) -> list[Any]:
    """Cases of an agency that wait for its head, most urgent first."""
    query = (
        sa.select(Approval, model.Package)
        .join(model.Package, model.Package.id == Approval.package_id)
        .where(
            Approval.state == str(State.AWAITING_VALIDATION),
            model.Package.owner_org == agency.id,
            model.Package.state == "active",
        )
        .order_by(Approval.due_at.asc().nulls_last(), Approval.priority.desc(), Approval.id)
        .limit(MOST)
    )
    return list(model.Session.execute(query))


def paper(package_id: str, user: model.User) -> dict[str, Any]:
    """What a registrar has printed for a head who signs on paper.

    Args:
        package_id: the dataset the person came from; it is chosen already.
        user: the registrar.
    """
    package = model.Package.get(package_id)
    agency = model.Group.get(package.owner_org)
    rows = []
    for approval, one in _waiting(agency):
        item = _item(user, approval, one, Role.WALIDATA)
        rows.append({**item, "chosen": one.id == package.id})
    people = [
        model.Session.get(model.User, key) for key in roles.holders(Role.KEPALA_OPD, agency.id)
    ]
    return {"agency": agency, "rows": rows, "heads": [one for one in people if one is not None]}


def paper_fields(
    found: dict[str, Any], sent: dict[str, Any], errors: dict[str, str]
) -> list[dict[str, Any]]:
    """Fields of the page that prints a letter: who signs, number, date."""
    names = {one.name: one.fullname or one.name for one in found["heads"]}
    rows = [
        forms.field(
            "number",
            _("Number of the letter"),
            "text",
            help=_("The number your office gives. Empty: the portal gives one."),
        ),
        forms.field("date", _("Date of the letter"), "date", value=clock.today().isoformat()),
    ]
    if len(names) > 1:
        rows.insert(0, forms.field("signer", _("Signer"), "select", options=forms.options(names)))
    for row in rows:
        row["value"] = sent.get(row["name"], row.get("value"))
        row["error"] = errors.get(row["name"])
    return rows


def _title(agency: model.Group, rows: list[dict[str, Any]]) -> str:
    if len(rows) == 1:
        return rows[0]["title"]
    if not rows:
        return _("Validation")
    text = ungettext("Validate %(num)s dataset", "Validate %(num)s datasets", len(rows))
    return f"{text} {agency.title}"


def _item(
    user: model.User,
    approval: Approval,
    package: model.Package,
    role: Role = Role.KEPALA_OPD,
) -> dict[str, Any]:
    denied = permissions.denial(TRANSITIONS["validate"], user.id, approval, package.id)
    return {
        "id": package.id,
        "name": package.name,
        "title": package.title or package.name,
        "period": metadata.period(package),
        "url": tk.url_for("dataset.read", id=package.name),
        "figure": figures.of(package),
        "limits": access.limits(package),
        "due_at": approval.due_at,
        "blocked": texts.same_person(denied.how, (role,)) if denied else None,
        "letter": letters.number(approval.letter_id) if approval.letter_id else None,
    }


def _last(agency: model.Group) -> dict[str, str] | None:
    row = model.Session.execute(
        sa.select(model.Package.title, Approval.validated_at)
        .join(model.Package, model.Package.id == Approval.package_id)
        .where(model.Package.owner_org == agency.id, Approval.validated_at.is_not(None))
        .order_by(Approval.validated_at.desc())
        .limit(1)
    ).first()
    return {"title": row[0], "when": dates.moment(row[1])} if row else None


def sign_fields(sent: dict[str, Any], errors: dict[str, str]) -> list[dict[str, Any]]:
    """Fields of the page "Tanda tangan": way, number, date, file."""
    ways = letter_texts.ways()
    adapter = signing.adapter()
    offered = ["pdf", "scan"] if adapter is None else ["tte", "pdf", "scan"]
    rows = [
        forms.field(
            "way",
            _("How do you sign?"),
            "radio",
            required=True,
            value=offered[0],
            options=[{"value": key, "text": ways[key]} for key in offered],
        ),
        forms.field(
            "upload",
            _("Signed letter (PDF)"),
            "file",
            help=_("Leave empty to get the letter with its number first, and upload it signed."),
            accept="application/pdf,.pdf",
        ),
        forms.field(
            "number",
            _("Number of the letter"),
            "text",
            help=_("The number your office gives. Empty: the portal gives one."),
        ),
        forms.field("date", _("Date of the letter"), "date", value=clock.today().isoformat()),
    ]
    rows += [
        forms.field(f"given.{one['name']}", one["label"], "secret" if one.get("secret") else "text")
        for one in (adapter.fields() if adapter else [])
    ]
    for row in rows:
        row["value"] = sent.get(row["name"], row.get("value"))
        row["error"] = errors.get(row["name"])
    return rows


def decline_fields(
    rows: list[dict[str, Any]], sent: dict[str, Any], errors: dict[str, str]
) -> list[dict[str, Any]]:
    """Fields of the page "Kembalikan": one reason for each chosen dataset."""
    reasons = {key: texts.reasons()[key] for key in HEAD_REASONS}
    fields = []
    for row in rows:
        code, text = f"code.{row['id']}", f"explanation.{row['id']}"
        fields.append(
            forms.field(
                code,
                f"{row['title']}: {_('Reason')}",
                "select",
                required=True,
                options=forms.options(reasons),
                value=sent.get(code),
                error=errors.get(code),
            )
        )
        fields.append(
            forms.field(
                text,
                _("What has to be done"),
                "textarea",
                required=True,
                value=sent.get(text),
                error=errors.get(text),
            )
        )
    return fields
