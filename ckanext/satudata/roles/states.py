"""The roles of Perpres 39/2019 and of the SOP, as data (no CKAN import)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Role(str, Enum):
    """A role of the procedure; the value is its code everywhere."""

    __str__ = str.__str__

    PRODUSEN_DATA = "produsen_data"
    WALIDATA_PENDUKUNG = "walidata_pendukung"
    KEPALA_OPD = "kepala_opd"
    WALIDATA = "walidata"
    PEMBINA_DATA = "pembina_data"
    FORUM_KOORDINATOR = "forum_koordinator"
    FORUM_ANGGOTA = "forum_anggota"
    SEKRETARIAT = "sekretariat"
    PIMPINAN_DAERAH = "pimpinan_daerah"


class Acting(str, Enum):
    """How a stand-in acts for another person."""

    __str__ = str.__str__

    PLT = "plt"
    PLH = "plh"
    AN = "an"


@dataclass(frozen=True)
class Facts:
    """What follows from a role.

    Attributes:
        per_organization: the role is held in one OPD.
        capacity: CKAN membership in that OPD that is derived from it, or None.
        article: where the role is defined.
    """

    per_organization: bool
    capacity: str | None
    article: str


FACTS: dict[Role, Facts] = {
    Role.PRODUSEN_DATA: Facts(True, "editor", "Perpres 39/2019 ps 22"),
    Role.WALIDATA_PENDUKUNG: Facts(True, "editor", "Perpres 39/2019 ps 21(4)"),
    Role.KEPALA_OPD: Facts(True, "member", "SOP 3.2"),
    Role.WALIDATA: Facts(False, None, "Perpres 39/2019 ps 21"),
    Role.PEMBINA_DATA: Facts(False, None, "Perpres 39/2019 ps 20"),
    Role.FORUM_KOORDINATOR: Facts(False, None, "Perpres 39/2019 ps 23"),
    Role.FORUM_ANGGOTA: Facts(False, None, "Perpres 39/2019 ps 23"),
    Role.SEKRETARIAT: Facts(False, None, "Perpres 39/2019 ps 24"),
    Role.PIMPINAN_DAERAH: Facts(False, None, "SOP 5.2"),
}

#: Capacities from weakest to strongest; of several roles the strongest counts.
CAPACITIES = ("member", "editor")
