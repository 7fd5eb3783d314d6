"""Columns that are not open: the public copy, the original, the table, the submission."""

from __future__ import annotations

import io
import logging
import threading
import tracemalloc
from typing import Any

import pytest
from werkzeug.serving import make_server

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.satudata.approval import access
from ckanext.satudata.common import csvs, files
from ckanext.satudata.metadata import columns
from ckanext.satudata.storage import service

from tests import factories as make

pytestmark = pytest.mark.both

FULL = b'nama;NIK;jumlah\r\nMawar;3572010101;1\r\n"Jl. A; B";3572010102;2\r\n'
WITHOUT = b'nama;jumlah\r\nMawar;1\r\n"Jl. A; B";2\r\n'
SECRET = b"35720101"
NIK = {**make.VARIABEL, "kolom": " nik ", "akses": "tertutup"}


@pytest.mark.parametrize(
    ("content", "out", "copy"),
    [
        (FULL, ["nik"], WITHOUT),
        (b"\xef\xbb\xbfnik,nama\n1,\xc3\xa9\n", ["NIK"], b"\xef\xbb\xbfnama\n\xc3\xa9\n"),
        ("nik\tnama\n1\té\n".encode("cp1252"), ["nik"], "nama\né\n".encode("cp1252")),
        (b'a,nik,b\n1,"x,\n""y",2\n', ["nik"], b"a,b\n1,2\n"),
        (b"nik,a,nik\n1,2,3\n", ["nik"], b"a\n2\n"),
        (b"a;b,nik\n1;2,3\n", ["nik"], b"a;b\n1;2\n"),
        (b"a,nik\n1,2\n\n3,4", ["nik"], b"a\n1\n3\n"),
        (b"a,nik\n1,2,3\n", ["nik"], "row"),
        (b"a,nik,b\n1,2\n", ["nik"], "row"),
        (b'a,nik\n1,"x\n', ["nik"], "row"),
        (b"a, b\n1,2\n", ["nik"], "column"),
        (b"Tabel 1\na,nik\n1,2\n", ["nik"], "column"),
        (b"", ["nik"], "column"),
        (b"nik\n1\n", ["nik"], "all"),
        (b"PK\x03\x04nik", ["nik"], "format"),
        ("nik,a\n1,2\n".encode("utf-16"), ["nik"], "format"),
        (b"nik,a\n1,\x81\n", ["nik"], "encoding"),
    ],
)
def test_a_copy_is_certain_or_not_made(content, out, copy):
    """Encodings, separators, quotes; no copy where a cell could stand in a wrong place."""
    if isinstance(copy, bytes):
        with csvs.without(io.BytesIO(content), out) as made:
            assert made.read() == copy
        return
    with pytest.raises(csvs.NoCopyError) as refused:
        csvs.without(io.BytesIO(content), out)
    assert refused.value.code == copy


def test_memory_is_flat(tmp_path):
    """A large file is read and written row by row."""
    path = tmp_path / "besar.csv"
    with path.open("wb") as target:
        target.write(b"nik,nama,isi\n")
        for number in range(100_000):
            target.write(b"%d,Mawar,%s\n" % (number, b"x" * 100))
    tracemalloc.start()
    with path.open("rb") as source, csvs.without(source, ["nik"]) as copy:
        copy.seek(0, io.SEEK_END)
        assert copy.tell() > 10_000_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6_000_000


def test_classes_are_read_strictly():
    """No class, an unknown one: closed; twice: the stricter; what is no row: passed over."""
    rows = [
        {"kolom": "a", "akses": "terbuka"},
        {"kolom": "b", "akses": "terbatas"},
        {"kolom": "B ", "akses": "tertutup"},
        {"kolom": "c", "akses": "rahasia"},
        {"kolom": "d"},
        {"kolom": ""},
        {"akses": "tertutup"},
        "x",
        None,
    ]
    out = columns.withheld({"variabel": rows})
    assert {csvs.key(name): level for name, level in out.items()} == {
        "b": "tertutup",
        "c": "tertutup",
        "d": "tertutup",
    }
    for odd in (None, "", "nik", {"kolom": "nik"}, 7):
        assert columns.withheld({"variabel": odd}) == {}


# With a portal
@pytest.fixture
def package(city) -> dict[str, Any]:
    """A draft without files."""
    return make.dataset(city, files=0)


def _add(city: make.City, package: dict[str, Any], content: bytes = FULL, **more: Any) -> Any:
    upload = make.upload(content, more.pop("file", "data.csv"))
    values = {"package_id": package["id"], "name": "Data", "url": "data.csv", "format": "CSV"}
    values |= {"variabel": [make.VARIABEL]}
    return make.call("resource_create", city.produsen_data, **{**values, "upload": upload, **more})


def _served(resource_id: str) -> bytes | None:
    source = service.open_resource(resource_id)
    if source is None:
        return None
    with source:
        return source.read()


def _original(resource_id: str) -> bytes:
    with service.open_original(resource_id) as source:
        return source.read()


