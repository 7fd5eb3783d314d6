"""Published datasets as graphs: what a client reads of them, for the tests of the profiles."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from pyshacl import validate
from rdflib import Graph, Namespace, URIRef
from rdflib.namespace import DCAT, DCTERMS, PROV, SKOS

from tests import factories as make

SHAPES = Graph().parse(Path(__file__).parent / "shapes.ttl")
FORMATS = {"ttl": "turtle", "jsonld": "json-ld", "rdf": "xml"}
PROFILES = ["euro_dcat_ap_3", "satudata_dcat_ap"]
EU = "http://publications.europa.eu/resource/authority"
SCHEMA = Namespace("http://schema.org/")
ADMS = Namespace("http://www.w3.org/ns/adms#")
SPDX = Namespace("http://spdx.org/rdf/terms#")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
STAT = Namespace("http://data.europa.eu/s1n/")
SDI = Namespace("https://github.com/satudata/ckanext-satudata/blob/main/docs/reference/dcat.md#")
PREFIXES = {
    "dct": DCTERMS,
    "dcat": DCAT,
    "skos": SKOS,
    "prov": PROV,
    "adms": ADMS,
    "schema": SCHEMA,
}
#: What a dataset says beside what is demanded.
MORE = {
    "sumber": "SIAK",
    "id_dds": "DDS-35.72-001",
    "id_sds": "SE04218.01.00",
    "kodereferensi": "Kode wilayah Kemendagri",
    "wilayah": "35.72.01",
    "author": "Bidang Pelayanan",
    "author_email": "bidang@example.org",
    "maintainer": "Walidata Kota",
    "maintainer_email": "walidata@example.org",
    "kontak": "Bidang Data, (0342) 801171",
    "license_id": "cc-by",
    "metode_pengumpulan": ["wawancara", "data_sekunder"],
}
OPEN = {**make.VARIABEL, "nama": "Jumlah penduduk", "ukuran": "Jumlah", "satuan": "jiwa"}
WITHHELD = {
    **make.VARIABEL,
    "kolom": "kode_provinsi",
    "akses": "terbatas",
    "nama": "Rahasia",
    "definisi": "Tersembunyi",
}
INDICATOR = {
    "nama": "Prevalensi stunting",
    "definisi": "Balita pendek per seratus balita",
    "interpretasi": "Makin tinggi makin buruk",
    "metode_perhitungan": "Balita stunting dibagi balita diukur",
    "rumus": "a / b x 100",
    "satuan": "persen",
    "indikator_komposit": "tidak",
    "variabel_pembangun": "Balita stunting | Penimbangan",
    "level_estimasi": "Kelurahan",
}


def made(city: make.City, *rows: dict[str, Any], **values: Any) -> dict[str, Any]:
    """A published dataset with one file whose columns are described by the rows."""
    package = make.dataset(city, files=0, **values)
    make.call(
        "resource_create",
        city.produsen_data,
        package_id=package["id"],
        name="Penduduk",
        description="Semua kelurahan",
        format="CSV",
        periode="2025",
        url="penduduk.csv",
        upload=make.upload(make.SAMPLE.read_bytes(), "penduduk.csv"),
        variabel=list(rows),
    )
    make.bring_to(city, package, "published")
    return make.call("package_show", None, id=package["id"])


def datasets(city: make.City) -> dict[str, Any]:
    """An open, an indicator's and a restricted dataset as anonymous gets them; a draft."""
    hidden = {**INDICATOR, "nama": "Indikator tertutup", "akses_umum": "tidak"}
    rows = [INDICATOR, hidden]
    return {
        "terbuka": made(city, OPEN, WITHHELD, tag_string="penduduk,usia", **MORE),
        "indikator": made(city, OPEN, jenis="indikator", indikator=rows),
        "terbatas": made(city, OPEN, WITHHELD, accessRights="terbatas"),
        "private": make.dataset(city),
    }


def get(app: Any, url: str, form: str) -> Graph:
    """What a client reads at an address."""
    return Graph().parse(data=app.get(url, status=200).body, format=FORMATS[form])


def report(graph: Graph) -> tuple[bool, str]:
    """Does a graph conform to the shapes, and what is said of it?"""
    conforms, _graph, text = validate(graph, shacl_graph=SHAPES)
    return conforms, text


def made_of(package: dict[str, Any], profiles: list[str] = PROFILES) -> tuple[Graph, URIRef]:
    """The graph of a dictionary, without any web."""
    from ckanext.dcat.processors import RDFSerializer

    serializer = RDFSerializer(profiles=profiles)
    ref = serializer.graph_from_dataset(json.loads(json.dumps(package)))
    return serializer.g, ref


def named(graph: Graph, subject: Any, term: URIRef, part: URIRef) -> set[str]:
    """The names of what a subject is bound to by a term."""
    return {str(graph.value(one, part)) for one in graph.objects(subject, term)}


def block_of(app: Any, key: str) -> str:
    """What search engines read in the page of a dataset."""
    body = app.get(f"/dataset/{key}", status=200).body
    (block,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', body, re.S)
    return block
