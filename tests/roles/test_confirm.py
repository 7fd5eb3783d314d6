"""Proposed by one person, confirmed by another; ends that are only brought forward."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.satudata.common import clock, events
from ckanext.satudata.roles import members, permissions, service, states
from ckanext.satudata.roles.model import RoleAssignment
from ckanext.satudata.roles.states import Role, State

from tests import factories as make

pytestmark = pytest.mark.usefixtures("with_plugins", "non_clean_db")

EVERYBODY = (
    *("sysadmin", "walidata", "sekretariat", "pembina_data", "pimpinan_daerah", "kepala_opd"),
    *("produsen_data", "walidata_pendukung", "outsider"),
)


def _propose(city: make.City, by: str = "sekretariat", **more: Any) -> dict[str, Any]:
    """A producer's role for a new person."""
    data = {
        "user": make.user("calon"),
        "role": "produsen_data",
        "organization": city.opd,
        "decree": "SK 7/2026",
        **more,
    }
    return make.call("satudata_role_assign", getattr(city, by), **data)


def _holds(assignment: dict[str, Any]) -> bool:
    model.Session.rollback()
    organization_id = assignment["organization_id"]
    role = permissions.has_role(assignment["user_id"], Role(assignment["role"]), organization_id)
    member = (
        model.Session.query(model.Member)
        .filter_by(table_id=assignment["user_id"], group_id=organization_id, state="active")
        .count()
    )
    assert role == bool(member)
    return role


def _refused(code: str, action: str, person: str, **data: Any) -> dict[str, Any]:
    with pytest.raises(tk.ValidationError) as refused:
        make.call(action, person, **data)
    assert refused.value.error_dict["code"] == [code], refused.value.error_dict
    return refused.value.error_dict


def _day(days: int) -> str:
    return (clock.today() + timedelta(days=days)).isoformat()


@pytest.mark.parametrize("proposer", ["sekretariat", "walidata"])
def test_a_proposal_gives_nothing_until_a_second_person_confirms(city, proposer):
    """No right, no membership, not listed as active; the confirmation gives all of it."""
    made = _propose(city, proposer)
    assert (made["state"], made["confirmed_by"]) == ("proposed", None)
    assert not _holds(made)
    user_id = made["user_id"]
    assert user_id not in permissions.holders(Role.PRODUSEN_DATA, made["organization_id"])
    assert make.call("satudata_role_list", city.walidata, user=user_id, active=True) == []
    with pytest.raises(tk.NotAuthorized):
        make.call("package_create", made["user"], name=f"d-{made['user']}", owner_org=city.opd)
    done = make.call("satudata_role_confirm", city.walidata2, id=made["id"])
    assert (done["state"], done["confirmed_by_name"]) == ("active", city.walidata2)
    assert _holds(made)
    assert make.call("package_create", made["user"], name=f"d-{made['user']}", owner_org=city.opd)


def test_what_a_sysadmin_gives_holds_at_once(city):
    """And the history says so."""
    made = _propose(city, "sysadmin")
    assert (made["state"], made["confirmed_by_name"]) == ("active", city.sysadmin)
    assert _holds(made)
    kinds = [one.kind for one in service.history(service.get(made["id"]))]
    assert kinds == ["role_assign"]


@pytest.mark.parametrize("person", EVERYBODY)
@pytest.mark.parametrize("what", ["assign", "confirm", "reject", "end"])
def test_who_may_give_confirm_reject_and_end(city, person, what):
    """The table of rights, for every role of the procedure."""
    allowed = {
        "assign": {"sysadmin", "walidata", "sekretariat"},
        "confirm": {"sysadmin", "walidata"},
        "reject": {"sysadmin", "walidata"},
        "end": {"sysadmin", "walidata", "sekretariat"},
    }[what]
    if what == "assign":
        if person in allowed:
            _propose(city, person)
            return
        with pytest.raises(tk.NotAuthorized):
            _propose(city, person)
        return
    made = _propose(city, "sysadmin" if what == "end" else "walidata2")
    data = {"id": made["id"], **({"reason": "Salah"} if what == "reject" else {})}
    if person in allowed:
        done = make.call(f"satudata_role_{what}", getattr(city, person), **data)
        assert done["state"] == {"confirm": "active", "reject": "rejected", "end": "ended"}[what]
        return
    with pytest.raises((tk.NotAuthorized, tk.ValidationError)):
        make.call(f"satudata_role_{what}", getattr(city, person), **data)
    model.Session.rollback()
    assert service.get(made["id"]).state(clock.today()) == made["state"]


