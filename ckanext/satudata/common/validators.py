"""Validators of action inputs that more than one domain uses."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _

from ckanext.satudata.common import clock

__all__ = [
    "satudata_date",
    "satudata_moment",
    "satudata_names",
    "satudata_nip",
    "satudata_organization_id",
    "satudata_package_id",
    "satudata_texts",
    "satudata_user_id",
]


#: What lies behind it is a typing error, and breaks calendars.
LAST_YEAR = 2100


def satudata_date(value: Any) -> date:
    """ISO date (2026-11-24) to :class:`datetime.date`."""
    if isinstance(value, date):
        return value
    try:
        found = date.fromisoformat(str(value).strip())
        if not 1945 <= found.year <= LAST_YEAR:
            raise ValueError
        return found
    except ValueError as error:
        raise tk.Invalid(
            _('"%(value)s" is not a date. Write it as 2026-11-24.') % {"value": value}
        ) from error


def satudata_moment(value: Any) -> datetime:
    """ISO date with time (2026-12-01T09:00) to a time with zone.

    Without a zone it is the portal's own; a date alone means the beginning of that day.
    """
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
    except ValueError as error:
        raise tk.Invalid(
            _('"%(value)s" is not a date with time. Write it as 2026-12-01T09:00.')
            % {"value": value}
        ) from error
    if not 2000 <= found.year <= LAST_YEAR:
        raise tk.Invalid(_("The year of %(value)s cannot be right.") % {"value": value})
    return found if found.tzinfo else found.replace(tzinfo=clock.zone())


def satudata_nip(value: str) -> str:
    """NIP of a civil servant: 18 digits, kept with the spaces it was written with.

    Date of birth, month of appointment, sex and a number (Keputusan Kepala BKN 22/2007).
    """
    found = re.sub(r"\s+", " ", value.strip())
    if not re.fullmatch(r"[0-9]{18}", found.replace(" ", "")):
        raise tk.Invalid(
            _('"%(value)s" is no NIP. It has 18 digits, e.g. 19700101 199503 1 001.')
            % {"value": value}
        )
    return found


def satudata_organization_id(value: Any) -> str:
    """Name or id of an active organization to its id."""
    found = model.Group.get(str(value))
    if found is None or not found.is_organization or found.state != "active":
        raise tk.Invalid(_("There is no agency %(value)s.") % {"value": value})
    return found.id


def satudata_user_id(value: Any) -> str:
    """Name or id of an active user to the id."""
    found = model.User.get(str(value))
    if found is None or found.state != "active":
        raise tk.Invalid(_("There is no user %(value)s.") % {"value": value})
    return found.id


def satudata_package_id(value: Any) -> str:
    """Name or id of a dataset to its id, in a filter.

    An unknown one stays as it is and finds nothing, as does one the caller may not see.
    """
    found = model.Package.get(str(value))
    return found.id if found else str(value)


def _from_json(value: Any) -> Any:
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except ValueError as error:
            raise tk.Invalid(_("This is not valid JSON.")) from error
    return value


def satudata_names(value: Any) -> list[str]:
    """A list of names or ids: a list, JSON text of one, or names with commas between."""
    value = _from_json(value)
    if isinstance(value, str):
        value = [one.strip() for one in value.split(",") if one.strip()]
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise tk.Invalid(_("This is a list of names or ids."))
    return value


def satudata_texts(value: Any) -> dict[str, str]:
    """An object of texts, or JSON text of one."""
    value = _from_json(value)
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        raise tk.Invalid(_("This is an object of texts."))
    return value
