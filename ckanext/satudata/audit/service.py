"""The audit: ask for everything, judge every answer, compare with the approved list."""

from __future__ import annotations

import json
import random
import re
import time
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import product
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from ckan import model
from ckan.lib.search.common import make_connection
from ckan.plugins import toolkit as tk

from ckanext.satudata.approval import approved, fingerprint
from ckanext.satudata.audit import client, judge, needles, walk
from ckanext.satudata.audit.client import ANONYMOUS, Answer, Asks
from ckanext.satudata.audit.model import AuditRun
from ckanext.satudata.audit.needles import Needles, Subject
from ckanext.satudata.audit.walk import Ask
from ckanext.satudata.common import clock
from ckanext.satudata.common.errors import Refusal
from ckanext.satudata.metadata import service as metadata

#: Findings that are kept; the others are counted.
KEPT = 500
#: Kinds of findings, the gravest first.
KINDS = (
    *("row", "index", "content", "existence"),
    *("changed", "missing", "unreachable", "account", "error"),
)
#: Ids in one page of the index.
_PAGE = 1000


@dataclass(frozen=True)
class Finding:
    """Something that is not as the approved list says.

    Attributes:
        kind: row, index, content, existence (leaks); changed, missing, unreachable (what
            the public does not get as it was approved); error, account (not proven).
        dataset: id of the dataset, or empty.
        who: anonymous or outsider; empty where nobody asked.
        method: GET or POST.
        route: rule of the page, or action.
        url: what was asked for.
        status: of the answer.
        needle: kind of the word that was told.
        detail: further words for an error.
    """

    kind: str
    dataset: str = ""
    who: str = ""
    method: str = ""
    route: str = ""
    url: str = ""
    status: int = 0
    needle: str = ""
    detail: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """The same finding by another address or file is told once."""
        return self.kind, self.dataset, self.who, self.route, self.needle