@pytest.mark.parametrize("person", [None, "ended", "deleted"])
def test_who_has_no_account_or_no_role_any_more_does_nothing(city, person):
    """Anonymous, a walidata whose role ended, and a deleted account."""
    made, caller = _propose(city), None
    if person:
        caller = make.user("bekas", **({"sysadmin": True} if person == "deleted" else {}))
        if person == "ended":
            role = city.assign(caller, "walidata")
            make.call("satudata_role_end", city.sysadmin, id=role["id"])
        else:
            make.call("user_delete", city.sysadmin, id=caller)
    calls = {
        "assign": {"user": city.outsider, "role": "walidata", "decree": "SK"},
        "confirm": {"id": made["id"]},
        "reject": {"id": made["id"], "reason": "Salah"},
        "end": {"id": made["id"]},
        "list": {},
        "vacancy_list": {},
    }
    for name, data in calls.items():
        with pytest.raises(tk.NotAuthorized):
            make.call(f"satudata_role_{name}", caller, **data)
    with pytest.raises(tk.ObjectNotFound):
        make.call("satudata_role_show", caller, id=made["id"])


def test_proposer_and_person_are_not_the_second_one(city):
    """A walidata neither confirms what they proposed nor a role of their own."""
    own = _propose(city, "walidata")
    _refused("same_person", "satudata_role_confirm", city.walidata, id=own["id"])
    data = {"role": "pembina_data", "organization": None, "user": city.walidata2}
    for_them = _propose(city, "sekretariat", **data)
    _refused("same_person", "satudata_role_confirm", city.walidata2, id=for_them["id"])
    reason = {"reason": "Tidak mau"}
    _refused("same_person", "satudata_role_reject", city.walidata2, id=for_them["id"], **reason)
    assert make.call("satudata_role_confirm", city.walidata, id=for_them["id"])["state"] == "active"


def test_a_sysadmin_is_bound_too(city):
    """Neither gives nor ends an own role; the database refuses what code might let pass."""
    data = {"user": city.sysadmin, "role": "walidata", "decree": "SK 1/2026"}
    with pytest.raises(tk.NotAuthorized):
        make.call("satudata_role_assign", city.sysadmin, **data)
    made = make.call("satudata_role_assign", city.walidata, **data)
    _refused("same_person", "satudata_role_confirm", city.sysadmin, id=made["id"])
    make.call("satudata_role_confirm", city.walidata2, id=made["id"])
    with pytest.raises(tk.NotAuthorized):
        make.call("satudata_role_end", city.sysadmin, id=made["id"])
    with pytest.raises(sa.exc.IntegrityError):
        model.Session.execute(
            sa.update(RoleAssignment)
            .where(RoleAssignment.id == made["id"])
            .values(confirmed_by=made["user_id"])
        )
    model.Session.rollback()
    make.call("satudata_role_end", city.walidata, id=made["id"])


