"""Every process is killed once while the portal runs: all comes back by itself."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from typing import Any

import pytest

from tests.portal import ROOT

pytestmark = pytest.mark.e2e

API = "/api/3/action/package_search"


def _children(pid: int) -> list[int]:
    out = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True)
    return [int(one) for one in out.stdout.split()]


def _whole(portal: Any) -> bool:
    """Page, search and every process are there."""
    try:
        fine = all(portal.get(path).status_code == 200 for path in ("/", API, "/dataset/"))
    except OSError:
        return False
    return fine and all(state == "RUNNING" for state, _pid in portal.status().values())


@pytest.mark.parametrize(
    "name", ["postgresql", "redis", "solr", "worker:0", "worker:1", "tick", "web"]
)
def test_killed_process_comes_back_and_the_rest_stays(portal, name):
    """Kill -9: supervisor starts it again, no other process is restarted for it."""
    before = portal.status()
    os.kill(before[name][1], signal.SIGKILL)

    def back() -> bool:
        state, pid = portal.status().get(name, ("", 0))
        return state == "RUNNING" and pid not in (0, before[name][1])

    portal.wait(back)
    portal.wait(lambda: _whole(portal))
    after = portal.status()
    others = {one for one in before if one != name}
    # While a service is away worker and tick may end and be started again by themselves.
    kept = others - ({"worker:0", "worker:1", "tick"} if name in before else set())
    assert {one: before[one][1] for one in kept} == {one: after[one][1] for one in kept}
    log = (portal.folder / "logs" / "supervisord.log").read_text()
    assert f"exited: {name.split(':')[-1]} (terminated by SIGKILL" in log


def test_killed_web_worker_process_is_replaced(portal):
    """One of the two web processes dies: the other serves, a new one comes."""
    master = portal.status()["web"][1]
    before = _children(master)
    assert len(before) == 2
    os.kill(before[0], signal.SIGKILL)
    assert portal.get("/").status_code == 200
    portal.wait(lambda: len(set(_children(master)) - {before[0]}) == 2)
    portal.wait(lambda: _whole(portal))


@pytest.mark.parametrize(
    ("name", "paths"),
    [
        ("postgresql", ["/", API, "/dataset/", "/user/login"]),
        ("solr", [API, "/dataset/"]),
    ],
)
def test_while_a_service_is_away_the_page_says_so(portal, name, paths):
    """503 with a sentence; no JSON body on /api, so that harvesters fail cleanly."""
    portal.ctl("stop", name)
    try:
        for path in paths:
            answer = portal.get(path)
            assert answer.status_code == 503, (path, answer.status_code)
            if path.startswith("/api/"):
                assert answer.headers["Content-Type"].startswith("text/plain")
            else:
                assert "Layanan sedang terganggu" in answer.text
    finally:
        portal.ctl("start", name)
    portal.wait(lambda: _whole(portal))


def test_without_redis_pages_are_served(portal):
    """Redis carries jobs only: reading goes on without it."""
    portal.ctl("stop", "redis")
    try:
        assert portal.get("/").status_code == 200
        assert portal.get(API).status_code == 200
    finally:
        portal.ctl("start", "redis")
    portal.wait(lambda: _whole(portal))
    # A worker may end of it up to a minute later, and what it takes at that moment is lost
    # to the queue (RQ): start them anew, so that the tests that follow find them settled.
    portal.ctl("restart", "worker:*")
    portal.wait(lambda: _whole(portal))


def test_taken_port_is_named(portal):
    """The launcher says which port, which service, and what to do."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        env = {**os.environ, "INSTANCE": "test", "SATUDATA_POSTGRESQL_PORT": str(port)}
        script = (
            "import sys; sys.path.insert(0, 'stack'); import portal;"
            "portal.Instance('test', '2.12').start()"
        )
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env=env,
            capture_output=True,
            text=True,
        )
    assert f"Port {port} (postgresql) is taken" in done.stderr
    assert "SATUDATA_POSTGRESQL_PORT=" in done.stderr


def test_unknown_release_is_named(portal):
    """A typing error in CKAN=… does not install anything."""
    env = {**os.environ, "CKAN": "2.10"}
    command = [sys.executable, "stack/portal.py", "status"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert "CKAN=2.10 is not known" in done.stderr
    assert "2.12, 2.11" in done.stderr
