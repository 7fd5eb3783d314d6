"""CKAN interfaces of the storage, mixed into the plugin."""

from __future__ import annotations

from typing import Any

from ckan import plugins as p

from ckanext.satudata.storage.uploader import ResourceFile


class Uploads(p.IUploader):
    """Files of resources are stored by content; pictures of groups stay CKAN's."""

    def get_uploader(self, upload_to: str, old_filename: str | None) -> None:
        """Leave pictures of groups, users and the site to CKAN."""

    def get_resource_uploader(self, resource: dict[str, Any]) -> ResourceFile:
        """Our uploader, for every resource."""
        return ResourceFile(resource)
