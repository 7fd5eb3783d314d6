"""Files that nobody could read are refused before a byte of them is stored."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from ckan.plugins import toolkit as tk

from ckanext.satudata.storage import service as storage

from tests import factories as make

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]

DISGUISED = Path(__file__).parents[2] / "samples" / "10-html-menyamar.csv"
BAD = {
    "empty": (b"", "empty_file"),
    "blank": (b"\xef\xbb\xbf \r\n", "empty_file"),
    "login page": (DISGUISED.read_bytes(), "invalid_format"),
    "utf-16 page": ("<html><body>Masuk</body></html>".encode("utf-16"), "invalid_format"),
    "doctype": (b"\n<!DOCTYPE html>\n<html></html>", "invalid_format"),
}


@pytest.fixture
def city(kept, with_plugins, non_clean_db) -> make.City:
    if "city" not in kept:
        kept["city"] = make.city()
        kept["package"] = make.dataset(kept["city"])
    return kept["city"]


@pytest.mark.parametrize("kind", sorted(BAD))
def test_unreadable_file_is_refused_with_the_way_out(city, kept, kind):
    """New or in the place of an old one; the old bytes are served on."""
    content, code = BAD[kind]
    package = kept["package"]
    resource = package["resources"][0]["id"]
    with pytest.raises(tk.ValidationError) as refused:
        make.call(
            "resource_create",
            city.produsen_data,
            package_id=package["id"],
            name="Data",
            url="data.csv",
            upload=make.upload(content, "data.csv"),
        )
    assert refused.value.error_dict["code"] == [code]
    assert "data.csv" in refused.value.error_dict["upload"][0]
    with pytest.raises(tk.ValidationError):
        make.call(
            "resource_update",
            city.produsen_data,
            id=resource,
            name="Data",
            url="data.csv",
            upload=make.upload(content, "data.csv"),
        )
    shown = make.call("package_show", city.produsen_data, id=package["id"])
    assert [one["id"] for one in shown["resources"]] == [resource]
    with storage.open_resource(resource) as stored:
        assert stored.read() == make.SAMPLE.read_bytes()


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"a;b\n1;2\n", "data.csv"),
        ("kolom\n1\n".encode("utf-16"), "data.csv"),
        (b"<html><body>Panduan</body></html>", "panduan.html"),
        (b'{"a": 1}', "data.json"),
        (b"<kml></kml>", "peta.kml"),
    ],
)
def test_readable_file_is_taken(city, kept, content, name):
    """Wrong content is judged later; a web page that says so is a document."""
    made = make.call(
        "resource_create",
        city.produsen_data,
        package_id=make.dataset(city, files=0)["id"],
        name="Data",
        url=name,
        upload=make.upload(content, name),
    )
    assert made["url"].endswith(name)


def test_unknown_agency_is_named(city):
    """A dataset of nobody is not created."""
    with pytest.raises(tk.ValidationError) as refused:
        make.dataset(city, owner_org="dinas-antah-berantah")
    assert "dinas-antah-berantah" in refused.value.error_dict["owner_org"][0]
    topic = make.call("group_create", city.sysadmin, name=f"topik-{uuid.uuid4().hex[:8]}")
    with pytest.raises(tk.ValidationError) as refused:
        make.dataset(city, owner_org=topic["name"])
    assert topic["name"] in refused.value.error_dict["owner_org"][0]
