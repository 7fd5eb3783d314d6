"""DCAT-AP 3: read back as a client does, held against shapes, nothing closed."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from rdflib import RDF, RDFS, Graph, Literal, URIRef
from rdflib.compare import isomorphic
from rdflib.namespace import DCAT, DCTERMS, FOAF, PROV, SKOS, XSD

from ckanext.satudata.metadata import service as metadata

from tests import factories as make
from tests import kegiatan
from tests.metadata import rdf
from tests.metadata.rdf import (
    ADMS,
    EU,
    FORMATS,
    PREFIXES,
    PROFILES,
    SDI,
    SPDX,
    STAT,
    VCARD,
    get,
    made_of,
    named,
    report,
)

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]


@pytest.fixture
def data(kept, city) -> dict[str, Any]:
    """Datasets, made once."""
    if "data" not in kept:
        kept["data"] = rdf.datasets(city)
    return kept["data"]


@pytest.mark.parametrize("level", ["terbuka", "indikator", "terbatas"])
@pytest.mark.parametrize("form", FORMATS)
def test_a_published_dataset_conforms(app, data, form, level):
    """In each format, by id and by name."""
    package = data[level]
    graph = get(app, f"/dataset/{package['id']}.{form}", form)
    conforms, text = report(graph)
    assert conforms, text
    assert isomorphic(graph, get(app, f"/dataset/{package['name']}.ttl", "ttl"))


@pytest.mark.parametrize("form", FORMATS)
def test_the_catalogue_conforms(app, data, form):
    """With the city's government as publisher, and each dataset as by itself."""
    graph = get(app, f"/catalog.{form}?fq=owner_org:{data['terbuka']['owner_org']}", form)
    conforms, text = report(graph)
    assert conforms, text
    (catalogue,) = graph.subjects(RDF.type, DCAT.Catalog)
    assert len(list(graph.objects(catalogue, DCAT.dataset))) == 3
    assert named(graph, catalogue, DCTERMS.publisher, FOAF.name) == {"Kota Blitar"}
    assert named(graph, catalogue, DCTERMS.spatial, DCTERMS.identifier) == {"35.72"}
    assert set(graph.objects(catalogue, DCTERMS.language)) == {URIRef(f"{EU}/language/IND")}


def test_the_fields_of_the_scheme_are_there(app, data):
    """As the terms of DCAT-AP, with the codes of the European tables."""
    package = data["terbuka"]
    graph = get(app, f"/dataset/{package['id']}.ttl", "ttl")
    (one,) = graph.subjects(RDF.type, DCAT.Dataset)
    for term, uri in (
        (DCTERMS.accrualPeriodicity, f"{EU}/frequency/ANNUAL"),
        (DCTERMS.accessRights, f"{EU}/access-right/PUBLIC"),
        (DCTERMS.language, f"{EU}/language/IND"),
    ):
        assert list(graph.objects(one, term)) == [URIRef(uri)]
    for term, part, said in (
        (DCTERMS.publisher, FOAF.name, {"Dinas Kesehatan"}),
        (DCTERMS.creator, FOAF.name, {"Bidang Pelayanan"}),
        (DCTERMS.creator, FOAF.mbox, {"mailto:bidang@example.org"}),
        (DCAT.contactPoint, VCARD.fn, {"Walidata Kota", "Bidang Data, (0342) 801171"}),
        (DCTERMS.spatial, SKOS.prefLabel, {"Kepanjenkidul"}),
        (DCTERMS.spatial, DCTERMS.identifier, {"35.72.01"}),
        (DCTERMS.temporal, DCAT.startDate, {"2026-01-01"}),
        (DCTERMS.temporal, DCAT.endDate, {"2026-12-31"}),
        (DCTERMS.conformsTo, DCTERMS.identifier, {"SE04218.01.00", "None"}),
        (DCTERMS.provenance, RDFS.label, {"SIAK"}),
        (DCTERMS.type, SKOS.notation, {"variabel"}),
        (DCTERMS.subject, SKOS.prefLabel, {"Penduduk"}),
        (DCTERMS.subject, SKOS.definition, {make.COMPLETE["definisi"]}),
        (STAT.dimension, SKOS.prefLabel, {"Jenis kelamin"}),
        (STAT.statUnitMeasure, SKOS.prefLabel, {"jiwa"}),
        (ADMS.identifier, SKOS.notation, {"DDS-35.72-001"}),
        (PROV.wasGeneratedBy, RDFS.label, {"Kompilasi Data Kependudukan 2026"}),
        (PROV.wasGeneratedBy, PROV.startedAtTime, {"2026-12-01T00:00:00"}),
        (PROV.wasGeneratedBy, PROV.endedAtTime, {"2026-12-31T00:00:00"}),
    ):
        assert named(graph, one, term, part) == said, (term, part)
    assert {str(word) for word in graph.objects(one, DCAT.keyword)} == {"penduduk", "usia"}
    place = graph.value(one, DCTERMS.spatial)
    assert named(graph, place, ADMS.identifier, SKOS.notation) == {"3572020"}


