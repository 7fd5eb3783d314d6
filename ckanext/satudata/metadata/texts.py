"""Words of the metadata scheme that are not in its YAML."""

from __future__ import annotations

from ckan.plugins.toolkit import _


def parts() -> dict[str, str]:
    """Part of the form → heading."""
    return {
        "identity": _("What data is this?"),
        "standar_data": _("Standar Data"),
        "indikator": _("Indicators (MS-Ind)"),
        "kegiatan": _("Statistical activity (MS-Keg)"),
        "akses": _("Access and schedule"),
        "berkas": _("Files and variables (MS-Var)"),
    }


def blocks() -> dict[str, str]:
    """Block of the form MS-Keg of BPS → heading."""
    return {
        "awal": _("Activity"),
        "II": _("II. Person in charge"),
        "III": _("III. Planning and preparation"),
        "IV": _("IV. Design of the activity"),
        "V": _("V. Design of the sample"),
        "VI": _("VI. Collection of the data"),
        "VII": _("VII. Processing and analysis"),
        "VIII": _("VIII. Dissemination"),
    }
