"""A portal that was there before: served as it was, then taken over; nothing goes off line."""

from __future__ import annotations

import csv
import json
import threading
import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from ckan import model
from ckan.cli.cli import ckan
from ckan.plugins import toolkit as tk

from ckanext.satudata.approval import adoption, consistency, fingerprint
from ckanext.satudata.common import compat, startup

from tests import factories as make

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]

TITLE = "Jumlah Perahu"


@pytest.fixture
def old(kept, city) -> dict[str, Any]:
    """A dataset that was public before the workflow; no test adopts or changes it."""
    if "old" not in kept:
        kept["old"] = make.public_before(make.dataset(city, title=TITLE))
    return kept["old"]


def _agency(city: make.City) -> str:
    """An agency of its own, so that a test adopts only what it made."""
    name = f"opd-{uuid.uuid4().hex[:8]}"
    make.call("organization_create", city.sysadmin, name=name, title="Dinas Lain")
    city.assign(city.produsen_data, "produsen_data", name)
    return name


def _adopt(city: make.City, agency: str, **more: Any) -> dict[str, dict[str, Any]]:
    """Adopt all of an agency; rows by id."""
    rows, after = {}, ""
    while after is not None:
        page = make.call(
            "satudata_portal_adopt", city.sysadmin, organization=agency, after=after, **more
        )
        rows.update({row["id"]: row for row in page["rows"]})
        after = page["after"]
    return rows


# Before the adoption
@pytest.mark.parametrize("person", [None, "outsider", "produsen_data", "walidata"])
def test_before_the_adoption_it_is_served_as_it_was(app, city, old, person):
    """Page, file, API and search, for everybody."""
    from ckan.tests import factories

    headers = {}
    if person:
        headers["Authorization"] = factories.APIToken(user=getattr(city, person))["token"]
    file = old["resources"][0]["id"]
    assert TITLE in app.get(f"/dataset/{old['name']}", headers=headers, status=200).body
    download = f"/dataset/{old['id']}/resource/{file}/download/penduduk.csv"
    assert app.get(download, headers=headers, status=200).data == make.SAMPLE.read_bytes()
    for action, data in (
        ("package_show", {"id": old["name"]}),
        ("resource_show", {"id": file}),
        ("package_search", {"fq": f'name:"{old["name"]}"'}),
    ):
        answer = app.post(f"/api/3/action/{action}", json=data, headers=headers, status=200).json
        assert old["id"] in json.dumps(answer["result"])


WRITES = [
    ("package_patch", {"id": "{0}", "title": "Lain"}),
    ("package_patch", {"id": "{0}", "private": True}),
    ("package_delete", {"id": "{0}"}),
    ("resource_patch", {"id": "{1}", "name": "Lain"}),
    ("resource_create", {"package_id": "{0}", "url": "https://example.org/x"}),
    ("datastore_create", {"resource_id": "{1}", "force": True, "fields": []}),
    ("resource_view_create", {"resource_id": "{1}", "title": "x", "view_type": "text_view"}),
]


@pytest.mark.parametrize("locale", ["", "/en"])
@pytest.mark.parametrize("person", ["produsen_data", "sysadmin"])
@pytest.mark.parametrize(("action", "data"), WRITES)
def test_before_the_adoption_writes_are_refused_and_say_how_to_go_on(
    app, city, old, kept, action, data, person, locale
):
    """In the reader's language, with the command that takes it over."""
    from ckan.tests import factories

    tokens = kept.setdefault("tokens", {})
    if person not in tokens:
        tokens[person] = factories.APIToken(user=getattr(city, person))["token"]
    keys = (old["id"], old["resources"][0]["id"])
    filled = {key: one.format(*keys) if isinstance(one, str) else one for key, one in data.items()}
    answer = app.post(
        f"{locale}/api/3/action/{action}",
        json=filled,
        headers={"Authorization": tokens[person]},
        status=None,
    )
    error = answer.json["error"]
    assert (answer.status_code, error["code"]) == (409, ["locked"])
    assert "ckan satudata adopt" in error["message"][0]
    assert ("was public before" if locale else "sudah terbuka sebelum") in error["message"][0]
    context = {"user": "", "use_cache": False}
    model.Session.rollback()
    after = tk.get_action("package_show")(context, {"id": old["id"]})
    assert after == make.call("package_show", None, id=old["id"])
    assert after["title"] == TITLE


