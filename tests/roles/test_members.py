"""Memberships of agencies are derived: no way of CKAN's edits them by hand."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.satudata.roles import jobs, members

from tests import factories as make

pytestmark = pytest.mark.usefixtures("with_plugins", "non_clean_db")


def _members(organization: str) -> set[tuple[str, str]]:
    model.Session.rollback()
    return {
        (model.User.get(one[0]).name, one[2].lower())
        for one in tk.get_action("member_list")(
            {"ignore_auth": True, "user": ""}, {"id": organization, "object_type": "user"}
        )
    }


def _ways(city: make.City) -> dict[str, dict[str, Any]]:
    """Every action of CKAN that makes, changes or ends a membership."""
    outsider, producer = city.outsider, city.produsen_data
    user = {"object_type": "user", "capacity": "admin"}
    return {
        "organization_member_create": {"id": city.opd, "username": outsider, "role": "editor"},
        "group_member_create": {"id": city.opd, "username": outsider, "role": "admin"},
        "member_create": {"id": city.opd, "object": outsider, **user},
        "user_invite": {"group_id": city.opd, "email": "baru@example.org", "role": "editor"},
        "organization_member_delete": {"id": city.opd, "username": producer},
        "group_member_delete": {"id": city.opd, "username": producer},
        "member_delete": {"id": city.opd, "object": producer, "object_type": "user"},
        "organization_patch": {
            "id": city.opd,
            "users": [{"name": outsider, "capacity": "admin"}],
        },
    }


@pytest.mark.parametrize("way", range(8))
@pytest.mark.parametrize("person", ["sysadmin", "walidata", "produsen_data", "ignore_auth"])
def test_no_way_edits_a_membership(city, way, person):
    """Refused for everybody; to a sysadmin the sentence names the page of the roles."""
    action, data = list(_ways(city).items())[way]
    before, users = _members(city.opd), model.Session.query(model.User).count()
    context: dict[str, Any] = {"user": getattr(city, person, city.sysadmin)}
    if person == "ignore_auth":
        context["ignore_auth"] = True
    with pytest.raises((tk.ValidationError, tk.NotAuthorized)) as refused:
        tk.get_action(action)(context, data)
    if person in ("sysadmin", "ignore_auth"):
        assert "/kelola/peran" in str(refused.value)
    assert _members(city.opd) == before
    assert model.Session.query(model.User).count() == users, "no account is left behind"


def test_there_are_as_many_ways_as_are_tried(city):
    """The numbers above cover the whole table."""
    assert len(_ways(city)) == 8


def test_who_creates_an_agency_is_no_member_of_it(city):
    """Nor is anybody named in the call."""
    name = f"dinas-{uuid.uuid4().hex[:8]}"
    assert make.call("organization_create", city.sysadmin, name=name)["name"] == name
    assert _members(name) == set()
    users = [{"name": city.outsider, "capacity": "editor"}]
    with pytest.raises(tk.ValidationError):
        make.call("organization_create", city.sysadmin, name=f"{name}-2", users=users)


def test_an_agency_is_updated_without_losing_its_people(city):
    """A round trip, a patch, and an update that does not name the people at all."""
    before = _members(city.opd)
    shown = make.call("organization_show", city.sysadmin, id=city.opd)
    make.call("organization_update", city.sysadmin, **shown)
    make.call("organization_patch", city.sysadmin, id=city.opd, title="Dinas Kesehatan Kota")
    bare = {key: value for key, value in shown.items() if key not in ("users", "packages")}
    make.call("organization_update", city.sysadmin, **bare)
    assert _members(city.opd) == before


def test_topics_keep_their_members(city):
    """Groups of CKAN are no agencies: their memberships are edited as ever."""
    name = f"topik-{uuid.uuid4().hex[:8]}"
    make.call("group_create", city.sysadmin, name=name)
    data = {"id": name, "username": city.outsider, "role": "editor"}
    make.call("group_member_create", city.sysadmin, **data)
    assert (city.outsider, "editor") in _members(name)
    make.call("group_member_delete", city.sysadmin, id=name, username=city.outsider)
    assert (city.outsider, "editor") not in _members(name)


def test_what_was_written_past_the_actions_is_taken_away(city):
    """A membership of nobody's role, from another plugin or by hand in the database."""
    group, user = model.Group.get(city.opd), model.User.get(city.outsider)
    row = model.Member(
        table_name="user", table_id=user.id, group=group, capacity="admin", state="active"
    )
    model.Session.add(row)
    model.Session.commit()
    assert (city.outsider, "admin") in _members(city.opd)
    jobs._last.clear()
    assert jobs.tick_memberships() >= 1
    assert city.outsider not in {name for name, _capacity in _members(city.opd)}
    assert jobs.tick_memberships() == 0


