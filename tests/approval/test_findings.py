"""Findings are answered one by one, and seen as repaired when their place changed."""

from __future__ import annotations

from typing import Any

import pytest

from ckan.plugins import toolkit as tk

from tests import factories as make

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]


def _returned(city: make.City) -> tuple[str, str]:
    """A dataset returned with three findings: a field, a file, and the whole."""
    package = make.dataset(city)
    key, resource = package["id"], package["resources"][0]["id"]
    make.call("satudata_approval_submit", city.produsen_data, id=key)
    make.call("satudata_approval_claim", city.walidata, id=key)
    make.call(
        "satudata_approval_return",
        city.walidata,
        id=key,
        findings=[
            {"code": "standard_mismatch", "field": "satuan", "comment": "Tulis orang."},
            {"code": "invalid_value", "resource": resource, "rows": "9", "comment": "Bukan angka."},
            {"code": "other", "comment": "Jelaskan sumbernya."},
            {
                "code": "metadata_unclear",
                "severity": "advice",
                "field": "notes",
                "comment": "Singkat.",
            },
        ],
    )
    return key, resource


def _findings(city: make.City, key: str) -> list[dict[str, Any]]:
    return make.call("satudata_approval_show", city.produsen_data, id=key)["findings"]


def _answers(city: make.City, key: str) -> list[str]:
    return [one["answer"] for one in _findings(city, key)]


def test_submission_waits_for_every_demanded_finding(city):
    """A changed field or file counts as repaired; the rest is answered by hand."""
    key, resource = _returned(city)
    with pytest.raises(tk.ValidationError) as refused:
        make.call("satudata_approval_submit", city.produsen_data, id=key)
    assert refused.value.error_dict["code"] == ["findings_open"]
    assert "1, 2, 3" in str(refused.value.error_dict)
    make.call("package_patch", city.produsen_data, id=key, satuan="orang")
    assert _answers(city, key) == ["fixed", "open", "open", "open"]
    make.call(
        "resource_patch",
        city.produsen_data,
        id=resource,
        upload=make.upload(b"a,b\n1,2\n", "baru.csv"),
    )
    assert _answers(city, key)[1] == "fixed"
    whole = _findings(city, key)[2]["id"]
    with pytest.raises(tk.ValidationError):
        make.call("satudata_finding_answer", city.produsen_data, id=whole, answer="replied")
    make.call(
        "satudata_finding_answer",
        city.produsen_data,
        id=whole,
        answer="replied",
        reply="Dari laporan petugas.",
    )
    again = make.call("satudata_approval_submit", city.produsen_data, id=key)
    assert again["round"] == 2
    assert _answers(city, key) == ["fixed", "fixed", "replied", "open"]


def test_put_back_is_not_repaired(city):
    """What stands there as before is the finding as before."""
    key, _resource = _returned(city)
    make.call("package_patch", city.produsen_data, id=key, satuan="orang")
    make.call("package_patch", city.produsen_data, id=key, satuan="jiwa")
    assert _answers(city, key)[0] == "open"


def test_checker_accepts_or_opens_again(city):
    """Only who holds the claim; opened again it has to be answered anew."""
    key, resource = _returned(city)
    make.call("package_patch", city.produsen_data, id=key, satuan="orang")
    upload = make.upload(b"a,b\n1,2\n", "baru.csv")
    make.call("resource_patch", city.produsen_data, id=resource, upload=upload)
    for one in _findings(city, key)[2:]:
        make.call("satudata_finding_answer", city.produsen_data, id=one["id"], answer="fixed")
    make.call("satudata_approval_submit", city.produsen_data, id=key)
    first = _findings(city, key)[0]["id"]
    with pytest.raises(tk.ValidationError) as refused:
        make.call("satudata_finding_answer", city.walidata, id=first, answer="accepted")
    assert refused.value.error_dict["code"] == ["not_claimed"]
    make.call("satudata_approval_claim", city.walidata, id=key)
    make.call("satudata_finding_answer", city.walidata, id=first, answer="reopened")
    with pytest.raises(tk.NotAuthorized):
        make.call("satudata_finding_answer", city.walidata, id=first, answer="fixed")
    finding = {"code": "other", "comment": "Lagi."}
    make.call("satudata_approval_return", city.walidata, id=key, findings=[finding])
    with pytest.raises(tk.ValidationError) as refused:
        make.call("satudata_approval_submit", city.produsen_data, id=key)
    assert "1, 5" in str(refused.value.error_dict)


@pytest.mark.parametrize("person", ["other_produsen", "outsider", "kepala_opd", "sekretariat"])
def test_strangers_answer_nothing(city, person):
    """A finding belongs to its agency and its checker."""
    key, _resource = _returned(city)
    first = _findings(city, key)[0]["id"]
    with pytest.raises((tk.NotAuthorized, tk.ObjectNotFound)):
        make.call("satudata_finding_answer", getattr(city, person), id=first, answer="fixed")
    assert _answers(city, key)[0] == "open"
