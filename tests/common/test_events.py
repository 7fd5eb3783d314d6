"""The history: an altered, missing or cut-off event is found; two writers do not fork it."""

from __future__ import annotations

import threading
import uuid

import pytest
import sqlalchemy as sa

from ckan import model
from ckan.cli.cli import ckan

from ckanext.satudata.approval import consistency
from ckanext.satudata.common import events
from ckanext.satudata.common.events import Event

from tests import factories as make

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]

WRITERS = 20
TABLE = Event.__table__
HERE = "WHERE stream = :stream AND number"
#: What the owner of the database does → (number of the event named, words of the reason).
TAMPERING: dict[str, tuple[list[str], int, str]] = {
    "a column is altered": (
        [f"UPDATE satudata_event SET comment = 'x' {HERE} = 2"],
        2,
        "columns differ from the hashed text",
    ),
    "column and text are altered": (
        [
            "UPDATE satudata_event SET role = 'sysadmin',"
            f" text = replace(text, '\"walidata\"', '\"sysadmin\"') {HERE} = 2"
        ],
        2,
        "text differs from its hash",
    ),
    "the hash is altered too": (
        [
            f"UPDATE satudata_event SET hash = repeat('a', 64), text = text || ' ' {HERE} = 2",
        ],
        2,
        "columns differ from the hashed text",
    ),
    "one in the middle is missing": (
        [f"DELETE FROM satudata_event {HERE} = 2"],
        3,
        "number 2 is missing",
    ),
    "the first is missing": (
        [f"DELETE FROM satudata_event {HERE} = 1"],
        2,
        "number 1 is missing",
    ),
    "two changed places": (
        [
            f"UPDATE satudata_event SET number = 99 {HERE} = 2",
            f"UPDATE satudata_event SET number = 2 {HERE} = 3",
            f"UPDATE satudata_event SET number = 3 {HERE} = 99",
        ],
        2,
        "does not follow the event before it",
    ),
    "the last is cut off": ([f"DELETE FROM satudata_event {HERE} = 3"], 2, "2 steps, but"),
    "the tail is cut off": ([f"DELETE FROM satudata_event {HERE} > 1"], 1, "1 steps, but"),
    "the whole chain is gone": ([f"DELETE FROM satudata_event {HERE} > 0"], 0, "0 steps, but"),
}


@pytest.fixture
def package_id(kept, with_plugins, non_clean_db) -> str:
    if "id" not in kept:
        city = make.city()
        package = make.dataset(city)
        make.bring_to(city, package, "awaiting_validation")
        kept["id"] = package["id"]
    return kept["id"]


@pytest.mark.parametrize("what", TAMPERING)
def test_tampering_is_found(package_id, cli, what):
    """By the command, with stream and number; put back, the chain holds again."""
    statements, number, reason = TAMPERING[what]
    stream = f"dataset:{package_id}"
    assert consistency.verify(package_id) == (3, [])
    mine = TABLE.c.stream == stream
    with make.without_triggers("satudata_event") as connection:
        rows = [dict(row._mapping) for row in connection.execute(sa.select(TABLE).where(mine))]
        for one in statements:
            connection.execute(sa.text(one), {"stream": stream})
    try:
        found = consistency.verify(package_id)[1]
        assert found[0].stream == stream
        assert (found[0].number, reason in found[0].reason) == (number, True), found
        assert set(found) <= set(consistency.verify()[1])
        done = cli.invoke(ckan, ["satudata", "history", "verify"])
        assert done.exit_code == 1
        assert f"{stream} event {number}: {found[0].reason}" in done.output
    finally:
        with make.without_triggers("satudata_event") as connection:
            connection.execute(sa.delete(TABLE).where(mine))
            connection.execute(sa.insert(TABLE), rows)
    assert consistency.verify(package_id) == (3, [])


def test_writers_at_once_make_one_chain():
    """Each on a connection of its own, all at the same moment, one stream."""
    stream = f"test:{uuid.uuid4()}"
    model.Session.remove()
    start, failed = threading.Barrier(WRITERS), []

    def write(number: int) -> None:
        try:
            start.wait(30)
            events.append(stream, "note", comment=str(number))
            model.Session.commit()
        except Exception as error:
            failed.append(error)
        finally:
            model.Session.remove()

    threads = [threading.Thread(target=write, args=(n,)) for n in range(WRITERS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert failed == []
    assert events.verify(stream) == (WRITERS, [])
    rows = model.Session.scalars(Event.of(stream)).all()
    assert [one.number for one in rows] == list(range(1, WRITERS + 1))
    assert {one.comment for one in rows} == {str(n) for n in range(WRITERS)}
