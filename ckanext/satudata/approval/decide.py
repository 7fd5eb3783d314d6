"""One use case of a decision: lock, check, do, commit, tell. Actions and letters call it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import sqlalchemy as sa

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _
from ckan.types import Context

from ckanext.satudata import profile, signals
from ckanext.satudata.approval import findings, locks, permissions, publication, refusals, service
from ckanext.satudata.approval.model import Approval, Preparer
from ckanext.satudata.approval.service import Decision
from ckanext.satudata.approval.states import PREPARERS, TRANSITIONS, State
from ckanext.satudata.common import actor, events
from ckanext.satudata.common.errors import Refusal, refuse
from ckanext.satudata.letters import owners
from ckanext.satudata.letters import service as letters
from ckanext.satudata.letters.service import Line, Signer
from ckanext.satudata.letters.states import LetterKind, LetterState, Way
from ckanext.satudata.metadata import service as metadata
from ckanext.satudata.roles import permissions as roles
from ckanext.satudata.roles.states import Role

_KIND = LetterKind.SURAT_VALIDASI
#: Most datasets of one letter; a batch holds the locks of all of them.
MOST = 100


def package_id(context: Context, name_or_id: str) -> str:
    """Id of a dataset the caller may see; else the answer is that of a missing one."""
    package = model.Package.get(name_or_id)
    if package is None or package.state == "deleted":
        raise tk.ObjectNotFound
    try:
        tk.check_access("package_show", tk.fresh_context(context), {"id": package.id})
    except tk.NotAuthorized as error:
        raise tk.ObjectNotFound from error
    return package.id


def decide(name: str, context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Do one transition of one dataset."""
    found = package_id(context, data_dict["id"])
    tk.check_access(f"satudata_approval_{name}", context, {"id": found})
    decision = Decision(
        found,
        actor.user(context),
        data_dict.get("comment") or data_dict.get("notice") or "",
        data_dict.get("revision"),
        data_dict.get("findings") or [],
        data_dict.get("checklist") or {},
        {key: data_dict.get(key) for key in ("reason", "notice", "release_at")},
    )
    try:
        with locks.lock({found}, alone=True):
            if name == "withdraw":
                approval = publication.withdraw(decision)
            else:
                approval = service.transit(name, decision)
            model.Session.commit()
    except Exception:
        # Nothing of a refused decision is kept, nor its row lock.
        model.Session.rollback()
        raise
    result = approval.dictize()
    publication.reindex(found)
    signals.approval_changed.send(name, approval=result)
    return result


#: Answer → states of the case in which it is given, and who gives it.
_ANSWERS: dict[str, tuple[tuple[State, ...], tuple[Role, ...]]] = {
    "fixed": ((State.RETURNED,), PREPARERS),
    "replied": ((State.RETURNED,), PREPARERS),
    "accepted": ((State.SUBMITTED, State.PEMBINA_REVIEW), (Role.WALIDATA, Role.PEMBINA_DATA)),
    "reopened": ((State.SUBMITTED, State.PEMBINA_REVIEW), (Role.WALIDATA, Role.PEMBINA_DATA)),
}


def answer(context: Context, data_dict: dict[str, Any]) -> Any:
    """Answer one finding: the producer repairs or replies, the checker accepts or reopens."""
    found = findings.get(data_dict["id"])
    if found is None:
        raise tk.ObjectNotFound
    key, word = package_id(context, found[1].package_id), data_dict["answer"]
    tk.check_access("satudata_finding_answer", context, {"id": data_dict["id"], "answer": word})
    person, text = actor.user(context), (data_dict.get("reply") or "").strip()
    states, wanted = _ANSWERS[word]
    try:
        with locks.lock({key}, alone=True):
            finding, approval = findings.get(data_dict["id"]) or (None, None)
            if finding is None or State(approval.state) not in states:
                refuse("wrong_state", _("The finding cannot be answered in this state."))
            if wanted is not PREPARERS and not permissions.holds(approval, person.id):
                refuse("not_claimed", _("Take the dataset for checking first."))
            if word == "replied" and not text:
                refuse("required", _("Write what the walidata has to know."), "reply")
            findings.set_answer(finding, word, person, text)
            events.append(
                service.stream(key),
                f"finding_{word}",
                user_id=person.id,
                role=str(finding_role(person.id, word, key).role),
                from_state=approval.state,
                to_state=approval.state,
                comment=text,
                data={"round": approval.round, "finding": finding.number},
            )
            model.Session.commit()
    except Exception:
        model.Session.rollback()
        raise
    return finding


def finding_role(user_id: str | None, word: str, key: str) -> Any:
    """The role in which a person may give an answer, or None."""
    organization_id = model.Session.scalar(
        sa.select(model.Package.owner_org).where(model.Package.id == key)
    )
    wanted = _ANSWERS[word][1] if word in _ANSWERS else ()
    return roles.holding(user_id, wanted, organization_id)


