"""Roles and assignments in the reader's language (words page, sections 1 and 10)."""

from __future__ import annotations

from datetime import date

from ckan.plugins.toolkit import _, ungettext

from ckanext.satudata.common import dates


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


def stand_ins() -> dict[str, str]:
    """How a stand-in acts → name."""
    return {
        "plt": _("Acting head (Plt.)"),
        "plh": _("Daily acting head (Plh.)"),
        "an": _("on behalf of (a.n.)"),
    }


def short(kind: str | None) -> str:
    """Plt., Plh. or a.n., as an office writes it before the name."""
    return {"plt": "Plt.", "plh": "Plh.", "an": "a.n."}.get(kind or "", "")


def states() -> dict[str, str]:
    """State of an assignment → word."""
    return {
        "proposed": _("To be confirmed"),
        "future": _("Not yet valid"),
        "active": _("In effect"),
        "ending": _("Ends within 30 days"),
        "ended": _("Expired"),
        "rejected": _("Rejected"),
    }


def state(code: str, ends_on: date | None, day: date) -> str:
    """State of an assignment, with the days left of one that is ending."""
    if code != "ending" or ends_on is None:
        return states()[code]
    left = (ends_on - day).days
    if left == 0:
        return _("Ends today")
    return ungettext("Ends in %(num)s day", "Ends in %(num)s days", left) % {"num": left}


def term(decree: str, starts_on: date, ends_on: date | None) -> str:
    """Decree and days of an assignment: "SK 1/2026, 1 January 2026 to 31 March 2026"."""
    start = dates.day(starts_on)
    if ends_on is None:
        return _("%(decree)s, from %(start)s") % {"decree": decree, "start": start}
    values = {"decree": decree, "start": start, "end": dates.day(ends_on)}
    return _("%(decree)s, %(start)s to %(end)s") % values


def no_manager() -> str:
    """Who gives and ends roles."""
    return _("Roles are given by the secretariat, a walidata or the portal administrator.")


def own_role() -> str:
    """Why nobody gives or ends an own role."""
    return _("Nobody gives or ends a role of their own. Ask another person to do it.")


def no_second() -> str:
    """Who confirms."""
    return _("Proposed roles are confirmed by a walidata or the portal administrator.")


def barred() -> dict[str, str]:
    """Why a person is not the second one → sentence."""
    return {
        "person": _("This role is for yourself. Another walidata or administrator decides."),
        "proposer": _("You proposed this role. Another walidata or administrator confirms it."),
    }


def derived() -> str:
    """Why CKAN's memberships are not edited by hand."""
    return _(
        "Members of an agency follow from the roles given at /kelola/peran. Give or end the"
        " role there."
    )


def events() -> dict[str, str]:
    """Event of an assignment's history → what was done."""
    return {
        "role_assign": _("Role given"),
        "role_propose": _("Role proposed"),
        "role_confirm": _("Confirmed"),
        "role_reject": _("Rejected"),
        "role_end": _("End set"),
    }
