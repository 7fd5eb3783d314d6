"""What the tick does for the roles, each round."""

from __future__ import annotations

from datetime import date

from ckan import model

from ckanext.satudata.common import clock
from ckanext.satudata.roles import members

__all__ = ["tick_memberships"]

_last: list[date] = []


def tick_memberships() -> int:
    """Once a day: take away and give the memberships of roles that ended or began."""
    if _last == [clock.today()]:
        return 0
    changed = members.sync_all()
    model.Session.commit()
    _last[:] = [clock.today()]
    return changed
