"""The plugin ``satudata``: interfaces of CKAN, filled from the domains; no logic."""

from __future__ import annotations

import importlib
import importlib.util
from contextlib import suppress
from typing import Any

from ckan import plugins as p
from ckan.common import CKANConfig
from ckan.lib.plugins import DefaultTranslation
from ckan.plugins import toolkit as tk

from ckanext.satudata import cli, profile, registry
from ckanext.satudata import config as settings
from ckanext.satudata.approval import gate, views, withdrawn
from ckanext.satudata.approval.implementations import (
    PackageController,
    PermissionLabels,
    XloaderGuard,
)
from ckanext.satudata.common import guard, inputs, links, pages, startup
from ckanext.satudata.common.errors import Refusal
from ckanext.satudata.roles import implementations as memberships

_CORE_ACTIONS = ("get", "create", "update", "delete", "patch", "file")


@tk.blanket.auth_functions(registry.auth_functions)
@tk.blanket.validators(registry.validators)
@tk.blanket.helpers(registry.helpers)
@tk.blanket.blueprints(registry.blueprints)
@tk.blanket.config_declarations
class SatudataPlugin(
    PackageController,
    PermissionLabels,
    XloaderGuard,
    DefaultTranslation,
    p.ITranslation,
    p.IConfigurer,
    p.IConfigurable,
    p.IActions,
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
        """Own actions, and in front of CKAN's the gate and the rule of memberships.

        And in front of those that read a dataset, the news that it was withdrawn.
        """
        existing = self._existing()
        return {
            **{name: inputs.clean(one) for name, one in registry.actions().items()},
            **links.join(gate.chained_actions(existing), memberships.chained_actions()),
            **withdrawn.chained_actions(existing),
            "package_search": guard.package_search,
        }

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
        """Answer 503 while the portal is not fit to serve, 410 for withdrawn data."""
        views.tell_of_withdrawals(app)
        app.wsgi_app = guard.Guard(app.wsgi_app)
        app.register_error_handler(Refusal, pages.refused)
        return app
