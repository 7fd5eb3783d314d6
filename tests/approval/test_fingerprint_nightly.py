"""Every night what is locked is compared with its fingerprint, from database and bytes."""

from __future__ import annotations

import json
import os
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from ckan import model
from ckan.cli.cli import ckan
from ckan.plugins import toolkit as tk

from ckanext.satudata.approval import canonical, fingerprint, jobs, publication, verify
from ckanext.satudata.approval.model import Approval
from ckanext.satudata.common import clock, events
from ckanext.satudata.letters.model import LetterItem

from tests import factories as make
from tests.approval import fingerprinted
from tests.approval.test_fingerprint import _store_away

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]


@pytest.fixture
def city(kept, with_plugins, non_clean_db) -> make.City:
    if "city" not in kept:
        kept["city"] = fingerprinted.city_with_agency()
    return kept["city"]


@pytest.fixture
def published(kept, city) -> dict[str, Any]:
    """A published dataset; each test leaves its content as it was."""
    if "published" not in kept:
        package = fingerprinted.dataset(city)
        make.bring_to(city, package, "published")
        kept["published"] = package
    return kept["published"]


@pytest.fixture(autouse=True)
def impatient():
    """What could not be read is tried again at once."""
    jobs._later.clear()


def _approval(city: make.City, key: str) -> dict[str, Any]:
    return make.call("satudata_approval_show", city.walidata, id=key)


def _history(city: make.City, key: str) -> list[dict[str, Any]]:
    return make.call("satudata_approval_history", city.walidata, id=key)


def _kinds(city: make.City, key: str) -> list[str]:
    return [one["kind"] for one in _history(city, key)]


def _night(*keys: str) -> int:
    """One round of the tick in the night that comes, with only these datasets due."""
    model.Session.rollback()
    later = clock.now() + timedelta(days=1)
    others = sa.update(Approval).where(Approval.package_id.not_in(keys)).values(verified_at=later)
    model.Session.execute(others.execution_options(synchronize_session=False))
    mine = sa.update(Approval).where(Approval.package_id.in_(keys)).values(verified_at=None)
    model.Session.execute(mine.execution_options(synchronize_session=False))
    model.Session.commit()
    return jobs.tick_fingerprints()


def _verify(city: make.City, key: str) -> dict[str, Any]:
    return make.call("satudata_fingerprint_verify", city.walidata, id=key)


def _is_public(key: str) -> bool:
    return make.call("package_show", None, id=key)["private"] is False


#: Of every kind one; that each is seen is shown in test_fingerprint.py.
@pytest.mark.parametrize("name", ["title", "byte of a file", "cell", "link", "dictionary", "view"])
def test_public_content_that_changed_raises_an_alarm_and_stays(city, published, name):
    """Once in the history, until the content is right again; nobody takes it off line."""
    key = published["id"]
    before = _kinds(city, key)
    fingerprinted.attack(name, published)
    try:
        assert _night(key) == 1
        assert _night(key) == 1
        shown, last = _approval(city, key), _history(city, key)[-1]
        assert (shown["state"], bool(shown["mismatch_at"])) == ("published", True)
        assert _kinds(city, key) == [*before, "mismatch"]
        assert last["role"] == "system"
        assert last["data"]["expected"] == shown["fingerprint"] != last["fingerprint"]
        assert _is_public(key)
    finally:
        fingerprinted.repair(name, published)
    _night(key)
    assert _approval(city, key)["mismatch_at"] is None
    assert _kinds(city, key) == [*before, "mismatch", "match"]
    assert events.verify(f"dataset:{key}")[1] == []


def test_the_walidata_sees_the_alarm(city, published, app):
    """On the dataset, in Pekerjaan Saya, in the API; the public and others are not told."""
    key = published["id"]

    def page(person: str | None, path: str) -> str:
        headers = {}
        if person:
            token = make.call(
                "api_token_create", person, user=person, name=f"t-{make.uuid.uuid4()}"
            )
            headers = {"Authorization": token["token"]}
        return app.get(path, headers=headers).body

    sentence, work = "bukan yang divalidasi", f"/dataset/{published['name']}"
    mine = {"mine": True, "limit": 100}
    fingerprinted.attack("title", published)
    try:
        _night(key)
        assert sentence in page(city.walidata, work)
        assert sentence in page(city.walidata, "/pekerjaan-saya")
        assert sentence not in page(None, work)
        assert sentence not in page(city.outsider, work)
        listed = make.call("satudata_approval_list", city.walidata, **mine)
        assert key in [one["package_id"] for one in listed]
        others = make.call("satudata_approval_list", city.kepala_opd, **mine)
        assert key not in [one["package_id"] for one in others]
    finally:
        fingerprinted.repair("title", published)
    _night(key)
    assert sentence not in page(city.walidata, work)


