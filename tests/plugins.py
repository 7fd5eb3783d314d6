"""CKAN's plugins and web app, kept from test to test while the configuration is the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ckan.common import config
from ckan.plugins import core
from ckan.tests import helpers

__all__ = ["app", "only_asked_plugins", "with_plugins"]

#: CKAN 2.11 keeps its system plugins loaded and names the rest; 2.12 unloads all.
_unload: Callable[[], None] = getattr(core, "unload_non_system_plugins", core.unload_all)


class _Kept:
    """What is loaded, for which configuration, and what loading changed in it."""

    asked: dict[str, Any] | None = None
    changed: dict[str, Any] = {}
    loaded: dict[str, int] = {}
    app: Any = None
    app_changed: dict[str, Any] = {}

    @classmethod
    def forget(cls) -> None:
        cls.asked = cls.app = None


def _loaded() -> dict[str, int]:
    """Which objects serve as plugins: a plugin loaded anew is another one."""
    return {name: id(core._PLUGINS_SERVICE[name]) for name in core._PLUGINS}


def _difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in after.items() if k not in before or before[k] != v}


@pytest.fixture(autouse=True)
def only_asked_plugins(request: pytest.FixtureRequest) -> None:
    """A test that does not ask for the plugins finds none loaded."""
    if "with_plugins" not in request.fixturenames and _Kept.asked is not None:
        original = dict(config)
        # CKAN unloads in the configuration it loaded in: its own fixture does so too.
        config.update(_Kept.changed)
        _Kept.forget()
        _unload()
        config.clear()
        config.update(original)


@pytest.fixture
def with_plugins(ckan_config: Any) -> Iterator[None]:
    """Load what ``ckan.plugins`` names, as CKAN's fixture does, but only when it must.

    Loading takes 1.3 s and is most of what a test costs. Loaded plugins stay for the next
    test, unless its configuration is another one or a test loaded others itself.
    """
    asked = dict(ckan_config)
    if _Kept.asked == asked and _Kept.loaded == _loaded():
        ckan_config.update(_Kept.changed)
    else:
        _Kept.forget()
        core.load_all()
        _Kept.asked, _Kept.loaded = asked, _loaded()
        _Kept.changed = _difference(asked, dict(ckan_config))
    yield
    if _Kept.loaded != _loaded():
        _Kept.forget()
        _unload()


@pytest.fixture
def app(request: pytest.FixtureRequest, make_app: Any, ckan_config: Any) -> Any:
    """A client without cookies; the web app behind it lives as long as the plugins."""
    if "with_plugins" not in request.fixturenames:
        return make_app()
    if _Kept.app is None:
        before = dict(ckan_config)
        _Kept.app = make_app().app
        _Kept.app_changed = _difference(before, dict(ckan_config))
    else:
        ckan_config.update(_Kept.app_changed)
    return helpers.CKANTestApp(_Kept.app)
