"""A dataset that uses every part a fingerprint covers, the same on every portal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.satudata.storage import service as storage

from tests import factories as make

#: Fixed, because the fingerprint names the agency and related datasets by id.
AGENCY = "5b0b9c52-35a4-4b57-8f0e-6f2f7c1d9a01"
RELATED = "9d1f3a70-1f6e-4c55-9a57-0c6a4d2b7e02"
CSV = "kelurahan,jumlah\nBendogerit,9.876\nCafé,0.10\n".encode()
FIELDS = [
    {"id": "Kelurahan", "type": "text", "info": {"label": "Kelurahan", "notes": "Nama resmi"}},
    {"id": "Luas (%)", "type": "numeric"},
    {"id": "rata", "type": "float8"},
    {"id": "n", "type": "int4"},
    {"id": "kosong", "type": "text"},
    {"id": "pada", "type": "timestamptz"},
    {"id": "hari", "type": "date"},
    {"id": "rinci", "type": "json"},
    {"id": "label", "type": "_text"},
    {"id": "sah", "type": "bool"},
]
ROWS = [
    {
        "Kelurahan": "Bendogerit",
        "Luas (%)": "12.50",
        "rata": 0.1,
        "n": 1,
        "kosong": "",
        "pada": "2026-01-01T07:00:00+07:00",
        "hari": "2026-01-31",
        "sah": True,
        "rinci": {"b": 1.0, "a": [1, None]},
        "label": ["x", "y"],
    },
    {
        "Kelurahan": "Cafe\u0301",
        "Luas (%)": "1e3",
        "rata": 1e300,
        "n": -7,
        "kosong": None,
        "pada": None,
        "hari": None,
        "sah": None,
        "rinci": None,
        "label": None,
    },
]


def city_with_agency() -> make.City:
    """A city whose first agency has the fixed id, whatever ran before."""
    city = make.city()
    found = model.Group.get(AGENCY)
    name = found.name if found else f"tetap-{make.uuid.uuid4().hex[:8]}"
    if found is None:
        make.call(
            "organization_create", city.sysadmin, id=AGENCY, name=name, title="Dinas Kesehatan"
        )
    city.opd = name
    for code in ("produsen_data", "walidata_pendukung", "kepala_opd"):
        city.assign(city.people[code], code, name)
    return city


def rows(city: make.City, resource: str, **more: Any) -> None:
    """Put rows into the DataStore, as xloader does; no worker runs in these tests."""
    values = {"fields": FIELDS, "records": ROWS, **more}
    context = {"ignore_auth": True, "user": city.sysadmin}
    tk.get_action("datastore_create")(context, {"resource_id": resource, "force": True, **values})


def dataset(city: make.City, *, related: bool = False, **values: Any) -> dict[str, Any]:
    """A draft with files, a link, rows, dictionary, views, tags.

    Args:
        city: as of :func:`city_with_agency`.
        related: with a relationship too. CKAN 2.12 cannot index such a dataset
            (KeyError ``object_package_id``), so it is not for publication.
        **values: further metadata.
    """
    if related and model.Package.get(RELATED) is None:
        make.call(
            "package_create",
            city.sysadmin,
            id=RELATED,
            name=f"terkait-{make.uuid.uuid4().hex[:8]}",
            title="Terkait",
            **{"owner_org": city.opd, **make.COMPLETE},
        )
    package = make.dataset(
        city,
        files=0,
        tag_string="penduduk,Blitar Raya",
        author="Dinas Kesehatan",
        license_id="cc-by",
        **values,
    )
    key = package["id"]
    first = make.call(
        "resource_create",
        city.produsen_data,
        package_id=key,
        name="Luas",
        format="CSV",
        url="luas.csv",
        upload=make.upload(CSV, "luas.csv"),
        variabel=[make.VARIABEL],
    )
    make.call(
        "resource_create",
        city.produsen_data,
        package_id=key,
        name="Rujukan",
        format="HTML",
        url="https://example.org/a",
        catatan={"b": 1.0, "a": [0.1 + 0.2, None, ""]},
    )
    rows(city, first["id"])
    for number, kind in enumerate(("datatables_view", "text_view")):
        make.call(
            "resource_view_create",
            city.produsen_data,
            resource_id=first["id"],
            view_type=kind,
            title=f"Tampilan {number}",
            **({"show_fields": ["Kelurahan"]} if kind == "datatables_view" else {}),
        )
    if related:
        make.call(
            "package_relationship_create",
            city.sysadmin,
            subject=key,
            object=RELATED,
            type="links_to",
            comment="Sumber",
        )
    return make.call("package_show", city.produsen_data, id=key)


def sql(text: str, **values: Any) -> None:
    """Change CKAN's database past everything that asks the gate."""
    model.Session.rollback()
    done = model.Session.execute(sa.text(text), values)
    assert done.rowcount == 1, text
    model.Session.commit()
    model.Session.expire_all()


def store_sql(text: str, **values: Any) -> None:
    """Change the DataStore's database past everything that asks the gate."""
    from ckanext.datastore.backend.postgres import get_write_engine

    with get_write_engine().begin() as connection:
        connection.execute(sa.text(text), values)


def path(resource: str) -> str:
    """Where the bytes of a file lie on disk."""
    with storage.open_resource(resource) as stored:
        found = getattr(stored, "name", None)
    assert isinstance(found, str), "the stored file has no path on this storage"
    return found