def test_rejected_with_a_reason(city):
    """The reason is kept; the person may be proposed again; nothing revives it."""
    made = _propose(city)
    with pytest.raises(tk.ValidationError) as refused:
        make.call("satudata_role_reject", city.walidata, id=made["id"], reason="  ")
    assert "reason" in refused.value.error_dict
    done = make.call("satudata_role_reject", city.walidata, id=made["id"], reason="SK keliru")
    assert (done["state"], done["reject_reason"]) == ("rejected", "SK keliru")
    assert not _holds(made)
    _refused("conflict", "satudata_role_confirm", city.walidata2, id=made["id"])
    _refused("conflict", "satudata_role_end", city.sysadmin, id=made["id"])
    assert _propose(city, user=made["user"])["state"] == "proposed"


def test_the_proposer_takes_it_back_but_not_that_of_others(city):
    """The secretariat rejects its own proposal only."""
    own, other = _propose(city), _propose(city, "walidata")
    back = {"reason": "Salah orang"}
    done = make.call("satudata_role_reject", city.sekretariat, id=own["id"], **back)
    assert done["state"] == "rejected"
    _refused("no_role", "satudata_role_reject", city.sekretariat, id=other["id"], **back)


def test_two_people_at_once_one_wins(city):
    """Two confirm in the same moment: one conflict, one event, one membership."""
    made, answers = _propose(city), []
    barrier = threading.Barrier(2)

    def confirm(person: str) -> None:
        barrier.wait()
        try:
            make.call("satudata_role_confirm", person, id=made["id"])
            answers.append("done")
        except tk.ValidationError as error:
            answers.append(error.error_dict["code"][0])
        finally:
            model.Session.remove()

    pair = (city.walidata, city.walidata2)
    threads = [threading.Thread(target=confirm, args=(one,)) for one in pair]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(answers) == ["conflict", "done"]
    kinds = [one.kind for one in service.history(service.get(made["id"]))]
    assert kinds == ["role_propose", "role_confirm"]
    assert events.verify(f"role:{made['id']}") == (2, [])
    assert _holds(made)


def test_the_second_one_is_told_who_was_first(city):
    """The sentence names who confirmed, and when."""
    made = _propose(city)
    make.call("satudata_role_confirm", city.walidata, id=made["id"])
    errors = _refused("conflict", "satudata_role_confirm", city.walidata2, id=made["id"])
    assert model.User.get(city.walidata).display_name in errors["message"][0]


def test_two_who_give_the_same_role_at_once(city):
    """One is recorded, the other told of the overlap."""
    person, answers, barrier = make.user("rebutan"), [], threading.Barrier(2)

    def give(by: str) -> None:
        barrier.wait()
        try:
            answers.append(_propose(city, by, user=person)["state"])
        except tk.ValidationError as error:
            answers.append(error.error_dict["code"][0])
        finally:
            model.Session.remove()

    threads = [threading.Thread(target=give, args=(one,)) for one in ("walidata", "walidata2")]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(answers) == ["duplicate", "proposed"]


def test_overlap_is_refused_with_both_named(city):
    """The one that is there and the one that was typed, with decree and days."""
    first = _propose(city, "sysadmin", starts_on="2026-01-01", ends_on="2096-03-31")
    data = {"user": first["user"], "decree": "SK 8/2026", "starts_on": "2096-03-01"}
    with pytest.raises(tk.ValidationError) as refused:
        _propose(city, "walidata", **data)
    text = refused.value.error_dict["user"][0]
    for part in ("SK 7/2026", "2026", "31", "SK 8/2026", "1 Mar"):
        assert part in text, text
    assert _propose(city, "walidata", **{**data, "starts_on": "2096-04-01"})


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("user", {"user": "tidak-ada"}),
        ("user", {"user": ""}),
        ("role", {"role": "raja"}),
        ("organization", {"organization": "tidak-ada"}),
        ("organization", {"organization": None}),
        ("decree", {"decree": " "}),
        ("starts_on", {"starts_on": "31-12-2026"}),
        ("starts_on", {"starts_on": "0026-12-31"}),
        ("ends_on", {"starts_on": "2026-12-31", "ends_on": "2026-12-30"}),
        ("ends_on", {"ends_on": "9999-12-31"}),
        ("acting_for", {"acting_for": "tidak-ada"}),
        ("acting_for", {"acting_kind": "plh"}),
        ("acting_kind", {"acting_for": "kepala_opd", "acting_kind": "raja"}),
        ("acting_for", {"acting_for": "kepala_opd", "acting_kind": "plh", "ends_on": "2096-01-01"}),
        ("ends_on", {"role": "kepala_opd", "acting_for": "kepala_opd", "acting_kind": "plh"}),
    ],
)
def test_what_does_not_fit_is_said_beside_its_field(city, field, values):
    """Never an error of the server; the person stood in for must have held the role."""
    given = dict(values)
    if given.get("acting_for") == "kepala_opd":
        given["acting_for"] = city.kepala_opd
    with pytest.raises(tk.ValidationError) as refused:
        _propose(city, **given)
    assert field in refused.value.error_dict, refused.value.error_dict


