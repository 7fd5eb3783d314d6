"""Existence is not told on pages, nor by lists and counts."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.satudata.approval import existence, lists

from tests import factories as make
from tests.gate import probes
from tests.gate.hidden import STRANGERS, Hidden

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]

#: Parts of an address that name a dataset or a piece of it, and what fills them.
PARTS = {
    "id": "id",
    "_id": "id",
    "resource_id": "resource",
    "view_id": "view",
    "resource_view_id": "view",
    "activity_id": "activity",
}


@pytest.fixture
def world(kept, with_plugins, non_clean_db) -> Hidden:
    if not kept:
        kept["world"] = Hidden.make()
    return kept["world"]


def _addresses(app: Any) -> list[tuple[str, set[str]]]:
    """Every address with a dataset, file or view in it, as a pattern, and its methods."""
    found: dict[str, set[str]] = {}
    for rule in app.flask_app.url_map.iter_rules():
        begin = next((one for one in existence.PAGES if rule.rule.startswith(one)), None)
        ours = rule.endpoint.startswith("satudata_approval.")
        if not (begin or ours) or not rule.arguments & set(PARTS):
            continue
        pattern = re.sub(
            r"<(?:[^:<>]*:)?(\w+)>",
            lambda part: "{" + PARTS.get(part[1], part[1]) + "}",
            rule.rule,
        )
        if rule.endpoint == "activity.package_changes":
            pattern = pattern.replace("{id}", "{activity}")
        found.setdefault(pattern, set()).update(rule.methods & {"GET", "POST"})
    return sorted(found.items())


def test_every_page_answers_for_what_is_hidden_as_for_what_is_missing(app, world):
    """All addresses of the portal that name a dataset, read and written to."""
    more = {"filename": "a.csv", "_format": "ttl", "transition": "submit", "number": "1"}
    told, seen = [], 0
    missing = world.missing()
    for pattern, methods in _addresses(app):
        for person in STRANGERS[:3]:
            for method in sorted(methods):
                answers = {
                    reason: world.request(app, method, pattern, person, one, **more)
                    for reason, one in {**world.hidden, "missing": missing}.items()
                    if reason in ("private", "missing") or person is None
                }
                none = answers.pop("missing")
                seen += 1
                assert none[0] < 500, (method, pattern, none)
                for reason, answer in answers.items():
                    if answer != none and not (reason == "withdrawn" and answer[0] == 410):
                        told.append((method, pattern, person, reason, answer[0], none[0]))
    assert told == []
    assert seen > 100


def test_who_may_see_it_gets_its_pages(app, world):
    """The guard of the pages lets editors in, by id and by name."""
    package = world.hidden["private"]
    for pattern in ("/dataset/{name}", "/dataset/edit/{id}/1", "/dataset/{id}/resource/{resource}"):
        status, body = world.request(app, "GET", pattern, "produsen_data", package)
        assert status == 200, pattern
        assert "Jumlah Penduduk" in body
    status, _body = world.request(app, "GET", "/datastore/dump/{table}", "produsen_data", package)
    assert status == 200


def _snapshot(app: Any, world: Hidden) -> dict[Any, Any]:
    """What everybody is told by lists, counts and pages."""
    found: dict[Any, Any] = {}
    for person in STRANGERS:
        for action, data in probes.LISTS:
            found[person, action, str(data)] = world.call(action, data, person)
    for person in STRANGERS[:2]:
        for path in probes.PAGES:
            found[person, path] = world.request(app, "GET", path, person, {})
    return found


def _differences(before: dict[Any, Any], after: dict[Any, Any]) -> list[Any]:
    return [key for key in before if before[key] != after[key]]


def test_no_list_and_no_count_changes_when_a_hidden_dataset_comes(app, world):
    """Nor when it is changed, deleted, or withdrawn after it was public."""
    before = _snapshot(app, world)
    made = world.secret()
    assert _differences(before, _snapshot(app, world)) == []
    make.bring_to(world.city, made, "published")
    public = _differences(before, _snapshot(app, world))
    # The probes are able to see one: once it is public they do.
    assert {key[1] for key in public} >= {
        *("tag_list", "tag_autocomplete", "tag_show", "format_autocomplete", "package_list"),
        *("group_list", "organization_list", "member_list", "user_show", "resource_search"),
    }
    call = {"id": made["id"], "reason": "wrong", "notice": "Keliru."}
    make.call("satudata_approval_withdraw", world.city.walidata, **call)
    gone = _differences(before, _snapshot(app, world))
    assert {key[1] for key in gone} <= {"satudata_withdrawal_list", "/ditarik"}
    # Deleting it does not take the notice away, and changes nothing else.
    make.call("package_delete", world.city.produsen_data, id=made["id"])
    gone = _differences(before, _snapshot(app, world))
    assert {key[1] for key in gone} <= {"satudata_withdrawal_list", "/ditarik"}


def test_those_who_may_see_it_find_it_in_the_lists(world):
    """The lists are not simply empty of what is private."""
    for action, data, words in (
        ("tag_autocomplete", {"query": "rahasia-private"}, "rahasia-private"),
        ("tag_search", {"query": "rahasia-private"}, "rahasia-private"),
        ("user_activity_list", {"id": world.city.produsen_data}, world.hidden["private"]["id"]),
    ):
        assert words in str(make.call(action, world.city.produsen_data, **data)), action


def test_a_list_is_asked_in_a_constant_number_of_queries(world):
    """However many hidden datasets a person may see or not."""
    ids = [one["id"] for one in world.hidden.values()]
    seen: list[str] = []

    def count(_conn: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        seen.append(statement)

    counts = []
    engine = model.Session.get_bind()
    sa.event.listen(engine, "before_cursor_execute", count)
    try:
        for asked in (ids[:1], [*ids, *(str(uuid.uuid4()) for _one in range(50))]):
            seen.clear()
            assert lists.visible({"user": world.city.outsider}, asked) == set()
            counts.append(len(seen))
    finally:
        sa.event.remove(engine, "before_cursor_execute", count)
    assert counts[0] == counts[1]


def test_the_message_of_a_taken_name_does_not_say_whose_it_is(world):
    """A hidden dataset's name and a public one's are refused in the same words."""
    own = make.call(
        "package_create",
        world.city.other_produsen,
        name=f"milik-{uuid.uuid4().hex[:8]}",
        title="x",
        owner_org=world.city.other,
    )
    said = set()
    hidden = [one["name"] for reason, one in world.hidden.items() if reason != "deleted"]
    for taken in (world.public["name"], *hidden):
        for action, more in (
            ("package_create", {"owner_org": world.city.other, "title": "x"}),
            ("package_patch", {"id": own["id"]}),
        ):
            with pytest.raises(tk.ValidationError) as refused:
                make.call(action, world.city.other_produsen, name=taken, **more)
            said.add(str(refused.value.error_dict))
    assert len(said) == 1
    assert world.public["name"] not in said.pop()


def test_members_and_files_come_in_an_order_of_their_own(world):
    """Not as they lie in the database: a row that was changed last lies at the end."""
    for _number in range(2):
        make.bring_to(world.city, make.dataset(world.city, files=2), "published")
    asked = {"query": "name:Penduduk"}
    found = make.call("resource_search", None, **asked)["results"]
    # CKAN sorts what it answers by place in the dataset; ours decides within one place.
    order = [(one["position"], one["id"]) for one in found]
    assert len(order) > 1
    assert order == sorted(order)
    chosen = make.call("resource_search", None, **asked, order_by="name")["results"]
    assert sorted(one["id"] for one in chosen) == sorted(one["id"] for one in found)
    members = make.call("member_list", None, id=world.city.opd, object_type="package")
    assert members == sorted(members)