def _extra(key: str, resource: str, value: str) -> None:
    if tk.check_ckan_version("2.12"):
        text = "UPDATE package SET extras = jsonb_set(extras, '{satuan}', to_jsonb(cast(:value AS"
        sql(f"{text} text))) WHERE id = :key", key=key, value=value)
    else:
        text = "UPDATE package_extra SET value = :value WHERE package_id = :key AND key = 'satuan'"
        sql(text, key=key, value=value)


def _bytes(key: str, resource: str, value: str) -> None:
    with open(path(resource), "r+b") as target:
        target.seek(-2, 2)
        target.write(b"7" if value == "x" else b"0")


def _ckan(text: str, first: str, then: str) -> tuple[Callable[..., None], str, str]:
    """An attack on CKAN's database: :key is the dataset, :file its first file."""

    def change(key: str, resource: str, value: str) -> None:
        given = {"key": key, "file": resource, "value": value}
        sql(text, **{name: one for name, one in given.items() if f":{name}" in text})

    return change, first, then


def _store(text: str, back: str) -> tuple[Callable[..., None], str, str]:
    """An attack on the DataStore and its repair: {} is the table."""

    def change(key: str, resource: str, value: str) -> None:
        # A colon would be a parameter.
        store_sql(value.format(f'"{resource}"').replace(":", "\\:"))

    return change, text, back


#: What is changed → (how, what it is set to, what it was). The first file has rows.
ATTACKS: dict[str, tuple[Callable[..., None], str, str]] = {
    "title": _ckan("UPDATE package SET title = :value WHERE id = :key", "x", "Jumlah Penduduk"),
    "license": _ckan("UPDATE package SET license_id = :value WHERE id = :key", "cc-nc", "cc-by"),
    "agency": _ckan("UPDATE package SET owner_org = :value WHERE id = :key", "x", AGENCY),
    "extra": (_extra, "x", "jiwa"),
    "tag": _ckan(
        "UPDATE package_tag SET state = :value WHERE package_id = :key"
        " AND tag_id = (SELECT id FROM tag WHERE name = 'penduduk')",
        "deleted",
        "active",
    ),
    "relationship": _ckan(
        "UPDATE package_relationship SET type = :value WHERE subject_package_id = :key",
        "depends_on",
        "links_to",
    ),
    "name of a file": _ckan("UPDATE resource SET name = :value WHERE id = :file", "x", "Luas"),
    "file away": _ckan("UPDATE resource SET state = :value WHERE id = :file", "deleted", "active"),
    "order of files": _ckan(
        "UPDATE resource SET position = cast(:value AS int) WHERE id = :file", "7", "0"
    ),
    "extra of a file": _ckan(
        "UPDATE resource SET extras = :value WHERE package_id = :key AND name = 'Rujukan'",
        '{"catatan": {"a": [0.31, null, ""], "b": 1}}',
        '{"catatan": {"a": [0.30000000000000004, null, ""], "b": 1}}',
    ),
    "link": _ckan(
        "UPDATE resource SET url = :value WHERE package_id = :key AND name = 'Rujukan'",
        "https://example.org/b",
        "https://example.org/a",
    ),
    "byte of a file": (_bytes, "x", "back"),
    "view": _ckan(
        "UPDATE resource_view SET config = :value"
        " WHERE resource_id = :file AND view_type = 'text_view'",
        '{"x": 1}',
        "{}",
    ),
    "order of views": _ckan(
        'UPDATE resource_view SET "order" = cast(:value AS int)'
        " WHERE resource_id = :file AND view_type = 'text_view'",
        "-1",
        "1",
    ),
    "cell": _store(
        'UPDATE {} SET "Luas (%)" = 12.51 WHERE n = 1',
        'UPDATE {} SET "Luas (%)" = 12.5 WHERE n = 1',
    ),
    "row more": _store("INSERT INTO {} (n) VALUES (99)", "DELETE FROM {} WHERE n = 99"),
    "order of rows": _store(
        "UPDATE {} SET _id = 1000 WHERE n = 1", "UPDATE {} SET _id = 1 WHERE n = 1"
    ),
    "JSON cell": _store(
        """UPDATE {} SET rinci.json = '[1]' WHERE n = 1""",
        """UPDATE {} SET rinci.json = '{{"a": [1, null], "b": 1.0}}' WHERE n = 1""",
    ),
    "type": _store("ALTER TABLE {} ALTER n TYPE bigint", "ALTER TABLE {} ALTER n TYPE integer"),
    "column name": _store("ALTER TABLE {} RENAME n TO jumlah", "ALTER TABLE {} RENAME jumlah TO n"),
    "dictionary": _store(
        """COMMENT ON COLUMN {}."Kelurahan" IS ' {{"_info": {{"label": "x"}}}}'""",
        'COMMENT ON COLUMN {}."Kelurahan" IS'
        """ ' {{"_info": {{"notes": "Nama resmi", "label": "Kelurahan"}}}}'""",
    ),
    "table away": _store(
        'ALTER TABLE {} RENAME TO "disembunyikan"', 'ALTER TABLE "disembunyikan" RENAME TO {}'
    ),
}


def attack(name: str, package: dict[str, Any]) -> None:
    """Change a part as somebody would who has the databases and the disk."""
    change, value, _back = ATTACKS[name]
    change(package["id"], package["resources"][0]["id"], value)


def repair(name: str, package: dict[str, Any]) -> None:
    """Put back what :func:`attack` changed."""
    change, _value, back = ATTACKS[name]
    change(package["id"], package["resources"][0]["id"], back)
