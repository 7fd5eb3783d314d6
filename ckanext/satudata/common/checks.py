"""Self-test of what every domain stands on: the profile and the migrations."""

from __future__ import annotations

import os
from collections.abc import Iterator

import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

from ckan import model

from ckanext.satudata import config, profile
from ckanext.satudata.common.startup import Problem

__all__ = ["migrations_are_applied", "profile_is_valid"]

FOLDER = os.path.join(os.path.dirname(os.path.dirname(__file__)), "migration", "satudata")


def profile_is_valid() -> Iterator[Problem]:
    """Is the city's profile readable and of the schema?"""
    try:
        profile.load(config.profile())
    except profile.ProfileError as error:
        for problem in error.problems:
            yield Problem("profile", problem, "Correct the profile and start again.")


def head() -> str | None:
    """The newest migration that this version of the extension brings."""
    settings = Config()
    settings.set_main_option("script_location", FOLDER)
    return ScriptDirectory.from_config(settings).get_current_head()


def migrations_are_applied() -> Iterator[Problem]:
    """Is the database at the newest migration?"""
    with model.Session.get_bind().connect() as connection:
        known = sa.inspect(connection).has_table("satudata_alembic_version")
        version = (
            connection.execute(sa.text("SELECT version_num FROM satudata_alembic_version")).scalar()
            if known
            else None
        )
    if version != head():
        yield Problem(
            "migrations",
            f"The tables of satudata are at {version or 'nothing'}, not at {head()}.",
            "Run: ckan db upgrade -p satudata",
        )
