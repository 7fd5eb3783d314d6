"""The canonical form of a dataset's content, from which its fingerprint is made.

Pure functions, no CKAN import: docs/explanation/fingerprint.md describes the form so
that others can compute it, and tests/approval/vectors/ holds examples. A form that was
once used is never changed; a better one gets a new name, and what was fingerprinted
before is compared by the form that made it (:data:`FORMS`).

"Content" is the plain dictionary that :func:`ckanext.satudata.approval.fingerprint.read`
makes from database and files.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

#: The form of new fingerprints.
VERSION = "sd2"

#: Resource extras written by CKAN and its plugins, not by the producer.
COMPUTED = frozenset(
    {
        "datastore_active",
        "datastore_contains_all_records_of_source_file",
        "datastore_fields",
        "ckan_url",
        "original_url",
        "resource_id",
        "set_url_type",
        "task_created",
        "validation_status",
        "validation_timestamp",
    }
)
#: ``url_type`` of files and tables whose address CKAN makes from ids.
_OWN_ADDRESS = frozenset({"upload", "datastore", "tabledesigner"})
_NUMBERS = frozenset({"smallint", "integer", "bigint", "numeric", "real", "double precision"})
_JSON = frozenset({"json", "jsonb"})
#: Plain notation of numbers from 10^-6 up to below 10^21, as in ECMAScript.
_SMALLEST, _LARGEST = -6, 21
#: Numbers whose text is their canonical one but for zeros at the end: nearly all.
_PLAIN = re.compile(r"-?(?:[1-9]\d{0,19}(?:\.\d+)?|0\.\d{0,5}[1-9]\d*)|0")

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class _Number(float):
    """A number that the JSON encoder writes as its canonical text."""

    def __new__(cls, text: str) -> _Number:
        made = super().__new__(cls, 0)
        made.text = text  # type: ignore[attr-defined]
        return made


def _text(value: str) -> str:
    return value if value.isascii() else unicodedata.normalize("NFC", value)


def number(text: str) -> str:
    """Canonical text of a number: 1.0, 1.00 and 1e0 are "1", exact to the last digit.

    Args:
        text: as PostgreSQL or Python write it; "NaN" and "Infinity" stay as they are.
    """
    if _PLAIN.fullmatch(text):
        return text.rstrip("0").rstrip(".") if "." in text else text
    value = Decimal(text)
    if not value.is_finite():
        return text
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    figures = "".join(map(str, digits)).lstrip("0")
    kept = figures.rstrip("0")
    if not kept:
        return "0"
    point = len(figures) + exponent
    if _SMALLEST < point <= _LARGEST:
        if point <= 0:
            plain = "0." + "0" * -point + kept
        elif len(kept) <= point:
            plain = kept + "0" * (point - len(kept))
        else:
            plain = f"{kept[:point]}.{kept[point:]}"
    else:
        rest = f".{kept[1:]}" if len(kept) > 1 else ""
        plain = f"{kept[0]}{rest}e{point - 1:+d}"
    return f"-{plain}" if sign else plain


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, (str, list, dict)) and not value)


def _pairs(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """An object of normal values; a key that comes twice keeps both, so none can hide."""
    found: dict[str, list[Any]] = {}
    for key, value in pairs:
        if not _empty(value):
            found.setdefault(_text(str(key)), []).append(value)
    return {
        key: values[0] if len(values) == 1 else sorted(values, key=dump)
        for key, values in found.items()
    }


def normal(value: Any) -> Any:
    """A JSON value without what does not matter.

    Text in NFC; numbers by :func:`number`; members of objects that are null or empty
    left out; empty elements of lists null, because their place counts.
    """
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, (bool, _Number)):
        return value
    if isinstance(value, (int, float, Decimal)):
        text = value if isinstance(value, Decimal) else repr(value)
        found = number(str(text))
        return _Number(found) if found[-1].isdigit() else found
    if isinstance(value, dict):
        return _pairs((key, normal(one)) for key, one in value.items())
    if isinstance(value, (list, tuple)):
        found = [normal(one) for one in value]
        return [None if _empty(one) else one for one in found]
    return _text(str(value))


def dump(value: Any) -> str:
    """JSON text of a normal value: keys by code point, no white space, no escapes but needed."""
    if isinstance(value, _Number):
        return value.text  # type: ignore[attr-defined]
    if isinstance(value, dict):
        return "{" + ",".join(f"{_encode(key)}:{dump(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(dump, value)) + "]"
    return _encode(value)


def _bytes(text: str) -> bytes:
    # JSON may name half of a surrogate pair; UTF-8 alone has no bytes for it.
    return text.encode("utf-8", "surrogatepass")


# Rows of the DataStore
def _json_cell(text: str) -> str:
    """A JSON cell in canonical form; what is no JSON stays as it is."""
    try:
        value = json.loads(
            text, parse_float=Decimal, parse_int=Decimal, object_pairs_hook=_normal_pairs
        )
        return dump(normal(value))
    except (ValueError, ArithmeticError, RecursionError):
        return _text(text)


def _normal_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return _pairs((key, normal(value)) for key, value in pairs)


def _converter(kind: str) -> Callable[[str], str]:
    base = kind.partition("(")[0].strip()
    if base in _NUMBERS:
        return number
    return _json_cell if base in _JSON else _text


def digest_rows(kinds: Sequence[str], rows: Iterable[Sequence[str | None]]) -> dict[str, Any]:
    """Count and SHA-256 of rows, read one by one, with flat memory.

    Args:
        kinds: SQL type of each column, e.g. "text", "numeric", "timestamp without …".
        rows: cells in their order, as PostgreSQL writes them as text.

    Returns:
        ``count`` and ``sha256``.
    """
    digest, count = hashlib.sha256(), 0
    converters = [_converter(kind) for kind in kinds]
    for row in rows:
        cells = [
            encode_basestring(convert(cell)) if cell else "null"
            for convert, cell in zip(converters, row, strict=True)
        ]
        digest.update(_bytes(f"[{','.join(cells)}]\n"))
        count += 1
    return {"count": count, "sha256": digest.hexdigest()}


# Forms
def _sd2_file(one: dict[str, Any]) -> dict[str, Any]:
    views = [
        (
            view.get("order") or 0,
            normal(
                {
                    "type": view.get("type"),
                    "title": view.get("title"),
                    "description": view.get("description"),
                    "config": view.get("config"),
                }
            ),
        )
        for view in one.get("views") or ()
    ]
    extras = one.get("extras") or {}
    own_address = one["metadata"].get("url_type") in _OWN_ADDRESS
    return {
        "metadata": one["metadata"],
        "extras": {key: value for key, value in extras.items() if key not in COMPUTED},
        "link": None if own_address else one.get("url"),
        "sha256": one.get("sha256"),
        "original_sha256": one.get("original_sha256"),
        "columns": one.get("columns"),
        "rows": one.get("rows"),
        "views": [view for _order, view in sorted(views, key=lambda it: (it[0], dump(it[1])))],
    }


def _sd2(content: dict[str, Any]) -> str:
    relationships = [normal(one) for one in content.get("relationships") or ()]
    document = {
        "form": "sd2",
        "owner": content.get("owner"),
        "metadata": content["metadata"],
        "extras": content.get("extras"),
        "tags": sorted({_text(tag) for tag in content.get("tags") or ()}),
        "relationships": sorted(relationships, key=dump),
        "files": [_sd2_file(one) for one in content.get("files") or ()],
    }
    return dump(normal(document))


def _sd1_plain(value: Any) -> Any:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, dict):
        pairs = ((str(key), _sd1_plain(one)) for key, one in value.items())
        return {key: one for key, one in pairs if one not in (None, "", [], {})}
    if isinstance(value, (list, tuple)):
        return [_sd1_plain(one) for one in value]
    return value


def _sd1(content: dict[str, Any]) -> str:
    """The first form: without owner, relationships, rows, dictionary and views."""
    document = {
        "form": "sd1",
        "metadata": content["metadata"],
        "extras": content.get("extras"),
        "tags": sorted(unicodedata.normalize("NFC", tag) for tag in content.get("tags") or ()),
        "files": [
            {
                **one["metadata"],
                "extras": {
                    key: value
                    for key, value in (one.get("extras") or {}).items()
                    if key not in COMPUTED
                },
                "sha256": one.get("sha256"),
                "link": None if one["metadata"].get("url_type") == "upload" else one.get("url"),
            }
            for one in content.get("files") or ()
        ],
    }
    plain = _sd1_plain(document)
    return json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


#: Form → function from content to canonical text.
FORMS: dict[str, Callable[[dict[str, Any]], str]] = {"sd1": _sd1, VERSION: _sd2}


def form_of(fingerprint: str) -> str:
    """The form a stored fingerprint was made by: ``sd2:…``; the first one has no prefix."""
    return fingerprint.rpartition(":")[0] or "sd1"


def text(content: dict[str, Any], form: str = VERSION) -> str:
    """The canonical text of a content.

    Raises:
        KeyError: no such form.
    """
    return FORMS[form](content)


def fingerprint(content: dict[str, Any], form: str = VERSION) -> str:
    """The fingerprint of a content: form, colon, 64 hexadecimal digits."""
    digest = hashlib.sha256(_bytes(text(content, form))).hexdigest()
    return digest if form == "sd1" else f"{form}:{digest}"
