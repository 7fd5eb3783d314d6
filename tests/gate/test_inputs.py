"""Odd inputs: whatever is sent as ``private`` or as control state, data stays private."""

from __future__ import annotations

import json
import uuid
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ckan import model
from ckan.plugins import toolkit as tk

from tests import factories as make

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]

#: Values that are not the answer "private".
ODD = [
    *(False, "false", "False", " False ", "0", 0, 0.0, 2, -1, "tidak", "Draft", "no", "f", " "),
    *([], {}, [[]], [[True]], [True], {"a": 1}, {"private": True}, "null", "None", "\t"),
]
#: Values that are.
PRIVATE = [None, "", True, "true", "True", " true ", 1, "1", "t", "yes", "on"]
#: Any JSON value.
ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-1, 2) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)


@pytest.fixture
def city(kept, with_plugins, non_clean_db) -> make.City:
    if not kept:
        kept["city"] = make.city()
        kept["draft"] = make.dataset(kept["city"], files=0)
    return kept["city"]


@pytest.fixture
def draft(kept, city) -> dict[str, Any]:
    return make.call("package_show", city.produsen_data, id=kept["draft"]["id"], use_cache=False)


def _stored(key: str) -> Any:
    model.Session.rollback()
    row = model.Session.query(model.Package.private).filter_by(id=key).one()
    return row.private


def _wishes(draft: dict[str, Any], value: Any) -> dict[str, tuple[str, dict[str, Any]]]:
    """Every way to write ``private`` of a dataset, by the way."""
    key, match = draft["id"], {"match": {"id": draft["id"]}}
    return {
        "patch": ("package_patch", {"id": key, "private": value}),
        "patch by name": ("package_patch", {"id": draft["name"], "private": value}),
        "update": ("package_update", {**draft, "private": value}),
        "update by name": (
            "package_update",
            {**{k: v for k, v in draft.items() if k != "id"}, "private": value},
        ),
        "revise": ("package_revise", {**match, "update": {"private": value}}),
        "revise, JSON": (
            "package_revise",
            {"match": json.dumps(match["match"]), "update": json.dumps({"private": value})},
        ),
        "revise, flat": ("package_revise", {**match, "update__private": value}),
        "revise, flat match": (
            "package_revise",
            {"match__id": key, "match__private": "true", "update__private": value},
        ),
        "revise, filtered": (
            "package_revise",
            {**match, "filter": ["-private"], "update": {"private": value}},
        ),
        "revise, included": (
            "package_revise",
            {**match, "update": {"private": value}, "include": ["package__private"]},
        ),
    }


@pytest.mark.parametrize("person", ["produsen_data", "sysadmin", "ignore_auth"])
@pytest.mark.parametrize("value", ODD, ids=repr)
def test_an_odd_value_of_private_is_refused_by_every_way_of_saying_it(city, draft, value, person):
    """Update, patch and all spellings of revise; at the field, never an error of the server."""
    for way, (action, data) in _wishes(draft, value).items():
        context: dict[str, Any] = {"user": getattr(city, person, city.sysadmin)}
        if person == "ignore_auth":
            context["ignore_auth"] = True
        model.Session.rollback()
        with pytest.raises(tk.ValidationError) as refused:
            tk.get_action(action)(context, json.loads(json.dumps(data)))
        assert refused.value.error_dict, way
        assert _stored(draft["id"]) is True, way


@pytest.mark.parametrize("value", ODD, ids=repr)
def test_an_odd_value_of_private_creates_nothing(city, value):
    """Only an absent or a true value is accepted."""
    name = f"aneh-{uuid.uuid4().hex[:8]}"
    with pytest.raises(tk.ValidationError) as refused:
        make.call(
            "package_create", city.produsen_data, name=name, owner_org=city.opd, private=value
        )
    assert refused.value.error_dict["code"] == ["private_required"]
    assert "private" in refused.value.error_dict
    model.Session.rollback()
    assert model.Package.get(name) is None


@pytest.mark.parametrize("value", PRIVATE, ids=repr)
def test_an_absent_or_true_value_is_private(city, draft, value):
    """A missing value means private, not public as in stock CKAN."""
    assert make.dataset(city, files=0, private=value)["private"] is True
    for way, (action, data) in _wishes(draft, value).items():
        if way not in ("revise, JSON", "revise, flat"):
            make.call(action, city.produsen_data, **data)
            assert _stored(draft["id"]) is True, way


