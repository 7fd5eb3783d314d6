"""The roles of Perpres 39/2019 and of the SOP, as data (no CKAN import)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
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


class State(str, Enum):
    """Where an assignment stands; derived from its dates and decisions, stored nowhere."""

    __str__ = str.__str__

    PROPOSED = "proposed"
    FUTURE = "future"
    ACTIVE = "active"
    ENDING = "ending"
    ENDED = "ended"
    REJECTED = "rejected"


#: States in which the role gives its rights.
HOLDS = (State.ACTIVE, State.ENDING)
#: An assignment that holds no longer than so many days is ending.
ENDING_DAYS = 30


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

#: Roles without which an agency can neither prepare nor validate a dataset.
NEEDED = (Role.KEPALA_OPD, Role.PRODUSEN_DATA)


def state(
    day: date, starts_on: date, ends_on: date | None, *, confirmed: bool, rejected: bool
) -> State:
    """Where an assignment stands on a day.

    A proposal whose last day has passed has ended without ever holding, and so has a
    role that was ended before its first day.
    """
    if rejected:
        return State.REJECTED
    if ends_on is not None and (ends_on < day or ends_on < starts_on):
        return State.ENDED
    if not confirmed:
        return State.PROPOSED
    if starts_on > day:
        return State.FUTURE
    if ends_on is not None and (ends_on - day).days <= ENDING_DAYS:
        return State.ENDING
    return State.ACTIVE
