"""Words of the letters in the reader's language (words page, section 9)."""

from __future__ import annotations

from ckan.plugins.toolkit import _


def kinds() -> dict[str, str]:
    """Kind of letter → name."""
    return {"surat_validasi": _("Validation letter")}


def states() -> dict[str, str]:
    """State of a letter → word."""
    return {
        "waiting_signature": _("Waiting for signature"),
        "waiting_scan": _("Waiting for the scan"),
        "waiting_confirmation": _("Scan waits for confirmation"),
        "valid": _("Valid"),
        "revoked": _("Revoked"),
    }


def tasks() -> dict[str, str]:
    """State of a letter that waits → what has to be done."""
    return {
        "waiting_signature": _("Upload the signed letter"),
        "waiting_scan": _("Upload the scan"),
        "waiting_confirmation": _("Confirm the scan"),
    }


def ways() -> dict[str, str]:
    """Way of signing → what is done."""
    return {
        "tte": _("Electronic signature"),
        "pdf": _("Upload a signed PDF"),
        "scan": _("Print, sign, upload scan"),
    }


def ways_short() -> dict[str, str]:
    """Way of signing → the few words of a table."""
    return {"tte": _("Electronic"), "pdf": _("Signed PDF"), "scan": _("Paper, scan")}


def signatures() -> dict[str, str]:
    """Result of the signature check → sentence."""
    return {
        "ok": _("Intact and trusted"),
        "unknown": _("Intact, issuer not trusted"),
        "broken": _("Changed after signing"),
    }


def acting() -> dict[str, str]:
    """Kind of stand-in → what stands before the office in a signature."""
    return {"plt": "Plt.", "plh": "Plh.", "an": "a.n."}


def void_reasons() -> dict[str, str]:
    """Why a line of a letter lost its effect → words."""
    return {
        "withdrawn": _("Withdrawn"),
        "invalidated": _("Content changed"),
        "declined": _("Returned"),
        "replaced": _("On another letter"),
        "revoked": _("Letter revoked"),
    }
