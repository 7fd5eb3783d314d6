"""Self-test of the storage: uploads go through it, and it has a place."""

from __future__ import annotations

from collections.abc import Iterator

from ckan.lib import uploader
from ckan.plugins import toolkit as tk

from ckanext.satudata import config
from ckanext.satudata.common.startup import Problem
from ckanext.satudata.storage.uploader import ResourceFile

__all__ = ["uploads_are_stored_by_content"]


def uploads_are_stored_by_content() -> Iterator[Problem]:
    """Another uploader in front would overwrite the bytes of what is validated."""
    if not tk.config.get(config.STORAGE_PATH) and not tk.config.get("ckan.storage_path"):
        yield Problem(
            "storage",
            "There is no folder for files.",
            f"Set ckan.storage_path or {config.STORAGE_PATH}.",
        )
        return
    found = type(uploader.get_resource_uploader({}))
    if found is not ResourceFile:
        yield Problem(
            "storage",
            f"Uploads go to {found.__module__}.{found.__name__}, which overwrites files.",
            "Put satudata first in ckan.plugins.",
        )
