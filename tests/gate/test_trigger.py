"""The last line, attacked with SQL: no row becomes public without a publication record.

Out of its reach, and said so in docs/explanation/gate.md: a superuser who sets
``session_replication_role``, and the owner of the tables who drops or disables it.
"""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.satudata.approval import adoption, consistency, gate

from tests import factories as make

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]


@pytest.fixture
def ids(kept, city) -> dict[str, str]:
    """Datasets in the states that are attacked; every attack is rolled back."""
    if "ids" not in kept:
        found = {"draft": make.dataset(city, files=0)["id"]}
        for state in ("submitted", "published", "withdrawn"):
            package = make.dataset(city)
            make.bring_to(city, package, state)
            found[state] = package["id"]
        found["old"] = make.public_before(make.dataset(city, files=0))["id"]
        kept["ids"] = found
    return kept["ids"]


@pytest.fixture
def sql(ids) -> Iterator[Any]:
    """Run statements in one transaction that is rolled back; names of datasets are filled in."""
    model.Session.remove()
    connection = model.Session.get_bind().connect()
    transaction = connection.begin()

    def run(*statements: str) -> Any:
        return [connection.execute(sa.text(one.format(**ids))) for one in statements]

    run.connection = connection  # type: ignore[attr-defined]
    yield run
    transaction.rollback()
    connection.close()


def _refused(run: Any, code: str, *statements: str) -> None:
    with pytest.raises(sa.exc.DBAPIError) as refused:
        run(*statements)
    assert refused.value.orig.pgcode == code


#: The deferred guard of the records is asked at once, as the end of the transaction would.
NOW = "SET CONSTRAINTS ALL IMMEDIATE"
OPEN_HARVEST = "INSERT INTO satudata_unmanaged_type VALUES ('harvest') ON CONFLICT DO NOTHING"
PUBLIC_ROW = "(id, name, type, state, private) VALUES ('{0}', '{0}', 'dataset', 'active', false)"
BECOMES_PUBLIC = {
    "private is false": ["UPDATE package SET private = false WHERE id = '{draft}'"],
    "private is null": ["UPDATE package SET private = NULL WHERE id = '{draft}'"],
    "while submitted": ["UPDATE package SET private = false WHERE id = '{submitted}'"],
    "after the withdrawal": ["UPDATE package SET private = false WHERE id = '{withdrawn}'"],
    "many at once": ["UPDATE package SET private = false"],
    "a new row": [f"INSERT INTO package {PUBLIC_ROW.format('baru')}"],
    "a new row by default": [
        "INSERT INTO package (id, name, type, state) VALUES ('baru', 'baru', 'dataset', 'active')"
    ],
    "a new row without a type": [
        "INSERT INTO package (id, name, state, private) VALUES ('baru', 'baru', 'active', false)"
    ],
    "a row that was there": [
        "INSERT INTO package (id, name, type, state, private)"
        " SELECT id, name, type, state, true FROM package WHERE id = '{draft}'"
        " ON CONFLICT (id) DO UPDATE SET private = false"
    ],
    "an unfinished one": [
        "UPDATE package SET private = false, state = 'draft' WHERE id = '{draft}'",
        "UPDATE package SET state = 'active' WHERE id = '{draft}'",
    ],
    "undeleted after the record was revoked": [
        "UPDATE package SET state = 'deleted' WHERE id = '{published}'",
        "UPDATE satudata_publication SET revoked_at = now() WHERE package_id = '{published}'",
        "UPDATE package SET state = 'active' WHERE id = '{published}'",
    ],
    "another type, step by step": [
        OPEN_HARVEST,
        "UPDATE package SET type = 'harvest' WHERE id = '{draft}'",
        "UPDATE package SET private = false WHERE id = '{draft}'",
        "UPDATE package SET type = 'dataset' WHERE id = '{draft}'",
    ],
    "another type at once": [
        OPEN_HARVEST,
        "UPDATE package SET type = 'harvest', private = false WHERE id = '{draft}'",
    ],
    "from an allow-listed type": [
        OPEN_HARVEST,
        "INSERT INTO package (id, name, type, state, private)"
        " VALUES ('baru', 'baru', 'harvest', 'active', false)",
        "UPDATE package SET type = 'dataset' WHERE id = 'baru'",
    ],
    "an unknown type": ["UPDATE package SET type = 'apa', private = false WHERE id = '{draft}'"],
    "the id of a deleted row": [
        f"INSERT INTO package {PUBLIC_ROW.format('baru').replace('false', 'true')}",
        "INSERT INTO satudata_publication (id, package_id, fingerprint, kind, published_at)"
        " VALUES ('baru', 'baru', 'x', 'validated', now())",
        "UPDATE package SET private = false WHERE id = 'baru'",
        "DELETE FROM package WHERE id = 'baru'",
        f"INSERT INTO package {PUBLIC_ROW.format('baru')}",
    ],
    "the id of a public row": [
        f"INSERT INTO package {PUBLIC_ROW.format('baru').replace('false', 'true')}",
        "INSERT INTO satudata_publication (id, package_id, fingerprint, kind, published_at)"
        " VALUES ('baru', 'baru', 'x', 'validated', now())",
        "UPDATE package SET private = false WHERE id = 'baru'",
        "UPDATE package SET id = 'pindah', name = 'pindah' WHERE id = 'baru'",
    ],
}


