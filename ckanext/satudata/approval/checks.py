"""Self-test of the gate, run before anything is served."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import sqlalchemy as sa

from ckan import logic, model
from ckan import plugins as p
from ckan.plugins import toolkit as tk

from ckanext.satudata import config
from ckanext.satudata.approval import adoption, gate
from ckanext.satudata.approval.model import unmanaged_type
from ckanext.satudata.common import compat
from ckanext.satudata.common.startup import Problem

__all__ = ["datasets_are_adopted", "gate_is_alive", "trigger_is_alive"]

_FIRST = "Put satudata first in ckan.plugins."


def gate_is_alive() -> Iterator[Problem]:
    """Is our link the outermost of every chained action, and our labels the ones used?"""
    logic.get_action("package_create")
    for name in gate.table()["writes"]:
        try:
            action = tk.get_action(name)
        except KeyError:
            continue
        if not getattr(compat.unwrap(action), "satudata_gate", False):
            yield Problem("gate", f"The action {name} goes around the gate.", _FIRST)
    for interface in (p.IPermissionLabels, p.IPackageController):
        first = next(iter(p.PluginImplementations(interface)), None)
        if first is None or first.name != "satudata":
            yield Problem("gate", f"Another plugin comes first in {interface.__name__}.", _FIRST)


def datasets_are_adopted() -> Iterator[Problem]:
    """Are there public datasets of before the workflow? They are served, and locked."""
    waiting = adoption.waiting()
    if waiting:
        yield Problem(
            "adoption",
            f"{waiting} public datasets wait for adoption; nobody can change them until then.",
            "Run: ckan satudata adopt --as ADMINISTRATOR",
            blocks=False,
        )


def trigger_is_alive() -> Iterator[Problem]:
    """Does PostgreSQL refuse a public dataset without a publication record?

    The allow-listed types are written where the trigger reads them, then a public row
    is tried and rolled back.
    """
    engine = model.Session.get_bind()
    with engine.begin() as connection:
        wanted = config.unmanaged_types()
        stored = set(connection.execute(sa.select(unmanaged_type.c.type)).scalars())
        for name in stored - wanted:
            connection.execute(sa.delete(unmanaged_type).where(unmanaged_type.c.type == name))
        for name in wanted - stored:
            connection.execute(
                sa.text(
                    "INSERT INTO satudata_unmanaged_type (type) VALUES (:type)"
                    " ON CONFLICT DO NOTHING"
                ),
                {"type": name},
            )
    probe = f"satudata-probe-{uuid.uuid4()}"
    with engine.connect() as connection:
        try:
            connection.execute(
                sa.text(
                    "INSERT INTO package (id, name, type, state, private)"
                    # A type that no portal can have on its allow-list.
                    " VALUES (:id, :id, :id, 'active', false)"
                ),
                {"id": probe},
            )
        except sa.exc.DBAPIError as error:
            if getattr(error.orig, "pgcode", None) == "SD001":
                return
            raise
    yield Problem(
        "gate",
        "PostgreSQL would let a dataset become public without a publication record.",
        "Run: ckan db upgrade -p satudata",
    )
