"""Counters per minute in Redis, against guessing of codes."""

from __future__ import annotations

from ckan.lib.redis import connect_to_redis
from ckan.plugins import toolkit as tk

#: Wrong tries from one address in a minute.
TRIES = 20


def _key(what: str, who: str) -> str:
    return f"ckan:{tk.config['ckan.site_id']}:satudata:{what}:{who}"


def count(what: str, who: str) -> None:
    """Note one wrong try; it is forgotten after a minute."""
    connection, key = connect_to_redis(), _key(what, who)
    connection.incr(key)
    connection.expire(key, 60)


def too_many(what: str, who: str) -> bool:
    """Were there too many wrong tries in the last minute?"""
    return int(connect_to_redis().get(_key(what, who)) or 0) >= TRIES
