"""Ways around the procedure that were found by attacking a running portal, each closed."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.satudata.approval.model import Publication
from ckanext.satudata.common import clock

from tests import factories as make

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]


def _scan() -> bytes:
    """A scan of its own: one file is one letter."""
    return b"\xff\xd8\xff\xe0" + uuid.uuid4().hex.encode() * 5


def _waiting(city: make.City) -> str:
    key = make.dataset(city)["id"]
    make.bring_to(city, {"id": key}, "awaiting_validation")
    return key


def _state(city: make.City, key: str) -> str:
    return make.call("satudata_approval_show", city.walidata, id=key)["state"]


def _refused(code: str, action: str, person: str, **data: Any) -> None:
    with pytest.raises(tk.ValidationError) as refused:
        make.call(action, person, **data)
    assert refused.value.error_dict["code"] == [code], refused.value.error_dict


def _two_roles(city: make.City, *roles: tuple[str, str | None]) -> str:
    person = make.user("dua")
    for role, opd in roles:
        city.assign(person, role, opd)
    return person


def test_a_registrar_cannot_sign_for_the_head(city, monkeypatch):
    """Whoever's certificate it is: handed in by another person, a second one confirms."""
    from ckanext.satudata.letters import signing

    monkeypatch.setattr(signing, "check", lambda source: "ok")
    key = _waiting(city)
    letter = make.call("satudata_letter_issue", city.walidata2, ids=[key])
    upload = make.upload(make.signed(), "nota.pdf")
    done = make.call("satudata_letter_sign", city.walidata2, id=letter["id"], upload=upload)
    assert done["state"] == "waiting_confirmation"
    assert _state(city, key) == "awaiting_validation"


def test_one_signed_file_is_one_letter(city):
    """The PDF of another letter is refused; nothing is validated by it."""
    first, second, content = _waiting(city), _waiting(city), make.signed()
    make.validate(city, first, upload=make.upload(content, "surat.pdf"))
    again = make.upload(content, "surat.pdf")
    _refused("duplicate", "satudata_approval_validate", city.kepala_opd, id=second, upload=again)
    assert _state(city, second) == "awaiting_validation"


def test_bytes_behind_the_signature_are_refused(city):
    """The last signature covers the whole file."""
    key = _waiting(city)
    longer = make.upload(make.signed() + b"A" * 1000, "surat.pdf")
    _refused("not_signed", "satudata_approval_validate", city.kepala_opd, id=key, upload=longer)


def test_a_scan_that_waits_is_not_exchanged(city):
    """What the second person looks at is what they confirm."""
    key = _waiting(city)
    letter = make.call("satudata_letter_issue", city.walidata2, ids=[key])["id"]
    for content, code in ((_scan(), None), (_scan(), "conflict")):
        upload = make.upload(content, "s.jpg")
        if code is None:
            make.call("satudata_letter_upload", city.walidata2, id=letter, upload=upload)
        else:
            _refused(code, "satudata_letter_upload", city.walidata2, id=letter, upload=upload)


def test_a_sysadmin_without_a_role_decides_nothing(city):
    """Neither as registrar, nor as second person, nor on findings, nor by publishing."""
    key = _waiting(city)
    with pytest.raises(tk.NotAuthorized):
        make.call("satudata_letter_issue", city.sysadmin, ids=[key])
    letter = make.call("satudata_letter_issue", city.walidata2, ids=[key])["id"]
    for action in ("upload", "sign"):
        with pytest.raises(tk.NotAuthorized):
            upload = make.upload(_scan(), "s.jpg")
            make.call(f"satudata_letter_{action}", city.sysadmin, id=letter, upload=upload)
    upload = make.upload(_scan(), "s.jpg")
    make.call("satudata_letter_upload", city.walidata2, id=letter, upload=upload)
    for action in ("confirm", "reject", "revoke"):
        with pytest.raises(tk.NotAuthorized):
            make.call(f"satudata_letter_{action}", city.sysadmin, id=letter, comment="x")
    returned = make.dataset(city)
    make.bring_to(city, returned, "returned")
    shown = make.call("satudata_approval_show", city.walidata, id=returned["id"])
    with pytest.raises(tk.NotAuthorized):
        make.call(
            "satudata_finding_answer",
            city.sysadmin,
            id=shown["findings"][0]["id"],
            answer="replied",
            reply="x",
        )
    signed = make.dataset(city)["id"]
    make.bring_to(city, {"id": signed}, "validated")
    with pytest.raises(tk.NotAuthorized):
        make.call("satudata_approval_publish", city.sysadmin, id=signed)
    found = model.Session.query(Publication).filter_by(package_id=signed)
    assert found.count() == 0


