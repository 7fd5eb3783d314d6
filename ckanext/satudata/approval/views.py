"""Pages of the approval. They hold no rule: every button calls its action."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Flask, Response, make_response, send_file
from flask.views import MethodView

from ckan import model
from ckan.common import current_user
from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _, ungettext

from ckanext.satudata.approval import (
    batch,
    check,
    consistency,
    decide,
    forms,
    panel,
    states,
    texts,
    withdrawn,
    worklist,
)
from ckanext.satudata.approval.panel import Panel
from ckanext.satudata.common import clock, dates, pages
from ckanext.satudata.letters import service as letters

__all__ = ["satudata_approval"]

satudata_approval = Blueprint("satudata_approval", __name__)


pages.guard(satudata_approval)


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
    _count, breaks = consistency.verify(view.package["id"])
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

    def get(self, id: str, transition: str) -> Response | str:
        """The page that repeats what happens and asks for what is needed."""
        if transition == "validate":
            return tk.h.redirect_to(panel.transition_url(id, transition))
        return self._page(_view(id), self._known(transition), {}, {}, [])

    def post(self, id: str, transition: str) -> Response | str:
        """Call the action; on a refusal the page again, with what was typed."""
        view, name = _view(id), self._known(transition)
        data, sent = forms.read(name, tk.request.form)
        waiting = forms.unsent(name, sent)
        if waiting:
            return self._page(view, name, sent, {}, [("findings", waiting)])
        try:
            result = tk.get_action(f"satudata_approval_{name}")(
                {"user": current_user.name}, {"id": view.package["id"], **data}
            )
        except (tk.NotAuthorized, tk.ValidationError) as error:
            listed = pages.problems(error)
            errors = {field: message for field, message in listed if field}
            return self._page(_view(id), name, sent, errors, listed)
        tk.h.flash_success(self._done(view, name, result))
        if name == "claim":
            return tk.h.redirect_to("satudata_approval.check", id=view.package["name"])
        return tk.h.redirect_to(f"{view.package['type']}.read", id=view.package["name"])

    def _known(self, transition: str) -> str:
        found = states.TRANSITIONS.get(transition)
        if found is None or not found.page or transition == "validate":
            raise tk.ObjectNotFound
        return transition

    def _page(
        self,
        view: Panel,
        name: str,
        sent: dict[str, Any],
        errors: dict[str, str],
        listed: list[tuple[str, str]],
    ) -> str:
        if sent.get("from") == "check":
            return tk.render("satudata/approval/check.html", check.page(view, sent, listed))
        label = "resubmit" if name == "submit" and view.findings else name
        seen = sent.get("revision") if listed and errors else None
        current = view.approval.revision if view.approval else 0
        return tk.render(
            "satudata/approval/transition.html",
            {
                "pkg_dict": view.package,
                "dataset_type": view.package["type"],
                "panel": view.build(),
                "transition": {
                    "name": name,
                    "label": texts.transitions()[label],
                    "ask": forms.ask(name, view),
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


def check_screen(id: str) -> str:
    """The check screen of one dataset: metadata, files, decision."""
    view = _view(id)
    if not check.may_open(view.user, view.state):
        raise tk.ObjectNotFound
    return tk.render("satudata/approval/check.html", check.page(view))


satudata_approval.add_url_rule("/pemeriksaan/<id>", endpoint="check", view_func=check_screen)


class Answer(MethodView):
    """A producer answers one finding by hand: repaired, or a reply without change."""

    def get(self, id: str, number: int) -> str:
        """The finding, and the two ways to answer it."""
        return self._page(_view(id), number, "", [])

    def post(self, id: str, number: int) -> Response | str:
        """Call the action the button names."""
        view = _view(id)
        found = self._finding(view, number)
        word, reply = tk.request.form.get("answer", ""), tk.request.form.get("reply", "").strip()
        try:
            tk.get_action("satudata_finding_answer")(
                {"user": current_user.name}, {"id": found.id, "answer": word, "reply": reply}
            )
        except (tk.NotAuthorized, tk.ValidationError) as error:
            return self._page(_view(id), number, reply, _problems(error)[1])
        tk.h.flash_success(_("Finding %(n)s is answered.") % {"n": number})
        return tk.h.redirect_to(f"{view.package['type']}.read", id=view.package["name"])

    def _finding(self, view: Panel, number: int) -> Any:
        for one in view.findings:
            if one.number == number:
                return one
        raise tk.ObjectNotFound

    def _page(self, view: Panel, number: int, reply: str, errors: list[str]) -> str:
        row = view.finding(self._finding(view, number))
        return tk.render(
            "satudata/approval/finding.html",
            {
                "pkg_dict": view.package,
                "dataset_type": view.package["type"],
                "row": row,
                "reply": reply,
                "errors": errors,
            },
        )


satudata_approval.add_url_rule(
    "/dataset/<id>/temuan/<int:number>", view_func=Answer.as_view("finding")
)


class Validation(MethodView):
    """What the head of an agency signs (SOP 3.2): choose, sign or return, done."""

    def get(self) -> str:
        """The datasets that wait, with their figures."""
        return self._choose(self._user(), [])

    def post(self) -> Response | str:
        """The button: ``sign`` and ``decline`` ask back, ``validate`` and ``return`` do."""
        user, form = self._user(), tk.request.form
        do, ids = form.get("do", ""), form.getlist("ids")
        if not ids:
            return self._choose(user, [_("Choose at least one dataset.")])
        if do == "validate":
            return self._validate(user, ids)
        if do == "return":
            return self._return(user, ids)
        return self._ask(user, do, ids, {}, {}, [])

    def _user(self) -> model.User:
        if current_user.is_anonymous:
            raise tk.NotAuthorized
        return model.User.get(current_user.name)

    def _found(self, user: model.User) -> dict[str, Any]:
        found = batch.page(user, tk.request.values.get("opd"), tk.request.args.get("dataset"))
        if found is None:
            raise tk.ObjectNotFound
        return found

    def _choose(self, user: model.User, errors: list[str]) -> str:
        shown = {**self._found(user), "errors": errors}
        return tk.render("satudata/approval/validation.html", shown)

    def _ask(
        self,
        user: model.User,
        do: str,
        ids: list[str],
        sent: dict[str, Any],
        errors: dict[str, str],
        listed: list[str],
    ) -> str:
        found = self._found(user)
        rows = [row for row in found["rows"] if row["id"] in ids]
        if not rows:
            return self._choose(user, [_("This was decided meanwhile.")])
        signing = do in ("sign", "validate")
        fields = (
            batch.sign_fields(sent, errors) if signing else batch.decline_fields(rows, sent, errors)
        )
        shown = {**found, "rows": rows, "fields": fields, "errors": listed, "signing": signing}
        return tk.render("satudata/approval/validation_sign.html", shown)

    def _validate(self, user: model.User, ids: list[str]) -> Response | str:
        sent = {key: value.strip() for key, value in tk.request.form.items()}
        data: dict[str, Any] = {key: sent.get(key) for key in ("way", "number", "date")}
        given = {k.partition(".")[2]: v for k, v in sent.items() if k.startswith("given.")}
        upload = tk.request.files.get("upload")
        if upload is not None and upload.filename and data["way"] == "pdf":
            data["upload"] = upload
        try:
            results = tk.get_action("satudata_approval_validate")(
                {"user": user.name}, {**data, "ids": ids, "given": given}
            )
        except (tk.NotAuthorized, tk.ValidationError) as error:
            errors, listed = _problems(error)
            kept = {key: value for key, value in sent.items() if not key.startswith("given.")}
            return self._ask(user, "sign", ids, kept, errors, listed)
        letter = letters.get(results[0]["letter_id"])
        assert letter is not None
        if letter.state == "valid":
            tk.h.flash_success(
                _("Letter %(number)s is in effect. The data becomes public by itself.")
                % {"number": letter.number}
            )
        else:
            tk.h.flash_notice(
                _("Letter %(number)s is made. Not done yet: it has to be signed and uploaded.")
                % {"number": letter.number}
            )
        return tk.h.redirect_to("satudata_letters.read", id=results[0]["letter_id"])

    def _return(self, user: model.User, ids: list[str]) -> Response | str:
        sent = {key: value.strip() for key, value in tk.request.form.items()}
        errors: dict[str, str] = {}
        for one in ids:
            for part in ("code", "explanation"):
                if not sent.get(f"{part}.{one}"):
                    errors[f"{part}.{one}"] = _("Missing value")
        if errors:
            return self._ask(user, "decline", ids, sent, errors, list(errors.values())[:1])
        for position, one in enumerate(ids):
            finding = {"code": sent[f"code.{one}"], "comment": sent[f"explanation.{one}"]}
            try:
                tk.get_action("satudata_approval_decline")(
                    {"user": user.name}, {"id": one, "findings": [finding]}
                )
            except (tk.NotAuthorized, tk.ObjectNotFound, tk.ValidationError) as error:
                _errors, listed = _problems(error)
                return self._ask(user, "decline", ids[position:], sent, {}, listed)
        tk.h.flash_success(
            ungettext("%(num)s dataset returned.", "%(num)s datasets returned.", len(ids))
            % {"num": len(ids)}
        )
        return tk.h.redirect_to("satudata_approval.validation")


def _problems(error: Exception) -> tuple[dict[str, str], list[str]]:
    """Message by field, and all messages, of a refusal."""
    listed = pages.problems(error)
    return dict(listed), list(dict.fromkeys(message for _field, message in listed))


satudata_approval.add_url_rule("/validasi", view_func=Validation.as_view("validation"))


class Paper(MethodView):
    """A registrar has a letter printed for a head who signs on paper."""

    def get(self, id: str) -> str:
        """The datasets of the agency that wait, the one of the address chosen."""
        return self._page(_view(id), {}, [])

    def post(self, id: str) -> Response | str:
        """Issue the letter; its page has the PDF, and takes the scan later."""
        view, form = _view(id), tk.request.form
        data = {key: form.get(key, "").strip() for key in ("number", "date", "signer")}
        try:
            letter = tk.get_action("satudata_letter_issue")(
                {"user": current_user.name}, {**data, "ids": form.getlist("ids")}
            )
        except (tk.NotAuthorized, tk.ValidationError) as error:
            return self._page(view, data, pages.problems(error))
        tk.h.flash_success(_("Print the letter, have it signed, then upload the scan here."))
        return tk.h.redirect_to("satudata_letters.read", id=letter["id"])

    def _page(self, view: Panel, sent: dict[str, Any], listed: list[tuple[str, str]]) -> str:
        tk.check_access("satudata_letter_issue", {"user": current_user.name}, {})
        found = batch.paper(view.package["id"], view.user)
        if sent:
            chosen = tk.request.form.getlist("ids")
            for row in found["rows"]:
                row["chosen"] = row["id"] in chosen
        fields = batch.paper_fields(found, sent, dict(listed))
        shown = {**found, "view": view, "fields": fields, "errors": [text for _f, text in listed]}
        return tk.render("satudata/approval/validation_paper.html", shown)


satudata_approval.add_url_rule("/dataset/<id>/surat-kertas", view_func=Paper.as_view("paper"))


@satudata_approval.route("/validasi/rancangan.pdf")
def draft_letter() -> Response:
    """The letter as it would be printed, before it has a number."""
    if current_user.is_anonymous:
        raise tk.NotAuthorized
    user = model.User.get(current_user.name)
    try:
        found = decide.preview(user, tk.request.args.getlist("ids"))
    except tk.ValidationError as error:
        raise tk.ObjectNotFound from error
    if found is None:
        raise tk.ObjectNotFound
    return send_file(io.BytesIO(found), mimetype="application/pdf", download_name="rancangan.pdf")


@satudata_approval.route("/ditarik")
def withdrawals() -> str:
    """The datasets that were public and are withdrawn, for everybody."""
    rows = withdrawn.find(limit=withdrawn.PAGE + 1, after=tk.request.args.get("after"))
    shown = rows[: withdrawn.PAGE]
    more = tk.url_for("satudata_approval.withdrawals", after=shown[-1].id) if shown else None
    return tk.render(
        "satudata/approval/withdrawals.html",
        {"rows": shown, "next_url": more if len(rows) > len(shown) else None},
    )


def tell_of_withdrawals(app: Flask) -> None:
    """Ask for a notice before CKAN's page of a refusal is made.

    In the place of its error handlers, so that only one of the two pages is rendered.
    """
    for code in (401, 403, 404):
        for kind, standard in list(app.error_handler_spec[None][code].items()):
            app.register_error_handler(kind, functools.partial(_gone_or, standard))


def _gone_or(standard: Callable[[Exception], Any], error: Exception) -> Any:
    """Answer 410 where a page or file of withdrawn data is refused."""
    rule, args = tk.request.url_rule, tk.request.view_args or {}
    if tk.request.method not in ("GET", "HEAD") or rule is None:
        return standard(error)
    if not rule.rule.startswith(("/dataset/", "/datastore/")):
        return standard(error)
    keys = [args.get(key) for key in ("id", "_id", "resource_id")]
    found = withdrawn.instead(keys, {"user": current_user.name})
    if found is None:
        return standard(error)
    answer = make_response(tk.render("satudata/approval/withdrawn.html", {"notice": found}), 410)
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


@satudata_approval.route("/pekerjaan-saya")
def tasks() -> Any:
    """Pekerjaan Saya: what waits for me, most urgent first."""
    return _list("mine")
