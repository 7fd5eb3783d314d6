"""Models and migrations agree; the way down and up again is open."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from ckan import model

from ckanext.satudata.approval.model import unmanaged_type
from ckanext.satudata.common.checks import head
from ckanext.satudata.common.model import Base

from tests import conftest

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "clean_db")]


def _ours(kind: str, name: str | None) -> bool:
    if name == "satudata_alembic_version":
        return False
    return kind != "table" or (name or "").startswith("satudata_")


def _models() -> sa.MetaData:
    """Our tables as the models say; CKAN's own metadata is read back from the database."""
    found = sa.MetaData()
    for mapper in Base.registry.mappers:
        if mapper.local_table.name.startswith("satudata_"):
            mapper.local_table.to_metadata(found)
    unmanaged_type.to_metadata(found)
    return found


def _differences() -> list:
    engine = model.Session.get_bind()
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_object": lambda item, name, kind, reflected, other: _ours(kind, name),
                "include_name": lambda name, kind, parents: _ours(kind, name),
            },
        )
        return compare_metadata(context, _models())


def test_models_are_what_the_migrations_make():
    """Nothing is left for a new migration to do."""
    assert _differences() == []


def test_checks_of_the_models_are_those_of_the_database():
    """Alembic does not compare CHECK constraints; their names and words are."""
    inspector = sa.inspect(model.Session.get_bind())
    for table in _models().sorted_tables:
        want = {
            one.name: set(_words(str(one.sqltext)))
            for one in table.constraints
            if isinstance(one, sa.CheckConstraint)
        }
        have = {
            one["name"]: set(_words(one["sqltext"]))
            for one in inspector.get_check_constraints(table.name)
        }
        assert want.keys() == have.keys(), table.name
        for name, words in want.items():
            assert words <= have[name], (name, words - have[name])


def _words(text: str) -> list[str]:
    """The quoted values of a CHECK constraint."""
    return text.split("'")[1::2]


def test_down_to_nothing_and_up_again():
    """Downgrade leaves no table, function or trigger behind; upgrade brings all back."""
    model.Session.remove()
    engine = model.Session.get_bind()
    conftest.migrate("satudata", "base")
    try:
        tables = sa.inspect(engine).get_table_names()
        left = {one for one in tables if one.startswith("satudata_")}
        assert left <= {"satudata_alembic_version"}
        with engine.connect() as connection:
            functions = connection.execute(
                sa.text("SELECT proname FROM pg_proc WHERE proname LIKE 'satudata%'")
            ).scalars()
            assert list(functions) == []
    finally:
        conftest.migrate("satudata", "head")
    assert _differences() == []
    with engine.connect() as connection:
        version = connection.execute(
            sa.text("SELECT version_num FROM satudata_alembic_version")
        ).scalar()
    assert version == head()