def validate(context: Context, data_dict: dict[str, Any]) -> list[dict[str, Any]]:
    """Validate one or many datasets of an agency with one letter, all or none."""
    found = _many(context, data_dict)
    for one in found:
        tk.check_access("satudata_approval_validate", context, {"id": one})
    head, way = actor.user(context), _way(data_dict)
    try:
        with locks.lock(set(found), alone=True):
            organization_id = _one_agency(found)
            holding = roles.holding(head.id, (Role.KEPALA_OPD,), organization_id)
            if holding is None:
                # A sysadmin passes every auth function, and is no head of an agency.
                package = model.Package.get(found[0])
                text = refusals.no_role(TRANSITIONS["validate"], head, package)
                raise tk.NotAuthorized(text)
            signer = Signer(head, holding)
            decisions = [_validation(one, head, data_dict, len(found)) for one in found]
            letter = _letter(signer, organization_id, found, way, data_dict)
            approvals = []
            for decision in decisions:
                decision.values["letter"] = letter
                approvals.append(_named(decision, len(found)))
            if data_dict.get("upload") is not None:
                letters.sign_uploaded(letter, data_dict, head)
            elif way is Way.TTE:
                letters.sign_electronically(letter, data_dict.get("given") or {}, head)
            model.Session.commit()
    except Exception:
        model.Session.rollback()
        raise
    results = [one.dictize() for one in approvals]
    for one in results:
        publication.reindex(one["package_id"])
        signals.approval_changed.send("validate", approval=one)
    return results


def _many(context: Context, data_dict: dict[str, Any]) -> list[str]:
    given = data_dict.get("ids") or ([data_dict["id"]] if data_dict.get("id") else [])
    if not given:
        refuse("required", _("Choose at least one dataset."), "ids")
    if len(given) > MOST:
        refuse("too_many", _("One letter covers at most %(n)s datasets.") % {"n": MOST}, "ids")
    return list(dict.fromkeys(package_id(context, str(one)) for one in given))


def _way(data_dict: dict[str, Any]) -> Way:
    return Way(data_dict.get("way") or Way.PDF)


def _one_agency(package_ids: list[str]) -> str:
    query = sa.select(model.Package.owner_org).where(model.Package.id.in_(package_ids)).distinct()
    agencies = list(model.Session.scalars(query))
    if len(agencies) != 1 or not agencies[0]:
        refuse("invalid", _("One letter covers datasets of one agency."), "ids")
    return agencies[0]


def _validation(one: str, head: model.User, data_dict: dict[str, Any], number: int) -> Decision:
    revision = data_dict.get("revision") if number == 1 else None
    return Decision(one, head, data_dict.get("comment") or "", revision)


def _named(decision: Decision, number: int) -> Approval:
    """The transition; in a batch a refusal says which dataset it is about."""
    try:
        return service.transit("validate", decision)
    except Refusal as error:
        if number == 1:
            raise
        package = model.Package.get(decision.package_id)
        raise Refusal(error.code, f"{package.title or package.name}: {error.message}") from error


def _lines(package_ids: list[str]) -> list[Line]:
    """What the letter prints of each dataset: title, period and the checked fingerprint."""
    lines = []
    for one in package_ids:
        package, approval = model.Package.get(one), service.current(one)
        if approval is None or approval.fingerprint is None:
            refuse("wrong_state", _("The dataset was not checked: %s") % (package.title or one))
        title = package.title or package.name
        lines.append(Line(one, title, metadata.period(package), approval.fingerprint))
    return lines


def _letter(
    signer: Signer, organization_id: str, found: list[str], way: Way, data_dict: dict[str, Any]
) -> Any:
    """The letter of a validation: a new one, or the unsigned one it joins."""
    joined = None
    if data_dict.get("letter"):
        joined = letters.get(data_dict["letter"], lock=True)
        _may_join(joined, signer, organization_id)
    elif (
        profile.current().letters.surat_validasi.batch == "month"
        and data_dict.get("upload") is None
        and not data_dict.get("number")
        and way is not Way.TTE
    ):
        joined = letters.waiting_for(organization_id, signer.user.id, _KIND)
    lines = _lines(found)
    if joined is not None:
        letters.add_lines(joined, lines, signer)
        return joined
    return letters.issue(
        str(_KIND),
        way,
        signer,
        organization_id,
        lines,
        signer.user,
        number=data_dict.get("number"),
        dated=data_dict.get("date"),
    )


def _may_join(letter: Any, signer: Signer, organization_id: str) -> None:
    waiting = (str(LetterState.WAITING_SIGNATURE), str(LetterState.WAITING_SCAN))
    if (
        letter is None
        or letter.state not in waiting
        or letter.organization_id != organization_id
        or letter.signer_id != signer.user.id
    ):
        refuse("invalid", _("This letter cannot take further datasets."), "letter")


def preview(head: model.User, package_ids: list[str]) -> bytes | None:
    """The letter of a head as it would be printed; None for who is no head of these."""
    found = [one for one in package_ids[:MOST] if model.Package.get(one) is not None]
    if not found:
        return None
    organization_id = _one_agency(found)
    holding = roles.holding(head.id, (Role.KEPALA_OPD,), organization_id)
    if holding is None:
        return None
    return letters.preview(str(_KIND), Signer(head, holding), organization_id, _lines(found))