def test_before_the_adoption_private_data_is_a_draft(city):
    """Edited at once by the roles, and walked along the road."""
    package = make.dataset(city)
    make.call("package_patch", city.produsen_data, id=package["id"], title="Baru")
    assert make.bring_to(city, package, "submitted")["state"] == "submitted"


@pytest.mark.parametrize("how", ["patch", "update", "revise", "resource", "finish"])
def test_a_draft_of_before_goes_on_and_becomes_private(city, how):
    """Stock CKAN stores a draft as public; nobody saw it, and nobody will unvalidated."""
    package = make.dataset(city, files=0)
    with make.without_triggers("package") as connection:
        text = "UPDATE package SET private = false, state = 'draft' WHERE id = :id"
        connection.execute(sa.text(text), {"id": package["id"]})
    key = package["id"]
    compat.index_dataset(key)
    draft = make.call("package_show", city.produsen_data, id=key)
    assert (draft["private"], draft["state"]) == (False, "draft")
    action, data = {
        "patch": ("package_patch", {"id": key, "notes": "Baru"}),
        "update": ("package_update", {**draft, "notes": "Baru"}),
        "revise": ("package_revise", {"match": {"id": key}, "update": {"notes": "Baru"}}),
        "resource": ("resource_create", {"package_id": key, "url": "https://example.org/x"}),
        "finish": ("package_update", {**draft, "state": "active"}),
    }[how]
    make.call(action, city.produsen_data, **data)
    model.Session.expire_all()
    stored = model.Package.get(key)
    assert stored.private is True
    with pytest.raises(tk.ObjectNotFound):
        make.call("package_show", None, id=key)


def test_check_tells_of_what_waits_and_lets_the_portal_serve(city, old, cli):
    """A warning, no problem."""
    number = adoption.waiting()
    assert number >= 1
    assert startup.problems() == []
    done = cli.invoke(ckan, ["satudata", "check"])
    assert done.exit_code == 0, done.output
    assert f"{number} public datasets wait for adoption" in done.output
    assert "ckan satudata adopt" in done.output


# The adoption
def test_adoption_changes_nothing_that_anybody_reads(app, city):
    """Fields, times, index and files as before; record, event and fingerprint are there."""
    agency = _agency(city)
    package = make.public_before(make.dataset(city, title=TITLE, owner_org=agency))
    key = package["id"]
    before = make.call("package_show", None, id=key)
    search = {"fq": f"id:{key}", "rows": 1}
    found = make.call("package_search", None, **search)["results"][0]

    dry = _adopt(city, agency, dry_run=True)[key]
    assert (dry["result"], dry["fingerprint"]) == ("ready", fingerprint.compute(key))
    assert make.call("satudata_approval_show", city.walidata, id=key)["state"] == "draft"

    row = _adopt(city, agency)[key]
    assert (row["result"], row["fingerprint"]) == ("adopted", dry["fingerprint"])
    assert make.call("package_show", None, id=key) == before
    fresh = {"user": "", "use_cache": False}
    assert tk.get_action("package_show")(fresh, {"id": key}) == before
    again = make.call("package_search", None, **search)["results"][0]
    extras = {one["key"]: one["value"] for one in again.pop("extras")}
    found.pop("extras", None)
    assert again == found
    assert extras["satudata_fingerprint"] == row["fingerprint"]
    assert extras["satudata_letter_number"] == extras["satudata_valid_from"] == ""

    shown = make.call("satudata_approval_show", city.walidata, id=key)
    assert (shown["state"], shown["letter_id"], shown["round"]) == ("published", None, 0)
    (event,) = make.call("satudata_approval_history", city.walidata, id=key)
    assert (event["kind"], event["role"], event["to_state"]) == ("adopt", "sysadmin", "published")
    assert event["user_id"] == model.User.get(city.sysadmin).id
    assert consistency.verify(key) == (1, [])
    assert _adopt(city, agency)[key]["result"] == "already"