@pytest.mark.parametrize("way", BECOMES_PUBLIC)
def test_no_row_becomes_public(sql, way):
    """Each way ends at the statement that would do it."""
    *before, last = BECOMES_PUBLIC[way]
    if way == "another type, step by step":
        before, last = before[:1], before[1]
    sql(*before)
    _refused(sql, "SD001", last)


def test_no_row_becomes_public_by_copy(sql):
    """COPY fires the trigger as INSERT does."""
    cursor = sql.connection.connection.cursor()
    columns = "id, name, type, state, private"
    with pytest.raises(Exception, match="no publication record") as refused:
        cursor.copy_expert(
            f"COPY package ({columns}) FROM STDIN", io.StringIO("baru\tbaru\tdataset\tactive\tf\n")
        )
    assert refused.value.pgcode == "SD001"


RECORD_GOES = {
    "revoked": "UPDATE satudata_publication SET revoked_at = now()"
    " WHERE package_id = '{published}'",
    "deleted": "DELETE FROM satudata_publication WHERE package_id = '{published}'",
    "given away": "UPDATE satudata_publication SET package_id = 'lain'"
    " WHERE package_id = '{published}'",
    "truncated": "TRUNCATE satudata_publication",
}


@pytest.mark.parametrize("way", RECORD_GOES)
def test_the_record_of_a_public_dataset_stays(sql, way):
    """Else a public dataset would have nothing to show for it."""
    _refused(sql, "SD003", RECORD_GOES[way], NOW)


def test_record_and_dataset_go_together(sql):
    """In one transaction, in either order: that is what a withdrawal does."""
    sql(
        RECORD_GOES["revoked"],
        "UPDATE package SET private = true WHERE id = '{published}'",
        NOW,
    )


def test_what_is_public_can_be_migrated(sql):
    """Core's migrations update every row, with or without a record."""
    sql(
        "UPDATE package SET metadata_modified = now()",
        "ALTER TABLE package ALTER COLUMN version TYPE varchar(200)",
    )


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        (
            "UPDATE package SET owner_org = 'lain' WHERE id = '{published}'",
            "belongs to another agency than when submitted",
        ),
        (
            "DELETE FROM satudata_publication WHERE package_id = '{published}'",
            "public without a publication record",
        ),
        (
            "UPDATE satudata_approval SET state = 'returned' WHERE package_id = '{published}'",
            "ends published, but the approval is returned",
        ),
        (
            "DELETE FROM satudata_approval WHERE package_id = '{published}'",
            "9 steps, but the approvals made 0",
        ),
    ],
)
def test_what_no_trigger_sees_is_noticed(city, ids, statement, reason):
    """By ``history verify``, and the dataset stays locked meanwhile."""
    tables = ("package", "satudata_publication", "satudata_approval")
    key, waiting = ids["published"], adoption.waiting()
    kept: dict[str, list[Any]] = {}
    with make.without_triggers(*tables) as connection:
        for table in tables:
            column = "id" if table == "package" else "package_id"
            query = f"SELECT * FROM {table} WHERE {column} = :key"
            rows = connection.execute(sa.text(query), {"key": key})
            kept[table] = [dict(row._mapping) for row in rows]
        connection.execute(sa.text(statement.format(**ids)))
    try:
        steps = len(make.call("satudata_approval_history", city.sysadmin, id=key))
        breaks = consistency.verify(key)[1]
        assert [one.reason for one in breaks] == [reason.replace("9", str(steps))]
        assert consistency.verify()[1] == breaks
        assert gate.locked_state(key) == "published"
        model.Session.rollback()
        assert adoption.waiting() <= waiting + 1
        row = _adopted(city, key)
        assert row["result"] in ("already", "skipped")
    finally:
        with make.without_triggers(*tables) as connection:
            _restore(connection, key, kept)
    assert consistency.verify(key)[1] == []


def _adopted(city: make.City, key: str) -> dict[str, Any]:
    page = make.call("satudata_portal_adopt", city.sysadmin, dry_run=True, limit=500)
    return next(row for row in page["rows"] if row["id"] == key)


