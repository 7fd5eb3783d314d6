"""What search results carry beside the dataset: letter and fingerprint, or the state.

As extras of search results only, never of ``package_show``, so that what a client reads
with ``package_show`` can be sent back unchanged.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ckan import model

from ckanext.satudata.approval import permissions
from ckanext.satudata.approval.model import Approval, Publication
from ckanext.satudata.approval.states import State
from ckanext.satudata.letters import service as letters
from ckanext.satudata.roles import permissions as roles


def annotate(results: list[dict[str, Any]], user: model.User | None) -> None:
    """Add the extras to a page of results, in a constant number of queries.

    Published datasets get ``satudata_letter_number``, ``satudata_fingerprint`` and
    ``satudata_valid_from`` for everyone; private ones ``satudata_state`` for the
    parties of their process.
    """
    ids = [one["id"] for one in results if one.get("id")]
    if not ids:
        return
    records = _records(ids)
    mine = _states(ids, user) if user else {}
    for one in results:
        values = dict(records.get(one.get("id"), {}))
        if one.get("private") and user is not None:
            held_state = mine.get(one["id"])
            if held_state:
                values = {"satudata_state": held_state}
        if not values or "extras" not in one and "name" not in one:
            continue
        present = {extra["key"] for extra in one.get("extras") or ()}
        one["extras"] = [
            *(one.get("extras") or ()),
            *({"key": key, "value": value} for key, value in values.items() if key not in present),
        ]


def drop_closed(search_results: dict[str, Any], user: model.User | None) -> None:
    """Take out rows that the index still calls public and the database does not.

    A safety net for the moments in which the index lags behind (Solr down at a
    withdrawal): the index itself is put right by the tick. A row read with ``fl`` tells
    neither; a person who is signed in may have a right to it, anybody else has not.
    """
    results = search_results.get("results") or []
    keys = [one.get("id") or one.get("name") for one in results]
    wanted = [key for key in keys if key]
    if not wanted:
        return
    package = model.Package
    rows = model.Session.execute(
        sa.select(package.id, package.name, package.private, package.state).where(
            sa.or_(package.id.in_(wanted), package.name.in_(wanted))
        )
    )
    open_now: set[str] = set()
    for row in rows:
        if row.private is False and row.state == "active":
            open_now |= {row.id, row.name}
    kept = [
        one
        for one, key in zip(results, keys, strict=True)
        if key is None
        or key in open_now
        or one.get("private") is True
        or (user is not None and "private" not in one)
    ]
    search_results["count"] = max(0, search_results.get("count", 0) - len(results) + len(kept))
    search_results["results"] = kept


def _records(ids: list[str]) -> dict[str, dict[str, str]]:
    rows = model.Session.execute(
        sa.select(
            Publication.package_id,
            Publication.letter_id,
            Publication.fingerprint,
            Publication.published_at,
        ).where(
            Publication.package_id.in_(ids),
            Publication.revoked_at.is_(None),
            Publication.state == "done",
        )
    ).all()
    numbers = letters.numbers([row.letter_id for row in rows if row.letter_id])
    return {
        row.package_id: {
            "satudata_letter_number": numbers.get(row.letter_id, ""),
            "satudata_fingerprint": row.fingerprint,
            "satudata_valid_from": row.published_at.date().isoformat(),
        }
        for row in rows
    }


def _states(ids: list[str], user: model.User) -> dict[str, str]:
    """Package id → state, for the process the person is a party of."""
    held = roles.holdings(user.id)
    owned = [one.organization_id for one in held if one.organization_id]
    query = sa.select(model.Package.id, Approval.state).outerjoin(
        Approval,
        sa.and_(
            Approval.package_id == model.Package.id,
            Approval.state != str(State.CANCELLED),
        ),
    )
    query = query.where(model.Package.id.in_(ids))
    if not (user.sysadmin or permissions.works_for_city(held)):
        query = query.where(model.Package.owner_org.in_(owned))
    # The newest approval comes last and wins.
    rows = model.Session.execute(query.order_by(Approval.created_at.asc().nulls_first()))
    return {row[0]: row[1] or str(State.DRAFT) for row in rows}
