"""Table of the audit: its runs and what they found."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from ckanext.satudata.common.model import Base, iso, json_column, text_id, timestamp


class AuditRun(Base):
    """One audit: of a night (one row each, so that several ticks start one), or by hand.

    ``attempts`` counts how often the job of a night was queued; ``findings`` is a list,
    cut at a number that ``counts`` tells.
    """

    __table__ = sa.Table(
        "satudata_audit_run",
        Base.metadata,
        text_id(),
        sa.Column("night", sa.Date),
        sa.Column("attempts", sa.Integer, nullable=False, default=0),
        timestamp("started_at", now=True),
        timestamp("finished_at"),
        sa.Column("error", sa.Text),
        json_column("counts"),
        sa.Column("findings", JSONB, nullable=False, default=list, server_default=sa.text("'[]'")),
        sa.UniqueConstraint("night", name="uq_satudata_audit_run_night"),
        sa.Index("ix_satudata_audit_run_finished_at", "finished_at"),
    )

    id: Mapped[str]
    night: Mapped[date | None]
    attempts: Mapped[int]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    error: Mapped[str | None]
    counts: Mapped[dict[str, Any]]
    findings: Mapped[list[dict[str, Any]]]

    @classmethod
    def last(cls) -> sa.sql.Select:
        """The newest one that ended."""
        return (
            sa.select(cls)
            .where(cls.finished_at.is_not(None))
            .order_by(cls.finished_at.desc(), cls.id)
            .limit(1)
        )

    def dictize(self) -> dict[str, Any]:
        """The run as the API gives it."""
        return {
            "id": self.id,
            "night": self.night.isoformat() if self.night else None,
            "started_at": iso(self.started_at),
            "finished_at": iso(self.finished_at),
            "error": self.error,
            "counts": self.counts,
            "findings": self.findings,
        }
