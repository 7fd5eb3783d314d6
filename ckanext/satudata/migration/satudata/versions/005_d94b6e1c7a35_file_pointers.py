"""Which stored file a resource serves.

Revision ID: d94b6e1c7a35
Revises: 8e5d2f7b1a94
Create Date: 2026-11-25
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "d94b6e1c7a35"
down_revision = "8e5d2f7b1a94"
branch_labels = None
depends_on = None

_TABLE = "satudata_file_pointer"


def upgrade() -> None:
    """Resources that exist have no row: their files are served from where CKAN put them."""
    op.create_table(
        _TABLE,
        sa.Column("resource_id", sa.Text, primary_key=True),
        sa.Column("package_id", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text),
        sa.Column("size", sa.BigInteger),
        sa.Column("original_sha256", sa.Text),
        sa.Column("original_name", sa.Text),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
    )
    for column in ("package_id", "sha256", "original_sha256"):
        op.create_index(f"ix_{_TABLE}_{column}", _TABLE, [column])


def downgrade() -> None:
    """The stored files stay on the disk (see ``ckan satudata storage restore``)."""
    op.drop_table(_TABLE)
