"""The code lists in the API."""

from __future__ import annotations

from typing import Any

from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _
from ckan.types import Context

from ckanext.satudata.metadata import codelists, schema

__all__ = ["satudata_code_list_list", "satudata_code_list_show"]


@tk.side_effect_free
@tk.validate_action_data(schema.none)
def satudata_code_list_list(context: Context, data_dict: dict[str, Any]) -> list[dict[str, Any]]:
    """List the code lists (kode referensi, Perpres 39/2019 ps 10) with their sources.

    Args:
        context: CKAN's context.
        data_dict: empty.

    Returns:
        For each list ``id``, ``title``, ``about``, ``source``, ``source_date``,
        ``licence``, ``checked_against`` (the second source, and what was compared),
        ``differences`` (that were found, or null), ``columns`` (name to title),
        ``additions`` (of the city, each with its source), ``count`` and ``unchecked``
        (codes that no second source confirms). Texts are objects with ``id`` and ``en``.

    Raises:
        NotAuthorized: never; everybody may read them.
    """
    tk.check_access("satudata_code_list_list", context, data_dict)
    return [codelists.about(one) for one in codelists.every()]


@tk.side_effect_free
@tk.validate_action_data(schema.show)
def satudata_code_list_show(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Show one code list: where it comes from, and its codes.

    Args:
        context: CKAN's context.
        data_dict: ``id`` of the list, and optional ``q`` (words that code, label,
            spelling or column have), ``limit`` (100, at most 1000) and ``offset``.

    Returns:
        What ``satudata_code_list_list`` says of it, ``total`` (codes that fit ``q``), and
        ``items``: ``code``, ``label`` (``id`` and ``en``), ``variants`` (other spellings),
        ``checked``, and the columns of the list where the code has them. ``nearest`` are
        the codes most like ``q`` where none fits.

    Raises:
        ObjectNotFound: no such list.
        ValidationError: ``limit`` or ``offset`` is no natural number.
    """
    tk.check_access("satudata_code_list_show", context, data_dict)
    found = codelists.get(data_dict["id"])
    if found is None:
        raise tk.ObjectNotFound(_("There is no code list of this name."))
    text, start = data_dict.get("q") or "", data_dict["offset"]
    items = codelists.search(found, text)
    shown = items[start : start + min(data_dict["limit"], schema.MOST)]
    near = [] if items else codelists.nearest(found.head.key, text)
    return {
        **codelists.about(found),
        "total": len(items),
        "items": [codelists.dictized(one) for one in shown],
        "nearest": [codelists.dictized(one) for one in near],
    }
