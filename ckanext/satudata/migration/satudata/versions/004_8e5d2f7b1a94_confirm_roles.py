"""Role assignments are proposed by one person and confirmed by another.

Revision ID: 8e5d2f7b1a94
Revises: c41d7a9e2b60
Create Date: 2026-11-24
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "8e5d2f7b1a94"
down_revision = "c41d7a9e2b60"
branch_labels = None
depends_on = None

_TABLE = "satudata_role_assignment"
_NEW = (
    sa.Column("confirmed_by", sa.Text),
    sa.Column("confirmed_at", sa.DateTime(timezone=True)),
    sa.Column("rejected_by", sa.Text),
    sa.Column("rejected_at", sa.DateTime(timezone=True)),
    sa.Column("reject_reason", sa.Text),
)
_CHECKS = {
    "ck_satudata_role_assignment_decided": "confirmed_at IS NULL OR rejected_at IS NULL",
    "ck_satudata_role_assignment_confirmed_by": "confirmed_by IS NULL OR confirmed_by <> user_id",
}


def upgrade() -> None:
    """What holds goes on holding: it counts as confirmed by who made it.

    Who once gave a role to themselves is not entered as a second person.
    """
    for column in _NEW:
        op.add_column(_TABLE, sa.Column(column.name, column.type))
    op.execute(
        f"UPDATE {_TABLE} SET confirmed_at = created_at, confirmed_by = nullif(created_by, user_id)"
    )
    for name, rule in _CHECKS.items():
        op.create_check_constraint(name, _TABLE, rule)


def downgrade() -> None:
    """What was never confirmed would begin to hold, so it is deleted."""
    op.execute(f"DELETE FROM {_TABLE} WHERE confirmed_at IS NULL")
    for name in _CHECKS:
        op.drop_constraint(name, _TABLE, type_="check")
    for column in reversed(_NEW):
        op.drop_column(_TABLE, column.name)
