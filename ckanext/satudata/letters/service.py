"""Issue, sign, register, confirm and revoke letters. Nothing here commits."""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _

from ckanext.satudata import config, profile
from ckanext.satudata.common import clock, events, files
from ckanext.satudata.common.errors import refuse
from ckanext.satudata.letters import render, signing, texts
from ckanext.satudata.letters.model import Letter, LetterItem, LetterSequence
from ckanext.satudata.letters.states import BEGINS, WAITING, LetterState, Way
from ckanext.satudata.roles.permissions import Holding

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Line:
    """A dataset on a letter."""

    package_id: str
    title: str
    period: str
    fingerprint: str


@dataclass(frozen=True)
class Signer:
    """Who signs: the account, and the role with a stand-in's principal."""

    user: model.User
    holding: Holding


def stream(letter_id: str) -> str:
    """Name of a letter's history."""
    return f"letter:{letter_id}"


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


def issue(
    kind: str,
    way: Way,
    signer: Signer,
    organization_id: str,
    lines: list[Line],
    actor: model.User,
    *,
    number: str | None = None,
    dated: date | None = None,
) -> Letter:
    """Give a letter its numbers and freeze what it says; it still has to be signed.

    Args:
        kind: e.g. surat_validasi.
        way: how it will be signed.
        signer: who signs.
        organization_id: OPD of the letter.
        lines: datasets it covers.
        actor: who has it issued (the signer, or a registrar for a paper letter).
        number: the office's own number; without one the profile's pattern makes it
            from the register number.
        dated: date of the letter, today if None.

    Raises:
        Refusal: the number is on another letter of that agency already, or the date
            lies in the future.
    """
    dated = dated or clock.today()
    if dated > clock.today():
        refuse("invalid", _("The date of the letter lies in the future."), "date")
    if dated.year < clock.today().year - 1:
        refuse("invalid", _("The date of the letter lies more than a year back."), "date")
    register = next_number(kind, dated.year)
    number = (number or "").strip() or _from_pattern(kind, register, dated)
    if model.Session.scalar(_with_number(kind, organization_id, number)):
        refuse(
            "register_double",
            _("Letter number %(number)s is in the register already.") % {"number": number},
            "number",
        )
    letter = Letter(
        kind=kind,
        year=dated.year,
        register_number=register,
        number=number,
        dated=dated,
        organization_id=organization_id,
        signer_id=signer.user.id,
        acting_for=signer.holding.acting_for,
        acting_kind=signer.holding.acting_kind,
        way=str(way),
        state=str(BEGINS[way]),
        issued_by=actor.id,
    )
    model.Session.add(letter)
    model.Session.flush()
    add_lines(letter, lines, signer)
    _record(letter, "letter_issue", actor, way=str(way))
    return letter


def _with_number(kind: str, organization_id: str, number: str) -> sa.sql.Select:
    return sa.select(Letter.id).where(
        Letter.kind == kind,
        Letter.organization_id == organization_id,
        Letter.number == number,
        Letter.state != str(LetterState.REVOKED),
    )


def _from_pattern(kind: str, register: int, dated: date) -> str:
    roman = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
    pattern = getattr(profile.current().letters, kind).number
    return pattern.format(
        number=register, year=dated.year, month=dated.month, month_roman=roman[dated.month - 1]
    )


def add_lines(letter: Letter, lines: list[Line], signer: Signer) -> None:
    """Put datasets on a letter that is not signed yet, and freeze its content again."""
    for line in lines:
        before = model.Session.get(LetterItem, (letter.id, line.package_id))
        if before is not None:
            # It was on this letter, lost its effect, and was checked again.
            before.title, before.period = line.title, line.period
            before.fingerprint, before.void_at, before.void_reason = line.fingerprint, None, None
        else:
            model.Session.add(LetterItem(letter_id=letter.id, **vars(line)))
    model.Session.flush()
    letter.content = _content(letter, signer)
    model.Session.flush()


def _content(letter: Letter, signer: Signer) -> dict[str, Any]:
    organization = model.Session.get(model.Group, letter.organization_id)
    title = organization.title or organization.name
    return render.content(
        letter.kind,
        {
            "number": letter.number,
            "register_number": letter.register,
            "dated": letter.dated,
            "organization": title,
            "code": letter.code,
            "verify_url": verify_url(letter.code),
        },
        _signer_facts(signer, organization),
        [
            {"title": one.title, "period": one.period, "fingerprint": one.fingerprint}
            for one in items(letter.id)
            if one.void_at is None
        ],
    )


def preview(kind: str, signer: Signer, organization_id: str, lines: list[Line]) -> bytes:
    """A letter as it would be printed, before it has a number; nothing is stored."""
    organization = model.Session.get(model.Group, organization_id)
    content = render.content(
        kind,
        {
            "number": "(diberikan saat terbit)",
            "register_number": "-",
            "dated": clock.today(),
            "organization": organization.title or organization.name,
            "code": "-",
            "verify_url": verify_url("-"),
        },
        _signer_facts(signer, organization),
        [
            {"title": one.title, "period": one.period, "fingerprint": one.fingerprint}
            for one in lines
        ],
    )
    return render.pdf(kind, {**content, "title": "RANCANGAN " + content["title"]})


