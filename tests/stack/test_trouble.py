"""Services that die in the middle of the road: nothing is half done, all goes on after."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from ckanapi import CKANAPIError, ValidationError

from tests.portal import Portal

pytestmark = pytest.mark.e2e

#: What the procedure allows from signature to public page (SOP 4).
PUBLISHED_WITHIN = 180
AGENCY = "disperindag"


@contextmanager
def stopped(portal: Portal, name: str) -> Iterator[None]:
    """A process of the portal is away inside the block."""
    portal.ctl("stop", name)
    try:
        yield
    finally:
        portal.ctl("start", name)
        if name in ("solr", "postgresql"):
            portal.wait(lambda: portal.answers(name))


def _dataset(demo: Any, road: str) -> dict[str, Any]:
    """A dataset of the demo's kind with a name of its own."""
    pattern = next(one for one in demo.city["datasets"] if one["org"] == AGENCY)
    mark = uuid.uuid4().hex[:8]
    return {**pattern, "name": f"gangguan-{mark}", "title": f"Gangguan {mark}", "road": road}


def _state(demo: Any, one: dict[str, Any]) -> str:
    return demo.as_("walidata").satudata_approval_show(id=one["name"])["state"]


def _is_public(portal: Portal, one: dict[str, Any]) -> bool:
    """To anyone: page, API and search agree."""
    page = portal.get(f"/dataset/{one['name']}").status_code == 200
    shown = portal.get(f"/api/3/action/package_show?id={one['name']}").status_code == 200
    found = portal.get(f"/api/3/action/package_search?fq=name:{one['name']}").json()["result"][
        "count"
    ]
    assert page == shown == bool(found)
    return page


def test_index_dies_between_check_and_publication(portal: Portal, demo: Any) -> None:
    """Validation, signature and publication stand; the search knows when it is back."""
    one = _dataset(demo, "validated")
    demo.dataset(one)
    demo.check(one)
    assert _state(demo, one) == "awaiting_validation"
    with stopped(portal, "solr"):
        demo.sign(one)
        portal.wait(lambda: _state(demo, one) == "published", PUBLISHED_WITHIN)
        answer = portal.get(f"/api/3/action/package_show?id={one['name']}")
        assert answer.status_code in (200, 503)
    path = f"/api/3/action/package_search?fq=name:{one['name']}"
    portal.wait(lambda: '"count": 1' in portal.get(path).text, PUBLISHED_WITHIN)
    assert _is_public(portal, one)
    kinds = [e["kind"] for e in demo.as_("walidata").satudata_approval_history(id=one["name"])]
    assert kinds == ["submit", "claim", "confirm", "validate", "publish"]


def test_worker_is_away_at_the_upload(portal: Portal, demo: Any) -> None:
    """The file is kept, the submission says why it waits, and goes through afterwards."""
    one = _dataset(demo, "submitted")
    with stopped(portal, "worker:*"):
        demo.dataset(one)
        producer = demo.as_(demo.agency[AGENCY]["short"])
        with pytest.raises(ValidationError) as refused:
            producer.satudata_approval_submit(id=one["name"])
        assert refused.value.error_dict["code"] == ["busy"]
        assert _state(demo, one) == "draft"
    demo.check(one)
    assert _state(demo, one) == "submitted"


def test_tick_is_away_at_the_signature(portal: Portal, demo: Any) -> None:
    """Nothing is public without it, and nothing is lost: it publishes when it is back."""
    one = _dataset(demo, "validated")
    demo.dataset(one)
    with stopped(portal, "tick"):
        demo.check(one)
        demo.sign(one)
        assert _state(demo, one) == "validated"
        assert not _is_public(portal, one)
    portal.wait(lambda: _state(demo, one) == "published", PUBLISHED_WITHIN)
    assert _is_public(portal, one)


def test_the_portal_dies_while_a_head_validates(portal: Portal, demo: Any) -> None:
    """PostgreSQL away: no letter, no number, no state; the second try does it whole."""
    one = _dataset(demo, "waiting_signature")
    demo.dataset(one)
    demo.check(one)
    walidata = demo.as_("walidata")
    before = walidata.satudata_letter_summary(year=_year(demo))
    with stopped(portal, "postgresql"), pytest.raises(CKANAPIError):
        demo.as_(f"kepala-{demo.agency[AGENCY]['short']}").satudata_approval_validate(
            id=one["name"]
        )
    portal.wait(lambda: portal.get("/api/3/action/status_show").status_code == 200)
    assert _state(demo, one) == "awaiting_validation"
    assert walidata.satudata_letter_summary(year=_year(demo))["count"] == before["count"]
    demo.sign(one)
    assert _state(demo, one) == "validated"
    after = walidata.satudata_letter_summary(year=_year(demo))
    assert (after["count"], after["missing"]) == (before["count"] + 1, [])


def _year(demo: Any) -> int:
    """Year of the newest letter."""
    newest = demo.as_("walidata").satudata_letter_list(limit=1)[0]
    return int(newest["register_number"].split("/")[1])
