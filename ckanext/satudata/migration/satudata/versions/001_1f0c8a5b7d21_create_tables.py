"""Create the tables of history, roles, approval, publication and letters.

Revision ID: 1f0c8a5b7d21
Revises:
Create Date: 2026-11-24
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "1f0c8a5b7d21"
down_revision = None
branch_labels = None
depends_on = None


def _time(name: str, **kwargs: object) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), **kwargs)


def _json(name: str) -> sa.Column:
    return sa.Column(name, JSONB, nullable=False, server_default=sa.text("'{}'"))


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "satudata_event",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("stream", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        _time("at", nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text),
        sa.Column("role", sa.Text),
        sa.Column("acting_for", sa.Text),
        sa.Column("from_state", sa.Text),
        sa.Column("to_state", sa.Text),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text),
        _json("data"),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("previous_hash", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.UniqueConstraint("stream", "number", name="uq_satudata_event_stream_number"),
    )
    op.create_index("ix_satudata_event_user_id", "satudata_event", ["user_id"])
    op.create_index("ix_satudata_event_at", "satudata_event", ["at"])
    op.create_table(
        "satudata_role_assignment",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("organization_id", sa.Text),
        sa.Column("decree", sa.Text, nullable=False),
        sa.Column("starts_on", sa.Date, nullable=False),
        sa.Column("ends_on", sa.Date),
        sa.Column("acting_for", sa.Text),
        sa.Column("acting_kind", sa.Text),
        sa.Column("created_by", sa.Text),
        _time("created_at", nullable=False),
        sa.CheckConstraint(
            "role IN ('produsen_data', 'walidata_pendukung', 'kepala_opd', 'walidata',"
            " 'pembina_data', 'forum_koordinator', 'forum_anggota', 'sekretariat',"
            " 'pimpinan_daerah')",
            name="ck_satudata_role_assignment_role",
        ),
        sa.CheckConstraint(
            "acting_kind IN ('plt', 'plh', 'an')",
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
    )
    op.create_index("ix_satudata_role_assignment_user_id", "satudata_role_assignment", ["user_id"])
    op.create_index(
        "ix_satudata_role_assignment_organization_id",
        "satudata_role_assignment",
        ["organization_id"],
    )
    op.create_table(
        "satudata_approval",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("package_id", sa.Text, nullable=False),
        sa.Column("organization_id", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("priority", sa.Boolean, nullable=False),
        sa.Column("fingerprint", sa.Text),
        sa.Column("submitted_by", sa.Text),
        _time("submitted_at"),
        sa.Column("claimed_by", sa.Text),
        _time("claimed_at"),
        sa.Column("checked_by", sa.Text),
        _time("checked_at"),
        sa.Column("endorsed_by", sa.Text),
        sa.Column("validated_by", sa.Text),
        _time("validated_at"),
        sa.Column("letter_id", sa.Text),
        _json("checklist"),
        sa.Column("hold_reason", sa.Text),
        _time("release_at"),
        _time("due_at"),
        _time("state_since", nullable=False),
        _time("indexed_at"),
        _time("created_at", nullable=False),
        sa.CheckConstraint(
            "state IN ('awaiting_validation', 'cancelled', 'draft', 'pembina_review',"
            " 'published', 'returned', 'submitted', 'validated', 'withdrawn')",
            name="ck_satudata_approval_state",
        ),
    )
    op.create_index(
        "uq_satudata_approval_open",
        "satudata_approval",
        ["package_id"],
        unique=True,
        postgresql_where=sa.text("state NOT IN ('cancelled', 'withdrawn')"),
    )
    op.create_index("ix_satudata_approval_package_id", "satudata_approval", ["package_id"])
    op.create_index("ix_satudata_approval_state_due_at", "satudata_approval", ["state", "due_at"])
    op.create_index(
        "ix_satudata_approval_organization_id", "satudata_approval", ["organization_id"]
    )
    op.create_table(
        "satudata_finding",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("approval_id", sa.Text, nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("field", sa.Text),
        sa.Column("resource_id", sa.Text),
        sa.Column("column_name", sa.Text),
        sa.Column("rows", sa.Text),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("reply", sa.Text, nullable=False),
        sa.Column("created_by", sa.Text),
        _time("created_at", nullable=False),
        sa.CheckConstraint("severity IN ('must', 'advice')", name="ck_satudata_finding_severity"),
        sa.CheckConstraint(
            "answer IN ('open', 'fixed', 'replied', 'accepted', 'reopened')",
            name="ck_satudata_finding_answer",
        ),
        sa.UniqueConstraint("approval_id", "number", name="uq_satudata_finding_approval_id_number"),
    )
    op.create_table(
        "satudata_preparer",
        sa.Column("package_id", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, primary_key=True),
        _time("at", nullable=False),
    )
    op.create_table(
        "satudata_publication",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("package_id", sa.Text, nullable=False),
        sa.Column("approval_id", sa.Text),
        sa.Column("letter_id", sa.Text),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        _time("intent_at", nullable=False),
        _time("published_at"),
        _time("revoked_at"),
        sa.Column("notice", sa.Text),
        sa.Column("reason", sa.Text),
        sa.CheckConstraint(
            "state IN ('intent', 'done', 'revoked')",
            name="ck_satudata_publication_state",
        ),
    )
    op.create_index(
        "uq_satudata_publication_current",
        "satudata_publication",
        ["package_id"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.create_index("ix_satudata_publication_package_id", "satudata_publication", ["package_id"])
    op.create_table("satudata_unmanaged_type", sa.Column("type", sa.Text, primary_key=True))
    op.create_table(
        "satudata_letter",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("year", sa.Integer, nullable=False),
        sa.Column("register_number", sa.Integer, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("dated", sa.Date, nullable=False),
        sa.Column("organization_id", sa.Text),
        sa.Column("signer_id", sa.Text, nullable=False),
        sa.Column("acting_for", sa.Text),
        sa.Column("acting_kind", sa.Text),
        sa.Column("way", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("file_sha256", sa.Text),
        _time("created_at", nullable=False),
        sa.CheckConstraint("kind IN ('surat_validasi')", name="ck_satudata_letter_kind"),
        sa.CheckConstraint("way IN ('pdf')", name="ck_satudata_letter_way"),
        sa.CheckConstraint("state IN ('valid', 'revoked')", name="ck_satudata_letter_state"),
        sa.UniqueConstraint(
            "kind",
            "year",
            "register_number",
            name="uq_satudata_letter_kind_year_register_number",
        ),
    )
    op.create_index("ix_satudata_letter_organization_id", "satudata_letter", ["organization_id"])
    op.create_table(
        "satudata_letter_item",
        sa.Column("letter_id", sa.Text, primary_key=True),
        sa.Column("package_id", sa.Text, primary_key=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
    )
    op.create_table(
        "satudata_letter_sequence",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("last", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    """Drop the tables."""
    for name in (
        "letter_sequence",
        "letter_item",
        "letter",
        "unmanaged_type",
        "publication",
        "preparer",
        "finding",
        "approval",
        "role_assignment",
        "event",
    ):
        op.drop_table(f"satudata_{name}")
