"""The demo city describes its data as the scheme demands, checked without a portal."""

from __future__ import annotations

import csv
import io
import sys
from datetime import date
from typing import Any

import pytest
import yaml

from ckanext.satudata.metadata import codefiles

from tests.portal import ROOT

SCHEME = yaml.safe_load((ROOT / "ckanext/satudata/schemas/dataset.yaml").read_text())
AGENCIES = yaml.safe_load((ROOT / "ckanext/satudata/schemas/organization.yaml").read_text())
CITY = yaml.safe_load((ROOT / "demo/kota_blitar.yaml").read_text())
DESCRIBED = [one for one in CITY["datasets"] if one["road"] != "incomplete"]


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Any:
    """The seeder, with nobody to talk to."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(ROOT / "demo"), *sys.path])
        patch.setenv("TOKEN", "none")
        from seed import Seed

        yield Seed("http://127.0.0.1:1", tmp_path_factory.mktemp("demo") / "none.json")


def _choices(field: dict[str, Any]) -> list[str]:
    if field.get("choices_helper"):
        return [one.code for one in codefiles.shipped(field["code_list"]).items]
    return [one["value"] for one in field.get("choices", ())]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _applies(field: dict[str, Any], values: dict[str, Any]) -> bool:
    when = field.get("when") or {}
    return all(set(_list(values.get(name))) & set(wanted) for name, wanted in when.items())


def _check(fields: list[dict[str, Any]], values: dict[str, Any], whole: bool = True) -> None:
    """Only what the scheme knows, only choices it has, and what it demands where it applies."""
    known = {one["field_name"]: one for one in fields}
    assert set(values) <= set(known)
    for name, field in known.items():
        value = values.get(name)
        if not _applies(field, values):
            assert not value, f"{name} says something that does not apply"
        elif whole and field.get("duty") == "submit":
            assert value, f"{name} is missing"
        if value and (choices := _choices(field)):
            assert set(_list(value)) <= set(choices), name
        if value and field.get("preset") == "date":
            date.fromisoformat(value)
        for row in value or () if field.get("repeating_subfields") else ():
            _check(field["repeating_subfields"], row)


def _content(one: dict[str, Any]) -> bytes:
    import tables

    if one.get("file"):
        return (ROOT / "samples" / one["file"]).read_bytes()
    return tables.make(one["name"], one["table"])


@pytest.mark.parametrize("one", DESCRIBED, ids=lambda one: one["name"])
def test_a_dataset_is_described_as_the_scheme_demands(demo, one):
    """All that applies is filled in, with words the scheme has."""
    values = demo._fields(one)
    _check(SCHEME["dataset_fields"], values, whole=one["road"] != "draft")
    assert ("indikator" in values) == (values["jenis"] == "indikator")
    days = [values.get(f"jadwal_{step}_awal") for step in ("pengumpulan", "pengolahan")]
    assert days == sorted(days)
    assert values["temporal_end"] < values["jadwal_pengumpulan_awal"]


@pytest.mark.parametrize("one", DESCRIBED, ids=lambda one: one["name"])
def test_every_column_of_a_file_is_described(demo, one):
    """In the order of the file, each with what the scheme demands."""
    import activity

    columns = next(csv.reader(io.StringIO(_content(one).decode())))
    rows = activity.variables(columns, one)
    assert [row["kolom"] for row in rows] == columns
    field = next(one for one in SCHEME["resource_fields"] if one["field_name"] == "variabel")
    for row in rows:
        _check(field["repeating_subfields"], row)
    sent = demo._variables(one, _content(one))
    assert sent["variabel-0-kolom"] == columns[0]
    assert all(isinstance(value, str) for value in sent.values())


def test_a_draft_shows_what_missing_looks_like(demo):
    """One dataset without a few answers; the indicators are the calculated figures."""
    (draft,) = (one for one in DESCRIBED if one["road"] == "draft")
    with pytest.raises(AssertionError, match="is missing"):
        _check(SCHEME["dataset_fields"], demo._fields(draft))
    kinds = {one["name"] for one in DESCRIBED if demo._fields(one)["jenis"] == "indikator"}
    assert kinds == {"cakupan-balita-ditimbang", "prevalensi-balita-stunting"}


def test_an_incomplete_one_has_a_name_and_an_agency(demo):
    """Nothing of its activity, and no column."""
    (one,) = (one for one in CITY["datasets"] if one["road"] == "incomplete")
    assert not {"jenis", "judul_kegiatan", "indikator"} & set(demo._fields(one))


def test_facts_of_the_agencies_are_of_their_scheme():
    """Every agency answers for affairs of the list, and has a sector."""
    known = {one["field_name"] for one in AGENCIES["fields"]}
    assert set(CITY["facts"]) <= known
    affairs = {one.code for one in codefiles.shipped("urusan").items}
    sectors = {one.code for one in codefiles.shipped("sektor_kegiatan").items}
    for one in CITY["organizations"]:
        assert set(one["affairs"]) <= affairs
        assert one["sector"] in sectors
