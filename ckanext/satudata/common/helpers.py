"""Template helpers about the city."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup
from werkzeug.routing import BuildError

from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _

from ckanext.satudata import profile

__all__ = ["satudata_city", "satudata_dataset_url", "satudata_home", "satudata_nav"]


def satudata_city() -> dict[str, Any]:
    """Name, title, tagline, logo, colours and contact of the city, from its profile."""
    city = profile.current()
    return {
        **city.city.model_dump(),
        # Checked by the profile's schema: one svg element without a script.
        "logo_svg": Markup(city.look.logo),  # noqa: S704
        "colors": city.look.colors.model_dump(),
    }


def satudata_nav() -> list[dict[str, Any]]:
    """Public navigation: label, url and whether it is the page shown."""
    path = tk.request.path
    pages = (
        (_("Datasets"), "dataset.search"),
        (_("Organizations"), "organization.index"),
        (_("Groups"), "group.index"),
    )
    rows = []
    for label, route in pages:
        url = tk.url_for(route)
        root = tk.url_for(route, locale="default")
        rows.append({"label": label, "url": url, "active": path.startswith(root)})
    return rows


def satudata_dataset_url(package: dict[str, Any]) -> str:
    """Address of a dataset in a list.

    A type whose plugin was taken out has no page of its own; a list that holds one dataset
    of it must not fail for that.
    """
    try:
        return tk.url_for(f"{package.get('type') or 'dataset'}.read", id=package["name"])
    except BuildError:
        return tk.url_for("dataset.read", id=package["name"])


def satudata_home() -> dict[str, Any]:
    """What the front page shows: counts, newest datasets, agencies and topics.

    Public data only, whoever looks.
    """
    search = tk.get_action("package_search")
    found = search(
        {"user": ""},
        {
            "sort": "metadata_modified desc",
            "rows": 6,
            "facet.field": ["organization", "groups"],
            "facet.limit": 12,
        },
    )
    organizations = found["search_facets"].get("organization", {}).get("items", [])
    topics = found["search_facets"].get("groups", {}).get("items", [])

    def rows(items: list[dict[str, Any]], route: str) -> list[dict[str, Any]]:
        ordered = sorted(items, key=lambda one: (-one["count"], one["display_name"]))
        return [
            {
                "title": one["display_name"],
                "url": tk.url_for(route, id=one["name"]),
                "count": one["count"],
            }
            for one in ordered
        ]

    return {
        "counts": [
            {
                "number": found["count"],
                "label": _("Datasets"),
                "url": tk.url_for("dataset.search"),
            },
            {
                "number": len(organizations),
                "label": _("Organizations"),
                "url": tk.url_for("organization.index"),
            },
        ],
        "datasets": found["results"],
        "organizations": rows(organizations, "organization.read"),
        "topics": rows(topics, "group.read"),
        "examples": [
            {
                "label": _("population"),
                "url": tk.url_for("dataset.search", q=_("population")),
            },
            {"label": _("health"), "url": tk.url_for("dataset.search", q=_("health"))},
        ],
    }