def test_adopted_data_is_shown_as_what_it_is(app, city):
    """To everybody and to officials: taken over, no letter, nobody is said to have signed."""
    from ckan.tests import factories

    agency = _agency(city)
    package = make.public_before(make.dataset(city, title=TITLE, owner_org=agency))
    _adopt(city, agency)
    told = "Sudah terbuka sebelum ada alur persetujuan; diadopsi"
    public = app.get(f"/dataset/{package['name']}", status=200).body
    assert told in public
    for wrong in ("Data tervalidasi", "Disahkan oleh", "Diperiksa oleh", "/verifikasi/"):
        assert wrong not in public
    headers = {"Authorization": factories.APIToken(user=city.walidata)["token"]}
    for path in ("", "/persetujuan", "/riwayat"):
        page = app.get(f"/dataset/{package['name']}{path}", headers=headers, status=200).body
        assert told in page or "Diadopsi sebagai data yang sudah terbuka" in page
        assert "terbit setelah pemeriksaan" not in page


def test_adopted_data_is_locked_withdrawn_and_comes_back_by_the_road(app, city):
    """As any published dataset; the notice keeps the title it had."""
    agency = _agency(city)
    city.assign(make.user("kepala"), "kepala_opd", agency)
    package = make.public_before(make.dataset(city, title=TITLE, owner_org=agency))
    key = package["id"]
    _adopt(city, agency)
    with pytest.raises(tk.ValidationError) as refused:
        make.call("package_patch", city.sysadmin, id=key, title="Lain")
    assert refused.value.error_dict["code"] == ["locked"]
    assert "adopt" not in refused.value.error_dict["message"][0]
    make.call("satudata_approval_withdraw", city.walidata, id=key, reason="wrong", notice="Keliru.")
    make.call("package_patch", city.produsen_data, id=key, title="Rahasia Baru")
    body = app.get(f"/dataset/{package['name']}", status=410).body
    assert TITLE in body
    assert "Keliru." in body
    assert "Rahasia" not in body
    with pytest.raises(tk.ObjectNotFound) as gone:
        make.call("package_show", None, id=key)
    assert "Keliru." in str(gone.value)
    assert make.call("satudata_approval_submit", city.produsen_data, id=key)["round"] == 1
    assert consistency.verify(key)[1] == []
    assert _adopt(city, agency)[key]["reason"] == "private"


def test_what_is_not_adopted_says_why(city, unmanaged_types):
    """One dataset in trouble does not stop the others."""
    agency = _agency(city)

    def dataset(**more: Any) -> dict[str, Any]:
        return make.dataset(city, owner_org=agency, **more)

    private, draft = dataset(files=0), dataset(files=0)
    lost, broken, good, was_there, closed = (make.public_before(dataset()) for _number in range(5))
    make.stored(lost["resources"][0]["id"]).unlink()
    path = make.stored(broken["resources"][0]["id"])
    path.unlink()
    path.mkdir()
    with make.without_triggers("package") as connection:
        connection.execute(
            sa.text("UPDATE package SET state = 'draft' WHERE id = :id"), {"id": draft["id"]}
        )
        # It went through the workflow, was withdrawn, and somebody opened it by force.
        connection.execute(
            sa.text(
                "INSERT INTO satudata_publication (id, package_id, fingerprint, kind,"
                " published_at, revoked_at) VALUES (:id, :id, 'x', 'validated', now(), now())"
            ),
            {"id": was_there["id"]},
        )
        connection.execute(
            sa.text("UPDATE package SET type = 'harvest' WHERE id = :id"), {"id": closed["id"]}
        )
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("ckanext.satudata.config.unmanaged_types", lambda: frozenset({"harvest"}))
            rows = _adopt(city, agency, limit=2)
        told = {key: (row["result"], row["reason"]) for key, row in rows.items()}
        assert told == {
            private["id"]: ("skipped", "private"),
            draft["id"]: ("skipped", "draft"),
            lost["id"]: ("skipped", "file_missing"),
            broken["id"]: ("skipped", "unreadable"),
            was_there["id"]: ("skipped", "in_process"),
            closed["id"]: ("skipped", "unmanaged_type"),
            good["id"]: ("adopted", ""),
        }
        assert all(row["text"] for row in rows.values() if row["reason"])
    finally:
        path.rmdir()
        # Its pages belong to a plugin that is not here: no list may come upon it.
        with make.without_triggers("package") as connection:
            connection.execute(
                sa.text("UPDATE package SET type = 'dataset' WHERE id = :id"),
                {"id": closed["id"]},
            )
    # The way out where the file is gone for good: as it is, then withdraw and repair.
    assert _adopt(city, agency, missing_files=True)[lost["id"]]["result"] == "adopted"


