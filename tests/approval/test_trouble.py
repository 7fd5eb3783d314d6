"""When something goes wrong in the middle: no transition is done by halves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from ckan import model
from ckan.lib.search import common as search
from ckan.plugins import toolkit as tk

from ckanext.satudata.approval import publication
from ckanext.satudata.approval.jobs import tick_index, tick_publish
from ckanext.satudata.common import clock, events

from tests import factories as make

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]

#: Nothing listens there: what CKAN meets is what it meets when Solr is down.
NOWHERE = "http://127.0.0.1:9/solr/ckan"


@contextmanager
def without_solr() -> Iterator[None]:
    """The index does not answer inside the block."""
    before = tk.config["solr_url"]
    _point_to(NOWHERE)
    try:
        yield
    finally:
        _point_to(before)


def _point_to(address: str) -> None:
    tk.config["solr_url"] = address
    # CKAN 2.11 remembers the address.
    remembered = getattr(search, "SolrSettings", None)
    if remembered is not None:
        remembered.init(address)


def _approval(city: make.City, key: str) -> dict[str, Any]:
    return make.call("satudata_approval_show", city.walidata, id=key)


def _kinds(city: make.City, key: str) -> list[str]:
    return [one["kind"] for one in make.call("satudata_approval_history", city.walidata, id=key)]


def _is_private(key: str) -> bool:
    model.Session.expire_all()
    return model.Package.get(key).private


def _found(city: make.City, key: str) -> list[str]:
    done = make.call("package_search", city.walidata, fq=f'id:"{key}"', include_private=True)[
        "results"
    ]
    return [one["satudata_state"] for one in done if "satudata_state" in one]


def test_decisions_stand_while_the_index_is_down(city):
    """Each is made whole; the tick brings the index up to date afterwards."""
    key = make.dataset(city)["id"]
    with without_solr():
        make.call("satudata_approval_submit", city.produsen_data, id=key)
        make.call("satudata_approval_claim", city.walidata, id=key)
        make.call("satudata_approval_confirm", city.walidata, id=key, checklist=make.CHECKLIST)
        make.validate(city, key)
        assert _approval(city, key)["state"] == "validated"
        assert key in publication.behind()
        assert tick_index() == 0
    assert _kinds(city, key) == ["submit", "claim", "confirm", "validate"]
    assert tick_index() >= 1
    assert key not in publication.behind()
    assert events.verify(f"dataset:{key}")[1] == []


def test_publication_stands_while_the_index_is_down(city):
    """Page and API are public at once; the tick brings the search up to date."""
    key = make.dataset(city)["id"]
    make.bring_to(city, {"id": key}, "validated")
    with without_solr():
        assert publication.publish(key).state == "published"
        assert make.call("package_show", None, id=key)["private"] is False
        assert key in publication.behind()
    assert tick_index() >= 1
    found = make.call("package_search", None, fq=f'id:"{key}"')["results"]
    assert [one["id"] for one in found] == [key]
    assert _kinds(city, key).count("publish") == 1


def test_the_tick_goes_on_to_the_next_dataset(city, monkeypatch):
    """One dataset that cannot be published does not keep the others waiting."""
    first, second = make.dataset(city)["id"], make.dataset(city)["id"]
    for key in (first, second):
        make.bring_to(city, {"id": key}, "validated")
    write = publication._write

    def fails_once(key: str, user: Any) -> Any:
        if key == first:
            raise OSError("disk full")
        return write(key, user)

    monkeypatch.setattr(publication, "_write", fails_once)
    tick_publish()
    assert _approval(city, second)["state"] == "published"
    assert _approval(city, first)["state"] == "validated"
    assert _is_private(first)
    monkeypatch.undo()
    tick_publish()
    assert _approval(city, first)["state"] == "published"


def test_withdrawal_works_while_the_index_is_down(city):
    """Closed at once in database and API, whatever the index still says."""
    key = make.dataset(city)["id"]
    make.bring_to(city, {"id": key}, "published")
    with without_solr():
        make.call(
            "satudata_approval_withdraw", city.walidata, id=key, reason="privacy", notice="NIK"
        )
        assert _is_private(key)
        with pytest.raises((tk.NotAuthorized, tk.ObjectNotFound)):
            make.call("package_show", None, id=key)
    # The index still has it as public; results are checked against the database.
    assert make.call("package_search", None, fq=f'id:"{key}"')["results"] == []
    tick_index()
    assert make.call("package_search", None, fq=f'id:"{key}"')["count"] == 0


@pytest.mark.parametrize(
    ("role", "state", "step", "more"),
    [
        ("produsen_data", "draft", "submit", {}),
        ("walidata", "submitted", "confirm", {"checklist": make.CHECKLIST}),
        ("kepala_opd", "awaiting_validation", "validate", {}),
    ],
)
def test_who_lost_the_role_in_the_middle_decides_nothing_more(city, role, state, step, more):
    """Refused with a sentence; a colleague goes on with the case."""
    key = make.dataset(city)["id"]
    if state != "draft":
        make.bring_to(city, {"id": key}, state)
    person = make.user(role)
    opd = None if role == "walidata" else city.opd
    given = city.assign(person, role, opd)
    if state == "submitted":
        make.call("satudata_approval_claim", person, id=key)
    make.call("satudata_role_end", city.sysadmin, id=given["id"])
    before = _kinds(city, key)
    with pytest.raises((tk.NotAuthorized, tk.ObjectNotFound)):
        make.call(f"satudata_approval_{step}", person, id=key, **more)
    assert _approval(city, key)["state"] == state
    assert _kinds(city, key) == before
    if state == "submitted":
        # The claim of who is gone does not bar the others.
        make.call("satudata_approval_claim", city.walidata2, id=key)
        make.call("satudata_approval_confirm", city.walidata2, id=key, checklist=make.CHECKLIST)
        assert _approval(city, key)["state"] == "awaiting_validation"


def test_a_role_that_ends_at_midnight_ends_the_right(city):
    """By the date alone, also while the tick process stands still."""
    person = make.user("walidata")
    city.assign(person, "walidata", ends_on=clock.today().isoformat())
    key = make.dataset(city)["id"]
    make.bring_to(city, {"id": key}, "submitted")
    with (
        clock.travel(clock.now() + timedelta(days=1)),
        pytest.raises((tk.NotAuthorized, tk.ObjectNotFound)),
    ):
        make.call("satudata_approval_claim", person, id=key)
    assert make.call("satudata_approval_claim", person, id=key)["claimed_by"]


def test_release_time_is_waited_for(city):
    """Validated and signed, the data becomes public at its minute and not before."""
    key = make.dataset(city)["id"]
    at = clock.now() + timedelta(days=2)
    make.call("satudata_approval_submit", city.produsen_data, id=key, release_at=at.isoformat())
    make.call("satudata_approval_claim", city.walidata, id=key)
    make.call("satudata_approval_confirm", city.walidata, id=key, checklist=make.CHECKLIST)
    make.validate(city, key)
    assert key not in make.due()
    with clock.travel(at - timedelta(minutes=1)):
        assert key not in make.due()
    with clock.travel(at):
        assert key in make.due()
        tick_publish()
    assert _approval(city, key)["state"] == "published"


@pytest.mark.parametrize("value", ["2020-01-01T09:00", "besok", "2026-13-01"])
def test_a_release_time_that_cannot_be_is_refused(city, value):
    """Named at its field; the dataset is not submitted."""
    key = make.dataset(city)["id"]
    with pytest.raises(tk.ValidationError) as refused:
        make.call("satudata_approval_submit", city.produsen_data, id=key, release_at=value)
    assert "release_at" in refused.value.error_dict
    assert _approval(city, key)["state"] == "draft"


def test_the_walidata_moves_the_release_time(city):
    """Sent back unchanged it may lie in the past by now; another one must be to come."""
    key = make.dataset(city)["id"]
    at = clock.now() + timedelta(hours=1)
    make.call("satudata_approval_submit", city.produsen_data, id=key, release_at=at.isoformat())
    make.call("satudata_approval_claim", city.walidata, id=key)
    with clock.travel(at + timedelta(minutes=1)):
        make.call(
            "satudata_approval_confirm",
            city.walidata,
            id=key,
            checklist=make.CHECKLIST,
            release_at=at.isoformat(),
        )
    assert _approval(city, key)["state"] == "awaiting_validation"
