"""Sentences of what a transition is refused with."""

from __future__ import annotations

from typing import NoReturn

import sqlalchemy as sa

from ckan import model
from ckan.plugins.toolkit import _

from ckanext.satudata import profile
from ckanext.satudata.approval import permissions, texts
from ckanext.satudata.approval.states import State, Transition
from ckanext.satudata.common import clock, events
from ckanext.satudata.common.errors import Conflict, refuse
from ckanext.satudata.roles import permissions as roles
from ckanext.satudata.roles import texts as role_texts


def no_role(transition: Transition, user: model.User, package: model.Package) -> str:
    """The sentence for a person without the role a transition asks for."""
    own = [str(one.role) for one in roles.holdings(user.id)]
    if user.sysadmin:
        own.append("sysadmin")
    organization = model.Group.get(package.owner_org) if package.owner_org else None
    return texts.no_role(
        transition.roles,
        organization.title if organization else "-",
        own,
        profile.current().city.contact,
    )


def denied(transition: Transition, found: permissions.Denial) -> NoReturn:
    """Raise the refusal of a denial with its sentence."""
    if found.code == "same_person":
        refuse("same_person", texts.same_person(found.how, transition.roles))
    if found.code == "claimed":
        raise Conflict(_("A colleague is checking this dataset."))
    if found.code == "not_claimed":
        refuse("not_claimed", _("Take the dataset for checking first."))
    refuse("not_submitter", _("Only the person who submitted it can undo this."))


def conflict(stream: str) -> str:
    """Who decided meanwhile, what and when, by the last event of a history."""
    last = model.Session.execute(
        sa.select(events.Event.kind, events.Event.at, events.Event.role)
        .where(events.Event.stream == stream)
        .order_by(events.Event.number.desc())
        .limit(1)
    ).first()
    if last is None:
        return _("The dataset changed meanwhile. Reload to see its state.")
    return _("%(role)s decided meanwhile: %(what)s, %(time)s. Reload to see the latest state.") % {
        "role": role_texts.role(last.role),
        "what": texts.history().get(last.kind, last.kind),
        "time": clock.local(last.at).strftime("%d-%m-%Y %H.%M"),
    }


def wrong_state(transition: Transition, state: State) -> str:
    """That a transition does not start in a state."""
    return _("%(action)s is not possible: the dataset is %(state)s.") % {
        "action": texts.transitions().get(transition.name, transition.name),
        "state": texts.states()[str(state)].lower(),
    }
