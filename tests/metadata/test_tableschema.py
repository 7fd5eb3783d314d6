"""A Table Schema made from the variables, and the file it describes."""

from __future__ import annotations

import pytest

from ckan.plugins import toolkit as tk

from ckanext.satudata.metadata import tableschema
from ckanext.satudata.storage import service as storage

from tests import factories as make
from tests.kegiatan import VARIABEL

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]

CSV = b"kelurahan,jumlah,nik\nSentul,12,35\nGedog,7,36\n"
ROWS = [
    {
        **VARIABEL,
        "kolom": "kelurahan",
        "tipe_data": "teks",
        "klasifikasi_isian": "Sentul | S\nGedog",
    },
    {**VARIABEL, "kolom": "jumlah", "satuan": "jiwa"},
    {**VARIABEL, "kolom": "nik", "tipe_data": "teks", "akses": "tertutup"},
]


def _file(city, **more):
    package = make.dataset(city, files=0)
    values = {"package_id": package["id"], "name": "Data", "format": "CSV", "url": "a.csv"}
    upload = make.upload(CSV, "a.csv")
    return make.call("resource_create", city.produsen_data, **values, upload=upload, **more)


def test_the_schema_fits_the_file_that_everybody_gets(city):
    """Types, codes and units of the open columns, in the order of the copy."""
    made = _file(city, variabel=ROWS)
    found = make.call("satudata_table_schema_show", city.produsen_data, id=made["id"])
    assert [(one["name"], one["type"]) for one in found["fields"]] == [
        ("kelurahan", "string"),
        ("jumlah", "integer"),
    ]
    assert found["fields"][1]["unit"] == "jiwa"
    assert found["fields"][0]["constraints"] == {"enum": ["Sentul", "Gedog"]}
    served = make.call("package_show", city.produsen_data, id=made["package_id"])["resources"][0]
    with storage.open_resource(served["id"]) as source:
        head = source.readline().decode().strip().split(",")
    assert head == [one["name"] for one in found["fields"]]


def test_without_variables_there_are_no_fields():
    """Nothing is guessed."""
    assert tableschema.descriptor({"variabel": "x"}) == {"fields": [], "missingValues": [""]}


@pytest.mark.parametrize("person", ["outsider", None])
def test_of_a_hidden_file_nothing_is_told(city, person):
    """As the file itself."""
    made = _file(city, variabel=ROWS)
    with pytest.raises((tk.ObjectNotFound, tk.NotAuthorized)):
        caller = getattr(city, person) if person else None
        make.call("satudata_table_schema_show", caller, id=made["id"])
