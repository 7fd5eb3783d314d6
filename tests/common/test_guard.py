"""503 with a reason while the portal is not fit, and back by itself."""

from __future__ import annotations

import pytest
from werkzeug.test import Client

from ckanext.satudata.common import guard, startup
from ckanext.satudata.common.startup import Problem

pytestmark = pytest.mark.both
DOWN = Problem("database", "PostgreSQL does not answer.", "Start it.")


def _application(environ, start_response):
    if environ["PATH_INFO"] == "/flag":
        environ[guard.FLAG] = True
    status = "500 INTERNAL SERVER ERROR" if environ["PATH_INFO"] == "/500" else "200 OK"
    start_response(status, [("Content-Type", "text/plain")])
    return [b"inner"]


@pytest.fixture
def client():
    return Client(guard.Guard(_application))


def test_not_fit_at_first_then_fit(client, monkeypatch):
    """Closed until the self-test passes; tested again after a pause, without restart."""
    monkeypatch.setattr(startup, "problems", lambda: [DOWN])
    page = client.get("/dataset/")
    assert page.status_code == 503
    assert page.headers["Retry-After"]
    assert "Basis data sedang tidak tersedia." in page.text
    assert "PostgreSQL" not in page.text
    monkeypatch.setattr(startup, "problems", list)
    assert client.get("/").status_code == 503
    client.application._tested = float("-inf")
    assert client.get("/").status_code == 200


def test_api_has_no_json_body(client, monkeypatch):
    """A harvester must not read an error as an empty page."""
    monkeypatch.setattr(startup, "problems", lambda: [DOWN])
    answer = client.get("/api/3/action/package_search")
    assert answer.status_code == 503
    assert answer.content_type.startswith("text/plain")


@pytest.mark.parametrize("path", ["/500", "/flag"])
def test_failure_of_a_service_becomes_503(client, monkeypatch, path):
    """Only when a service is really down; an error of our own stays what it is."""
    monkeypatch.setattr(startup, "problems", list)
    monkeypatch.setattr(startup, "services", list)
    assert client.get(path).status_code == (500 if path == "/500" else 200)
    monkeypatch.setattr(startup, "services", lambda: [DOWN])
    assert client.get(path).status_code == 503
