"""CKAN's activity stream, where the plugin ``activity`` is enabled.

An activity keeps a copy of the dataset and the labels of who may read it, both as of
its time. So what is withdrawn has to leave the streams too.
"""

from __future__ import annotations

import logging

import sqlalchemy as sa

from ckan import model
from ckan import plugins as p
from ckan.lib.plugins import get_permission_labels
from ckan.plugins import toolkit as tk

log = logging.getLogger(__name__)


def announce(package_id: str, user_id: str | None) -> None:
    """Tell followers that a dataset is public; a failure is logged and changes nothing.

    Args:
        package_id: the dataset.
        user_id: whose deed it is called, the head who validated: CKAN hides what its
            own account does.
    """
    if not p.plugin_loaded("activity"):
        return
    try:
        user = model.User.get(user_id)
        if user is None:
            return
        context = {"ignore_auth": True, "user": user.name}
        package = tk.get_action("package_show")(dict(context), {"id": package_id})
        tk.get_action("activity_create")(
            context,
            {
                "user_id": user.id,
                "object_id": package_id,
                "activity_type": "new package",
                "data": {"package": package, "actor": user.name},
                "permission_labels": _labels(package_id),
            },
        )
    except Exception:
        # The dataset is public; only the news of it is missing.
        log.exception("No activity for dataset %s", package_id)
        model.Session.rollback()


def hide(package_id: str) -> None:
    """Give a dataset's activities the labels it has now; flushed, not committed."""
    if not p.plugin_loaded("activity"):
        return
    from ckanext.activity.model import Activity

    model.Session.execute(
        sa.update(Activity)
        .where(Activity.object_id == package_id)
        .values(permission_labels=_labels(package_id))
        .execution_options(synchronize_session=False)
    )


def _labels(package_id: str) -> list[str]:
    return get_permission_labels().get_dataset_labels(model.Package.get(package_id))
