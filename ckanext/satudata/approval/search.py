"""What search results carry beside the dataset: letter and fingerprint, or the state.

As extras of search results only, never of ``package_show``, so that what a client reads
with ``package_show`` can be sent back unchanged.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ckan import model

from ckanext.satudata.approval import marks, permissions
from ckanext.satudata.approval.model import Approval
from ckanext.satudata.approval.states import State
from ckanext.satudata.roles import permissions as roles


def put_right(search_results: dict[str, Any], user: model.User | None) -> None:
    """Say what the portal says of each dataset, and take out what is public no more.

    Published datasets get ``satudata_letter_number``, ``satudata_fingerprint`` and
    ``satudata_valid_from`` for everyone; private ones ``satudata_state`` for the
    parties of their process. A constant number of queries: one for anonymous.
    """
    results = search_results.get("results") or []
    # A search with ``fl`` may give rows that have a name only, or neither.
    field = "id" if results and "id" in results[0] else "name"
    known = marks.of([one[field] for one in results if field in one], field)
    kept = [one for one in results if field not in one or _stays(one, known.get(one[field]), user)]
    search_results["count"] = max(0, search_results.get("count", 0) - len(results) + len(kept))
    search_results["results"] = kept
    _annotate(kept, known, field, user)


def _stays(one: dict[str, Any], mark: marks.Mark | None, user: model.User | None) -> bool:
    """May a row be shown that the index gave?

    A safety net for the moments in which the index lags behind (Solr down at a
    withdrawal) and still calls public what the database does not: the index itself is put
    right by the tick. A row read with ``fl`` tells neither; a person who is signed in may
    have a right to it, anybody else has not.
    """
    if mark and mark.open or one.get("private") is True:
        return True
    return user is not None and "private" not in one


def _annotate(
    results: list[dict[str, Any]],
    known: dict[str, marks.Mark],
    field: str,
    user: model.User | None,
) -> None:
    closed = [one["id"] for one in results if one.get("private") and one.get("id")]
    mine = _states(closed, user) if user is not None and closed else {}
    for one in results:
        mark = known.get(one.get(field, ""))
        state = mine.get(one.get("id")) if one.get("private") else None
        values = {"satudata_state": state} if state else (mark.values if mark else {})
        if not values or "extras" not in one and "name" not in one:
            continue
        present = {extra["key"] for extra in one.get("extras") or ()}
        one["extras"] = [
            *(one.get("extras") or ()),
            *({"key": key, "value": value} for key, value in values.items() if key not in present),
        ]


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
