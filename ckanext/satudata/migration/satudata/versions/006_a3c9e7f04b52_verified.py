"""When the content was last compared with its fingerprint, and since when it differs.

Revision ID: a3c9e7f04b52
Revises: d94b6e1c7a35
Create Date: 2026-11-25
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "a3c9e7f04b52"
down_revision = "d94b6e1c7a35"
branch_labels = None
depends_on = None

_TABLE, _NEW = "satudata_approval", ("verified_at", "mismatch_at")


def upgrade() -> None:
    """Nothing was compared yet: the first night does it."""
    for name in _NEW:
        op.add_column(_TABLE, sa.Column(name, sa.DateTime(timezone=True)))


def downgrade() -> None:
    """The history keeps what was found."""
    for name in reversed(_NEW):
        op.drop_column(_TABLE, name)
