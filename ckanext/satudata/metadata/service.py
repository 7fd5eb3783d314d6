"""Read the scheme's fields of a dataset: what is missing, its period, its national keys."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

from babel.dates import format_date

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _

from ckanext.satudata import profile
from ckanext.satudata.common import dates, language
from ckanext.satudata.common.errors import refuse

#: Access classes of the national scheme; only the open one is published as a whole.
OPEN, RESTRICTED, CLOSED = "terbuka", "terbatas", "tertutup"
#: Those of which anything is published.
PUBLISHED = (OPEN, RESTRICTED)
#: Keys that the portal itself adds to search results; never stored.
COMPUTED = (
    "publisher_type",
    "produsen_data_name",
    "produsen_data_province_code",
    "produsen_data_city_code",
    "kategori",
    "satudata_letter_number",
    "satudata_fingerprint",
    "satudata_valid_from",
    "satudata_state",
)

#: Months of the parts of a year that have a name, and their numbers.
_PARTS = {3: "Triwulan", 6: "Semester"}
_ROMAN = ("I", "II", "III", "IV")


def fields() -> list[dict[str, Any]]:
    """Dataset fields of the scheme, in the order of the form."""
    schema = tk.h.scheming_get_dataset_schema("dataset")
    return schema["dataset_fields"] if schema else []


def values(package: model.Package) -> dict[str, Any]:
    """Field → stored value of a dataset, read from the database."""
    stored: dict[str, Any] = {
        key: getattr(package, key)
        for key in ("title", "name", "notes", "license_id", "author", "author_email")
    }
    stored |= {key: getattr(package, key) for key in ("maintainer", "maintainer_email")}
    return {**dict(package.extras or {}), **stored, "owner_org": package.owner_org}


def label(field: Mapping[str, Any]) -> str:
    """Label of a field in the reader's language."""
    return tk.h.scheming_language_text(field.get("label", field["field_name"]), language.current())


def shown(field: Mapping[str, Any], value: Any) -> str:
    """A stored value as people read it: labels of choices, date and license in words."""
    chosen = _several(value) if field.get("preset") == "multiple_checkbox" else [value]
    words = [
        tk.h.scheming_language_text(choice["label"], language.current())
        for choice in field.get("choices", ())
        if choice["value"] in chosen
    ]
    if words:
        return ", ".join(words)
    if value in (None, "", []):
        return ""
    if field.get("preset") == "date":
        with suppress(ValueError):
            return dates.day(date.fromisoformat(str(value)))
    if field["field_name"] == "license_id":
        found = model.Package.get_license_register().get(str(value))
        return _(found.title) if found else str(value)
    return str(value)


def _several(value: Any) -> list[Any]:
    """What was chosen in a field of several choices, stored as JSON."""
    with suppress(ValueError):
        value = json.loads(value) if isinstance(value, str) else value
    return value if isinstance(value, list) else [value]


def missing(package: model.Package) -> list[dict[str, str]]:
    """Fields that are empty and have to be filled: ``field`` and ``label`` each.

    Those with the duty ``submit`` always, ``restricted`` where the data is not open.
    """
    have = values(package)
    duties = {"submit"} if access(package) in (OPEN, None) else {"submit", "restricted"}
    return [
        {"field": one["field_name"], "label": label(one)}
        for one in fields()
        if one.get("duty") in duties and not str(have.get(one["field_name"]) or "").strip()
    ]


def access(package: model.Package) -> str | None:
    """Access class of a dataset; None where nothing or an unknown word is stored."""
    found = dict(package.extras or {}).get("accessRights")
    return found if found in (OPEN, RESTRICTED, CLOSED) else None


def _whole_months(start: date, end: date) -> int:
    """Calendar months of one year that a period covers from first to last day; else 0."""
    last = (end + timedelta(days=1)).day == 1
    if start.year != end.year or start.day != 1 or not last:
        return 0
    return end.month - start.month + 1