def test_a_file_is_a_distribution(app, data):
    """Format and media type as addresses; the bytes of open data can be fetched."""
    package = data["terbuka"]
    (resource,) = package["resources"]
    graph = get(app, f"/dataset/{package['id']}.ttl", "ttl")
    (file,) = graph.subjects(RDF.type, DCAT.Distribution)
    assert graph.value(file, DCTERMS["format"]) == URIRef(f"{EU}/file-type/CSV")
    assert str(graph.value(file, DCAT.mediaType)).endswith("/media-types/text/csv")
    assert graph.value(file, DCAT.byteSize) == Literal(
        resource["size"], datatype=XSD.nonNegativeInteger
    )
    licence = graph.value(file, DCTERMS.license)
    assert graph.value(licence, RDFS.label) == Literal(package["license_title"])
    for term in (DCAT.accessURL, DCAT.downloadURL):
        assert str(graph.value(file, term)) == resource["url"]
    assert named(graph, file, DCTERMS.temporal, RDFS.label) == {"2025"}
    answer = app.get(re.sub(r"^https?://[^/]+", "", resource["url"]), status=200)
    assert "kode_provinsi" not in answer.body.splitlines()[0]


def test_restricted_data_says_why(app, data):
    """RESTRICTED with its legal basis, of the dataset and of its file; no address of bytes."""
    graph = get(app, f"/dataset/{data['terbatas']['id']}.ttl", "ttl")
    (one,) = graph.subjects(RDF.type, DCAT.Dataset)
    (file,) = graph.objects(one, DCAT.distribution)
    assert graph.value(one, DCTERMS.accessRights) == URIRef(f"{EU}/access-right/RESTRICTED")
    for subject in (one, file):
        assert named(graph, subject, DCTERMS.rights, RDFS.label) == {"UU 14/2008 pasal 17 huruf h"}
    assert not list(graph.objects(file, DCAT.downloadURL))


@pytest.mark.parametrize("form", FORMATS)
def test_a_private_dataset_is_missing(app, data, form):
    """As before: its address is 404, and the catalogue does not know it."""
    key = data["private"]["id"]
    app.get(f"/dataset/{key}.{form}", status=404)
    for profiles in (*PROFILES, "satudata_schemaorg"):
        app.get(f"/dataset/{key}.{form}?profiles={profiles}", status=404)
    assert key not in app.get(f"/catalog.{form}?fq=id:{key}", status=200).body


@pytest.mark.parametrize(
    ("kind", "term"),
    [
        *((DCAT.Catalog, one) for one in (DCTERMS.title, DCTERMS.description, DCTERMS.publisher)),
        *((DCAT.Dataset, one) for one in (DCTERMS.title, DCTERMS.description)),
        *((DCAT.Dataset, one) for one in (DCTERMS.publisher, DCTERMS.accessRights)),
        *((DCAT.Dataset, one) for one in (DCAT.contactPoint, DCTERMS.temporal, DCTERMS.spatial)),
        *((DCAT.Dataset, one) for one in (DCTERMS.accrualPeriodicity, DCTERMS.rights)),
        (DCAT.Distribution, DCAT.accessURL),
        (DCAT.Distribution, DCTERMS["format"]),
        (FOAF.Agent, FOAF.name),
        (VCARD.Kind, VCARD.fn),
        (DCTERMS.PeriodOfTime, DCAT.startDate),
        (PROV.Activity, RDFS.label),
        (SKOS.Concept, SKOS.prefLabel),
    ],
)
def test_the_shapes_find_what_is_missing(app, data, kept, kind, term):
    """What is right turns red without one of the demanded terms."""
    if "whole" not in kept:
        kept["whole"] = get(app, f"/catalog.ttl?fq=id:{data['terbatas']['id']}", "ttl")
        assert report(kept["whole"])[0]
    broken = Graph() + kept["whole"]
    for subject in broken.subjects(RDF.type, kind):
        broken.remove((subject, term, None))
    assert len(broken) < len(kept["whole"])
    assert not report(broken)[0]


def test_the_shapes_refuse_a_wrong_kind(data):
    """A code of the scheme in the place of the address; text in the place of an agent."""
    graph, one = made_of(data["terbuka"])
    assert report(graph)[0]
    for term, wrong in (
        (DCTERMS.accessRights, Literal("terbuka")),
        (DCTERMS.accrualPeriodicity, Literal("tahunan")),
        (DCTERMS.publisher, Literal("Dinas Kesehatan")),
        (DCTERMS.modified, Literal("kemarin")),
    ):
        broken = Graph() + graph
        broken.set((one, term, wrong))
        assert not report(broken)[0], term


