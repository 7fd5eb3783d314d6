"""Pages of the roles. They hold no rule: every button calls its action."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response
from flask.views import MethodView

from ckan import model
from ckan.common import current_user
from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _

from ckanext.satudata.common import dates
from ckanext.satudata.common import pages as shared
from ckanext.satudata.roles import pages, service

__all__ = ["satudata_roles"]

satudata_roles = Blueprint("satudata_roles", __name__, url_prefix="/kelola/peran")
shared.guard(satudata_roles, typed=False)
_DECISIONS = ("confirm", "reject", "end")
_INPUT = (
    *("user", "role", "organization", "decree", "starts_on", "ends_on"),
    *("acting_for", "acting_kind"),
)


def _context() -> Any:
    return {"user": current_user.name}


def _user() -> model.User:
    if current_user.is_anonymous:
        raise tk.NotAuthorized
    return model.User.get(current_user.name)


def _manager() -> model.User:
    user = _user()
    tk.check_access("satudata_role_list", _context(), {})
    return user


def _typed(values: Any) -> dict[str, str]:
    """What was typed, without the signs that no database takes."""
    return {key: value.replace("\0", "").strip() for key, value in values.items()}


def _problems(error: Exception) -> dict[str, str]:
    """Message by field; "" for what belongs to none."""
    return dict(shared.problems(error))


@satudata_roles.route("")
def index() -> str:
    """Who may act, until when: the register with its filters."""
    user, args = _manager(), _typed(tk.request.args)
    if args.get("show") == pages.VACANCIES:
        found = tk.get_action("satudata_role_vacancy_list")(_context(), {})
        return tk.render("satudata/roles/vacancies.html", pages.vacancies(found))
    data = {key: args[key] for key in (*pages.FILTERS, "after") if args.get(key)}
    rows, errors = [], []
    try:
        rows = tk.get_action("satudata_role_list")(_context(), {**data, "limit": pages.PAGE + 1})
    except tk.ValidationError as error:
        errors = list(_problems(error).values())
    return tk.render("satudata/roles/register.html", pages.register(args, rows, user, errors))


@satudata_roles.route("/saya")
def own() -> str:
    """A person's own roles, with their ends."""
    user = _user()
    rows = tk.get_action("satudata_role_list")(_context(), {"user": user.name})
    return tk.render("satudata/roles/own.html", pages.own(rows, user))


class Give(MethodView):
    """Give a role, or propose it (texts: Beri peran)."""

    def get(self) -> str:
        """The form; the address may prefill it."""
        return self._page(_manager(), _typed(tk.request.args), {})

    def post(self) -> Response | str:
        """Call the action; on a refusal the form again, with what was typed."""
        user, sent = _manager(), _typed(tk.request.form)
        data = {key: value for key, value in sent.items() if value and key in _INPUT}
        for key in ("user", "acting_for"):
            if key in data:
                data[key] = pages.person(data[key])
        try:
            given = tk.get_action("satudata_role_assign")(_context(), data)
        except (tk.NotAuthorized, tk.ValidationError) as error:
            return self._page(user, sent, _problems(error))
        if given["state"] == "proposed":
            tk.h.flash_success(_("The assignment is recorded and waits for confirmation."))
        else:
            start = dates.day(service.get(given["id"]).starts_on)
            tk.h.flash_success(_("The role is given. It holds from %(day)s.") % {"day": start})
        return tk.h.redirect_to("satudata_roles.read", id=given["id"])

    def _page(self, user: model.User, sent: dict[str, str], errors: dict[str, str]) -> str:
        shown = pages.form(sent, errors, user)
        return tk.render("satudata/roles/give.html", {**shown, "errors": errors})


satudata_roles.add_url_rule("/beri", view_func=Give.as_view("give"))


class Read(MethodView):
    """One assignment (GET), and what is done with it (POST, one action each)."""

    def get(self, id: UUID) -> str:
        """Facts, history, and the forms that ask back."""
        return self._page(str(id), None, {})

    def post(self, id: UUID) -> Response | str:
        """Call the action the button names; on a refusal the page again."""
        _manager()
        key = str(id)
        sent = _typed(tk.request.form)
        name = sent.get("do", "")
        if name not in _DECISIONS:
            raise tk.ObjectNotFound
        data = {key: sent[key] for key in ("reason", "ends_on") if sent.get(key)}
        try:
            tk.get_action(f"satudata_role_{name}")(_context(), {"id": key, **data})
        except (tk.NotAuthorized, tk.ValidationError) as error:
            return self._page(key, name, _problems(error))
        tk.h.flash_success(
            {
                "confirm": _("Confirmed. The role holds within its dates."),
                "reject": _("The proposal is rejected."),
                "end": _("The end of the role is recorded."),
            }[name]
        )
        return tk.h.redirect_to("satudata_roles.read", id=key)

    def _page(self, key: str, name: str | None, errors: dict[str, str]) -> str:
        user = _manager()
        one = tk.get_action("satudata_role_show")(_context(), {"id": key})
        found = service.get(key)
        if found is None:
            raise tk.ObjectNotFound
        typed = _typed(tk.request.form) if name else {}
        shown = pages.assignment(found, one, user)
        extra = {"errors": errors, "asked": name, "typed": typed}
        return tk.render("satudata/roles/assignment.html", {**shown, **extra})


satudata_roles.add_url_rule("/<uuid:id>", view_func=Read.as_view("read"))