def _restore(connection: Any, key: str, kept: dict[str, list[Any]]) -> None:
    metadata = sa.MetaData()
    for table, rows in kept.items():
        found = sa.Table(table, metadata, autoload_with=connection)
        if table == "package":
            values = {"owner_org": rows[0]["owner_org"]}
            connection.execute(sa.update(found).where(found.c.id == key).values(values))
            continue
        connection.execute(sa.delete(found).where(found.c.package_id == key))
        connection.execute(sa.insert(found), rows)


# The refusal reaches people as words
@pytest.fixture
def no_gate(monkeypatch) -> None:
    """The lines before the trigger are gone, as with a plugin that goes around them."""
    monkeypatch.setattr(gate, "_keep_private", lambda *_args: None)
    monkeypatch.setattr(gate, "guard_entity", lambda *_args, **_more: None)


def _wishes(key: str, city: make.City) -> dict[str, tuple[str, dict[str, Any]]]:
    agency = make.call("organization_show", city.sysadmin, id=city.opd)["id"]
    new = {"name": f"baru-{uuid.uuid4().hex[:8]}", "owner_org": agency, "private": False}
    shown = make.call("package_show", city.sysadmin, id=key)
    return {
        "create": ("package_create", {**new, "title": "Baru"}),
        "patch": ("package_patch", {"id": key, "private": False}),
        "update": ("package_update", {**shown, "private": False}),
        "revise": ("package_revise", {"match": {"id": key}, "update": {"private": False}}),
        "bulk": ("bulk_update_public", {"datasets": [key], "org_id": agency}),
    }


@pytest.mark.parametrize("ignore_auth", [False, True])
@pytest.mark.parametrize("wish", ["create", "patch", "update", "revise", "bulk"])
def test_the_refusal_of_the_trigger_is_a_validation_error(city, ids, no_gate, wish, ignore_auth):
    """With ``ignore_auth`` too; the row stays private, the next call works."""
    action, data = _wishes(ids["draft"], city)[wish]
    with pytest.raises(tk.ValidationError) as refused:
        tk.get_action(action)({"user": city.sysadmin, "ignore_auth": ignore_auth}, data)
    assert refused.value.error_dict["code"] == ["private_required"]
    assert refused.value.error_dict["private"][0]
    model.Session.expire_all()
    assert model.Package.get(ids["draft"]).private is True
    found = make.call("package_search", None, fq=f"id:{ids['draft']}")
    assert found["count"] == 0


def test_the_refusal_of_the_trigger_is_said_by_api_and_page(app, city, ids, no_gate):
    """409 and the form with the sentence; no 500."""
    from ckan.tests import factories

    headers = {"Authorization": factories.APIToken(user=city.produsen_data)["token"]}
    data = {"id": ids["draft"], "private": False}
    answer = app.post("/api/3/action/package_patch", json=data, headers=headers, status=409)
    sentence = answer.json["error"]["private"][0]
    package = make.call("package_show", city.produsen_data, id=ids["draft"])
    form = {key: value for key, value in package.items() if isinstance(value, str)}
    page = app.post(
        f"/dataset/edit/{package['name']}",
        data={**form, "private": "False", "save": "go"},
        headers=headers,
        status=200,
    )
    assert sentence in page.body


@pytest.mark.parametrize("path", ["/", "/api/3/action/apa"])
def test_code_that_goes_around_the_actions_gets_words_too(app, sql, path):
    """A view of another plugin that writes SQL itself."""
    with pytest.raises(sa.exc.DBAPIError) as refused:
        sql(*BECOMES_PUBLIC["private is false"])
    with app.flask_app.test_request_context(path):
        answer = app.flask_app.make_response(app.flask_app.handle_user_exception(refused.value))
        assert answer.status_code == (409 if path.startswith("/api") else 302)
        assert answer.status_code == 302 or answer.json["error"]["code"] == ["private_required"]
    other = sa.exc.DBAPIError("SELECT", {}, Exception("lain"))
    with app.flask_app.test_request_context(path), pytest.raises(sa.exc.DBAPIError):
        app.flask_app.handle_user_exception(other)


def test_a_purged_dataset_leaves_no_record_for_another_content(city):
    """The same id, made again with other content, is private like any new one."""
    package = make.dataset(city)
    key = package["id"]
    make.bring_to(city, package, "withdrawn")
    make.call("package_delete", city.produsen_data, id=key)
    make.call("dataset_purge", city.sysadmin, id=key)
    again = {"id": key, "name": package["name"], "title": "Isi Lain", "owner_org": city.opd}
    with pytest.raises(tk.ValidationError):
        make.call("package_create", city.sysadmin, **again, private=False)
    made = make.call("package_create", city.sysadmin, **again)
    assert (made["id"], made["private"]) == (key, True)
    with pytest.raises(tk.ObjectNotFound):
        make.call("package_show", None, id=key)
