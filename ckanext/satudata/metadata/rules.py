"""What cannot be true of a dataset, one function a rule; asked when it is submitted.

A rule says what to write instead. It speaks only of what it knows: an empty field is the
duty of another place, and a word that no code list has contradicts nothing. Saving a draft
asks none of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ckan import model
from ckan.plugins.toolkit import _

from ckanext.satudata.metadata import codelists, completeness
from ckanext.satudata.metadata import service as metadata

#: Units that belong to measures of a kind, by their codes in the list ``satuan``.
_SHARE = {"persen", "permil"}
_AREA = {"meter_persegi", "hektare", "kilometer_persegi"}
_LENGTH = {"milimeter", "sentimeter", "meter", "kilometer"}
#: Measure → units of which it has one.
_UNITS = {
    "persentase": _SHARE,
    "luas": _AREA,
    "panjang": _LENGTH,
    "lebar": _LENGTH,
    "jarak": _LENGTH,
}
#: Measures that count or weigh, and so are never a share of something.
_COUNTS = {"jumlah", "populasi", "volume", "produksi", *_UNITS} - {"persentase"}
#: Methods of probability samples (MS-Keg 5.3).
_RANDOM = {
    *("simple_random_sampling", "systematic_random_sampling", "stratified_random_sampling"),
    *("cluster_sampling", "pps_sampling"),
}
#: Several measures or units of one dataset stand in one field.
_SEVERAL = re.compile(r"[;,]| dan |\band\b")


@dataclass(frozen=True)
class Facts:
    """What the rules read.

    Attributes:
        package: the dataset, with its files.
        values: field → stored value.
    """

    package: model.Package
    values: dict[str, Any]

    def text(self, field: str) -> str:
        """Value of a field without spaces around it; empty where there is none."""
        return str(self.values.get(field) or "").strip()


#: Field at which the message stands, and the message; None: nothing to say.
Answer = tuple[str, str] | None
RULES: list[Callable[[Facts], Answer]] = []


def _rule(function: Callable[[Facts], Answer]) -> Callable[[Facts], Answer]:
    RULES.append(function)
    return function


def contradictions(package: model.Package) -> list[dict[str, str]]:
    """What cannot be true of a dataset: ``field`` and ``text`` each."""
    stored = metadata.values(package)
    # An answer that another one made pointless is kept, but says nothing any more.
    apart = [one for one in metadata.fields() if not completeness.applies(one, stored)]
    for one in apart:
        stored.pop(one["field_name"], None)
    facts = Facts(package, stored)
    found = [rule(facts) for rule in RULES]
    return [{"field": one[0], "text": one[1]} for one in found if one]


@_rule
def period_in_order(facts: Facts) -> Answer:
    """The last day of the data is not before the first (Perpres 39/2019 ps 7)."""
    start, end = facts.text("temporal_start"), facts.text("temporal_end")
    if not (start and end and end < start):
        return None
    text = _("%(end)s lies before %(start)s.")
    return "temporal_end", text % {
        "end": _label("temporal_end"),
        "start": _label("temporal_start"),
    }


@_rule
def restricted_data_is_uploaded(facts: Facts) -> Answer:
    """Where a link leads, nobody here asks who reads (UU 14/2008 ps 17)."""
    linked = [one for one in facts.package.resources if one.url_type != "upload"]
    if not linked or metadata.access(facts.package) == metadata.OPEN:
        return None
    text = _("Data that is not open cannot be a link: upload the file %(name)s instead.")
    return "resources", text % {"name": linked[0].name or linked[0].url}


@_rule
def priority_has_criteria(facts: Facts) -> Answer:
    """Data prioritas meets a criterion and was decided on in a year (Perpres 39/2019 ps 28(2))."""
    year, why = facts.text("prioritas_tahun"), facts.text("kriteria_prioritas")
    if year and not why:
        text = _("Write by which criterion it is priority data: RPJMD, SDGs or urgent need.")
        return "kriteria_prioritas", text
    if why and not year:
        text = _(
            "There is a reason why it is priority data, but no year of the decree. Write the "
            "year, or empty the reason."
        )
        return "prioritas_tahun", text
    return None


@_rule
def priority_is_of_a_year(facts: Facts) -> Answer:
    """Data prioritas is decided on year by year (Perpres 39/2019 ps 30(2))."""
    year = facts.text("prioritas_tahun")
    if not year or re.fullmatch(r"(19|20)\d\d", year):
        return None
    text = _('"%(value)s" is no year. Write four digits, e.g. 2026.')
    return "prioritas_tahun", text % {"value": year}


@_rule
def unit_fits_measure(facts: Facts) -> Answer:
    """Ukuran and satuan describe the same figure (Perpres 39/2019 ps 4(1))."""
    measures, units = _codes("ukuran", facts), _codes("satuan", facts)
    if None in measures or None in units or not measures or not units:
        return None
    for measure in sorted(filter(None, measures)):
        wanted = _UNITS.get(measure)
        if wanted and not wanted & units:
            text = _("The measure %(measure)s has a unit such as %(units)s, not %(unit)s.")
            return "satuan", text % {
                "measure": _name("ukuran", {measure}),
                "units": _name("satuan", wanted),
                "unit": facts.text("satuan"),
            }
    if measures <= _COUNTS and units <= _SHARE:
        text = _(
            "%(unit)s is the unit of a percentage, but the measure is %(measure)s. Write what "
            "is counted, e.g. persons, or change the measure."
        )
        values = {"unit": facts.text("satuan"), "measure": facts.text("ukuran")}
        return "satuan", text % values
    return None


@_rule
def steps_in_order(facts: Facts) -> Answer:
    """No step of the activity ends before it begins (Perpres 39/2019 ps 7; MS-Keg 3.3)."""
    for one in metadata.fields():
        first = one["field_name"]
        if one.get("number") != "3.3" or not first.endswith("_awal"):
            continue
        last = first.removesuffix("_awal") + "_akhir"
        start, end = facts.text(first), facts.text(last)
        if start and end and end < start:
            text = _("%(end)s lies before %(start)s.")
            return last, text % {"end": _label(last), "start": _label(first)}
    return None


@_rule
def ad_hoc_has_no_schedule(facts: Facts) -> Answer:
    """A release is scheduled for data that comes regularly (Perpres 39/2019 ps 27(3))."""
    if facts.text("accrualPeriodicity") != "ad_hoc" or not facts.text("jadwal_rilis"):
        return None
    text = _("Ad hoc data has no next release. Empty %(field)s, or choose the frequency.")
    return "jadwal_rilis", text % {"field": _label("jadwal_rilis")}


@_rule
def method_fits_selection(facts: Facts) -> Answer:
    """A method fits the kind of sample (Perpres 39/2019 ps 7; MS-Keg 5.2, 5.3)."""
    kind, method = facts.text("metode_pemilihan_sampel"), facts.text("metode_sampel")
    if facts.text("cara_pengumpulan_data") != "survei" or not kind or not method:
        return None
    if (method in _RANDOM) is (kind == "probabilitas"):
        return None
    text = _("%(method)s is no method of %(kind)s. Change one of the two.")
    return "metode_sampel", text % {
        "method": _chosen("metode_sampel", method),
        "kind": _chosen("metode_pemilihan_sampel", kind).lower(),
    }


@_rule
def supervisors_lead_others(facts: Facts) -> Answer:
    """Not more supervisors than enumerators (Perpres 39/2019 ps 7; MS-Keg 6.6)."""
    over, under = facts.text("jumlah_supervisor"), facts.text("jumlah_enumerator")
    if not (over.isdecimal() and under.isdecimal() and int(over) > int(under)):
        return None
    text = _("There are more supervisors (%(over)s) than enumerators (%(under)s).")
    return "jumlah_supervisor", text % {"over": over, "under": under}


def _chosen(name: str, value: str) -> str:
    """Label of a choice in the reader's language."""
    field = next(one for one in metadata.fields() if one["field_name"] == name)
    return metadata.shown(field, value)


def _codes(field: str, facts: Facts) -> set[str | None]:
    """Codes of the words in a field; None among them for a word that no list has."""
    words = [one.strip() for one in _SEVERAL.split(facts.text(field)) if one.strip()]
    found = [codelists.find(field, one) for one in words]
    return {one.code if one else None for one in found}


def _name(field: str, codes: set[str]) -> str:
    """Labels of codes, in the order of their list."""
    labels = codelists.labels(field).items()
    return ", ".join(label.lower() for code, label in labels if code in codes)


def _label(name: str) -> str:
    return metadata.labels().get(name, "")
