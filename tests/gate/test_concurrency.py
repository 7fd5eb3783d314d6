"""While refused writers and a worker run, every reader gets the old bytes."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ckan import model
from ckan.lib.redis import connect_to_redis
from ckan.plugins import toolkit as tk

from tests import factories as make
from tests.gate.hidden import Hidden

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]

ROOT = Path(__file__).parent.parent.parent
#: By its name: where a worker runs, "tests" is CKAN's own package.
ATTEMPT = "attack_jobs.attempt"
#: Rounds of each writer; and the least number of times a reader looked meanwhile.
ROUNDS, LOOKS = 2, 5


@pytest.fixture
def world(kept, with_plugins, non_clean_db) -> Hidden:
    if not kept:
        world = kept["world"] = Hidden.town()
        for state in ("published", "submitted"):
            package = world.dataset(state)
            world.hidden[state] = world.fill(package)
            make.bring_to(world.city, package, state)
    return kept["world"]


@pytest.fixture
def queue() -> str:
    """A queue of its own; nothing of other tests is in it."""
    return f"satudata-{uuid.uuid4().hex[:8]}"


def _work(queue: str) -> subprocess.Popen[str]:
    """A real worker that ends when its queue is empty."""
    ckan = Path(sys.executable).parent / "ckan"
    command = [ckan, "-c", ROOT / "test.ini", "jobs", "worker", "--burst", queue]
    return subprocess.Popen(
        list(map(str, command)),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _calls(package: dict[str, str]) -> list[tuple[str, dict[str, Any]]]:
    """Writes that change metadata, files, rows, views, or make it public."""
    key, resource = package["id"], package["resource"]
    rows = {"resource_id": resource, "force": True}
    return [
        ("package_patch", {"id": key, "title": "Lain", "private": False}),
        ("package_revise", {"match": {"id": key}, "update": {"notes": "Lain", "private": False}}),
        ("resource_patch", {"id": resource, "name": "Lain"}),
        ("datastore_upsert", {**rows, "method": "insert", "records": [{"menara": 666}]}),
        ("datastore_delete", rows),
        ("datastore_create", {**rows, "fields": [{"id": "lain"}]}),
        ("resource_view_delete", {"id": package["view"]}),
        ("resource_delete", {"id": resource}),
        ("package_delete", {"id": key}),
    ]


def _write(client: Any, headers: dict[str, str], package: dict[str, str]) -> list[int]:
    """Try every write over the wire, new bytes for the file among them; the answers."""
    answers = []
    for _round in range(ROUNDS):
        for action, data in _calls(package):
            done = client.post(f"/api/3/action/{action}", json=data, headers=headers)
            answers.append(done.status_code)
        for action in ("resource_update", "resource_patch"):
            sent = {
                "id": package["resource"],
                "upload": (io.BytesIO(b"menara\n666\n"), "penduduk.csv"),
            }
            done = client.post(f"/api/3/action/{action}", data=sent, headers=headers)
            answers.append(done.status_code)
    return answers


def _look(client: Any, headers: dict[str, str], package: dict[str, str]) -> tuple[Any, ...]:
    """What a reader gets: bytes by the public route, rows, metadata, views."""
    resource = package["resource"]
    file = f"/dataset/{package['id']}/resource/{resource}/download/penduduk.csv"
    found: list[Any] = [client.get(file, headers=headers).data]
    for action, data in (
        ("datastore_search", {"resource_id": resource}),
        ("package_show", {"id": package["id"]}),
        ("resource_view_list", {"id": resource}),
    ):
        answer = client.post(f"/api/3/action/{action}", json=data, headers=headers)
        assert answer.status_code == 200
        found.append(json.dumps(answer.get_json()["result"], sort_keys=True))
    return tuple(found)


def _in_threads(works: list[Callable[[], Any]]) -> tuple[list[threading.Thread], list[Any]]:
    results: list[Any] = []

    def run(work: Callable[[], Any]) -> None:
        try:
            results.append(work())
        except BaseException as error:
            results.append(error)
        finally:
            model.Session.remove()

    threads = [threading.Thread(target=run, args=(one,)) for one in works]
    for one in threads:
        one.start()
    return threads, results


@pytest.mark.parametrize("state", ["published", "submitted"])
def test_every_reader_gets_the_old_bytes_while_writers_are_refused(app, world, queue, state):
    """Three people over the wire and a worker's jobs at once; the file is the same to the byte."""
    package, reader = world.hidden[state], world.headers("walidata")
    key = f"satudata-test-{queue}"
    for _number in range(2):
        tk.enqueue_job(ATTEMPT, [key, _calls(package)], queue=queue)
    people = ("produsen_data", "walidata_pendukung", "sysadmin")
    tokens = [world.headers(person) for person in people]
    before = _look(app.test_client(), reader, package)
    assert before[0] == make.SAMPLE.read_bytes()
    worker = _work(queue)
    try:
        works = [lambda one=one: _write(app.test_client(), one, package) for one in tokens]
        threads, results = _in_threads(works)
        looks = 0
        while any(one.is_alive() for one in threads) or worker.poll() is None or looks < LOOKS:
            assert _look(app.test_client(), reader, package) == before
            looks += 1
        output = worker.communicate(timeout=60)[0]
    finally:
        worker.kill()
    assert worker.returncode == 0, output
    for answers in results:
        assert not isinstance(answers, BaseException), answers
        assert set(answers) <= {403, 409}, answers
    told = [one.decode() for one in connect_to_redis().lrange(key, 0, -1)]
    assert len(told) == 2 * len(_calls(package)), output
    assert {one.split()[1] for one in told} == {"Refusal"}
    assert _look(app.test_client(), reader, package) == before
    connect_to_redis().delete(key)


def test_a_job_makes_nothing_public_even_of_a_draft(world, queue):
    """A real worker, as the site's user with ``ignore_auth``: a draft stays private."""
    draft, key = make.dataset(world.city), f"satudata-test-{queue}"
    match = {"match": {"id": draft["id"]}}
    calls = [
        ("package_patch", {"id": draft["id"], "private": False}),
        ("package_update", {**draft, "private": "false"}),
        ("package_revise", {**match, "update__private": False}),
        ("package_patch", {"id": draft["id"], "title": "Oleh pekerjaan"}),
    ]
    tk.enqueue_job(ATTEMPT, [key, calls], queue=queue)
    worker = _work(queue)
    output = worker.communicate(timeout=120)[0]
    told = [one.decode() for one in connect_to_redis().lrange(key, 0, -1)]
    assert [one.split()[1] for one in told] == ["Refusal"] * 3 + ["done"], output
    model.Session.rollback()
    shown = make.call("package_show", world.city.walidata, id=draft["id"], use_cache=False)
    assert (shown["private"], shown["title"]) == (True, "Oleh pekerjaan")
    connect_to_redis().delete(key)
