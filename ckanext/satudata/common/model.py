"""Base of all tables, in the one shape that runs on SQLAlchemy 1.4 and 2.0."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from ckan.plugins import toolkit as tk

from ckanext.satudata.common import clock

Base = tk.BaseModel


def make_uuid() -> str:
    """A new random identifier."""
    return str(uuid.uuid4())


def text_id() -> sa.Column:
    """Primary key column of all tables but the event table."""
    return sa.Column("id", sa.Text, primary_key=True, default=make_uuid)


def timestamp(name: str, **kwargs: object) -> sa.Column:
    """A point in time, always with its zone; ``now=True`` fills it on insert."""
    if kwargs.pop("now", False):
        kwargs["default"] = clock.now
        kwargs["nullable"] = False
    return sa.Column(name, sa.DateTime(timezone=True), **kwargs)


def json_column(name: str) -> sa.Column:
    """A JSONB object, empty by default."""
    return sa.Column(name, JSONB, nullable=False, default=dict, server_default=sa.text("'{}'"))


def iso(value: datetime | None) -> str | None:
    """ISO text of a time in the portal's zone, as the API gives it."""
    return clock.local(value).isoformat(timespec="seconds") if value else None
