"""Kinds, ways and states of letters, as data (no CKAN import)."""

from __future__ import annotations

from enum import Enum


class LetterKind(str, Enum):
    """A kind of letter; each has a register of its own per year."""

    __str__ = str.__str__

    SURAT_VALIDASI = "surat_validasi"


class Way(str, Enum):
    """How a letter is signed (product page 6)."""

    __str__ = str.__str__

    TTE = "tte"
    PDF = "pdf"
    SCAN = "scan"


class LetterState(str, Enum):
    """State of a letter; without a signature it has no effect."""

    __str__ = str.__str__

    WAITING_SIGNATURE = "waiting_signature"
    WAITING_SCAN = "waiting_scan"
    WAITING_CONFIRMATION = "waiting_confirmation"
    VALID = "valid"
    REVOKED = "revoked"


#: Letters that carry a number but are not signed yet.
WAITING = frozenset(
    {
        LetterState.WAITING_SIGNATURE,
        LetterState.WAITING_SCAN,
        LetterState.WAITING_CONFIRMATION,
    }
)
#: State in which a letter of each way begins.
BEGINS: dict[Way, LetterState] = {
    Way.TTE: LetterState.WAITING_SIGNATURE,
    Way.PDF: LetterState.WAITING_SIGNATURE,
    Way.SCAN: LetterState.WAITING_SCAN,
}

#: Result of looking at the electronic signature of an uploaded PDF.
SIGNATURES = ("ok", "unknown", "broken")
