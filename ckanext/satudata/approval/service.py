"""Do the transitions of the approval. Nothing here commits (see publication.py)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _

from ckanext.satudata import config, profile
from ckanext.satudata.approval import findings, fingerprint, permissions, refusals, states, tables
from ckanext.satudata.approval.model import Approval, Finding, Publication
from ckanext.satudata.approval.states import State, Transition
from ckanext.satudata.common import clock, events
from ckanext.satudata.common.errors import Conflict, refuse
from ckanext.satudata.letters import service as letters
from ckanext.satudata.metadata import completeness, rules
from ckanext.satudata.metadata import service as metadata
from ckanext.satudata.roles.permissions import Holding
from ckanext.satudata.storage import loads, served


@dataclass
class Decision:
    """What a person decided, as it came through the action.

    Attributes:
        package_id: the dataset.
        user: who decides; None only for the system's own transitions.
        comment: in words.
        revision: the one the person saw; None skips the comparison.
        findings: dictionaries as of the action's input.
        checklist: principle → ok, not_ok, na.
        values: further input of single transitions (letter, reason, notice, release_at).
        on_behalf: the head whose signature on paper is carried out by ``user``.
    """

    package_id: str
    user: model.User | None
    comment: str = ""
    revision: int | None = None
    findings: list[dict[str, Any]] = field(default_factory=list)
    checklist: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    on_behalf: model.User | None = None

    @property
    def principal(self) -> model.User | None:
        """Whose decision it is."""
        return self.on_behalf or self.user


def stream(package_id: str) -> str:
    """Name of a dataset's history."""
    return f"dataset:{package_id}"


def current(package_id: str) -> Approval | None:
    """The approval of a dataset that has not ended, or the latest one that has."""
    return model.Session.scalar(Approval.open_for(package_id)) or model.Session.scalar(
        Approval.latest_for(package_id)
    )


def state_of(approval: Approval | None) -> State:
    """State of a dataset's approval; without one it is a draft."""
    return State(approval.state) if approval else State.DRAFT


def transit(name: str, decision: Decision) -> Approval:
    """Do one transition: guards, change, event; flushed, not committed.

    The caller holds the dataset's lock alone (:func:`locks.lock`).

    Raises:
        NotAuthorized: no role for it.
        Conflict: another decision came first.
        Refusal: not possible in this state, duties not separated, input incomplete.
    """
    transition = states.TRANSITIONS[name]
    package = model.Session.get(model.Package, decision.package_id, populate_existing=True)
    if package is None or package.state == "deleted":
        raise tk.ObjectNotFound
    if (package.type or "dataset") in config.unmanaged_types():
        refuse("unmanaged", _("Datasets of this type do not go through the approval."))
    approval = model.Session.scalar(
        Approval.open_for(package.id).with_for_update().execution_options(populate_existing=True)
    )
    before = state_of(approval)
    holding = _require_role(transition, decision.principal, package, before)
    if decision.revision is not None:
        seen = approval.revision if approval else 0
        if seen != decision.revision:
            raise Conflict(refusals.conflict(stream(package.id)))
    if not states.may_start(transition, before):
        refuse("wrong_state", refusals.wrong_state(transition, before))
    for person in {decision.user, decision.on_behalf} - {None}:
        _separate(transition, person.id, approval, package.id)
    if transition.comment and not decision.comment.strip():
        refuse("required", _("Write the reason."), "comment")
    if transition.findings and not any(
        one.get("severity", "must") == "must" for one in decision.findings
    ):
        refuse("required", _("Name at least one finding that must be repaired."), "findings")
    if approval is None:
        approval = Approval(
            package_id=package.id,
            organization_id=package.owner_org,
            state=str(State.DRAFT),
            revision=0,
            round=0,
            checklist={},
        )
        model.Session.add(approval)
    data = _PREPARE.get(name, _nothing)(approval, package, decision, holding)
    after = states.target(
        transition,
        before,
        number_of_round=approval.round,
        pembina=bool(approval.priority) and profile.current().approval.pembina_review,
    )
    _enter(approval, before, after)
    approval.revision += 1
    model.Session.flush()
    events.append(
        stream(package.id),
        name,
        user_id=decision.user.id if decision.user else None,
        role=str(holding.role) if holding else "system",
        acting_for=decision.on_behalf.id
        if decision.on_behalf
        else holding.acting_for
        if holding
        else None,
        from_state=str(before),
        to_state=str(after),
        comment=decision.comment.strip(),
        fingerprint=approval.fingerprint,
        data={"round": approval.round, **data},
    )
    return approval


