"""One question to the database outside the session, in one round trip and planned once.

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


def rows(name: str, statement: str, keys: list[str]) -> list[Any]:
    """Ask what is stored; the caller's own unsaved changes are not seen.

    Args:
        name: under which a connection keeps the plan of the statement.
        statement: SQL that only reads, with ``$1`` where the keys stand.
        keys: texts.

    Raises:
        sqlalchemy.exc.DBAPIError: the database does not answer.
    """
    try:
        return _once(name, statement, keys)
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        # The server was started anew since the connection was made; the pool knows now.
        return _once(name, statement, keys)


def _once(name: str, statement: str, keys: list[str]) -> list[Any]:
    with _engine().connect() as connection:
        if name not in connection.info:
            connection.exec_driver_sql(f"PREPARE {name} (text[]) AS {statement}")
            connection.info[name] = True
        asked = connection.exec_driver_sql(f"EXECUTE {name} (%(keys)s)", {"keys": keys})
        return list(asked.all())
