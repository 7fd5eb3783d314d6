"""What the portal itself says of a dataset; nobody else may say it.

Search results carry these as extras. Sent back unchanged they are passed over; changed
they are refused, as are the fields by which a dataset would leave the procedure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ckan import model

from ckanext.satudata.approval.model import Approval, Publication
from ckanext.satudata.approval.states import State
from ckanext.satudata.common import quick

#: States that CKAN gives meaning to; any other text would hide a dataset from everybody.
_STATES = ("active", "draft", "deleted")


#: Written out, because every search asks it; the letter as a join costs a third more.
_OF = (
    "SELECT d.id, d.name, d.private, d.state, p.fingerprint, p.published_at, p.kind,"
    " (SELECT l.number FROM satudata_letter l WHERE l.id = p.letter_id) AS number"
    " FROM package d"
    " LEFT JOIN satudata_publication p ON p.package_id = d.id AND p.revoked_at IS NULL"
    " WHERE d.FIELD = ANY($1)"
)
_BY = {field: _OF.replace("FIELD", field) for field in ("id", "name")}


@dataclass(frozen=True)
class Mark:
    """What the database says of a dataset in a list.

    Attributes:
        open: may everybody see that it is there?
        values: letter, fingerprint and date by which it is published; empty if it is not.
    """

    open: bool
    values: dict[str, str]


def of(keys: list[str], field: str = "id") -> dict[str, Mark]:
    """What is known of some datasets, in one query.

    Args:
        keys: what tells which.
        field: what the keys are, ``id`` or ``name``.

    Returns:
        By key; what does not exist is not in it.
    """
    if not keys:
        return {}
    rows = quick.rows(f"satudata_marks_{field}", _BY[field], keys)
    return {
        getattr(row, field): Mark(row.private is not True and row.state == "active", _values(row))
        for row in rows
    }


def _values(row: Any) -> dict[str, str]:
    if row.published_at is None:
        return {}
    # Adopted data was public before, and nobody validated it.
    day = "" if row.kind == "adopted" else row.published_at.date().isoformat()
    return {
        "satudata_letter_number": row.number or "",
        "satudata_fingerprint": row.fingerprint,
        "satudata_valid_from": day,
    }


def changed(package_id: str, data: dict[str, Any]) -> str | None:
    """The first field of an input that is for the portal alone and differs from it.

    Type and creator decide who is under the procedure and who may not check; a state
    that CKAN does not know is neither public nor to be found. What was withdrawn keeps
    the address under which its notice is read.

    Args:
        package_id: the dataset that is written.
        data: the input of ``package_update``; what is empty or absent says nothing.
    """
    package = model.Package
    row = model.Session.execute(
        sa.select(package.type, package.creator_user_id, package.name).where(
            package.id == package_id
        )
    ).first()
    if row is None:
        return None
    for field, stored in zip(("type", "creator_user_id"), row[:2], strict=True):
        if data.get(field) and data[field] != stored:
            return field
    if data.get("name") and data["name"] != row.name and _has_notice(package_id):
        return "name"
    if data.get("state") and data["state"] not in _STATES:
        return "state"
    given = own(data)
    if given:
        true = _current(package_id)
        return next((key for key, value in given.items() if value != true.get(key)), None)
    return None


def _has_notice(package_id: str) -> bool:
    query = sa.select(Publication.id).where(
        Publication.package_id == package_id, Publication.reason.is_not(None)
    )
    return model.Session.execute(query.limit(1)).first() is not None


def own(data: dict[str, Any]) -> dict[str, Any]:
    """Our keys of an input, on its top and among its extras."""
    listed = data.get("extras")
    extras = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    pairs = [*data.items(), *((one.get("key"), one.get("value")) for one in extras)]
    return {str(key): value for key, value in pairs if str(key).startswith("satudata_")}


def _current(package_id: str) -> dict[str, str]:
    """As search results have it: the newest approval that was not cancelled."""
    newest = (
        sa.select(Approval.state)
        .where(Approval.package_id == package_id, Approval.state != str(State.CANCELLED))
        .order_by(Approval.created_at.desc())
        .limit(1)
    )
    state = model.Session.scalar(newest) or str(State.DRAFT)
    mark = of([package_id]).get(package_id)
    return {"satudata_state": state, **(mark.values if mark else {})}
