"""Table of role assignments; CKAN memberships are derived from it."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from ckanext.satudata.common.model import Base, iso, text_id, timestamp
from ckanext.satudata.roles.states import Acting, Role


class RoleAssignment(Base):
    """A person holds a role from one day to another, by a decree."""

    __table__ = sa.Table(
        "satudata_role_assignment",
        Base.metadata,
        text_id(),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("organization_id", sa.Text),
        sa.Column("decree", sa.Text, nullable=False),
        sa.Column("starts_on", sa.Date, nullable=False),
        sa.Column("ends_on", sa.Date),
        sa.Column("acting_for", sa.Text),
        sa.Column("acting_kind", sa.Text),
        sa.Column("created_by", sa.Text),
        timestamp("created_at", now=True),
        sa.CheckConstraint(
            "role IN ({})".format(", ".join(f"'{role}'" for role in Role)),
            name="ck_satudata_role_assignment_role",
        ),
        sa.CheckConstraint(
            "acting_kind IN ({})".format(", ".join(f"'{kind}'" for kind in Acting)),
            name="ck_satudata_role_assignment_acting_kind",
        ),
        sa.CheckConstraint(
            "ends_on IS NULL OR ends_on >= starts_on - 1",
            name="ck_satudata_role_assignment_dates",
        ),
        sa.CheckConstraint(
            "(acting_for IS NULL) = (acting_kind IS NULL)",
            name="ck_satudata_role_assignment_acting",
        ),
        sa.Index("ix_satudata_role_assignment_user_id", "user_id"),
        sa.Index("ix_satudata_role_assignment_organization_id", "organization_id"),
    )

    id: Mapped[str]
    user_id: Mapped[str]
    role: Mapped[str]
    organization_id: Mapped[str | None]
    decree: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    acting_for: Mapped[str | None]
    acting_kind: Mapped[str | None]
    created_by: Mapped[str | None]
    created_at: Mapped[Any]

    @classmethod
    def active_on(cls, day: date) -> sa.sql.Select:
        """Assignments that hold on a day (first and last day included)."""
        return sa.select(cls).where(
            cls.starts_on <= day, sa.or_(cls.ends_on.is_(None), cls.ends_on >= day)
        )

    def state(self, day: date) -> str:
        """``future``, ``active`` or ``ended`` on a day."""
        if self.starts_on > day:
            return "future"
        return "ended" if self.ends_on and self.ends_on < day else "active"

    def dictize(self, day: date) -> dict[str, Any]:
        """The assignment as the API gives it."""
        return {
            "id": self.id,
            "user_id": self.user_id,
            "role": self.role,
            "organization_id": self.organization_id,
            "decree": self.decree,
            "starts_on": self.starts_on.isoformat(),
            "ends_on": self.ends_on.isoformat() if self.ends_on else None,
            "acting_for": self.acting_for,
            "acting_kind": self.acting_kind,
            "state": self.state(day),
            "created_at": iso(self.created_at),
        }
