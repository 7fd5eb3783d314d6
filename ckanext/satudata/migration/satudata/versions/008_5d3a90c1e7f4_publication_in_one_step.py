"""A publication is written in one transaction: no intent before it any more.

Revision ID: 5d3a90c1e7f4
Revises: d3a96b07e5c1
Create Date: 2026-11-25
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "5d3a90c1e7f4"
down_revision = "d3a96b07e5c1"
branch_labels = None
depends_on = None

_TABLE, _CHECK = "satudata_publication", "ck_satudata_publication_state"


def upgrade() -> None:
    """An intent without its end is a dataset that is private: the tick publishes it.

    What is left was published, and is revoked when ``revoked_at`` says so.
    """
    op.execute(f"DELETE FROM {_TABLE} WHERE published_at IS NULL")
    # The guard of the records looks now, or PostgreSQL refuses to alter the table.
    op.execute("SET CONSTRAINTS ALL IMMEDIATE")
    op.drop_constraint(_CHECK, _TABLE, type_="check")
    op.drop_column(_TABLE, "state")
    op.drop_column(_TABLE, "intent_at")
    op.alter_column(_TABLE, "published_at", nullable=False)


def downgrade() -> None:
    """Tell the state again."""
    op.alter_column(_TABLE, "published_at", nullable=True)
    op.add_column(_TABLE, sa.Column("intent_at", sa.DateTime(timezone=True)))
    op.add_column(_TABLE, sa.Column("state", sa.Text))
    op.execute(
        f"UPDATE {_TABLE} SET intent_at = published_at,"
        " state = CASE WHEN revoked_at IS NULL THEN 'done' ELSE 'revoked' END"
    )
    op.execute("SET CONSTRAINTS ALL IMMEDIATE")
    op.alter_column(_TABLE, "intent_at", nullable=False)
    op.alter_column(_TABLE, "state", nullable=False)
    op.create_check_constraint(_CHECK, _TABLE, "state IN ('intent', 'done', 'revoked')")
