"""Runs of the audit and what they found.

Revision ID: d7b3f0a6c915
Revises: 5d3a90c1e7f4
Create Date: 2026-11-25
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "d7b3f0a6c915"
down_revision = "5d3a90c1e7f4"
branch_labels = None
depends_on = None

_TABLE = "satudata_audit_run"


def upgrade() -> None:
    """A row for each audit."""
    op.create_table(
        _TABLE,
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("night", sa.Date),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("error", sa.Text),
        sa.Column("counts", JSONB, nullable=False, server_default=sa.text("'{}'")),
        sa.Column("findings", JSONB, nullable=False, server_default=sa.text("'[]'")),
        sa.UniqueConstraint("night", name="uq_satudata_audit_run_night"),
    )
    op.create_index("ix_satudata_audit_run_finished_at", _TABLE, ["finished_at"])


def downgrade() -> None:
    """What was found is forgotten."""
    op.drop_table(_TABLE)
