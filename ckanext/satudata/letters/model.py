"""Tables of the letters: the register, what a letter covers, the numbers given."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from ckanext.satudata.common.model import Base, iso, text_id, timestamp


class Letter(Base):
    """One letter of the register."""

    __table__ = sa.Table(
        "satudata_letter",
        Base.metadata,
        text_id(),
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
        timestamp("created_at", now=True),
        sa.CheckConstraint("kind IN ('surat_validasi')", name="ck_satudata_letter_kind"),
        sa.CheckConstraint("way IN ('pdf')", name="ck_satudata_letter_way"),
        sa.CheckConstraint("state IN ('valid', 'revoked')", name="ck_satudata_letter_state"),
        sa.UniqueConstraint(
            "kind",
            "year",
            "register_number",
            name="uq_satudata_letter_kind_year_register_number",
        ),
        sa.Index("ix_satudata_letter_organization_id", "organization_id"),
    )

    id: Mapped[str]
    kind: Mapped[str]
    year: Mapped[int]
    register_number: Mapped[int]
    number: Mapped[str]
    dated: Mapped[date]
    organization_id: Mapped[str | None]
    signer_id: Mapped[str]
    acting_for: Mapped[str | None]
    acting_kind: Mapped[str | None]
    way: Mapped[str]
    state: Mapped[str]
    file_sha256: Mapped[str | None]
    created_at: Mapped[datetime]

    def dictize(self) -> dict[str, Any]:
        """The letter as the API gives it; its file is for roles only."""
        return {
            "id": self.id,
            "kind": self.kind,
            "register_number": f"{self.register_number:03d}/{self.year}",
            "number": self.number,
            "dated": self.dated.isoformat(),
            "organization_id": self.organization_id,
            "signer_id": self.signer_id,
            "acting_for": self.acting_for,
            "acting_kind": self.acting_kind,
            "way": self.way,
            "state": self.state,
            "file_sha256": self.file_sha256,
            "created_at": iso(self.created_at),
        }


class LetterItem(Base):
    """A dataset that a letter covers, bound to its fingerprint."""

    __table__ = sa.Table(
        "satudata_letter_item",
        Base.metadata,
        sa.Column("letter_id", sa.Text, primary_key=True),
        sa.Column("package_id", sa.Text, primary_key=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
    )

    letter_id: Mapped[str]
    package_id: Mapped[str]
    title: Mapped[str]
    fingerprint: Mapped[str]


class LetterSequence(Base):
    """The last register number given, per kind and year."""

    __table__ = sa.Table(
        "satudata_letter_sequence",
        Base.metadata,
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("last", sa.Integer, nullable=False),
    )

    kind: Mapped[str]
    year: Mapped[int]
    last: Mapped[int]