def period(package: model.Package) -> str:
    """Period of a dataset as letters and pages print it: "2026", "Triwulan III 2026".

    Always in Indonesian, because it is printed on official letters.
    """
    extras = dict(package.extras or {})
    try:
        start = date.fromisoformat(extras.get("temporal_start") or "")
        end = date.fromisoformat(extras.get("temporal_end") or "")
        months = _whole_months(start, end)
    except (ValueError, OverflowError):
        return ""
    if (start.month, start.day, end.month, end.day) == (1, 1, 12, 31):
        return str(start.year) if start.year == end.year else f"{start.year}-{end.year}"
    if months == 1:
        return format_date(start, "MMMM y", locale="id")
    if months in _PARTS and start.month % months == 1:
        number = (start.month - 1) // months
        return f"{_PARTS[months]} {_ROMAN[number]} {start.year}"
    if start == end:
        return format_date(start, "d MMMM y", locale="id")
    pattern = "d MMMM" if start.year == end.year else "d MMMM y"
    return (
        format_date(start, pattern, locale="id") + " - " + format_date(end, "d MMMM y", locale="id")
    )


def national(package: Mapping[str, Any]) -> dict[str, str]:
    """The national keys of a dataset of search results, as strings (harvested portals).

    Args:
        package: a dictionary as of ``package_show``.
    """
    found: dict[str, str] = {}
    for one in fields():
        key, value = one.get("national"), package.get(one["field_name"])
        if not key or value in (None, "", []):
            continue
        found[key] = _choice(one, value) if key == "accrualPeriodicity" else str(value)
    city = profile.current().city
    organization = package.get("organization") or {}
    topics = [one.get("title") or one.get("name") for one in package.get("groups") or ()]
    found["publisher_type"] = city.kind
    found["produsen_data_name"] = organization.get("title") or organization.get("name") or ""
    found["produsen_data_province_code"] = city.region_bps[:2]
    found["produsen_data_city_code"] = city.region_bps
    found["kategori"] = ", ".join(str(one) for one in topics)
    return {key: value for key, value in found.items() if value}


def _choice(field: Mapping[str, Any], value: Any) -> str:
    """Indonesian label of a choice: the national portal shows it to people."""
    for choice in field.get("choices", ()):
        if choice["value"] == value:
            return choice["label"]["id"]
    return str(value)


def mirror(results: list[dict[str, Any]]) -> None:
    """Add the national keys to a page of search results, where they are not there yet."""
    for one in results:
        if one.get("type") != "dataset" or "name" not in one:
            continue
        extras = list(one.get("extras") or ())
        present = {extra["key"] for extra in extras}
        one["extras"] = extras + [
            {"key": key, "value": value}
            for key, value in national(one).items()
            if key not in present
        ]


def check_agency(data_dict: Mapping[str, Any]) -> None:
    """Refuse an agency that does not exist by its name, before core's auth speaks of rights.

    Raises:
        Refusal: ``unknown_agency`` at the field ``owner_org``.
    """
    given = data_dict.get("owner_org")
    if not given or not isinstance(given, str):
        return
    found = model.Group.get(given)
    if found is None or not found.is_organization or found.state != "active":
        refuse(
            "unknown_agency",
            _("There is no agency %(name)s. Choose one of the list of agencies.") % {"name": given},
            "owner_org",
        )


def absorb(data_dict: dict[str, Any]) -> None:
    """Take extras that are the scheme's own fields into the fields themselves.

    A record read from search results, or harvested from another city, carries them as
    extras; the scheme refuses such keys. What the portal computes is dropped.
    """
    extras = data_dict.get("extras")
    if not isinstance(extras, list):
        return
    names = {one["field_name"]: one for one in fields()}
    kept = []
    for extra in extras:
        key = extra.get("key") if isinstance(extra, dict) else None
        if key in COMPUTED:
            continue
        if key not in names:
            kept.append(extra)
        elif data_dict.get(key) in (None, ""):
            data_dict[key] = _code(names[key], extra.get("value"))
    data_dict["extras"] = kept


def _code(field: Mapping[str, Any], value: Any) -> Any:
    """Code of a choice that was given by its label."""
    for choice in field.get("choices", ()):
        if value in choice["label"].values():
            return choice["value"]
    return value
