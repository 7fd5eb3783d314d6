"""Copy the description of the last period, or of another dataset of the agency (salin isian).

Only empty fields are filled, so nothing that somebody wrote is lost. Days move by as many
months as lie between the two periods: the schedule of a yearly compilation is a year later.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from typing import Any

from ckanext.satudata.metadata import completeness, form
from ckanext.satudata.metadata import service as metadata

Values = Mapping[str, Any]


def months_between(source: Values, target: Values) -> int | None:
    """Months from the period of one dataset to that of another; None where one has none."""
    with suppress(TypeError, ValueError):
        old = date.fromisoformat(str(source.get("temporal_start")))
        new = date.fromisoformat(str(target.get("temporal_start")))
        return (new.year - old.year) * 12 + new.month - old.month
    return None


def moved(day: str, months: int) -> str:
    """A day so many months later; the last one of a month stays the last one."""
    found = date.fromisoformat(day)
    year, month = divmod(found.year * 12 + found.month - 1 + months, 12)
    if not date.min.year <= year <= date.max.year:
        return ""
    last = calendar.monthrange(year, month + 1)[1]
    end = found.day == calendar.monthrange(found.year, found.month)[1]
    return date(year, month + 1, last if end else min(found.day, last)).isoformat()


def values(source: Values, target: Values) -> dict[str, Any]:
    """Fields of a dataset that another one fills: those that are empty there.

    Args:
        source: a dictionary as of ``package_show``.
        target: likewise.
    """
    found: dict[str, Any] = {}
    months = months_between(source, target)
    for one in metadata.fields():
        name, mine = one["field_name"], form.stored(one, source)
        if one.get("copy") == "never" or not mine or form.stored(one, target):
            continue
        copied = _moved(one, mine, months, source, target)
        if copied:
            found[name] = copied
    return found


def _moved(field: Values, value: Any, months: int | None, source: Values, target: Values) -> Any:
    """A copied value, where it names a time that of the new period; empty where unknown."""
    if field.get("preset") == "date":
        with suppress(ValueError):
            return moved(value, months) if months is not None else ""
        return ""
    if field.get("copy") != "year":
        return value
    old, new = (str(one.get("temporal_start") or "")[:4] for one in (source, target))
    if not (old and new):
        return ""
    return re.sub(rf"\b{re.escape(old)}\b", new, value)


def files(source: Values, target: Values) -> list[dict[str, Any]] | None:
    """Files of the target with the variables of the same files of the source.

    The same is the one with the same name, or the only table of both.

    Returns:
        The whole list for ``package_patch``, or None where nothing is filled.
    """
    theirs, mine = (_tables(one) for one in (source, target))
    filled: dict[str, Any] = {}
    for one in mine:
        if completeness.rows(one.get("variabel")):
            continue
        same = [other for other in theirs if other.get("name") == one.get("name")]
        if not same and len(theirs) == len(mine) == 1:
            same = theirs
        rows = completeness.rows(same[0].get("variabel")) if same else []
        if rows:
            filled[one["id"]] = rows
    if not filled:
        return None
    return [
        {**one, "variabel": filled[one["id"]]} if one["id"] in filled else one
        for one in target.get("resources") or ()
    ]


def _tables(package: Values) -> list[dict[str, Any]]:
    return [
        one
        for one in package.get("resources") or ()
        if str(one.get("format") or "").upper() in completeness.TABLES
    ]