@dataclass
class Report:
    """What an audit did and found."""

    counts: dict[str, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def dictize(self) -> dict[str, Any]:
        """As the command and the API give it."""
        return {"counts": self.counts, "findings": [asdict(one) for one in self.findings]}


class Audit:
    """One audit.

    Args:
        portal: who is asked.
        url_map: of the application; its pages are what is asked for.
        sample: how many hidden and how many published datasets are asked for one by one.
        seconds: after so many no further address is asked for.
        seed: of the random part of the sample.
        routes: pattern of the routes and actions to ask for; all by default.
    """

    def __init__(
        self,
        portal: Asks,
        url_map: Any,
        *,
        sample: int,
        seconds: int,
        seed: int | None = None,
        routes: str = "",
    ) -> None:
        self.portal, self.sample, self.seed = portal, sample, seed
        self.end = time.monotonic() + seconds
        asks, self.unknown, self.skipped = walk.plan(url_map)
        self.asks = [ask for ask in asks if re.search(routes, ask.route)]
        self.found: dict[tuple[str, ...], Finding] = {}
        #: Route → an address of it that failed; by itself no leak.
        self.failed: dict[str, str] = {}
        self.count: Counter[str] = Counter()
        self._missing: dict[Any, tuple[Answer, dict[str, str]]] = {}
        self._asked: set[tuple[str, str, str]] = set()

    def run(self) -> Report:
        """Do all of it."""
        begin = time.monotonic()
        first = self._get(client.PROBE, "", ANONYMOUS)
        if first.status != 200:
            # Nothing can be proven: better one finding than one for each address.
            self.asks, self.end = [], begin
            self._find(
                Finding("error", "", "anonymous", "GET", client.PROBE, client.PROBE, first.status)
            )
        sought = needles.collect(self.sample, self.seed)
        public = approved.published()
        self._rows()
        self._index({row[0] for row in public})
        walked = self._walk(sought)
        checked = self._published(public)
        self._confirm()
        findings = sorted(self.found.values(), key=lambda one: (KINDS.index(one.kind), one.key))
        return Report(
            {
                "requests": self.count["requests"],
                "routes": len({ask.route for ask in self.asks}),
                "hidden": sought.hidden,
                "hidden_walked": walked,
                "needles": len(sought.known) + len(sought.phrases),
                "published": len(public),
                "published_walked": checked,
                "not_walked": self.unknown,
                "left_out": self.skipped,
                "failed": self.failed,
                "in_time": time.monotonic() < self.end,
                "seconds": round(time.monotonic() - begin, 1),
                "findings": len(findings),
                "kinds": dict(Counter(one.kind for one in findings)),
            },
            findings[:KEPT],
        )

    def _find(self, finding: Finding) -> None:
        self.found.setdefault(finding.key, finding)

    def _rows(self) -> None:
        """What the database calls public must have its record."""
        for package_id in approved.unapproved():
            self._find(Finding("row", package_id, route="package"))

    def _index(self, public: set[str]) -> None:
        """The index gives everybody exactly the published, all of them compared."""
        shown = index_ids("+permission_labels:public")
        for package_id in shown - public:
            self._find(Finding("index", package_id, route="Solr"))
        for package_id in public - index_ids("+permission_labels:public", "+state:active"):
            self._find(Finding("missing", package_id, route="Solr"))
        self.count["indexed"] = len(shown)

    def _walk(self, sought: Needles) -> int:
        """Ask for everything; answers how many hidden datasets were walked to the end."""
        for ask in self.asks:
            if not ask.places and not self._late():
                for who in self.portal.who:
                    self._judge(ask, {}, who, None, sought)
        for number, subject in enumerate(sought.subjects):
            for ask, fill, who in product(self.asks, subject.fills, self.portal.who):
                if self._late():
                    return number
                values = {**fill, "key": fill["id" if who else "name"]}
                if ask.places and ask.places <= values.keys():
                    self._judge(ask, values, who, subject, sought)
        return len(sought.subjects)

    def _late(self) -> bool:
        return time.monotonic() > self.end

    def _judge(
        self, ask: Ask, values: dict[str, str], who: str, subject: Subject | None, sought: Needles
    ) -> None:
        path, body = ask.fill(values)
        if (path, body, who) in self._asked:
            return
        self._asked.add((path, body, who))
        answer = self._get(path, body, who)
        at = Finding("", "", _word(who), ask.method, ask.route, path, answer.status)
        if answer.status == 503 and self._get(client.PROBE, "", ANONYMOUS).status == 503:
            # The guard: the portal became unfit, so nothing is proven from here on.
            self._find(replace(at, kind="error"))
        elif answer.status >= 500:
            self.failed.setdefault(ask.route, path)
        said = judge.text(answer)
        for package_id, kind, _needle in judge.needles(said, path + " " + body, sought):
            self._find(replace(at, kind="content", dataset=package_id, needle=kind))
        if subject is None or not subject.existence or not ask.places & walk.OWN:
            return
        if "title" in ask.places or ("name" in ask.places and subject.common):
            # A search by these words finds public datasets too.
            return
        none, other = self._for_missing(ask, values, who)
        if not judge.same(answer, none, values, other):
            self._find(replace(at, kind="existence", dataset=subject.id))

    def _for_missing(
        self, ask: Ask, values: dict[str, str], who: str
    ) -> tuple[Answer, dict[str, str]]:
        """The answer for a dataset that does not exist; asked for once."""
        same = tuple(sorted((k, v) for k, v in values.items() if k in ask.places - walk.OWN))
        key = (ask, same, who)
        if key not in self._missing:
            other = walk.missing(values)
            self._missing[key] = (self._get(*ask.fill(other), who), other)
        return self._missing[key]

    def _get(self, path: str, body: str, who: str) -> Answer:
        self.count["requests"] += 1
        return self.portal.ask(path, body, who)

    # What is approved reaches the public as it was approved.

    def _published(self, public: list[tuple[str, Any]]) -> int:
        """The newest and random ones of the published; answers how many."""
        ids = [row[0] for row in public]
        if len(ids) > self.sample:
            newest = ids[: self.sample // 2]
            chance = random.Random(self.seed)  # noqa: S311 - no secret
            ids = newest + chance.sample(ids[len(newest) :], self.sample - len(newest))
        done = 0
        for package_id in ids:
            if self._late():
                break
            self._reach(package_id)
            done += 1
        return done

    def _reach(self, package_id: str) -> None:
        facts = _facts(package_id)
        if facts is None:
            return
        self._expect(package_id, f"/{facts['type']}/{facts['name']}")
        body = json.dumps({"id": package_id})
        answer = self._expect(package_id, "/api/3/action/package_show", body)
        if answer.status == 200 and b'"private": true' in answer.body:
            self._find(Finding("unreachable", package_id, "anonymous", "POST", "package_show"))
        if facts["changed"]:
            self._find(Finding("changed", package_id, route="fingerprint"))
        for path, digest in facts["files"]:
            answer = self._expect(package_id, path)
            if answer.status == 200 and answer.sha256 != digest:
                self._find(Finding("changed", package_id, "anonymous", "GET", path, path, 200))
        for resource_id in facts["tables"]:
            self._expect(package_id, f"/api/3/action/datastore_search?resource_id={resource_id}")

    def _expect(self, package_id: str, path: str, body: str = "") -> Answer:
        """Ask as anybody for what is public; another status than 200 is a finding."""
        answer = self._get(path, body, ANONYMOUS)
        if answer.status in (301, 302, 307, 308):
            location = answer.headers.split(" ", 1)[0]
            path = location.removeprefix(tk.config["ckan.site_url"].rstrip("/"))
            answer = self._get(path, body, ANONYMOUS)
        if answer.status != 200:
            method = "POST" if body else "GET"
            where = ("anonymous", method, path.partition("?")[0], path, answer.status)
            self._find(Finding("unreachable", package_id, *where))
        return answer

    def _confirm(self) -> None:
        """Drop what was published or withdrawn while the audit ran."""
        hidden = {row[0] for row in model.Session.execute(approved.hidden())}
        public = {row[0] for row in approved.published()}
        secret = hidden | set(approved.restricted())
        stands = {
            "row": set(approved.unapproved()),
            "content": secret,
            "existence": hidden,
            "unreachable": public,
            "missing": public,
            "changed": public,
        }
        self.found = {
            key: one
            for key, one in self.found.items()
            if one.dataset in stands.get(one.kind, {one.dataset})
            and not (one.kind == "index" and one.dataset in public)
        }


def _word(who: str) -> str:
    return "outsider" if who else "anonymous"


def _facts(package_id: str) -> dict[str, Any] | None:
    """What the public must get of a published dataset; None where it is gone."""
    package = model.Session.get(model.Package, package_id, populate_existing=True)
    if package is None:
        return None
    recorded = approved.fingerprint_of(package_id)
    whole: dict[str, Any] = {}
    try:
        whole = fingerprint.read(package_id)
        changed = recorded is not None and not fingerprint.matches(package_id, recorded, whole)
    except Refusal:
        # What cannot be read cannot be said to be what was approved.
        changed = True
    found: dict[str, Any] = {"type": package.type, "name": package.name, "changed": changed}
    found |= {"files": [], "tables": []}
    if recorded is None or metadata.access(package) != metadata.OPEN:
        return found
    for resource, one in zip(_resources(package_id), whole.get("files", ()), strict=False):
        if resource.url_type == "upload":
            path = f"/{package.type}/{package.id}/resource/{resource.id}/download"
            found["files"].append((path, one.get("sha256")))
        if dict(resource.extras or {}).get("datastore_active"):
            found["tables"].append(resource.id)
    return found


def _resources(package_id: str) -> list[model.Resource]:
    """In the order of the fingerprint."""
    query = sa.select(model.Resource).where(
        model.Resource.package_id == package_id, model.Resource.state == "active"
    )
    order = query.order_by(model.Resource.position, model.Resource.id)
    return list(model.Session.scalars(order))


def index_ids(*conditions: str) -> set[str]:
    """Ids of the datasets of this portal in the index that fit, all pages of them."""
    solr, found, mark = make_connection(), set(), "*"
    site = f'+site_id:"{tk.config["ckan.site_id"]}"'
    while True:
        answer = solr.search(
            "*:*",
            fq=[site, "+entity_type:package", *conditions],
            fl="id",
            rows=_PAGE,
            sort="index_id asc",
            cursorMark=mark,
        )
        found |= {one["id"] for one in answer.docs}
        if answer.nextCursorMark == mark:
            return found
        mark = answer.nextCursorMark


# Keeping the results


def last() -> AuditRun | None:
    """The newest audit that ended."""
    return model.Session.scalar(AuditRun.last().execution_options(populate_existing=True))


def number_found() -> int:
    """Findings of the newest audit, for the bar of every page: one small query."""
    query = AuditRun.last().with_only_columns(sa.func.jsonb_array_length(AuditRun.findings))
    return model.Session.scalar(query) or 0


def stale(run: AuditRun | None) -> bool:
    """Is the newest audit too old to be believed (two nights)?"""
    if run is None or run.finished_at is None:
        return True
    return clock.now() - run.finished_at > timedelta(hours=48)


def of_night(night: date) -> AuditRun | None:
    """The audit of a night."""
    return model.Session.scalar(
        sa.select(AuditRun).where(AuditRun.night == night).execution_options(populate_existing=True)
    )


def claim(night: date, patience: timedelta, attempts: int) -> str | None:
    """Take the audit of a night, if nobody has; flushes.

    One that was taken and did not end is taken again after ``patience``.

    Args:
        night: which.
        patience: how long somebody who took it may need.
        attempts: how often it is tried in all.

    Returns:
        Id of the run that the caller has to start, or None.
    """
    now = clock.now()
    table = AuditRun.__table__
    first = insert(table).values(night=night, attempts=1, started_at=now)
    again = first.on_conflict_do_update(
        constraint="uq_satudata_audit_run_night",
        set_={"attempts": table.c.attempts + 1, "started_at": now},
        where=sa.and_(
            table.c.finished_at.is_(None),
            table.c.started_at < now - patience,
            table.c.attempts < attempts,
        ),
    )
    return model.Session.scalar(again.returning(table.c.id))


def keep(report: Report, run_id: str | None, started: datetime) -> AuditRun:
    """Store a report; flushes.

    Args:
        report: what was found.
        run_id: of the run that was claimed; None makes one.
        started: when the audit began.
    """
    run = model.Session.get(AuditRun, run_id, populate_existing=True) if run_id else None
    if run is None:
        run = AuditRun(attempts=1)
        model.Session.add(run)
    run.started_at, run.finished_at = started, clock.now()
    said = report.dictize()
    run.counts, run.findings, run.error = said["counts"], said["findings"], None
    model.Session.flush()
    return run


def rights() -> list[Finding]:
    """Make the outsider's account (flushes); a finding for each right it has."""
    return [Finding("account", route=client.OUTSIDER, detail=one) for one in client.outsider()]
