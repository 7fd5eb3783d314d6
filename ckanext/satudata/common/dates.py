"""Dates in the words of the reader: "Rabu, 25 November 2026", "25 Nov 15.40"."""

from __future__ import annotations

from datetime import date, datetime

from babel.dates import format_date

from ckan.plugins.toolkit import _, ungettext

from ckanext.satudata import profile
from ckanext.satudata.common import clock, language


def day(value: date | datetime | None) -> str:
    """25 November 2026."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = clock.local(value).date()
    return format_date(value, "d MMMM y", locale=language.current())


def long_day(value: date | datetime | None) -> str:
    """Rabu, 25 November 2026."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = clock.local(value).date()
    return format_date(value, "EEEE, d MMMM y", locale=language.current())


def moment(value: datetime | None) -> str:
    """25 November 2026, 15.40."""
    if value is None:
        return ""
    return f"{day(value)}, {clock.local(value).strftime('%H.%M')}"


def hour(value: datetime) -> str:
    """09.14, in the portal's own time."""
    return clock.local(value).strftime("%H.%M")


def due(value: datetime | None) -> dict[str, str] | None:
    """How long is left: tone (ok, soon, late), words and date; None without a term.

    Counted in the days of the profile: the day itself is "today", also on the last one.
    """
    if value is None:
        return None
    count = profile.current().clock.count()
    last = clock.local(value).date()
    left = count.between(clock.today(), last)
    working = count.working
    if clock.now() > value:
        days = max(1, -left)
        text = (
            ungettext("%(num)s working day late", "%(num)s working days late", days)
            if working
            else ungettext("%(num)s day late", "%(num)s days late", days)
        )
        return {"tone": "late", "label": text, "date": long_day(value)}
    if last == clock.today():
        hours = max(1, round((value - clock.now()).total_seconds() / 3600))
        text = _("Today %(time)s, %(n)s hours left") % {
            "time": clock.local(value).strftime("%H.%M"),
            "n": hours,
        }
        return {"tone": "soon", "label": text, "date": long_day(value)}
    left = max(1, left)
    text = (
        ungettext("%(num)s working day left", "%(num)s working days left", left)
        if working
        else ungettext("%(num)s day left", "%(num)s days left", left)
    )
    return {"tone": "soon" if left == 1 else "ok", "label": text, "date": long_day(value)}