def _require_role(
    transition: Transition,
    user: model.User | None,
    package: model.Package,
    state: State,
) -> Holding | None:
    if user is None:
        if not transition.system:
            raise tk.NotAuthorized(_("This decision belongs to a person."))
        return None
    holding = permissions.role_for(transition, user.id, package.owner_org, state)
    if holding is None:
        raise tk.NotAuthorized(refusals.no_role(transition, user, package))
    return holding


def _separate(
    transition: Transition, user_id: str, approval: Approval | None, package_id: str
) -> None:
    denied = permissions.denial(transition, user_id, approval, package_id)
    if denied is not None:
        refusals.denied(transition, denied)


def _enter(approval: Approval, before: State, after: State) -> None:
    """Set the state, and start or stop the clock of the SOP step it belongs to."""
    approval.state = str(after)
    if before is after and approval.revision:
        return
    now = clock.now()
    approval.state_since = now
    approval.due_at = due_date(after, now)
    if after not in (State.SUBMITTED, State.PEMBINA_REVIEW) or before is not after:
        approval.claimed_by = approval.claimed_at = None


def due_date(state: State, start: datetime) -> datetime | None:
    """When the step of a state is due, by the profile's days; None: no time runs."""
    name = states.STEP_OF.get(state)
    if name is None:
        return None
    city = profile.current()
    step = getattr(city.steps, name)
    if step.days is not None:
        return city.clock.count().due(start, step.days)
    return start + timedelta(hours=step.hours or 0, minutes=step.minutes or 0)


# What single transitions do beside the change of state. Each answers what the event
# keeps of it.
def _nothing(*_args: Any) -> dict[str, Any]:
    return {}


def _submit(
    approval: Approval, package: model.Package, decision: Decision, _h: Any
) -> dict[str, Any]:
    if package.state != "active":
        refuse("required", _("Finish the dataset before you submit it."))
    active = [one for one in package.resources if one.state == "active"]
    if not active:
        refuse("required", _("Add at least one file before you submit."), "resources")
    if loads.waiting(package.id) or tables.being_written([one.id for one in active]):
        refuse("busy", _("A file is still being loaded. Submit in a minute."))
    missing = completeness.missing(package)
    if missing:
        names = ", ".join(one["label"] for one in missing)
        refuse("required", _("Fill in before you submit: %(names)s.") % {"names": names}, "fields")
    wrong = rules.contradictions(package) or served.problems(package)
    if wrong:
        refuse("invalid", " ".join(one["text"] for one in wrong), wrong[0]["field"])
    findings.settle(approval, package, decision.user)
    assert decision.user is not None
    approval.organization_id = package.owner_org
    approval.round += 1
    approval.priority = is_priority(package)
    approval.access = metadata.access(package)
    _freeze(approval)
    approval.submitted_by = decision.user.id
    approval.submitted_at = clock.now()
    approval.checked_by = approval.checked_at = None
    approval.endorsed_by = approval.letter_id = approval.hold_reason = None
    approval.checklist = {}
    return {"files": len(active), **_release_time(approval, decision)}


def _freeze(approval: Approval) -> None:
    """Take the fingerprint of the content as it is now; an alarm about another one ends."""
    approval.fingerprint = fingerprint.compute(approval.package_id)
    approval.verified_at, approval.mismatch_at = clock.now(), None


def _release_time(approval: Approval, decision: Decision) -> dict[str, Any]:
    """Set the time before which the data is not published, if one is given."""
    wanted = decision.values.get("release_at")
    if wanted is None or wanted == approval.release_at:
        return {}
    if wanted <= clock.now():
        refuse("invalid", _("The release time lies in the past."), "release_at")
    approval.release_at = wanted
    return {"release_at": wanted.isoformat()}


def is_priority(package: model.Package) -> bool:
    """Data prioritas: the national key carries the year of the decree (ps 28)."""
    return bool(dict(package.extras or {}).get("prioritas_tahun"))


def _recall(approval: Approval, *_args: Any) -> dict[str, Any]:
    approval.round -= 1
    return {}


def _claim(approval: Approval, _package: Any, decision: Decision, _h: Any) -> dict[str, Any]:
    assert decision.user is not None
    approval.claimed_by = decision.user.id
    approval.claimed_at = clock.now()
    return {}


def _release(approval: Approval, *_args: Any) -> dict[str, Any]:
    approval.claimed_by = approval.claimed_at = None
    return {}