@pytest.mark.parametrize("value", ["9999-12-31T23:59:59-12:00", "1999-01-01T00:00", "0001-01-01"])
def test_no_release_time_outside_of_this_century(city, value):
    """A far year would break every list the dataset is on."""
    key = make.dataset(city)["id"]
    with pytest.raises(tk.ValidationError) as refused:
        make.call("satudata_approval_submit", city.produsen_data, id=key, release_at=value)
    assert "release_at" in refused.value.error_dict
    assert make.call("satudata_approval_list", city.walidata) is not None


def test_an_impossible_period_breaks_no_page_of_the_head(city):
    """Whatever the last day is; and an end before the begin is not submitted."""
    key = make.dataset(city, temporal_start="2026-02-01", temporal_end="9999-12-31")["id"]
    make.bring_to(city, {"id": key}, "awaiting_validation")
    assert make.call("satudata_approval_validate", city.kepala_opd, id=key)["state"] == "validated"
    turned = make.dataset(city, temporal_start="2026-12-31", temporal_end="2026-01-01")["id"]
    _refused("invalid", "satudata_approval_submit", city.produsen_data, id=turned)


def test_the_id_of_a_deleted_file_is_nobody_elses(city):
    """Else another agency would be served its old bytes."""
    package = make.dataset(city)
    stolen = package["resources"][0]["id"]
    make.call("resource_delete", city.produsen_data, id=stolen)
    own = make.call(
        "package_create",
        city.other_produsen,
        name=f"lain-{uuid.uuid4().hex[:8]}",
        title="Lain",
        owner_org=city.other,
    )
    claim = {"id": stolen, "url": "d.csv", "url_type": "upload", "name": "d"}
    _refused("foreign_file", "resource_create", city.other_produsen, package_id=own["id"], **claim)
    for action in ("package_update", "package_patch"):
        data = {**own, "resources": [claim]} if action == "package_update" else {"id": own["id"]}
        _refused("foreign_file", action, city.other_produsen, **{**data, "resources": [claim]})
    revise = {"match": {"id": own["id"]}, "update": {"resources": [claim]}}
    _refused("foreign_file", "package_revise", city.other_produsen, **revise)
    assert make.call("package_show", city.other_produsen, id=own["id"])["resources"] == []


def test_who_wrote_rows_checks_nothing_of_it(city):
    """Rows, dictionary and views make a preparer as metadata does."""
    both = _two_roles(city, ("walidata", None), ("produsen_data", city.opd))
    package = make.dataset(city)
    make.call(
        "datastore_create",
        both,
        resource_id=package["resources"][0]["id"],
        force=True,
        fields=[{"id": "a", "type": "text"}],
        records=[{"a": "1"}],
    )
    make.call("satudata_approval_submit", city.produsen_data, id=package["id"])
    _refused("same_person", "satudata_approval_claim", both, id=package["id"])


def test_who_confirmed_does_not_endorse(city):
    """The supervisor's check is a second pair of eyes."""
    both = _two_roles(city, ("walidata", None), ("pembina_data", None))
    key = make.dataset(city, prioritas_tahun="2026", kriteria_prioritas="RPJMD")["id"]
    make.call("satudata_approval_submit", city.produsen_data, id=key)
    make.call("satudata_approval_claim", both, id=key)
    make.call("satudata_approval_confirm", both, id=key, checklist=make.CHECKLIST)
    make.call("satudata_approval_claim", both, id=key)
    _refused("same_person", "satudata_approval_endorse", both, id=key)


def test_the_same_supervisor_endorses_again_after_a_new_check(city):
    """Found changed after the endorsement: the whole check is made anew by the same people."""
    key = make.dataset(city, prioritas_tahun="2026", kriteria_prioritas="RPJMD")["id"]
    make.call("satudata_approval_submit", city.produsen_data, id=key)
    for number in (1, 2):
        make.call("satudata_approval_claim", city.walidata, id=key)
        make.call("satudata_approval_confirm", city.walidata, id=key, checklist=make.CHECKLIST)
        make.call("satudata_approval_claim", city.pembina_data, id=key)
        make.call("satudata_approval_endorse", city.pembina_data, id=key)
        if number == 1:
            make.call("satudata_approval_invalidate", city.walidata, id=key, comment="Berubah")
    assert _state(city, key) == "awaiting_validation"


def test_the_release_time_binds_people_too(city):
    """Publishing by hand lifts a hold; it is no way around the release time."""
    key, at = make.dataset(city)["id"], clock.now() + timedelta(days=3)
    make.call("satudata_approval_submit", city.produsen_data, id=key, release_at=at.isoformat())
    make.call("satudata_approval_claim", city.walidata, id=key)
    make.call("satudata_approval_confirm", city.walidata, id=key, checklist=make.CHECKLIST)
    make.validate(city, key)
    _refused("too_early", "satudata_approval_publish", city.walidata, id=key)
    _refused("conflict", "satudata_approval_publish", city.walidata, id=key, revision=0)
    assert key not in make.due()


