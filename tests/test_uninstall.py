"""The instructions of docs/howto/uninstall.md, followed: what was private stays private."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from ckan import model
from ckan import plugins as p
from ckan.cli.cli import ckan
from ckan.plugins import toolkit as tk
from ckan.tests import factories, helpers

from ckanext.satudata.approval import adoption, consistency
from ckanext.satudata.approval.checks import trigger_is_alive

from tests import conftest
from tests import factories as make

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")]

FILE = "/dataset/{0}/resource/{1}/download/penduduk.csv"


@pytest.fixture
def without(monkeypatch, tmp_path, cli) -> Iterator[Any]:
    """Take the plugin out of ``ckan.plugins`` and put it back, as a restart does."""
    listed = list(p.toolkit.config["ckan.plugins"])
    told = cli.invoke(ckan, ["satudata", "scheme", str(tmp_path)])
    assert not told.exit_code, told.output
    schemes = dict(line.split(" = ", 1) for line in told.output.splitlines() if " = " in line)
    stock = {option: tk.config[option] for option in schemes}

    def switch(on: bool) -> Any:
        model.Session.remove()
        wanted = listed if on else [one for one in listed if one != "satudata"]
        monkeypatch.setitem(tk.config, "ckan.plugins", wanted)
        for option, value in schemes.items():
            monkeypatch.setitem(
                tk.config,
                option,
                stock[option]
                if on
                else type(stock[option])(value)
                if isinstance(stock[option], str)
                else [value],
            )
        p.unload_all()
        p.load_all()
        return helpers._get_test_app()

    yield switch
    conftest.migrate("satudata", "head")


def _tables() -> set[str]:
    with model.Session.get_bind().connect() as connection:
        return {
            one
            for one in sa.inspect(connection).get_table_names()
            if one.startswith("satudata_") and one != "satudata_alembic_version"
        }


def _left() -> list[str]:
    """Triggers and functions of ours in the database."""
    query = (
        "SELECT tgname FROM pg_trigger WHERE tgname LIKE 'satudata%'"
        " UNION SELECT proname FROM pg_proc WHERE proname LIKE 'satudata%'"
    )
    with model.Session.get_bind().connect() as connection:
        return list(connection.execute(sa.text(query)).scalars())


def test_out_and_in_again(without, cli):
    """Downgrade, switch off, work with stock CKAN; later switch on, upgrade, adopt."""
    city = make.city()
    opened, hidden = make.dataset(city), make.dataset(city)
    make.bring_to(city, opened, "published")
    make.bring_to(city, hidden, "submitted")

    # Out: files and migrations first, while CKAN still knows the plugin.
    done = cli.invoke(ckan, ["satudata", "storage", "restore"])
    assert done.exit_code == 0, done.output
    model.Session.remove()
    done = cli.invoke(ckan, ["db", "downgrade", "-p", "satudata"])
    assert done.exit_code == 0, done.output
    assert (_tables(), _left()) == (set(), [])
    app = without(False)
    assert "satudata_approval_show" not in _actions()

    # What was public is public, what was private is private, for everybody.
    token = factories.APIToken(user=city.sysadmin)["token"]
    official = {"Authorization": token}
    page = app.get(f"/dataset/{opened['name']}", status=200).body
    assert "Jumlah Penduduk" in page
    app.get(f"/dataset/{hidden['name']}", status=404)
    found = app.get("/api/3/action/package_search", status=200).json["result"]
    assert [one["id"] for one in found["results"]] == [opened["id"]]
    for one, headers in ((opened, {}), (opened, official), (hidden, official)):
        path = FILE.format(one["id"], one["resources"][0]["id"])
        assert app.get(path, headers=headers, status=200).data == make.SAMPLE.read_bytes()
    answer = app.get(FILE.format(hidden["id"], hidden["resources"][0]["id"]), status=None)
    assert answer.status_code in (403, 404)

    # Stock CKAN again: editing, forms, and becoming public at a word.
    app.get(f"/dataset/edit/{opened['name']}", headers=official, status=200)
    _call("package_patch", city.produsen_data, id=opened["id"], notes="Tanpa alur")
    new = _call("package_create", city.produsen_data, name="baru", title="Baru", owner_org=city.opd)
    assert new["private"] is False
    upload = make.upload(make.SAMPLE.read_bytes(), "penduduk.csv")
    _call("resource_create", city.produsen_data, package_id=new["id"], name="A", upload=upload)

    # In again: nothing goes off line, and what is public waits for adoption.
    without(True)
    model.Session.remove()
    done = cli.invoke(ckan, ["db", "upgrade", "-p", "satudata"])
    assert done.exit_code == 0, done.output
    assert list(trigger_is_alive()) == []
    assert adoption.waiting() == 2
    assert make.call("package_show", None, id=new["id"])["id"] == new["id"]
    with pytest.raises(tk.ValidationError) as refused:
        make.call("package_patch", city.sysadmin, id=new["id"], title="Lain")
    assert "ckan satudata adopt" in refused.value.error_dict["message"][0]
    page = make.call("satudata_portal_adopt", city.sysadmin)
    results = {row["id"]: row["result"] for row in page["rows"]}
    assert results == {opened["id"]: "adopted", new["id"]: "adopted", hidden["id"]: "skipped"}
    assert consistency.verify() == (2, [])
    make.call("package_patch", city.sysadmin, id=hidden["id"], title="Draf lagi")


def _actions() -> dict[str, Any]:
    from ckan import logic

    tk.get_action("package_show")
    return logic._actions


def _call(action: str, person: str, **data: Any) -> Any:
    model.Session.rollback()
    return tk.get_action(action)({"user": person}, data)
