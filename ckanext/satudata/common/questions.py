"""What a question to the search index may contain: names of fields, no functions.

Solr's functions count over the whole index (``docfreq(text,'word')`` tells in how many
datasets a word occurs, hidden ones too), and so do the score and its explanation. CKAN
passes them on from anybody in ``fl``, ``sort``, ``bf``, ``boost`` and ``defType``.
"""

from __future__ import annotations

import re
from typing import Any

from ckan.lib.search import SearchQueryError
from ckan.plugins.toolkit import _

#: The name of a field or a pattern of names, as in ``fl=id,extras_*``.
_FIELD = re.compile(r"[\w*.\-]+")
#: A field and its direction.
_ORDER = re.compile(r"[\w.\-]+(\s+(asc|desc))?", re.IGNORECASE)
#: A function or a reference to another parameter.
_FUNCTION = re.compile(r"[($\[{]")
#: Query parsers of words and fields.
_PARSERS = {"", "dismax", "edismax", "lucene"}


def plain(data_dict: dict[str, Any]) -> dict[str, Any]:
    """Answer the question as it may be asked.

    ``facet.mincount`` is raised to 1: asked for values that occur nowhere, Solr lists
    those of hidden datasets.

    Args:
        data_dict: input of ``package_search``.

    Raises:
        SearchQueryError: a function, a score, local parameters or another parser.
    """
    for key, allowed in _ALLOWED.items():
        if key in data_dict and not allowed(data_dict[key]):
            raise SearchQueryError(_("%(key)s: name fields of a dataset only.") % {"key": key})
    if "facet.mincount" in data_dict:
        return {**data_dict, "facet.mincount": _once(data_dict["facet.mincount"])}
    return data_dict


def _once(number: Any) -> Any:
    """A number of occurrences, one at least; what is none is left to CKAN to refuse."""
    try:
        return max(1, int(number))
    except (TypeError, ValueError):
        return number or 1


def _words(value: Any) -> list[str]:
    given = value if isinstance(value, (list, tuple)) else [value]
    return [word for one in given for word in re.split(r"[,\s]+", str(one or "")) if word]


def _fields(value: Any) -> bool:
    words = _words(value)
    return all(_FIELD.fullmatch(one) and one.lower() != "score" for one in words)


def _orders(value: Any) -> bool:
    clauses = [one.strip() for one in str(value or "").split(",")]
    return all(not one or _ORDER.fullmatch(one) for one in clauses)


def _no_function(value: Any) -> bool:
    return not _FUNCTION.search(str(value or ""))


_ALLOWED = {
    "fl": _fields,
    "sort": _orders,
    "bf": _no_function,
    "boost": _no_function,
    "qf": _no_function,
    "facet.field": lambda value: "{!" not in str(value),
    "defType": lambda value: str(value or "").lower() in _PARSERS,
}
