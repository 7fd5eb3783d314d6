"""CKAN interfaces of the approval, mixed into the plugin."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Flask, has_request_context, jsonify, request

from ckan import model
from ckan import plugins as p
from ckan.common import current_user
from ckan.lib.plugins import DefaultPermissionLabels
from ckan.types import Context

from ckanext.satudata import config
from ckanext.satudata.approval import gate, permissions, search, texts
from ckanext.satudata.approval.states import State
from ckanext.satudata.common import pages
from ckanext.satudata.common.errors import refuse
from ckanext.satudata.metadata import national
from ckanext.satudata.storage import served
from ckanext.satudata.storage import service as storage


class PackageController(p.IPackageController):
    """Second line of the gate, and who prepared a dataset."""

    def create(self, entity: model.Package) -> None:
        """A new dataset is private, also when it came around the chained actions."""
        gate.guard_entity(entity, new=True)

    def edit(self, entity: model.Package) -> None:
        """A locked dataset stays as it is, also for who imports core's functions."""
        gate.guard_entity(entity)

    def delete(self, entity: model.Package) -> None:
        """Nor is it deleted."""
        gate.guard_entity(entity)

    def after_dataset_create(self, context: Context, pkg_dict: dict[str, Any]) -> None:
        """Keep who created it; its files begin without bytes."""
        storage.begin_all(pkg_dict.get("id"))
        _remember(context, pkg_dict.get("id"))

    def after_dataset_update(self, context: Context, pkg_dict: dict[str, Any]) -> None:
        """Keep who edited it, and what is served of files whose columns changed class."""
        served.refresh(pkg_dict.get("id"))
        _remember(context, pkg_dict.get("id"))

    def before_dataset_index(self, pkg_dict: dict[str, Any]) -> dict[str, Any]:
        """Leave nothing in that the index refuses."""
        return national.fit(pkg_dict)

    def after_dataset_search(
        self, search_results: dict[str, Any], search_params: dict[str, Any]
    ) -> dict[str, Any]:
        """Tell letter and fingerprint of what is published, in results only."""
        user = None
        if has_request_context() and not current_user.is_anonymous:
            user = model.User.get(current_user.name)
        search.put_right(search_results, user)
        if config.national_mirror() and has_request_context() and _is_api():
            national.mirror(search_results["results"])
        return search_results


def _is_api() -> bool:
    """Does a program ask? The pages show the fields themselves."""
    return "/api/" in request.path


def _remember(context: Context, package_id: str | None) -> None:
    """Note a person as preparer; in the transaction of the write itself."""
    user = model.User.get(context.get("user") or None)
    if user is None or package_id is None:
        return
    model.Session.execute(permissions.prepared(package_id, user.id))


class PermissionLabels(DefaultPermissionLabels, p.IPermissionLabels):
    """Readers of datasets that are not public, beside those of core."""

    def get_dataset_labels(self, dataset_obj: model.Package) -> list[str]:
        """Core's labels, and those of the roles that work on it.

        A row that says public without being active stays with its editors.
        """
        labels = list(super().get_dataset_labels(dataset_obj))
        return labels + permissions.dataset_labels(dataset_obj)

    def get_user_dataset_labels(self, user_obj: model.User | None) -> list[str]:
        """Core's labels of the person, and those of the roles held today."""
        labels = list(super().get_user_dataset_labels(user_obj))
        return labels + permissions.user_labels(user_obj.id if user_obj else None)


def tell_of_triggers(app: Flask) -> None:
    """Say in words what a trigger refused to code that goes around the actions."""

    def answer(error: sa.exc.DBAPIError) -> Any:
        refusal = gate.from_trigger(error)
        if refusal is None:
            raise error
        model.Session.rollback()
        if _is_api():
            return jsonify({"success": False, "error": refusal.error_dict}), 409
        return pages.refused(refusal)

    app.register_error_handler(sa.exc.DBAPIError, answer)


def xloader_may_load(resource_id: str) -> bool:
    """May xloader write the DataStore table of a resource? Not of a locked dataset."""
    package_id = storage.package_of(resource_id)
    if package_id is None or not gate.is_managed(package_id):
        return True
    return gate.locked_state(package_id) is None


try:
    from ckanext.xloader.interfaces import IXloader
except ImportError:

    class XloaderGuard:
        """Nothing to guard where xloader is not installed."""

else:

    class XloaderGuard(IXloader):  # type: ignore[no-redef]
        """xloader writes by SQL before its first action: stop it before that."""

        def can_upload(self, resource_id: str) -> bool:
            """Answer False for a file of a locked dataset."""
            return xloader_may_load(resource_id)

        def datastore_before_update(
            self, resource_id: str, existing_fields: Any, new_headers: Any
        ) -> None:
            """Stop a load that was queued before the dataset was locked.

            Raises:
                Refusal: ``locked``; the rows stay as they are.
            """
            if not xloader_may_load(resource_id):
                refuse("locked", texts.locked(State.SUBMITTED))
