"""A national portal harvests this one: what is public, whole, and nothing else."""

from __future__ import annotations

import hashlib
import re
import uuid
from typing import Any

import pytest
import requests

from tests.portal import ROOT

pytestmark = pytest.mark.e2e

#: As the national portal shows it to people (harvest of the scheme's codes).
FREQUENCY = {
    "bulanan": "Bulanan",
    "triwulanan": "Triwulanan",
    "semesteran": "Semesteran",
    "tahunan": "Tahunan",
}


def _published(demo: Any) -> list[str]:
    """Names of what is public, as the portal's walidata sees it."""
    names, after = [], {}
    while page := demo.as_("walidata").satudata_approval_list(
        state="published", limit=100, **after
    ):
        names += [one["name"] for one in page]
        after = {"after": page[-1]["id"]}
    return sorted(names)


def _content(one: dict[str, Any]) -> bytes:
    """The very bytes the demo city uploads for a dataset."""
    import tables

    if one.get("file"):
        return (ROOT / "samples" / one["file"]).read_bytes()
    return tables.make(one["name"], one["table"])


def _by_name(harvester: Any) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in harvester.datasets()}


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(scope="module")
def harvested(demo: Any, harvester: Any) -> Any:
    """The harvester after a job of its own."""
    harvester.run_job()
    return harvester


def _public_in_demo(demo: Any) -> list[dict[str, Any]]:
    return [one for one in demo.city["datasets"] if one["road"] == "published"]


def test_all_that_is_public_arrives_and_nothing_else(demo, harvested):
    """Not what is in the check, validated, closed, held or withdrawn."""
    names = [one["name"] for one in harvested.datasets()]
    assert names == _published(demo)
    public = {one["name"] for one in _public_in_demo(demo)}
    private = {one["name"] for one in demo.city["datasets"]} - public
    assert len(public) == 10
    assert len(private) == 17
    assert public <= set(names)
    assert not private & set(names)


def test_a_record_carries_the_national_keys_as_strings(demo, harvested):
    """The harvester drops fields it does not know; what it keeps are string extras."""
    found, titles = _by_name(harvested), {k: v["title"] for k, v in demo.agency.items()}
    for one in _public_in_demo(demo):
        record = found[one["name"]]
        extras = {extra["key"]: extra["value"] for extra in record["extras"]}
        assert all(isinstance(value, str) and value for value in extras.values())
        konsep, klasifikasi, ukuran, satuan = (part.strip() for part in one["std"].split("|"))
        expected = {
            "konsep": konsep,
            "definisi": one["definisi"],
            "klasifikasi": klasifikasi,
            "ukuran": ukuran,
            "satuan": satuan,
            "accrualPeriodicity": FREQUENCY[one["freq"]],
            "accessRights": one.get("access", "terbuka"),
            "publisher_type": "daerah-kota",
            "produsen_data_name": titles[one["org"]],
            "produsen_data_province_code": "35",
            "produsen_data_city_code": "3572",
        }
        assert expected.items() <= extras.items(), one["name"]
        assert re.fullmatch("sd2:[0-9a-f]{64}", extras["satudata_fingerprint"])
        assert extras["satudata_letter_number"]
        assert (record["title"], record["author"]) == (one["title"], titles[one["org"]])
        assert record["organization"]["name"] == "kota-blitar"


def test_the_files_of_a_record_are_the_published_bytes(demo, harvested):
    """Byte by byte what the agency uploaded, through the link that the harvester shows.

    Of restricted data the record is harvested, and its file refused.
    """
    found = _by_name(harvested)
    for one in _public_in_demo(demo):
        (resource,) = found[one["name"]]["resources"]
        answer = requests.get(resource["url"], timeout=30)
        if one.get("access"):
            assert answer.status_code == 403
            assert _content(one) not in answer.content
            continue
        assert answer.status_code == 200
        assert _sha256(answer.content) == _sha256(_content(one)), one["name"]


def test_the_next_job_takes_only_what_changed(demo, harvested):
    """Publish one more; the jobs before and after it bring nothing."""
    assert set(harvested.run_job()) == {"not modified"}
    assert harvested.run_job(margin=False) == {}

    pattern = next(one for one in _public_in_demo(demo) if one.get("table"))
    mark = uuid.uuid4().hex[:8]
    one = {**pattern, "name": f"data-baru-{mark}", "title": f"Data Baru {mark}"}
    demo.dataset(one)
    producer = demo.as_(demo.agency[one["org"]]["short"])
    note = {"key": "Catatan", "value": "Diperbarui tiap semester"}
    tags = [{"name": "kependudukan"}, {"name": "lingkungan hidup"}]
    producer.package_patch(id=one["name"], tags=tags, extras=[note])
    demo.check(one)
    assert harvested.run_job(margin=False) == {}, "a dataset in the check was harvested"

    demo.sign(one)
    assert harvested.run_job(margin=False) == {"added": 1}
    record = _by_name(harvested)[one["name"]]
    assert [one["name"] for one in harvested.datasets()] == _published(demo)
    assert note in record["extras"]
    assert {tag["name"] for tag in record["tags"]} == {"kependudukan", "lingkungan hidup"}
    answer = requests.get(record["resources"][0]["url"], timeout=30)
    assert _sha256(answer.content) == _sha256(_content(one))
    assert harvested.run_job(margin=False) == {}

    # Withdrawn: the harvester's record stays, and its link says so.
    withdraw = demo.as_("walidata").satudata_approval_withdraw
    withdraw(id=one["name"], reason="wrong", notice="Angka keliru.")
    assert harvested.run_job().keys() <= {"not modified"}
    record = _by_name(harvested)[one["name"]]
    answer = requests.get(record["resources"][0]["url"], timeout=30)
    assert answer.status_code == 410
    assert "Angka keliru." in answer.text
    assert _content(one) not in answer.content
    assert one["name"] not in _published(demo)