@pytest.mark.parametrize("name", ["confirm", "reject", "end", "show"])
def test_an_unknown_assignment_is_not_found(city, name):
    """For those who may decide."""
    data = {"reason": "x"} if name == "reject" else {}
    with pytest.raises(tk.ObjectNotFound):
        make.call(f"satudata_role_{name}", city.walidata, id="tidak-ada", **data)


def test_an_end_is_only_brought_forward(city):
    """More time would be a right without a second person."""
    made = _propose(city, "sysadmin", ends_on=_day(20))
    with pytest.raises(tk.ValidationError) as refused:
        make.call("satudata_role_end", city.sekretariat, id=made["id"], ends_on=_day(21))
    assert "ends_on" in refused.value.error_dict
    with pytest.raises(tk.ValidationError):
        make.call("satudata_role_end", city.sekretariat, id=made["id"], ends_on=_day(-2))
    done = make.call("satudata_role_end", city.sekretariat, id=made["id"], ends_on=_day(0))
    assert (done["state"], done["ends_on"]) == ("ending", _day(0))
    assert _holds(made)
    make.call("satudata_role_end", city.sekretariat, id=made["id"])
    assert not _holds(made)
    _refused("conflict", "satudata_role_end", city.sekretariat, id=made["id"])


def test_a_future_role_that_is_ended_never_holds(city):
    """Not on its first day either."""
    made = _propose(city, "sysadmin", starts_on=_day(5))
    assert made["state"] == "future"
    assert make.call("satudata_role_end", city.walidata, id=made["id"])["state"] == "ended"
    with clock.travel(clock.now() + timedelta(days=5)):
        assert not permissions.has_role(made["user_id"], Role.PRODUSEN_DATA)


def test_a_stand_in_ends_by_itself(city):
    """On the day after the last one nobody stands in, without anybody doing anything."""
    deputy, last = make.user("plh"), clock.today() + timedelta(days=3)
    data = {"acting_for": city.kepala_opd, "acting_kind": "plh", "ends_on": last.isoformat()}
    made = city.assign(deputy, "kepala_opd", city.opd, **data)
    assert (made["state"], made["acting_for_name"]) == ("ending", city.kepala_opd)
    for days, holds in ((3, True), (4, False)):
        with clock.travel(clock.now() + timedelta(days=days)):
            held = permissions.holding(made["user_id"], (Role.KEPALA_OPD,), made["organization_id"])
            assert bool(held) is holds
            assert not held or held.acting_for == model.User.get(city.kepala_opd).id


def test_tomorrow_the_rights_are_gone_even_when_the_tick_is_down(city):
    """Predicates read dates; the tick takes CKAN's own membership away."""
    made = _propose(city, "sysadmin", ends_on=_day(0))
    package = make.call(
        "package_create", made["user"], name=f"d-{made['user']}", owner_org=city.opd
    )
    with clock.travel(clock.now() + timedelta(days=1)):
        assert not permissions.has_role(made["user_id"], Role.PRODUSEN_DATA)
        with pytest.raises((tk.NotAuthorized, tk.ObjectNotFound)):
            make.call("satudata_approval_submit", made["user"], id=package["id"])
        assert made["user_id"] not in permissions.holders(Role.PRODUSEN_DATA)
        members.sync_all()
        model.Session.commit()
        with pytest.raises((tk.NotAuthorized, tk.ObjectNotFound)):
            make.call("package_patch", made["user"], id=package["id"], title="Lain")
    members.sync_all()
    model.Session.commit()


