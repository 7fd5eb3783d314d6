"""Who may read files and rows: the access classes terbuka, terbatas and tertutup.

A class says who reads the data, never who sees that it exists: the metadata of a public
dataset is public. What is stored in the dataset and what was validated are compared, and
the stricter of the two holds; a word that is no class closes. Asked where data leaves the
portal (files, DataStore), never while metadata is read.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ckan import model
from ckan import plugins as p
from ckan.plugins import toolkit as tk
from ckan.types import AuthResult, Context

from ckanext.satudata import config, profile
from ckanext.satudata.approval import texts
from ckanext.satudata.approval.model import Approval, Publication
from ckanext.satudata.common import compat
from ckanext.satudata.metadata import columns
from ckanext.satudata.metadata import service as metadata
from ckanext.satudata.roles import permissions as roles
from ckanext.satudata.roles import texts as role_texts
from ckanext.satudata.roles.states import FACTS, Role
from ckanext.satudata.storage import service as storage

#: Classes from the openest to the strictest.
_ORDER = (metadata.OPEN, metadata.RESTRICTED, metadata.CLOSED)
#: Roles of the city that are a party of every process; those of the own agency are too.
_CITY = (Role.WALIDATA, Role.PEMBINA_DATA)
#: Actions whose answer has rows, or tells of them.
_ROWS = ("datastore_search", "datastore_info")


class Restricted(tk.NotAuthorized):
    """The data is there, and not for everybody; its text says how to ask for it."""


@dataclass(frozen=True)
class Facts:
    """What decides who reads the data of a dataset.

    Attributes:
        level: the class that holds.
        named: roles that the restriction names besides the parties.
        organization_id: its agency.
    """

    level: str
    named: frozenset[str]
    organization_id: str | None


def strictest(*classes: Any) -> str:
    """The strictest of some classes; what is no class counts as closed."""
    return max((one if one in _ORDER else metadata.CLOSED for one in classes), key=_ORDER.index)


def of(package_id: str) -> Facts | None:
    """The facts of a dataset, read from the database; None where there is none.

    A private dataset is seen by its parties only, so there an open class, or none yet,
    leaves it to CKAN. One that was public before this extension came, adopted or not yet,
    keeps being read as before, as long as nobody gave it a class.
    """
    package = model.Package
    row = model.Session.execute(
        # Columns, not a cached object: the session of a worker is long.
        sa.select(package.type, package.private, package.owner_org).where(package.id == package_id)
    ).first()
    if row is None:
        return None
    extras = compat.package_extras(package_id)
    named, live = _codes(extras.get("akses_peran")), extras.get("accessRights") or None
    if row.type in config.unmanaged_types():
        return Facts(metadata.OPEN, named, row.owner_org)
    recorded = None if row.private is True else _recorded(package_id)
    if recorded is None:
        return Facts(strictest(live or metadata.OPEN), named, row.owner_org)
    if recorded.kind == "adopted":
        live = live or metadata.OPEN
    return Facts(strictest(live, recorded.access), named, row.owner_org)


def _recorded(package_id: str) -> Any:
    """``access`` and ``kind`` by which a dataset was published; None without a record."""
    query = sa.select(Approval.access, Publication.kind).join(
        Publication, Publication.approval_id == Approval.id
    )
    return model.Session.execute(
        query.where(Publication.package_id == package_id, Publication.revoked_at.is_(None))
    ).first()


def _codes(stored: Any) -> frozenset[str]:
    """Role codes of the field ``akses_peran``; what cannot be read names nobody."""
    try:
        found = json.loads(stored) if isinstance(stored, str) else stored
    except ValueError:
        return frozenset()
    if not isinstance(found, list):
        return frozenset()
    known = {str(one) for one in Role}
    return frozenset(one for one in found if isinstance(one, str) and one in known)


def may_read_data(user: model.User | None, facts: Facts) -> bool:
    """May a person read files and rows of a dataset whose metadata they may see?

    The parties of its process always (the roles of its agency, walidata, pembina data);
    for restricted data those of the named roles in any agency too. The administrator runs
    the server and its backups, and the loader of the DataStore works by that account.
    """
    if facts.level == metadata.OPEN:
        return True
    if user is None:
        return False
    if user.sysadmin:
        return True
    for one in roles.holdings(user.id):
        if FACTS[one.role].per_organization and one.organization_id == facts.organization_id:
            return True
        if one.role in _CITY:
            return True
        if facts.level == metadata.RESTRICTED and str(one.role) in facts.named:
            return True
    return False


def refusal(facts: Facts) -> Restricted:
    """What a person is told who may see the dataset and not its data."""
    if facts.level == metadata.RESTRICTED:
        return Restricted(texts.restricted(readers(facts), profile.current().ppid.line()))
    return Restricted(texts.closed())


def readers(facts: Facts) -> str:
    """Who may read the data, in words: the parties, then the named roles."""
    parties = [Role.PRODUSEN_DATA, Role.WALIDATA, Role.PEMBINA_DATA]
    named = [one for one in Role if str(one) in facts.named and one not in parties]
    return ", ".join(role_texts.role(one) for one in (*parties, *named))


def limits(package: model.Package) -> list[str]:
    """What the public does not get of a dataset, a sentence each; nothing of open data."""
    level = metadata.access(package)
    lines = []
    if level == metadata.RESTRICTED:
        named = _codes(dict(package.extras or {}).get("akses_peran"))
        lines.append(texts.limited(readers(Facts(level, named, package.owner_org))))
    elif level == metadata.CLOSED:
        lines.append(texts.never())
    for one in package.resources:
        out = columns.words(one.extras) if one.state == "active" else ""
        if out:
            lines.append(texts.columns_left_out(one.name or one.url, out))
    return lines


def ask(user: model.User | None, package_id: str) -> None:
    """Refuse a person who may not read the data of a dataset.

    Raises:
        Restricted: with how to ask for the data.
    """
    facts = of(package_id)
    if facts is not None and not may_read_data(user, facts):
        raise refusal(facts)


def chained_auth() -> dict[str, Callable[..., Any]]:
    """The links in front of the auth functions by which rows and files are read.

    Core's own answer comes first: who may not see the dataset is told nothing of its class.
    """
    links: dict[str, Callable[..., Any]] = {}
    if p.plugin_loaded("datastore"):
        links |= {name: _link(name, _tables_asked) for name in _ROWS}
        links["datastore_search_sql"] = _link("datastore_search_sql", _tables_joined)
    if hasattr(model, "FileOwner"):
        name = "permission_download_file"
        links[name] = _link(name, _owners)
    return links


def _link(name: str, find: Callable[..., list[str]]) -> Callable[..., Any]:
    @tk.chained_auth_function
    @tk.auth_allow_anonymous_access
    def asked(
        next_auth: Callable[..., AuthResult], context: Context, data_dict: dict[str, Any]
    ) -> AuthResult:
        answer = next_auth(context, data_dict)
        if answer.get("success"):
            user = model.User.get(context.get("user") or None)
            for package_id in find(context, data_dict):
                ask(user, package_id)
        return answer

    asked.__name__ = name
    asked.__doc__ = f"Of what ``{name}`` reads, only what the access class allows."
    return asked


def _packages(resources: list[Any]) -> list[str]:
    found = (storage.package_of(one) for one in resources)
    return sorted({one for one in found if one is not None})


def _tables_asked(_context: Context, data_dict: dict[str, Any]) -> list[str]:
    return _packages([data_dict.get("resource_id"), data_dict.get("id")])


def _tables_joined(context: Context, _data_dict: dict[str, Any]) -> list[str]:
    return _packages(list(context.get("table_names") or ()))


def _owners(_context: Context, data_dict: dict[str, Any]) -> list[str]:
    owner = model.FileOwner
    rows = model.Session.execute(
        sa.select(owner.owner_type, owner.owner_id).where(owner.file_id == data_dict.get("id"))
    ).all()
    files = _packages([one for kind, one in rows if kind == "resource"])
    return files + [one for kind, one in rows if kind == "package"]
