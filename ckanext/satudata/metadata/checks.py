"""Self-test of the metadata: are the code lists well-formed, can a national portal harvest?"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

from ckan.plugins import toolkit as tk

from ckanext.satudata import profile
from ckanext.satudata.common.startup import Problem
from ckanext.satudata.metadata import codelists
from ckanext.satudata.metadata.codefiles import CodeListError

__all__ = ["code_lists_are_well_formed", "harvesters_reach_the_portal"]

#: A harvester asks for pages of this length and takes a shorter one for the last.
PAGE = 100
#: Endings of names that only the own network knows (RFC 6761, 6762, 8375).
_OWN_NETWORK = (".localhost", ".local", ".lan", ".internal", ".home.arpa", ".invalid")


def code_lists_are_well_formed() -> Iterator[Problem]:
    """Can every list be read? What a profile adds is checked with its list."""
    try:
        names = codelists.names()
    except profile.ProfileError:
        return
    for name in names:
        try:
            codelists.get(name)
        except CodeListError as error:
            for problem in error.problems:
                yield Problem("profile", problem, "Correct the code list and start again.")


def harvesters_reach_the_portal() -> Iterator[Problem]:
    """Are the links to files public, and the pages of the search long enough?

    Told only: a portal that nobody harvests works all the same. A tenth of the dead links
    of the national portal begin with an address that only the region's own network knows.
    """
    address = str(tk.config.get("ckan.site_url") or "")
    reason = _not_public(urlsplit(address).hostname or "")
    if reason:
        yield Problem(
            "harvest",
            f"ckan.site_url is {address}, {reason}: links to files lead nowhere for others.",
            "Set ckan.site_url to the public address of the portal.",
            blocks=False,
        )
    rows = tk.config.get("ckan.search.rows_max")
    if rows is not None and int(rows) < PAGE:
        yield Problem(
            "harvest",
            f"ckan.search.rows_max is {rows}: a harvester asks for {PAGE} and loses the rest.",
            f"Set ckan.search.rows_max to {PAGE} or more.",
            blocks=False,
        )


def _not_public(host: str) -> str:
    """Why others do not reach a host; empty where they do."""
    with suppress(ValueError):
        return "" if ipaddress.ip_address(host).is_global else "an address of the own network"
    if "." not in host:
        return "a name without a dot"
    return "a name of the own network" if host.endswith(_OWN_NETWORK) else ""
