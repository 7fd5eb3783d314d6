"""The plugin ``satudata``: interfaces of CKAN, filled from the domains; no logic."""

from __future__ import annotations

import functools
import importlib
import importlib.util
from contextlib import suppress
from typing import Any

from ckan import authz
from ckan import plugins as p
from ckan.common import CKANConfig
from ckan.lib.plugins import DefaultTranslation
from ckan.plugins import toolkit as tk

from ckanext.satudata import cli, profile, registry
from ckanext.satudata import config as settings
from ckanext.satudata.approval import access, doors, existence, gate, lists, views, withdrawn
from ckanext.satudata.approval.implementations import (
    PackageController,
    PermissionLabels,
    XloaderGuard,
    tell_of_triggers,
)
from ckanext.satudata.common import guard, inputs, links, pages, startup
from ckanext.satudata.common.errors import Refusal
from ckanext.satudata.roles import implementations as memberships
from ckanext.satudata.storage.implementations import Uploads

_CORE_ACTIONS = ("get", "create", "update", "delete", "patch", "file")


@tk.blanket.validators(registry.validators)
@tk.blanket.helpers(registry.helpers)
@tk.blanket.blueprints(registry.blueprints)
@tk.blanket.config_declarations
class SatudataPlugin(
    PackageController,
    PermissionLabels,
    XloaderGuard,
    Uploads,
    DefaultTranslation,
    p.ITranslation,
    p.IConfigurer,
    p.IConfigurable,
    p.IActions,
    p.IAuthFunctions,
    p.IClick,
    p.IMiddleware,
    p.SingletonPlugin,
):
    """Satu Data Indonesia: nothing is public before it is validated."""

    # IConfigurer
    def update_config(self, config: CKANConfig) -> None:
        """Add templates and assets."""
        tk.add_template_directory(config, "templates")
        tk.add_resource("assets", "satudata")
        if config.get("ckan.site_title") in (None, "", "CKAN"):
            with suppress(profile.ProfileError):
                config["ckan.site_title"] = profile.load(config[settings.PROFILE]).city.title
        config["ckan.auth.route_after_login"] = "satudata_approval.tasks"
        # 2.11 leaves the forms of extensions without CSRF protection unless told so.
        config["ckan.csrf_protection.ignore_extensions"] = False

    # IConfigurable
    def configure(self, config: CKANConfig) -> None:
        """Hand the domains' checks to the self-test."""
        for check in registry.checks():
            startup.register(check)

    # ITranslation
    def i18n_domain(self) -> str:
        """Domain of the catalogue, also where the plugin is loaded by another name."""
        return "ckanext-satudata"

    # IActions
    def get_actions(self) -> dict[str, Any]:
        """Own actions, and the links in front of CKAN's, outermost first."""
        existing = self._existing()
        order = (
            lists.chained_actions(existing),
            existence.chained_actions(existing),
            gate.chained_actions(existing),
            memberships.chained_actions(),
            withdrawn.chained_actions(existing),
            {"package_search": guard.package_search},
        )
        return {
            **{name: inputs.clean(one) for name, one in registry.actions().items()},
            **functools.reduce(links.join, order),
        }

    # IAuthFunctions
    def get_auth_functions(self) -> dict[str, Any]:
        """Those of own actions, and the access classes in front of what reads rows."""
        return {**registry.auth_functions(), **access.chained_auth()}

    def _existing(self) -> set[str]:
        """Names of the actions of core and of the other plugins."""
        names: set[str] = set()
        for part in _CORE_ACTIONS:
            path = f"ckan.logic.action.{part}"
            if importlib.util.find_spec(path):
                names.update(vars(importlib.import_module(path)))
        for plugin in p.PluginImplementations(p.IActions):
            if plugin is not self:
                names.update(plugin.get_actions())
        return names

    # IClick
    def get_commands(self) -> list[Any]:
        """The group ``ckan satudata``."""
        return cli.get_commands()

    # IMiddleware
    def make_middleware(self, app: Any, config: CKANConfig) -> Any:
        """Answer 503 while the portal is not fit to serve, 410 or 403 for data not given."""
        # CKAN collects them at the first question; a second one meanwhile would find half.
        authz.auth_functions_list()
        existence.guard_pages(app)
        views.tell_of_withdrawals(app)
        tell_of_triggers(app)
        doors.close(app)
        app.wsgi_app = guard.Guard(app.wsgi_app)
        app.register_error_handler(Refusal, pages.refused)
        return app
