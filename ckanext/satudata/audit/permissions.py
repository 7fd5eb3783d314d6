"""Who may read what the audit found."""

from __future__ import annotations

from ckan import model

from ckanext.satudata.roles import permissions as roles
from ckanext.satudata.roles.states import Role


def may_read(user: model.User | None) -> bool:
    """Walidata and administrators of the portal: findings name hidden datasets."""
    return user is not None and (user.sysadmin or roles.has_role(user.id, Role.WALIDATA))