def verify_url(code: str) -> str:
    """Public address of the verification page, as the QR code carries it."""
    path = (tk.config.get("ckan.root_path") or "").replace("/{{LANG}}", "")
    return f"{tk.config['ckan.site_url'].rstrip('/')}{path}/surat/v/{code}"


def _signer_facts(signer: Signer, organization: model.Group) -> dict[str, str]:
    """Name, rank, NIP and office as printed; a stand-in signs with an own name."""
    head = dict(organization.extras)
    office = head.get("jabatan_kepala") or f"Kepala {organization.title or organization.name}"
    own = {"name": signer.user.fullname or signer.user.name, "rank": "", "nip": "", "prefix": ""}
    if signer.holding.acting_kind:
        prefix = texts.acting()[signer.holding.acting_kind]
        return {**own, "office": office, "prefix": f"{prefix} ", "user": signer.user.name}
    return {
        "name": head.get("nama_kepala") or own["name"],
        "rank": head.get("pangkat_kepala") or "",
        "nip": head.get("nip_kepala") or "",
        "office": office,
        "prefix": "",
        "user": signer.user.name,
    }


# Signing
def sign_uploaded(letter: Letter, data_dict: dict[str, Any], actor: model.User) -> None:
    """Take the letter with its electronic signature, as an uploaded PDF.

    The signature proves that the file is whole, not that it is this letter: handed in by
    somebody else than its signer, a second person confirms it as one does a scan.

    Raises:
        Refusal: no file, not a PDF, no intact signature in it, too large, or the file of
            another letter.
    """
    upload = files.uploaded(data_dict, "upload")
    if upload is None:
        refuse("required", _("Upload the signed letter as PDF."), "upload")
    files.check_size(upload, config.letter_max_size())
    found = signing.check(files.stream(upload))
    letter.way, letter.signature = str(Way.PDF), found
    file_sha256 = files.save(upload, config.letter_max_size())
    _not_on_another(letter, file_sha256)
    if actor.id == letter.signer_id:
        _take_effect(letter, file_sha256)
    else:
        _wait_for_second(letter, file_sha256, actor)
    _record(letter, "letter_sign", actor, signature=found, file_sha256=file_sha256)


def _not_on_another(letter: Letter, file_sha256: str) -> None:
    """One signed file is one letter."""
    query = sa.select(Letter.number).where(
        Letter.file_sha256 == file_sha256, Letter.id != letter.id
    )
    other = model.Session.scalar(query.limit(1))
    if other is not None:
        refuse(
            "duplicate",
            _("This file is letter %(number)s already. Upload the file of this letter.")
            % {"number": other},
            "upload",
        )


def sign_electronically(letter: Letter, given: dict[str, str], actor: model.User) -> None:
    """Have the letter signed by the portal's signature service.

    Raises:
        Refusal: no such service, or it did not sign.
    """
    signed = io.BytesIO(signing.sign(pdf(letter), letter.content["signer"], given))
    letter.signature = signing.check(signed)
    _take_effect(letter, files.save(signed, config.letter_max_size()))
    _record(letter, "letter_sign", actor, way="tte", file_sha256=letter.file_sha256)


def register_scan(letter: Letter, data_dict: dict[str, Any], actor: model.User) -> None:
    """Take the scan of a letter signed on paper; a second person has to confirm it.

    Raises:
        Refusal: no file, of another type, or too large.
    """
    upload = files.uploaded(data_dict, "upload")
    if upload is None:
        refuse("required", _("Upload the scan of the signed letter."), "upload")
    if not files.is_scan(upload):
        refuse(
            "file_unread",
            _("The file cannot be read as PDF, JPEG or PNG. Nothing has been stored yet."),
            "upload",
        )
    letter.way, letter.signature = str(Way.SCAN), None
    file_sha256 = files.save(upload, config.letter_max_size())
    _not_on_another(letter, file_sha256)
    _wait_for_second(letter, file_sha256, actor)
    _record(letter, "letter_scan", actor, file_sha256=letter.file_sha256)


def _wait_for_second(letter: Letter, file_sha256: str, actor: model.User) -> None:
    letter.state = str(LetterState.WAITING_CONFIRMATION)
    letter.file_sha256, letter.registered_by = file_sha256, actor.id
    model.Session.flush()


def confirm(letter: Letter, actor: model.User) -> None:
    """Confirm as second person that the scan is the signed letter."""
    letter.confirmed_by = actor.id
    assert letter.file_sha256 is not None
    _take_effect(letter, letter.file_sha256)
    _record(letter, "letter_confirm", actor, registered_by=letter.registered_by)


def reject_scan(letter: Letter, actor: model.User, reason: str) -> None:
    """Send a scan back that is not the letter; it can be uploaded again."""
    letter.state, letter.file_sha256 = str(LetterState.WAITING_SCAN), None
    letter.registered_by = None
    model.Session.flush()
    _record(letter, "letter_reject", actor, comment=reason)


