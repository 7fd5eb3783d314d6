"""Copying the answers of the last period: what is filled, what is moved, what is left."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckan.plugins import toolkit as tk

from ckanext.satudata.metadata import prefill

from tests import factories as make
from tests.kegiatan import VARIABEL

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]


def _new(city, **values):
    """The dataset of the next year, as somebody begins it: title and period."""
    return make.call(
        "package_create",
        city.produsen_data,
        **{
            "name": f"lanjutan-{make.uuid.uuid4().hex[:8]}",
            "title": "Jumlah Penduduk 2027",
            "owner_org": city.opd,
            "temporal_start": "2027-01-01",
            "temporal_end": "2027-12-31",
            **values,
        },
    )


def _fill(city, target, source, **more):
    data = {"id": target["id"], "source": source["id"], **more}
    return make.call("satudata_dataset_prefill", city.produsen_data, **data)


def test_the_next_year_is_complete_but_for_its_summary(city):
    """Standard, activity and access are copied; the schedule is a year later."""
    source, target = make.dataset(city), _new(city)
    _fill(city, target, source)
    after = make.call("package_show", city.produsen_data, id=target["id"])
    assert after["konsep"] == source["konsep"]
    assert after["jadwal_pengumpulan_awal"] == "2027-12-01"
    assert after["rilis_digital"] == "2027-12-31"
    assert after["tahun_kegiatan"] == "2027"
    assert after["judul_kegiatan"] == "Kompilasi Data Kependudukan 2027"
    assert after["metode_pengumpulan"] == source["metode_pengumpulan"]
    found = make.call("satudata_completeness_show", city.produsen_data, id=target["id"])
    assert [one["field"] for one in found["submit"]["missing"]] == ["notes", "resources"]


def test_nothing_that_is_there_is_overwritten(city):
    """Not a text, not a choice, not a day; a preview stores nothing."""
    source = make.dataset(city)
    own = {"konsep": "Milik saya", "produk": ["tercetak"], "rilis_tercetak": "2027-02-02"}
    target = _new(city, **own)
    before = make.call("package_show", city.produsen_data, id=target["id"])
    preview = _fill(city, target, source, preview=True)
    assert make.call("package_show", city.produsen_data, id=target["id"]) == before
    assert _fill(city, target, source)["filled"] == preview["filled"]
    after = make.call("package_show", city.produsen_data, id=target["id"])
    assert {one: after[one] for one in own} == own
    assert after["title"] == "Jumlah Penduduk 2027"
    assert _fill(city, target, source) == {"filled": [], "files": 0}


def test_variables_are_copied_to_the_only_table(city):
    """Where the file has none yet; its bytes stay."""
    source, target = make.dataset(city), _new(city)
    values = {"package_id": target["id"], "name": "Lain", "format": "CSV", "url": "a.csv"}
    upload = make.upload(b"a\n1\n", "a.csv")
    made = make.call("resource_create", city.produsen_data, **values, upload=upload)
    assert _fill(city, target, source)["files"] == 1
    after = make.call("resource_show", city.produsen_data, id=made["id"])
    assert after["variabel"] == [VARIABEL]
    assert (after["hash"], after["size"]) == (made["hash"], made["size"])


def test_days_of_an_unknown_period_are_left_empty(city):
    """Better no day than that of last year."""
    source, target = make.dataset(city), _new(city, temporal_start="", temporal_end="")
    filled = {one["field"] for one in _fill(city, target, source)["filled"]}
    assert "konsep" in filled
    assert not {"rilis_digital", "jadwal_diseminasi_awal", "tahun_kegiatan"} & filled


def test_what_a_person_may_not_read_is_not_copied(city):
    """Neither another agency's hidden dataset, nor into one of theirs."""
    hidden = make.dataset(city, files=0)
    target = make.call(
        "package_create",
        city.other_produsen,
        name=f"lain-{make.uuid.uuid4().hex[:8]}",
        title="Lain",
        owner_org=city.other,
    )
    for one, two in ((target, hidden), (hidden, target)):
        data = {"id": one["id"], "source": two["id"]}
        with pytest.raises((tk.ObjectNotFound, tk.NotAuthorized)):
            make.call("satudata_dataset_prefill", city.other_produsen, **data)


def test_a_locked_dataset_is_not_filled(city):
    """As every other change of it."""
    source, target = make.dataset(city), make.dataset(city, id_sds="")
    make.call("package_patch", city.produsen_data, id=source["id"], sumber="SIAK")
    make.call("satudata_approval_submit", city.produsen_data, id=target["id"])
    with pytest.raises(tk.ValidationError) as refused:
        _fill(city, target, source)
    assert refused.value.error_dict["code"] == ["locked"]


@given(
    day=st.dates(min_value=prefill.date(1990, 1, 1), max_value=prefill.date(2090, 12, 31)),
    months=st.integers(min_value=-600, max_value=600),
)
def test_a_moved_day_is_in_the_right_month(day, months):
    """Never the month after; ends of months stay ends."""
    found = prefill.date.fromisoformat(prefill.moved(day.isoformat(), months))
    assert (found.year * 12 + found.month) - (day.year * 12 + day.month) == months
    assert found.day <= day.day or prefill.moved(found.isoformat(), 1)