def test_a_dataset_comes_back_onto_its_unsigned_letter(city):
    """Found changed, checked again, and joined once more."""
    first, second = _waiting(city), _waiting(city)
    done = make.call("satudata_approval_validate", city.kepala_opd, ids=[first, second])
    letter = done[0]["letter_id"]
    make.call("satudata_approval_invalidate", city.walidata, id=first, comment="Berubah")
    make.call("satudata_approval_claim", city.walidata, id=first)
    make.call("satudata_approval_confirm", city.walidata, id=first, checklist=make.CHECKLIST)
    joined = make.call("satudata_approval_validate", city.kepala_opd, id=first, letter=letter)
    assert joined["letter_id"] == letter
    items = make.call("satudata_letter_show", city.walidata, id=letter)["items"]
    assert all(one["void_at"] is None for one in items)


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
@pytest.mark.parametrize(
    ("action", "field"),
    [
        ("satudata_approval_submit", "comment"),
        ("satudata_letter_verify", "code"),
        ("satudata_role_list", "q"),
        ("satudata_approval_list", "after"),
    ],
)
def test_text_that_no_database_takes_is_refused(city, action, field, text):
    """By its field, also to anonymous; never an error of the server."""
    data = {"id": make.dataset(city)["id"]} if action.endswith("submit") else {}
    with pytest.raises(tk.ValidationError) as refused:
        make.call(action, city.produsen_data, **{**data, field: text})
    assert field in refused.value.error_dict


def test_pages_ask_for_the_token_of_their_forms_themselves(city, app):
    """CKAN stops asking once a program opened the page; the pages of the procedure do not."""
    key = make.dataset(city)["name"]
    address = f"/dataset/{key}/persetujuan/submit"
    token = make.call("api_token_create", city.produsen_data, user=city.produsen_data, name="t")
    app.get(address, headers={"Authorization": token["token"]})
    from ckan.tests import factories

    password = "rahasia-sekali-1"
    name = f"csrf-{uuid.uuid4().hex[:8]}"
    factories.User(name=name, password=password, email=f"{name}@example.org")
    city.assign(name, "produsen_data", city.opd)
    client = app.test_client(use_cookies=True)
    client.post("/login_generic", data={"login": name, "password": password})
    page = client.post("/user/login", data={"login": name, "password": password})
    assert page.status_code in (200, 302, 400)
    sent = client.post(address, data={"comment": "csrf"})
    assert sent.status_code in (302, 400)
    assert _state(city, key) == "draft"


def test_a_refusal_on_a_page_of_core_is_said(city, app):
    """Deleting a locked dataset: a message and back, no error of the server."""
    package = make.dataset(city)
    make.bring_to(city, package, "submitted")
    token = make.call("api_token_create", city.produsen_data, user=city.produsen_data, name="d")
    headers = {"Authorization": token["token"]}
    done = app.post(
        f"/dataset/delete/{package['name']}", headers=headers, follow_redirects=False, status=None
    )
    assert done.status_code == 302
    assert _state(city, package["id"]) == "submitted"


def test_a_type_without_pages_is_refused(city, app):
    """One such dataset broke every list in which walidata and heads saw it."""
    data = {"name": f"jenis-{uuid.uuid4().hex[:8]}", "title": "Jenis", "owner_org": city.opd}
    with app.flask_app.test_request_context():
        for kind in ("page", "harvest ", "../dataset"):
            _refused("unknown_type", "package_create", city.produsen_data, **data, type=kind)
        with pytest.raises(tk.NotAuthorized):
            make.call("package_create", make.user("luar"), **data, type="page")
        made = make.call("package_create", city.produsen_data, **data, type="dataset")
    assert made["private"]


def test_agencies_by_number_of_datasets_come_whole(city):
    """With all fields too, each with its own number: it ended in an error of the server."""
    asked = {"sort": "package_count desc", "all_fields": True}
    for action in ("organization_list", "group_list"):
        rows = make.call(action, "", **asked)
        names = make.call(action, "", sort="package_count desc")
        assert [one["name"] for one in rows] == names[: len(rows)]


@pytest.mark.parametrize("shape", [lambda one: [one], lambda one: f'x, "{one}"'])
def test_no_table_takes_the_id_of_another_file_as_alias(city, shape):
    """Its rows would be that file's rows: in its fingerprint, and nothing else could be loaded."""
    name = f"lain-{uuid.uuid4().hex[:8]}"
    other = {
        "name": name,
        "title": "Lain",
        "owner_org": city.other,
        "resources": [{"url": "x.pdf"}],
    }
    made = make.call("package_create", city.other_produsen, **other)
    theirs, own = made["resources"][0]["id"], make.dataset(city)
    asked = {"fields": [{"id": "a", "type": "text"}], "aliases": shape(theirs), "force": True}
    for more in (
        {"resource_id": own["resources"][0]["id"]},
        {"resource": {"package_id": own["id"]}},
    ):
        _refused("foreign_file", "datastore_create", city.produsen_data, **asked, **more)
    files = make.call("package_show", city.produsen_data, id=own["id"])["resources"]
    assert len(files) == len(own["resources"])
