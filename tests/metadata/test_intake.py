"""A filled workbook of INDAH comes back: what it changes, what it never does, the pages."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from bs4 import BeautifulSoup

from ckan.plugins import toolkit as tk
from ckan.tests import factories

from ckanext.satudata.metadata import workbook
from ckanext.satudata.storage import service as storage

from tests import factories as make
from tests.metadata.books import INDICATOR, put, read

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]


def send(city: Any, key: str, content: bytes, person: str = "produsen_data", **more: Any) -> Any:
    """Import a workbook as a person."""
    file = make.upload(content, "indah.xlsx")
    who = getattr(city, person)
    return make.call("satudata_indah_import", who, id=key, upload=file, **more)


def changed(city: Any, key: str, *changes: Callable[[Any], Any]) -> bytes:
    """The workbook of a stored dataset with changes."""
    sheets = make.call("satudata_indah_show", city.produsen_data, id=key)
    book = openpyxl.load_workbook(io.BytesIO(workbook.xlsx(sheets)))
    for change in changes:
        change(book)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def new_indicator(book: Any) -> None:
    row = {"nama": "Rasio", "definisi": "Dibagi", "satuan": "persen", "indikator_komposit": "FALSE"}
    for key, value in row.items():
        put(key, value, 2, "ms_indikator")(book)


def test_a_workbook_that_comes_back_changes_nothing(city):
    """However it is stored."""
    made = make.dataset(city, jenis="indikator", indikator=[INDICATOR])
    found = send(city, made["id"], changed(city, made["id"]), confirm=True)
    assert (found["changes"], found["left_out"], found["stored"]) == ([], [], False)
    assert make.call("package_show", city.produsen_data, id=made["id"]) == made


def test_changes_are_shown_and_stored_when_confirmed(city):
    """Dataset, indicators and variables in one write; the file stays what it is."""
    made = make.dataset(city, jenis="indikator")
    content = changed(
        city,
        made["id"],
        put("cara_pengumpulan_data", "survei"),
        put("metode_wawancara", "TRUE"),
        put("tujuan_kegiatan", None),
        put("definisi", "Semua orang", sheet="ms_variabel"),
        put("variabel_definisi", "Banyaknya", sheet="ms_kegiatan_variabel_dikumpulkan"),
        put("satuan", "jiwa", sheet="ms_variabel"),
        new_indicator,
    )
    found = send(city, made["id"], content)
    assert not found["stored"]
    assert make.call("package_show", city.produsen_data, id=made["id"]) == made
    lines = {one["label"]: (one["before"], one["after"]) for one in found["changes"]}
    assert ("Kompilasi produk administrasi", "Survei") in lines.values()
    assert ("Banyaknya penduduk pada akhir tahun", "Semua orang") in lines.values()
    assert any(one.startswith("Rasio: ") for one in lines)
    assert send(city, made["id"], content, confirm=True, mark=found["mark"])["stored"]
    after = make.call("package_show", city.produsen_data, id=made["id"])
    assert after["cara_pengumpulan_data"] == "survei"
    assert sorted(after["metode_pengumpulan"]) == ["data_sekunder", "wawancara"]
    assert after["tujuan"] == made["tujuan"]
    assert after["indikator"][0]["nama"] == "Rasio"
    variable = after["resources"][0]["variabel"][0]
    assert (variable["definisi"], variable["satuan"]) == ("Semua orang", "jiwa")
    with storage.open_resource(after["resources"][0]["id"]) as source:
        assert source.read() == make.SAMPLE.read_bytes()
    # The mark is that of the changes that were shown.
    with pytest.raises(tk.ValidationError):
        send(city, made["id"], content, confirm=True, mark=found["mark"])


def test_what_no_workbook_changes_is_said(city):
    """The agency, columns that no file has, and columns that are not open."""
    rows = [make.VARIABEL, {**make.VARIABEL, "kolom": "tahun", "akses": "tertutup"}]
    made = make.dataset(city)
    resource = make.call(
        "resource_patch", city.produsen_data, id=made["resources"][0]["id"], variabel=rows
    )
    content = changed(
        city,
        made["id"],
        put("produsen_data_name", "Dinas Lain"),
        put("bisa_diakses_umum", "TRUE", 3, "ms_variabel"),
        put("nama", "kolom_lain", 4, "ms_variabel"),
    )
    found = send(city, made["id"], content, confirm=True)
    assert (found["changes"], found["stored"]) == ([], False)
    assert len(found["left_out"]) == 3
    assert any("kolom_lain" in one["label"] for one in found["left_out"])
    after = make.call("resource_show", city.produsen_data, id=resource["id"])
    assert after["variabel"][1]["akses"] == "tertutup"


def test_a_locked_dataset_is_not_changed(city):
    """The import writes as the person, so the gate holds."""
    made = make.dataset(city)
    content = changed(city, made["id"], put("tujuan_kegiatan", "Lain"))
    make.bring_to(city, made, "submitted")
    with pytest.raises(tk.ValidationError) as error:
        send(city, made["id"], content, confirm=True)
    assert error.value.error_dict["code"] == ["locked"]
    assert make.call("package_show", city.produsen_data, id=made["id"])["tujuan"] == made["tujuan"]


def test_who_may(city):
    """Hidden as what is missing; only those who change datasets bring one in."""
    made = make.dataset(city)
    content = changed(city, made["id"])
    for person in ("outsider", "other_produsen"):
        with pytest.raises((tk.NotAuthorized, tk.ObjectNotFound)):
            make.call("satudata_indah_show", getattr(city, person), id=made["id"])
        with pytest.raises((tk.NotAuthorized, tk.ObjectNotFound)):
            send(city, made["id"], content, person)
    make.bring_to(city, made, "published")
    assert make.call("satudata_indah_show", None, id=made["name"])["ms_kegiatan"]
    with pytest.raises(tk.NotAuthorized):
        send(city, made["id"], content, "outsider")
    with pytest.raises(tk.ValidationError) as error:
        make.call("satudata_indah_import", city.produsen_data, id=made["id"])
    assert "upload" in error.value.error_dict


# ---------------------------------------------------------------- the pages


def test_the_page_shows_changes_before_it_stores_them(app, city):
    """Without JavaScript: upload, look, save."""
    made = make.dataset(city)
    token = factories.APIToken(user=city.produsen_data)["token"]
    headers = {"Authorization": token}
    path = f"/dataset/{made['name']}/indah"
    content = changed(city, made["id"], put("tujuan_kegiatan", "Merencanakan layanan"))
    assert "f-upload" in app.get(path, headers=headers).body
    sent = {"do": "show", "upload": (io.BytesIO(content), "indah.xlsx")}
    shown = app.post(path, data=sent, headers=headers, content_type="multipart/form-data")
    page = BeautifulSoup(shown.body, "html.parser")
    assert "Merencanakan layanan" in page.get_text()
    fields = {one["name"]: one["value"] for one in page.select("form.sd-foot input")}
    save = {**fields, "do": "save"}
    # Damaged on the way, it is refused like a damaged file.
    for held in ("?", "A" * (workbook.TEXTS * 4 // 3)):
        broken = app.post(path, data={**save, "held": held}, headers=headers)
        assert "sd-sum" in broken.body
    done = app.post(path, data=save, headers=headers, follow_redirects=False)
    assert done.status_code == 302
    after = make.call("package_show", city.produsen_data, id=made["id"])
    assert after["tujuan"] == "Merencanakan layanan"
    wrong = {"do": "show", "upload": (io.BytesIO(b"no"), "a.xlsx")}
    said = app.post(path, data=wrong, headers=headers, content_type="multipart/form-data")
    assert "sd-sum" in said.body
    assert "sd-sum" in app.post(path, data={"do": "show"}, headers=headers).body


def test_downloads_are_for_who_may_see_the_dataset(app, city):
    """Three forms of the same; the public gets them once the dataset is public."""
    made = make.dataset(city)
    path = f"/dataset/{made['name']}/indah"
    for ending in ("", ".xlsx", ".zip", ".json"):
        assert app.get(path + ending, status=None, follow_redirects=False).status_code != 200
    make.bring_to(city, made, "published")
    page = app.get(path).body
    assert "f-upload" not in page
    sheets = json.loads(app.get(f"{path}.json").body)
    assert sheets == make.call("satudata_indah_show", None, id=made["id"])
    for ending in (".xlsx", ".zip"):
        assert f"{path}{ending}" in page
        assert read(app.get(path + ending).data) == sheets
