"""Time of the procedure: now, working days and due dates (SOP, column Waktu).

Every "now" of the extension goes through :func:`now`, so that tests and the demo can
travel in time. Whether a day counts is decided by the profile: working days without
weekends, national holidays, cuti bersama and the city's own days, or calendar days.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from ckan.plugins import toolkit as tk

_frozen: ContextVar[datetime | None] = ContextVar("satudata_now", default=None)


def now() -> datetime:
    """The current time, with zone UTC; the travelled time inside :func:`travel`."""
    return _frozen.get() or datetime.now(timezone.utc)


@contextmanager
def travel(moment: datetime) -> Iterator[None]:
    """Let :func:`now` answer ``moment`` (with zone) inside the block."""
    if moment.tzinfo is None:
        raise ValueError("travel() wants a time with its zone")
    token = _frozen.set(moment)
    try:
        yield
    finally:
        _frozen.reset(token)


def zone() -> ZoneInfo:
    """The portal's time zone; Asia/Jakarta where CKAN's option says "server"."""
    name = tk.config.get("ckan.display_timezone") or "server"
    return ZoneInfo("Asia/Jakarta" if name in ("server", "utc") else name)


def local(moment: datetime) -> datetime:
    """A time in the portal's zone."""
    return moment.astimezone(zone())


def today() -> date:
    """The current day in the portal's zone."""
    return local(now()).date()


@lru_cache(maxsize=16)
def _national(year: int) -> frozenset[date]:
    """National holidays and cuti bersama (government days off) of a year."""
    calendar = holidays.country_holidays("ID", years=year, categories=("public", "government"))
    return frozenset(calendar)


@dataclass(frozen=True)
class DayCount:
    """How the days of a term are counted.

    Attributes:
        working: True for working days, False for calendar days.
        days_off: the city's own days off, beside the national ones.
    """

    working: bool = True
    days_off: frozenset[date] = frozenset()

    def counts(self, day: date) -> bool:
        """Does the day count?"""
        if not self.working:
            return True
        return day.weekday() < 5 and day not in _national(day.year) and day not in self.days_off

    def due(self, start: datetime, days: int) -> datetime:
        """End of the last day of a term of ``days`` that begins after ``start``'s day.

        The day of the event itself is not counted, as in Indonesian office practice.
        """
        day = local(start).date()
        left = days
        while left > 0:
            day += timedelta(days=1)
            left -= self.counts(day)
        return datetime.combine(day, time(23, 59, 59), zone())

    def between(self, start: date, end: date) -> int:
        """Counting days after ``start`` up to and with ``end``; negative when past."""
        if end < start:
            return -self.between(end, start)
        span = (end - start).days
        return sum(self.counts(start + timedelta(days=n + 1)) for n in range(span))
