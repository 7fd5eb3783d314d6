"""Is the portal fit to serve? Asked by web, worker, tick and ``ckan satudata check``.

Closed by default: while a service is down, migrations are missing, the profile is wrong
or the gate is not alive, web answers 503 and workers refuse, but ``ckan db`` works.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
import sqlalchemy as sa

from ckan import model
from ckan.lib.redis import connect_to_redis
from ckan.plugins import toolkit as tk

#: Seconds a service has for its answer.
TIMEOUT = 3


@dataclass(frozen=True)
class Problem:
    """Something that keeps the portal from serving, or that its operator should know.

    Attributes:
        part: database, redis, search, migrations, profile, gate, adoption, or harvest.
        what: one sentence for the operator.
        remedy: what to do about it.
        blocks: False for what is only told; the portal serves all the same.
    """

    part: str
    what: str
    remedy: str
    blocks: bool = True


Check = Callable[[], Iterator[Problem]]
_checks: list[Check] = []


def register(check: Check) -> Check:
    """Add a domain's check to the self-test (it runs after the services answered)."""
    if check not in _checks:
        _checks.append(check)
    return check


def database() -> Iterator[Problem]:
    """Does PostgreSQL answer?"""
    url = sa.engine.make_url(tk.config["sqlalchemy.url"])
    try:
        with socket.create_connection((url.host, url.port or 5432), TIMEOUT):
            pass
        with model.Session.get_bind().connect() as connection:
            connection.execute(sa.text("SELECT 1"))
    except (OSError, sa.exc.SQLAlchemyError) as error:
        yield Problem(
            "database",
            f"PostgreSQL at {url.host}:{url.port or 5432} does not answer ({_first_line(error)}).",
            "Start PostgreSQL; the portal recovers by itself.",
        )


def redis() -> Iterator[Problem]:
    """Does Redis answer?"""
    where = urlsplit(tk.config["ckan.redis.url"])
    try:
        with socket.create_connection((where.hostname, where.port or 6379), TIMEOUT):
            pass
        connect_to_redis().ping()
    except Exception as error:  # noqa: BLE001 - any failure means: not there
        yield Problem(
            "redis",
            f"Redis at {where.hostname}:{where.port or 6379} does not answer"
            f" ({_first_line(error)}).",
            "Start Redis; the portal recovers by itself.",
        )


def search() -> Iterator[Problem]:
    """Does Solr answer for the configured core?"""
    url = tk.config["solr_url"].rstrip("/")
    try:
        answer = requests.get(f"{url}/select", params={"q": "*:*", "rows": 0}, timeout=TIMEOUT)
        answer.raise_for_status()
    except requests.RequestException as error:
        where = urlsplit(url)
        yield Problem(
            "search",
            f"Solr at {where.hostname}:{where.port} does not answer ({type(error).__name__}).",
            "Start Solr; the portal recovers by itself.",
        )


def services() -> list[Problem]:
    """Which of the services are down now."""
    return [one for check in (database, redis, search) for one in check()]


def problems() -> list[Problem]:
    """What keeps the portal from serving."""
    return [one for one in findings() if one.blocks]


def findings() -> list[Problem]:
    """The whole self-test: services first, then what every domain demands or tells."""
    found = services()
    if any(one.part == "database" for one in found):
        return found
    for check in list(_checks):
        try:
            found += list(check())
        except Exception as error:  # noqa: BLE001 - closed by default
            model.Session.rollback()
            found.append(
                Problem(
                    check.__name__,
                    f"The self-test itself did not finish ({_first_line(error)}).",
                    "See the log; run: ckan satudata check",
                )
            )
    return found


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
