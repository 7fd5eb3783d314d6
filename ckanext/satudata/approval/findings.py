"""How findings are answered: repaired, replied to, accepted, opened again.

A finding at a field or file counts as repaired as soon as another content stands there
than when it was found; that is derived from ``seen``, never stored before submission.
"""

from __future__ import annotations

import hashlib
import json

import sqlalchemy as sa

from ckan import model
from ckan.plugins.toolkit import _

from ckanext.satudata.approval.model import Approval, Finding
from ckanext.satudata.common import clock
from ckanext.satudata.common.errors import refuse
from ckanext.satudata.metadata import service as metadata

#: Answers that leave a finding open.
OPEN = ("open", "reopened")


def stands(package: model.Package, field: str | None, resource_id: str | None) -> str | None:
    """Hash of what stands at the place of a finding now; None for the whole dataset."""
    if resource_id:
        found = next((one for one in package.resources if one.id == resource_id), None)
        content: object = None
        if found is not None and found.state == "active":
            content = [found.url, found.hash, found.size, str(found.last_modified)]
    elif field == "tag_string":
        content = sorted(tag.name for tag in package.get_tags())
    elif field:
        content = metadata.values(package).get(field)
    else:
        return None
    text = json.dumps(content, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def answer(finding: Finding, package: model.Package) -> str:
    """Answer of a finding as it is now: an open one is fixed when its place changed."""
    if finding.answer in OPEN and finding.seen is not None:
        now = stands(package, finding.field, finding.resource_id)
        return "fixed" if now != finding.seen else finding.answer
    return finding.answer


def of(approval: Approval | None) -> list[Finding]:
    """Findings of a case in their order."""
    return list(model.Session.scalars(Finding.of(approval.id))) if approval else []


def left(approval: Approval | None, package: model.Package) -> list[Finding]:
    """Findings that must be answered before the dataset is submitted again."""
    return [one for one in of(approval) if one.severity == "must" and answer(one, package) in OPEN]


def settle(approval: Approval, package: model.Package, user: model.User | None) -> None:
    """Store the answers at submission.

    Raises:
        Refusal: ``findings_open`` names those that are neither repaired nor replied to.
    """
    missing = left(approval, package)
    if missing:
        refuse(
            "findings_open",
            _("Repair or reply to every finding first. Open: %(numbers)s.")
            % {"numbers": ", ".join(str(one.number) for one in missing)},
            "findings",
        )
    for one in of(approval):
        now = answer(one, package)
        if one.answer in OPEN and now == "fixed":
            set_answer(one, "fixed", user)


def set_answer(finding: Finding, word: str, user: model.User | None, reply: str = "") -> None:
    """Note an answer, by whom and when."""
    finding.answer, finding.reply = word, reply or finding.reply
    finding.answered_by = user.id if user else None
    finding.answered_at = clock.now()
    if word == "reopened":
        # What stands there now is what was found wanting.
        package = model.Session.get(
            model.Package,
            model.Session.scalar(
                sa.select(Approval.package_id).where(Approval.id == finding.approval_id)
            ),
        )
        finding.seen = stands(package, finding.field, finding.resource_id)
    model.Session.flush()


def get(finding_id: str) -> tuple[Finding, Approval] | None:
    """A finding with its case, or None."""
    row = model.Session.execute(
        sa.select(Finding, Approval)
        .join(Approval, Approval.id == Finding.approval_id)
        .where(Finding.id == finding_id)
    ).first()
    return (row[0], row[1]) if row else None
