"""The figure a head signs for: read from the DataStore, never typed.

Of a dataset's first file that is loaded: the column of numbers that is no code and no year.
Where there are several, the one whose name has a word of measure, unit or concept; where
that leaves more than one, none: a wrong sum in large print is worse than no sum. Summed
where the measure adds up (jumlah, luas, volume …), else only counted. Of a file that holds
several years the last one is summed: years do not add up.
"""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa
from babel.numbers import format_decimal

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.satudata.common import language

#: Measures of Standar Data whose values of single rows add up to one of the whole.
_ADDS_UP = ("jumlah", "banyak", "luas", "volume", "produksi", "nilai", "populasi", "panjang")
_YEAR = re.compile(r"(^|_)tahun(_|$)", re.IGNORECASE)
_NO_FIGURE = re.compile(
    r"(^|_)(id|no|nomor|kode|bps|kemendagri|tahun|bulan|lat|lon|nik)(_|$)", re.I
)
#: A cell that is a number, whether the loader stored it as number or as text.
_IS_NUMBER = "^-?[0-9]+([.][0-9]+)?$"
#: Rows shown below the figure.
SHOWN = 12


def of(package: model.Package) -> dict[str, Any]:
    """Main figure of a dataset.

    Returns:
        ``value`` (text, empty when there is none), ``unit``, ``year`` (of several, the one
        that ``value`` is about), ``count`` (rows), ``column``,
        ``heads`` and ``rows`` (the first ones, as text), ``resource_id``.
    """
    nothing = {
        "value": "",
        "unit": "",
        "year": "",
        "count": None,
        "column": "",
        "heads": [],
        "rows": [],
    }
    nothing["resource_id"] = None
    for resource in package.resources:
        found = _read(resource.id)
        if found is None:
            continue
        columns, count, rows = found
        year = _last_year(resource.id, columns)
        extras = dict(package.extras or {})
        column, total = _main(resource.id, columns, year, extras)
        value = ""
        if column and (extras.get("ukuran") or "").strip().lower().startswith(_ADDS_UP):
            value = _number(total)
        shown = [name for name, _kind in columns]
        return {
            "resource_id": resource.id,
            "value": value,
            "unit": extras.get("satuan") or "",
            "year": year[1] if year and value else "",
            "count": count,
            "column": column or "",
            "heads": shown,
            "rows": [[_cell(row[name]) for name in shown] for row in rows],
        }
    return nothing


def _engine() -> Any:
    from ckanext.datastore.backend.postgres import get_read_engine

    return get_read_engine()


def _read(resource_id: str) -> tuple[list[tuple[str, str]], int, list[Any]] | None:
    """Columns (name, type), number of rows and the first ones; None if not loaded."""
    if not tk.config.get("ckan.datastore.read_url"):
        return None
    query = sa.text(
        "SELECT column_name, data_type FROM information_schema.columns"
        " WHERE table_name = :name AND table_schema = 'public'"
        " AND column_name NOT IN ('_id', '_full_text') ORDER BY ordinal_position"
    )
    with _engine().connect() as connection:
        columns = [(row[0], row[1]) for row in connection.execute(query, {"name": resource_id})]
        if not columns:
            return None
        table = sa.table(resource_id)
        count = connection.execute(sa.select(sa.func.count()).select_from(table)).scalar()
        first = sa.select(*(sa.column(name) for name, _kind in columns)).select_from(table)
        rows = connection.execute(first.order_by(sa.column("_id")).limit(SHOWN))
        return columns, count, [row._mapping for row in rows]


def _last_year(resource_id: str, columns: list[tuple[str, str]]) -> tuple[str, str] | None:
    """Column of the year and its last value, where a file holds several."""
    name = next((name for name, _kind in columns if _YEAR.search(name)), None)
    if name is None:
        return None
    cell = sa.cast(sa.column(name), sa.Text)
    query = sa.select(sa.func.count(sa.distinct(cell)), sa.func.max(cell))
    with _engine().connect() as connection:
        several, last = connection.execute(query.select_from(sa.table(resource_id))).one()
    return (name, str(last)) if several > 1 else None


def _main(
    resource_id: str,
    columns: list[tuple[str, str]],
    year: tuple[str, str] | None,
    extras: dict[str, Any],
) -> tuple[str | None, Any]:
    """The one column of numbers that is meant, with its sum (of one year, if given)."""
    found: dict[str, Any] = {}
    with _engine().connect() as connection:
        for name, _kind in columns:
            if _NO_FIGURE.search(name):
                continue
            cell = sa.cast(sa.column(name), sa.Text)
            is_number = cell.op("~")(_IS_NUMBER)
            figure = sa.case((is_number, sa.cast(cell, sa.Numeric)))
            query = sa.select(sa.func.bool_and(is_number), sa.func.sum(figure))
            query = query.select_from(sa.table(resource_id)).where(cell != "")
            if year:
                query = query.where(sa.cast(sa.column(year[0]), sa.Text) == year[1])
            numbers, total = connection.execute(query).one()
            if numbers:
                found[name] = total
    meant = list(found) if len(found) == 1 else [name for name in found if _named(name, extras)]
    return (meant[0], found[meant[0]]) if len(meant) == 1 else (None, None)


def _named(column: str, extras: dict[str, Any]) -> bool:
    """Does the name of a column carry a word of unit or concept (words, not parts)?"""
    words = " ".join(str(extras.get(key) or "") for key in ("satuan", "konsep")).lower()
    parts = set(re.split(r"[^a-z]+", column.lower()))
    return bool(parts & {one for one in re.split(r"[^a-z]+", words) if len(one) > 2})


def _number(value: Any) -> str:
    if value is None:
        return ""
    return format_decimal(value, locale=language.current())


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return str(value)
