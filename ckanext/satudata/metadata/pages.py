"""What the pages of the code lists show."""

from __future__ import annotations

from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.satudata.common import language
from ckanext.satudata.metadata import codelists
from ckanext.satudata.metadata.codefiles import CodeList

#: Codes on one page.
PAGE = 50


def index(lists: list[dict[str, Any]]) -> dict[str, Any]:
    """All lists: title, what it is, number of codes, source and date.

    Args:
        lists: as ``satudata_code_list_list`` gives them.
    """
    return {
        "rows": [
            {
                "title": _said(one["title"]),
                "about": _said(one["about"]),
                "count": one["count"],
                "source": _said(one["source"]),
                "date": one["source_date"],
                "url": tk.url_for("satudata_metadata.show", id=one["id"]),
                "csv_url": tk.url_for("satudata_metadata.table", id=one["id"]),
            }
            for one in lists
        ]
    }


def one(shown: dict[str, Any], text: str, number: int) -> dict[str, Any]:
    """One list: its sources, a page of its codes, and where the other pages are.

    Args:
        shown: as ``satudata_code_list_show`` gives it.
        text: what is searched.
        number: of the page, from 1.
    """
    columns = [{"name": name, "title": _said(text)} for name, text in shown["columns"].items()]
    last = max(1, -(-shown["total"] // PAGE))
    name = shown["id"]
    return {
        "id": name,
        "title": _said(shown["title"]),
        "about": _said(shown["about"]),
        "facts": {
            **{key: _said(shown[key]) for key in ("source", "checked_against", "differences")},
            "source_date": shown["source_date"],
            "licence": shown["licence"],
        },
        "additions": [
            {
                "source": _said(one["source"]),
                "date": one["source_date"],
                "checked_against": _said(one["checked_against"]),
                "count": one["count"],
            }
            for one in shown["additions"]
        ],
        "columns": columns,
        "rows": [_row(one, columns) for one in shown["items"]],
        "nearest": [
            {"label": _said(one["label"]), "url": _page(name, q=one["code"])}
            for one in shown["nearest"]
        ],
        "total": shown["total"],
        "count": shown["count"],
        "unchecked": shown["unchecked"],
        "q": text,
        "number": number,
        "last": last,
        "previous_url": _page(name, q=text, page=number - 1) if number > 1 else None,
        "next_url": _page(name, q=text, page=number + 1) if number < last else None,
        "csv_url": tk.url_for("satudata_metadata.table", id=name, q=text or None),
        "all_url": _page(name),
    }


def _row(item: dict[str, Any], columns: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "code": item["code"],
        "label": _said(item["label"]),
        "variants": ", ".join(item["variants"]),
        "checked": item["checked"],
        "cells": [{"title": one["title"], "text": item.get(one["name"], "")} for one in columns],
    }


def _page(name: str, q: str = "", page: int = 1) -> str:
    more = {"q": q or None, "page": page if page > 1 else None}
    return tk.url_for("satudata_metadata.show", id=name, **more)


def _said(text: dict[str, str] | None) -> str:
    """A text of both languages in the reader's."""
    return text[language.current()] if text else ""


def table(found: CodeList, text: str) -> bytes:
    """The codes that fit a text, as CSV."""
    return codelists.table(found, codelists.search(found, text))
