"""Access classes and hidden data in what machines read: DCAT and schema.org."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from rdflib import Graph, URIRef
from rdflib.namespace import DCAT, DCTERMS, RDF

from ckan.plugins import toolkit as tk

from tests import factories as make
from tests.approval.test_access import NAMED, SECRET, with_rows
from tests.gate.hidden import masked

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]

FORMATS = {"ttl": "turtle", "xml": "xml", "jsonld": "json-ld"}


@pytest.fixture
def data(kept, with_plugins, non_clean_db) -> dict[str, Any]:
    """A dataset of each class, a draft and a withdrawn one, all of one agency."""
    if "data" not in kept:
        city = make.city()
        kept["data"] = {
            "terbuka": with_rows(city, "published", "terbuka"),
            "terbatas": with_rows(city, "published", "terbatas", akses_peran=[NAMED]),
            "tertutup": with_rows(city, "validated", "tertutup", akses_peran=[NAMED]),
            "private": with_rows(city, "draft", "terbuka"),
            "withdrawn": with_rows(city, "withdrawn", "terbuka"),
        }
    return kept["data"]


def _graph(app: Any, url: str, form: str) -> tuple[Graph, str]:
    body = app.get(url, status=200).body
    return Graph().parse(data=body, format=FORMATS[form]), body


def _names(graph: Graph, kind: URIRef) -> set[str]:
    return {str(one) for one in graph.subjects(RDF.type, kind)}


@pytest.mark.parametrize("form", FORMATS)
def test_the_catalogue_names_what_is_public_and_nothing_else(app, data, form):
    """Page by page; hidden datasets are neither listed nor counted."""
    listed: set[str] = set()
    number = 1
    while True:
        graph, body = _graph(app, f"/catalog.{form}?page={number}", form)
        page = _names(graph, DCAT.Dataset)
        if not page - listed:
            break
        listed |= page
        number += 1
        for hidden in ("tertutup", "private", "withdrawn"):
            assert data[hidden]["id"] not in body
            assert data[hidden]["name"] not in body
    ids = {url.rsplit("/", 1)[-1] for url in listed}
    assert {data["terbuka"]["id"], data["terbatas"]["id"]} <= ids


@pytest.mark.parametrize("form", FORMATS)
def test_restricted_metadata_is_told_and_its_data_is_not(app, data, form):
    """Title and file address are public, the rows are asked for at the address itself."""
    package = data["terbatas"]
    graph, body = _graph(app, f"/dataset/{package['name']}.{form}", form)
    (dataset,) = graph.subjects(RDF.type, DCAT.Dataset)
    assert str(graph.value(dataset, DCTERMS.title)) == package["title"]
    (distribution,) = graph.objects(dataset, DCAT.distribution)
    address = str(graph.value(distribution, DCAT.accessURL))
    assert str(SECRET) not in body
    assert "kasus" not in body
    app.get(re.sub(r"^https?://[^/]+", "", address), status=403)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("hidden", ["tertutup", "private"])
def test_hidden_data_is_missing_data(app, data, form, hidden):
    """By name, by id, with a profile; the same answer as for what never was."""
    for pattern in ("/dataset/{0}." + form, "/dataset/{0}." + form + "?profiles=schemaorg"):
        missing = app.get(pattern.format("tidak-pernah-ada"), status=404)
        for key in (data[hidden]["name"], data[hidden]["id"]):
            answer = app.get(pattern.format(key), status=404)
            told = masked(answer.body, {"key": key})
            assert told == masked(missing.body, {"key": "tidak-pernah-ada"})


def test_withdrawn_data_is_gone(app, data):
    """410 with the notice, as on its page."""
    answer = app.get(f"/dataset/{data['withdrawn']['name']}.ttl", status=None)
    assert answer.status_code == 410
    assert data["withdrawn"]["title"] not in answer.body.split("<body")[0]


@pytest.mark.parametrize("level", ["terbuka", "terbatas"])
def test_search_engines_read_no_rows_of_restricted_data(app, data, level):
    """The block for search engines in the page is about the dataset; it has no content."""
    body = app.get(f"/dataset/{data[level]['name']}", status=200).body
    (block,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', body, re.S)
    graph = Graph().parse(data=block, format="json-ld")
    assert URIRef("http://schema.org/Dataset") in set(graph.objects(None, RDF.type))
    assert data[level]["title"] in json.dumps(json.loads(block), ensure_ascii=False)
    assert str(SECRET) not in block
    assert "kasus" not in block or level == "terbuka"


@pytest.mark.parametrize("hidden", ["tertutup", "private"])
def test_the_action_of_a_dataset_hides_the_same(data, hidden):
    """Asked by the action, anonymous sees what the pages show."""
    with pytest.raises((tk.ObjectNotFound, tk.NotAuthorized)):
        make.call("dcat_dataset_show", None, id=data[hidden]["id"])
    told = make.call("dcat_dataset_show", None, id=data["terbatas"]["id"])
    assert data["terbatas"]["title"] in told
