"""Every transition by every wrong role and in every wrong state, from the one table."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.satudata.approval import publication, states
from ckanext.satudata.approval.states import State
from ckanext.satudata.common import clock, events

from tests import factories as make

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]

#: States a dataset is brought to by the factory.
REACHED = [
    "draft",
    "submitted",
    "returned",
    "awaiting_validation",
    "validated",
    "published",
    "withdrawn",
    "cancelled",
]
PEOPLE = [
    "produsen_data",
    "walidata_pendukung",
    "kepala_opd",
    "other_produsen",
    "other_kepala",
    "walidata",
    "pembina_data",
    "sekretariat",
    "pimpinan_daerah",
    "outsider",
    "sysadmin",
]
#: Input with which a transition succeeds where it may.
INPUT: dict[str, dict[str, Any]] = {
    "return": {"findings": [{"code": "other", "comment": "Perbaiki"}]},
    "return_to_walidata": {"findings": [{"code": "other", "comment": "Perbaiki"}]},
    "decline": {"findings": [{"code": "head_not_ready", "comment": "Belum"}]},
    "confirm": {"checklist": make.CHECKLIST},
    "withdraw": {"reason": "wrong", "notice": "Keliru"},
    "invalidate": {"comment": "Berubah"},
    "hold": {"comment": "Tunggu"},
    "cancel": {"comment": "Batal"},
}


def _input(name: str) -> dict[str, Any]:
    if name == "validate":
        return {
            "number": "1",
            "date": clock.today().isoformat(),
            "upload": make.upload(make.signed(), "surat.pdf"),
        }
    return dict(INPUT.get(name, {}))


def _in_state(kept: dict[str, Any], city: make.City, state: str) -> str:
    if state not in kept:
        package = make.dataset(city)
        if state != "draft":
            make.bring_to(city, package, state)
        kept[state] = package["id"]
    return kept[state]


def _snapshot(key: str) -> tuple[Any, ...]:
    model.Session.rollback()
    package = model.Session.get(model.Package, key, populate_existing=True)
    history = list(model.Session.scalars(events.Event.of(f"dataset:{key}")))
    return package.private, package.state, package.title, len(history)


@pytest.mark.parametrize("name", states.TRANSITIONS)
def test_wrong_role_and_wrong_state_change_nothing(kept, city, name):
    """Refused with a sentence; dataset and history stay as they were."""
    transition = states.TRANSITIONS[name]
    roles = [str(role) for role in transition.roles]
    for state in REACHED:
        key = _in_state(kept, city, state)
        # The factory published and withdrew; a right role in a right state is another test.
        possible = states.may_start(transition, State(state)) or (
            state in ("withdrawn", "cancelled") and State.DRAFT in transition.sources
        )
        before = _snapshot(key)
        for person in PEOPLE:
            if possible and person in roles:
                continue
            asked = {"id": key, **_input(name)}
            try:
                make.call(f"satudata_approval_{name}", getattr(city, person), **asked)
            except tk.NotAuthorized as refused:
                assert str(refused), (state, person)
            except (tk.ObjectNotFound, tk.ValidationError):
                pass
            else:
                pytest.fail(f"{person} may {name} what is {state}")
        assert _snapshot(key) == before, state


def test_anonymous_is_told_nothing(kept, city):
    """Without signing in a private dataset does not exist."""
    key = _in_state(kept, city, "submitted")
    for name in states.TRANSITIONS:
        with pytest.raises((tk.ObjectNotFound, tk.NotAuthorized)):
            make.call(f"satudata_approval_{name}", None, id=key, **_input(name))


def test_whole_road_with_return_and_repair(city):
    """Returned with a finding, repaired, submitted again as round 2, published."""
    package = make.dataset(city)
    key = package["id"]
    make.bring_to(city, package, "returned")
    shown = make.call("satudata_approval_show", city.produsen_data, id=key)
    assert [one["answer"] for one in shown["findings"]] == ["open"]
    make.call("package_patch", city.produsen_data, id=key, title="Jumlah Warga")
    again = make.call("satudata_approval_submit", city.produsen_data, id=key)
    assert again["round"] == 2
    shown = make.call("satudata_approval_show", city.produsen_data, id=key)
    assert [one["answer"] for one in shown["findings"]] == ["fixed"]
    make.call("satudata_approval_claim", city.walidata, id=key)
    make.call("satudata_approval_confirm", city.walidata, id=key, checklist=make.CHECKLIST)
    make.validate(city, key)
    assert publication.publish(key).state == "published"
    assert make.call("package_show", None, id=key)["title"] == "Jumlah Warga"


def test_priority_data_is_checked_again_by_the_supervisor(city):
    """Perpres 39/2019 ps 35: walidata, then pembina, whose return goes to the walidata."""
    package = make.dataset(city, prioritas_tahun="2026", kriteria_prioritas="RPJMD")
    key = package["id"]
    make.call("satudata_approval_submit", city.produsen_data, id=key)
    make.call("satudata_approval_claim", city.walidata, id=key)
    confirm = {"id": key, "checklist": make.CHECKLIST}
    state = make.call("satudata_approval_confirm", city.walidata, **confirm)["state"]
    assert state == "pembina_review"
    make.call("satudata_approval_claim", city.pembina_data, id=key)
    back = make.call(
        "satudata_approval_return_to_walidata",
        city.pembina_data,
        id=key,
        **INPUT["return"],
    )
    assert back["state"] == "submitted"
    make.call("satudata_approval_claim", city.walidata, id=key)
    make.call("satudata_approval_confirm", city.walidata, **confirm)
    make.call("satudata_approval_claim", city.pembina_data, id=key)
    done = make.call("satudata_approval_endorse", city.pembina_data, id=key)
    assert done["state"] == "awaiting_validation"


def test_nobody_checks_or_validates_own_work(city):
    """A walidata who edits a draft as administrator may not check it, nor its head."""
    package = make.dataset(city)
    key = package["id"]
    city.assign(city.produsen_data, "walidata")
    city.assign(city.produsen_data, "kepala_opd", city.opd)
    make.call("satudata_approval_submit", city.produsen_data, id=key)
    with pytest.raises(tk.ValidationError) as refused:
        make.call("satudata_approval_claim", city.produsen_data, id=key)
    assert refused.value.error_dict["code"] == ["same_person"]
    make.call("satudata_approval_claim", city.walidata, id=key)
    make.call("satudata_approval_confirm", city.walidata, id=key, checklist=make.CHECKLIST)
    with pytest.raises(tk.ValidationError) as refused:
        make.validate(city, key, city.produsen_data)
    assert refused.value.error_dict["code"] == ["same_person"]
    city.assign(city.walidata, "kepala_opd", city.opd)
    with pytest.raises(tk.ValidationError) as refused:
        make.validate(city, key, city.walidata)
    assert refused.value.error_dict["code"] == ["same_person"]
    for one in make.call("satudata_role_list", city.sysadmin, active=True):
        if one["user"] in (city.produsen_data, city.walidata) and (
            one["role"] == "kepala_opd"
            or (one["user"] == city.produsen_data and one["role"] == "walidata")
        ):
            make.call("satudata_role_end", city.sysadmin, id=one["id"])


def test_two_people_at_once_one_wins(city):
    """Two walidata take the same dataset in the same moment."""
    package = make.dataset(city)
    key = package["id"]
    revision = make.call("satudata_approval_submit", city.produsen_data, id=key)["revision"]
    start = threading.Barrier(2)
    results: list[Any] = []

    def claim(person: str) -> None:
        start.wait(10)
        try:
            results.append(make.call("satudata_approval_claim", person, id=key, revision=revision))
        except tk.ValidationError as error:
            results.append(error.error_dict["code"])
        finally:
            model.Session.remove()

    threads = [
        threading.Thread(target=claim, args=(one,)) for one in (city.walidata, city.walidata2)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(type(one) is list for one in results) == [False, True]
    assert ["conflict"] in results


def test_older_revision_is_a_conflict_that_says_who(city):
    """The second click shows the result of the first."""
    package = make.dataset(city)
    key = package["id"]
    make.call("satudata_approval_submit", city.produsen_data, id=key, revision=0)
    with pytest.raises(tk.ValidationError) as refused:
        make.call("satudata_approval_submit", city.produsen_data, id=key, revision=0)
    assert refused.value.error_dict["code"] == ["conflict"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"upload": make.upload(make.PDF, "surat.pdf")}, "upload"),
        ({"upload": make.upload(make.signed().replace(b"595", b"594"), "surat.pdf")}, "upload"),
        ({"upload": "surat.pdf"}, "upload"),
        ({"upload": make.upload(b"<html>bukan pdf</html>", "surat.pdf")}, "upload"),
        ({"date": "2099-01-01"}, "date"),
        ({"date": "kemarin"}, "date"),
        ({"way": "klik"}, "way"),
    ],
)
def test_an_uploaded_letter_must_carry_an_intact_signature(kept, city, change, field):
    """Each wrong input is named by its field, and nothing is stored."""
    key = _in_state(kept, city, "awaiting_validation")
    before = _snapshot(key)
    with pytest.raises(tk.ValidationError) as refused:
        make.validate(city, key, **change)
    assert field in refused.value.error_dict
    assert _snapshot(key) == before


def test_letter_numbers_have_no_gap_and_no_double(city):
    """A refused validation gives its register number back."""
    from ckanext.satudata.letters.model import Letter

    first, second = make.dataset(city), make.dataset(city)
    for one in (first, second):
        make.bring_to(city, one, "awaiting_validation")
    make.validate(city, first["id"], number="400.7/1/twice")
    with pytest.raises(tk.ValidationError) as refused:
        make.validate(city, second["id"], number="400.7/1/twice")
    assert refused.value.error_dict["code"] == ["register_double"]
    make.validate(city, second["id"])
    model.Session.rollback()
    numbers = sorted(
        one.register_number
        for one in model.Session.query(Letter).filter_by(year=clock.today().year)
    )
    assert numbers == list(range(1, len(numbers) + 1))


def test_changed_bytes_stop_the_publication(city):
    """Whatever changed the file on disk, the fingerprint is checked at that instant."""
    from ckanext.satudata.storage import service as storage

    package = make.dataset(city)
    key, resource = package["id"], package["resources"][0]["id"]
    make.bring_to(city, package, "validated")
    with storage.open_resource(resource) as stored:
        path = getattr(stored, "name", None)
    if not isinstance(path, str):
        pytest.fail("the stored file has no path on this storage")
    with open(path, "ab") as target:
        target.write(b"tambahan\n")
    assert publication.publish(key).state == "submitted"
    assert make.call("package_show", city.walidata, id=key)["private"] is True


def test_held_publication_waits_until_lifted(city):
    """The tick passes it by; a walidata who lifts the hold publishes."""
    package = make.dataset(city)
    key = package["id"]
    make.bring_to(city, package, "validated")
    make.call("satudata_approval_hold", city.walidata, id=key, comment="Tunggu rilis")
    assert key not in make.due()
    done = make.call("satudata_approval_publish", city.walidata, id=key)
    assert (done["state"], done["hold_reason"]) == ("published", None)


def test_withdrawn_is_private_at_once_and_returns_only_by_a_new_approval(city):
    """The dataset can be edited again, and walks the whole road."""
    package = make.dataset(city)
    key = package["id"]
    make.bring_to(city, package, "withdrawn")
    with pytest.raises((tk.NotAuthorized, tk.ObjectNotFound)):
        make.call("package_show", None, id=key)
    with pytest.raises(tk.ValidationError):
        make.call("package_patch", city.sysadmin, id=key, private=False)
    make.call("package_patch", city.produsen_data, id=key, title="Diperbaiki")
    again = make.call("satudata_approval_submit", city.produsen_data, id=key)
    assert (again["state"], again["round"]) == ("submitted", 1)


def test_submission_waits_for_a_file_that_is_being_loaded(city):
    """The DataStore must not change under a locked dataset; a dead load lets go."""
    from datetime import timedelta

    package = make.dataset(city, files=0)
    key = package["id"]
    make.call(
        "resource_create",
        city.produsen_data,
        package_id=key,
        name="Penduduk",
        format="TSV",
        url="penduduk.tsv",
        upload=make.upload(b"a\tb\n1\t2\n", "penduduk.tsv"),
        variabel=[make.VARIABEL],
    )
    with pytest.raises(tk.ValidationError) as refused:
        make.call("satudata_approval_submit", city.produsen_data, id=key)
    assert refused.value.error_dict["code"] == ["busy"]
    with clock.travel(clock.now() + timedelta(minutes=16)):
        done = make.call("satudata_approval_submit", city.produsen_data, id=key)
    assert done["state"] == "submitted"


def test_index_follows_every_transition(city):
    """The walidata finds by search what waits for the check; the tick has no rest."""
    package = make.dataset(city, title="Angka Kesakitan")
    make.bring_to(city, package, "submitted")
    assert publication.behind() == []
    found = make.call(
        "package_search", city.walidata, fq=f"id:{package['id']}", include_private=True
    )
    assert found["count"] == 1


def test_altered_history_is_found(city):
    """Who gets around the append-only trigger is found by the chain."""
    import sqlalchemy as sa

    package = make.dataset(city)
    stream = f"dataset:{package['id']}"
    make.bring_to(city, package, "submitted")
    engine = model.Session.get_bind()
    change = sa.text("UPDATE satudata_event SET comment = 'x' WHERE stream = :stream")
    with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError):
        connection.execute(change, {"stream": stream})
    assert events.verify(stream)[1] == []
    with engine.begin() as connection:
        switch = "ALTER TABLE satudata_event {} TRIGGER USER"
        connection.execute(sa.text(switch.format("DISABLE")))
        connection.execute(change, {"stream": stream})
        connection.execute(sa.text(switch.format("ENABLE")))
    model.Session.rollback()
    breaks = events.verify(stream)[1]
    assert [one.number for one in breaks] == [1]
    with engine.begin() as connection:
        connection.execute(sa.text(switch.format("DISABLE")))
        connection.execute(
            sa.text("UPDATE satudata_event SET comment = '' WHERE stream = :stream"),
            {"stream": stream},
        )
        connection.execute(sa.text(switch.format("ENABLE")))
