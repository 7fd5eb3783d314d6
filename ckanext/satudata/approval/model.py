"""Tables of the approval: the case, who prepared a dataset, its publications."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from ckanext.satudata.approval.states import ENDED, State
from ckanext.satudata.common.model import Base, iso, json_column, text_id, timestamp


def _states(states: Any) -> str:
    return ", ".join(f"'{state}'" for state in sorted(states))


class Approval(Base):
    """One walk of a dataset along the road; at most one that has not ended.

    ``revision`` counts the transitions: decisions carry the one they saw, and the
    second of two people gets a conflict (compare-and-set). ``indexed_at`` lags behind
    ``state_since`` while the search index does not know the state yet. ``access`` is the
    class at submission; what is not open is not published. ``verified_at`` is when the
    content was last compared with the fingerprint, ``mismatch_at`` since when it differs.
    """

    __table__ = sa.Table(
        "satudata_approval",
        Base.metadata,
        text_id(),
        sa.Column("package_id", sa.Text, nullable=False),
        sa.Column("organization_id", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False, default=0),
        sa.Column("round", sa.Integer, nullable=False, default=0),
        sa.Column("priority", sa.Boolean, nullable=False, default=False),
        sa.Column("access", sa.Text),
        sa.Column("fingerprint", sa.Text),
        timestamp("verified_at"),
        timestamp("mismatch_at"),
        sa.Column("submitted_by", sa.Text),
        timestamp("submitted_at"),
        sa.Column("claimed_by", sa.Text),
        timestamp("claimed_at"),
        sa.Column("checked_by", sa.Text),
        timestamp("checked_at"),
        sa.Column("endorsed_by", sa.Text),
        sa.Column("validated_by", sa.Text),
        timestamp("validated_at"),
        sa.Column("letter_id", sa.Text),
        json_column("checklist"),
        sa.Column("hold_reason", sa.Text),
        timestamp("release_at"),
        timestamp("due_at"),
        timestamp("state_since", now=True),
        timestamp("indexed_at"),
        timestamp("created_at", now=True),
        sa.CheckConstraint(f"state IN ({_states(State)})", name="ck_satudata_approval_state"),
        sa.Index(
            "uq_satudata_approval_open",
            "package_id",
            unique=True,
            postgresql_where=sa.text(f"state NOT IN ({_states(ENDED)})"),
        ),
        sa.Index("ix_satudata_approval_package_id", "package_id"),
        sa.Index("ix_satudata_approval_state_due_at", "state", "due_at"),
        sa.Index("ix_satudata_approval_organization_id", "organization_id"),
    )

    id: Mapped[str]
    package_id: Mapped[str]
    organization_id: Mapped[str | None]
    state: Mapped[str]
    revision: Mapped[int]
    round: Mapped[int]
    priority: Mapped[bool]
    access: Mapped[str | None]
    fingerprint: Mapped[str | None]
    verified_at: Mapped[datetime | None]
    mismatch_at: Mapped[datetime | None]
    submitted_by: Mapped[str | None]
    submitted_at: Mapped[datetime | None]
    claimed_by: Mapped[str | None]
    claimed_at: Mapped[datetime | None]
    checked_by: Mapped[str | None]
    checked_at: Mapped[datetime | None]
    endorsed_by: Mapped[str | None]
    validated_by: Mapped[str | None]
    validated_at: Mapped[datetime | None]
    letter_id: Mapped[str | None]
    checklist: Mapped[dict[str, str]]
    hold_reason: Mapped[str | None]
    release_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    state_since: Mapped[datetime]
    indexed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    @classmethod
    def open_for(cls, package_id: str) -> sa.sql.Select:
        """The approval of a dataset that has not ended."""
        return sa.select(cls).where(
            cls.package_id == package_id,
            cls.state.not_in([str(state) for state in ENDED]),
        )

    @classmethod
    def latest_for(cls, package_id: str) -> sa.sql.Select:
        """The newest approval of a dataset, ended or not."""
        return (
            sa.select(cls)
            .where(cls.package_id == package_id)
            .order_by(cls.created_at.desc())
            .limit(1)
        )

    def dictize(self) -> dict[str, Any]:
        """The approval as the API gives it."""
        return {
            "id": self.id,
            "package_id": self.package_id,
            "organization_id": self.organization_id,
            "state": self.state,
            "revision": self.revision,
            "round": self.round,
            "priority": self.priority,
            "access": self.access,
            "fingerprint": self.fingerprint,
            "verified_at": iso(self.verified_at),
            "mismatch_at": iso(self.mismatch_at),
            "submitted_by": self.submitted_by,
            "submitted_at": iso(self.submitted_at),
            "claimed_by": self.claimed_by,
            "claimed_at": iso(self.claimed_at),
            "checked_by": self.checked_by,
            "checked_at": iso(self.checked_at),
            "endorsed_by": self.endorsed_by,
            "validated_by": self.validated_by,
            "validated_at": iso(self.validated_at),
            "letter_id": self.letter_id,
            "checklist": self.checklist,
            "hold_reason": self.hold_reason,
            "release_at": iso(self.release_at),
            "due_at": iso(self.due_at),
            "state_since": iso(self.state_since),
        }


class Finding(Base):
    """Something the checker found: a place, a coded reason, what to do.

    ``seen`` is what stood at that place when it was found: another content now counts
    as repaired (finding_fix of the words page: noted by itself).
    """

    __table__ = sa.Table(
        "satudata_finding",
        Base.metadata,
        text_id(),
        sa.Column("approval_id", sa.Text, nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("field", sa.Text),
        sa.Column("resource_id", sa.Text),
        sa.Column("column_name", sa.Text),
        sa.Column("rows", sa.Text),
        sa.Column("comment", sa.Text, nullable=False, default=""),
        sa.Column("answer", sa.Text, nullable=False, default="open"),
        sa.Column("reply", sa.Text, nullable=False, default=""),
        sa.Column("seen", sa.Text),
        sa.Column("answered_by", sa.Text),
        timestamp("answered_at"),
        sa.Column("created_by", sa.Text),
        timestamp("created_at", now=True),
        sa.CheckConstraint("severity IN ('must', 'advice')", name="ck_satudata_finding_severity"),
        sa.CheckConstraint(
            "answer IN ('open', 'fixed', 'replied', 'accepted', 'reopened')",
            name="ck_satudata_finding_answer",
        ),
        sa.UniqueConstraint("approval_id", "number", name="uq_satudata_finding_approval_id_number"),
    )

    id: Mapped[str]
    approval_id: Mapped[str]
    round: Mapped[int]
    number: Mapped[int]
    code: Mapped[str]
    severity: Mapped[str]
    field: Mapped[str | None]
    resource_id: Mapped[str | None]
    column_name: Mapped[str | None]
    rows: Mapped[str | None]
    comment: Mapped[str]
    answer: Mapped[str]
    reply: Mapped[str]
    seen: Mapped[str | None]
    answered_by: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    created_by: Mapped[str | None]
    created_at: Mapped[datetime]

    @classmethod
    def of(cls, approval_id: str) -> sa.sql.Select:
        """All findings of an approval in their order."""
        return sa.select(cls).where(cls.approval_id == approval_id).order_by(cls.number)

    def dictize(self) -> dict[str, Any]:
        """The finding as the API gives it."""
        return {
            "id": self.id,
            "round": self.round,
            "number": self.number,
            "code": self.code,
            "severity": self.severity,
            "field": self.field,
            "resource": self.resource_id,
            "column": self.column_name,
            "rows": self.rows,
            "comment": self.comment,
            "answer": self.answer,
            "reply": self.reply,
        }


class Preparer(Base):
    """Who created or edited a dataset: they may not check or validate it."""

    __table__ = sa.Table(
        "satudata_preparer",
        Base.metadata,
        sa.Column("package_id", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, primary_key=True),
        timestamp("at", now=True),
    )

    package_id: Mapped[str]
    user_id: Mapped[str]
    at: Mapped[datetime]


class Publication(Base):
    """The record without which no dataset becomes public (read by the trigger).

    Written in the transaction that makes the dataset public. ``adopted`` is what was
    public before the workflow: it has no letter, so its title is kept here.
    """

    __table__ = sa.Table(
        "satudata_publication",
        Base.metadata,
        text_id(),
        sa.Column("package_id", sa.Text, nullable=False),
        sa.Column("approval_id", sa.Text),
        sa.Column("letter_id", sa.Text),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False, default="validated"),
        sa.Column("title", sa.Text),
        timestamp("published_at", now=True),
        timestamp("revoked_at"),
        sa.Column("notice", sa.Text),
        sa.Column("reason", sa.Text),
        sa.CheckConstraint("kind IN ('adopted', 'validated')", name="ck_satudata_publication_kind"),
        sa.Index(
            "uq_satudata_publication_current",
            "package_id",
            unique=True,
            postgresql_where=sa.text("revoked_at IS NULL"),
        ),
        sa.Index("ix_satudata_publication_package_id", "package_id"),
    )

    id: Mapped[str]
    package_id: Mapped[str]
    approval_id: Mapped[str | None]
    letter_id: Mapped[str | None]
    fingerprint: Mapped[str]
    kind: Mapped[str]
    title: Mapped[str | None]
    published_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    notice: Mapped[str | None]
    reason: Mapped[str | None]

    @classmethod
    def current_for(cls, package_id: str) -> sa.sql.Select:
        """The publication of a dataset that is not revoked."""
        return sa.select(cls).where(cls.package_id == package_id, cls.revoked_at.is_(None))


#: Dataset types of the option ``unmanaged_types``, where the trigger can read them.
unmanaged_type = sa.Table(
    "satudata_unmanaged_type",
    Base.metadata,
    sa.Column("type", sa.Text, primary_key=True),
)
