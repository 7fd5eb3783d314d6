"""Pages of the roles: who opens them, what the forms say, what the bar counts."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from ckan import model

from tests import factories as make

pytestmark = pytest.mark.usefixtures("with_plugins", "non_clean_db")

PATHS = ("/kelola/peran", "/kelola/peran/beri", "/kelola/peran?show=vacancies")


@pytest.fixture
def as_(city, kept):
    """Headers of a person."""

    def headers(person: str) -> dict[str, str]:
        if person not in kept:
            name = getattr(city, person, person)
            made = make.call("api_token_create", name, user=name, name=uuid.uuid4().hex)
            kept[person] = {"Authorization": made["token"]}
        return kept[person]

    return headers


def _text(page: Any) -> str:
    """What the page says in its middle, without the address it was asked for."""
    middle = page.body[page.body.index('role="main"') :]
    return re.sub(r'(href|value|action)="[^"]*"', "", middle[: middle.index("<footer")])


def _form(city: make.City, **more: str) -> dict[str, str]:
    return {
        "user": make.user("formulir"),
        "role": "produsen_data",
        "organization": city.opd,
        "decree": "SK 9/2026",
        "starts_on": "2026-01-02",
        "ends_on": "",
        **more,
    }


@pytest.mark.parametrize("person", ["sysadmin", "walidata", "sekretariat"])
def test_who_gives_roles_opens_the_pages(city, app, as_, person):
    """Register, form, vacancies and one assignment, with the entry in the work bar."""
    made = make.call("satudata_role_list", city.sysadmin, limit=1)[0]
    for path in (*PATHS, f"/kelola/peran/{made['id']}"):
        page = app.get(path, headers=as_(person))
        assert page.status_code == 200, path
        assert 'href="/kelola/peran"' in page.body


@pytest.mark.parametrize(
    "person",
    ["pembina_data", "pimpinan_daerah", "kepala_opd", "produsen_data", "outsider"],
)
def test_others_are_told_what_a_missing_page_tells(city, app, as_, person):
    """For reading and for sending alike."""
    made = make.call("satudata_role_list", city.sysadmin, limit=1)[0]
    missing = _text(app.get("/kelola/tidak-ada", headers=as_(person), status=404))
    for path in (*PATHS, f"/kelola/peran/{made['id']}", "/kelola/peran/tidak-ada"):
        assert _text(app.get(path, headers=as_(person), status=404)) == missing, path
    for path in ("/kelola/peran/beri", f"/kelola/peran/{made['id']}"):
        data = _form(city, do="end")
        sent = app.post(path, data=data, headers=as_(person), status=404)
        assert _text(sent) == missing
    home = app.get("/about", headers=as_(person)).body
    assert 'href="/kelola/peran"' not in home


def test_who_is_not_signed_in_is_asked_to(city, app):
    """And comes back to the page afterwards."""
    for path in (*PATHS, "/kelola/peran/saya"):
        answer = app.get(path, follow_redirects=False)
        assert answer.status_code == 302
        assert "/user/login" in answer.headers["Location"]


def test_everybody_reads_the_own_roles(city, app, as_):
    """With their ends; who holds none is told who gives them."""
    page = app.get("/kelola/peran/saya", headers=as_("kepala_opd"))
    assert "SK 1/2026" in page.body
    assert "<form" not in page.body[page.body.index('role="main"') :].split("</main")[0]
    assert "SK 1/2026" not in app.get("/kelola/peran/saya", headers=as_("outsider")).body


def test_give_confirm_end_by_page(city, app, as_):
    """The whole way without script: proposed, waiting in the bar, confirmed, ended."""
    data = _form(city)
    done = app.post("/kelola/peran/beri", data=data, headers=as_("sekretariat"))
    assert done.status_code == 200
    (made,) = make.call("satudata_role_list", city.sysadmin, user=data["user"])
    assert made["state"] == "proposed"
    path = f"/kelola/peran/{made['id']}"
    own = app.get(path, headers=as_("sekretariat")).body
    assert 'value="confirm"' not in own
    assert 'value="reject"' in own
    asked = app.get(path, headers=as_("walidata")).body
    assert 'value="confirm"' in asked
    bar = app.get("/about", headers=as_("walidata")).body
    assert re.search(r'href="/kelola/peran".*?sd-count">\d+<', bar, re.DOTALL)
    app.post(path, data={"do": "confirm"}, headers=as_("walidata"))
    again = app.post(path, data={"do": "confirm"}, headers=as_("walidata2"))
    assert 'role="alert"' in again.body
    (held,) = make.call("satudata_role_list", city.sysadmin, user=data["user"])
    assert held["state"] == "active"
    wrong = app.post(path, data={"do": "end", "ends_on": "kapan"}, headers=as_("sekretariat"))
    assert 'id="f-ends_on-error"' in wrong.body
    app.post(path, data={"do": "end", "ends_on": ""}, headers=as_("sekretariat"))
    (ended,) = make.call("satudata_role_list", city.sysadmin, user=data["user"])
    assert ended["state"] == "ended"


def test_reject_by_page_wants_a_reason(city, app, as_):
    """The reason is asked for beside its field, and kept."""
    data = _form(city)
    app.post("/kelola/peran/beri", data=data, headers=as_("sekretariat"))
    (made,) = make.call("satudata_role_list", city.sysadmin, user=data["user"])
    path = f"/kelola/peran/{made['id']}"
    empty = app.post(path, data={"do": "reject", "reason": ""}, headers=as_("walidata"))
    assert 'id="f-reason-error"' in empty.body
    app.post(path, data={"do": "reject", "reason": "SK <b>keliru</b>"}, headers=as_("walidata"))
    assert "SK &lt;b&gt;keliru&lt;/b&gt;" in app.get(path, headers=as_("walidata")).body


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("user", "tidak-ada"),
        ("user", "nul\0"),
        ("role", "raja"),
        ("organization", "tidak-ada"),
        ("decree", ""),
        ("starts_on", "kapan"),
        ("ends_on", "2025-12-31"),
        ("acting_for", "tidak-ada"),
    ],
)
def test_errors_stand_beside_the_field_with_what_was_typed(city, app, as_, field, value):
    """And in the summary on top; nothing typed is lost."""
    data = _form(city, decree="SK 77/2026", **{field: value} if field != "decree" else {})
    data[field] = value
    page = app.post("/kelola/peran/beri", data=data, headers=as_("walidata"))
    assert page.status_code == 200
    assert f'href="#f-{field}"' in page.body
    assert f'id="f-{field}-error"' in page.body
    assert field == "decree" or "SK 77/2026" in page.body
    typed = value.replace("\0", "")
    assert field in ("role", "organization") or f'value="{typed}"' in page.body


def test_a_person_is_found_by_full_name(city, app, as_):
    """One of that name is taken; near names are offered; two of a name are not guessed."""
    full = f"Siti {uuid.uuid4().hex[:6]} Rahma"
    first = make.user("siti", fullname=full)
    data = _form(city, user=full.lower())
    app.post("/kelola/peran/beri", data=data, headers=as_("sekretariat"))
    (made,) = make.call("satudata_role_list", city.sysadmin, user=first)
    assert made["state"] == "proposed"
    near = app.post(
        "/kelola/peran/beri", data=_form(city, user=full[:11]), headers=as_("sekretariat")
    )
    assert f"{first} ({full})" in near.body
    second = make.user("siti", fullname=full)
    app.post("/kelola/peran/beri", data=_form(city, user=full), headers=as_("sekretariat"))
    assert make.call("satudata_role_list", city.sysadmin, user=second) == []


def test_form_is_prefilled_from_the_gap(city, app, as_):
    """The button of an agency without head leads to the form with both chosen."""
    name = f"kosong-{uuid.uuid4().hex[:8]}"
    make.call("organization_create", city.sysadmin, name=name, title="Dinas Kosong")
    gaps = app.get("/kelola/peran?show=vacancies", headers=as_("walidata")).body
    link = f"/kelola/peran/beri?role=kepala_opd&amp;organization={name}"
    assert link in gaps
    form = app.get(link.replace("&amp;", "&"), headers=as_("walidata")).body
    assert f'value="{name}" selected' in form
    assert 'value="kepala_opd" selected' in form
    empty = app.get(f"/kelola/peran?organization={name}", headers=as_("walidata")).body
    assert "Dinas Kosong" in empty[empty.index("sd-empty") :]


def test_a_wrong_filter_is_told(city, app, as_):
    """An address typed by hand never breaks the page."""
    for query in ("role=raja", "state=raja", "organization=tidak-ada", "after=tidak-ada", "q=%00"):
        page = app.get(f"/kelola/peran?{query}", headers=as_("walidata"))
        assert page.status_code == 200, query


def test_number_of_queries_does_not_grow_with_the_rows(city, app, as_):
    """The register reads aggregates and pages by key."""
    app.get("/kelola/peran", headers=as_("walidata"))
    counted = []

    def count(*_args: Any) -> None:
        counted.append(1)

    def queries() -> int:
        counted.clear()
        sa.event.listen(model.Session.get_bind(), "before_cursor_execute", count)
        try:
            app.get("/kelola/peran", headers=as_("walidata"))
        finally:
            sa.event.remove(model.Session.get_bind(), "before_cursor_execute", count)
        return len(counted)

    # Twice each: CKAN notes the use of a token now and then.
    before = min(queries(), queries())
    for _number in range(12):
        made = make.user("banyak")
        city.assign(made, "forum_anggota")
    assert min(queries(), queries()) <= before


def test_every_form_carries_the_token_against_forgery(city, app, as_):
    """Of giving, and of each decision."""
    proposed = make.call("satudata_role_assign", city.sekretariat, **_form(city))
    held = city.assign(make.user("akhir"), "produsen_data", city.opd)
    for path in ("beri", proposed["id"], held["id"]):
        page = app.get(f"/kelola/peran/{path}", headers=as_("walidata")).body
        middle = page[page.index('role="main"') :]
        assert middle.count('method="post"') == middle.count('name="_csrf_token"') > 0
