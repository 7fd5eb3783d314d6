"""The register of letters (SOP: pencatatan surat): list, gaps and doubles, XLSX, check."""

from __future__ import annotations

import io
from typing import Any

import sqlalchemy as sa
import xlsxwriter

from ckan import model
from ckan.plugins.toolkit import _

from ckanext.satudata.letters import permissions, texts
from ckanext.satudata.letters.model import Letter, LetterItem, LetterSequence
from ckanext.satudata.letters.states import WAITING, LetterKind, LetterState

#: Letters on one page of the register, and the most that one XLSX holds.
PAGE, EXPORT = 50, 20_000


def find(
    user: model.User,
    *,
    kind: str = LetterKind.SURAT_VALIDASI,
    year: int | None = None,
    state: str | None = None,
    organization_id: str | None = None,
    package_id: str | None = None,
    limit: int = PAGE,
    after: int | None = None,
) -> list[tuple[Letter, str, int]]:
    """Letters a person may read, newest number first.

    Args:
        user: who asks.
        kind: kind of letter.
        year: year of the register.
        state: a state, or ``waiting`` for all that are not signed.
        organization_id: only of this agency.
        package_id: only those that cover this dataset.
        limit: at most so many.
        after: register number of the last one read (with ``year``).

    Returns:
        (letter, title of the agency, number of datasets) each.
    """
    count = (
        sa.select(sa.func.count())
        .where(LetterItem.letter_id == Letter.id)
        .correlate(Letter)
        .scalar_subquery()
    )
    query = (
        sa.select(Letter, model.Group.title, count)
        .outerjoin(model.Group, model.Group.id == Letter.organization_id)
        .where(Letter.kind == str(kind))
    )
    if not permissions.keeps_register(user):
        query = query.where(Letter.organization_id.in_(permissions.own_organizations(user)))
    if year:
        query = query.where(Letter.year == year)
    if state == "waiting":
        query = query.where(Letter.state.in_([str(one) for one in WAITING]))
    elif state:
        query = query.where(Letter.state == state)
    if organization_id:
        query = query.where(Letter.organization_id == organization_id)
    if package_id:
        lines = sa.select(LetterItem.letter_id).where(LetterItem.package_id == package_id)
        query = query.where(Letter.id.in_(lines))
    if after is not None:
        query = query.where(Letter.register_number < after)
    query = query.order_by(Letter.year.desc(), Letter.register_number.desc()).limit(limit)
    return [(row[0], row[1] or "-", row[2]) for row in model.Session.execute(query)]


def tasks(user: model.User) -> list[tuple[Letter, str]]:
    """Letters that wait for what a person may do, oldest first, with the agency's title.

    The signer uploads the signed PDF, a registrar the scan, a second person confirms. Who
    may not, because of what they did with the data, is known to the owner of the letter.
    """
    conditions = [
        sa.and_(Letter.state == str(LetterState.WAITING_SIGNATURE), Letter.signer_id == user.id)
    ]
    if permissions.is_registrar(user):
        conditions.append(Letter.state == str(LetterState.WAITING_SCAN))
    confirming = sa.and_(
        Letter.state == str(LetterState.WAITING_CONFIRMATION),
        Letter.registered_by.is_distinct_from(user.id),
    )
    if permissions.is_second(user):
        conditions.append(confirming)
    heads = permissions.headed(user)
    if heads:
        conditions.append(sa.and_(confirming, Letter.organization_id.in_(heads)))
    query = (
        sa.select(Letter, model.Group.title)
        .outerjoin(model.Group, model.Group.id == Letter.organization_id)
        .where(sa.or_(*conditions))
        .order_by(Letter.created_at)
        .limit(PAGE)
    )
    return [(row[0], row[1] or "-") for row in model.Session.execute(query)]


def summary(kind: str, year: int) -> dict[str, Any]:
    """Is the register of a year whole?

    Returns:
        ``count``, ``last`` (highest number), ``missing`` and ``doubles`` (numbers), and
        ``states`` (state → how many).
    """
    numbers = list(
        model.Session.scalars(
            sa.select(Letter.register_number).where(Letter.kind == kind, Letter.year == year)
        )
    )
    given = model.Session.scalar(
        sa.select(LetterSequence.last).where(
            LetterSequence.kind == kind, LetterSequence.year == year
        )
    )
    last = max([given or 0, *numbers])
    have = set(numbers)
    states = model.Session.execute(
        sa.select(Letter.state, sa.func.count())
        .where(Letter.kind == kind, Letter.year == year)
        .group_by(Letter.state)
    )
    return {
        "kind": kind,
        "year": year,
        "count": len(numbers),
        "last": last,
        "missing": [one for one in range(1, last + 1) if one not in have],
        "doubles": sorted({one for one in have if numbers.count(one) > 1})
        if len(have) != len(numbers)
        else [],
        "states": {row[0]: row[1] for row in states},
    }


