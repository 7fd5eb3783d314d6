"""Findings, events and rounds of a dataset's process, in words: rows of the panel."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _

from ckanext.satudata.approval import service, texts
from ckanext.satudata.approval.model import Approval, Finding
from ckanext.satudata.approval.states import PRINCIPLES, State
from ckanext.satudata.common import dates, events
from ckanext.satudata.letters.render import short
from ckanext.satudata.metadata import form
from ckanext.satudata.metadata import service as metadata
from ckanext.satudata.roles import texts as role_texts
from ckanext.satudata.roles.states import Role

_TONES = {"return": "orange", "decline": "orange", "return_to_walidata": "orange"}


class Rows:
    """The lists of a panel.

    Attributes:
        package: the dataset as of ``package_show``.
        approval: its approval, or None.
        state: where it stands.
        opd: title of its agency.
        findings: all of the approval, in their order.
        answers: finding → its answer as it is now.
        row: the dataset as it is stored.
        editable: may the person who looks change it now?
    """

    package: dict[str, Any]
    approval: Approval | None
    state: State
    opd: str
    findings: list[Finding]
    answers: dict[str, str]
    row: model.Package
    editable: bool

    def office(self) -> str:
        """Office of the head who signs, e.g. Kepala Dinas Kesehatan."""
        return _("Head of %(opd)s") % {"opd": self.opd}

    # Findings
    def finding(self, one: Finding) -> dict[str, Any]:
        """One finding with its place in words and the button to that place."""
        place, part, button = self._place(one)
        return {
            "number": one.number,
            "round": one.round,
            "place": place,
            "part": part,
            "text": one.comment,
            "reason": texts.reasons().get(one.code, one.code),
            "severity": one.severity,
            "severity_label": texts.severities()[one.severity],
            "answer": self.answers[one.id],
            "answer_label": texts.finding_answers()[self.answers[one.id]],
            "note": one.reply,
            "button": button if self._repairs() else None,
            "answer_url": self._answer_url(one),
        }

    def _repairs(self) -> bool:
        return self.state is State.RETURNED and self.editable

    def _answer_url(self, one: Finding) -> str | None:
        """Page on which the finding is answered by hand, where that is possible."""
        if not self._repairs() or self.answers[one.id] not in ("open", "reopened"):
            return None
        return tk.url_for("satudata_approval.finding", id=self.package["name"], number=one.number)

    def _place(self, one: Finding) -> tuple[str, str, dict[str, str] | None]:
        if one.resource_id:
            resource = next(
                (
                    found
                    for found in self.package.get("resources", ())
                    if found["id"] == one.resource_id
                ),
                {},
            )
            place = _("File %(name)s") % {"name": _file_name(resource)}
            if one.rows:
                place += ", " + _("row %(rows)s") % {"rows": one.rows}
            if one.column_name:
                place += ", " + _("column %(column)s") % {"column": one.column_name}
            url = tk.url_for(
                "dataset_resource.edit",
                id=self.package["name"],
                resource_id=one.resource_id,
            )
            return place, "", {"label": _("Replace file"), "url": url}
        part = form.place(one.field or "")
        url = tk.url_for("satudata_metadata.part", id=self.package["name"], page=part)
        button = {"label": _("Repair field"), "url": url + f"#field-{one.field or ''}"}
        if one.field:
            label = metadata.labels().get(one.field, one.field)
            return _("Metadata field: %(name)s") % {"name": label}, "", button
        return _("The whole dataset"), "", button

    # History
    def events(
        self, limit: int | None = None, *, newest_first: bool = False
    ) -> list[dict[str, Any]]:
        """Events in words; who is said by role, not by name."""
        query = sa.select(events.Event).where(
            events.Event.stream == service.stream(self.package["id"])
        )
        order = events.Event.number
        query = query.order_by(order.desc() if newest_first else order)
        if limit:
            query = query.limit(limit)
        return [self._event(one) for one in model.Session.scalars(query)]

    def _event(self, one: events.Event) -> dict[str, Any]:
        words, labels = texts.history(), texts.states()
        who = role_texts.role(one.role)
        if one.role in (str(Role.PRODUSEN_DATA), str(Role.WALIDATA_PENDUKUNG)):
            who = f"{who}, {self.opd}"
        elif one.role == str(Role.KEPALA_OPD):
            who = self.office()
        if one.acting_for:
            who = _("on behalf of %(who)s") % {"who": who}
        return {
            "kind": one.kind,
            "label": words.get(one.kind, one.kind),
            "detail": one.comment,
            "who": who,
            "role": one.role,
            "when": dates.moment(one.at),
            "round": one.data.get("round"),
            "from_label": labels.get(one.from_state or "", ""),
            "to_label": labels.get(one.to_state or "", ""),
            "fingerprint_short": short(one.fingerprint),
            "tone": "green" if one.kind == "publish" else _TONES.get(one.kind, "grey"),
        }

    def rounds(self) -> list[dict[str, Any]]:
        """Rounds of the approval for its tab, newest first."""
        if self.approval is None:
            return []
        everything = self.events()
        rows = []
        for number in range(max(1, self.approval.round), 0, -1):
            own = [one for one in everything if (one["round"] or 1) == number]
            submitted = next((one for one in own if one["to_label"]), None)
            rows.append(
                {
                    "number": number,
                    "submitted_on": submitted["when"] if submitted else "",
                    "submitted_by": submitted["who"] if submitted else "",
                    "findings": [self.finding(one) for one in self.findings if one.round == number],
                    "checklist": self._checklist() if number == self.approval.round else [],
                    "decisions": [
                        {
                            "label": one["label"],
                            "who": one["who"],
                            "when": one["when"],
                            "comment": one["detail"],
                        }
                        for one in own
                    ],
                }
            )
        return rows

    def _checklist(self) -> list[dict[str, str]]:
        assert self.approval is not None
        labels, words = texts.principles(), texts.answers()
        return [
            {
                "label": labels[code][0],
                "answer": answer,
                "answer_label": words[answer],
            }
            for code in PRINCIPLES
            if (answer := self.approval.checklist.get(code))
        ]


def _file_name(resource: dict[str, Any]) -> str:
    """Name of a file as its producer gave it, or that of the upload."""
    return resource.get("name") or resource.get("url", "").rsplit("/", 1)[-1] or "-"
