"""A withdrawn dataset: pages and files answer 410 with the notice, the API 404 with it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.satudata.approval import withdrawn
from ckanext.satudata.common import clock

from tests import factories as make

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]

TITLE, NOTICE = "Jumlah Menara", "Angka <b>Kecamatan Sukorejo</b> keliru & ditarik."
ESCAPED = "Angka &lt;b&gt;Kecamatan Sukorejo&lt;/b&gt; keliru &amp; ditarik."
#: Pages and files of a dataset: {0} is its id or name, {1} its file.
PAGES = [
    "/dataset/{0}",
    "/en/dataset/{0}",
    "/dataset/{0}/resource/{1}",
    "/dataset/activity/{0}",
    "/dataset/groups/{0}",
]
FILES = [
    "/dataset/{0}/resource/{1}/download/penduduk.csv",
    "/dataset/{0}/resource/{1}/download",
    "/datastore/dump/{1}",
]
#: Actions of the API that read a dataset, and what they are asked.
CALLS = [
    ("package_show", {"id": "{0}"}),
    ("package_activity_list", {"id": "{0}"}),
    ("resource_show", {"id": "{1}"}),
    ("resource_view_list", {"id": "{1}"}),
    ("datastore_search", {"resource_id": "{1}"}),
    ("datastore_info", {"id": "{1}"}),
]


def _rows(city: make.City, package: dict[str, Any]) -> None:
    call = tk.get_action("datastore_create")
    key = package["resources"][0]["id"]
    # xloader's work, which no test worker does.
    call(
        {"ignore_auth": True, "user": city.produsen_data},
        {"resource_id": key, "force": True, "records": [{"menara": 41_207}]},
    )


def _withdraw(city: make.City, key: str, **more: Any) -> dict[str, Any]:
    values = {"reason": "wrong", "notice": NOTICE, **more}
    return make.call("satudata_approval_withdraw", city.walidata, id=key, **values)


@pytest.fixture
def gone(kept, city) -> dict[str, Any]:
    """A dataset that was public and is withdrawn; its draft has another title since."""
    if "gone" not in kept:
        package = make.dataset(city, title=TITLE)
        _rows(city, package)
        make.bring_to(city, package, "published")
        _withdraw(city, package["id"])
        make.call("package_patch", city.produsen_data, id=package["id"], title="Rahasia Baru")
        kept["gone"] = package
    return kept["gone"]


@pytest.fixture
def draft(kept, city) -> dict[str, Any]:
    """A dataset that never was public."""
    if "draft" not in kept:
        kept["draft"] = make.dataset(city, title="Belum Terbit")
        _rows(city, kept["draft"])
    return kept["draft"]


@pytest.fixture
def as_(kept, city) -> Any:
    """Headers of a person; None is anonymous."""
    from ckan.tests import factories

    def headers(person: str | None) -> dict[str, str]:
        if person is None:
            return {}
        tokens = kept.setdefault("tokens", {})
        if person not in tokens:
            tokens[person] = factories.APIToken(user=getattr(city, person))["token"]
        return {"Authorization": tokens[person]}

    return headers


def _path(pattern: str, package: dict[str, Any], key: str = "name") -> str:
    return pattern.format(package[key], package["resources"][0]["id"])


def _ask(app: Any, action: str, data: dict[str, str], package: Any, key: str, headers: Any) -> Any:
    filled = {name: _path(value, package, key) for name, value in data.items()}
    return app.post(f"/api/3/action/{action}", json=filled, headers=headers, status=None)


@pytest.mark.parametrize("person", [None, "outsider", "other_produsen"])
@pytest.mark.parametrize("key", ["name", "id"])
@pytest.mark.parametrize("pattern", PAGES + FILES)
def test_pages_and_files_answer_410_with_the_notice(app, gone, as_, pattern, key, person):
    """Title as published, agency, reason, notice, contact; nothing else of the dataset."""
    answer = app.get(_path(pattern, gone, key), headers=as_(person), status=None)
    assert answer.status_code == 410
    assert answer.headers["X-Robots-Tag"] == "noindex"
    robots = '<meta name="robots" content="noindex">'
    # The style sheets too: a page made after another one in a request would have none.
    for told in (TITLE, "Dinas Kesehatan", ESCAPED, robots, 'rel="stylesheet"'):
        assert told in answer.body, told
    for hidden in ("<b>Kecamatan", "Rahasia", "41207", "Orang yang berdomisili", "Penduduk 1"):
        assert hidden not in answer.body, hidden


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/id/dataset/{0}", ("Dataset ini ditarik", "Data keliru", "Perangkat Daerah")),
        ("/en/dataset/{0}", ("This dataset has been withdrawn", "Data wrong", "Agency")),
    ],
)
def test_the_page_speaks_the_readers_language(app, gone, path, words):
    """Both languages of the portal, with the date in words."""
    body = app.get(_path(path, gone), status=410).body
    for word in words:
        assert word in body
    assert re.search(r"\d{1,2} [A-Z][a-z]+ 20\d\d", body)
    assert ("Masuk" in body) or ("Log in" in body)


@pytest.mark.parametrize("person", [None, "outsider"])
@pytest.mark.parametrize("key", ["name", "id"])
@pytest.mark.parametrize(("action", "data"), CALLS)
def test_the_api_answers_404_with_the_notice(app, gone, as_, action, data, key, person):
    """The same text, in the error of the answer."""
    answer = _ask(app, action, data, gone, key, as_(person))
    assert answer.status_code == 404
    error = answer.json["error"]
    assert error["__type"] == "Not Found Error"
    assert NOTICE in error["message"]
    assert "Rahasia" not in error["message"]


@pytest.mark.parametrize("person", ["produsen_data", "walidata", "sysadmin"])
def test_officials_see_it_as_before(app, city, gone, as_, person):
    """Who may see the dataset gets it, and for what is missing the usual answer."""
    page = app.get(_path("/dataset/{0}", gone), headers=as_(person), status=200)
    assert "Rahasia Baru" in page.body
    file = app.get(_path(FILES[0], gone), headers=as_(person), status=200)
    assert file.data == make.SAMPLE.read_bytes()
    wrong = f"/dataset/{gone['name']}/resource/tidak-ada"
    assert app.get(wrong, headers=as_(person), status=None).status_code == 404
    answer = _ask(app, "package_show", {"id": "{0}"}, gone, "name", as_(person))
    assert answer.json["result"]["title"] == "Rahasia Baru"
    data = {"id": "{1}x", "resource_id": "{1}x"}
    answer = _ask(app, "datastore_search", data, gone, "name", as_(person))
    assert NOTICE not in answer.json["error"]["message"]


@pytest.mark.parametrize("pattern", PAGES + FILES)
def test_what_never_was_public_looks_like_what_is_missing(app, draft, pattern):
    """Same status, same body."""
    missing = {"name": "x" * len(draft["name"]), "resources": [{"id": "y" * 36}]}
    told, none = (
        app.get(_path(pattern, one), status=None, follow_redirects=False)
        for one in (draft, missing)
    )
    assert told.status_code == none.status_code == 404
    assert _plain(told.body, draft) == _plain(none.body, missing)


@pytest.mark.parametrize(("action", "data"), CALLS)
def test_the_api_hides_what_never_was_public(app, draft, as_, action, data):
    """An outsider cannot tell a draft from nothing."""
    missing = {"name": "x" * len(draft["name"]), "resources": [{"id": "y" * 36}]}
    told, none = (_ask(app, action, data, one, "name", as_("outsider")) for one in (draft, missing))
    assert told.status_code == none.status_code == 404
    assert _plain(told.body, draft) == _plain(none.body, missing)


def _plain(body: str, package: dict[str, Any]) -> str:
    """A body without what was asked for, and without the token of forms."""
    for key in (package["name"], package["resources"][0]["id"]):
        body = body.replace(key, "-")
    return re.sub(r'(name="_csrf_token"|csrf[^>]*) (content|value)="[^"]*"', r"\1", body)


def test_public_again_by_a_new_approval(app, city):
    """Then everything is as with any other; withdrawn once more, the new notice counts."""
    package = make.dataset(city, title=TITLE)
    key = package["id"]
    make.bring_to(city, package, "published")
    _withdraw(city, key)
    make.call("package_patch", city.produsen_data, id=key, title="Jumlah Menara Baru")
    make.bring_to(city, package, "validated")
    app.get(f"/dataset/{package['name']}", status=410)
    assert key in _listed()
    make.call("satudata_approval_publish", city.walidata, id=key)
    assert "Jumlah Menara Baru" in app.get(f"/dataset/{package['name']}", status=200).body
    app.get(_path(FILES[0], package), status=200)
    assert make.call("package_show", None, id=key)["private"] is False
    assert key not in _listed()
    _withdraw(city, key, reason="privacy", notice="Memuat NIK.")
    body = app.get(f"/dataset/{package['name']}", status=410).body
    assert "Memuat NIK." in body
    assert "Jumlah Menara Baru" in body
    assert ESCAPED not in body


def test_the_producer_cannot_take_the_notice_away(app, city):
    """Neither by deleting the dataset nor by another address; only by a purge it goes."""
    package = make.dataset(city)
    make.bring_to(city, package, "withdrawn")
    for change in (
        ("package_patch", {"id": package["id"], "name": f"{package['name']}-baru"}),
        ("package_revise", {"match": {"id": package["id"]}, "update": {"name": "lain-sama"}}),
    ):
        with pytest.raises(tk.ValidationError) as refused:
            make.call(change[0], city.produsen_data, **change[1])
        assert refused.value.error_dict["code"] == ["control"]
    make.call("package_delete", city.produsen_data, id=package["id"])
    app.get(f"/dataset/{package['name']}", status=410)
    assert package["id"] in _listed()
    make.call("dataset_purge", city.sysadmin, id=package["id"])
    app.get(f"/dataset/{package['name']}", status=404)
    assert package["id"] not in _listed()


def _listed(**more: Any) -> list[str]:
    found = make.call("satudata_withdrawal_list", None, limit=100, **more)
    return [one["package_id"] for one in found]


def test_the_list_is_in_order_and_paged(app, city, gone):
    """Newest first; each page begins behind the last one of the page before."""
    made = []
    for number in range(3):
        package = make.dataset(city, title=f"Ditarik {number}")
        make.bring_to(city, package, "published")
        with clock.travel(clock.now() + timedelta(hours=number + 1)):
            _withdraw(city, package["id"], reason="replaced", notice=f"Lihat {number}.")
        made.insert(0, package)
    ids = [one["id"] for one in made]
    assert _listed()[:3] == ids
    assert _listed().index(gone["id"]) > 2
    first = make.call("satudata_withdrawal_list", None, limit=2)
    assert [one["package_id"] for one in first] == ids[:2]
    second = make.call("satudata_withdrawal_list", None, limit=1, after=first[-1]["id"])
    assert [one["package_id"] for one in second] == ids[2:]
    assert make.call("satudata_withdrawal_list", None, after="tidak-ada") == []
    assert first[0].keys() == {
        *("id", "package_id", "title", "organization"),
        *("withdrawn_at", "reason", "notice"),
    }
    assert (first[0]["reason"], first[0]["notice"]) == ("replaced", "Lihat 2.")


def test_the_public_page_of_the_list(app, city, gone, monkeypatch):
    """Title as published, agency, reason, a link to the notice; older ones behind a link."""
    package = make.dataset(city, title="Paling Baru")
    make.bring_to(city, package, "published")
    with clock.travel(clock.now() + timedelta(days=1)):
        _withdraw(city, package["id"], reason="legal")
    body = app.get("/ditarik", status=200).body
    assert body.index("Paling Baru") < body.index(TITLE)
    for told in ("Dinas Kesehatan", "Perintah atau ketentuan hukum", f"/dataset/{package['id']}"):
        assert told in body
    assert "Rahasia Baru" not in body
    assert gone["name"] not in body
    assert 'href="/ditarik"' in app.get("/about", status=200).body
    monkeypatch.setattr(withdrawn, "PAGE", 1)
    body = app.get("/ditarik", status=200).body
    assert TITLE not in body
    older = re.search(r'href="(/ditarik\?after=[^"]+)"', body)
    assert older
    assert "Paling Baru" not in app.get(older[1], status=200).body


def test_a_normal_answer_costs_nothing_and_a_notice_one_query(city, gone):
    """The number of queries does not grow with what is withdrawn."""
    package = make.dataset(city)
    make.bring_to(city, package, "published")
    seen: list[str] = []

    def count(_conn: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if "satudata_publication" in statement:
            seen.append(statement)

    engine = model.Session.get_bind()
    sa.event.listen(engine, "before_cursor_execute", count)
    try:
        make.call("package_show", None, id=package["id"])
        assert len(seen) == 0
        assert withdrawn.notice([gone["name"]]) is not None
        assert len(seen) == 1
        assert len(withdrawn.find(limit=10)) > 1
        assert len(seen) == 2
    finally:
        sa.event.remove(engine, "before_cursor_execute", count)


def test_odd_keys_find_nothing(gone):
    """What a client sends under "id" may be anything."""
    assert withdrawn.notice([None, 1, ["a"], {}, ""]) is None
    assert withdrawn.notice([gone["resources"][0]["id"], None]).title == TITLE
