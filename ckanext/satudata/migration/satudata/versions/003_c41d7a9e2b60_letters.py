"""Letters that wait for a signature, findings answered one by one, access of a case.

Revision ID: c41d7a9e2b60
Revises: 6b2e4d9c0f38
Create Date: 2026-11-24
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "c41d7a9e2b60"
down_revision = "6b2e4d9c0f38"
branch_labels = None
depends_on = None

_LETTER = "satudata_letter"
_ITEM = "satudata_letter_item"
_NEW = (
    sa.Column("issued_by", sa.Text),
    sa.Column("signature", sa.Text),
    sa.Column("signed_at", sa.DateTime(timezone=True)),
    sa.Column("registered_by", sa.Text),
    sa.Column("confirmed_by", sa.Text),
    sa.Column("revoked_at", sa.DateTime(timezone=True)),
    sa.Column("revoked_by", sa.Text),
    sa.Column("revoke_reason", sa.Text),
)
_STATES = ("waiting_signature", "waiting_scan", "waiting_confirmation", "valid", "revoked")


def _check(name: str, column: str, words: tuple[str, ...]) -> None:
    op.drop_constraint(f"ck_satudata_letter_{name}", _LETTER, type_="check")
    listed = ", ".join(f"'{word}'" for word in words)
    op.create_check_constraint(f"ck_satudata_letter_{name}", _LETTER, f"{column} IN ({listed})")


def upgrade() -> None:
    """Widen the register; letters of before are signed PDFs without a printed content."""
    for column in _NEW:
        op.add_column(_LETTER, sa.Column(column.name, column.type))
    json = sa.Column("content", JSONB, nullable=False, server_default=sa.text("'{}'"))
    op.add_column(_LETTER, json)
    op.add_column(_LETTER, sa.Column("code", sa.Text))
    op.execute(
        f"UPDATE {_LETTER} SET signed_at = created_at, issued_by = signer_id,"
        " code = upper(substr(md5(random()::text || id), 1, 16))"
    )
    op.alter_column(_LETTER, "code", nullable=False)
    op.create_unique_constraint("uq_satudata_letter_code", _LETTER, ["code"])
    _check("way", "way", ("tte", "pdf", "scan"))
    _check("state", "state", _STATES)
    op.create_check_constraint(
        "ck_satudata_letter_signed",
        _LETTER,
        "state <> 'valid' OR (file_sha256 IS NOT NULL AND signed_at IS NOT NULL)",
    )
    op.create_index(
        "uq_satudata_letter_number",
        _LETTER,
        ["kind", "organization_id", "number"],
        unique=True,
        postgresql_where=sa.text("state <> 'revoked'"),
    )
    op.create_index("ix_satudata_letter_state", _LETTER, ["state"])
    op.add_column(_ITEM, sa.Column("period", sa.Text, nullable=False, server_default=""))
    op.add_column(_ITEM, sa.Column("void_at", sa.DateTime(timezone=True)))
    op.add_column(_ITEM, sa.Column("void_reason", sa.Text))
    op.create_index("ix_satudata_letter_item_package_id", _ITEM, ["package_id"])
    op.add_column("satudata_approval", sa.Column("access", sa.Text))
    finding = "satudata_finding"
    op.add_column(finding, sa.Column("seen", sa.Text))
    op.add_column(finding, sa.Column("answered_by", sa.Text))
    op.add_column(finding, sa.Column("answered_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    """Back to signed PDFs; letters without a signature are dropped from the register."""
    op.drop_column("satudata_approval", "access")
    for name in ("answered_at", "answered_by", "seen"):
        op.drop_column("satudata_finding", name)
    op.drop_index("ix_satudata_letter_item_package_id", _ITEM)
    for name in ("void_reason", "void_at", "period"):
        op.drop_column(_ITEM, name)
    op.drop_index("ix_satudata_letter_state", _LETTER)
    op.drop_index("uq_satudata_letter_number", _LETTER)
    op.drop_constraint("ck_satudata_letter_signed", _LETTER, type_="check")
    op.execute(f"DELETE FROM {_LETTER} WHERE file_sha256 IS NULL")
    op.execute(f"UPDATE {_LETTER} SET way = 'pdf'")
    op.execute(f"UPDATE {_LETTER} SET state = 'revoked' WHERE state <> 'valid'")
    _check("way", "way", ("pdf",))
    _check("state", "state", ("valid", "revoked"))
    op.drop_constraint("uq_satudata_letter_code", _LETTER, type_="unique")
    for name in ("code", "content", *(column.name for column in reversed(_NEW))):
        op.drop_column(_LETTER, name)
