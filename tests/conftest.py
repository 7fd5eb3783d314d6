"""Fixtures of the whole suite. Every parallel process has databases of its own."""

from __future__ import annotations

import configparser
import importlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.plugins import app, only_asked_plugins, with_plugins
from tests.portal import portal
from tests.site import fresh, harvester

__all__ = ["app", "fresh", "harvester", "only_asked_plugins", "portal", "with_plugins"]

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
    config.addinivalue_line("markers", "ckan_config(key, value): a setting of CKAN for a test")
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
    # Files too: what one database does not name may be collected there.
    os.environ["CKAN_STORAGE_PATH"] = str(HERE / ".satudata" / "test-files" / worker)


def _switch_triggers(word: str) -> None:
    """DISABLE or ENABLE the triggers of the records; for the cleaning of tests only."""
    from ckan import model

    model.Session.remove()
    engine = model.Session.get_bind()
    present = set(sa.inspect(engine).get_table_names())
    with engine.begin() as connection:
        for table in present & {"satudata_event", "satudata_publication"}:
            connection.execute(sa.text(f"ALTER TABLE {table} {word} TRIGGER USER"))


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
            # harvest: once a test loads its models, a purge asks its tables, in every later test.
            for plugin in ("activity", "harvest", "satudata"):
                migrate(plugin)
            migrated.append(True)
        _switch_triggers("ENABLE")

    return reset


@pytest.fixture(scope="module")
def kept() -> dict[str, Any]:
    """What a test module makes once and keeps: its city, its datasets."""
    return {}


@pytest.fixture
def city(kept: dict[str, Any], with_plugins: None, non_clean_db: None) -> Any:
    """The people of a city, made once for a test module (``tests.factories.City``)."""
    from tests import factories

    if "city" not in kept:
        kept["city"] = factories.city()
    return kept["city"]


@pytest.fixture
def unmanaged_types() -> None:
    """Write the allow-listed types where the trigger reads them, as start-up does."""
    from ckanext.satudata.approval.checks import trigger_is_alive

    assert list(trigger_is_alive()) == []
