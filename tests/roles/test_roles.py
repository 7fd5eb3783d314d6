"""Role assignments, and the CKAN memberships that follow from them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.satudata.common import clock
from ckanext.satudata.roles import members, permissions
from ckanext.satudata.roles.states import Role

from tests import factories as make

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]


@pytest.fixture
def city(kept, with_plugins, non_clean_db) -> make.City:
    return kept.setdefault("city", None) or kept.update(city=make.city()) or kept["city"]


def _capacity(person: str, opd: str) -> str | None:
    model.Session.rollback()
    found = model.Session.query(model.Member).filter_by(
        table_id=model.User.get(person).id, group_id=model.Group.get(opd).id, state="active"
    )
    return found.one().capacity if found.count() else None


def test_memberships_follow_from_roles(city):
    """Producers edit, heads read, walidata hold no membership."""
    assert _capacity(city.produsen_data, city.opd) == "editor"
    assert _capacity(city.kepala_opd, city.opd) == "member"
    assert _capacity(city.walidata, city.opd) is None
    assert _capacity(city.produsen_data, city.other) is None


def test_who_lost_the_role_cannot_go_on_editing(city):
    """Ending takes the membership away at once, and the rights with it."""
    person = make.user("pindah")
    given = city.assign(person, "produsen_data", city.opd)
    package = make.call("package_create", person, name=f"d-{person}", owner_org=city.opd)
    ended = make.call("satudata_role_end", city.sysadmin, id=given["id"])
    assert ended["state"] == "ended"
    assert _capacity(person, city.opd) is None
    with pytest.raises((tk.NotAuthorized, tk.ObjectNotFound)):
        make.call("package_patch", person, id=package["id"], title="Lain")
    with pytest.raises((tk.NotAuthorized, tk.ObjectNotFound)):
        make.call("satudata_approval_submit", person, id=package["id"])


def test_dates_decide_and_the_tick_follows(city):
    """A role of tomorrow gives nothing today; the day after its end it is gone."""
    person = make.user("besok")
    tomorrow = clock.today() + timedelta(days=1)
    day = tomorrow.isoformat()
    city.assign(person, "produsen_data", city.opd, starts_on=day, ends_on=day)
    user_id = model.User.get(person).id
    assert not permissions.has_role(user_id, Role.PRODUSEN_DATA)
    assert _capacity(person, city.opd) is None
    for days, capacity in ((1, "editor"), (2, None)):
        with clock.travel(clock.now() + timedelta(days=days)):
            members.sync_all()
            model.Session.commit()
        assert _capacity(person, city.opd) == capacity


def test_stand_in_decides_on_behalf(city):
    """A Plh. validates; letter and history say for whom."""
    deputy = make.user("plh")
    term = {"ends_on": (clock.today() + timedelta(days=9)).isoformat(), "acting_kind": "plh"}
    city.assign(deputy, "kepala_opd", city.opd, acting_for=city.kepala_opd, **term)
    package = make.dataset(city)
    make.bring_to(city, package, "awaiting_validation")
    make.validate(city, package["id"], deputy)
    last = make.call("satudata_approval_history", city.walidata, id=package["id"])[-1]
    assert last["acting_for"] == model.User.get(city.kepala_opd).id


@pytest.mark.parametrize(
    ("role", "opd", "field"),
    [("produsen_data", None, "organization"), ("walidata", "opd", "organization")],
)
def test_role_and_agency_fit(city, role, opd, field):
    """Roles of one agency need it, roles of the city refuse it."""
    with pytest.raises(tk.ValidationError) as refused:
        city.assign(city.outsider, role, opd and city.opd)
    assert field in refused.value.error_dict


def test_nobody_gives_a_role_to_oneself_or_twice(city):
    """A walidata assigns others only; the same role at the same time is refused."""
    data = {"role": "pembina_data", "decree": "SK 2/2026"}
    with pytest.raises(tk.NotAuthorized):
        make.call("satudata_role_assign", city.walidata, user=city.walidata, **data)
    with pytest.raises(tk.NotAuthorized):
        make.call("satudata_role_assign", city.produsen_data, user=city.outsider, **data)
    make.call("satudata_role_assign", city.walidata, user=city.outsider, **data)
    with pytest.raises(tk.ValidationError):
        make.call("satudata_role_assign", city.walidata, user=city.outsider, **data)


def test_everybody_lists_own_roles_only(city):
    """Who is what is not for outsiders."""
    own = make.call("satudata_role_list", city.produsen_data, user=city.produsen_data)
    assert {one["role"] for one in own} == {"produsen_data"}
    with pytest.raises(tk.NotAuthorized):
        make.call("satudata_role_list", city.produsen_data)
    with pytest.raises(tk.NotAuthorized):
        make.call("satudata_role_list", None)
    with pytest.raises(tk.ObjectNotFound):
        make.call("satudata_role_show", city.other_produsen, id=own[0]["id"])