def test_every_field_with_a_term_is_in_the_graph(city):
    """The scheme names the term (``dcat``): it is there, and it goes with the field."""
    whole = {
        **kegiatan.every_field(),
        "id": "1",
        "name": "a",
        "type": "dataset",
        "metadata_modified": "2026-01-01T00:00:00",
        "organization": {"id": "2", "name": "dinas", "title": "Dinas"},
        "tags": [{"name": "penduduk"}],
        "resources": [{**kegiatan.every_field("resource_fields"), "id": "3", "package_id": "1"}],
    }
    row = whole["resources"][0]["variabel"][0]
    row["akses"] = "terbuka"
    whole["indikator"][0]["akses_umum"] = "ya"
    other = {"owner_org": "organization", "tag_string": "tags"}

    def both(package: dict[str, Any]) -> Graph:
        return Graph() + made_of(package)[0] + made_of(package, ["satudata_schemaorg"])[0]

    graph = both(whole)
    assert isomorphic(graph, both(whole))
    checked = 0
    for field in metadata.fields():
        if not field.get("dcat"):
            continue
        prefix, _colon, name = field["dcat"].partition(":")
        assert (None, PREFIXES[prefix][name], None) in graph, field["field_name"]
        without = dict(whole)
        del without[other.get(field["field_name"], field["field_name"])]
        if field["field_name"] != "name":
            assert not isomorphic(graph, both(without)), field["field_name"]
        checked += 1
    assert checked > 25
    for name in ("satuan", "definisi", "nama", "ukuran"):
        assert any(Literal(row[name]) == said for said in graph.objects()), name


# ---------------------------------------------------------------- dictionaries of any shape
def test_stored_json_reads_as_lists(data):
    """Search results of the raw dataset have rows and choices as text."""
    for level in ("terbuka", "indikator"):
        stored = json.loads(json.dumps(data[level]))
        for key in ("indikator", "metode_pengumpulan"):
            stored[key] = json.dumps(stored.get(key))
        for one in stored["resources"]:
            one["variabel"] = json.dumps(one["variabel"])
        for profiles in (PROFILES, ["satudata_schemaorg"]):
            assert isomorphic(made_of(stored, profiles)[0], made_of(data[level], profiles)[0])


def test_topics_are_themes_and_priority_is_told(data):
    """A group of the portal is a concept with its name; the year of the decree a term of ours."""
    groups = [{"id": "1", "name": "sosial", "title": "Sosial"}]
    graph, one = made_of({**data["terbuka"], "groups": groups, "prioritas_tahun": "2026"})
    assert graph.value(one, SDI.prioritas_tahun) == Literal("2026")
    assert named(graph, one, DCAT.theme, SKOS.prefLabel) == {"Sosial"}
    assert report(graph)[0]


@pytest.mark.parametrize(
    ("stored", "algorithm"),
    [("a" * 32, "md5"), ("sha256:" + "B" * 64, "sha256"), ("c" * 40, "sha1"), ("kata", None)],
)
def test_a_checksum_has_its_algorithm(data, stored, algorithm):
    """Known by its length; what is no digest is not told."""
    package = json.loads(json.dumps(data["terbuka"]))
    package["resources"][0]["hash"] = stored
    graph, _one = made_of(package)
    found = {str(one).rpartition("_")[2] for one in graph.objects(None, SPDX.algorithm)}
    assert found == ({algorithm} if algorithm else set())
    assert bool(list(graph.subjects(RDF.type, SPDX.Checksum))) == bool(algorithm)
    assert report(graph)[0]


@pytest.mark.parametrize("profiles", [PROFILES, PROFILES[1:], ["satudata_schemaorg"]])
def test_a_poor_dictionary_breaks_nothing(profiles):
    """A draft of before, a code nobody knows, a link without a format; any profile alone."""
    poor = {
        "id": "1",
        "name": "a",
        "type": "dataset",
        "title": "A",
        "accessRights": "rahasia",
        "accrualPeriodicity": "x",
        "jadwal_desain_awal": "besok",
        "wilayah": "00",
        "jenis": "indikator",
        "indikator": "[1]",
        "organization": None,
        "license_id": "x",
        "extras": [],
        "resources": [{"id": "2", "package_id": "1", "url": None, "format": None, "variabel": "a"}],
    }
    graph, _one = made_of(poor, profiles)
    assert graph.serialize(format="turtle")
    assert graph.serialize(format="pretty-xml")


def test_the_agency_is_named_as_the_dictionary_names_it(data):
    """A renamed agency has its new name at once, though ckanext-dcat remembers the old one."""
    package = {**data["terbuka"], "organization": {**data["terbuka"]["organization"]}}
    made_of(package)
    package["organization"]["title"] = "Dinas Baru"
    graph, one = made_of(package)
    assert named(graph, one, DCTERMS.publisher, FOAF.name) == {"Dinas Baru"}


def test_without_a_contact_the_city_is_asked(data):
    """Somebody is always there to ask."""
    keys = ("kontak", "maintainer", "maintainer_email", "author", "author_email")
    graph, one = made_of({**data["terbuka"], **dict.fromkeys(keys, "")})
    (mail,) = named(graph, one, DCAT.contactPoint, VCARD.hasEmail)
    assert mail == "mailto:diskominfotik@blitarkota.go.id"
    assert named(graph, one, DCTERMS.creator, FOAF.name) == {"Dinas Kesehatan"}
