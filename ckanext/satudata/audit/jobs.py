"""The audit of each night, done by a worker so that no publication waits for it."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.satudata import config
from ckanext.satudata.audit import client, service
from ckanext.satudata.audit.client import Asks
from ckanext.satudata.common import clock

log = logging.getLogger(__name__)

__all__ = ["tick_audit"]

#: How often the audit of a night is begun, when a worker dies with it.
ATTEMPTS = 3
#: Seconds that a job may take beside those for asking.
SPARE = 900
_last: list[date] = []


def tick_audit() -> int:
    """Once a night: queue the audit. Several ticks queue it once."""
    local = clock.local(clock.now())
    night = (local - timedelta(hours=config.audit_hour())).date()
    if _last == [night]:
        return 0
    seconds = config.audit_seconds() + SPARE
    run_id = service.claim(night, timedelta(seconds=2 * seconds), ATTEMPTS)
    model.Session.commit()
    if run_id is not None:
        tk.enqueue_job(nightly, [run_id], title="satudata audit", rq_kwargs={"timeout": seconds})
    run = service.of_night(night)
    if run is not None and (run.finished_at is not None or run.attempts >= ATTEMPTS):
        _last[:] = [night]
    return int(run_id is not None)


def nightly(run_id: str) -> None:
    """Do the audit of a night: the job of a worker."""
    perform(run_id=run_id)


def perform(
    portal: Asks | None = None,
    *,
    app: Any = None,
    sample: int | None = None,
    seconds: int | None = None,
    seed: int | None = None,
    routes: str = "",
    run_id: str | None = None,
) -> dict[str, Any]:
    """Do an audit, keep and answer what it found.

    Args:
        portal: who is asked; the application of this process by default.
        app: that application, where it is not the one of the running command.
        sample: datasets asked for one by one, by default as configured.
        seconds: for asking, by default as configured.
        seed: of the random part of the sample.
        routes: pattern of what is asked for; such a part of an audit is not kept.
        run_id: of a night's run.
    """
    started = clock.now()
    app = app or client.application()
    asked = portal or client.InProcess(app)
    rights = service.rights()
    model.Session.commit()
    audit = service.Audit(
        asked,
        app._wsgi_app.url_map,
        sample=sample or config.audit_sample(),
        seconds=seconds or config.audit_seconds(),
        seed=seed,
        routes=routes,
    )
    report = audit.run()
    report.findings[:0] = rights
    if routes:
        return report.dictize()
    run = service.keep(report, run_id, started)
    result = run.dictize()
    model.Session.commit()
    if report.findings:
        log.error("The audit has %s findings; see /kelola/sistem", len(report.findings))
    return result
