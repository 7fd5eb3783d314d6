"""What is public as DCAT-AP 3 and as schema.org: two profiles for ckanext-dcat.

Nothing imports this module but ckanext-dcat, where its options name the profiles (entry
points of ``ckan.rdf.profiles``); so that extension stays optional.

A profile says what the dictionary says that it is given, and asks for nothing else: of a
reader who gets less by ``package_show``, it tells less. Which field is which term stands in
the scheme (``dcat``) and on ``docs/reference/dcat.md``.

Source: DCAT-AP 3.0 (SEMIC), StatDCAT-AP 3 for dimensions and units, schema.org Dataset.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date
from typing import Any

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import PROV, RDF, RDFS, SKOS, XSD, Namespace
from rdflib.term import Node

from ckan.plugins import toolkit as tk

from ckanext.dcat.profiles.base import (
    ADMS,
    DCAT,
    DCT,
    FOAF,
    SCHEMA,
    SPDX,
    VCARD,
    CleanedURIRef,
    RDFProfile,
    URIRefOrLiteral,
)
from ckanext.dcat.profiles.schemaorg import SchemaOrgProfile
from ckanext.dcat.utils import catalog_uri, publisher_uri_organization_fallback, resource_uri
from ckanext.satudata import profile
from ckanext.satudata.common import csvs
from ckanext.satudata.metadata import codelists, completeness
from ckanext.satudata.metadata.service import OPEN

Values = Mapping[str, Any]

#: Terms of our own, for what has none elsewhere; each is a heading of that page.
SDI = Namespace("https://github.com/satudata/ckanext-satudata/blob/main/docs/reference/dcat.md#")
#: Terms of StatDCAT-AP.
STAT = Namespace("http://data.europa.eu/s1n/")
_EU = "http://publications.europa.eu/resource/authority"
INDONESIAN = URIRef(f"{_EU}/language/IND")
#: What kind of authority publishes (ADMS).
AUTHORITY = Namespace("http://purl.org/adms/publishertype/")
#: Formats that the file types of the EU have under the same name, and their media types.
FORMATS = {
    "CSV": "text/csv",
    "TSV": "text/tab-separated-values",
    "XLSX": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "XLS": "application/vnd.ms-excel",
    "ODS": "application/vnd.oasis.opendocument.spreadsheet",
    "DOCX": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "PDF": "application/pdf",
    "TXT": "text/plain",
    "JSON": "application/json",
    "GEOJSON": "application/geo+json",
    "XML": "application/xml",
    "KML": "application/vnd.google-earth.kml+xml",
    "ZIP": "application/zip",
}
IANA = "https://www.iana.org/assignments/media-types/"
_MEDIA = re.compile(r"[\w.+-]+/[\w.+-]+")
#: Algorithm of a checksum by the number of its digits.
ALGORITHMS = {32: "md5", 40: "sha1", 64: "sha256", 96: "sha384", 128: "sha512"}
#: Dates of a statistical activity: jadwal_<step>_awal and _akhir.
_SCHEDULE = re.compile(r"jadwal_\w+_(awal|akhir)")
#: Fields of our own namespace: of the dataset, and of one indicator.
PRIORITY = ("prioritas_tahun", "kriteria_prioritas", "indikator_prioritas")
INDICATOR = ("interpretasi", "rumus", "level_estimasi")


def text(values: Values, name: str) -> str:
    """A value as text without spaces around; "" where there is none."""
    value = values.get(name)
    return "" if value is None else str(value).strip()


def region(values: Values) -> tuple[str, str, str]:
    """Code of Home Affairs, code of BPS and name of the region that data covers.

    Without a region of its own it is the whole city.
    """
    city = profile.current().city
    code = text(values, "wilayah")
    if not code or code == city.region_kemendagri:
        return city.region_kemendagri, city.region_bps, city.name
    item = _item("wilayah", code)
    return (code, item.columns.get("bps", ""), item.id) if item else (code, "", code)


def _item(name: str, code: str) -> codelists.Item | None:
    found = codelists.get(name)
    return found.codes.get(code) if found else None


def schedule(values: Values) -> tuple[date | None, date | None]:
    """First and last day of the statistical activity, over all its steps."""
    days = []
    for name, value in values.items():
        if value and _SCHEDULE.fullmatch(name):
            with suppress(ValueError):
                days.append(date.fromisoformat(str(value)))
    return (min(days), max(days)) if days else (None, None)


def authority(name: str, code: str) -> URIRef | None:
    """The URI that the EU has for a code of a list; None where it has none."""
    item = _item(name, code)
    uri = item.columns.get("eu") if item else None
    return URIRef(uri) if uri else None


def columns(resources: Iterable[Values]) -> Iterator[dict[str, Any]]:
    """Rows of ``variabel`` that are open, each said once however many files have it.

    Of two rows for one column the stricter holds, as in the copy that the public gets.
    """
    seen = set()
    for rows in (completeness.rows(one.get("variabel")) for one in resources):
        closed = {csvs.key(text(row, "kolom")) for row in rows if row.get("akses") != OPEN}
        for row in rows:
            said = tuple(text(row, name) for name in ("kolom", "nama", "definisi", "satuan"))
            if csvs.key(said[0]) not in closed and any(said[:2]) and said not in seen:
                seen.add(said)
                yield row


def indicators(values: Values) -> Iterator[dict[str, Any]]:
    """Rows of ``indikator``, where they apply, but for those that are not for everybody."""
    for row in completeness.rows(values.get("indikator")):
        if values.get("jenis") == "indikator" and row.get("akses_umum") != "tidak":
            yield row


def _word(field: Values | None, code: str) -> str:
    """Indonesian label of a choice of a field; the code where it has none."""
    for choice in (tk.h.scheming_field_choices(field) or ()) if field else ():
        if str(choice["value"]) == code:
            label = choice.get("label", code)
            return str(label.get("id", code) if isinstance(label, Mapping) else label)
    return code


def _address(*parts: str) -> str:
    return "/".join((catalog_uri().rstrip("/"), *parts))


def _say(graph: Graph, subject: Node, predicate: URIRef, said: str, lang: str = "") -> None:
    if said:
        graph.add((subject, predicate, Literal(said, lang=lang or None)))


def _thing(graph: Graph, subject: Node, predicate: URIRef, *kinds: URIRef, ref: Any = None) -> Node:
    """A node that the subject is bound to, with its classes."""
    node = BNode() if ref is None else ref
    for kind in kinds:
        graph.add((node, RDF.type, kind))
    graph.add((subject, predicate, node))
    return node


def _forget(graph: Graph, subject: Node, predicate: URIRef) -> None:
    """Take away what another profile said, with the nameless nodes it said it by."""
    for node in list(graph.objects(subject, predicate)):
        graph.remove((subject, predicate, node))
        if isinstance(node, BNode):
            graph.remove((node, None, None))


def _measured(graph: Graph, subject: Node, row: Values, name: str, technique: str) -> Node:
    """A ``schema:PropertyValue`` of a variable or an indicator."""
    node = _thing(graph, subject, SCHEMA.variableMeasured, SCHEMA.PropertyValue)
    _say(graph, node, SCHEMA.name, name)
    _say(graph, node, SCHEMA.description, text(row, "definisi"))
    _say(graph, node, SCHEMA.unitText, text(row, "satuan"))
    _say(graph, node, SCHEMA.propertyID, text(row, "id_sds"))
    _say(graph, node, SCHEMA.measurementTechnique, technique)
    return node


class SatuDataDCATAPProfile(RDFProfile):
    """The scheme of Satu Data Indonesia as DCAT-AP 3; stands after ``euro_dcat_ap_3``."""

    def graph_from_catalog(self, catalog_dict: Values | None, catalog_ref: URIRef) -> None:
        """Say who publishes the catalogue, what it is and where; DCAT-AP demands the first two."""
        city = profile.current().city
        _forget(self.g, catalog_ref, DCT.language)
        _thing(self.g, catalog_ref, DCT.language, DCT.LinguisticSystem, ref=INDONESIAN)
        if not any(self.g.objects(catalog_ref, DCT.description)):
            _say(self.g, catalog_ref, DCT.description, city.tagline)
        for page in list(self.g.objects(catalog_ref, FOAF.homepage)):
            self.g.add((page, RDF.type, FOAF.Document))
        agent = _thing(self.g, catalog_ref, DCT.publisher, FOAF.Agent, FOAF.Organization)
        _say(self.g, agent, FOAF.name, city.name)
        self._kind_of_authority(agent)
        self._contact(catalog_ref, {})
        self._place(catalog_ref, {})

    def graph_from_dataset(self, dataset_dict: dict[str, Any], dataset_ref: URIRef) -> None:
        """Say the scheme's fields of a dataset, and of its files what DCAT-AP asks for."""
        self.g.bind("sdi", SDI)
        self.g.bind("stat", STAT)
        self._codes(dataset_ref, dataset_dict)
        self._parties(dataset_ref, dataset_dict)
        self._contact(dataset_ref, dataset_dict)
        self._place(dataset_ref, dataset_dict)
        self._concept(dataset_ref, dataset_dict)
        self._standards(dataset_ref, dataset_dict)
        self._activity(dataset_ref, dataset_dict)
        self._themes(dataset_ref, dataset_dict)
        for row in indicators(dataset_dict):
            method = text(row, "metode_perhitungan")
            node = _measured(self.g, dataset_ref, row, text(row, "nama"), method)
            for name in INDICATOR:
                _say(self.g, node, SDI[name], text(row, name))
        for name in PRIORITY:
            _say(self.g, dataset_ref, SDI[name], text(dataset_dict, name))
        rights = self._rights(dataset_ref, dataset_dict)
        licence = self._licence(dataset_ref, dataset_dict)
        for resource in dataset_dict.get("resources") or ():
            node = CleanedURIRef(resource_uri(resource))
            self._file(node, resource)
            for predicate, term in ((DCT.license, licence), (DCT.rights, rights)):
                if term is not None and not any(self.g.objects(node, predicate)):
                    self.g.add((node, predicate, term))
            if text(dataset_dict, "accessRights") == OPEN and resource.get("url_type") == "upload":
                self.g.set((node, DCAT.downloadURL, CleanedURIRef(text(resource, "url"))))

    def _codes(self, ref: URIRef, values: Values) -> None:
        """Frequency, access and language as the tables of the EU say them, and the kind."""
        self._table(ref, DCT.accrualPeriodicity, DCT.Frequency, "frekuensi", values)
        self._table(ref, DCT.accessRights, DCT.RightsStatement, "akses", values)
        if not any(self.g.objects(ref, DCT.language)):
            _thing(self.g, ref, DCT.language, DCT.LinguisticSystem, ref=INDONESIAN)
        self._choice(ref, DCT.type, "jenis", values)
        if text(values, "name") and not any(self.g.objects(ref, DCAT.landingPage)):
            page = CleanedURIRef(_address("dataset", text(values, "name")))
            _thing(self.g, ref, DCAT.landingPage, FOAF.Document, ref=page)
        code = text(values, "id_dds")
        if code:
            node = _thing(self.g, ref, ADMS.identifier, ADMS.Identifier)
            _say(self.g, node, SKOS.notation, code)
            _say(self.g, node, ADMS.schemaAgency, "Daftar Data (DDS)")

    def _table(self, ref: URIRef, term: URIRef, kind: URIRef, name: str, values: Values) -> None:
        uri = authority(name, text(values, term.rsplit("/", 1)[-1]))
        if uri is not None:
            _forget(self.g, ref, term)
            _thing(self.g, ref, term, kind, ref=uri)

    def _choice(self, ref: Node, term: URIRef, field: str, values: Values) -> None:
        code = text(values, field)
        if code:
            node = _thing(self.g, ref, term, SKOS.Concept)
            _say(self.g, node, SKOS.notation, code)
            _say(self.g, node, SKOS.prefLabel, _word(self._schema_field(field), code), "id")

    def _kind_of_authority(self, agent: Node) -> None:
        province = profile.current().city.kind == "daerah-provinsi"
        uri = AUTHORITY.RegionalAuthority if province else AUTHORITY.LocalAuthority
        _forget(self.g, agent, DCT.type)
        _thing(self.g, agent, DCT.type, SKOS.Concept, ref=uri)
        _say(self.g, uri, SKOS.prefLabel, uri.rsplit("/", 1)[-1], "en")

    def _parties(self, ref: URIRef, values: Values) -> None:
        """Publisher is the agency, as the dictionary names it; creator the unit, if said."""
        organization = values.get("organization") or {}
        if organization:
            _forget(self.g, ref, DCT.publisher)
            agent = CleanedURIRef(publisher_uri_organization_fallback(dict(values)))
            _thing(self.g, ref, DCT.publisher, FOAF.Agent, FOAF.Organization, ref=agent)
            named = text(organization, "title") or text(organization, "name")
            # ckanext-dcat keeps the name of an agency for as long as the process lives.
            self.g.set((agent, FOAF.name, Literal(named)))
            self._kind_of_authority(agent)
        if any(self.g.objects(ref, DCT.creator)):
            return
        if text(values, "author"):
            maker = _thing(self.g, ref, DCT.creator, FOAF.Agent)
            _say(self.g, maker, FOAF.name, text(values, "author"))
            self._mail(maker, FOAF.mbox, text(values, "author_email"))
        elif organization:
            self.g.add((ref, DCT.creator, agent))

    def _mail(self, node: Node, predicate: URIRef, address: str) -> None:
        if address:
            self.g.add((node, predicate, CleanedURIRef(self._add_mailto(address))))

    def _contact(self, ref: URIRef, values: Values) -> None:
        """Whom to ask: the contact of the dataset, its walidata, else the city's data office."""
        if not any(self._get_dataset_value(values, f"contact_{one}") for one in ("name", "uri")):
            _forget(self.g, ref, DCAT.contactPoint)
            city, mail = profile.current().city, text(values, "maintainer_email")
            walidata = text(values, "maintainer") or (mail and city.contact)
            given = [one for one in ((text(values, "kontak"), ""), (walidata, mail)) if one[0]]
            for name, address in given or [(city.contact, city.email)]:
                node = _thing(self.g, ref, DCAT.contactPoint, VCARD.Organization)
                _say(self.g, node, VCARD.fn, name)
                self._mail(node, VCARD.hasEmail, address)
        for node in list(self.g.objects(ref, DCAT.contactPoint)):
            self.g.add((node, RDF.type, VCARD.Kind))

    def _place(self, ref: URIRef, values: Values) -> None:
        """The region with its two codes, neither of which follows from the other."""
        code, bps, name = region(values)
        place = _thing(self.g, ref, DCT.spatial, DCT.Location)
        _say(self.g, place, SKOS.prefLabel, name, "id")
        _say(self.g, place, DCT.identifier, code)
        self.g.add((place, SKOS.inScheme, URIRef(_address("kode-referensi", "wilayah"))))
        if bps:
            node = _thing(self.g, place, ADMS.identifier, ADMS.Identifier)
            _say(self.g, node, SKOS.notation, bps)
            _say(self.g, node, ADMS.schemaAgency, "BPS")

    def _concept(self, ref: URIRef, values: Values) -> None:
        """The five parts of the data standard (Perpres 39/2019 ps 4)."""
        for term, field, meaning in (
            (DCT.subject, "konsep", text(values, "definisi")),
            (STAT.dimension, "klasifikasi", ""),
            (STAT.statUnitMeasure, "satuan", ""),
        ):
            if text(values, field):
                node = _thing(self.g, ref, term, SKOS.Concept)
                _say(self.g, node, SKOS.prefLabel, text(values, field), "id")
                _say(self.g, node, SKOS.definition, meaning, "id")
        _say(self.g, ref, SCHEMA.measurementTechnique, text(values, "ukuran"))

    def _standards(self, ref: URIRef, values: Values) -> None:
        """Statistical standard and reference codes, and where the figures come from."""
        code = text(values, "id_sds")
        if code:
            node = _thing(self.g, ref, DCT.conformsTo, DCT.Standard)
            _say(self.g, node, DCT.identifier, code)
            _say(self.g, node, DCT.title, f"Standar Data Statistik {code}", "id")
        if text(values, "kodereferensi"):
            node = _thing(self.g, ref, DCT.conformsTo, DCT.Standard)
            _say(self.g, node, DCT.title, text(values, "kodereferensi"), "id")
        if text(values, "sumber"):
            node = _thing(self.g, ref, DCT.provenance, DCT.ProvenanceStatement)
            _say(self.g, node, RDFS.label, text(values, "sumber"), "id")

    def _activity(self, ref: URIRef, values: Values) -> None:
        """The statistical activity (MS-Keg) that the data comes from."""
        if not text(values, "judul_kegiatan"):
            return
        node = _thing(self.g, ref, PROV.wasGeneratedBy, PROV.Activity)
        _say(self.g, node, RDFS.label, text(values, "judul_kegiatan"), "id")
        _say(self.g, node, DCT.description, text(values, "tujuan"), "id")
        _say(self.g, node, DCT.identifier, text(values, "id_kegiatan"))
        for term, day in zip((PROV.startedAtTime, PROV.endedAtTime), schedule(values), strict=True):
            if day:
                self.g.add((node, term, Literal(f"{day}T00:00:00", datatype=XSD.dateTime)))
        self._choice(node, DCT.type, "cara_pengumpulan_data", values)
        for agent in list(self.g.objects(ref, DCT.publisher)):
            self.g.add((node, PROV.wasAssociatedWith, agent))

    def _themes(self, ref: URIRef, values: Values) -> None:
        """The topics (groups) of the portal."""
        for group in values.get("groups") or ():
            uri = CleanedURIRef(_address("group", group["name"]))
            _thing(self.g, ref, DCAT.theme, SKOS.Concept, ref=uri)
            named = group.get("title") or group.get("display_name") or group["name"]
            self.g.set((uri, SKOS.prefLabel, Literal(named, lang="id")))

    def _rights(self, ref: URIRef, values: Values) -> Node | None:
        """Why data is not open: the legal basis."""
        basis = text(values, "dasar_pembatasan")
        if not basis or text(values, "accessRights") == OPEN:
            return None
        node = _thing(self.g, ref, DCT.rights, DCT.RightsStatement)
        _say(self.g, node, RDFS.label, basis, "id")
        return node

    def _licence(self, ref: URIRef, values: Values) -> Node | None:
        """The licence by its address, else by its name; None where nothing is specified."""
        key = text(values, "license_id")
        if not key or key == "notspecified":
            return None
        uri = URIRefOrLiteral(text(values, "license_url"))
        uri = uri if isinstance(uri, URIRef) else None
        node = _thing(self.g, ref, DCT.license, DCT.LicenseDocument, ref=uri)
        self.g.set((node, RDFS.label, Literal(text(values, "license_title") or key)))
        return node

    def _file(self, node: Node, resource: Values) -> None:
        """Format, media type, address, period and checksum of a distribution."""
        form = text(resource, "format").upper()
        media = text(resource, "mimetype") or FORMATS.get(form, "")
        if form and not _MEDIA.fullmatch(form):
            _forget(self.g, node, DCT["format"])
            known = URIRef(f"{_EU}/file-type/{form}") if form in FORMATS else None
            kind = _thing(self.g, node, DCT["format"], DCT.MediaTypeOrExtent, ref=known)
            self.g.set((kind, RDFS.label, Literal(form)))
        if _MEDIA.fullmatch(media):
            _forget(self.g, node, DCAT.mediaType)
            _thing(self.g, node, DCAT.mediaType, DCT.MediaType, ref=URIRef(f"{IANA}{media}"))
        if not any(self.g.objects(node, DCAT.accessURL)):
            self.g.add((node, DCAT.accessURL, node))
        if text(resource, "periode"):
            period = _thing(self.g, node, DCT.temporal, DCT.PeriodOfTime)
            _say(self.g, period, RDFS.label, text(resource, "periode"), "id")
        self._checksum(node, text(resource, "hash"))

    def _checksum(self, node: Node, stored: str) -> None:
        """Of a checksum DCAT-AP wants the algorithm; one of no known form is left out."""
        _forget(self.g, node, SPDX.checksum)
        digits = stored.rpartition(":")[2].lower()
        name = ALGORITHMS.get(len(digits)) if re.fullmatch("[0-9a-f]+", digits) else None
        if name is None:
            return
        checksum = _thing(self.g, node, SPDX.checksum, SPDX.Checksum)
        self.g.add((checksum, SPDX.checksumValue, Literal(digits, datatype=XSD.hexBinary)))
        algorithm = SPDX[f"checksumAlgorithm_{name}"]
        _thing(self.g, checksum, SPDX.algorithm, SPDX.ChecksumAlgorithm, ref=algorithm)


