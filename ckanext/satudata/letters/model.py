"""Tables of the letters: the register, what a letter covers, the numbers given."""

from __future__ import annotations

import secrets
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from ckanext.satudata.common.model import Base, iso, json_column, text_id, timestamp
from ckanext.satudata.letters.states import LetterKind, LetterState, Way

#: Letters and digits that cannot be taken for one another when read aloud or typed.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def new_code() -> str:
    """Code of the verification page: 16 signs (79 bits), not to be guessed."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(16))


def _words(values: Any) -> str:
    return ", ".join(f"'{value}'" for value in values)


class Letter(Base):
    """One letter of the register.

    ``content`` is everything that is printed, frozen when the number is given, so that
    every rendering says the same; ``file_sha256`` is the signed file.
    """

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
        sa.Column("code", sa.Text, nullable=False, default=new_code),
        json_column("content"),
        sa.Column("issued_by", sa.Text),
        sa.Column("file_sha256", sa.Text),
        sa.Column("signature", sa.Text),
        timestamp("signed_at"),
        sa.Column("registered_by", sa.Text),
        sa.Column("confirmed_by", sa.Text),
        timestamp("revoked_at"),
        sa.Column("revoked_by", sa.Text),
        sa.Column("revoke_reason", sa.Text),
        timestamp("created_at", now=True),
        sa.CheckConstraint(f"kind IN ({_words(LetterKind)})", name="ck_satudata_letter_kind"),
        sa.CheckConstraint(f"way IN ({_words(Way)})", name="ck_satudata_letter_way"),
        sa.CheckConstraint(f"state IN ({_words(LetterState)})", name="ck_satudata_letter_state"),
        sa.CheckConstraint(
            "state <> 'valid' OR (file_sha256 IS NOT NULL AND signed_at IS NOT NULL)",
            name="ck_satudata_letter_signed",
        ),
        sa.UniqueConstraint(
            "kind",
            "year",
            "register_number",
            name="uq_satudata_letter_kind_year_register_number",
        ),
        sa.UniqueConstraint("code", name="uq_satudata_letter_code"),
        sa.Index(
            "uq_satudata_letter_number",
            "kind",
            "organization_id",
            "number",
            unique=True,
            postgresql_where=sa.text("state <> 'revoked'"),
        ),
        sa.Index("ix_satudata_letter_organization_id", "organization_id"),
        sa.Index("ix_satudata_letter_state", "state"),
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
    code: Mapped[str]
    content: Mapped[dict[str, Any]]
    issued_by: Mapped[str | None]
    file_sha256: Mapped[str | None]
    signature: Mapped[str | None]
    signed_at: Mapped[datetime | None]
    registered_by: Mapped[str | None]
    confirmed_by: Mapped[str | None]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None]
    revoke_reason: Mapped[str | None]
    created_at: Mapped[datetime]

    @property
    def register(self) -> str:
        """Number in the portal's register, e.g. 007/2026."""
        return f"{self.register_number:03d}/{self.year}"

    def dictize(self) -> dict[str, Any]:
        """The letter as the API gives it; its file is fetched from its page."""
        return {
            "id": self.id,
            "kind": self.kind,
            "register_number": self.register,
            "number": self.number,
            "dated": self.dated.isoformat(),
            "organization_id": self.organization_id,
            "signer_id": self.signer_id,
            "signer": self.content.get("signer", {}),
            "acting_for": self.acting_for,
            "acting_kind": self.acting_kind,
            "way": self.way,
            "state": self.state,
            "code": self.code,
            "issued_by": self.issued_by,
            "file_sha256": self.file_sha256,
            "signature": self.signature,
            "signed_at": iso(self.signed_at),
            "registered_by": self.registered_by,
            "confirmed_by": self.confirmed_by,
            "revoked_at": iso(self.revoked_at),
            "revoke_reason": self.revoke_reason,
            "created_at": iso(self.created_at),
        }


class LetterItem(Base):
    """A dataset that a letter covers, bound to its fingerprint.

    A line that lost its effect (``void_at``) stays on the letter with the reason.
    """

    __table__ = sa.Table(
        "satudata_letter_item",
        Base.metadata,
        sa.Column("letter_id", sa.Text, primary_key=True),
        sa.Column("package_id", sa.Text, primary_key=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("period", sa.Text, nullable=False, default="", server_default=""),
        sa.Column("fingerprint", sa.Text, nullable=False),
        timestamp("void_at"),
        sa.Column("void_reason", sa.Text),
        sa.Index("ix_satudata_letter_item_package_id", "package_id"),
    )

    letter_id: Mapped[str]
    package_id: Mapped[str]
    title: Mapped[str]
    period: Mapped[str]
    fingerprint: Mapped[str]
    void_at: Mapped[datetime | None]
    void_reason: Mapped[str | None]

    @classmethod
    def of(cls, letter_id: str) -> sa.sql.Select:
        """Lines of a letter, in the order of their titles."""
        return sa.select(cls).where(cls.letter_id == letter_id).order_by(cls.title, cls.package_id)

    def dictize(self) -> dict[str, Any]:
        """The line as the API gives it."""
        return {
            "package_id": self.package_id,
            "title": self.title,
            "period": self.period,
            "fingerprint": self.fingerprint,
            "void_at": iso(self.void_at),
            "void_reason": self.void_reason,
        }


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
