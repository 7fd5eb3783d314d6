"""The page that asks back before a transition: its fields, and what a form sent.

Data for one template: every decision is a plain form that posts, so no JavaScript is
needed to decide.
"""

from __future__ import annotations

import json
from typing import Any

from ckan.plugins.toolkit import _, ungettext

from ckanext.satudata.approval import states, texts
from ckanext.satudata.approval.panel import Panel
from ckanext.satudata.common import clock
from ckanext.satudata.metadata import service as metadata
from ckanext.satudata.roles import texts as role_texts

#: Rows of findings offered at once; more than these are sent in further returns or by API.
ROWS = 5


def fields(
    name: str, view: Panel, sent: dict[str, Any], errors: dict[str, str]
) -> list[dict[str, Any]]:
    """Fields of a transition's form.

    Args:
        name: the transition.
        view: the panel of the dataset.
        sent: what was typed before, by field name.
        errors: message by field name.
    """
    rows: list[dict[str, Any]] = []
    if name == "confirm":
        rows.append(_checklist(sent, errors))
    if name in ("return", "return_to_walidata"):
        codes = [one for one in states.REASONS if not one.startswith("head_")]
        rows.append(_findings(view, sent, errors, codes))
    if name == "decline":
        rows += [
            field(
                "code",
                _("Reason"),
                "select",
                required=True,
                options=options({key: texts.reasons()[key] for key in states.HEAD_REASONS}),
            ),
            field("explanation", _("What has to be done"), "textarea", required=True),
        ]
    if name == "withdraw":
        rows += [
            field(
                "reason",
                _("Reason"),
                "select",
                required=True,
                options=options(texts.withdraw_reasons()),
            ),
            field(
                "notice",
                _("Notice to the public"),
                "textarea",
                required=True,
                help=_("Why the public cannot see the data any more."),
            ),
        ]
    if states.TRANSITIONS[name].comment and name != "withdraw":
        rows.append(field("comment", _("Reason"), "textarea", required=True))
    elif name in ("submit", "return", "confirm", "endorse"):
        label = {
            "submit": _("Note to the walidata"),
            "return": _("Message to the agency"),
        }.get(name, _("Note"))
        rows.append(field("comment", label, "textarea"))
    if name in ("submit", "confirm"):
        kept = view.approval.release_at if view.approval else None
        rows.append(
            field(
                "release_at",
                _("Release time"),
                "moment",
                value=clock.local(kept).strftime("%Y-%m-%dT%H:%M") if kept else None,
                help=_("Empty: public within three minutes of the signed letter."),
            )
        )
    for row in rows:
        if row["type"] not in ("checklist", "findings"):
            row["value"] = sent.get(row["name"], row.get("value"))
            row["error"] = errors.get(row["name"])
    return rows


def field(name: str, label: str, kind: str, **more: Any) -> dict[str, Any]:
    """One field of a form as its template reads it.

    Args:
        name: under which the form sends it.
        label: what people read.
        kind: text, textarea, select, radio, date, file, secret, checklist or findings.
        more: ``required``, ``value``, ``options``, ``help``, ``error``, ``accept``.
    """
    return {"name": name, "label": label, "type": kind, "required": False, **more}


def options(words: dict[str, str]) -> list[dict[str, str]]:
    """Choices of a select field, with "choose" first."""
    return [
        {"value": "", "text": _("Choose")},
        *({"value": key, "text": text} for key, text in words.items()),
    ]


def _checklist(sent: dict[str, Any], errors: dict[str, str]) -> dict[str, Any]:
    answers = texts.answers()
    return {
        **field("checklist", _("The four principles"), "checklist", required=True),
        "options": [{"value": key, "text": text} for key, text in answers.items()],
        "error": errors.get("checklist"),
        "rows": [
            {
                "code": code,
                "label": label,
                "help": ask,
                "value": sent.get(f"checklist.{code}"),
                "error": errors.get(f"checklist.{code}"),
            }
            for code, (label, ask) in texts.principles().items()
        ],
    }


def _findings(
    view: Panel, sent: dict[str, Any], errors: dict[str, str], codes: list[str]
) -> dict[str, Any]:
    words = texts.reasons()
    rows = []
    for number in range(ROWS):
        start = f"findings.{number}."
        rows.append(
            {
                **{
                    key: sent.get(start + key, "")
                    for key in ("code", "comment", "column", "rows", "place")
                },
                "severity": sent.get(start + "severity", "must"),
                "error": errors.get(f"findings.{number}"),
            }
        )
    return {
        **field("findings", _("Findings"), "findings", required=True),
        "error": errors.get("findings"),
        "rows": rows,
        "options": options({code: words[code] for code in codes}),
        "severities": [{"value": key, "text": text} for key, text in texts.severities().items()],
        "places": _places(view),
    }


def _places(view: Panel) -> list[dict[str, Any]]:
    labels = metadata.labels()
    return [
        {
            "label": _("Metadata"),
            "options": [{"value": f"field:{name}", "text": text} for name, text in labels.items()],
        },
        {
            "label": _("Resources"),
            "options": [
                {"value": f"resource:{one['id']}", "text": one.get("name") or "-"}
                for one in view.package.get("resources", ())
            ],
        },
    ]


def read(name: str, form: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Turn a posted form into the action's input.

    Args:
        name: the transition.
        form: the request's form.

    Returns:
        The action's input without ``id``, and what was typed (to show it again).
    """
    sent = {key: value.strip() for key, value in form.items()}
    data: dict[str, Any] = {
        key: sent[key]
        for key in ("comment", "revision", "release_at", "reason", "notice")
        if sent.get(key)
    }
    if name == "confirm":
        answers = {
            code: sent[f"checklist.{code}"]
            for code in states.PRINCIPLES
            if sent.get(f"checklist.{code}")
        }
        data["checklist"] = json.dumps(answers)
    if name == "decline":
        data["findings"] = json.dumps(
            [{"code": sent.get("code"), "comment": sent.get("explanation", "")}]
        )
    elif states.TRANSITIONS[name].findings:
        data["findings"] = json.dumps(_read_findings(sent))
    return data, sent


def unsent(name: str, sent: dict[str, str]) -> str | None:
    """Why a confirmation waits: findings that were typed beside it and are not sent."""
    if name not in ("confirm", "endorse"):
        return None
    number = len(_read_findings(sent))
    if not number:
        return None
    return ungettext(
        "%(num)s finding is typed and not sent. Return the dataset, or empty the finding.",
        "%(num)s findings are typed and not sent. Return the dataset, or empty the findings.",
        number,
    ) % {"num": number}


def _read_findings(sent: dict[str, str]) -> list[dict[str, Any]]:
    found = []
    for number in range(ROWS):
        one = {
            key: sent.get(f"findings.{number}.{key}", "")
            for key in ("code", "severity", "place", "column", "rows", "comment")
        }
        if not one["code"] and not one["comment"]:
            continue
        kind, _sep, value = one.pop("place").partition(":")
        if kind in ("field", "resource") and value:
            one[kind] = value
        found.append({key: value for key, value in one.items() if value})
    return found


def ask(name: str, view: Panel) -> str:
    """What is asked back, with who is next."""
    following = view.office()
    if name == "confirm" and view.approval and view.approval.priority:
        following = role_texts.role("pembina_data")
    return texts.asks().get(name, "") % {"opd": view.opd, "next": following}