def _return(
    approval: Approval, package: model.Package, decision: Decision, _h: Any
) -> dict[str, Any]:
    number = (
        model.Session.scalar(
            sa.select(sa.func.max(Finding.number)).where(Finding.approval_id == approval.id)
        )
        or 0
    )
    resources = {one.id for one in package.resources}
    for position, given in enumerate(decision.findings, start=1):
        if given.get("resource") and given["resource"] not in resources:
            refuse("required", _("The finding names a file of another dataset."))
        model.Session.add(
            Finding(
                approval_id=approval.id,
                round=approval.round,
                number=number + position,
                code=given["code"],
                severity=given.get("severity") or "must",
                field=given.get("field") or None,
                resource_id=given.get("resource") or None,
                column_name=given.get("column") or None,
                rows=given.get("rows") or None,
                comment=given.get("comment") or "",
                seen=findings.stands(package, given.get("field"), given.get("resource")),
                created_by=decision.user.id if decision.user else None,
            )
        )
    letters.void_line(approval.letter_id, package.id, "declined")
    approval.letter_id = None
    return {"codes": [one["code"] for one in decision.findings]}


def _confirm(approval: Approval, _package: Any, decision: Decision, _h: Any) -> dict[str, Any]:
    missing = [one for one in states.PRINCIPLES if one not in decision.checklist]
    if missing:
        refuse("required", _("Answer every principle of the checklist."), "checklist")
    if "not_ok" in decision.checklist.values():
        refuse(
            "required",
            _("A principle does not conform. Return the dataset with a finding."),
            "checklist",
        )
    _same_content(approval)
    assert decision.user is not None
    approval.checklist = dict(decision.checklist)
    approval.endorsed_by = None
    approval.checked_by = decision.user.id
    approval.checked_at = clock.now()
    return {"checklist": approval.checklist, **_release_time(approval, decision)}


def _endorse(approval: Approval, _package: Any, decision: Decision, _h: Any) -> dict[str, Any]:
    _same_content(approval)
    assert decision.user is not None
    approval.endorsed_by = decision.user.id
    return {}


def _validate(
    approval: Approval, package: model.Package, decision: Decision, _h: Any
) -> dict[str, Any]:
    _same_content(approval)
    letter = decision.values["letter"]
    if approval.letter_id != letter.id:
        letters.void_line(approval.letter_id, package.id, "replaced")
    assert decision.principal is not None
    approval.letter_id = letter.id
    approval.validated_by = decision.principal.id
    approval.validated_at = clock.now()
    kept = {"letter": letter.number, "register_number": letter.register, "way": letter.way}
    if decision.on_behalf is not None:
        kept |= {"on_paper": True, "registered_by": letter.registered_by}
    return kept


def _same_content(approval: Approval) -> None:
    """Refuse to decide on content that is not what was submitted."""
    if not fingerprint.matches(approval.package_id, approval.fingerprint):
        refuse(
            "fingerprint",
            _("The content changed after it was submitted. Have it submitted again."),
        )


def _invalidate(
    approval: Approval, package: model.Package, decision: Decision, _h: Any
) -> dict[str, Any]:
    letters.void_line(approval.letter_id, package.id, "invalidated")
    approval.letter_id = None
    approval.checked_by = approval.checked_at = approval.endorsed_by = None
    _freeze(approval)
    return {}


def _hold(approval: Approval, _package: Any, decision: Decision, _h: Any) -> dict[str, Any]:
    approval.hold_reason = decision.comment.strip()
    return {}


def _publish(approval: Approval, *_args: Any) -> dict[str, Any]:
    approval.hold_reason = None
    return {"letter_id": approval.letter_id}


def _withdraw(
    approval: Approval, package: model.Package, decision: Decision, _h: Any
) -> dict[str, Any]:
    publication = model.Session.scalar(Publication.current_for(package.id).with_for_update())
    if publication is not None:
        publication.revoked_at = clock.now()
        publication.reason = decision.values["reason"]
        publication.notice = decision.comment.strip()
    letters.void_line(approval.letter_id, package.id, "withdrawn")
    set_private(package.id, True)
    return {"reason": decision.values["reason"]}


def set_private(package_id: str, private: bool) -> None:
    """Write the one word that makes a dataset public or takes it away.

    Straight to the row, past the ORM: it must work with the index down, and CKAN 2.11
    indexes what the ORM wrote before it commits. ``metadata_modified`` moves, so that
    incremental harvesters see it.
    """
    package = model.Package.__table__
    model.Session.execute(
        sa.update(package)
        .where(package.c.id == package_id)
        .values(private=private, metadata_modified=clock.now().replace(tzinfo=None))
    )
    found = model.Session.identity_map.get(sa.orm.util.identity_key(model.Package, package_id))
    if found is not None:
        model.Session.expire(found)


_PREPARE = {
    "submit": _submit,
    "recall": _recall,
    "claim": _claim,
    "release": _release,
    "return": _return,
    "return_to_walidata": _return,
    "decline": _return,
    "confirm": _confirm,
    "endorse": _endorse,
    "validate": _validate,
    "invalidate": _invalidate,
    "hold": _hold,
    "publish": _publish,
    "withdraw": _withdraw,
}
