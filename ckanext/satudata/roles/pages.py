"""What the pages of the roles show: the register, one assignment, the form, the own roles."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _, ungettext

from ckanext.satudata.common import clock, dates
from ckanext.satudata.roles import permissions, service, texts
from ckanext.satudata.roles.model import RoleAssignment
from ckanext.satudata.roles.states import FACTS, HOLDS, Role, State

#: Assignments on one page of the register.
PAGE = 50
#: Filters of the register, and the one view that is no list of assignments.
FILTERS, VACANCIES = ("q", "role", "organization", "state"), "vacancies"
#: People offered while typing; others are found by their user name.
OFFERED = 1000

_BADGES = {
    "proposed": ("submitted", "clock"),
    "future": ("draft", "calendar"),
    "active": ("published", "check"),
    "ending": ("returned", "clock"),
    "ended": ("cancelled", "ban"),
    "rejected": ("withdrawn", "ban"),
}
#: What may still be ended.
_LIVE = (*(str(one) for one in HOLDS), str(State.FUTURE))


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def badge(state: str, ends_on: date | None) -> dict[str, str]:
    """State of an assignment: tone and icon in the colours of the datasets', and word."""
    tone, icon = _BADGES[state]
    return {"tone": tone, "icon": icon, "label": texts.state(state, ends_on, clock.today())}


def row(one: dict[str, Any], user: model.User) -> dict[str, Any]:
    """One assignment as a line of a table.

    Args:
        one: as of ``satudata_role_list``.
        user: who looks.
    """
    ends_on = _day(one["ends_on"])
    stand_in = None
    if one["acting_for"]:
        stand_in = f"{texts.short(one['acting_kind'])} {one['acting_for_name_title'] or '-'}"
    return {
        "url": tk.url_for("satudata_roles.read", id=one["id"]),
        "person": one["user_title"] or "-",
        "user": one["user"],
        "role": texts.role(one["role"]),
        "stand_in": stand_in,
        "agency": one["organization_title"] or _("Whole city"),
        "decree": one["decree"],
        "starts": dates.day(_day(one["starts_on"])),
        "ends": dates.day(ends_on) or _("no end"),
        "badge": badge(one["state"], ends_on),
        "off": one["state"] in (str(State.ENDED), str(State.REJECTED)),
        "button": _button(one, user),
    }


def _button(one: dict[str, Any], user: model.User) -> dict[str, str] | None:
    url = tk.url_for("satudata_roles.read", id=one["id"])
    if one["user_id"] == user.id:
        return None
    if one["state"] == str(State.PROPOSED):
        if one["created_by"] != user.id and permissions.can_decide(user):
            return {"label": _("Review"), "url": url, "style": "primary"}
        return {"label": _("View"), "url": url, "style": ""}
    if one["state"] in _LIVE:
        return {"label": _("End"), "url": f"{url}#end", "style": ""}
    return None


def register(
    args: dict[str, str], rows: list[dict[str, Any]], user: model.User, errors: list[str]
) -> dict[str, Any]:
    """The register with its chips and filters.

    Args:
        args: the filters of the address.
        rows: one more than a page, as of ``satudata_role_list``.
        user: who looks.
        errors: why a filter was not understood.
    """
    kept = {key: args[key] for key in FILTERS if args.get(key)}
    shown, more = rows[:PAGE], len(rows) > PAGE
    agencies = organizations()
    return {
        "rows": [row(one, user) for one in shown],
        "errors": errors,
        "chips": _chips(kept, service.counts(), len(service.vacancies())),
        "filters": _filters(kept, agencies),
        "filtered": bool(kept),
        "empty": _empty(kept, agencies),
        "next_url": _list(**kept, after=shown[-1]["id"]) if more else None,
        "first_url": _list(**kept) if args.get("after") else None,
        "give_url": tk.url_for("satudata_roles.give"),
    }


