"""The figure a head signs for is read from the rows, never guessed where it means nothing."""

from __future__ import annotations

from typing import Any

import pytest

from ckan import model

from ckanext.satudata.approval import figures

from tests import factories as make

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]


def _figure(city: make.City, records: list[dict[str, Any]], **values: Any) -> dict[str, Any]:
    package = make.dataset(city, **values)
    make.call(
        "datastore_create",
        city.produsen_data,
        resource_id=package["resources"][0]["id"],
        force=True,
        fields=[{"id": name, "type": "text"} for name in records[0]],
        records=records,
    )
    return figures.of(model.Package.get(package["id"]))


def test_last_column_of_numbers_is_summed(city):
    """Codes and names are passed by; the unit is that of Standar Data."""
    rows = [
        {"kode_kelurahan": "35.72.01.1001", "nama": "Kauman", "jumlah": "1200", "no": "1"},
        {"kode_kelurahan": "35.72.01.1002", "nama": "Bendo", "jumlah": "34.5", "no": "2"},
    ]
    found = _figure(city, rows)
    assert (found["value"], found["unit"], found["column"]) == ("1.234,5", "jiwa", "jumlah")
    assert (found["count"], found["year"]) == (2, "")
    assert found["rows"][0][1] == "Kauman"


def test_of_several_years_the_last_is_summed(city):
    """Years do not add up to anything a head could sign for."""
    rows = [
        {"tahun": "2025", "jumlah": "10"},
        {"tahun": "2026", "jumlah": "20"},
        {"tahun": "2026", "jumlah": "5"},
    ]
    found = _figure(city, rows)
    assert (found["value"], found["year"], found["count"]) == ("25", "2026", 3)


@pytest.mark.parametrize("measure", ["Persentase", "Rata-rata", "Prevalensi"])
def test_what_does_not_add_up_is_only_counted(city, measure):
    """A sum of percentages would be a wrong figure in large print."""
    rows = [{"kecamatan": "Sukorejo", "cakupan": "84.7"}, {"kecamatan": "S", "cakupan": "90"}]
    found = _figure(city, rows, ukuran=measure)
    assert (found["value"], found["count"]) == ("", 2)


def test_a_column_with_a_word_in_it_is_no_figure(city):
    """One cell that is no number makes the column text."""
    rows = [{"nama": "A", "jumlah": "10"}, {"nama": "B", "jumlah": "n/a"}]
    assert _figure(city, rows)["value"] == ""


def test_odd_column_names_are_no_sql(city):
    """Quotes and percent signs of a header are only a name."""
    rows = [{"jumlah 100%; drop": "3"}, {"jumlah 100%; drop": "4"}]
    assert _figure(city, rows)["value"] == "7"


def test_without_a_table_there_is_no_figure(city):
    """A file that is not loaded is opened by hand."""
    found = figures.of(model.Package.get(make.dataset(city)["id"]))
    assert (found["value"], found["count"], found["rows"]) == ("", None, [])
