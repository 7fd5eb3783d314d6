"""Days of the procedure: working days of Indonesia, or calendar days."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest

from ckanext.satudata.common import clock
from ckanext.satudata.common.clock import DayCount

WIB = timezone(timedelta(hours=7))


@pytest.mark.parametrize(
    ("day", "counts"),
    [
        (date(2026, 11, 24), True),  # Tuesday
        (date(2026, 11, 28), False),  # Saturday
        (date(2026, 8, 17), False),  # Independence Day, a Monday
        (date(2026, 12, 25), False),  # Christmas, a Friday
    ],
)
def test_working_days(day, counts):
    """Weekends and national holidays do not count; in calendar days all do."""
    assert DayCount().counts(day) is counts
    assert DayCount(working=False).counts(day)


def test_own_days_off_of_the_city():
    """The city's own day off does not count."""
    day = date(2026, 4, 1)
    assert DayCount().counts(day)
    assert not DayCount(days_off=frozenset({day})).counts(day)


@pytest.mark.parametrize(
    ("start", "days", "working", "last"),
    [
        (datetime(2026, 11, 24, 9, tzinfo=WIB), 1, True, date(2026, 11, 25)),
        (datetime(2026, 11, 27, 9, tzinfo=WIB), 1, True, date(2026, 11, 30)),
        (datetime(2026, 11, 27, 9, tzinfo=WIB), 1, False, date(2026, 11, 28)),
        (datetime(2026, 8, 14, 16, tzinfo=WIB), 1, True, date(2026, 8, 18)),
        (datetime(2026, 11, 24, 18, tzinfo=timezone.utc), 1, True, date(2026, 11, 26)),
    ],
)
def test_due_is_the_end_of_the_last_counting_day(start, days, working, last):
    """The day of the event itself does not count, in the portal's zone."""
    due = DayCount(working).due(start, days)
    assert clock.local(due).date() == last
    assert clock.local(due).hour == 23


def test_travel_reaches_every_now():
    """Inside the block it is another time; outside it is not."""
    moment = datetime(2026, 1, 2, 3, 4, tzinfo=timezone.utc)
    with clock.travel(moment):
        assert clock.now() == moment
        assert clock.today() == date(2026, 1, 2)
    assert clock.now() > moment
    with pytest.raises(ValueError, match="zone"), clock.travel(datetime(2026, 1, 2)):  # noqa: DTZ001
        pass
