"""The form by parts: what is stored, two people at once, what does not apply."""

from __future__ import annotations

import json
import re

import pytest
from bs4 import BeautifulSoup

from ckanext.satudata.metadata import form

from tests import factories as make
from tests.kegiatan import KEGIATAN

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]


@pytest.fixture
def package(city):
    """A dataset of the producer without a file."""
    return make.dataset(city, files=0)


def _headers(person):
    token = make.call("api_token_create", person, user=person, name=make.uuid.uuid4().hex)
    return {"Authorization": token["token"]}


@pytest.fixture
def producer(city):
    """Headers with which the producer opens pages."""
    return _headers(city.produsen_data)


def _open(app, headers, package, page):
    answer = app.get(f"/dataset/edit/{package['name']}/{page}", headers=headers)
    return BeautifulSoup(answer.body, "html.parser").select_one("#dataset-edit")


def _values(soup):
    """What a browser would send of the form as it is."""
    found = {}
    for one in soup.select("input, textarea, select"):
        name, kind = one.get("name"), one.get("type")
        if not name or one.name == "input" and kind in ("submit", "button"):
            continue
        if kind == "checkbox":
            if one.has_attr("checked"):
                found.setdefault(name, []).append(one["value"])
        elif one.name == "select":
            chosen = one.select_one("option[selected]")
            found[name] = chosen["value"] if chosen else ""
        else:
            found[name] = one.get("value", "") if one.name == "input" else one.text
    return found


def _send(app, headers, package, page, values, save="stay"):
    return app.post(
        f"/dataset/edit/{package['name']}/{page}",
        data={**values, "save": save},
        headers=headers,
        follow_redirects=False,
    )


@pytest.mark.usefixtures("with_request_context")
def test_every_field_stands_on_one_part():
    """Nothing of the scheme is out of reach; each part is one subject."""
    pages = form.pages()
    assert [one["key"] for one in pages] == [
        *("identity", "standar_data", "indikator", "kegiatan", "akses"),
    ]
    for page in pages:
        assert {one["part"] for one in page["fields"]} == {page["key"]}


@pytest.mark.parametrize("page", [1, 2, 3, 4, 5])
def test_saving_a_part_as_it_is_changes_nothing(app, city, package, producer, page):
    """Field by field, also those that do not apply and are not shown."""
    before = make.call("package_show", city.produsen_data, id=package["id"])
    answer = _send(app, producer, package, page, _values(_open(app, producer, package, page)))
    assert answer.status_code == 302
    after = make.call("package_show", city.produsen_data, id=package["id"])
    assert after == before


def test_units_of_the_list_are_proposed(app, package, producer):
    """While somebody types, as the browser does it; other words are taken too."""
    soup = _open(app, producer, package, 2)
    proposed = soup.select_one("#" + soup.select_one("#field-satuan")["list"])
    assert len(proposed.select("option")) > 40


def test_choices_can_be_taken_back(app, city, package, producer):
    """A browser sends nothing for boxes that are not ticked."""
    values = _values(_open(app, producer, package, 4))
    values.pop("produk")
    values["sarana_pengumpulan"] = ["papi", "mail"]
    _send(app, producer, package, 4, values)
    after = make.call("package_show", city.produsen_data, id=package["id"])
    assert after.get("produk") in (None, [], "")
    assert sorted(after["sarana_pengumpulan"]) == ["mail", "papi"]
    assert after["judul_kegiatan"] == KEGIATAN["judul_kegiatan"]


def test_what_does_not_apply_is_hidden_and_kept(app, city, package, producer):
    """An answer that hides a question does not delete what was typed there."""
    soup = _open(app, producer, package, 4)
    frame = soup.select_one("#field-frekuensi_penyelenggaraan").find_parent(class_="sd-field")
    assert not frame.has_attr("hidden")
    _send(app, producer, package, 4, {**_values(soup), "pelaksanaan": "hanya_sekali"})
    soup = _open(app, producer, package, 4)
    frame = soup.select_one("#field-frekuensi_penyelenggaraan").find_parent(class_="sd-field")
    assert frame.has_attr("hidden")
    _send(app, producer, package, 4, _values(soup))
    after = make.call("package_show", city.produsen_data, id=package["id"])
    assert after["frekuensi_penyelenggaraan"] == "tahunan"


def test_rows_of_indicators_are_added_and_left_out(app, city, package, producer):
    """In their order; empty rows are not stored."""
    values = _values(_open(app, producer, package, 3))
    values |= {"indikator-0-nama": "Kepadatan", "indikator-2-nama": "Laju pertumbuhan"}
    _send(app, producer, package, 3, values)
    after = make.call("package_show", city.produsen_data, id=package["id"])
    assert [one["nama"] for one in after["indikator"]] == ["Kepadatan", "Laju pertumbuhan"]
    values = {**_values(_open(app, producer, package, 3)), "indikator-0-nama": ""}
    _send(app, producer, package, 3, values)
    after = make.call("package_show", city.produsen_data, id=package["id"])
    assert [one["nama"] for one in after["indikator"]] == ["Laju pertumbuhan"]


def test_two_at_once_keep_both_fields(app, city, package, producer):
    """Each changed another field of the same part: nothing is lost, nobody is asked."""
    mine, theirs = (_values(_open(app, producer, package, 2)) for _ in range(2))
    other = _headers(city.walidata_pendukung)
    _send(app, other, package, 2, {**theirs, "konsep": "Penduduk tetap"})
    answer = _send(app, producer, package, 2, {**mine, "definisi": "Yang menetap"})
    assert answer.status_code == 302
    after = make.call("package_show", city.produsen_data, id=package["id"])
    assert (after["konsep"], after["definisi"]) == ("Penduduk tetap", "Yang menetap")


