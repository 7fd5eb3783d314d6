"""What the pages show of a dataset's process: state, turn, findings, parties, history.

One reading of the database for the whole panel, in a constant number of queries. Words
come from texts.py; no rule is made here.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import sqlalchemy as sa

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _, ungettext

from ckanext.satudata import config, profile
from ckanext.satudata.approval import (
    access,
    findings,
    permissions,
    publication,
    service,
    states,
    texts,
)
from ckanext.satudata.approval.model import Approval, Publication
from ckanext.satudata.approval.panel_turn import Turn
from ckanext.satudata.approval.states import State
from ckanext.satudata.common import dates
from ckanext.satudata.letters import service as letters
from ckanext.satudata.letters import texts as letter_texts
from ckanext.satudata.letters.render import short
from ckanext.satudata.metadata import completeness
from ckanext.satudata.metadata import service as metadata
from ckanext.satudata.roles import permissions as roles
from ckanext.satudata.roles import texts as role_texts
from ckanext.satudata.roles.states import Role

#: Missing fields that are named before "and n more".
NAMED = 3
#: Last events shown on the dataset page.
SHORT_HISTORY = 4
#: Longest time from signature to public that is told in seconds: beyond it a hold or a
#: release time was waited for, and the moment alone says more.
MEASURED = 600
_STAGE_OF = {
    State.DRAFT: 2,
    State.RETURNED: 2,
    State.SUBMITTED: 3,
    State.PEMBINA_REVIEW: 3,
    State.AWAITING_VALIDATION: 3,
    State.VALIDATED: 4,
    State.PUBLISHED: 5,
    State.WITHDRAWN: 4,
    State.CANCELLED: 2,
}
STYLE = {
    "submit": "primary",
    "claim": "primary",
    "confirm": "success",
    "endorse": "success",
    "validate": "success",
    "return": "default",
    "return_to_walidata": "default",
    "decline": "default",
    "withdraw": "danger",
    "cancel": "danger",
    "publish": "primary",
}
_IN_MENU = frozenset({"recall", "release", "hold", "withdraw", "cancel"})


def badge(state: str, *, claimed: bool = False) -> dict[str, str]:
    """State badge: code for the style, and the word."""
    code = "claimed" if claimed and state == "submitted" else state
    return {"state": code, "label": texts.states().get(code, code), "icon": code}


class Panel(Turn):
    """The process of one dataset as one person sees it."""

    def __init__(self, package: dict[str, Any], user: model.User) -> None:
        self.package, self.user = package, user
        self.approval = service.current(package["id"])
        self.state = service.state_of(self.approval)
        self.organization = model.Group.get(package.get("owner_org") or "")
        self.opd = self.organization.title if self.organization else "-"
        self.held = roles.holdings(user.id)
        self.number = (self.approval.round if self.approval else 0) or 1
        self.claimed = bool(self.approval and permissions.claim_holder(self.approval))
        self.row = model.Package.get(package["id"])
        self.findings = findings.of(self.approval)
        self.answers = {one.id: findings.answer(one, self.row) for one in self.findings}
        self.letter = letters.get(self.approval.letter_id if self.approval else None)
        self.editable = self.state not in states.LOCKED and self._may_edit()
        self.publication = model.Session.scalar(
            Publication.current_for(package["id"])
        ) or model.Session.scalar(
            sa.select(Publication)
            .where(Publication.package_id == package["id"])
            .order_by(Publication.published_at.desc())
            .limit(1)
        )

    @cached_property
    def completeness(self) -> completeness.Completeness:
        """What of the description is filled, and what is missing."""
        return completeness.of(self.row)

    @property
    def adopted(self) -> bool:
        """Was it public before the workflow, and is this its last publication?"""
        return self.publication is not None and self.publication.kind == "adopted"

    def build(self) -> dict[str, Any]:
        """The dictionary that the templates read (see the template helper)."""
        approval = self.approval
        open_now = self.open_findings()
        return {
            "state": str(self.state),
            "badge": {
                **badge(str(self.state), claimed=self.claimed),
                "line": self._line(),
            },
            "badges": self._badges(),
            "round": self.number,
            "revision": approval.revision if approval else 0,
            "visible_to": self._visible_to(),
            "editable": self.editable,
            "edit_url": tk.url_for("satudata_metadata.part", id=self.package["name"], page=1),
            "stages": self._stages(),
            "turn": self._turn(),
            "limits": access.limits(self.row),
            "findings": {
                "shown": self.state in (State.RETURNED, State.SUBMITTED, State.PEMBINA_REVIEW),
                "open": len(open_now),
                "answered": len(self.findings) - len(open_now),
                "total": len(self.findings),
                "rows": [self.finding(one) for one in self.findings],
            },
            "actions": self._actions(),
            "parties": self._parties(),
            "letters": self._letters(),
            "fingerprint": self._fingerprint(),
            "events": self.events(SHORT_HISTORY, newest_first=True),
            "history_url": tk.url_for("satudata_approval.history", id=self.package["name"]),
        }

    # Head
    def _line(self) -> str:
        approval = self.approval
        published = self.publication.published_at if self.publication else None
        withdrawn = self.publication.revoked_at if self.publication else None
        reason = self.publication.reason if self.publication else ""
        if self.adopted and self.state is State.PUBLISHED:
            return texts.adopted_line() % {"date": dates.day(published)}
        return texts.state_line(
            "claimed" if self.claimed and self.state == "submitted" else self.state,
            {
                "opd": self.opd,
                "role": role_texts.role("walidata"),
                "since": dates.moment(approval.claimed_at) if approval else "",
                "count": str(len(self.open_findings())),
                "office": self.office(),
                "number": self.letter.number if self.letter else "-",
                "release": self.release_line(),
                "date": dates.day(
                    (withdrawn if self.state is State.WITHDRAWN else None)
                    or published
                    or (approval.state_since if approval else None)
                ),
                "reason": texts.withdraw_reasons().get(reason or "", reason or "-"),
            },
        )

    def _badges(self) -> list[dict[str, str]]:
        found = []
        if self.package.get("prioritas_tahun"):
            found.append({"kind": "priority", "label": _("Priority data")})
        if self.package.get("private"):
            found.append({"kind": "private", "label": _("Private")})
        return found

    def _visible_to(self) -> str:
        if not self.package.get("private"):
            return _("Everyone")
        parties = [self.opd, role_texts.role("walidata")]
        if self.package.get("prioritas_tahun") and self.state in states.LOCKED:
            parties.append(role_texts.role("pembina_data"))
        return ", ".join(parties)

    def _may_edit(self) -> bool:
        try:
            tk.check_access("package_update", {"user": self.user.name}, {"id": self.package["id"]})
        except (tk.NotAuthorized, tk.ObjectNotFound):
            return False
        return True

    # Stepper
    def _stages(self) -> list[dict[str, Any]]:
        names = (
            _("Planning"),
            _("Collection"),
            _("Checking"),
            _("Dissemination"),
            _("Evaluation"),
        )
        now = _STAGE_OF[self.state]
        rows = []
        for number, label in enumerate(names, start=1):
            status = "done" if number < now else "now" if number == now else "next"
            if self.state is State.RETURNED and number == 3:
                status = "returned"
            ended = self.state is State.VALIDATED and self.ends_here()
            if (self.state is State.PUBLISHED or ended) and number == now:
                # Nobody acts: the evaluation is made each quarter, closed data ends here.
                status = "next"
            rows.append(
                {
                    "number": number,
                    "label": label,
                    "status": status,
                    "lines": self._stage_lines(number),
                }
            )
        return rows

    def _stage_lines(self, number: int) -> list[str]:
        approval = self.approval
        if number == 2:
            if self.state is State.RETURNED:
                return [_("Repair by %(opd)s") % {"opd": self.opd}]
            if approval and approval.submitted_at:
                return [dates.day(approval.submitted_at)]
            return [self.opd]
        if number == 3 and approval:
            if self.state is State.RETURNED:
                return [_("Returned %(date)s") % {"date": dates.day(approval.state_since)}]
            if self.state in (State.VALIDATED, State.PUBLISHED, State.WITHDRAWN):
                return [dates.day(approval.validated_at)]
            if self.state in states.WAITS_FOR and self.state is not State.DRAFT:
                return [self.waits_for()]
        if number == 4 and self.publication:
            lines = [dates.moment(self.publication.published_at)]
            seconds = publication.seconds(self.publication, self.letter)
            if seconds is not None and seconds <= MEASURED:
                lines.append(_("%(n)s seconds after the signature") % {"n": seconds})
            return lines
        if number == 4 and self.state is not State.WITHDRAWN and self.release_line():
            return [self.release_line()]
        return []

    # Buttons
    def _actions(self) -> list[dict[str, Any]]:
        rows = []
        for name, transition in states.TRANSITIONS.items():
            if not transition.page or not states.may_start(transition, self.state):
                continue
            if not permissions.role_for(
                transition, self.user.id, self.package.get("owner_org"), self.state
            ):
                continue
            reason = self._blocked(transition)
            if reason is None:
                continue
            label = "resubmit" if name == "submit" and self.findings else name
            rows.append(
                {
                    "name": name,
                    "label": texts.transitions()[label],
                    "url": transition_url(self.package["name"], name),
                    "style": STYLE.get(name, "default"),
                    "disabled": bool(reason),
                    "reason": reason or None,
                    "menu": name in _IN_MENU,
                }
            )
        return rows + self._paper()

    def _paper(self) -> list[dict[str, Any]]:
        """The registrar's button: a letter for a head who signs on paper."""
        on_letter = self.letter is not None and self.letter.state != "revoked"
        if self.state is not State.AWAITING_VALIDATION or on_letter:
            return []
        if not any(one.role is Role.WALIDATA for one in self.held):
            return []
        validation = states.TRANSITIONS["validate"]
        denied = permissions.denial(validation, self.user.id, self.approval, self.package["id"])
        reason = texts.same_person(denied.how, (Role.WALIDATA,)) if denied else None
        return [
            {
                "name": "print_letter",
                "label": _("Print the letter for the head"),
                "url": tk.url_for("satudata_approval.paper", id=self.package["name"]),
                "style": "default",
                "disabled": bool(reason),
                "reason": reason,
                "menu": False,
            }
        ]

    def _blocked(self, transition: states.Transition) -> str | None:
        """Why a button is grey; empty when it works; None when it is not shown."""
        denied = permissions.denial(transition, self.user.id, self.approval, self.package["id"])
        if denied is None:
            active = self.package.get("state") == "active"
            if transition.name == "submit" and not (active and self.package.get("resources")):
                return _("Add at least one file before you submit.")
            if transition.name == "claim" and self.claimed:
                return None
            if transition.name == "submit":
                return self._not_ready()
            if transition.name in ("hold", "publish"):
                return self._hold_or_lift(transition.name)
            return ""
        if denied.code == "same_person":
            return texts.same_person(denied.how, transition.roles)
        if denied.code == "claimed" and transition.name == "claim":
            return _("A colleague is checking this dataset.")
        if denied.code == "not_claimed" and transition.name != "release":
            return _("Take the dataset for checking first.")
        return None

    def _hold_or_lift(self, name: str) -> str | None:
        """Of the two one is shown; the hold is lifted once the letter is signed."""
        held = bool(self.approval and self.approval.hold_reason)
        if self.ends_here():
            return None
        if held != (name == "publish"):
            return None
        signed = self.letter is not None and self.letter.state == "valid"
        return "" if signed or not held else self.publication_text()

    def _not_ready(self) -> str:
        """What is missing before the submission."""
        left = findings.left(self.approval, self.row) if self.state is State.RETURNED else []
        if left:
            return ungettext(
                "Active after %(num)s finding is answered.",
                "Active after %(num)s findings are answered.",
                len(left),
            ) % {"num": len(left)}
        missing = [one["label"] for one in self.completeness.missing]
        if not missing:
            return ""
        names = ", ".join(missing[:NAMED])
        if len(missing) <= NAMED:
            return _("Fill in before you submit: %(names)s.") % {"names": names}
        return ungettext(
            "Fill in before you submit: %(names)s and %(num)s more.",
            "Fill in before you submit: %(names)s and %(num)s more.",
            len(missing) - NAMED,
            names=names,
        )

    # Side column
    def _parties(self) -> list[dict[str, str]]:
        rows = [
            {"label": role_texts.role("produsen_data"), "text": self.opd},
            {
                "label": role_texts.role("walidata"),
                "text": profile.current().city.contact,
            },
        ]
        if self.package.get("prioritas_tahun"):
            rows.append({"label": role_texts.role("pembina_data"), "text": _("BPS")})
        return [*rows, {"label": role_texts.role("kepala_opd"), "text": self.office()}]

    def _letters(self) -> list[dict[str, Any]]:
        label = _("Validation letter")
        if self.letter is None:
            line = (
                _("none, taken over as public")
                if self.adopted and self.state is State.PUBLISHED
                else _("issued when the check is done")
            )
            return [{"label": label, "number": "", "date": "", "url": None, "line": line}]
        return [
            {
                "label": label,
                "number": self.letter.number,
                "date": dates.day(self.letter.dated),
                "url": tk.url_for("satudata_letters.read", id=self.letter.id),
                "line": ""
                if self.letter.state == "valid"
                else letter_texts.states()[self.letter.state],
            }
        ]

    def _fingerprint(self) -> dict[str, str] | None:
        if not self.approval or not self.approval.fingerprint:
            return None
        label = _("Submission round %(n)s") % {"n": self.approval.round}
        if not self.approval.round:
            label = _("When it was taken over")
        value = self.approval.fingerprint
        return {"label": label, "short": short(value), "full": value}


