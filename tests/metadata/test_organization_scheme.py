"""The scheme of agencies: the national facts, what is refused, what its page shows."""

from __future__ import annotations

import html

import pytest
import yaml

from ckan.plugins import toolkit as tk

from ckanext.satudata.metadata import national

from tests import factories as make
from tests.portal import ROOT

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]

FACTS = {
    "nama_kepala": "dr. Ratna Contoh Dewi, M.Kes.",
    "pangkat_kepala": "Pembina Utama Muda (IV/c)",
    "nip_kepala": "19700101 199503 1 002",
    "jabatan_kepala": "Kepala Dinas Kesehatan",
    "unit_eselon1": "Pemerintah Kota Blitar",
    "unit_eselon2": "Dinas Kesehatan",
    "alamat": "Jalan Contoh 1, Blitar",
    "telepon": "0342-801171",
    "faksimile": "0342-801172",
    "surel": "dinkes@example.org",
    "kontak": "Bidang Data",
    "urusan": ["1.02", "2.14"],
    "kode_opd": "1.02.01",
    "kode_sipd": "1.02.0.00.0.00.01.0000",
    "kode_wilayah_kemendagri": "35.72",
    "kode_wilayah_bps": "3572",
}


def _scheme() -> list[dict]:
    path = ROOT / "ckanext/satudata/schemas/organization.yaml"
    return yaml.safe_load(path.read_text())["fields"]


def test_every_fact_is_kept_and_given_back(city):
    """As it was given, by every client, and unchanged by an update of itself."""
    make.call("organization_patch", city.sysadmin, id=city.opd, **FACTS)
    shown = make.call("organization_show", city.sysadmin, id=city.opd)
    assert FACTS.items() <= shown.items()
    assert {one["field_name"] for one in _scheme()} <= {*shown, "image_url"}
    make.call("organization_update", city.sysadmin, **shown)
    assert make.call("organization_show", city.sysadmin, id=city.opd) == shown


def test_the_page_shows_the_agency_and_not_the_number_of_its_head(city, app):
    """NIP and rank are for letters; the labels of codes are words."""
    make.call("organization_patch", city.sysadmin, id=city.opd, **FACTS)
    for page in (f"/organization/about/{city.opd}", f"/organization/{city.opd}"):
        text = app.get(page).get_data(as_text=True)
        assert "NIP" not in text
        for name in ("nip_kepala", "pangkat_kepala"):
            assert FACTS[name] not in text
        assert "199503" not in text
    text = app.get(f"/organization/about/{city.opd}").get_data(as_text=True)
    for name in ("nama_kepala", "alamat", "telepon", "kode_opd", "unit_eselon1"):
        assert FACTS[name] in text, name
    assert "Kesehatan" in text
    assert "Pengendalian Penduduk dan Keluarga Berencana" in text
    assert "2.14" not in text
    assert "mailto:dinkes@example.org" in html.unescape(text)


def test_the_form_has_every_field_with_its_value(city, app):
    """With help, and the affairs as boxes to tick."""
    make.call("organization_patch", city.sysadmin, id=city.opd, **FACTS)
    token = make.call("api_token_create", city.sysadmin, user=city.sysadmin, name="t")["token"]
    path, headers = f"/organization/edit/{city.opd}", {"Authorization": token}
    text = app.get(path, headers=headers).get_data(as_text=True)
    for one in _scheme():
        assert f'name="{one["field_name"]}"' in text, one["field_name"]
    assert FACTS["nip_kepala"] in text
    ticked = [line for line in text.splitlines() if 'name="urusan"' in line and "checked" in line]
    assert len(ticked) == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("surel", "bukan surel"),
        ("surel", "a@example.org, b@example.org"),
        ("nip_kepala", "19700101 199503 1 01"),
        ("nip_kepala", "19700101-199503-1-001"),
        ("nip_kepala", "1970010119950310011"),
        ("urusan", ["99"]),
        ("kode_wilayah_kemendagri", "99.99"),
    ],
)
def test_what_cannot_be_right_is_refused_at_its_field(city, field, value):
    """In words; nothing of it is stored."""
    before = make.call("organization_show", city.sysadmin, id=city.opd)
    with pytest.raises(tk.ValidationError) as refused:
        make.call("organization_patch", city.sysadmin, id=city.opd, **{field: value})
    assert list(refused.value.error_dict) == [field]
    assert make.call("organization_show", city.sysadmin, id=city.opd) == before


@pytest.mark.parametrize("nip", ["197001011995031001", " 19700101  199503 1 001 ", ""])
def test_a_nip_may_have_spaces(city, nip):
    """As it is printed on letters; without one too."""
    make.call("organization_patch", city.sysadmin, id=city.opd, nip_kepala=nip)
    made = make.call("organization_show", city.sysadmin, id=city.opd)
    assert made.get("nip_kepala", "") == " ".join(nip.split())


def test_the_national_keys_are_those_of_the_scheme():
    """What search results say of an agency is what the scheme names."""
    named = {one["national"]: one["field_name"] for one in _scheme() if one.get("national")}
    assert named == national.AGENCY | {"i_instansi_penyelanggara": "title"}