def vacancies(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Agencies without a head or officer, each with the button that gives the role.

    Args:
        found: as of ``satudata_role_vacancy_list``.
    """
    return {
        "chips": _chips({"show": VACANCIES}, service.counts(), len(found)),
        "give_url": tk.url_for("satudata_roles.give"),
        "agencies": [
            {
                "title": one["organization_title"],
                "missing": [
                    {
                        "role": texts.role(code),
                        "url": tk.url_for(
                            "satudata_roles.give", role=code, organization=one["organization"]
                        ),
                    }
                    for code in one["missing"]
                ],
            }
            for one in found
        ],
    }


def _list(**args: Any) -> str:
    return tk.url_for("satudata_roles.index", **args)


def _chips(kept: dict[str, str], counts: dict[str, int], vacant: int) -> list[dict[str, Any]]:
    state, show = kept.get("state"), kept.get("show")
    soon = counts.get(str(State.ENDING), 0)
    return [
        {"label": _("All"), "url": _list(), "active": not kept, "count": sum(counts.values())},
        {
            "label": texts.states()["proposed"],
            "url": _list(state="proposed"),
            "active": state == "proposed",
            "count": counts.get(str(State.PROPOSED), 0),
        },
        {
            "label": texts.states()["ending"],
            "url": _list(state="ending"),
            "active": state == "ending",
            "count": soon,
        },
        {
            "label": _("Agencies without head or officer"),
            "url": _list(show=VACANCIES),
            "active": show == VACANCIES,
            "count": vacant,
        },
    ]


def _filters(kept: dict[str, str], agencies: list[dict[str, str]]) -> list[dict[str, Any]]:
    everything = {"value": "", "text": _("All")}
    roles = [{"value": str(one), "text": texts.role(one)} for one in Role]
    states = [{"value": code, "text": word} for code, word in texts.states().items()]
    return [
        {"name": "q", "label": _("Person"), "value": kept.get("q", ""), "options": None},
        *(
            {
                "name": name,
                "label": label,
                "value": kept.get(name, ""),
                "options": [everything, *options],
            }
            for name, label, options in (
                ("role", _("Role"), roles),
                ("organization", _("Agency"), agencies),
                ("state", _("State"), states),
            )
        ),
    ]


def _empty(kept: dict[str, str], agencies: list[dict[str, str]]) -> str:
    named = [one["text"] for one in agencies if one["value"] == kept.get("organization")]
    if named and len(kept) == 1:
        return _("No role is given yet for %(agency)s.") % {"agency": named[0]}
    if kept:
        return _("No assignment fits this filter.")
    return _("No role is given yet. Begin with the walidata.")


def organizations() -> list[dict[str, str]]:
    """Options of a select: every agency by name."""
    query = (
        sa.select(model.Group.name, model.Group.title)
        .where(model.Group.is_organization.is_(True), model.Group.state == "active")
        .order_by(model.Group.title, model.Group.name)
    )
    return [{"value": name, "text": title or name} for name, title in model.Session.execute(query)]


def people() -> list[dict[str, str]]:
    """People offered while typing: user name and full name."""
    query = (
        sa.select(model.User.name, model.User.fullname)
        .where(model.User.state == "active", model.User.name != tk.config.get("ckan.site_id"))
        .order_by(model.User.fullname, model.User.name)
        .limit(OFFERED)
    )
    return [
        {"value": name, "text": fullname or name} for name, fullname in model.Session.execute(query)
    ]


def person(typed: str) -> str:
    """The user name of a person typed by full name; what was typed where it is not one.

    The form takes both, and full names are not unique: only one that is settles it.
    """
    if not typed or model.User.get(typed) is not None:
        return typed
    query = sa.select(model.User.name).where(
        sa.func.lower(model.User.fullname) == typed.lower(), model.User.state == "active"
    )
    found = list(model.Session.scalars(query.limit(2)))
    return found[0] if len(found) == 1 else typed


def _near(typed: str) -> str | None:
    """People whose name is near to what was typed, to choose from."""
    like = f"%{service.escaped(typed)}%"
    query = (
        sa.select(model.User.name, model.User.fullname)
        .where(
            model.User.state == "active",
            sa.or_(model.User.fullname.ilike(like), model.User.name.ilike(like)),
        )
        .order_by(model.User.fullname)
        .limit(5)
    )
    names = [f"{name} ({full})" if full else name for name, full in model.Session.execute(query)]
    return _("Did you mean: %(names)s?") % {"names": ", ".join(names)} if names else None


def form(sent: dict[str, str], errors: dict[str, str], user: model.User) -> dict[str, Any]:
    """The form "Give a role": fields with what was typed and what is wrong.

    Args:
        sent: what was typed, or what the address prefills.
        errors: message by field.
        user: who gives.
    """
    choose = {"value": "", "text": _("Choose")}
    whole = {"value": "", "text": _("Whole city (roles of the city)")}
    roles = [{"value": str(one), "text": texts.role(one)} for one in Role]
    kinds = [{"value": key, "text": text} for key, text in texts.stand_ins().items()]
    main = [
        _field("user", _("Person"), "person", help=_("User name or full name."), required=True),
        _field("role", _("Role"), "select", options=[choose, *roles], required=True),
        _field(
            "organization",
            _("Agency"),
            "select",
            options=[whole, *organizations()],
            help=_("For data producer, supporting walidata and head of agency."),
        ),
        _field(
            "decree",
            _("Decree number"),
            "text",
            required=True,
            help=_("Number of the SK, for a stand-in that of the order."),
        ),
        _field("starts_on", _("First day"), "date", value=clock.today().isoformat()),
        _field("ends_on", _("Last day"), "date", help=_("Empty: until it is ended.")),
    ]
    stand_in = [
        _field("acting_for", _("For whom"), "person", help=_("User name or full name.")),
        _field("acting_kind", _("As"), "select", options=[choose, *kinds]),
    ]
    for one in (*main, *stand_in):
        one["value"] = sent.get(one["name"], one.get("value") or "")
        one["error"] = errors.get(one["name"])
        if one["error"] and one["type"] == "person" and one["value"]:
            one["near"] = None if model.User.get(one["value"]) else _near(one["value"])
    return {
        "fields": main,
        "stand_in": stand_in,
        "open": any(one["value"] or one["error"] for one in stand_in),
        "people": people(),
        "at_once": permissions.holds_at_once(user),
    }


def _field(name: str, label: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "label": label, "type": kind, "required": False, **more}


def assignment(found: RoleAssignment, one: dict[str, Any], user: model.User) -> dict[str, Any]:
    """One assignment: facts, history, and what the person may do with it.

    Args:
        found: the assignment.
        one: the same as of ``satudata_role_show``.
        user: who looks.
    """
    line = row(one, user)
    facts = [
        (_("Person"), f"{line['person']} ({one['user']})"),
        (_("Role"), line["role"]),
        (_("Agency"), line["agency"]),
        (_("Decree number"), line["decree"]),
        (_("First day"), line["starts"]),
        (_("Last day"), line["ends"]),
    ]
    if one["acting_for"]:
        facts.insert(3, (_("Stands in for"), line["stand_in"]))
    if one["reject_reason"]:
        facts.append((_("Reason"), one["reject_reason"]))
    return {
        "one": line,
        "facts": facts,
        "events": _events(found),
        "forms": [form for form in _forms(found, one, line, user) if form],
    }


def _forms(
    found: RoleAssignment, one: dict[str, Any], line: dict[str, Any], user: model.User
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    effects, why = _effects(line, one), permissions.barred(user.id, found)
    if one["state"] == str(State.PROPOSED):
        if permissions.can_decide(user):
            ask = _("Compare with the decree %(decree)s. From %(start)s %(person)s may:")
            rows.append(
                {
                    "name": "confirm",
                    "label": _("Confirm the role"),
                    "style": "go",
                    "ask": ask % {**one, "start": line["starts"], "person": line["person"]},
                    "effects": effects,
                    "blocked": texts.barred()[why] if why else None,
                }
            )
        if permissions.can_reject(user, found):
            own = why == "proposer"
            label = _("Take back the proposal") if own else _("Reject")
            rows.append({"name": "reject", "label": label, "style": "return", "reason": True})
    if one["state"] in _LIVE and permissions.can_assign(user, found.user_id):
        rows.append(
            {
                "name": "end",
                "label": _("End the role"),
                "style": "danger",
                "ask": _("%(person)s may then no longer:") % {"person": line["person"]},
                "effects": effects,
                "warning": _last_one(found, line),
                "day": True,
            }
        )
    return rows


def _effects(line: dict[str, Any], one: dict[str, Any]) -> list[str]:
    values = {"role": line["role"], "agency": line["agency"]}
    if one["organization"] is None:
        return [_("decide and read as %(role)s for the whole city") % values]
    capacity = FACTS[Role(one["role"])].capacity
    said = [_("act as %(role)s of %(agency)s") % values]
    if capacity == "editor":
        said.append(_("create and edit the datasets of %(agency)s") % values)
    elif capacity:
        said.append(_("read the datasets of %(agency)s that are not public") % values)
    return said


def _last_one(found: RoleAssignment, line: dict[str, Any]) -> str | None:
    if found.organization_id is None or found.state(clock.today()) not in HOLDS:
        return None
    held = permissions.holders(Role(found.role), found.organization_id)
    if held != [found.user_id]:
        return None
    return _("After that %(agency)s has nobody as %(role)s.") % line


def _events(found: RoleAssignment) -> list[dict[str, str]]:
    steps = service.history(found)
    query = sa.select(model.User.id, model.User.fullname, model.User.name).where(
        model.User.id.in_([one.user_id for one in steps])
    )
    names = {row[0]: row[1] or row[2] for row in model.Session.execute(query)}
    words = texts.events()
    return [
        {
            "label": words.get(one.kind, one.kind),
            "detail": one.comment,
            "who": names.get(one.user_id or "", "-"),
            "when": dates.moment(one.at),
            "tone": {"role_confirm": "green", "role_assign": "green"}.get(one.kind, "grey"),
        }
        for one in reversed(steps)
    ]


def own(rows: list[dict[str, Any]], user: model.User) -> dict[str, Any]:
    """A person's own roles, those that hold first.

    Args:
        rows: as of ``satudata_role_list``.
        user: whose they are.
    """
    shown = [row(one, user) for one in rows]
    live = [one for one in rows if one["state"] in (str(state) for state in HOLDS)]
    return {
        "rows": sorted(shown, key=lambda one: one["off"]),
        "lead": ungettext("%(num)s role holds today.", "%(num)s roles hold today.", len(live))
        % {"num": len(live)},
    }