def test_leaving_private_out_of_a_full_update_leaves_it_private(city, draft):
    """Also when a filter of package_revise removes the field."""
    without = {key: value for key, value in draft.items() if key != "private"}
    assert make.call("package_update", city.produsen_data, **without)["private"] is True
    for names in (["-private"], ["+id", "+name", "+owner_org", "-*"]):
        data = {"match": {"id": draft["id"]}, "filter": names}
        make.call("package_revise", city.produsen_data, **data, update={"title": "Baru"})
        assert _stored(draft["id"]) is True


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(value=ANY, number=st.integers(0, 9))
def test_no_value_whatever_makes_a_dataset_public(city, kept, value, number):
    """Random JSON by a random way: private afterwards, and refused at most."""
    draft = kept["draft"]
    action, data = list(_wishes(draft, value).values())[number]
    try:
        make.call(action, city.sysadmin, **json.loads(json.dumps(data)))
    except tk.ValidationError as error:
        assert error.error_dict
    assert _stored(draft["id"]) is True


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("type", "harvest"),
        ("creator_user_id", "{outsider}"),
        ("state", "published"),
        ("satudata_state", "published"),
        ("satudata_fingerprint", "0" * 64),
        ("satudata_letter_number", "400.7/1"),
    ],
)
@pytest.mark.parametrize("person", ["produsen_data", "sysadmin"])
def test_a_control_field_that_is_changed_is_refused_by_its_name(city, draft, person, field, value):
    """By update, patch and revise; on top of the input or among its extras."""
    value = value.format(outsider=model.User.get(city.outsider).id)
    wishes = [{field: value}]
    if field.startswith("satudata_"):
        wishes.append({"extras": [{"key": field, "value": value}]})
    for wish in wishes:
        for action, data in (
            ("package_update", {**draft, **wish}),
            ("package_patch", {"id": draft["id"], **wish}),
            ("package_revise", {"match": {"id": draft["id"]}, "update": wish}),
        ):
            with pytest.raises(tk.ValidationError) as refused:
                make.call(action, getattr(city, person), **data)
            assert field in refused.value.error_dict, action
            assert refused.value.error_dict["code"] == ["control"], action
    model.Session.rollback()
    after = make.call("package_show", city.walidata, id=draft["id"], use_cache=False)
    assert {**after, "metadata_modified": ""} == {**draft, "metadata_modified": ""}


def test_a_control_field_that_is_unchanged_is_passed_over(city, draft):
    """As package_show and search results give it; nothing of it is stored as data."""
    same = {
        **{key: draft[key] for key in ("type", "creator_user_id", "state", "isopen")},
        "metadata_modified": draft["metadata_modified"],
        "extras": [{"key": "satudata_state", "value": "draft"}],
    }
    for action, data in (
        ("package_patch", {"id": draft["id"], **same}),
        ("package_update", {**draft, **same}),
        ("package_revise", {"match": {"id": draft["id"]}, "update": same}),
    ):
        make.call(action, city.produsen_data, **data)
    after = make.call("package_show", city.produsen_data, id=draft["id"], use_cache=False)
    assert not after.get("extras")
    assert after["creator_user_id"] == draft["creator_user_id"]


def test_a_value_that_only_looks_like_control_state_decides_nothing(city):
    """Fields of other extensions are data; time and openness are computed by CKAN."""
    package = make.dataset(
        city,
        files=0,
        state="draft",
        isopen=True,
        metadata_modified="2001-01-01T00:00:00",
        approval_state="published",
        publishing_status="published",
        extras=[{"key": "approval_state", "value": "published"}],
    )
    assert package["private"] is True
    assert package["metadata_modified"] > "2020"
    shown = make.call("satudata_approval_show", city.produsen_data, id=package["id"])
    assert shown["state"] == "draft"


def test_the_web_forms_make_nothing_public(app, city, draft):
    """New, edit, and the bulk page of an agency; whoever sends them."""
    from ckan.tests import factories

    org = make.call("organization_show", city.sysadmin, id=city.opd)["id"]
    for person in (city.produsen_data, city.sysadmin):
        headers = {"Authorization": factories.APIToken(user=person)["token"]}
        for value in ("False", "false", "0", ""):
            fields = {key: text for key, text in draft.items() if isinstance(text, str)}
            sent = {**fields, "private": value, "save": "", "pkg_name": draft["id"]}
            page = f"/dataset/edit/{draft['name']}"
            done = app.post(page, data=sent, headers=headers, status=None, follow_redirects=False)
            assert done.status_code < 500
            name = f"formulir-{uuid.uuid4().hex[:8]}"
            new = {"name": name, "title": "x", "owner_org": org, "private": value, "save": ""}
            done = app.post(
                "/dataset/new", data=new, headers=headers, status=None, follow_redirects=False
            )
            assert done.status_code < 500
            made = model.Package.get(name)
            assert made is None or made.private is True
        bulk = {"bulk_action.public": "public", f"dataset_{draft['id']}": "on"}
        page = f"/organization/bulk_process/{city.opd}"
        done = app.post(page, data=bulk, headers=headers, status=None, follow_redirects=False)
        assert done.status_code < 500
        assert _stored(draft["id"]) is True


@pytest.mark.parametrize("person", ["produsen_data", "sysadmin"])
def test_bulk_update_to_public_changes_nothing(city, draft, person):
    """On 2.11 this is plain SQL: the trigger is what refuses; also with odd ids among them."""
    org = make.call("organization_show", city.sysadmin, id=city.opd)["id"]
    for ids in ([draft["id"]], [draft["name"]], [draft["id"], "tidak-ada"], [draft["id"]] * 2):
        with suppress(tk.ValidationError, tk.NotAuthorized, tk.ObjectNotFound):
            make.call("bulk_update_public", getattr(city, person), datasets=ids, org_id=org)
        assert _stored(draft["id"]) is True