@pytest.mark.parametrize("state", ["awaiting_validation", "validated"])
@pytest.mark.parametrize("name", ["cell", "byte of a file", "title"])
def test_what_changed_before_the_publication_goes_back_to_the_check(city, state, name):
    """Its line of the letter loses its effect; nothing of it is public."""
    package = fingerprinted.dataset(city)
    key = package["id"]
    make.bring_to(city, package, state)
    fingerprinted.attack(name, package)
    assert _night(key) == 1
    shown = _approval(city, key)
    assert (shown["state"], shown["letter_id"], shown["checked_by"]) == ("submitted", None, None)
    assert _kinds(city, key)[-1] == "invalidate"
    model.Session.rollback()
    lines = model.Session.query(LetterItem).filter_by(package_id=key).all()
    assert [bool(one.void_at) for one in lines] == [True] * (state == "validated")
    assert key not in publication.due()
    with pytest.raises((tk.NotAuthorized, tk.ObjectNotFound)):
        make.call("package_show", None, id=key)


def test_what_changed_under_the_check_is_told_to_the_checker(city):
    """It cannot be confirmed; returned and submitted again the alarm is over."""
    package = fingerprinted.dataset(city)
    key = package["id"]
    make.bring_to(city, package, "submitted")
    fingerprinted.attack("cell", package)
    _night(key)
    assert _approval(city, key)["mismatch_at"]
    make.call("satudata_approval_claim", city.walidata, id=key)
    with pytest.raises(tk.ValidationError) as refused:
        make.call("satudata_approval_confirm", city.walidata, id=key, checklist=make.CHECKLIST)
    assert refused.value.error_dict["code"] == ["fingerprint"]
    finding = {"code": "other", "comment": "Angka berubah", "field": "title"}
    make.call("satudata_approval_return", city.walidata, id=key, findings=[finding])
    make.call("package_patch", city.produsen_data, id=key, title="Diperbaiki")
    again = make.call("satudata_approval_submit", city.produsen_data, id=key)
    assert again["mismatch_at"] is None
    assert _verify(city, key)["same"] is True


def test_withdrawal_ends_the_alarm(city):
    """The walidata acts; the dataset is compared no more."""
    package = fingerprinted.dataset(city)
    key = package["id"]
    make.bring_to(city, package, "published")
    fingerprinted.attack("cell", package)
    _night(key)
    make.call("satudata_approval_withdraw", city.walidata, id=key, reason="wrong", notice="Angka")
    assert key not in verify.locked()
    listed = make.call("satudata_approval_list", city.walidata, mine=True, limit=100)
    assert key not in [one["package_id"] for one in listed]


def test_a_fingerprint_of_an_older_form_is_compared_by_that_form(city):
    """No alarm because the form got better; what that form covers is watched."""
    package = fingerprinted.dataset(city)
    key = package["id"]
    make.bring_to(city, package, "published")
    old = fingerprint.compute(key, "sd1")
    fingerprinted.sql(
        "UPDATE satudata_approval SET fingerprint = :old WHERE package_id = :key", old=old, key=key
    )
    assert _night(key) == 1
    assert _approval(city, key)["mismatch_at"] is None
    fingerprinted.attack("title", package)
    _night(key)
    assert _approval(city, key)["mismatch_at"]
    fingerprinted.sql(
        "UPDATE satudata_approval SET fingerprint = 'sd9:00', mismatch_at = NULL"
        " WHERE package_id = :key",
        key=key,
    )
    assert _night(key) == 0
    assert _approval(city, key)["mismatch_at"] is None


