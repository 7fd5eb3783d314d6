"""The people of the demo city, who walk datasets along the road of a running portal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.portal import ROOT, Portal

# The demo's own modules name one another without a package.
sys.path.insert(0, str(ROOT / "demo"))


@pytest.fixture(scope="session")
def demo(portal: Portal) -> Iterator[Any]:
    """The seeder of the demo city, with its accounts: ``dataset``, ``check``, ``sign``."""
    from seed import Seed

    admin = next(one["token"] for one in portal.accounts if one["user"] == "admin")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOKEN", admin)
        yield Seed(portal.url, ROOT / ".satudata" / "e2e.json")