def _patch(city: make.City, key: str, **values: Any) -> Any:
    return make.call("resource_patch", city.produsen_data, id=key, **values)


def test_file_and_classes_in_every_order_and_way(city, package):
    """The copy follows the file and the classes, in the transaction that changes them."""
    key = _add(city, package, variabel=[NIK])["id"]
    assert (_served(key), _original(key)) == (WITHOUT, FULL)
    shown = make.call("resource_show", city.produsen_data, id=key)
    assert shown["size"] == len(WITHOUT)
    assert shown["variabel"] == [NIK]
    # Classes alone: none, then another.
    _patch(city, key, variabel=[])
    assert (_served(key), service.pointer(key).original_sha256) == (FULL, None)
    _patch(city, key, variabel=[{**make.VARIABEL, "kolom": "jumlah", "akses": "terbatas"}, NIK])
    assert _served(key).startswith(b"nama\r\n")
    # The file alone: the classes stay.
    other = FULL.replace(b"Mawar", b"Melati")
    _patch(city, key, upload=make.upload(other, "data.csv"))
    assert (_served(key)[:14], _original(key)) == (b"nama\r\nMelati\r\n", other)
    # Both at once, by the ways of the whole dataset.
    whole = make.call("package_show", city.produsen_data, id=package["id"])
    whole["resources"][0] |= {"variabel": [NIK], "upload": make.upload(FULL, "data.csv")}
    make.call("package_update", city.produsen_data, **whole)
    assert (_served(key), _original(key)) == (WITHOUT, FULL)
    patch = {"id": package["id"], "resources": [{**shown, "variabel": []}]}
    make.call("package_patch", city.produsen_data, **patch)
    assert _served(key) == FULL
    revise = {"match": {"id": package["id"]}, "update__resources__0__variabel": [NIK]}
    make.call("package_revise", city.produsen_data, **revise)
    assert _served(key) == WITHOUT
    # What changes neither of them changes no byte, and not the row that points to it.
    before = service.pointer(key)
    make.call("package_patch", city.produsen_data, id=package["id"], title="Lain")
    assert service.pointer(key) == before


@pytest.mark.parametrize(
    ("content", "more", "told"),
    [
        (b"PK\x03\x04", {"file": "data.xlsx", "format": "XLSX"}, "CSV UTF-8"),
        (FULL, {"variabel": [{**NIK, "kolom": "alamat"}]}, "alamat"),
        (FULL + b"Anggrek;1;2;3572010103\r\n", {}, "4"),
        (b"NIK\r\n1\r\n", {}, "Data"),
    ],
)
def test_what_cannot_be_taken_apart_is_withheld_and_not_submitted(
    app, city, package, content, more, told
):
    """Nothing is served meanwhile; the refusal names file, column or row."""
    key = _add(city, package, content, **{"variabel": [NIK], **more})["id"]
    assert (_served(key), _original(key)) == (None, content)
    with pytest.raises(tk.ValidationError) as refused:
        make.call("satudata_approval_submit", city.produsen_data, id=package["id"])
    assert told in str(refused.value.error_dict["resources"])
    # The way out.
    _patch(city, key, upload=make.upload(FULL, "data.csv"), variabel=[NIK])
    make.call("satudata_approval_submit", city.produsen_data, id=package["id"])
    assert _served(key) == WITHOUT


def test_a_link_with_such_columns_is_not_submitted(city, package):
    """Nobody takes columns out of what lies elsewhere."""
    link = {"upload": "", "url": "http://127.0.0.1:1/a.csv", "variabel": [NIK]}
    values = {"package_id": package["id"], "name": "Luar", **link}
    make.call("resource_create", city.produsen_data, **values)
    with pytest.raises(tk.ValidationError) as refused:
        make.call("satudata_approval_submit", city.produsen_data, id=package["id"])
    assert "Luar" in str(refused.value.error_dict["resources"])


@pytest.mark.parametrize("column", ["NIK", "nik", "n_i_k", "nomor_induk"])
def test_a_table_with_other_columns_is_not_submitted(city, package, column):
    """Also one that its producer filled or renamed; a table of the copy is fine."""
    key = _add(city, package, variabel=[NIK])["id"]
    fields = [{"id": name, "type": "text"} for name in ("nama", "jumlah")]
    for extra in ([{"id": column, "type": "text"}], []):
        values = {"resource_id": key, "force": True, "fields": fields + extra}
        make.call("datastore_create", city.produsen_data, **values)
        if extra:
            with pytest.raises(tk.ValidationError) as refused:
                make.call("satudata_approval_submit", city.produsen_data, id=package["id"])
            assert column in str(refused.value.error_dict["resources"])
            make.call("datastore_delete", city.produsen_data, resource_id=key, force=True)
    make.call("satudata_approval_submit", city.produsen_data, id=package["id"])