@pytest.mark.parametrize("state", ["validated", "published"])
def test_a_datastore_that_does_not_answer_decides_nothing(city, state):
    """No alarm, nothing invalidated; tried again later, not in each round."""
    package = fingerprinted.dataset(city)
    key = package["id"]
    make.bring_to(city, package, state)
    with _store_away():
        assert _night(key) == 0
    shown = _approval(city, key)
    assert (shown["state"], shown["mismatch_at"], shown["verified_at"]) == (state, None, None)
    assert jobs.tick_fingerprints() == 0
    with clock.travel(clock.now() + timedelta(minutes=11)):
        assert jobs.tick_fingerprints() == 1
    assert _approval(city, key)["verified_at"]


@pytest.mark.parametrize(
    ("now", "begin"),
    [("2026-11-24T17:59", "2026-11-23T18:00"), ("2026-11-24T18:00", "2026-11-24T18:00")],
)
def test_the_night_begins_at_one_in_the_portals_zone(now, begin):
    """01.00 in Blitar is 18.00 UTC of the day before."""
    utc = clock.timezone.utc
    with clock.travel(datetime.fromisoformat(now).replace(tzinfo=utc)):
        assert verify._night() == datetime.fromisoformat(begin).replace(tzinfo=utc)


def test_once_a_night_is_enough(city, published):
    """What is compared is due again when the next night begins."""
    key = published["id"]
    _night(key)
    assert key not in verify.due()
    with clock.travel(verify._night() + timedelta(days=1, seconds=-1)):
        assert key not in verify.due()
    with clock.travel(verify._night() + timedelta(days=1)):
        assert key in verify.due()


def test_a_round_does_a_part_and_the_next_goes_on(city, published, monkeypatch):
    """So that the publication of others does not wait for a long night."""
    other = fingerprinted.dataset(city)
    make.bring_to(city, other, "submitted")
    ticks = iter(range(0, 1000, jobs.SECONDS // 2))
    monkeypatch.setattr(jobs.time, "monotonic", lambda: next(ticks))
    assert _night(published["id"], other["id"]) == 1
    assert len(verify.due()) == 1
    assert jobs.tick_fingerprints() == 1
    assert verify.due() == []


def test_two_ticks_do_not_compare_the_same_dataset(city, published):
    """One has it; the other passes on, and nobody waits."""
    key = published["id"]
    with model.Session.get_bind().connect() as other:
        query = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:id, 13))")
        other.execute(query, {"id": key})
        assert _night(key) == 0
    assert jobs.tick_fingerprints() == 1
    assert jobs.tick_fingerprints() == 0


@pytest.mark.parametrize("person", ["produsen_data", "kepala_opd", "outsider", None])
def test_others_do_not_start_a_comparison(city, published, person):
    """It reads every byte; only who checks datasets may ask for it."""
    who = getattr(city, person) if person else None
    with pytest.raises((tk.NotAuthorized, tk.ObjectNotFound)):
        make.call("satudata_fingerprint_verify", who, id=published["id"])
    if person in ("outsider", None):
        with pytest.raises((tk.NotAuthorized, tk.ObjectNotFound)):
            make.call("satudata_fingerprint_show", who, id=published["id"])


def test_by_command(city, published, cli):
    """``verify`` exits with 1 and names what differs; ``show`` prints what is hashed."""
    key, name = published["id"], published["name"]
    draft = fingerprinted.dataset(city)["name"]

    def run(*words: str) -> Any:
        return cli.invoke(ckan, ["satudata", "fingerprint", *words])

    text = canonical.text(fingerprint.read(key))
    assert text in run("show", name).output
    assert run("verify", name, draft).exit_code == 0
    fingerprinted.attack("cell", published)
    try:
        everything = run("verify")
        assert _approval(city, key)["mismatch_at"]
        assert everything.exit_code == 1
        assert f"{key}: differs" in everything.output
    finally:
        fingerprinted.repair("cell", published)
    assert run("verify", name).exit_code == 0
    assert _approval(city, key)["mismatch_at"] is None
    place = fingerprinted.path(published["resources"][0]["id"])
    os.rename(place, f"{place}.away")
    os.mkdir(place)
    try:
        unreadable = run("verify", name, "tidak-ada")
        assert unreadable.exit_code == 1
        assert len(re.findall(f"^(?:{name}|tidak-ada): ", unreadable.output, re.M)) == 2
    finally:
        os.rmdir(place)
        os.rename(f"{place}.away", place)
    assert json.loads(text)["form"] == canonical.VERSION