def test_the_state_of_the_table_is_that_of_the_code(city):
    """SQL and Python derive the same from all combinations around today."""
    today = clock.today()
    days: list[date | None] = [None, *(today + timedelta(days=n) for n in (-9, -1, 0, 1, 30, 31))]
    made = service.get(_propose(city, "sysadmin")["id"])
    for starts_on in days[1:]:
        for ends_on in days:
            if ends_on and ends_on < starts_on - timedelta(days=1):
                continue
            for decided in ("confirmed_at", "rejected_at", None):
                made.starts_on, made.ends_on = starts_on, ends_on
                made.confirmed_at = made.rejected_at = None
                if decided:
                    setattr(made, decided, clock.now())
                model.Session.flush()
                query = sa.select(RoleAssignment.state_on(today))
                stored = model.Session.scalar(query.where(RoleAssignment.id == made.id))
                assert stored == made.state(today), (starts_on, ends_on, decided)
                active = RoleAssignment.active_on(today).where(RoleAssignment.id == made.id)
                holds = model.Session.execute(active).first() is not None
                assert holds == (made.state(today) in states.HOLDS)
    model.Session.rollback()


def test_list_is_filtered_and_paged(city):
    """By state and name; a page goes on after the last one read."""
    person = make.user("cari100")
    for opd in (city.opd, city.other):
        _propose(city, "sysadmin", user=person, organization=opd)
    text = person[:-3]
    found = make.call("satudata_role_list", city.sekretariat, q=text.upper(), state="active")
    assert [one["user"] for one in found] == [person, person]
    assert make.call("satudata_role_list", city.sekretariat, q="%") == []
    first = make.call("satudata_role_list", city.sekretariat, q=text, limit=1)
    rest = make.call("satudata_role_list", city.sekretariat, q=text, after=first[0]["id"])
    assert [one["id"] for one in (*first, *rest)] == [one["id"] for one in found]
    assert make.call("satudata_role_list", city.sekretariat, q=text, state="ended") == []


def test_agencies_without_head_or_officer(city):
    """A proposal does not fill the gap, a confirmed role does."""
    name = f"baru-{make.user('x')}"
    make.call("organization_create", city.sysadmin, name=name, title="Dinas Baru")

    def missing() -> list[str]:
        found = make.call("satudata_role_vacancy_list", city.sekretariat)
        return next((one["missing"] for one in found if one["organization"] == name), [])

    assert missing() == ["kepala_opd", "produsen_data"]
    made = _propose(city, organization=name)
    assert missing() == ["kepala_opd", "produsen_data"]
    make.call("satudata_role_confirm", city.walidata, id=made["id"])
    assert missing() == ["kepala_opd"]
    with pytest.raises(tk.NotAuthorized):
        make.call("satudata_role_vacancy_list", city.kepala_opd)


def test_counts_and_what_waits_for_whom(city):
    """The bar counts what this very person may confirm."""
    people = {one: model.User.get(getattr(city, one)) for one in EVERYBODY}
    before = {one: service.waiting_for(user) for one, user in people.items()}
    made = _propose(city, "walidata")
    model.Session.rollback()
    more = {one: service.waiting_for(user) - before[one] for one, user in people.items()}
    assert {one for one, number in more.items() if number} == {"sysadmin"}
    assert service.counts()[str(State.PROPOSED)] > 0
    make.call("satudata_role_reject", city.walidata2, id=made["id"], reason="Uji")
