"""The one table of states and transitions; pages, API, docs and tests read it.

No CKAN import: this is the procedure itself (SOP 2.2-4, Perpres 39/2019 ps 33-36).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from ckanext.satudata.metadata import codefiles
from ckanext.satudata.roles.states import Role


class State(str, Enum):
    """State of an approval; the value is stored and given by the API."""

    __str__ = str.__str__

    DRAFT = "draft"
    SUBMITTED = "submitted"
    PEMBINA_REVIEW = "pembina_review"
    AWAITING_VALIDATION = "awaiting_validation"
    VALIDATED = "validated"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"
    RETURNED = "returned"
    CANCELLED = "cancelled"


#: While an approval is in one of these, nothing of the dataset can be changed.
LOCKED = frozenset(
    {
        State.SUBMITTED,
        State.PEMBINA_REVIEW,
        State.AWAITING_VALIDATION,
        State.VALIDATED,
        State.PUBLISHED,
    }
)
#: An approval in one of these has ended; a later submission opens a new one.
ENDED = frozenset({State.WITHDRAWN, State.CANCELLED})

#: Roles that prepare a dataset.
PREPARERS = (Role.PRODUSEN_DATA, Role.WALIDATA_PENDUKUNG)


@dataclass(frozen=True)
class Transition:
    """One row of the table.

    Attributes:
        name: the action is ``satudata_approval_<name>``.
        sources: states it may start from.
        target: state it leads to; None keeps the state. Where the case decides (see
            :func:`target`) this is the ordinary one.
        roles: who may do it, the first that fits is recorded.
        system: done by the extension itself, as well as by ``roles``.
        claimed: only the person who holds the claim may do it.
        not_preparer: refused to who prepared or submitted the dataset.
        not_checker: refused to who checked it.
        submitter: only the person who submitted it.
        comment: a comment is demanded.
        findings: at least one finding that must be repaired is demanded.
        page: the decision has a button and a page (the others: action and command);
            that of publish only lifts a hold.
    """

    name: str
    sources: frozenset[State]
    target: State | None
    roles: tuple[Role, ...] = ()
    system: bool = False
    claimed: bool = False
    not_preparer: bool = False
    not_checker: bool = False
    submitter: bool = False
    comment: bool = False
    findings: bool = False
    page: bool = True


def _row(name: str, sources: set[State], target: State | None, **more: Any) -> Transition:
    return Transition(name, frozenset(sources), target, **more)


_S = State
_TABLE = (
    _row("submit", {_S.DRAFT, _S.RETURNED}, _S.SUBMITTED, roles=PREPARERS),
    _row("recall", {_S.SUBMITTED}, _S.DRAFT, roles=PREPARERS, submitter=True),
    _row(
        "claim",
        {_S.SUBMITTED, _S.PEMBINA_REVIEW},
        None,
        roles=(Role.WALIDATA, Role.PEMBINA_DATA),
        not_preparer=True,
    ),
    _row(
        "release",
        {_S.SUBMITTED, _S.PEMBINA_REVIEW},
        None,
        roles=(Role.WALIDATA, Role.PEMBINA_DATA),
        claimed=True,
    ),
    _row(
        "return",
        {_S.SUBMITTED},
        _S.RETURNED,
        roles=(Role.WALIDATA,),
        claimed=True,
        findings=True,
    ),
    _row(
        "confirm",
        {_S.SUBMITTED},
        _S.AWAITING_VALIDATION,
        roles=(Role.WALIDATA,),
        claimed=True,
        not_preparer=True,
    ),
    _row(
        "return_to_walidata",
        {_S.PEMBINA_REVIEW},
        _S.SUBMITTED,
        roles=(Role.PEMBINA_DATA,),
        claimed=True,
        findings=True,
    ),
    _row(
        "endorse",
        {_S.PEMBINA_REVIEW},
        _S.AWAITING_VALIDATION,
        roles=(Role.PEMBINA_DATA,),
        claimed=True,
        not_preparer=True,
        not_checker=True,
    ),
    _row(
        "decline",
        {_S.AWAITING_VALIDATION},
        _S.RETURNED,
        roles=(Role.KEPALA_OPD,),
        findings=True,
    ),
    _row(
        "validate",
        {_S.AWAITING_VALIDATION},
        _S.VALIDATED,
        roles=(Role.KEPALA_OPD,),
        not_preparer=True,
        not_checker=True,
    ),
    _row(
        "invalidate",
        {_S.AWAITING_VALIDATION, _S.VALIDATED},
        _S.SUBMITTED,
        roles=(Role.WALIDATA,),
        system=True,
        comment=True,
        page=False,
    ),
    _row(
        "publish",
        {_S.VALIDATED},
        _S.PUBLISHED,
        roles=(Role.WALIDATA,),
        system=True,
    ),
    _row(
        "hold",
        {_S.VALIDATED},
        None,
        roles=(Role.WALIDATA,),
        comment=True,
    ),
    _row(
        "withdraw",
        {_S.PUBLISHED},
        _S.WITHDRAWN,
        roles=(Role.WALIDATA,),
        comment=True,
    ),
    _row(
        "cancel",
        {_S.DRAFT, _S.RETURNED, _S.SUBMITTED},
        _S.CANCELLED,
        roles=(*PREPARERS, Role.WALIDATA),
        comment=True,
    ),
)
TRANSITIONS: dict[str, Transition] = {row.name: row for row in _TABLE}

#: Roles that a state waits for: who acts next.
WAITS_FOR: dict[State, tuple[Role, ...]] = {
    State.DRAFT: PREPARERS,
    State.RETURNED: PREPARERS,
    State.SUBMITTED: (Role.WALIDATA,),
    State.PEMBINA_REVIEW: (Role.PEMBINA_DATA,),
    State.AWAITING_VALIDATION: (Role.KEPALA_OPD,),
}

#: Step of the profile whose time runs in a state; the clock stands still in the others.
STEP_OF: dict[State, str] = {
    State.SUBMITTED: "check",
    State.PEMBINA_REVIEW: "check",
    State.AWAITING_VALIDATION: "validation",
}


def target(transition: Transition, current: State, *, number_of_round: int, pembina: bool) -> State:
    """The state a transition leads to for one case.

    Args:
        transition: a row of the table.
        current: the state it starts from.
        number_of_round: submissions that stand after the transition.
        pembina: data prioritas in a city where the Pembina Data checks again (ps 35).
    """
    if transition.target is None:
        return current
    if transition.name == "recall" and number_of_round:
        return State.RETURNED
    if transition.name == "confirm" and pembina:
        return State.PEMBINA_REVIEW
    return transition.target


def may_start(transition: Transition, current: State) -> bool:
    """Is the transition possible in a state, whoever asks?"""
    return current in transition.sources


#: Coded reasons of findings and returns (the code list ``alasan_pengembalian``);
#: ``True``: on the national portal too.
REASONS: dict[str, bool] = {
    one.code: one.columns["nasional"] == "ya"
    for one in codefiles.shipped("alasan_pengembalian").items
}
#: Reasons that belong to the head of the agency.
HEAD_REASONS = ("head_not_ready", "head_wrong_figure", "other")
SEVERITIES = ("must", "advice")

#: The four principles of Perpres 39/2019 ps 3, and personal data.
PRINCIPLES = (
    "standar_data",
    "metadata",
    "interoperabilitas",
    "kode_referensi",
    "privasi",
)
ANSWERS = ("ok", "not_ok", "na")

WITHDRAW_REASONS = ("wrong", "privacy", "replaced", "legal", "other")
