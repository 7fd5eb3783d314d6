"""Tables of the DataStore as they are: columns, data dictionary, rows; streamed.

Read from the DataStore's database itself, because actions answer 32 000 rows at most and
the read-only address may point to a copy that lags behind.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ckan import plugins as p
from ckan.plugins.toolkit import _

from ckanext.satudata.approval import canonical
from ckanext.satudata.common.errors import refuse

log = logging.getLogger(__name__)

#: Columns that CKAN adds to every table: a running number and an index for searching.
_INTERNAL = frozenset({"_id", "_full_text"})
#: Rows fetched at once.
_BATCH = 2000
#: So that every server writes values as the same text.
_SETTINGS = {
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "extra_float_digits": "1",
    "bytea_output": "hex",
}
_COLUMNS = sa.text(
    "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) AS kind,"
    " col_description(c.oid, a.attnum) AS comment"
    " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
    " WHERE c.relname = ANY(:names) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
    " AND pg_table_is_visible(c.oid) AND a.attnum > 0 AND NOT a.attisdropped"
    " ORDER BY c.relname, a.attnum"
)
#: Locks that who changes a table holds until the commit.
_WRITERS = sa.text(
    "SELECT 1 FROM pg_locks l JOIN pg_class c ON c.oid = l.relation"
    " WHERE c.relname = ANY(:names) AND l.pid <> pg_backend_pid()"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND l.mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock',"
    " 'AccessExclusiveLock') LIMIT 1"
)


def enabled() -> bool:
    """Does this portal have a DataStore?"""
    return p.plugin_loaded("datastore")


@contextmanager
def _connection() -> Iterator[Connection]:
    """A snapshot of the DataStore that nobody's write disturbs.

    Raises:
        Refusal: ``unreadable`` when the DataStore cannot be read.
    """
    from ckanext.datastore.backend.postgres import get_write_engine

    try:
        with get_write_engine().connect() as plain:
            connection = plain.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            with connection.begin():
                for name, value in _SETTINGS.items():
                    connection.execute(
                        sa.text("SELECT set_config(:name, :value, true)"),
                        {"name": name, "value": value},
                    )
                yield connection
    except sa.exc.DBAPIError as error:
        log.error("The DataStore cannot be read: %s", error.orig)
        refuse("unreadable", _("The rows of a file cannot be read right now. Try again later."))


def read(resource_ids: list[str]) -> dict[str, dict[str, Any]]:
    """Columns and rows of the tables that files have.

    Args:
        resource_ids: files; those without a table are left out of the answer.

    Returns:
        Per file ``columns`` (``name``, ``type``, ``info`` each) and ``rows``
        (``count``, ``sha256``).

    Raises:
        Refusal: ``unreadable`` when the DataStore cannot be read.
    """
    if not resource_ids or not enabled():
        return {}
    with _connection() as connection:
        found: dict[str, list[Any]] = {}
        for row in connection.execute(_COLUMNS, {"names": resource_ids}):
            found.setdefault(row.relname, []).append(row)
        return {name: _table(connection, name, columns) for name, columns in found.items()}


def being_written(resource_ids: list[str]) -> bool:
    """Does a transaction that has not ended change the rows of one of the files?

    Raises:
        Refusal: ``unreadable`` when the DataStore cannot be read.
    """
    if not resource_ids or not enabled():
        return False
    with _connection() as connection:
        return connection.execute(_WRITERS, {"names": resource_ids}).first() is not None


def _table(connection: Connection, name: str, columns: list[Any]) -> dict[str, Any]:
    shown = [one for one in columns if one.attname not in _INTERNAL]
    return {
        "columns": [
            {"name": one.attname, "type": one.kind, "info": _dictionary(one.comment)}
            for one in shown
        ],
        "rows": _rows(connection, name, shown, any(one.attname == "_id" for one in columns)),
    }


def _dictionary(comment: str | None) -> Any:
    """Entry of the data dictionary: the part ``_info`` of the column's comment.

    The comment's other parts are settings that plugins keep there for themselves.
    """
    try:
        found = json.loads(comment or "{}")
    except ValueError:
        return comment
    return found.get("_info") if isinstance(found, dict) else found


def _rows(connection: Connection, name: str, shown: list[Any], numbered: bool) -> dict[str, Any]:
    """Digest of the rows in the order of ``_id``, that of the file and of every reader."""
    cells = [_cell(connection, one) for one in shown] or [sa.literal(None)]
    query = sa.select(*cells).select_from(sa.table(name))
    query = query.order_by(sa.column("_id")) if numbered else query.order_by(*cells)
    # A cursor on the server: however many rows, a batch of them is in memory.
    result = connection.execution_options(stream_results=True, max_row_buffer=_BATCH).execute(query)
    with closing(result):
        rows = (row[: len(shown)] for batch in result.partitions(_BATCH) for row in batch)
        return canonical.digest_rows([_kind(one.kind) for one in shown], rows)


def _kind(kind: str) -> str:
    """CKAN's own type "nested" wraps a JSON value."""
    return "json" if kind == "nested" else kind


def _cell(connection: Connection, column: Any) -> Any:
    """The value of a column as text."""
    value: Any = sa.column(column.attname)
    if column.kind == "nested":
        quoted = connection.dialect.identifier_preparer.quote_identifier(column.attname)
        value = sa.literal_column(f"({quoted}).json")
    return sa.cast(value, sa.Text)
