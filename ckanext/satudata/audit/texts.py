"""Words of the audit in the reader's language."""

from __future__ import annotations

from ckan.plugins.toolkit import _


def kinds() -> dict[str, tuple[str, str]]:
    """Kind of finding → (what it means, what to do)."""
    return {
        "row": (
            _("The database calls this dataset public, but no publication is recorded."),
            _("Set it to private, then find out who wrote it: the trigger was switched off."),
        ),
        "index": (
            _("The search index shows this dataset to everybody."),
            _("Run: ckan search-index rebuild"),
        ),
        "content": (
            _("A word of this dataset is told to people without a right to it."),
            _("Close the address, or switch off the plugin that serves it."),
        ),
        "existence": (
            _("The answer shows that this hidden dataset exists."),
            _("Close the address, or switch off the plugin that serves it."),
        ),
        "unreachable": (
            _("This published dataset does not reach the public."),
            _("Open the address and read the log of the web process."),
        ),
        "missing": (
            _("This published dataset cannot be found by search."),
            _("Run: ckan search-index rebuild"),
        ),
        "changed": (
            _("The public content is not the content that was validated."),
            _("Withdraw the dataset and have it checked again."),
        ),
        "error": (
            _("The portal was not fit to answer, so nothing is proven."),
            _("Run: ckan satudata check; then: ckan satudata audit"),
        ),
        "account": (
            _("The account of the audit has rights, so it is no outsider."),
            _("Take away roles and memberships of this account: satudata-audit"),
        ),
    }


def people() -> dict[str, str]:
    """Who asked → words."""
    return {
        "anonymous": _("not signed in"),
        "outsider": _("signed in, without a role"),
        "": _("in the portal itself"),
    }


def needles() -> dict[str, str]:
    """Kind of needle → words."""
    return {
        "id": _("identifier"),
        "name": _("address name"),
        "resource": _("identifier of a file"),
        "title": _("title"),
        "notes": _("description"),
        "field": _("metadata field"),
        "tag": _("keyword"),
        "file name": _("name of a file"),
        "link": _("link of a file"),
        "content": _("cells of the data"),
        "process": _("data of the process"),
        "letter": _("letter"),
    }
