"""What the tick does for the storage."""

from __future__ import annotations

from datetime import date

from ckanext.satudata.common import clock
from ckanext.satudata.storage import collect, loads

__all__ = ["tick_loads", "tick_storage"]

_last: list[date] = []


def tick_storage() -> int:
    """Once a day: take away stored files that nothing names, after their grace period."""
    if _last == [clock.today()]:
        return 0
    done = collect.collect()
    if not done.busy:
        _last[:] = [clock.today()]
    return done.count


def tick_loads() -> int:
    """Have the files loaded again whose load the queue lost with a worker."""
    return loads.again()
