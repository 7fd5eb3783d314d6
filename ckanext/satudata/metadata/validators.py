"""Validators of the scheme's fields."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _

from ckanext.satudata.metadata import codelists

__all__ = ["satudata_code", "satudata_count", "satudata_sds", "satudata_year"]

#: Group, concept, definition, classification (guide to the code of statistical standards).
_SDS = re.compile(r"[A-Z]{1,2}\d{5}\.\d{2}\.\d{2}")


def satudata_code(field: dict[str, Any], schema: dict[str, Any]) -> Callable[[Any], str]:
    """Code of the field's list; a label or spelling that means one code becomes that code.

    Args:
        field: of the scheme, with the key of its ``code_list``.
        schema: the whole scheme.
    """

    def validate(value: Any) -> str:
        found = codelists.find(field["code_list"], str(value))
        if found:
            return found.code
        near = codelists.nearest(field["code_list"], str(value))
        if not near:
            text = _("The code list has no %(value)s. See all codes at /kode-referensi/%(list)s.")
            raise tk.Invalid(text % {"value": value, "list": field["code_list"]})
        names = ", ".join(f"{one.code} ({codelists.label(one)})" for one in near)
        text = _("%(value)s is no code of the list, or several have this name. Like it: %(names)s.")
        raise tk.Invalid(text % {"value": value, "names": names})

    return validate


# Scheming hands the field over, as to its own validators.
satudata_code.is_a_scheming_validator = True  # type: ignore[attr-defined]


def satudata_sds(value: str) -> str:
    """Code of a Standar Data Statistik (BPS Regulation 4/2020): SE04218.01.00."""
    found = value.strip().upper()
    if not _SDS.fullmatch(found):
        text = _(
            '"%(value)s" is no code of a statistical standard. It has one or two letters, five '
            "digits, and two times a point with two digits, e.g. SE04218.01.00."
        )
        raise tk.Invalid(text % {"value": value})
    return found


def satudata_year(value: str) -> str:
    """A year in four digits (MS-Keg: from 2019 on, older activities are described too)."""
    if not re.fullmatch(r"(19|20)\d\d", value.strip()):
        raise tk.Invalid(
            _('"%(value)s" is no year. Write four digits, e.g. 2026.') % {"value": value}
        )
    return value.strip()


def satudata_count(value: str) -> str:
    """A natural number as text; thousands may have points."""
    found = re.sub(r"(?<=\d)\.(?=\d{3}\b)", "", value.strip())
    if not re.fullmatch(r"\d{1,9}", found):
        raise tk.Invalid(_('"%(value)s" is no number. Write digits, e.g. 12.') % {"value": value})
    return str(int(found))