def test_stopped_in_the_middle_it_goes_on_where_it_was(city, monkeypatch):
    """Each dataset is a transaction; what was done stays, what was begun does not."""
    agency = _agency(city)
    keys = {
        make.public_before(make.dataset(city, owner_org=agency, files=0))["id"] for _n in range(4)
    }
    whole, calls = adoption.events.append, []

    def killed(*args: Any, **more: Any) -> Any:
        calls.append(args)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return whole(*args, **more)

    monkeypatch.setattr(adoption.events, "append", killed)
    with pytest.raises(KeyboardInterrupt):
        _adopt(city, agency)
    model.Session.remove()
    monkeypatch.undo()
    results = [_adopt(city, agency)[key]["result"] for key in sorted(keys)]
    assert sorted(results) == ["already"] * 4 or results.count("adopted") == 2
    assert all(consistency.verify(key) == (1, []) for key in keys)


def test_two_at_once_adopt_each_dataset_once(city):
    """The second waits for the first and finds it done."""
    agency = _agency(city)
    keys = {
        make.public_before(make.dataset(city, owner_org=agency, files=0))["id"] for _n in range(6)
    }
    found: list[str] = []

    def run() -> None:
        found.extend(row["result"] for row in _adopt(city, agency).values())
        model.Session.remove()

    threads = [threading.Thread(target=run) for _n in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(found) == ["adopted"] * 6 + ["already"] * 6
    assert all(consistency.verify(key) == (1, []) for key in keys)


def test_only_the_administrator_adopts(city):
    """Neither a walidata nor a program that says ``ignore_auth``."""
    for person in (None, city.walidata, city.produsen_data):
        with pytest.raises(tk.NotAuthorized):
            make.call("satudata_portal_adopt", person)
    with pytest.raises(tk.NotAuthorized):
        context = {"user": city.walidata, "ignore_auth": True}
        tk.get_action("satudata_portal_adopt")(context, {})
    with pytest.raises(tk.ValidationError):
        make.call("satudata_portal_adopt", city.sysadmin, limit="banyak")


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_the_command_counts_and_writes_a_report(city, cli, tmp_path, kind):
    """Dry run and real one; exit 1 while something is left."""
    agency, report = _agency(city), tmp_path / f"laporan.{kind}"
    good = make.public_before(make.dataset(city, owner_org=agency))
    lost = make.public_before(make.dataset(city, owner_org=agency))
    make.dataset(city, owner_org=agency, files=0)
    file = make.stored(lost["resources"][0]["id"])
    content = file.read_bytes()
    file.unlink()
    words = ["satudata", "adopt", "--as", city.sysadmin, "--organization", agency]
    words += ["--report", str(report)]

    def run(*more: str, code: int) -> list[str]:
        done = cli.invoke(ckan, [*words, *more])
        assert done.exit_code == code, done.output
        assert ("file_missing: 1" in done.output) is bool(code)
        text = report.read_text(encoding="utf-8")
        rows = json.loads(text) if kind == "json" else list(csv.DictReader(text.splitlines()))
        found = {row["id"]: row["result"] for row in rows}
        assert len(found) == 3
        return [found[one["id"]] for one in (good, lost)]

    assert run("--dry-run", code=1) == ["ready", "skipped"]
    assert run(code=1) == ["adopted", "skipped"]
    file.write_bytes(content)
    assert run(code=0) == ["already", "adopted"]
    wrong = cli.invoke(ckan, [*words[:-1], str(tmp_path / "laporan.txt")])
    assert wrong.exit_code == 2
