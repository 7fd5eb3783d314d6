"""Work lists: what waits for whom, late first, then by due date and data prioritas."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _

from ckanext.satudata.approval import check, panel, permissions, states, texts
from ckanext.satudata.approval.model import Approval, Preparer
from ckanext.satudata.approval.states import State
from ckanext.satudata.common import clock, dates
from ckanext.satudata.letters import pages as letter_pages
from ckanext.satudata.letters import register
from ckanext.satudata.letters import texts as letter_texts
from ckanext.satudata.metadata import completeness
from ckanext.satudata.roles import permissions as roles
from ckanext.satudata.roles import texts as role_texts
from ckanext.satudata.roles.permissions import Holding
from ckanext.satudata.roles.states import Role

#: Rows shown at once.
LIMIT = 50
_WITH_THE_AGENCY = (str(State.DRAFT), str(State.RETURNED))
_CHECKERS = (Role.WALIDATA, Role.PEMBINA_DATA)
#: Kind of list → (roles that have it, states it shows).
KINDS: dict[str, tuple[tuple[Role, ...], tuple[State, ...]]] = {
    "check": (_CHECKERS, (State.SUBMITTED, State.PEMBINA_REVIEW)),
    "validation": ((Role.KEPALA_OPD,), (State.AWAITING_VALIDATION,)),
    "mine": ((), tuple(states.WAITS_FOR)),
}
#: What the queue of checks can show besides, by chip.
_CHIPS = (
    State.SUBMITTED,
    State.PEMBINA_REVIEW,
    State.RETURNED,
    State.AWAITING_VALIDATION,
    State.VALIDATED,
)


def may_see(kind: str, user: model.User, held: list[Holding]) -> bool:
    """Does a person's role have this list? Pekerjaan Saya is everybody's."""
    wanted = KINDS[kind][0]
    return not wanted or user.sysadmin or any(one.role in wanted for one in held)


def build(kind: str, user: model.User, state: str | None) -> dict[str, Any] | None:
    """What the list page shows, or None for who has no such list.

    Args:
        kind: check, validation or mine.
        user: who looks.
        state: filter of the queue of checks.
    """
    held = roles.holdings(user.id)
    if not may_see(kind, user, held):
        return None
    shown: tuple[State, ...] = KINDS[kind][1]
    if kind == "check":
        # Each checker begins with what waits for the own role.
        own = [one for one in shown if any(role.role in states.WAITS_FOR[one] for role in held)]
        shown = tuple(own) or shown
        if state in [str(one) for one in _CHIPS]:
            shown = (State(state),)
    query = _query(user, held).where(_in(kind, shown, filtered=bool(state)))
    if kind == "mine":
        query = query.where(permissions.waits_for(held))
    rows = letter_rows(user) if kind == "mine" else []
    found = model.Session.execute(query.order_by(*_order()).limit(LIMIT)).all()
    full = completeness.of_many([one[1] for one in found if one[0].state in _WITH_THE_AGENCY])
    rows += [_row(kind, held, *one, full.get(one[1].id)) for one in found]
    late = [row for row in rows if row["alarm"] or (row["due"] and row["due"]["tone"] == "late")]
    rest = [row for row in rows if row not in late]
    title, lead, empty = _words(kind, held)
    return {
        "title": title,
        "lead": lead,
        "chips": _chips(user, held, state) if kind == "check" else [],
        "groups": [
            {"label": _("Late"), "late": True, "rows": late},
            {"label": _("Waiting"), "late": False, "rows": rest},
        ],
        "empty": empty,
    }


def count(kind: str, user: model.User, held: list[Holding]) -> tuple[int, bool]:
    """How many wait in a list, and whether one is late: for the work bar."""
    query = _query(user, held).where(_in(kind, KINDS[kind][1]), permissions.waits_for(held))
    overdue = sa.or_(Approval.due_at < clock.now(), permissions.alarm())
    late = sa.func.count().filter(overdue)
    number, urgent = model.Session.execute(query.with_only_columns(sa.func.count(), late)).one()
    if kind == "mine":
        number += len(letter_tasks(user))
    return number, bool(urgent)


def _in(kind: str, shown: tuple[State, ...], *, filtered: bool = False) -> Any:
    """Condition on approvals: those of a list; alarms stand in the walidata's lists."""
    states_of = Approval.state.in_([str(one) for one in shown])
    if kind == "validation" or filtered:
        return states_of
    return sa.or_(states_of, permissions.alarm())


def _query(user: model.User, held: list[Holding]) -> Any:
    return (
        sa.select(Approval, model.Package, model.Group.title)
        .join(model.Package, model.Package.id == Approval.package_id)
        .outerjoin(model.Group, model.Group.id == model.Package.owner_org)
        .where(model.Package.state == "active", permissions.visible_to(user, held))
    )


def _order() -> tuple[Any, ...]:
    return (
        sa.case((permissions.alarm(), 0), else_=1),
        Approval.due_at.asc().nulls_last(),
        Approval.priority.desc(),
        Approval.state_since,
        Approval.id,
    )


