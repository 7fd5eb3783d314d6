"""Fixtures of the whole suite. Every parallel process has databases of its own."""

from __future__ import annotations

import configparser
import importlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.portal import portal
from tests.site import fresh, harvester

__all__ = ["fresh", "harvester", "portal"]

HERE = Path(__file__).parent.parent
_ADDRESSES = (
    "sqlalchemy.url",
    "ckan.datastore.write_url",
    "ckan.datastore.read_url",
    "solr_url",
    "ckan.redis.url",
)


def pytest_configure(config: pytest.Config) -> None:
    """Point CKAN to the services of this process (gw0, gw1, …) by its environment.

    The addresses are those of test.ini unless the environment names others.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    parser = configparser.RawConfigParser()
    parser.read(HERE / "test.ini")
    for key in _ADDRESSES:
        name = key.upper().replace(".", "_")
        name = name if name.startswith("CKAN_") else f"CKAN_{name}"
        value = os.environ.get(name) or parser.get("app:main", key)
        if key == "ckan.redis.url":
            value = value.rsplit("/", 1)[0] + f"/{worker.removeprefix('gw')}"
        os.environ[name] = value.replace("gw0", worker)


def _switch_triggers(word: str) -> None:
    """DISABLE or ENABLE the append-only trigger; for the cleaning of tests only."""
    from ckan import model

    model.Session.remove()
    engine = model.Session.get_bind()
    if sa.inspect(engine).has_table("satudata_event"):
        with engine.begin() as connection:
            connection.execute(sa.text(f"ALTER TABLE satudata_event {word} TRIGGER USER"))


def migrate(plugin: str, version: str = "head") -> None:
    """Apply a plugin's migrations whether or not it is loaded just now."""
    from ckan import model

    package = importlib.import_module(f"ckanext.{plugin}")
    folder = Path(package.__path__[0]) / "migration" / plugin
    before = model.repo._alembic_ini
    model.repo._alembic_ini = str(folder / "alembic.ini")
    try:
        if version == "head":
            model.repo.upgrade_db(version)
        else:
            model.repo.downgrade_db(version)
    finally:
        model.repo._alembic_ini = before


@pytest.fixture(scope="session")
def reset_db() -> Callable[[], None]:
    """Empty the database and bring the tables of the plugins up to date."""
    from ckan.tests import helpers

    migrated: list[bool] = []

    def reset() -> None:
        _switch_triggers("DISABLE")
        helpers.reset_db()
        if not migrated:
            for plugin in ("activity", "satudata"):
                migrate(plugin)
            migrated.append(True)
        _switch_triggers("ENABLE")

    return reset


@pytest.fixture
def unmanaged_types() -> None:
    """Write the allow-listed types where the trigger reads them, as start-up does."""
    from ckanext.satudata.approval.checks import trigger_is_alive

    assert list(trigger_is_alive()) == []