# Letters on paper, for a head who never logs in
def issue_on_paper(context: Context, data_dict: dict[str, Any]) -> Any:
    """Issue a letter to be printed for datasets that wait for a head's validation."""
    found = _many(context, data_dict)
    registrar = actor.user(context)
    tk.check_access("satudata_letter_issue", context, {"ids": found})
    try:
        with locks.lock(set(found), alone=True):
            organization_id = _one_agency(found)
            signer = _head_of(organization_id, data_dict.get("signer"))
            approvals = [_waiting(one) for one in found]
            for approval in approvals:
                _separate(approval, registrar)
                letters.void_line(approval.letter_id, approval.package_id, "replaced")
            letter = letters.issue(
                str(_KIND),
                Way.SCAN,
                signer,
                organization_id,
                _lines(found),
                registrar,
                number=data_dict.get("number"),
                dated=data_dict.get("date"),
            )
            for approval in approvals:
                approval.letter_id = letter.id
            model.Session.commit()
    except Exception:
        model.Session.rollback()
        raise
    return letter


def _waiting(one: str) -> Approval:
    approval = model.Session.scalar(Approval.open_for(one).with_for_update())
    if approval is None or approval.state != str(State.AWAITING_VALIDATION):
        package = model.Package.get(one)
        refuse(
            "wrong_state",
            _("%(title)s does not wait for the validation.")
            % {"title": package.title or package.name},
        )
    return approval


def _separate(approval: Approval, person: model.User) -> None:
    how = _people(approval).get(person.id)
    if how:
        refuse(
            "same_person",
            _("You checked or prepared this data. Another walidata has the letter printed."),
        )


def _head_of(organization_id: str, wanted: str | None) -> Signer:
    """The head of an agency, or the stand-in who is named."""
    candidates = [wanted] if wanted else roles.holders(Role.KEPALA_OPD, organization_id)
    heads = [
        (user_id, holding)
        for user_id in candidates
        if (holding := roles.holding(user_id, (Role.KEPALA_OPD,), organization_id)) is not None
        and (wanted or holding.acting_for is None)
    ]
    if not heads:
        refuse("no_head", _("This agency has no head in the register of roles. Assign one first."))
    user_id, holding = heads[0]
    return Signer(model.Session.get(model.User, user_id), holding)


# What happens to the datasets of a letter
def _effective(letter: Any) -> list[str]:
    return [one.package_id for one in letters.items(letter.id) if one.void_at is None]


def _lock(letter: Any) -> AbstractContextManager[object]:
    return locks.lock({one.package_id for one in letters.items(letter.id)}, alone=True)


def _people(approval: Approval) -> dict[str, str]:
    """User id → prepared or checked, for one case."""
    prepared = model.Session.scalars(
        sa.select(Preparer.user_id).where(Preparer.package_id == approval.package_id)
    )
    people = dict.fromkeys([*prepared, approval.submitted_by], "prepared")
    people |= dict.fromkeys((approval.checked_by, approval.endorsed_by), "checked")
    return {user_id: how for user_id, how in people.items() if user_id}


def _barred(letter: Any) -> dict[str, str]:
    barred: dict[str, str] = {}
    for one in _effective(letter):
        approval = service.current(one)
        if approval is not None:
            barred |= _people(approval)
    return barred


def _signed(letter: Any, person: model.User) -> None:
    """Carry out what the letter decides; what was validated before only waited for it."""
    for one in _effective(letter):
        approval = service.current(one)
        if approval is None or approval.letter_id != letter.id:
            continue
        if approval.state == str(State.AWAITING_VALIDATION):
            head = model.Session.get(model.User, letter.signer_id)
            decision = Decision(one, person, values={"letter": letter})
            decision.on_behalf = head if head.id != person.id else None
            service.transit("validate", decision)


def _revoked(letter: Any, _person: model.User, reason: str) -> None:
    for one in _effective(letter):
        approval = service.current(one)
        if approval is None or approval.letter_id != letter.id:
            continue
        if approval.state == str(State.PUBLISHED):
            package = model.Package.get(one)
            refuse(
                "published",
                _("%(title)s is public by this letter. Withdraw it from publication instead.")
                % {"title": package.title or package.name},
            )
        if approval.state == str(State.VALIDATED):
            service.transit("invalidate", Decision(one, None, reason))
        else:
            approval.letter_id = None


def _told(letter: Any) -> None:
    for one in letters.items(letter.id):
        publication.reindex(one.package_id)


owners.register(str(_KIND), owners.Owner(_lock, _barred, _signed, _revoked, _told))


def may_issue(user: model.User | None) -> bool:
    """May a person have letters printed for heads: a walidata as registrar?"""
    return user is not None and roles.has_role(user.id, Role.WALIDATA)


__all__ = [
    "MOST",
    "answer",
    "decide",
    "finding_role",
    "issue_on_paper",
    "may_issue",
    "package_id",
    "preview",
    "validate",
]