def letter_tasks(user: model.User) -> list[tuple[Any, str]]:
    """Letters that wait for a person, without those whose data they prepared or checked."""
    found = register.tasks(user)
    ids = [letter.id for letter, _agency in found]
    own = sa.exists().where(Preparer.package_id == Approval.package_id, Preparer.user_id == user.id)
    people = (Approval.checked_by, Approval.endorsed_by, Approval.submitted_by)
    query = sa.select(Approval.letter_id).where(
        Approval.letter_id.in_(ids), sa.or_(own, *(one == user.id for one in people))
    )
    barred = set(model.Session.scalars(query)) if ids else set()
    return [
        (letter, agency)
        for letter, agency in found
        if letter.signer_id == user.id or letter.id not in barred
    ]


def letter_rows(user: model.User) -> list[dict[str, Any]]:
    """Letters that wait for a person: to be signed, scanned or confirmed."""
    return [
        {
            "title": f"{letter_texts.kinds()[letter.kind]} {letter.number}",
            "url": tk.url_for("satudata_letters.read", id=letter.id),
            "organization": agency,
            "verb": letter_texts.tasks()[letter.state],
            "why": _("Publication waits for the letter."),
            "step": "SOP 3.2",
            "due": None,
            "badge": letter_pages.badge(letter.state),
            "button": {
                "label": letter_texts.tasks()[letter.state],
                "url": tk.url_for("satudata_letters.read", id=letter.id),
            },
            "holder": None,
            "alarm": False,
        }
        for letter, agency in letter_tasks(user)
    ]


def _row(
    kind: str,
    held: list[Holding],
    approval: Approval,
    package: model.Package,
    opd: str | None,
    full: completeness.Completeness | None,
) -> dict[str, Any]:
    state = State(approval.state)
    alarm = permissions.is_alarm(approval)
    wanted = (Role.WALIDATA,) if alarm else states.WAITS_FOR.get(state, ())
    mine = any(one.role in wanted for one in held)
    claimed = permissions.claim_holds(approval)
    verbs = {
        State.DRAFT: _("Complete it"),
        State.RETURNED: _("Repair"),
        State.SUBMITTED: _("Check"),
        State.PEMBINA_REVIEW: _("Check"),
        State.AWAITING_VALIDATION: _("Validate"),
        State.PUBLISHED: _("See the alarm"),
    }
    url = tk.url_for("dataset.read", id=package.name)
    verb = verbs.get(state, _("Open")) if mine else _("Open")
    button = {"label": verb, "url": url, "style": "primary" if mine else "default"}
    if state in check.DECISIONS and kind != "validation":
        button["url"] = tk.url_for("satudata_approval.check", id=package.name)
    if state is State.AWAITING_VALIDATION and kind == "mine":
        button["url"] = tk.url_for("satudata_approval.validation", opd=package.owner_org)
    return {
        "title": package.title or package.name,
        "url": url,
        "organization": opd or "-",
        "verb": verb if mine else "",
        "why": texts.alarm() if alarm else _why(approval, full),
        "step": {"check": "SOP 3.1", "validation": "SOP 3.2"}.get(
            states.STEP_OF.get(state, ""),
            "SOP 4" if state in (State.VALIDATED, State.PUBLISHED) else "SOP 2.2",
        ),
        "due": dates.due(approval.due_at),
        "badge": panel.badge(approval.state, claimed=claimed),
        "button": button,
        "holder": _("A walidata is on it") if claimed else None,
        "alarm": alarm,
    }


def _why(approval: Approval, full: completeness.Completeness | None) -> str:
    """Round, and of a dataset that its agency still works on what its description lacks."""
    text = _("Round %(n)s") % {"n": max(1, approval.round)}
    if full is None:
        return text
    count = _("{filled} of {total}").format(filled=full.filled, total=full.total)
    return f"{text} · {count} " + _("demanded answers are there.")


def _chips(user: model.User, held: list[Holding], state: str | None) -> list[dict[str, Any]]:
    numbers = dict(
        model.Session.execute(
            _query(user, held)
            .with_only_columns(Approval.state, sa.func.count())
            .group_by(Approval.state)
        ).all()
    )
    return [
        {
            "label": texts.states()[str(one)],
            "url": tk.url_for("satudata_approval.queue", state=str(one)),
            "count": numbers.get(str(one), 0),
            "active": state == str(one),
        }
        for one in _CHIPS
    ]


def _held(one: Holding) -> str:
    """A role with its agency, and whom the person stands in for."""
    text = role_texts.role(one.role)
    if one.organization_id:
        agency = model.Group.get(one.organization_id)
        text += f" {agency.title or agency.name}" if agency else ""
    return f"{letter_texts.acting()[one.acting_kind]} {text}" if one.acting_kind else text


def _words(kind: str, held: list[Holding]) -> tuple[str, str, dict[str, Any]]:
    own = ", ".join(dict.fromkeys(_held(one) for one in held))
    nowhere: dict[str, Any] = {"url": None, "link_text": None}
    if kind == "check":
        return (
            _("Checking"),
            _("Datasets that wait for the conformity check (SOP 3.1)."),
            {"text": _("The queue is empty."), **nowhere},
        )
    if not held:
        text = _("You have no role yet. The walidata gives roles.")
        return _("My Work"), "", {"text": text, **nowhere}
    return (
        _("My Work"),
        _("%(day)s. As %(roles)s.") % {"day": dates.long_day(clock.today()), "roles": own},
        {"text": _("Nothing waits for you."), **nowhere},
    )
