"""People, agencies and datasets for tests, made through the actions."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from werkzeug.datastructures import FileStorage

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.tests import factories

from ckanext.satudata.approval import publication
from ckanext.satudata.common import clock, compat
from ckanext.satudata.storage import service as storage

from demo import signing
from tests.kegiatan import KEGIATAN, VARIABEL

#: A real CSV; its source is named beside it.
SAMPLE = Path(__file__).parent.parent / "samples" / "jabar-penduduk-jenis-kelamin.csv"
CHECKLIST = dict.fromkeys(
    ("standar_data", "metadata", "interoperabilitas", "kode_referensi", "privasi"), "ok"
)
#: What the scheme demands before a dataset is submitted.
COMPLETE = {
    "notes": "Jumlah penduduk menurut jenis kelamin.",
    "temporal_start": "2026-01-01",
    "temporal_end": "2026-12-31",
    "konsep": "Penduduk",
    "definisi": "Orang yang berdomisili di wilayah itu",
    "klasifikasi": "Jenis kelamin",
    "ukuran": "Jumlah",
    "satuan": "jiwa",
    "jenis": "variabel",
    "accrualPeriodicity": "tahunan",
    "accessRights": "terbuka",
    **KEGIATAN,
}


def _page() -> bytes:
    """One empty page, as PDF with a cross-reference table."""
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>",
    ]
    text, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, start=1):
        places.append(len(text))
        text += b"%d 0 obj%sendobj\n" % (number, part)
    start = len(text)
    text += b"xref\n0 4\n0000000000 65535 f \n"
    text += b"".join(b"%010d 00000 n \n" % place for place in places)
    return text + b"trailer<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % start


#: A letter without, and one with an electronic signature.
PDF = _page()
SIGNED = signing.sign(PDF, "Kepala Dinas Kesehatan")


def signed() -> bytes:
    """A signed letter of its own: one file is one letter."""
    return signing.sign(PDF, "Kepala Dinas Kesehatan")


def upload(content: bytes, name: str) -> FileStorage:
    """A file as a form sends it."""
    return FileStorage(stream=io.BytesIO(content), filename=name)


def call(action: str, caller: str | None, /, **data: Any) -> Any:
    """Call an action as a person, with every check; None is anonymous."""
    model.Session.rollback()
    return tk.get_action(action)({"user": caller or ""}, data)


@dataclass
class City:
    """Two agencies with their people, and the people of the city.

    Attributes:
        opd: name of the first agency; ``other`` of the second.
        people: role code → user name (of the first agency where the role has one);
            ``other_produsen``, ``other_kepala``, ``walidata2``, ``outsider``,
            ``sysadmin`` too.
    """

    opd: str = ""
    other: str = ""
    people: dict[str, str] = field(default_factory=dict)

    def __getattr__(self, name: str) -> str:
        try:
            return self.__dict__["people"][name]
        except KeyError as error:
            raise AttributeError(name) from error

    def assign(self, person: str, role: str, opd: str | None = None, **more: Any) -> Any:
        """Give a role as sysadmin."""
        return call(
            "satudata_role_assign",
            self.sysadmin,
            user=person,
            role=role,
            organization=opd,
            decree="SK 1/2026",
            **more,
        )


def user(prefix: str, **more: Any) -> str:
    """A person with an account and no role; the name begins with ``prefix``."""
    name = f"{prefix}-{uuid.uuid4().hex[:8]}"
    return factories.User(name=name, email=f"{name}@example.org", **more)["name"]


def city() -> City:
    """Make a city with names of its own, so that many fit into one database."""
    made = City()
    made.people["sysadmin"] = user("sysadmin", sysadmin=True)
    for key, title in (("opd", "Dinas Kesehatan"), ("other", "Dinas Pendidikan")):
        name = f"{key}-{uuid.uuid4().hex[:8]}"
        call("organization_create", made.sysadmin, name=name, title=title)
        setattr(made, key, name)
    for code in ("produsen_data", "walidata_pendukung", "kepala_opd"):
        made.people[code] = user(code)
        made.assign(made.people[code], code, made.opd)
    for key, code in (("other_produsen", "produsen_data"), ("other_kepala", "kepala_opd")):
        made.people[key] = user(key)
        made.assign(made.people[key], code, made.other)
    for code in ("walidata", "pembina_data", "sekretariat", "pimpinan_daerah"):
        made.people[code] = user(code)
        made.assign(made.people[code], code)
    made.people["walidata2"] = user("walidata2")
    made.assign(made.people["walidata2"], "walidata")
    made.people["outsider"] = user("outsider")
    return made


def dataset(of: City, *, files: int = 1, **values: Any) -> dict[str, Any]:
    """A private dataset of the first agency with files, made by its producer."""
    name = values.pop("name", f"data-{uuid.uuid4().hex[:8]}")
    if values.get("accessRights", "terbuka") != "terbuka":
        values = {"dasar_pembatasan": "UU 14/2008 pasal 17 huruf h", **values}
    package = call(
        "package_create",
        of.produsen_data,
        **{"name": name, "title": "Jumlah Penduduk", "owner_org": of.opd, **COMPLETE, **values},
    )
    for number in range(files):
        call(
            "resource_create",
            of.produsen_data,
            package_id=package["id"],
            name=f"Penduduk {number + 1}",
            format="CSV",
            url="penduduk.csv",
            upload=upload(SAMPLE.read_bytes(), "penduduk.csv"),
            variabel=[VARIABEL],
        )
    return call("package_show", of.produsen_data, id=package["id"])


def bring_to(of: City, package: dict[str, Any], state: str) -> dict[str, Any]:
    """Walk a dataset along the road up to a state; answers the approval."""
    key = package["id"]

    def do(name: str, person: str, **more: Any) -> dict[str, Any]:
        return call(f"satudata_approval_{name}", person, id=key, **more)

    if state == "cancelled":
        do("submit", of.produsen_data)
        return do("cancel", of.walidata, comment="Salah unggah")
    steps = ["submitted", "awaiting_validation", "validated", "published", "withdrawn"]
    approval = do("submit", of.produsen_data)
    if state == "returned":
        do("claim", of.walidata)
        finding = {"code": "other", "field": "title", "comment": "Perbaiki"}
        return do("return", of.walidata, findings=[finding])
    if steps.index(state) >= 1:
        do("claim", of.walidata)
        approval = do("confirm", of.walidata, checklist=CHECKLIST)
    if steps.index(state) >= 2:
        approval = validate(of, key)
    if steps.index(state) >= 3:
        approval = do("publish", of.walidata)
    if steps.index(state) >= 4:
        approval = do("withdraw", of.walidata, reason="wrong", notice="Angka keliru.")
    return approval


def due() -> list[str]:
    """Ids of the datasets that the tick would publish now."""
    return [key for group in publication.due() for key in group]


def validate(of: City, key: str, person: str | None = None, **more: Any) -> Any:
    """Validate with a signed PDF, as head of the agency."""
    values = {
        "number": f"400.7/{uuid.uuid4().hex[:8]}",
        "date": clock.today().isoformat(),
        "upload": upload(signed(), "surat.pdf"),
        **more,
    }
    return call("satudata_approval_validate", person or of.kepala_opd, id=key, **values)


@contextmanager
def without_triggers(*tables: str) -> Iterator[Any]:
    """A connection for which triggers of ours are switched off, as the database's owner can."""
    model.Session.remove()
    with model.Session.get_bind().begin() as connection:
        # A session left open fails the test instead of stopping the suite.
        connection.execute(sa.text("SET LOCAL lock_timeout = '30s'"))
        for table in tables:
            connection.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        yield connection
        for table in tables:
            connection.execute(sa.text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))


def public_before(package: dict[str, Any]) -> dict[str, Any]:
    """Make a dataset one that was public before the workflow came: no record, no history.

    Its files lie where stock CKAN puts them.
    """
    for resource in package["resources"]:
        source = storage.open_resource(resource["id"])
        if source is not None:
            path = stored(resource["id"])
            path.parent.mkdir(parents=True, exist_ok=True)
            with source:
                path.write_bytes(source.read())
    with without_triggers("package") as connection:
        for statement in (
            "UPDATE package SET private = false WHERE id = :id",
            "DELETE FROM satudata_preparer WHERE package_id = :id",
            "DELETE FROM satudata_file_pointer WHERE package_id = :id",
        ):
            connection.execute(sa.text(statement), {"id": package["id"]})
    compat.index_dataset(package["id"])
    return {**package, "private": False}


def stored(resource_id: str) -> Path:
    """Where stock CKAN keeps the bytes of an uploaded file."""
    parts = ("resources", resource_id[:3], resource_id[3:6], resource_id[6:])
    return Path(tk.config["ckan.storage_path"]).joinpath(*parts)