@pytest.mark.parametrize("sent", ["", "terbatas"])
def test_the_form_leaves_empty_rows_out(app, city, package, sent):
    """As it sends them, without script; a row without its class is an error at that row."""
    key = _add(city, package)["id"]
    form = {
        "upload": make.upload(b"", ""),
        "variabel-0-kolom": "NIK",
        "variabel-0-akses": sent,
        "variabel-1-kolom": "",
        "variabel-1-akses": "",
        "variabel-10-kolom": "nama" if sent else "",
        "variabel-10-akses": sent,
    }
    if not sent:
        with pytest.raises(tk.ValidationError):
            _patch(city, key, **form)
        return
    shown = _patch(city, key, **form)
    assert [one["kolom"] for one in shown["variabel"]] == ["NIK", "nama"]
    assert _served(key).startswith(b"jumlah\r\n")
    form = {**dict.fromkeys(form, ""), "upload": make.upload(b"", "")}
    shown = _patch(city, key, **form)
    assert shown.get("variabel") in (None, [])
    assert _served(key) == FULL


def test_published_without_them_and_the_original_for_roles(app, city, package):
    """By every way to the file; those who decide are told what is left out."""
    from ckan.tests import factories

    def ask(path: str, person: str | None = None, status: int = 200) -> Any:
        token = factories.APIToken(user=person)["token"] if person else ""
        return app.get(path, headers={"Authorization": token} if token else {}, status=status)

    key = _add(city, package, variabel=[NIK])["id"]
    (line,) = access.limits(model.Package.get(package["id"]))
    assert "nik" in line
    make.call("satudata_approval_submit", city.produsen_data, id=package["id"])
    make.call("satudata_approval_claim", city.walidata, id=package["id"])
    page = ask(f"/pemeriksaan/{package['name']}", city.walidata).body
    assert "nik (Tertutup)" in page
    assert f"/resource/{key}/original" in page
    make.call(
        "satudata_approval_confirm", city.walidata, id=package["id"], checklist=make.CHECKLIST
    )
    assert "nik (Tertutup)" in ask("/validasi", city.kepala_opd).body
    make.validate(city, package["id"])
    make.call("satudata_approval_publish", city.walidata, id=package["id"])
    base = f"/dataset/{package['name']}/resource/{key}"
    assert ask(f"{base}/download/data.csv").data == WITHOUT
    assert SECRET not in ask(base).data
    for person in (None, city.outsider, city.other_produsen, city.pimpinan_daerah):
        ask(f"{base}/original", person, status=404)
    for person in (city.produsen_data, city.walidata, city.kepala_opd):
        assert ask(f"{base}/original", person).data == FULL
    with pytest.raises(tk.ValidationError):
        _patch(city, key, variabel=[])
    assert ask(f"{base}/download/data.csv").data == WITHOUT


def test_the_real_loader_loads_the_copy(app, city, package, monkeypatch):
    """The job downloads by HTTP as its administrator; a table from before is loaded anew."""
    from ckan.tests import factories

    from ckanext.xloader import jobs

    server = make_server("127.0.0.1", 0, app.flask_app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        monkeypatch.setitem(tk.config, "ckan.site_url", f"http://127.0.0.1:{server.server_port}")
        token = factories.APIToken(user=city.sysadmin)["token"]
        key = _add(city, package)["id"]

        def load() -> set[str]:
            shown = make.call("resource_show", city.sysadmin, id=key)
            about = {"resource_id": key, "ckan_url": "", "original_url": shown["url"]}
            about |= {"ignore_hash": True, "set_url_type": False, "task_created": ""}
            job = {"api_key": token, "metadata": about}
            jobs.xloader_data_into_datastore_(job, {"metadata": about}, logging.getLogger("xl"))
            found = make.call("datastore_info", city.sysadmin, id=key)["fields"]
            return {one["id"] for one in found} - {"_id"}

        assert load() == {"nama", "NIK", "jumlah"}
        _patch(city, key, variabel=[NIK])
        # The table with the column is loaded anew by itself; meanwhile nothing is submitted.
        with pytest.raises(tk.ValidationError) as refused:
            make.call("satudata_approval_submit", city.produsen_data, id=package["id"])
        assert refused.value.error_dict["code"] == ["busy"]
        assert load() == {"nama", "jumlah"}
        model.Session.query(model.TaskStatus).filter_by(entity_id=key).delete()
        model.Session.commit()
        make.call("satudata_approval_submit", city.produsen_data, id=package["id"])
        rows = make.call("datastore_search", city.walidata, resource_id=key)["records"]
        assert SECRET.decode() not in str(rows)
        assert len(rows) == 2
    finally:
        server.shutdown()
        thread.join()


def test_a_file_that_is_gone_withholds(city, package):
    """Bytes that vanished from the disk are no reason to serve something else."""
    import os

    key = _add(city, package, variabel=[NIK])["id"]
    os.remove(files.path(service.pointer(key).original_sha256))
    with pytest.raises(tk.ValidationError) as refused:
        make.call("satudata_approval_submit", city.produsen_data, id=package["id"])
    assert "Data" in str(refused.value.error_dict["resources"])
