"""One question to the database outside the session, in one round trip.

CKAN's session asks whether the connection lives, begins a transaction, and ends it again
around every first question of a request: four journeys where a public list needs one.
"""

from __future__ import annotations

import functools
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from ckan import model


@functools.cache
def _engine() -> sa.engine.Engine:
    return sa.create_engine(
        model.meta.engine.url, isolation_level="AUTOCOMMIT", pool_reset_on_return=None
    )


def rows(statement: str, **values: Any) -> list[Any]:
    """Ask what is stored; the caller's own unsaved changes are not seen.

    Args:
        statement: SQL that only reads, with ``%(name)s`` where values stand.
        values: the values.

    Raises:
        sqlalchemy.exc.DBAPIError: the database does not answer.
    """
    try:
        return _once(statement, values)
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        # The server was started anew since the connection was made; the pool knows now.
        return _once(statement, values)


def _once(statement: str, values: dict[str, Any]) -> list[Any]:
    with _engine().connect() as connection:
        return list(connection.exec_driver_sql(statement, values).all())
