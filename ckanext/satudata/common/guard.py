"""Answer 503 and say why while the portal is not fit to serve.

Wraps the whole WSGI application. Each process tests itself before its first request
and, after a failure, again every few seconds, so it recovers without a restart. On
``/api`` the answer has no JSON body: a harvester that reads a JSON error in the middle
of its paging loses records without noticing, while a bare 503 fails cleanly.
"""

from __future__ import annotations

import html
import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from flask import has_request_context

from ckan import model
from ckan.lib.search import SearchError
from ckan.lib.search.common import SolrConnectionError
from ckan.plugins import toolkit as tk
from ckan.types import Context

from ckanext.satudata import config, profile
from ckanext.satudata.common import questions, startup
from ckanext.satudata.common.startup import Problem

log = logging.getLogger(__name__)

#: Key of the WSGI environment by which an action says that a service failed.
FLAG = "satudata.service_failed"

_PUBLIC_TEXT = {
    "database": ("Basis data sedang tidak tersedia.", "The database is not available."),
    "redis": (
        "Layanan antrean sedang tidak tersedia.",
        "The queue service is not available.",
    ),
    "search": ("Pencarian sedang tidak tersedia.", "Search is not available."),
}
_OTHER_TEXT = ("Portal sedang disiapkan.", "The portal is being set up.")

_PAGE = """<!DOCTYPE html>
<html lang="id"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>{title}</title>
<style>body{{margin:0;font:16px/1.6 "Helvetica Neue",Helvetica,Arial,sans-serif;
color:#333;background:#eee}}header{{background:{primary};color:#fff;padding:20px}}
main{{max-width:640px;margin:32px auto;background:#fff;padding:28px;border-radius:4px;
border:1px solid #ccc}}h1{{font-size:24px;margin:0 0 12px;color:{dark}}}
p{{margin:0 0 12px}}small{{color:#595959}}</style></head>
<body><header><strong>{title}</strong></header><main>
<h1>Layanan sedang terganggu</h1>
{lines}
<p>Muat ulang halaman ini sebentar lagi. Data yang sudah disimpan tetap aman.
Bila berulang, hubungi {contact}.</p>
<p lang="en"><small>{english} Reload this page in a moment.</small></p>
</main></body></html>"""


class Guard:
    """WSGI middleware around CKAN."""

    def __init__(self, application: Callable[..., Any]) -> None:
        self.application = application
        self._lock = threading.Lock()
        self._ready = False
        self._problems: list[Problem] = []
        self._tested = float("-inf")

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Serve, or answer 503."""
        problems = self._test()
        if problems:
            return _unavailable(problems, environ, start_response)
        answer: list[Any] = []

        def keep(status: str, headers: Any, exc_info: Any = None) -> Any:
            answer[:] = [status, headers, exc_info]
            return _no_write

        body = self.application(environ, keep)
        if environ.get(FLAG) or (answer and answer[0].startswith("500")):
            problems = startup.services()
            if problems:
                _close(body)
                return _unavailable(problems, environ, start_response)
        if answer:
            start_response(*answer)
            return body
        # An application that starts its answer while it is iterated.
        return _late(body, answer, start_response)

    def _test(self) -> list[Problem]:
        """What keeps this process from serving; tested once, repeated on failure."""
        if self._ready:
            return []
        with self._lock:
            if self._ready or time.monotonic() - self._tested < config.probe_seconds():
                return self._problems
            self._problems = startup.problems()
            self._tested = time.monotonic()
            self._ready = not self._problems
            for one in self._problems:
                log.error("Not ready: %s %s", one.what, one.remedy)
            model.Session.remove()
            return self._problems


def _no_write(_data: bytes) -> None:
    raise TypeError("the write callable of WSGI is not supported")


def _late(body: Iterable[bytes], answer: list[Any], start: Any) -> Iterable[bytes]:
    started = False
    for part in body:
        if not started:
            start(*answer)
            started = True
        yield part
    if not started and answer:
        start(*answer)


def _close(body: Any) -> None:
    if hasattr(body, "close"):
        body.close()


def _unavailable(
    problems: list[Problem], environ: dict[str, Any], start_response: Callable[..., Any]
) -> Iterable[bytes]:
    api = environ.get("PATH_INFO", "").startswith("/api/")
    texts = [_PUBLIC_TEXT.get(one.part, _OTHER_TEXT) for one in problems]
    indonesian = list(dict.fromkeys(text[0] for text in texts))
    english = " ".join(dict.fromkeys(text[1] for text in texts))
    if api:
        kind, body = "text/plain", english
    else:
        kind, body = "text/html", _page(indonesian, english)
    content = body.encode()
    start_response(
        "503 Service Unavailable",
        [
            ("Content-Type", f"{kind}; charset=utf-8"),
            ("Content-Length", str(len(content))),
            ("Retry-After", "10"),
            ("Cache-Control", "no-store"),
        ],
    )
    return [] if environ.get("REQUEST_METHOD") == "HEAD" else [content]


def _page(lines: list[str], english: str) -> str:
    title, primary, dark, contact = "Satu Data", "#005d7a", "#003647", "pengelola portal"
    try:
        city = profile.current()
        title, contact = city.city.title, city.city.contact
        primary, dark = city.look.colors.primary, city.look.colors.primary_dark
    except profile.ProfileError:
        log.debug("The page is shown without the city's look")
    return _PAGE.format(
        title=html.escape(title),
        primary=primary,
        dark=dark,
        contact=html.escape(contact),
        lines="".join(f"<p>{html.escape(line)}</p>" for line in lines),
        english=html.escape(english),
    )


@tk.chained_action
@tk.side_effect_free
def package_search(next_action: Any, context: Context, data_dict: dict[str, Any]) -> Any:
    """Tell the guard when the index failed; CKAN's pages swallow that error.

    And keep out of the question what counts over the whole index.

    Raises:
        SearchQueryError: see :func:`~ckanext.satudata.common.questions.plain`.
    """
    data_dict = questions.plain(data_dict)
    try:
        return next_action(context, data_dict)
    except (SearchError, SolrConnectionError):
        if has_request_context():
            tk.request.environ[FLAG] = True
        raise
