"""Who may do which transition, and who may see a dataset that is not public."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from ckan import model

from ckanext.satudata import config
from ckanext.satudata.approval.model import Approval, Preparer
from ckanext.satudata.approval.states import WAITS_FOR, State, Transition
from ckanext.satudata.common import clock
from ckanext.satudata.roles import permissions as roles
from ckanext.satudata.roles.permissions import Holding
from ckanext.satudata.roles.states import Role


@dataclass(frozen=True)
class Denial:
    """Why a person may not do a transition.

    Attributes:
        code: no_role, same_person, not_claimed, claimed or not_submitter.
        how: prepared or checked with same_person; user id of the holder with claimed.
    """

    code: str
    how: str = ""


def role_for(
    transition: Transition, user_id: str | None, organization_id: str | None, state: State
) -> Holding | None:
    """The role in which a person may do a transition on a dataset of an OPD."""
    wanted = transition.roles
    if transition.name in ("claim", "release"):
        wanted = tuple(role for role in wanted if role in WAITS_FOR.get(state, ()))
    return roles.holding(user_id, wanted, organization_id)


def is_preparer(package_id: str, user_id: str) -> bool:
    """Did a person create or edit the dataset?"""
    if model.Session.get(Preparer, (package_id, user_id)) is not None:
        return True
    creator = sa.select(model.Package.creator_user_id)
    return model.Session.scalar(creator.where(model.Package.id == package_id)) == user_id


def prepared(package_id: str, user_id: str) -> Any:
    """Statement that notes a person as preparer of a dataset."""
    values = {"package_id": package_id, "user_id": user_id, "at": clock.now()}
    return (
        insert(Preparer.__table__)
        .values(**values)
        .on_conflict_do_update(index_elements=["package_id", "user_id"], set_={"at": values["at"]})
    )


def claim_ends(approval: Approval) -> datetime | None:
    """When a claim runs out, or None without one."""
    if not approval.claimed_by or approval.claimed_at is None:
        return None
    return approval.claimed_at + timedelta(minutes=config.claim_minutes())


def claim_holds(approval: Approval) -> bool:
    """Is the case taken by a checker whose time has not run out?"""
    end = claim_ends(approval)
    return end is not None and end > clock.now()


def claim_holder(approval: Approval) -> str | None:
    """Who holds the claim of a case now; a role that ended ends the claim with it."""
    if not claim_holds(approval) or not checks(approval.claimed_by or ""):
        return None
    return approval.claimed_by


def checks(user_id: str) -> bool:
    """Does a person check datasets by role?"""
    return any(one.role in (Role.WALIDATA, Role.PEMBINA_DATA) for one in roles.holdings(user_id))


def holds(approval: Approval, user_id: str) -> bool:
    """Does a person hold the claim of a case now?"""
    return claim_holder(approval) == user_id


def denial(
    transition: Transition, user_id: str, approval: Approval | None, package_id: str
) -> Denial | None:
    """Why a person of the right role may still not do it, or None."""
    if approval is None:
        return None
    holder = claim_holder(approval)
    if transition.name == "claim" and holder and holder != user_id:
        return Denial("claimed", holder)
    if transition.claimed and holder != user_id:
        return Denial("claimed", holder) if holder else Denial("not_claimed")
    if transition.submitter and approval.submitted_by != user_id:
        return Denial("not_submitter")
    if transition.name == "recall" and holder:
        return Denial("claimed", holder)
    if transition.not_preparer and (
        approval.submitted_by == user_id or is_preparer(package_id, user_id)
    ):
        return Denial("same_person", "prepared")
    if transition.not_checker and user_id in (approval.checked_by, approval.endorsed_by):
        return Denial("same_person", "checked")
    return None


#: Label of every managed dataset for the walidata, who looks after all of them.
WALIDATA_LABEL = "satudata-walidata"
#: Label for the supervisor, from submission on, of data prioritas.
PEMBINA_LABEL = "satudata-pembina"


def dataset_labels(package: model.Package) -> list[str]:
    """Labels that add readers to a private dataset; they never take any away."""
    if package.state == "active" and package.private is False:
        return []  # everybody reads it
    if (package.type or "dataset") in config.unmanaged_types() or package.state == "deleted":
        return []
    labels = [WALIDATA_LABEL]
    row = model.Session.execute(
        Approval.open_for(package.id).with_only_columns(Approval.state, Approval.priority)
    ).first()
    if row and row.priority and row.state not in (State.DRAFT, State.RETURNED):
        labels.append(PEMBINA_LABEL)
    return labels


def user_labels(user_id: str | None) -> list[str]:
    """Labels a person holds by role."""
    held = {one.role for one in roles.holdings(user_id)}
    labels = [WALIDATA_LABEL] if Role.WALIDATA in held else []
    return labels + ([PEMBINA_LABEL] if Role.PEMBINA_DATA in held else [])


def may_see_process(user: model.User | None, organization_id: str | None) -> bool:
    """May a person see panel, findings and history of a dataset of an OPD?

    The roles of that OPD, and those of the city that work on it; a reader who only has
    a CKAN account does not.
    """
    if user is None:
        return False
    held = roles.holdings(user.id)
    return (
        user.sysadmin
        or works_for_city(held)
        or any(
            one.organization_id is not None and one.organization_id == organization_id
            for one in held
        )
    )


def works_for_city(held: list[Holding]) -> bool:
    """Is one of these roles a party of every process?"""
    city = (Role.WALIDATA, Role.PEMBINA_DATA, Role.SEKRETARIAT)
    return any(one.role in city for one in held)


def visible_to(user: model.User, held: list[Holding]) -> Any:
    """Condition on approvals: those a person is a party of (:func:`may_see_process`)."""
    if user.sysadmin or works_for_city(held):
        return sa.true()
    own = {one.organization_id for one in held if one.organization_id}
    return Approval.organization_id.in_(sorted(own)) if own else sa.false()


def alarm() -> Any:
    """Condition on approvals: public content is not what was validated."""
    return sa.and_(Approval.mismatch_at.is_not(None), Approval.state == str(State.PUBLISHED))


def is_alarm(approval: Approval) -> bool:
    """Is public content not what was validated?"""
    return approval.mismatch_at is not None and approval.state == State.PUBLISHED


def waits_for(held: list[Holding]) -> Any:
    """Condition on approvals: those whose next step one of these roles does.

    An alarm about public content waits for the walidata.
    """
    conditions = [alarm()] if any(one.role is Role.WALIDATA for one in held) else []
    for state, wanted in WAITS_FOR.items():
        for one in held:
            if one.role not in wanted:
                continue
            condition = Approval.state == str(state)
            if one.organization_id:
                condition = sa.and_(condition, Approval.organization_id == one.organization_id)
            conditions.append(condition)
    return sa.or_(*conditions) if conditions else sa.false()
