"""Enter signed letters in the register, each with a gap-free number."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from ckan import model
from ckan.plugins.toolkit import _

from ckanext.satudata import config
from ckanext.satudata.common import clock, files
from ckanext.satudata.common.errors import refuse
from ckanext.satudata.letters.model import Letter, LetterItem, LetterSequence
from ckanext.satudata.roles.permissions import Holding


def next_number(kind: str, year: int) -> int:
    """Give the next register number of a kind and year.

    The row is locked until the transaction ends, and a rollback gives the number back:
    so there is no gap and no double number under concurrency.
    """
    statement = insert(LetterSequence.__table__).values(kind=kind, year=year, last=1)
    statement = statement.on_conflict_do_update(
        index_elements=["kind", "year"],
        set_={"last": LetterSequence.__table__.c.last + 1},
    ).returning(LetterSequence.__table__.c.last)
    return model.Session.execute(statement).scalar_one()


def read_signed_pdf(data_dict: dict[str, Any]) -> str:
    """Store the signed PDF of an action's input and answer its SHA-256.

    Raises:
        Refusal: no file, not a PDF, or too large; nothing is stored.
    """
    upload = files.uploaded(data_dict, "upload")
    if upload is None:
        refuse("required", _("Upload the signed letter as PDF."), "upload")
    if not files.is_pdf(upload):
        refuse(
            "file_unread",
            _("The file cannot be read as PDF. Nothing has been stored yet."),
            "upload",
        )
    return files.save(upload, config.letter_max_size())


def enter_signed(
    number: str,
    dated: date,
    file_sha256: str,
    signer: Holding,
    signer_id: str,
    organization_id: str | None,
    items: list[tuple[str, str, str]],
) -> Letter:
    """Enter a signed surat validasi in the register.

    Args:
        number: the office's own number, as printed on the letter.
        dated: date of the letter.
        file_sha256: of the stored signed file.
        signer: the role in which it was signed (with a stand-in's principal).
        signer_id: user who signed.
        organization_id: OPD of the letter.
        items: (package id, title, fingerprint) of each dataset it covers.

    Raises:
        Refusal: the number is on another letter of that agency already, or the date
            lies in the future.
    """
    if dated > clock.today():
        refuse("invalid", _("The date of the letter lies in the future."), "date")
    twice = model.Session.scalar(
        sa.select(Letter.id).where(
            Letter.kind == "surat_validasi",
            Letter.number == number,
            Letter.organization_id.is_not_distinct_from(organization_id),
        )
    )
    if twice:
        refuse(
            "register_double",
            _("Letter number %(number)s is in the register already.") % {"number": number},
            "number",
        )
    letter = Letter(
        kind="surat_validasi",
        year=dated.year,
        register_number=next_number("surat_validasi", dated.year),
        number=number,
        dated=dated,
        organization_id=organization_id,
        signer_id=signer_id,
        acting_for=signer.acting_for,
        acting_kind=signer.acting_kind,
        way="pdf",
        state="valid",
        file_sha256=file_sha256,
    )
    model.Session.add(letter)
    model.Session.flush()
    for package_id, title, fingerprint in items:
        model.Session.add(
            LetterItem(
                letter_id=letter.id,
                package_id=package_id,
                title=title,
                fingerprint=fingerprint,
            )
        )
    model.Session.flush()
    return letter


def get(letter_id: str | None) -> Letter | None:
    """One letter, or None."""
    return model.Session.get(Letter, letter_id) if letter_id else None


def is_signed(letter_id: str | None) -> bool:
    """Is there a valid letter with its signed file? Publication asks this."""
    if not letter_id:
        return False
    query = sa.select(Letter.id).where(
        Letter.id == letter_id,
        Letter.state == "valid",
        Letter.file_sha256.is_not(None),
    )
    return model.Session.scalar(query) is not None


def numbers(letter_ids: list[str]) -> dict[str, str]:
    """Letter id → number as printed on the letter."""
    rows = model.Session.execute(
        sa.select(Letter.id, Letter.number).where(Letter.id.in_(letter_ids))
    )
    return {row[0]: row[1] for row in rows}
