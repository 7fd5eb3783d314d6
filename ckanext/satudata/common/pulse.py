"""Signs of life of the processes that nobody asks: they write down when they last ran."""

from __future__ import annotations

from datetime import datetime

from ckan.lib.redis import connect_to_redis
from ckan.plugins import toolkit as tk

from ckanext.satudata.common import clock


def _key(name: str) -> str:
    return f"ckan:{tk.config['ckan.site_id']}:satudata:pulse:{name}"


def beat(name: str) -> None:
    """Note that a process is alive."""
    connect_to_redis().set(_key(name), clock.now().isoformat())


def last(name: str) -> datetime | None:
    """When a process was last alive; None where it never was."""
    found = connect_to_redis().get(_key(name))
    return datetime.fromisoformat(found.decode()) if found else None
