"""The turn box of a dataset: whose turn, until when, what stops the clock."""

from __future__ import annotations

from typing import Any

from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _, ungettext

from ckanext.satudata.approval import findings, states, texts
from ckanext.satudata.approval.model import Finding
from ckanext.satudata.approval.panel_rows import Rows
from ckanext.satudata.approval.states import State
from ckanext.satudata.common import clock, dates
from ckanext.satudata.letters import texts as letter_texts
from ckanext.satudata.metadata import service as metadata
from ckanext.satudata.roles import texts as role_texts
from ckanext.satudata.roles.permissions import Holding
from ckanext.satudata.roles.states import Role


class Turn(Rows):
    """The turn box of a panel.

    Attributes:
        held: roles of the person who looks.
        letter: the letter of the case, or None.
    """

    held: list[Holding]
    letter: Any

    def open_findings(self) -> list[Finding]:
        """Findings that nobody answered yet."""
        return [one for one in self.findings if self.answers[one.id] in findings.OPEN]

    def waits_for(self) -> str:
        """Who acts next, in words."""
        if self.state is State.AWAITING_VALIDATION:
            return self.office()
        wanted = states.WAITS_FOR.get(self.state, ())
        return role_texts.role(wanted[0]) if wanted else ""

    def ends_here(self) -> bool:
        """Is the data of a class that is never published?

        While it can be changed the class is that of the dataset, then that of the submission.
        """
        if self.approval is None or self.state not in states.LOCKED:
            return metadata.access(self.row) == metadata.CLOSED
        return self.approval.access not in metadata.PUBLISHED

    def release_line(self) -> str:
        """When the data becomes public, where a time is set and still to come; or never."""
        if self.ends_here():
            return _("Not published (closed).")
        at = self.approval.release_at if self.approval else None
        if at is None or at <= clock.now():
            return ""
        return _("Release %(date)s.") % {"date": dates.moment(at)}

    def publication_text(self) -> str:
        """What the publication waits for."""
        if self.ends_here():
            return _("Closed data is not published. The letter stays in the register.")
        if self.letter is None or self.letter.state == "valid":
            release = self.release_line()
            return release or _("The portal publishes within three minutes of the letter.")
        return _("Letter %(number)s: %(state)s.") % {
            "number": self.letter.number,
            "state": letter_texts.states()[self.letter.state].lower(),
        }

    def _turn(self) -> dict[str, Any] | None:
        alarm = self._alarm_turn()
        if alarm is not None:
            return alarm
        if self.state in (State.PUBLISHED, State.CANCELLED, State.WITHDRAWN):
            return None
        if self._letter_waits():
            return self._letter_turn()
        if self.state is State.VALIDATED and self.ends_here():
            return _box("wait", _("Validated; its road ends here."), self.publication_text())
        if self.state is State.VALIDATED:
            held = self.approval.hold_reason if self.approval else None
            headline = _("Publication is held.") if held else _("Publication follows by itself.")
            return _box("wait", headline, held or self.publication_text())
        mine = self._is_mine(states.WAITS_FOR.get(self.state, ()))
        due = dates.due(self.approval.due_at if self.approval else None)
        late = due is not None and due["tone"] == "late"
        return {
            **_box(
                "late" if late else "turn" if mine else "wait",
                self._headline(mine),
                self._text(due, mine),
            ),
            "mine": mine,
            "due": due or self._paused(),
            "quote": self._message() if self.state is State.RETURNED else "",
        }

    def _alarm_turn(self) -> dict[str, Any] | None:
        """The content is not what was submitted: since when, and the ways out."""
        if self.approval is None or self.approval.mismatch_at is None:
            return None
        since = {"date": dates.moment(self.approval.mismatch_at)}
        if self.state is State.PUBLISHED:
            mine = self._is_mine((Role.WALIDATA,))
            text = _(
                "Found %(date)s. It stays public until the walidata withdraws it; the alarm "
                "ends by itself once the content is again what was validated."
            )
            return {**_box("late", texts.alarm(), text % since), "mine": mine}
        if self.state in (State.SUBMITTED, State.PEMBINA_REVIEW):
            mine = self._is_mine(states.WAITS_FOR[self.state])
            headline = _("The content is not what was submitted.")
            text = _("Found %(date)s. Return the dataset, so that it is submitted again.")
            return {**_box("late", headline, text % since), "mine": mine}
        return None

    def _is_mine(self, wanted: tuple[Role, ...]) -> bool:
        return any(
            one.role in wanted and one.organization_id in (None, self.package.get("owner_org"))
            for one in self.held
        )

    # A letter that waits is what everything else waits for
    def _letter_waits(self) -> bool:
        waiting = (State.AWAITING_VALIDATION, State.VALIDATED)
        return (
            self.state in waiting
            and self.letter is not None
            and self.letter.state.startswith("waiting")
        )

    def _letter_turn(self) -> dict[str, Any]:
        assert self.letter is not None
        number = {"number": self.letter.number}
        who, what, wanted = {
            "waiting_signature": (
                self.office(),
                _("sign letter %(number)s and upload it") % number,
                (Role.KEPALA_OPD,),
            ),
            "waiting_scan": (
                role_texts.role("walidata"),
                _("upload the scan of letter %(number)s") % number,
                (Role.WALIDATA,),
            ),
            "waiting_confirmation": (
                _("a second person"),
                _("confirm the scan of letter %(number)s") % number,
                (Role.WALIDATA, Role.SEKRETARIAT),
            ),
        }[self.letter.state]
        mine = self._is_mine(wanted)
        headline = (
            _("Your turn: %(what)s") % {"what": what}
            if mine
            else _("Turn of %(who)s: %(what)s") % {"who": who, "what": what}
        )
        held = self.approval.hold_reason if self.approval else None
        text = _("Publication is held.") if held else _("Publication waits for the letter.")
        if self.ends_here():
            text = self.publication_text()
        return {
            **_box("turn" if mine else "wait", headline, text),
            "mine": mine,
            "link": {
                "url": tk.url_for("satudata_letters.read", id=self.letter.id),
                "label": _("Open the letter"),
            },
        }

    def _headline(self, mine: bool) -> str:
        what = {
            State.DRAFT: self._draft_task(),
            State.RETURNED: self._returned_task(),
            State.SUBMITTED: _("check the dataset"),
            State.PEMBINA_REVIEW: _("check the priority data"),
            State.AWAITING_VALIDATION: _("validate the dataset"),
        }[self.state]
        if mine:
            return _("Your turn: %(what)s") % {"what": what}
        who = self.opd if self.state in (State.DRAFT, State.RETURNED) else self.waits_for()
        return _("Turn of %(who)s: %(what)s") % {"who": who, "what": what}

    def _draft_task(self) -> str:
        ready = self.package.get("resources") and not self.completeness.missing
        return _("submit the dataset") if ready else _("complete the dataset, then submit it")

    def _returned_task(self) -> str:
        number = len(self.open_findings())
        if not number:
            return _("submit the dataset again")
        return ungettext(
            "answer %(num)s finding, then submit again",
            "answer %(num)s findings, then submit again",
            number,
        ) % {"num": number}

    def _text(self, due: dict[str, str] | None, mine: bool) -> str:
        if due:
            return _("Due %(date)s.") % {"date": due["date"]}
        if self.state is not State.RETURNED:
            return self._line()
        if mine:
            return _("The time for checking is stopped until you submit again.")
        return _("The time for checking is stopped until %(opd)s submits again.") % {
            "opd": self.opd
        }

    def _message(self) -> str:
        """What the one who returned it wrote, with who it was."""
        for one in self.events(newest_first=True):
            if one["kind"] in ("return", "decline") and one["detail"]:
                return f'{one["who"]}: "{one["detail"]}"'
        return ""

    def _paused(self) -> dict[str, str] | None:
        if self.state is not State.RETURNED:
            return None
        label = _("Clock stopped, waiting for %(party)s") % {"party": self.opd}
        return {"tone": "paused", "label": label, "date": ""}


def _box(tone: str, headline: str, text: str) -> dict[str, Any]:
    return {"mine": False, "tone": tone, "headline": headline, "text": text, "due": None}
