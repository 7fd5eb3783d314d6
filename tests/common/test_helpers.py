"""Template helpers that every list uses."""

from __future__ import annotations

import pytest

from ckanext.satudata.common import helpers

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "with_request_context")]


@pytest.mark.parametrize("kind", ["dataset", "harvest-of-nobody", None])
def test_a_dataset_of_a_type_without_pages_has_an_address(kind):
    """Its plugin may have been taken out; a list with it is shown all the same."""
    assert helpers.satudata_dataset_url({"type": kind, "name": "a"}).endswith("/dataset/a")
