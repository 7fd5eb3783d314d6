"""How the audit asks: as anonymous and as an outsider, without any privilege.

In the same process, through the whole WSGI stack with the guard, or over HTTP to an
address (only as anonymous), which includes what stands in front of the portal.

The outsider is a technical account without password, address, role or membership. It is
kept, so that an audit leaves no new row behind, and signed in by the audit itself for the
time of a request: no token and no session are made, and no other process can do the same.
While the portal answers, PostgreSQL refuses every write (``READ ONLY``): an audit cannot
change what it looks at.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, Protocol

import click
import requests
import sqlalchemy as sa
from flask import g, request, request_started
from werkzeug.test import Client, EnvironBuilder

from ckan import model
from ckan.config.middleware import make_app
from ckan.plugins import toolkit as tk

from ckanext.satudata.roles import permissions as roles

log = logging.getLogger(__name__)

#: Name of the outsider's account.
OUTSIDER = "satudata-audit"
ANONYMOUS = ""
#: Key of the WSGI environment that names who asks; no HTTP header becomes such a key.
_WHO = "satudata.audit.who"
#: Bytes of an answer that are searched; seconds an answer over HTTP may take.
LIMIT, TIMEOUT = 30_000_000, 60
#: Address that answers where the portal is fit.
PROBE = "/api/3/action/status_show"
_AGENT = "ckanext-satudata-audit"


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        status: of HTTP.
        headers: those that say something.
        kind: media type.
        body: the bytes, no more than are searched.
        sha256: of all the bytes.
    """

    status: int
    headers: str = ""
    kind: str = "text/plain"
    body: bytes = b""
    sha256: str = ""


class Asks(Protocol):
    """Somebody who can be asked."""

    #: Who asks: the anonymous, and the outsider where that is possible.
    who: tuple[str, ...]

    def ask(self, path: str, body: str = "", who: str = ANONYMOUS) -> Answer:
        """Ask for an address, as anonymous or as the account ``who``."""
        ...


def application() -> Any:
    """The application of this process: of the command that runs, or a new one."""
    context = click.get_current_context(silent=True)
    found = getattr(context.find_root().obj, "app", None) if context else None
    return found or make_app(tk.config)


class InProcess:
    """The portal's own WSGI application.

    Args:
        app: as CKAN's ``make_app`` gives it.
    """

    def __init__(self, app: Any) -> None:
        self.flask = app._wsgi_app
        self.who = (ANONYMOUS, OUTSIDER)
        self._client = Client(app, use_cookies=False)
        # The guard tests itself at the first request of a process, and that test writes.
        self._client.get(PROBE, base_url=tk.config["ckan.site_url"]).close()
        model.Session.remove()

    def ask(self, path: str, body: str = "", who: str = ANONYMOUS) -> Answer:
        """Ask in this thread; an exception is the answer 500."""
        before, _mark, query = path.partition("?")
        builder = EnvironBuilder(
            before,
            base_url=tk.config["ckan.site_url"],
            query_string=query,
            method="POST" if body else "GET",
            data=body.encode() if body else None,
            content_type="application/json" if body else None,
            headers={"User-Agent": _AGENT},
            # An address of its own: its wrong codes are no one else's.
            environ_overrides={_WHO: who, "REMOTE_ADDR": _AGENT},
        )
        try:
            with _identified(self.flask), _read_only():
                answer = self._client.open(builder)
                read = _read(answer.iter_encoded())
                answer.close()
        except Exception:
            # Whatever it is, the page does not work; who asks by web is told no more.
            log.debug("%s failed", path, exc_info=True)
            return Answer(500)
        finally:
            builder.close()
            model.Session.remove()
        return Answer(answer.status_code, _telling(answer.headers), answer.mimetype or "", *read)


class OverHttp:
    """A portal at an address.

    Args:
        url: without a slash at the end.
    """

    def __init__(self, url: str) -> None:
        self.url, self.who = url.rstrip("/"), (ANONYMOUS,)
        self._session = requests.Session()
        self._session.headers["User-Agent"] = _AGENT

    def ask(self, path: str, body: str = "", who: str = ANONYMOUS) -> Answer:
        """Ask as anybody; what does not answer is the answer 500."""
        how: dict[str, Any] = {"timeout": TIMEOUT, "allow_redirects": False, "stream": True}
        if body:
            how |= {"data": body.encode(), "headers": {"Content-Type": "application/json"}}
        try:
            found = self._session.request("POST" if body else "GET", self.url + path, **how)
            read = _read(found.iter_content(65_536))
        except requests.RequestException:
            log.debug("%s failed", path, exc_info=True)
            return Answer(500)
        kind = found.headers.get("Content-Type", "").partition(";")[0]
        return Answer(found.status_code, _telling(found.headers), kind, *read)


def _read(parts: Iterable[bytes]) -> tuple[bytes, str]:
    """The beginning of an answer, and the hash of all of it."""
    digest, kept = hashlib.sha256(), bytearray()
    for part in parts:
        digest.update(part)
        if len(kept) < LIMIT:
            kept += part
    return bytes(kept), digest.hexdigest()


def _telling(headers: Any) -> str:
    return " ".join(headers.get(name, "") for name in ("Location", "Content-Disposition", "Link"))


@contextmanager
def _identified(flask: Any) -> Iterator[None]:
    """Let the application take the outsider for signed in, in the requests of a block."""

    def identify(_sender: Any, **_more: Any) -> None:
        name = request.environ.get(_WHO)
        if name:
            flask.login_manager._update_request_context_with_user(model.User.get(name))
            # As with a token: a program asks.
            g.login_via_auth_header = True

    with request_started.connected_to(identify, flask):
        yield


@contextmanager
def _read_only() -> Iterator[None]:
    """Let PostgreSQL refuse every write of this thread in a block."""
    me, engine = threading.get_ident(), model.Session.get_bind()
    model.Session.remove()

    def begin(connection: Any) -> None:
        if threading.get_ident() == me:
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")

    sa.event.listen(engine, "begin", begin)
    try:
        yield
    finally:
        sa.event.remove(engine, "begin", begin)


def outsider() -> list[str]:
    """Make the outsider's account if there is none; flushes.

    Returns:
        What the account may do that an outsider may not; it must be empty.
    """
    user = model.User.by_name(OUTSIDER)
    if user is None:
        user = model.User(name=OUTSIDER, fullname="Audit Satu Data", email=None)
        model.Session.add(user)
    user.state = "active"
    # CKAN writes it down now and then while a person is there; not during the audit.
    tomorrow = datetime.now(timezone.utc) + timedelta(days=1)
    user.last_active = tomorrow.replace(tzinfo=None)
    model.Session.flush()
    held = ["sysadmin"] if user.sysadmin else []
    held += [str(one.role) for one in roles.holdings(user.id)]
    members = sa.select(model.Member.group_id).where(
        model.Member.table_name == "user",
        model.Member.table_id == user.id,
        model.Member.state == "active",
    )
    held += list(model.Session.scalars(members))
    works = sa.select(model.PackageMember.package_id)
    held += list(model.Session.scalars(works.where(model.PackageMember.user_id == user.id)))
    return held