def transition_url(name: str, transition: str) -> str:
    """Address of the page that asks back before a transition.

    What a head signs stands on one page for all datasets of the agency.
    """
    if transition == "validate":
        return tk.url_for("satudata_approval.validation", dataset=name)
    return tk.url_for("satudata_approval.decide", id=name, transition=transition)


def for_user(package: dict[str, Any], user: model.User | None) -> Panel | None:
    """The panel, or None for who is no party of the process."""
    unmanaged = (package.get("type") or "dataset") in config.unmanaged_types()
    if unmanaged or user is None:
        return None
    if not permissions.may_see_process(user, package.get("owner_org")):
        return None
    return Panel(package, user)


def validity(package: dict[str, Any]) -> dict[str, Any] | None:
    """What everyone is told of a published dataset: letter, offices, fingerprint."""
    row = model.Session.execute(
        sa.select(Publication, Approval)
        .join(Approval, Approval.id == Publication.approval_id)
        .where(
            Publication.package_id == package["id"],
            Publication.revoked_at.is_(None),
        )
    ).first()
    if row is None or package.get("private"):
        return None
    publication, approval = row
    letter = letters.get(publication.letter_id)
    organization = model.Group.get(package.get("owner_org") or "")
    opd = organization.title if organization else "-"
    published = dates.day(publication.published_at)
    number = letter.number if letter else ""
    row = model.Package.get(package["id"])
    covered = metadata.period(row) if row else ""
    period = [_("Period %(period)s") % {"period": covered}] if covered else []
    if publication.kind == "adopted":
        return {
            "adopted": True,
            "line_items": [texts.adopted_line() % {"date": published}, *period],
            "prepared_by": opd,
            "fingerprint_short": short(publication.fingerprint),
            "fingerprint_full": publication.fingerprint,
        }
    return {
        "adopted": False,
        "line_items": [*period, _("Published %(date)s") % {"date": published}],
        "letter_url": letters.verify_url(letter.code) if letter else None,
        "letter_number": number,
        "letter_date": dates.day(letter.dated) if letter else "",
        "published_on": published,
        "prepared_by": opd,
        "checked_by": role_texts.role("walidata"),
        "checked_on": dates.day(approval.checked_at),
        "signed_by": _("Head of %(opd)s") % {"opd": opd},
        "signed_on": dates.day(letter.dated) if letter else "",
        "fingerprint_short": short(publication.fingerprint),
        "fingerprint_full": publication.fingerprint,
    }
