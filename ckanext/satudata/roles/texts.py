"""Names of the roles in the reader's language (words page, section 1)."""

from __future__ import annotations

from ckan.plugins.toolkit import _


def roles() -> dict[str, str]:
    """Role code → name."""
    return {
        "produsen_data": _("Data producer"),
        "walidata_pendukung": _("Supporting walidata"),
        "kepala_opd": _("Head of agency"),
        "walidata": _("Walidata (data custodian)"),
        "pembina_data": _("Data supervisor (BPS)"),
        "forum_koordinator": _("Forum coordinator"),
        "forum_anggota": _("Forum member"),
        "sekretariat": _("Secretariat"),
        "pimpinan_daerah": _("Regional leaders"),
        "sysadmin": _("Portal administrator"),
        "system": _("System"),
    }


def role(code: object) -> str:
    """Name of a role; the code itself where it is unknown."""
    return roles().get(str(code), str(code))