def test_members_of_before_stay_until_the_first_role_is_given(city):
    """On a portal that had editors nobody loses a right on the day of the installation."""
    name = f"lama-{uuid.uuid4().hex[:8]}"
    group = model.Group.get(make.call("organization_create", city.sysadmin, name=name)["id"])
    editor = model.User.get(make.user("lama"))
    row = model.Member(
        table_name="user", table_id=editor.id, group=group, capacity="editor", state="active"
    )
    model.Session.add(row)
    model.Session.commit()
    jobs._last.clear()
    jobs.tick_memberships()
    make.call("organization_patch", city.sysadmin, id=name, title="Nama Baru")
    assert _members(name) == {(editor.name, "editor")}
    data = {"user": make.user("baru"), "role": "kepala_opd", "organization": name}
    made = make.call("satudata_role_assign", city.sekretariat, decree="SK 6/2026", **data)
    jobs._last.clear()
    jobs.tick_memberships()
    assert _members(name) == {(editor.name, "editor")}, "a proposal takes nothing away"
    make.call("satudata_role_confirm", city.walidata, id=made["id"])
    jobs._last.clear()
    jobs.tick_memberships()
    assert editor.name not in {one for one, _capacity in _members(name)}


def test_an_agency_that_is_gone_and_a_deleted_person_do_not_stop_the_tick(city):
    """Purged or deleted, their assignments give nothing; everybody else keeps theirs."""
    name, person = f"hapus-{uuid.uuid4().hex[:8]}", make.user("hapus")
    make.call("organization_create", city.sysadmin, name=name)
    city.assign(person, "produsen_data", name)
    closed = f"tutup-{uuid.uuid4().hex[:8]}"
    make.call("organization_create", city.sysadmin, name=closed)
    city.assign(person, "produsen_data", closed)
    make.call("organization_delete", city.sysadmin, id=closed)
    gone = make.user("pergi")
    city.assign(gone, "produsen_data", city.opd)
    make.call("organization_purge", city.sysadmin, id=name)
    make.call("user_delete", city.sysadmin, id=gone)
    members.sync_all()
    model.Session.commit()
    assert _members(closed) == set()
    assert gone not in {name for name, _capacity in _members(city.opd)}
    assert (city.produsen_data, "editor") in _members(city.opd)


def test_pages_of_ckan_answer_with_the_sentence(city, app):
    """Adding and removing by CKAN's own pages ends without an error of the server."""
    made = make.call("api_token_create", city.sysadmin, user=city.sysadmin, name=uuid.uuid4().hex)
    headers = {"Authorization": made["token"]}
    page = app.get(f"/organization/members/{city.opd}", headers=headers)
    assert "/kelola/peran" in page.body
    assert "member_new" not in page.body
    assert "member_delete" not in page.body
    data = {"username": city.outsider, "role": "editor"}
    new = f"/organization/member_new/{city.opd}"
    assert "/kelola/peran" in app.post(new, data=data, headers=headers).body
    gone = f"/organization/member_delete/{city.opd}?user={city.produsen_data}"
    assert app.post(gone, headers=headers, status=403).status_code == 403
    assert (city.produsen_data, "editor") in _members(city.opd)
