"""The check screen: metadata, files and the decision side by side (pages, section 7)."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _

from ckanext.satudata.approval import figures, forms, panel, permissions
from ckanext.satudata.approval.panel import Panel
from ckanext.satudata.approval.states import State
from ckanext.satudata.common import dates
from ckanext.satudata.metadata import columns
from ckanext.satudata.metadata import service as metadata
from ckanext.satudata.metadata import texts as metadata_texts

#: State → (transition that goes on, transition that returns).
DECISIONS: dict[State, tuple[str, str]] = {
    State.SUBMITTED: ("confirm", "return"),
    State.PEMBINA_REVIEW: ("endorse", "return_to_walidata"),
}


def page(
    view: Panel,
    sent: dict[str, Any] | None = None,
    listed: list[tuple[str, str]] | None = None,
) -> dict[str, Any]:
    """What the check screen shows of one dataset.

    Args:
        view: its panel for the person who looks.
        sent: what was typed before a refusal.
        listed: the refusal, as (field, message).
    """
    built = view.build()
    actions = {one["name"]: one for one in built["actions"]}
    mine = view.approval is not None and permissions.holds(view.approval, view.user.id)
    names = DECISIONS.get(view.state)
    return {
        "pkg_dict": view.package,
        "dataset_type": view.package["type"],
        "panel": built,
        "mine": mine,
        "claim": actions.get("claim"),
        "release": actions.get("release"),
        "until": _until(view) if mine else "",
        "parts": _parts(view),
        "files": _files(view),
        "decision": _decision(view, names, sent or {}, dict(listed or ()))
        if mine and names
        else None,
        "errors": [message for _field, message in listed or ()],
        "why_not": _why_not(view, mine, bool(names), actions),
    }


def _until(view: Panel) -> str:
    assert view.approval is not None
    end = permissions.claim_ends(view.approval)
    return dates.moment(end)


def _parts(view: Panel) -> list[dict[str, Any]]:
    """Filled fields by part; a demanded one that is empty is shown as missing."""
    values = metadata.values(view.row)
    values["tag_string"] = ", ".join(tag["display_name"] for tag in view.package.get("tags", ()))
    values["owner_org"] = view.opd
    open_fields = {
        one.field: one.number for one in view.findings if one.field and one.round == view.number
    }
    parts: dict[str, list[dict[str, Any]]] = {key: [] for key in metadata_texts.parts()}
    for field in metadata.fields():
        name = field["field_name"]
        value = metadata.shown(field, values.get(name))
        if name == "name" or not value and field.get("duty") != "submit":
            continue
        parts.setdefault(field.get("part", "identity"), []).append(
            {
                "name": name,
                "label": metadata.label(field),
                "value": value,
                "finding": open_fields.get(name),
            }
        )
    words = metadata_texts.parts()
    return [{"label": words.get(key, key), "rows": rows} for key, rows in parts.items() if rows]


def _files(view: Panel) -> list[dict[str, Any]]:
    figure = figures.of(view.row)
    rows = []
    for resource in view.package.get("resources", ()):
        rows.append(
            {
                "name": resource.get("name") or resource.get("url", "").rsplit("/", 1)[-1],
                "format": resource.get("format", ""),
                "url": resource.get("url", ""),
                "page": tk.url_for(
                    "dataset_resource.read",
                    id=view.package["name"],
                    resource_id=resource["id"],
                ),
                "original": tk.url_for(
                    "satudata_storage.original", id=view.package["name"], resource_id=resource["id"]
                )
                if columns.withheld(resource)
                else None,
                "loaded": bool(resource.get("datastore_active")),
                "table": figure if resource["id"] == figure["resource_id"] else None,
            }
        )
    return rows


def _decision(
    view: Panel, names: tuple[str, str], sent: dict[str, Any], errors: dict[str, str]
) -> dict[str, Any]:
    onward, back = names
    fields = [one for one in forms.fields(onward, view, sent, errors) if one["name"] != "comment"]
    return {
        "fields": [*fields, *forms.fields(back, view, sent, errors)],
        "onward": {"name": onward, "url": panel.transition_url(view.package["name"], onward)},
        "back": {"name": back, "url": panel.transition_url(view.package["name"], back)},
        "ask": forms.ask(onward, view),
        "revision": view.approval.revision if view.approval else 0,
    }


def _why_not(view: Panel, mine: bool, decidable: bool, actions: dict[str, Any]) -> str:
    """Why there is nothing to decide for the person who looks."""
    if not decidable:
        return _("The dataset does not wait for a check.")
    if mine:
        return ""
    claim = actions.get("claim")
    if claim and claim["reason"]:
        return claim["reason"]
    if view.claimed:
        return _("A colleague is checking this dataset.")
    return _("Take the dataset for checking first.") if claim else _("Only its checker decides.")


def may_open(user: model.User, state: State) -> bool:
    """Is the check screen a person's page: one who checks in this or a later step?"""
    return permissions.checks(user.id) and state is not State.DRAFT