def _take_effect(letter: Letter, file_sha256: str) -> None:
    letter.file_sha256, letter.signed_at = file_sha256, clock.now()
    letter.state = str(LetterState.VALID)
    model.Session.flush()


# Losing effect
def revoke(letter: Letter, actor: model.User | None, reason: str) -> None:
    """Take a letter out of effect; its number stays in the register as revoked."""
    letter.state, letter.revoked_at = str(LetterState.REVOKED), clock.now()
    letter.revoked_by, letter.revoke_reason = actor.id if actor else None, reason
    for line in items(letter.id):
        if line.void_at is None:
            line.void_at, line.void_reason = clock.now(), "revoked"
    model.Session.flush()
    _record(letter, "letter_revoke", actor, comment=reason)


def void_line(letter_id: str | None, package_id: str, reason: str) -> None:
    """Take one dataset out of a letter's effect; the others keep theirs.

    A letter that waits for its signature and has no line left is revoked.

    Args:
        letter_id: the letter, or None (nothing happens).
        package_id: the dataset.
        reason: a key of :func:`texts.void_reasons`.
    """
    letter = get(letter_id)
    line = model.Session.get(LetterItem, (letter_id, package_id)) if letter else None
    if letter is None or line is None or line.void_at is not None:
        return
    line.void_at, line.void_reason = clock.now(), reason
    model.Session.flush()
    if LetterState(letter.state) in WAITING:
        if all(one.void_at is not None for one in items(letter.id)):
            revoke(letter, None, "No dataset is left on the letter.")
        else:
            letter.content = {
                **letter.content,
                "entries": [
                    one
                    for one in letter.content.get("entries", ())
                    if (one["title"], one["fingerprint"]) != (line.title, line.fingerprint)
                ],
            }
    _record(letter, "letter_void", None, package_id=package_id, reason=reason)


# Reading
def get(letter_id: str | None, *, lock: bool = False) -> Letter | None:
    """One letter, or None; locked until the transaction ends if asked."""
    if not letter_id:
        return None
    how = {"with_for_update": True, "populate_existing": True} if lock else {}
    return model.Session.get(Letter, letter_id, **how)


def items(letter_id: str) -> list[LetterItem]:
    """Lines of a letter."""
    return list(model.Session.scalars(LetterItem.of(letter_id)))


def pdf(letter: Letter) -> bytes:
    """The letter as it is to be signed; every rendering says the same."""
    return render.pdf(letter.kind, letter.content)


def docx(letter: Letter) -> bytes:
    """The letter as Word document."""
    return render.docx(letter.kind, letter.content)


def title_on(letter_id: Any, package_id: Any) -> Any:
    """The title that a letter gives a dataset, as an expression for other queries.

    Args:
        letter_id: column of the letter's id.
        package_id: column of the dataset's id.
    """
    return (
        sa.select(LetterItem.title)
        .where(LetterItem.letter_id == letter_id, LetterItem.package_id == package_id)
        .scalar_subquery()
    )


def signed_ids(letter_ids: list[str]) -> set[str]:
    """Which of these letters are signed and in effect. Publication asks this."""
    if not letter_ids:
        return set()
    query = sa.select(Letter.id).where(
        Letter.id.in_(letter_ids), Letter.state == str(LetterState.VALID)
    )
    return set(model.Session.scalars(query))


def covers(letter_id: str | None, package_id: str, fingerprint: str | None) -> bool:
    """Is a signed letter in effect for exactly this content of a dataset?"""
    if not letter_id or not fingerprint:
        return False
    query = (
        sa.select(Letter.id)
        .join(LetterItem, LetterItem.letter_id == Letter.id)
        .where(
            Letter.id == letter_id,
            Letter.state == str(LetterState.VALID),
            LetterItem.package_id == package_id,
            LetterItem.fingerprint == fingerprint,
            LetterItem.void_at.is_(None),
        )
    )
    return model.Session.scalar(query) is not None


def waiting_for(organization_id: str, signer_id: str, kind: str) -> Letter | None:
    """The unsigned letter of an agency that further datasets may join this month."""
    query = (
        sa.select(Letter)
        .where(
            Letter.kind == kind,
            Letter.organization_id == organization_id,
            Letter.signer_id == signer_id,
            Letter.state.in_([str(LetterState.WAITING_SIGNATURE), str(LetterState.WAITING_SCAN)]),
            Letter.dated >= clock.today().replace(day=1),
        )
        .order_by(Letter.created_at.desc())
        .limit(1)
        .with_for_update()
    )
    return model.Session.scalar(query)


def number(letter_id: str) -> str | None:
    """The number printed on a letter."""
    return model.Session.scalar(sa.select(Letter.number).where(Letter.id == letter_id))


def _record(
    letter: Letter, kind: str, actor: model.User | None, comment: str = "", **data: Any
) -> None:
    events.append(
        stream(letter.id),
        kind,
        user_id=actor.id if actor else None,
        comment=comment,
        to_state=letter.state,
        data={"number": letter.number, "register_number": letter.register, **data},
    )
