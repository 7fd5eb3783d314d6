"""What the system page shows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import rq
import sqlalchemy as sa

from ckan import model
from ckan.lib import jobs
from ckan.lib.redis import connect_to_redis
from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _, ungettext

from ckanext.satudata import config
from ckanext.satudata.approval import consistency, publication
from ckanext.satudata.approval import texts as approval_texts
from ckanext.satudata.audit import service, texts
from ckanext.satudata.audit.model import AuditRun
from ckanext.satudata.common import clock, dates, pulse, startup

#: Rows of findings on the page, and datasets that each of them links.
SHOWN, LINKS = 50, 3
#: A tick that is silent for so long is not there.
SILENT = timedelta(minutes=5)


def system() -> dict[str, Any]:
    """Lines of the page, and what the newest audit found."""
    found = startup.findings()
    down = {one.part for one in found}
    lines = [
        _line(
            label,
            not any(one.part == part for one in found),
            " ".join(one.what for one in found if one.part == part),
            " ".join(one.remedy for one in found if one.part == part),
        )
        for part, label in approval_texts.system_parts().items()
    ]
    lines.append(_history())
    lines.append(_index_lag())
    if "redis" not in down:
        lines += [_tick(), _workers()]
    run = service.last()
    lines.append(_audit(run))
    return {
        "checked": dates.moment(clock.now()),
        "lines": lines,
        "findings": findings(run),
        "more": max(0, len({(one["kind"], one["route"]) for one in _all(run)}) - SHOWN),
    }


def _line(label: str, ok: bool, text: str, remedy: str = "") -> dict[str, Any]:
    return {"label": label, "ok": ok, "text": text, "remedy": "" if ok else remedy}


def _history() -> dict[str, Any]:
    count, breaks = consistency.verify()
    if not breaks:
        return _line(_("History"), True, _("%(n)s events, every chain holds.") % {"n": count})
    text = ", ".join(f"{one.stream} {one.number}" for one in breaks[:10])
    return _line(_("History"), False, text, "ckan satudata history verify")


def _index_lag() -> dict[str, Any]:
    number = len(publication.behind())
    text = ungettext(
        "%(num)s dataset is not indexed as it is.",
        "%(num)s datasets are not indexed as they are.",
        number,
    ) % {"num": number}
    if number == 0:
        text = _("The index knows every state.")
    remedy = _("The tick repairs it; if it stays, read its log.")
    return _line(_("Search index"), number == 0, text, remedy)


def _tick() -> dict[str, Any]:
    at = pulse.last("tick")
    ok = at is not None and clock.now() - at < SILENT + timedelta(seconds=config.tick_seconds())
    text = _("Last round %(when)s.") % {"when": dates.moment(at)} if at else _("It never ran.")
    remedy = _("Nothing is published without it. Start: ckan satudata tick")
    return _line(_("Tick"), ok, text, remedy)


def _workers() -> dict[str, Any]:
    alive = len(rq.Worker.all(connection=connect_to_redis()))
    waiting = sum(len(one) for one in jobs.get_all_queues())
    text = _("%(n)s workers, %(m)s jobs wait.") % {"n": alive, "m": waiting}
    remedy = _("Files are not loaded and nothing is audited. Start: ckan jobs worker")
    return _line(_("Workers"), alive > 0, text, remedy)


def _all(run: AuditRun | None) -> list[dict[str, Any]]:
    return run.findings if run else []


def _audit(run: AuditRun | None) -> dict[str, Any]:
    """One line: 0 findings, when, of how much; red when there are any, or it is old."""
    label = _("Audit")
    if run is None:
        return _line(label, False, _("No audit has ended yet."), "ckan satudata audit")
    counts = run.counts
    text = _(
        "%(when)s: %(n)s findings. %(requests)s requests; %(a)s of %(b)s hidden and %(c)s of"
        " %(d)s published datasets one by one."
    ) % {
        "when": dates.moment(run.finished_at),
        "n": len(run.findings),
        "requests": counts.get("requests", 0),
        "a": counts.get("hidden_walked", 0),
        "b": counts.get("hidden", 0),
        "c": counts.get("published_walked", 0),
        "d": counts.get("published", 0),
    }
    if service.stale(run):
        return _line(label, False, text, _("It is too old. Are worker and tick running?"))
    return _line(label, not run.findings, text, _("Read the findings below and act on them."))


def findings(run: AuditRun | None) -> list[dict[str, Any]]:
    """Findings in words: what, where, to whom, of which datasets, what to do.

    One row for what one repair closes: the same kind at the same place.
    """
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for one in _all(run):
        groups.setdefault((one["kind"], one["route"]), []).append(one)
    shown = list(groups.items())[:SHOWN]
    ids = {one["dataset"] for _key, rows in shown for one in rows if one["dataset"]}
    package = model.Package
    query = sa.select(package.id, package.name, package.title).where(package.id.in_(ids))
    names = {row[0]: row for row in model.Session.execute(query)} if ids else {}
    kinds, people, words = texts.kinds(), texts.people(), texts.needles()
    found = []
    for (kind, _route), rows in shown:
        what, remedy = kinds.get(kind, (kind, ""))
        keys = list(dict.fromkeys(one["dataset"] for one in rows if one["dataset"]))
        first = rows[0]
        place = (first["method"], first["url"] or first["route"], first["status"] or "")
        found.append(
            {
                "what": what,
                "told": _listed(words.get(one["needle"], "") for one in rows),
                "datasets": [_dataset(key, names.get(key)) for key in keys[:LINKS]],
                "further": max(0, len(keys) - LINKS),
                "who": _listed(people.get(one["who"], "") for one in rows),
                "where": " ".join(str(part) for part in place if part),
                "detail": first["detail"],
                "remedy": remedy,
            }
        )
    return found


def _listed(words: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(filter(None, words)))


def _dataset(key: str, row: Any) -> dict[str, Any]:
    """Title and address of a dataset; its id alone where it is gone."""
    if row is None:
        return {"title": key, "url": None}
    return {"title": row.title or row.name, "url": tk.url_for("dataset.read", id=row.name)}