def test_two_at_once_on_one_field_show_both_values(app, city, package, producer):
    """The later one sees what was written meanwhile, keeps the own text, and decides."""
    mine, theirs = (_values(_open(app, producer, package, 2)) for _ in range(2))
    other = _headers(city.walidata_pendukung)
    _send(app, other, package, 2, {**theirs, "definisi": "Milik orang lain"})
    values = {**mine, "definisi": "Milik saya", "ukuran": "Populasi"}
    answer = _send(app, producer, package, 2, values)
    assert answer.status_code == 200
    assert "Milik orang lain" in answer.body and "Milik saya" in answer.body
    after = make.call("package_show", city.produsen_data, id=package["id"])
    assert (after["definisi"], after["ukuran"]) == ("Milik orang lain", "Populasi")
    again = _values(BeautifulSoup(answer.body, "html.parser").select_one("#dataset-edit"))
    assert again["definisi"] == "Milik saya"
    assert _send(app, producer, package, 2, again).status_code == 302
    after = make.call("package_show", city.produsen_data, id=package["id"])
    assert after["definisi"] == "Milik saya"


def test_a_wrong_answer_is_told_beside_its_field_and_the_text_is_kept(app, city, package, producer):
    """Nothing of the page is stored, the summary leads to the field."""
    values = _values(_open(app, producer, package, 2))
    values |= {"id_sds": "SDS-1", "konsep": "Lain"}
    answer = _send(app, producer, package, 2, values)
    soup = BeautifulSoup(answer.body, "html.parser")
    assert soup.select_one('.error-explanation a[href="#field-id_sds"]')
    assert soup.select_one("#field-id_sds")["value"] == "SDS-1"
    assert "SE04218.01.00" in soup.select_one(".error-explanation").text
    after = make.call("package_show", city.produsen_data, id=package["id"])
    assert after["konsep"] == package["konsep"]


def test_saving_while_typing_keeps_what_is_right(app, city, package, producer):
    """The script hears what is wrong; other answers of the page are stored."""
    values = _values(_open(app, producer, package, 2))
    values |= {"id_sds": "SDS-1", "konsep": "Lain"}
    answer = json.loads(_send(app, producer, package, 2, values, "auto").body)
    assert list(answer["errors"]) == ["id_sds"]
    assert re.search(r"\d\d\.\d\d", answer["text"])
    after = make.call("package_show", city.produsen_data, id=package["id"])
    assert after["konsep"] == "Lain"
    values = {**values, "id_sds": "se04218.01.00", "_seen": answer["seen"]}
    answer = json.loads(_send(app, producer, package, 2, values, "auto").body)
    assert answer["errors"] == {}
    assert answer["filled"] <= answer["total"]
    after = make.call("package_show", city.produsen_data, id=package["id"])
    assert after["id_sds"] == "SE04218.01.00"


@pytest.mark.parametrize(
    ("save", "page", "end"),
    [("next", 2, "/4"), ("previous", 4, "/2"), ("stay", 2, "/2"), ("next", 5, "{name}")],
)
def test_buttons_lead_on(app, package, producer, save, page, end):
    """To the next part, back, or to the dataset after the last one."""
    values = _values(_open(app, producer, package, page))
    answer = _send(app, producer, package, page, values, save)
    assert answer.headers["Location"].endswith(end.format(**package))


@pytest.mark.parametrize("page", ["0", "6", "abc"])
def test_there_is_no_other_part(app, package, producer, page):
    """A wrong number is a missing page."""
    assert app.get(f"/dataset/edit/{package['name']}/{page}", headers=producer).status_code == 404


def test_the_unit_is_spelled_as_the_list_knows(app, city, package, producer):
    """Codes of regions may be typed as names; several of a name are named."""
    values = {**_values(_open(app, producer, package, 1)), "wilayah": "35.72"}
    assert _send(app, producer, package, 1, values).status_code == 302
    answer = _send(app, producer, package, 1, {**values, "wilayah": "Blitar"})
    assert answer.status_code == 200
    assert "Kota Blitar" in answer.body


def test_a_locked_dataset_has_no_inputs(app, city, producer):
    """The page says that it waits; sending the form anyway changes nothing."""
    package = make.dataset(city)
    values = _values(_open(app, producer, package, 2))
    make.call("satudata_approval_submit", city.produsen_data, id=package["id"])
    page = app.get(f"/dataset/edit/{package['name']}/2", headers=producer)
    soup = BeautifulSoup(page.body, "html.parser")
    assert not soup.select("#dataset-edit")
    assert "jiwa" in [one.text.strip() for one in soup.select(".sd-dl--answers dd")]
    _send(app, producer, package, 2, {**values, "konsep": "Lain"})
    after = make.call("package_show", city.produsen_data, id=package["id"])
    assert after["konsep"] == package["konsep"]


@pytest.mark.parametrize(("person", "status"), [("outsider", 404), ("other_produsen", 404)])
def test_others_find_nothing(app, city, package, person, status):
    """As for every page of a hidden dataset."""
    answer = app.get(f"/dataset/edit/{package['name']}/1", headers=_headers(getattr(city, person)))
    assert answer.status_code == status
