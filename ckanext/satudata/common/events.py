"""Append-only history: one chain of hashes per stream (a dataset, a role assignment).

Each event stores the very text that was hashed; ``hash = sha256(previous hash + text)``.
A trigger of the migration refuses UPDATE, DELETE and TRUNCATE, so an alteration needs
the database owner, and :func:`verify` finds it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from ckan import model

from ckanext.satudata.common import clock
from ckanext.satudata.common.model import Base, iso, json_column, text_id, timestamp

#: Hash before the first event of a stream.
GENESIS = "0" * 64


class Event(Base):
    """One step of one stream: who, as which role, for whom, when, what."""

    __table__ = sa.Table(
        "satudata_event",
        Base.metadata,
        text_id(),
        sa.Column("stream", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        timestamp("at", now=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text),
        sa.Column("role", sa.Text),
        sa.Column("acting_for", sa.Text),
        sa.Column("from_state", sa.Text),
        sa.Column("to_state", sa.Text),
        sa.Column("comment", sa.Text, nullable=False, default=""),
        sa.Column("fingerprint", sa.Text),
        json_column("data"),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("previous_hash", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.UniqueConstraint("stream", "number", name="uq_satudata_event_stream_number"),
        sa.Index("ix_satudata_event_user_id", "user_id"),
        sa.Index("ix_satudata_event_at", "at"),
    )

    id: Mapped[str]
    stream: Mapped[str]
    number: Mapped[int]
    at: Mapped[Any]
    kind: Mapped[str]
    user_id: Mapped[str | None]
    role: Mapped[str | None]
    acting_for: Mapped[str | None]
    from_state: Mapped[str | None]
    to_state: Mapped[str | None]
    comment: Mapped[str]
    fingerprint: Mapped[str | None]
    data: Mapped[dict[str, Any]]
    text: Mapped[str]
    previous_hash: Mapped[str]
    hash: Mapped[str]

    @classmethod
    def of(cls, stream: str) -> sa.sql.Select:
        """All events of a stream, oldest first."""
        return sa.select(cls).where(cls.stream == stream).order_by(cls.number)

    def canonical(self) -> str:
        """The text that is hashed: every column that says something, as JSON."""
        content = {
            "stream": self.stream,
            "number": self.number,
            "at": self.at.astimezone(clock.timezone.utc).isoformat(),
            "kind": self.kind,
            "user_id": self.user_id,
            "role": self.role,
            "acting_for": self.acting_for,
            "from_state": self.from_state,
            "to_state": self.to_state,
            "comment": self.comment,
            "fingerprint": self.fingerprint,
            "data": self.data,
        }
        return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def dictize(self) -> dict[str, Any]:
        """The event as the API gives it."""
        return {
            "number": self.number,
            "at": iso(self.at),
            "kind": self.kind,
            "user_id": self.user_id,
            "role": self.role,
            "acting_for": self.acting_for,
            "from_state": self.from_state,
            "to_state": self.to_state,
            "comment": self.comment,
            "fingerprint": self.fingerprint,
            "data": self.data,
            "hash": self.hash,
        }


@dataclass(frozen=True)
class Break:
    """A place where a chain does not hold."""

    stream: str
    number: int
    reason: str


def _digest(previous: str, text: str) -> str:
    return hashlib.sha256((previous + text).encode()).hexdigest()


def append(stream: str, kind: str, **values: Any) -> Event:
    """Add an event to the end of a stream and flush it.

    Two writers of one stream wait for each other (advisory lock of the transaction), so
    that the chain cannot fork; the unique number is the last line.

    Args:
        stream: ``dataset:<id>`` or ``role:<id>``.
        kind: what happened, e.g. the name of a transition.
        **values: further columns of :class:`Event`.
    """
    session = model.Session
    session.execute(
        sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:stream, 7))"),
        {"stream": stream},
    )
    last = session.execute(
        sa.select(Event.number, Event.hash)
        .where(Event.stream == stream)
        .order_by(Event.number.desc())
        .limit(1)
    ).first()
    event = Event(stream=stream, kind=kind, at=clock.now(), **values)
    event.comment = event.comment or ""
    event.data = event.data or {}
    event.number = last.number + 1 if last else 1
    event.previous_hash = last.hash if last else GENESIS
    event.text = event.canonical()
    event.hash = _digest(event.previous_hash, event.text)
    session.add(event)
    session.flush()
    return event


def verify(stream: str | None = None) -> tuple[int, list[Break]]:
    """Compute the chains again.

    Args:
        stream: one stream, or None for all.

    Returns:
        The number of events read, and the places where a chain does not hold.
    """
    query = sa.select(Event).order_by(Event.stream, Event.number)
    if stream is not None:
        query = query.where(Event.stream == stream)
    breaks: list[Break] = []
    count, current, previous, expected = 0, None, GENESIS, 1
    result = model.Session.execute(query.execution_options(yield_per=500, populate_existing=True))
    for event in result.scalars():
        count += 1
        if event.stream != current:
            current, previous, expected = event.stream, GENESIS, 1
        reason = ""
        if event.number != expected:
            reason = f"number {expected} is missing"
        elif event.previous_hash != previous:
            reason = "does not follow the event before it"
        elif event.text != event.canonical():
            reason = "columns differ from the hashed text"
        elif event.hash != _digest(previous, event.text):
            reason = "text differs from its hash"
        if reason:
            breaks.append(Break(event.stream, event.number, reason))
        previous, expected = event.hash, event.number + 1
    return count, breaks
