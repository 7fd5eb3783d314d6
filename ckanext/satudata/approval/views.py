"""Pages of the approval. They hold no rule: every button calls its action."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response
from flask.views import MethodView

from ckan import model
from ckan.common import current_user
from ckan.lib import base
from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _

from ckanext.satudata.approval import forms, panel, service, states, texts, worklist
from ckanext.satudata.approval.panel import Panel
from ckanext.satudata.common import clock, dates, events, startup
from ckanext.satudata.common.errors import Refusal
from ckanext.satudata.roles.permissions import has_role
from ckanext.satudata.roles.states import Role

__all__ = ["satudata_approval"]

satudata_approval = Blueprint("satudata_approval", __name__)


@satudata_approval.errorhandler(tk.ObjectNotFound)
@satudata_approval.errorhandler(tk.NotAuthorized)
def _not_found(_error: Exception) -> Any:
    """Hidden and missing answer the same; who is not signed in is asked to."""
    if current_user.is_anonymous:
        return tk.h.redirect_to("user.login", came_from=tk.request.full_path)
    return base.abort(404, _("Dataset not found"))


def _view(name: str) -> Panel:
    """The panel of a dataset for the person who asks."""
    context = {"user": current_user.name}
    package = tk.get_action("package_show")(context, {"id": name})
    user = None if current_user.is_anonymous else model.User.get(current_user.name)
    found = panel.for_user(package, user)
    if found is None:
        raise tk.ObjectNotFound
    return found


@satudata_approval.route("/dataset/<id>/persetujuan")
def process(id: str) -> str:
    """Tab Persetujuan: rounds, findings, checklist, decisions."""
    view = _view(id)
    extra = {"rounds": view.rounds(), "panel": view.build()}
    return tk.render(
        "satudata/approval/persetujuan.html",
        {"pkg_dict": view.package, "dataset_type": view.package["type"], **extra},
    )


@satudata_approval.route("/dataset/<id>/riwayat")
def history(id: str) -> str:
    """Tab Riwayat: every event, and whether the chain holds."""
    view = _view(id)
    _count, breaks = events.verify(service.stream(view.package["id"]))
    return tk.render(
        "satudata/approval/riwayat.html",
        {
            "pkg_dict": view.package,
            "dataset_type": view.package["type"],
            "panel": view.build(),
            "events": view.events(newest_first=True),
            "chain": {"ok": not breaks, "checked": dates.moment(clock.now())},
        },
    )


class Decide(MethodView):
    """Ask back (GET), then do the transition (POST)."""

    def get(self, id: str, transition: str) -> str:
        """The page that repeats what happens and asks for what is needed."""
        return self._page(_view(id), self._known(transition), {}, {}, [])

    def post(self, id: str, transition: str) -> Response | str:
        """Call the action; on a refusal the page again, with what was typed."""
        view, name = _view(id), self._known(transition)
        data, sent = forms.read(name, tk.request.form, tk.request.files)
        try:
            result = tk.get_action(f"satudata_approval_{name}")(
                {"user": current_user.name}, {"id": view.package["id"], **data}
            )
        except tk.NotAuthorized as error:
            message = str(error) or _("Not authorized")
            return self._page(_view(id), name, sent, {}, [("", message)])
        except tk.ValidationError as error:
            return self._refused(id, name, sent, error)
        tk.h.flash_success(self._done(view, name, result))
        return tk.h.redirect_to(f"{view.package['type']}.read", id=view.package["name"])

    def _known(self, transition: str) -> str:
        found = states.TRANSITIONS.get(transition)
        if found is None or not found.page:
            raise tk.ObjectNotFound
        return transition

    def _refused(self, id: str, name: str, sent: dict[str, Any], error: tk.ValidationError) -> str:
        listed: list[tuple[str, str]] = []
        for field, messages in error.error_dict.items():
            if field == "code" and isinstance(error, Refusal):
                continue
            texts_ = messages if isinstance(messages, list) else [messages]
            shown = "" if field in ("message", "__extras") else field
            listed += [(shown, str(text)) for text in texts_]
        errors = {field: message for field, message in listed if field}
        return self._page(_view(id), name, sent, errors, listed)

    def _page(
        self,
        view: Panel,
        name: str,
        sent: dict[str, Any],
        errors: dict[str, str],
        listed: list[tuple[str, str]],
    ) -> str:
        label = "resubmit" if name == "submit" and view.findings else name
        seen = sent.get("revision") if listed and errors else None
        current = view.approval.revision if view.approval else 0
        statement = texts.asks()[name] if name == "validate" else None
        return tk.render(
            "satudata/approval/transition.html",
            {
                "pkg_dict": view.package,
                "dataset_type": view.package["type"],
                "panel": view.build(),
                "transition": {
                    "name": name,
                    "label": texts.transitions()[label],
                    "ask": None if statement else forms.ask(name, view),
                    "statement": statement,
                    "style": panel.STYLE.get(name, "default"),
                    "url": panel.transition_url(view.package["name"], name),
                },
                "form": {
                    "fields": forms.fields(name, view, sent, errors),
                    "errors": [{"field": field, "message": message} for field, message in listed],
                    "revision": seen if seen is not None else current,
                },
            },
        )

    def _done(self, view: Panel, name: str, result: dict[str, Any]) -> str:
        after = Panel(view.package, view.user)
        due = after.approval.due_at if after.approval else None
        return texts.done()[name] % {
            "due": dates.long_day(due),
            "opd": view.opd,
            "count": len([one for one in after.findings if one.round == result["round"]]),
            "number": after.letter.number if after.letter else "-",
        }


satudata_approval.add_url_rule(
    "/dataset/<id>/persetujuan/<transition>", view_func=Decide.as_view("decide")
)


def _list(kind: str) -> Any:
    if current_user.is_anonymous:
        raise tk.NotAuthorized
    user = model.User.get(current_user.name)
    found = worklist.build(kind, user, tk.request.args.get("state"))
    if found is None:
        raise tk.ObjectNotFound
    return tk.render("satudata/approval/list.html", found)


@satudata_approval.route("/pemeriksaan")
def queue() -> Any:
    """Queue of checks, for walidata and the supervisor (SOP 3.1)."""
    return _list("check")


@satudata_approval.route("/validasi")
def validation() -> Any:
    """What the head of the agency has to validate (SOP 3.2)."""
    return _list("validation")


@satudata_approval.route("/pekerjaan-saya")
def tasks() -> Any:
    """Pekerjaan Saya: what waits for me, most urgent first."""
    return _list("mine")


@satudata_approval.route("/kelola/sistem")
def system() -> Any:
    """State of the portal, for administrators and walidata."""
    user = None if current_user.is_anonymous else model.User.get(current_user.name)
    if user is None:
        raise tk.NotAuthorized
    if not (user.sysadmin or has_role(user.id, Role.WALIDATA)):
        raise tk.ObjectNotFound
    found = startup.problems()
    count, breaks = events.verify()
    lines = [
        {
            "label": label,
            "ok": not any(one.part == part for one in found),
            "text": " ".join(one.what for one in found if one.part == part),
            "remedy": " ".join(one.remedy for one in found if one.part == part),
        }
        for part, label in texts.system_parts().items()
    ]
    lines.append(
        {
            "label": _("History"),
            "ok": not breaks,
            "text": _("%(n)s events, every chain holds.") % {"n": count}
            if not breaks
            else ", ".join(f"{one.stream} {one.number}" for one in breaks[:10]),
            "remedy": "" if not breaks else "ckan satudata history verify",
        }
    )
    return tk.render(
        "satudata/common/system.html",
        {"checked": dates.moment(clock.now()), "lines": lines},
    )