class SatuDataSchemaOrgProfile(SchemaOrgProfile):
    """The scheme as schema.org, for search engines: variables, indicators, place, access."""

    def additional_fields(self, dataset_ref: URIRef, dataset_dict: dict[str, Any]) -> None:
        """Say what :class:`SchemaOrgProfile` does not know of."""
        g, values = self.g, dataset_dict
        _say(g, dataset_ref, SCHEMA.identifier, text(values, "id_dds") or str(dataset_ref))
        if not any(g.objects(dataset_ref, SCHEMA.inLanguage)):
            _say(g, dataset_ref, SCHEMA.inLanguage, "id")
        self._access(dataset_ref, values)
        self._place(dataset_ref, values)
        self._method(dataset_ref, values)
        if text(values, "konsep"):
            _measured(g, dataset_ref, values, text(values, "konsep"), text(values, "ukuran"))
        for row in indicators(values):
            method = text(row, "metode_perhitungan") or text(row, "ukuran")
            _measured(g, dataset_ref, row, text(row, "nama"), method)
        for row in columns(values.get("resources") or ()):
            name = text(row, "nama") or text(row, "kolom")
            node = _measured(g, dataset_ref, row, name, text(row, "ukuran"))
            if name != text(row, "kolom"):
                _say(g, node, SCHEMA.alternateName, text(row, "kolom"))

    def _agent_graph(
        self, dataset_ref: URIRef, dataset_dict: Values, agent_type: URIRef, prefix: str
    ) -> None:
        """The creator is the unit that makes the data, else the agency that publishes it."""
        given = self._get_dataset_value(dataset_dict, "creator_name")
        if prefix != "creator" or given:
            super()._agent_graph(dataset_ref, dataset_dict, agent_type, prefix)
            return
        agencies = list(self.g.objects(dataset_ref, SCHEMA.publisher))
        unit = text(dataset_dict, "author")
        if not unit:
            for agency in agencies:
                self.g.add((dataset_ref, agent_type, agency))
            return
        node = _thing(self.g, dataset_ref, agent_type, SCHEMA.Organization)
        _say(self.g, node, SCHEMA.name, unit)
        for agency in agencies:
            self.g.add((node, SCHEMA.parentOrganization, agency))

    def _access(self, ref: URIRef, values: Values) -> None:
        """Open data is for everybody and its files can be fetched; else the legal basis."""
        level = text(values, "accessRights")
        if level != OPEN:
            label = _word(self._schema_field("accessRights"), level)
            said = ": ".join(filter(None, (label, text(values, "dasar_pembatasan"))))
            _say(self.g, ref, SCHEMA.conditionsOfAccess, said)
            return
        self.g.add((ref, SCHEMA.isAccessibleForFree, Literal(True)))
        for resource in values.get("resources") or ():
            node = URIRef(resource_uri(resource))
            if not any(self.g.objects(node, SCHEMA.contentUrl)):
                _say(self.g, node, SCHEMA.contentUrl, text(resource, "url"))

    def _place(self, ref: URIRef, values: Values) -> None:
        code, _bps, name = region(values)
        place = _thing(self.g, ref, SCHEMA.spatialCoverage, SCHEMA.Place)
        _say(self.g, place, SCHEMA.name, name)
        _say(self.g, place, SCHEMA.identifier, code)

    def _method(self, ref: URIRef, values: Values) -> None:
        """How the data was measured and collected."""
        _say(self.g, ref, SCHEMA.measurementTechnique, text(values, "ukuran"))
        for term, name in (
            (SCHEMA.measurementMethod, "cara_pengumpulan_data"),
            (SCHEMA.measurementTechnique, "metode_pengumpulan"),
        ):
            for code in completeness.chosen(values.get(name)):
                _say(self.g, ref, term, _word(self._schema_field(name), code))
