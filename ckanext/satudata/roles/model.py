"""Table of role assignments; CKAN memberships are derived from it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from ckanext.satudata.common.model import Base, iso, text_id, timestamp
from ckanext.satudata.roles import states
from ckanext.satudata.roles.states import Acting, Role, State


class RoleAssignment(Base):
    """A person holds a role from one day to another, by a decree.

    Until it is confirmed it is a proposal and gives nothing.
    """

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
        sa.Column("confirmed_by", sa.Text),
        timestamp("confirmed_at"),
        sa.Column("rejected_by", sa.Text),
        timestamp("rejected_at"),
        sa.Column("reject_reason", sa.Text),
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
        sa.CheckConstraint(
            "confirmed_at IS NULL OR rejected_at IS NULL",
            name="ck_satudata_role_assignment_decided",
        ),
        sa.CheckConstraint(
            "confirmed_by IS NULL OR confirmed_by <> user_id",
            name="ck_satudata_role_assignment_confirmed_by",
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
    confirmed_by: Mapped[str | None]
    confirmed_at: Mapped[Any]
    rejected_by: Mapped[str | None]
    rejected_at: Mapped[Any]
    reject_reason: Mapped[str | None]

    @classmethod
    def active_on(cls, day: date) -> sa.sql.Select:
        """Assignments that hold on a day (first and last day included).

        Proposals and rejected ones never do.
        """
        return sa.select(cls).where(
            cls.confirmed_at.is_not(None),
            cls.rejected_at.is_(None),
            cls.starts_on <= day,
            sa.or_(cls.ends_on.is_(None), cls.ends_on >= day),
        )

    @classmethod
    def state_on(cls, day: date) -> sa.sql.ColumnElement:
        """The state on a day as a column, in step with :func:`states.state`."""
        soon = day + timedelta(days=states.ENDING_DAYS)
        return sa.case(
            (cls.rejected_at.is_not(None), str(State.REJECTED)),
            (sa.or_(cls.ends_on < day, cls.ends_on < cls.starts_on), str(State.ENDED)),
            (cls.confirmed_at.is_(None), str(State.PROPOSED)),
            (cls.starts_on > day, str(State.FUTURE)),
            (cls.ends_on <= soon, str(State.ENDING)),
            else_=str(State.ACTIVE),
        )

    def state(self, day: date) -> State:
        """Where the assignment stands on a day."""
        return states.state(
            day,
            self.starts_on,
            self.ends_on,
            confirmed=self.confirmed_at is not None,
            rejected=self.rejected_at is not None,
        )

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
            "state": str(self.state(day)),
            "created_by": self.created_by,
            "created_at": iso(self.created_at),
            "confirmed_by": self.confirmed_by,
            "confirmed_at": iso(self.confirmed_at),
            "rejected_by": self.rejected_by,
            "rejected_at": iso(self.rejected_at),
            "reject_reason": self.reject_reason,
        }
