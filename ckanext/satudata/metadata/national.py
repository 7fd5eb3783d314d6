"""The national keys of a dataset: out as extras of search results, and back into fields.

A national portal harvests the results of ``package_search`` and keeps of them what it
knows and what is a string extra (``docs/howto/harvest.md``). Which field has which key is
said in the scheme (``national``), spelled as the national scheme spells it; nothing here
names a field but for what is written as a code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dateutil import parser

from ckan.plugins import toolkit as tk

from ckanext.satudata import profile
from ckanext.satudata.common import compat
from ckanext.satudata.metadata import codelists, completeness
from ckanext.satudata.metadata import service as metadata

#: Facts about the agency: national key → field of the organization (MS-Keg blocks I and II).
AGENCY = {
    "i_alamat": "alamat",
    "i_telepon": "telepon",
    "i_email": "surel",
    "i_faksimile": "faksimile",
    "ii_unit_eselon1": "unit_eselon1",
    "ii_unit_eselon2": "unit_eselon2",
}
#: Keys that the portal itself adds to search results; never stored.
COMPUTED = (
    "publisher_type",
    "produsen_data_name",
    "produsen_data_province_code",
    "produsen_data_city_code",
    "kategori",
    "i_instansi_penyelanggara",
    *AGENCY,
    "total_msvar",
    "total_msind",
    "satudata_letter_number",
    "satudata_fingerprint",
    "satudata_valid_from",
    "satudata_state",
)
#: Longest value in bytes: Solr takes no term above 32,766, and the whole record is refused.
LONGEST = 32_000
#: Keys of which programs read the code; people read the Indonesian label of all others.
_CODES = frozenset({"accessRights", "jenis"})
_YES, _NO, _AND = "Ya", "Tidak", "; "
#: What a row of indicators has in common with the dataset, whose own keys the national
#: scheme reads it from (MS-Ind columns 2 to 8).
_OF_THE_DATASET = {"nama": "title"} | {
    one: one for one in ("konsep", "definisi", "ukuran", "satuan")
}


@dataclass(frozen=True)
class _Field:
    """How the value of one field goes out and comes back.

    Attributes:
        name: of the field.
        key: national key; "" where it has none, or every choice its own.
        keys: choice → its national key.
        several: may more than one be chosen?
        words: code → what goes out for it.
        codes: label in any language → code.
        code_list: the list that knows further spellings, or "".
        rows: is it a repeating field?
    """

    name: str
    key: str = ""
    keys: dict[str, str] = field(default_factory=dict)
    several: bool = False
    words: dict[str, str] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    code_list: str = ""
    rows: bool = False

    def out(self, value: Any) -> Iterator[tuple[str, str]]:
        """The national keys of a value; none where nothing is filled in."""
        if not self.several:
            text = "" if value is None else str(value)
            if self.key and text.strip() and value != []:
                yield self.key, self.words.get(text, text)
            return
        chosen = completeness.chosen(value)
        if chosen and self.key:
            yield self.key, _AND.join(self.words.get(one, one) for one in chosen)
        for choice, key in self.keys.items() if chosen else ():
            yield key, _YES if choice in chosen else _NO

    def back(self, value: Any) -> Any:
        """The value of the field that was given by codes or labels."""
        if self.rows:
            return completeness.rows(value) or value
        if not self.several:
            return self._code(value)
        listed = not isinstance(value, str) or value.startswith("[")
        parts = completeness.chosen(value) if listed else value.split(_AND)
        return [self._code(one) for one in parts if one]

    def _code(self, value: Any) -> Any:
        text = str(value)
        if text in self.codes:
            return self.codes[text]
        found = codelists.find(self.code_list, text) if self.code_list and text else None
        return found.code if found else value


@dataclass(frozen=True)
class _Table:
    """The fields of the scheme as they go out and come back.

    Attributes:
        out: fields of the dataset with national keys.
        first: name of a repeating field → the parts whose first row goes out.
        back: name of a field, or its national key → the field.
        choices: national key of one choice → the field and the choice.
        parts: national key of a part of a row → name of the repeating field, and the part.
    """

    out: tuple[_Field, ...]
    first: dict[str, tuple[_Field, ...]]
    back: dict[str, _Field]
    choices: dict[str, tuple[_Field, str]]
    parts: dict[str, tuple[str, _Field]]


#: The table of the scheme last read, beside the scheme: made once per process.
_known: dict[str, Any] = {}


def _table() -> _Table:
    scheme = metadata.fields()
    made = _known.get("table")
    if made is None or made[0] is not scheme:
        made = _known["table"] = (scheme, _read(scheme))
    return made[1]


def _read(scheme: list[dict[str, Any]]) -> _Table:
    every = [_field(one) for one in scheme if not one.get("repeating_subfields")]
    rows = {
        one["field_name"]: tuple(_field(part) for part in one["repeating_subfields"])
        for one in scheme
        if one.get("repeating_subfields")
    }
    first = {
        name: tuple(one for one in parts if one.key)
        for name, parts in rows.items()
        if any(one.key for one in parts)
    }
    whole = {name: _Field(name, rows=True) for name in rows}
    return _Table(
        tuple(one for one in every if one.key or one.keys),
        first,
        {one.key: one for one in every if one.key} | {one.name: one for one in every} | whole,
        {key: (one, choice) for one in every for choice, key in one.keys.items()},
        {one.key: (name, one) for name, parts in first.items() for one in parts},
    )


def _field(one: Mapping[str, Any]) -> _Field:
    given = one.get("national") or ""
    key, keys = (given, {}) if isinstance(given, str) else ("", given)
    choices = list(tk.h.scheming_field_choices(one) or ())
    labels = {str(choice["value"]): choice.get("label", "") for choice in choices}
    words = {code: _indonesian(label) for code, label in labels.items()}
    codes: dict[str, str] = {}
    for code, label in labels.items():
        for text in label.values() if isinstance(label, Mapping) else (label,):
            codes.setdefault(str(text), code)
    return _Field(
        one["field_name"],
        key,
        {str(choice): name for choice, name in keys.items()},
        one.get("preset") == "multiple_checkbox",
        {} if key in _CODES else words,
        # A code is itself, also where another choice has it as its label.
        codes | {code: code for code in labels},
        one.get("code_list", "") if choices else "",
    )


def _indonesian(label: Any) -> str:
    return str(label.get("id", "") if isinstance(label, Mapping) else label)


def national(package: Mapping[str, Any], agency: Mapping[str, str] | None = None) -> dict[str, str]:
    """The national keys of a dataset of search results, as strings (harvested portals).

    Labels are Indonesian, whoever reads; several choices have "; " between them.

    Args:
        package: a dictionary as of ``package_show``.
        agency: national key → fact about its agency, as :func:`agencies` gives them.
    """
    table, found = _table(), {}
    for one in table.out:
        found.update(one.out(package.get(one.name)))
    for name, parts in table.first.items():
        row = next(iter(completeness.rows(package.get(name))), {})
        for one in parts:
            found.update(one.out(row.get(one.name)))
        found["total_msind"] = str(len(completeness.rows(package.get(name))))
    files = package.get("resources") or ()
    described = (completeness.rows(one.get("variabel")) for one in files)
    found["total_msvar"] = str(sum(map(len, described)))
    city = profile.current().city
    organization = package.get("organization") or {}
    topics = [one.get("title") or one.get("name") for one in package.get("groups") or ()]
    found["publisher_type"] = city.kind
    found["produsen_data_name"] = organization.get("title") or organization.get("name") or ""
    found["i_instansi_penyelanggara"] = found["produsen_data_name"]
    found["produsen_data_province_code"] = city.region_bps[:2]
    found["produsen_data_city_code"] = city.region_bps
    found["kategori"] = ", ".join(str(one) for one in topics)
    found.update(agency or {})
    return {key: short(value) for key, value in found.items() if value}


def short(text: str) -> str:
    """A text that Solr takes: cut at a word, with "…", where it is longer than that."""
    raw = text.encode("utf-8", "surrogatepass")
    if len(raw) <= LONGEST:
        return text
    kept = raw[: LONGEST - len("…".encode())].decode("utf-8", "ignore")
    words = kept.rsplit(None, 1)
    return (words[0] if len(words) == 2 else kept).rstrip() + "…"


def agencies(ids: Iterable[str]) -> dict[str, dict[str, str]]:
    """Id of an organization → its facts under their national keys, in one query."""
    return {
        group: {key: extras[name] for key, name in AGENCY.items() if extras.get(name)}
        for group, extras in compat.groups_extras(ids).items()
    }


def mirror(results: list[dict[str, Any]]) -> None:
    """Add the national keys to a page of search results, where they are not there yet.

    One query for the whole page.
    """
    sets = [one for one in results if one.get("type") == "dataset" and "name" in one]
    facts = agencies(one["owner_org"] for one in sets if one.get("owner_org"))
    for one in sets:
        extras = [extra for extra in map(_harvestable, one.get("extras") or ()) if extra]
        present = {extra["key"] for extra in extras}
        one["extras"] = extras + [
            {"key": key, "value": value}
            for key, value in national(one, facts.get(one.get("owner_org") or "")).items()
            if key not in present
        ]


def _harvestable(extra: dict[str, Any]) -> dict[str, Any] | None:
    """A free extra as an index takes it; None for a date that is none."""
    key, value = extra["key"], extra.get("value")
    if not isinstance(value, str):
        return extra
    if key.endswith("_date"):
        # The index reads any key of this ending as a date.
        try:
            parser.parse(value)
        except (ValueError, OverflowError):
            return None
    return extra if len(value) <= LONGEST // 4 else {**extra, "value": short(value)}


def fit(document: dict[str, Any]) -> dict[str, Any]:
    """Shorten what Solr would refuse of a dataset's document; the record itself is whole.

    Every field of the scheme and every free extra is there twice: as text that is searched,
    and under its own key as one term, which has the limit.

    Args:
        document: as ``before_dataset_index`` gives it.
    """
    for key, value in document.items():
        if isinstance(value, str) and len(value) > LONGEST // 4 and f"extras_{key}" in document:
            document[key] = short(value)
    return document


def absorb(data_dict: dict[str, Any]) -> None:
    """Take extras that are the scheme's own fields into the fields themselves.

    A record read from search results, or harvested from another city, carries them as
    extras under their names or national keys; the scheme refuses such keys. A field that is
    given itself keeps its value. What the portal computes is dropped.
    """
    extras = data_dict.get("extras")
    if not isinstance(extras, list):
        return
    table, kept = _table(), []
    chosen: dict[str, list[str]] = {}
    parts: list[dict[str, Any]] = []
    for extra in extras:
        key = extra.get("key") if isinstance(extra, dict) else None
        if not isinstance(key, str):
            kept.append(extra)
        elif key in COMPUTED:
            continue
        elif key in table.back:
            one = table.back[key]
            if _empty(data_dict.get(one.name)):
                data_dict[one.name] = one.back(extra.get("value"))
        elif key in table.choices:
            one, choice = table.choices[key]
            if str(extra.get("value")).strip().casefold() == _YES.casefold():
                chosen.setdefault(one.name, []).append(choice)
        elif key in table.parts:
            parts.append(extra)
        else:
            kept.append(extra)
    for name, choices in chosen.items():
        if _empty(data_dict.get(name)):
            data_dict[name] = choices
    data_dict["extras"] = kept + _absorb_parts(data_dict, table, parts)


def _absorb_parts(
    data_dict: dict[str, Any], table: _Table, extras: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Take the extras of a first row into it; where there is none it is made of them.

    Returns:
        Those of a repeating field that does not apply to this dataset: they stay extras.
    """
    kept = []
    given: dict[str, dict[str, Any]] = {}
    for extra in extras:
        name, one = table.parts[extra["key"]]
        if completeness.rows(data_dict.get(name)) or _applies(name, data_dict):
            given.setdefault(name, {})[one.name] = one.back(extra.get("value"))
        else:
            kept.append(extra)
    for name, values in given.items():
        rows = completeness.rows(data_dict.get(name)) or [
            {part: data_dict[own] for part, own in _OF_THE_DATASET.items() if data_dict.get(own)}
        ]
        more = {key: value for key, value in values.items() if _empty(rows[0].get(key))}
        if more:
            data_dict[name] = [{**rows[0], **more}, *rows[1:]]
    return kept


def _applies(name: str, data_dict: Mapping[str, Any]) -> bool:
    scheme = metadata.fields()
    return any(one["field_name"] == name and completeness.applies(one, data_dict) for one in scheme)


def _empty(value: Any) -> bool:
    return value is None or value in ("", [])
