"""Further CKAN sites beside the portal, for tests: real processes, data of their own."""

from __future__ import annotations

import configparser
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from ckanapi import RemoteCKAN

from tests.portal import ROOT, Portal

sys.path.insert(0, str(ROOT / "stack"))

from portal import Instance  # noqa: E402

#: Seconds for a process to answer, and for a harvest job to end.
READY_WITHIN, HARVESTED_WITHIN = 60, 90


class Site:
    """A CKAN site with the portal's PostgreSQL, Redis and Solr, and nothing else of it.

    Databases, index, Redis database, files, settings and administrator are its own. They
    go with the portal's instance, whose ``reset`` deletes them.

    Args:
        portal: the running portal; only its services are used.
        name: of the site, unique among the sites of a portal (letters only).
        redis: number of its Redis database (the portal has 0).
        **settings: of its ini, ``__`` for a dot, beside or instead of the portal's.

    Attributes:
        url: address without a slash at the end.
        token: of its administrator.
    """

    def __init__(self, portal: Portal, name: str, redis: int, **settings: str) -> None:
        self.instance = Instance("e2e", portal.release)
        self.name, self.redis, self.settings = name, redis, settings
        self.folder = portal.folder / f"site-{name}"
        self.ini = self.folder / "ckan.ini"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url, self.token = f"http://127.0.0.1:{self.port}", ""
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    # Building

    def build(self) -> None:
        """Databases, index, settings, tables and the administrator."""
        (self.folder / "logs").mkdir(parents=True)
        self.instance.make_databases({self.name: "ckan", f"{self.name}_store": "datastore_rw"})
        self._make_core()
        self._write_ini()
        self.ckan("db", "init")
        if "datastore" in self.settings.get("ckan__plugins", "datastore"):
            self.instance.let_datastore(CKAN_INI=str(self.ini))
        who = ["admin", "email=admin@example.org", "password=satudata-admin"]
        self.ckan("sysadmin", "add", *who, text="y\n")
        self.token = self.ckan("user", "token", "add", "admin", "tests").split()[-1]

    def _make_core(self) -> None:
        """A Solr core like the portal's, while Solr runs."""
        cores = self.instance.folder / "solr"
        shutil.copytree(cores / "satudata" / "conf", cores / self.name / "conf")
        answer = requests.get(
            f"http://127.0.0.1:{self.instance.ports['solr']}/solr/admin/cores",
            params={"action": "CREATE", "name": self.name, "instanceDir": self.name},
            timeout=30,
        )
        answer.raise_for_status()

    def _write_ini(self) -> None:
        """The portal's settings with other addresses."""
        parser = configparser.RawConfigParser()
        parser.optionxform = str  # type: ignore[assignment]  # SECRET_KEY stays so
        parser.read(self.instance.folder / "ckan.ini")
        own = parser["app:main"]
        for key in ("sqlalchemy.url", "solr_url"):
            own[key] = own[key].rsplit("/", 1)[0] + f"/{self.name}"
        for key in ("write_url", "read_url"):
            key = f"ckan.datastore.{key}"
            own[key] = own[key].rsplit("/", 1)[0] + f"/{self.name}_store"
        own["ckanext.xloader.jobs_db.uri"] = own["ckan.datastore.write_url"]
        # Without the time-out the consumers of redis-py 8 end after five idle seconds.
        own["ckan.redis.url"] = re.sub(r"/0\?", f"/{self.redis}?", own["ckan.redis.url"])
        own["ckan.site_id"], own["ckan.site_url"] = self.name, self.url
        own["ckan.storage_path"] = str(self.folder / "files")
        own.update({key.replace("__", "."): value for key, value in self.settings.items()})
        with self.ini.open("w") as target:
            parser.write(target)

    @property
    def _env(self) -> dict[str, str]:
        return self.instance.environment | {"CKAN_INI": str(self.ini)}

    def ckan(self, *words: str, text: str | None = None) -> str:
        """Run the ckan command of this site; its output."""
        return self.instance.ckan(*words, text=text, CKAN_INI=str(self.ini))

    # Running

    @property
    def commands(self) -> dict[str, list[str]]:
        """Process → command line."""
        gunicorn = ["gunicorn", "--chdir", str(ROOT / "stack"), "--bind", f"127.0.0.1:{self.port}"]
        how = ["--worker-class", "gthread", "--threads", "4", "--graceful-timeout", "1"]
        return {"web": [*gunicorn, *how, "wsgi"]}

    def start(self) -> None:
        """Start every process that does not run, and wait until the site answers."""
        for name, (program, *words) in self.commands.items():
            if name in self._processes and self._processes[name].poll() is None:
                continue
            with (self.folder / "logs" / f"{name}.log").open("ab") as log:
                self._processes[name] = subprocess.Popen(
                    [str(self.instance.bin / program), *words],
                    env=self._env,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
        self.wait(self._answers, READY_WITHIN, "the site does not answer")

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/api/3/action/status_show", timeout=10).ok
        except OSError:
            return False

    def wait(self, ready: Callable[[], Any], seconds: int, what: str) -> Any:
        """Wait until something is true; its answer. A process that ended is told."""
        end = time.monotonic() + seconds
        while not (found := ready()):
            for name, process in self._processes.items():
                assert process.poll() is None, f"{self.name}: {name} ended\n{self.log(name)}"
            assert time.monotonic() < end, f"{self.name}: {what}\n{self.log('web')}"
            time.sleep(0.3)
        return found

    def log(self, name: str) -> str:
        """The last lines of a process."""
        lines = (self.folder / "logs" / f"{name}.log").read_text().splitlines()
        return "\n".join(lines[-20:])

    def stop(self) -> None:
        """Stop every process that was started, with its children."""
        for one in self._processes.values():
            one.terminate()
        end = time.monotonic() + 5
        for one in self._processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                one.wait(max(0, end - time.monotonic()))
            with contextlib.suppress(ProcessLookupError):  # what is left of its group
                os.killpg(one.pid, signal.SIGKILL)
            one.wait()
        self._processes.clear()

    # Using

    def action(self, name: str, /, **data: Any) -> Any:
        """Call an action as its administrator."""
        return self._client(self.token).call_action(name, data, requests_kwargs={"timeout": 60})

    def public(self, name: str, /, **data: Any) -> Any:
        """Call an action as anyone."""
        return self._client(None).call_action(name, data, requests_kwargs={"timeout": 60})

    def _client(self, token: str | None) -> RemoteCKAN:
        return RemoteCKAN(self.url, apikey=token, user_agent="satudata-tests")


class Harvester(Site):
    """A plain CKAN with ckanext-harvest, as a national portal is: it harvests the portal."""

    def __init__(self, portal: Portal) -> None:
        super().__init__(
            portal,
            "national",
            redis=1,
            ckan__plugins="activity harvest ckan_harvester",
            ckan__views__default_views="",
        )
        self.of, self.source = portal, ""

    @property
    def commands(self) -> dict[str, list[str]]:
        """The web process and both queues."""
        queues = {one: ["ckan", "harvester", f"{one}-consumer"] for one in ("gather", "fetch")}
        return super().commands | queues

    def add_source(self) -> None:
        """Enter the portal as a source, as an official of the national portal does."""
        owner = self.action("organization_create", name="kota-blitar", title="Kota Blitar")
        self.source = self.action(
            "harvest_source_create",
            name="portal",
            title="Portal",
            url=self.of.url,
            source_type="ckan",
            owner_org=owner["id"],
        )["id"]

    def run_job(self, *, margin: bool = True) -> dict[str, int]:
        """Harvest once, through the queues.

        Args:
            margin: the harvester asks for what changed since an hour before its last job;
                False leaves that hour out, as if the last job were long ago.

        Returns:
            How many records were added, updated, not modified; without the zeros.
        """
        self.start()  # a consumer that died with its Redis
        last = "" if margin else self._shift_last_job()
        job = self.action("harvest_job_create", source_id=self.source, run=True)["id"]

        def ended() -> bool:
            gathered = self.action("harvest_job_show", id=job)["gather_finished"]
            return bool(gathered) and not self._open(job)

        self.wait(ended, HARVESTED_WITHIN, "the job does not end")
        # Marks it as finished. Not sooner: what waits is queued a second time by it.
        self.action("harvest_jobs_run", source_id=self.source)
        if last:
            self._shift_job(last, "-1 hour")
        shown = self.action("harvest_job_show", id=job)
        assert shown["status"] == "Finished"
        stats = {key: value for key, value in shown["stats"].items() if value}
        errors = shown["gather_error_summary"], shown["object_error_summary"]
        assert "errored" not in stats, f"{errors}\n{self.log('fetch')}"
        return stats

    def _shift_last_job(self) -> str:
        """Let the last job be an hour younger; its id."""
        last = self._sql("SELECT id FROM harvest_job ORDER BY gather_started DESC LIMIT 1")
        self._shift_job(last, "1 hour")
        return last

    def _shift_job(self, job: str, interval: str) -> None:
        shift = f"gather_started = gather_started + interval '{interval}'"
        self._sql(f"UPDATE harvest_job SET {shift} WHERE id = '{job}'")

    def _open(self, job: str) -> bool:
        """Does a record of the job lack its result?"""
        where = f"harvest_job_id = '{job}' AND report_status IS NULL"
        return bool(self._sql(f"SELECT 1 FROM harvest_object WHERE {where} LIMIT 1"))

    def _sql(self, text: str) -> str:
        """Run SQL in its database; its answer."""
        return self.instance.sql(f"\\connect {self.name}\n{text}").strip()

    def datasets(self) -> list[dict[str, Any]]:
        """What it shows to anyone."""
        found = self.public("package_search", rows=1000, fq="dataset_type:dataset")["results"]
        return sorted(found, key=lambda one: one["name"])


def _built(*sites: Site) -> None:
    """Build and start sites side by side."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda one: one.build(), sites))
    for one in sites:
        one.start()


@pytest.fixture(scope="session")
def harvester(portal: Portal) -> Iterator[Harvester]:
    """A national portal with this one as a source; nothing is harvested yet."""
    made = Harvester(portal)
    try:
        _built(made)
        made.add_source()
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="session")
def fresh(portal: Portal) -> Iterator[Site]:
    """A portal with this extension and without any data."""
    made = Site(portal, "fresh", redis=2)
    try:
        _built(made)
        yield made
    finally:
        made.stop()
