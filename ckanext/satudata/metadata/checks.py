"""Self-test: are the code lists, and what the city adds to them, well-formed?"""

from __future__ import annotations

from collections.abc import Iterator

from ckanext.satudata import profile
from ckanext.satudata.common.startup import Problem
from ckanext.satudata.metadata import codelists
from ckanext.satudata.metadata.codefiles import CodeListError

__all__ = ["code_lists_are_well_formed"]


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