def years(kind: str) -> list[int]:
    """Years that have a register, newest first."""
    query = sa.select(Letter.year).where(Letter.kind == kind).distinct()
    return sorted(model.Session.scalars(query), reverse=True)


def xlsx(rows: list[tuple[Letter, str, int]]) -> bytes:
    """The register as a workbook, with the columns of its page."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet(_("Register number"))
        bold = book.add_format({"bold": True, "bg_color": "#e8f1f5", "border": 1})
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        heads = (
            (_("Register number"), 16),
            (_("Number of the letter"), 28),
            (_("Date of the letter"), 14),
            (_("Agency"), 44),
            (_("Signer"), 32),
            (_("Office"), 40),
            (_("Datasets"), 10),
            (_("Way"), 30),
            (_("State"), 24),
            (_("Verification code"), 20),
        )
        for column, (head, width) in enumerate(heads):
            sheet.write_string(0, column, head, bold)
            sheet.set_column(column, column, width)
        ways, words = texts.ways(), texts.states()
        for number, (letter, agency, count) in enumerate(rows, start=1):
            signer = letter.content.get("signer", {})
            cells = {
                0: letter.register,
                1: letter.number,
                3: agency,
                4: signer.get("name", ""),
                5: signer.get("prefix", "") + signer.get("office", ""),
                7: ways[letter.way],
                8: words[letter.state],
                9: letter.code,
            }
            for column, text in cells.items():
                sheet.write_string(number, column, text)
            sheet.write_datetime(number, 2, letter.dated, day)
            sheet.write_number(number, 6, count)
        sheet.freeze_panes(1, 2)
        sheet.autofilter(0, 0, max(1, len(rows)), len(heads) - 1)
    return target.getvalue()


def verification(code: str) -> dict[str, Any]:
    """What everybody is told of a letter by its code.

    Titles are told of public datasets only: a letter may cover data whose release is
    still to come. Unknown codes, and letters that never had effect, all look the same.

    Returns:
        ``result`` (ok, revoked or none), and for a known letter ``kind``, ``number``,
        ``register_number``, ``dated``, ``signer`` (name and office), ``agency``,
        ``revoked_on``, ``reason``, ``file_sha256`` and ``items``.
    """
    wanted = "".join(code.split()).upper()
    letter = model.Session.scalar(
        sa.select(Letter).where(Letter.code == wanted, Letter.signed_at.is_not(None))
    )
    if letter is None or letter.state not in (str(LetterState.VALID), str(LetterState.REVOKED)):
        return {"result": "none"}
    agency = model.Session.get(model.Group, letter.organization_id)
    signer = letter.content.get("signer", {})
    return {
        "result": "ok" if letter.state == str(LetterState.VALID) else "revoked",
        "kind": letter.kind,
        "number": letter.number,
        "register_number": letter.register,
        "dated": letter.dated.isoformat(),
        "signer": {
            "name": signer.get("name", ""),
            "office": signer.get("prefix", "") + signer.get("office", ""),
        },
        "agency": agency.title if agency else "-",
        "revoked_on": letter.revoked_at.date().isoformat() if letter.revoked_at else None,
        "reason": letter.revoke_reason,
        "file_sha256": letter.file_sha256,
        "items": _told(letter),
    }


def _told(letter: Letter) -> list[dict[str, Any]]:
    rows = model.Session.execute(
        sa.select(LetterItem, model.Package)
        .outerjoin(model.Package, model.Package.id == LetterItem.package_id)
        .where(LetterItem.letter_id == letter.id)
        .order_by(LetterItem.title)
    )
    told = []
    for line, package in rows:
        public = package is not None and package.state == "active" and package.private is False
        told.append(
            {
                "fingerprint": line.fingerprint,
                "void": line.void_reason,
                "title": line.title if public else None,
                "period": line.period if public else None,
                "name": package.name if public else None,
            }
        )
    return told
