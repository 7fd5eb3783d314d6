"""Nightly runs, who reads what was found, the outsider, and what counts as a needle."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.serving import make_server

from ckan import model
from ckan.cli.cli import ckan
from ckan.lib.redis import connect_to_redis
from ckan.plugins import toolkit as tk

from ckanext.satudata.audit import client, jobs, needles, service
from ckanext.satudata.audit.model import AuditRun
from ckanext.satudata.common import clock, pulse

from tests import factories as make

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]

#: What a run found; the text of each kind is shown.
FINDINGS = [
    service.Finding(
        kind, "weg", "outsider", "POST", "tag_list", "/api/3/action/tag_list", 200, "tag"
    )
    for kind in service.KINDS
]


@pytest.fixture
def fresh(non_clean_db) -> None:
    """No run yet."""
    model.Session.query(AuditRun).delete()
    model.Session.commit()
    jobs._last.clear()


@pytest.fixture
def queued(monkeypatch) -> list[str]:
    """Runs that were handed to a worker."""
    found: list[str] = []
    monkeypatch.setattr(
        tk, "enqueue_job", lambda function, args, **more: found.append(args[0]), raising=False
    )
    return found


def _keep(*findings: service.Finding, run_id: str | None = None) -> dict[str, Any]:
    report = service.Report({"requests": 5, "findings": len(findings)}, list(findings))
    run = service.keep(report, run_id, clock.now()).dictize()
    model.Session.commit()
    return run


def test_a_night_is_audited_once_whoever_ticks(fresh, queued):
    """Several ticks at once, and the round after round of each of them."""
    ready = threading.Barrier(4)

    def tick() -> None:
        ready.wait(20)
        jobs.tick_audit()
        model.Session.remove()

    threads = [threading.Thread(target=tick) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(queued) == 1
    jobs._last.clear()
    assert jobs.tick_audit() == 0
    _keep(run_id=queued[0])
    with clock.travel(clock.now() + timedelta(days=1)):
        assert jobs.tick_audit() == 1
    assert len(set(queued)) == 2


def test_an_audit_that_died_is_begun_again_but_not_for_ever(fresh, queued):
    """After the time it may take; three times in all."""
    start = clock.local(clock.now()).replace(hour=3, minute=0)
    for hours in (0, 0.1, 1.5, 3, 4.5, 6):
        jobs._last.clear()
        with clock.travel(start + timedelta(hours=hours)):
            jobs.tick_audit()
    assert len(queued) == jobs.ATTEMPTS
    assert len(set(queued)) == 1


def test_before_the_hour_it_is_still_the_night_before(fresh, queued):
    """The option says from when on."""
    with clock.travel(clock.local(clock.now()).replace(hour=1, minute=59)):
        jobs.tick_audit()
    with clock.travel(clock.local(clock.now()).replace(hour=2, minute=1)):
        jobs.tick_audit()
    assert len(queued) == 2


def test_the_job_of_a_worker_does_the_audit(app, fresh, queued, monkeypatch, ckan_config):
    """It ends by the time it is given, says how far it came, and keeps its result."""
    monkeypatch.setitem(ckan_config, "ckanext.satudata.audit_seconds", 3)
    monkeypatch.setattr(client, "application", lambda: app.app)
    jobs.tick_audit()
    jobs.nightly(queued[0])
    run = service.last()
    assert run.id == queued[0]
    assert run.night is not None
    assert run.counts["in_time"] is False
    assert run.counts["seconds"] < 30
    assert run.counts["requests"] > 1


@pytest.mark.parametrize(
    ("person", "status"),
    [(None, 403), ("outsider", 403), ("produsen_data", 403), ("walidata", 200), ("sysadmin", 200)],
)
def test_what_was_found_is_for_those_who_look_after_all(app, fresh, person, status):
    """Findings name hidden datasets: by API and page."""
    from ckan.tests import factories

    city = make.city()
    _keep(*FINDINGS)
    headers = {}
    if person:
        headers["Authorization"] = factories.APIToken(user=getattr(city, person))["token"]
    answer = app.get("/api/3/action/satudata_audit_show", headers=headers, status=status)
    page = app.get("/kelola/sistem", headers=headers, status=None, follow_redirects=False)
    if status != 200:
        assert "tag_list" not in answer.body
        assert page.status_code == (404 if person else 302)
        return
    assert len(answer.json["result"]["findings"]) == len(FINDINGS)
    assert page.status_code == 200
    assert page.body.count("POST /api/3/action/tag_list 200") == len(FINDINGS)
    for words in ("Temuan audit", "kata kunci", "masuk, tanpa peran", "Audit"):
        assert words in page.body, words
    bar = page.body[page.body.index("sd-workbar") :][:4000]
    assert f"{len(FINDINGS)}<span" in bar


def test_the_page_says_what_does_not_run(app, fresh):
    """No audit, no tick, no worker: red, with what to do; then green."""
    from ckan.tests import factories

    headers = {"Authorization": factories.APIToken(user=make.user("s", sysadmin=True))["token"]}
    connect_to_redis().delete(pulse._key("tick"))
    body = app.get("/kelola/sistem", headers=headers).body
    for words in ("ckan satudata audit", "ckan satudata tick", "ckan jobs worker"):
        assert words in body, words
    pulse.beat("tick")
    _keep()
    body = app.get("/kelola/sistem", headers=headers).body
    assert "ckan satudata tick" not in body
    assert "0 temuan" in body
    with clock.travel(clock.now() + timedelta(days=3)):
        assert "terlalu lama" in app.get("/kelola/sistem", headers=headers).body


@pytest.mark.parametrize("right", ["sysadmin", "role", "member", "collaborator"])
def test_an_outsider_with_rights_is_a_finding(app, fresh, right):
    """Else everything it may see would count as public."""
    city = make.city()
    client.outsider()
    model.Session.commit()
    user, given = model.User.by_name(client.OUTSIDER), []
    try:
        if right == "sysadmin":
            user.sysadmin = True
        elif right == "role":
            given.append(city.assign(client.OUTSIDER, "walidata")["id"])
        elif right == "member":
            group = model.Group.get(city.opd)
            model.Session.add(model.Member(group=group, table_name="user", table_id=user.id))
        else:
            package = make.dataset(city, files=0)
            more = {"package_id": package["id"], "user_id": user.id, "capacity": "member"}
            model.Session.add(model.PackageMember(**more))
        model.Session.commit()
        found = jobs.perform(app=app.app, sample=1, seconds=1, routes="^status_show$")
        assert "account" in {one["kind"] for one in found["findings"]}
    finally:
        model.Session.rollback()
        for table in (model.Member, model.PackageMember):
            key = table.table_id if table is model.Member else table.user_id
            model.Session.query(table).filter(key == user.id).delete()
        model.User.by_name(client.OUTSIDER).sysadmin = False
        model.Session.commit()
        for key in given:
            make.call("satudata_role_end", city.sysadmin, id=key)


def test_the_outsider_cannot_log_in_and_is_nobody_without_the_audit(app, fresh):
    """No password, no token; the header of a request makes nobody the outsider."""
    client.outsider()
    model.Session.commit()
    assert not model.User.by_name(client.OUTSIDER).validate_password("")
    body = {"login": client.OUTSIDER, "password": ""}
    assert "/user/login" in app.post("/user/login", data=body).request.path
    asked = client.InProcess(app.app)
    listed = "/api/3/action/satudata_approval_list"
    assert asked.ask(listed, "{}", client.OUTSIDER).status == 200
    assert asked.ask(listed, "{}").status == 403
    headers = {"satudata.audit.who": client.OUTSIDER, "Remote-User": client.OUTSIDER}
    assert app.post(listed, json={}, headers=headers, status=None).status_code == 403


def test_nothing_is_written_while_the_audit_asks(app, fresh, monkeypatch):
    """A page that writes while it is read fails, and what it wrote is not there."""

    def write() -> str:
        model.Session.add(model.Tag(name="ditulis-oleh-get"))
        model.Session.commit()
        return "done"

    monkeypatch.setitem(app.flask_app.view_functions, "home.about", write)
    assert client.InProcess(app.app).ask("/about").status == 500
    assert model.Tag.by_name("ditulis-oleh-get") is None
    app.get("/about", status=200)
    assert model.Tag.by_name("ditulis-oleh-get") is not None


def test_a_portal_that_is_not_fit_proves_nothing(app, fresh, monkeypatch):
    """One finding, and no green result."""
    asked = client.InProcess(app.app)
    monkeypatch.setattr(asked, "ask", lambda *_words: client.Answer(503))
    found = jobs.perform(asked, app=app.app, sample=1)
    assert "error" in {one["kind"] for one in found["findings"]}
    assert found["counts"]["requests"] == 1


def test_over_http_it_asks_as_anybody(app, fresh):
    """What stands in front of the portal is asked too."""
    server = make_server("127.0.0.1", 0, app.app)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        asked = client.OverHttp(f"http://127.0.0.1:{server.port}/")
        found = jobs.perform(asked, app=app.app, sample=1, routes="^(status_show|/about)$")
        assert asked.ask("/about").status == 200
    finally:
        server.shutdown()
        thread.join()
    assert found["counts"]["requests"] >= 3
    assert asked.ask("/about").status == 500


def test_the_command_ends_with_1_on_a_finding(cli, fresh, monkeypatch):
    """And prints the same as the action."""
    words = ["satudata", "audit", "--json", "--sample", "1", "--route", "^status_show$"]
    done = cli.invoke(ckan, words)
    found = json.loads(done.output[done.output.index("{") :])
    assert done.exit_code == int(bool(found["findings"]))
    monkeypatch.setattr(service, "rights", lambda: [service.Finding("account")])
    for asked in (words, [one for one in words if one != "--json"]):
        done = cli.invoke(ckan, asked)
        assert done.exit_code == 1
        assert "account" in done.output


@pytest.mark.parametrize(
    ("values", "secret"),
    [
        ({"title": "Daftar Rahasia Waduk Nomor Sembilan"}, True),
        ({"title": "Perangkat Daerah"}, False),
        ({"title": "Kota Blitar"}, False),
        ({"title": "Waduk"}, False),
        ({"title": "Jumlah Penduduk Terbuka"}, False),
        ({"title": "penduduk  TERBUKA"}, False),
        ({"definisi": "Tampungan air yang hanya ada di sini"}, True),
        ({"temporal_start": "2019-03-07"}, False),
    ],
    ids=str,
)
def test_ordinary_words_are_no_needles(fresh, values, secret, kept):
    """Words of the portal and of what is public are no secret, short ones neither."""
    if not kept:
        kept["city"] = make.city()
        public = make.dataset(kept["city"], title="Jumlah Penduduk Terbuka")
        make.bring_to(kept["city"], public, "published")
    package = make.dataset(kept["city"], files=0, **values)
    found = needles.collect(200, 1)
    (value,) = values.values()
    assert (needles.plain(value) in found.phrases) is secret
    assert package["id"] in found.known
    assert package["name"] in found.known


def test_the_sample_has_each_state_the_newest_and_others():
    """Of ten thousand as of ten; the same seed gives the same sample."""
    import random

    states = [("active", None), ("active", "submitted"), ("deleted", None), ("draft", None)]
    rows = [(f"id{n}", f"name{n}", *states[0 if n < 9000 else n % 4], None) for n in range(10_000)]
    chosen = needles._sample(rows, 25, random.Random(1))
    assert len({row[0] for row in chosen}) == 25
    assert {(row[2], row[3]) for row in chosen} == set(states)
    assert rows[1] in chosen
    assert chosen == needles._sample(rows, 25, random.Random(1))
    assert chosen != needles._sample(rows, 25, random.Random(2))
    assert needles._sample(rows[:5], 25, random.Random(1)) == rows[:5]
