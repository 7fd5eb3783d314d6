"""The only place with version switches between CKAN 2.12 and 2.11, newest first."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import IO, Any, cast

import sqlalchemy as sa

from ckan import model
from ckan.lib import search, uploader
from ckan.plugins import toolkit as tk


class _Chunks(io.RawIOBase):
    """A readable file over the chunks of a storage that only iterates."""

    def __init__(self, chunks: Any) -> None:
        self._chunks, self._rest = iter(chunks), b""

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        while not self._rest:
            try:
                self._rest = next(self._chunks)
            except StopIteration:
                return 0
        part, self._rest = self._rest[: len(target)], self._rest[len(target) :]
        target[: len(part)] = part
        return len(part)


def stock_uploader() -> Any:
    """CKAN's own uploader of resource files: where they lie without this extension."""
    if tk.check_ckan_version("2.12"):
        from ckan.lib import files

        with suppress(files.exc.UnknownStorageError):
            files.get_storage(tk.config["ckan.files.default_storages.resource"])
            return uploader.FKResourceUpload({})
    return uploader.ResourceUpload({})


def open_stock(resource_id: str) -> IO[bytes] | None:
    """Open the file of a resource where CKAN itself would have put it, or answer None."""
    upload = stock_uploader()
    try:
        location = upload.get_path(resource_id)
    except (TypeError, tk.ValidationError):
        # No folder is configured, or the id makes no path in it.
        return None
    storage = getattr(upload, "storage", None)
    if storage is not None:
        from ckan.lib import files

        try:
            data = files.FileData(location, size=storage.size(location))
        except (files.exc.LocationError, files.exc.MissingFileError):
            return None
        return cast("IO[bytes]", io.BufferedReader(_Chunks(storage.stream(data))))
    try:
        return open(location, "rb")
    except (FileNotFoundError, NotADirectoryError):
        return None


def package_extras(package_id: str) -> dict[str, Any]:
    """Extras of a dataset as the database has them now, past the session's memory."""
    if tk.check_ckan_version("2.12"):
        query = sa.select(model.Package.extras).where(model.Package.id == package_id)
        return dict(model.Session.scalar(query) or {})
    extra = model.PackageExtra
    pairs = sa.select(extra.key, extra.value).where(
        extra.package_id == package_id, extra.state == "active"
    )
    return {row.key: row.value for row in model.Session.execute(pairs)}


def write_stock(resource_id: str, source: IO[bytes]) -> None:
    """Put a file where CKAN's own uploader looks for it.

    Args:
        resource_id: the resource.
        source: a file with a path.
    """
    upload = stock_uploader()
    location = upload.get_path(resource_id)
    storage = getattr(upload, "storage", None)
    if storage is not None:
        from ckan.lib import files

        # It may be one that refuses to overwrite.
        storage.remove(files.FileData(location))
        storage.upload(location, files.make_upload(source))
        return
    os.makedirs(os.path.dirname(location), exist_ok=True)
    with open(f"{location}~", "wb") as target:
        shutil.copyfileobj(source, target)
    os.replace(f"{location}~", location)


def file_ids(owner_ids: list[str]) -> list[str]:
    """Ids of the entries that 2.12 keeps of the files of datasets and resources."""
    if not tk.check_ckan_version("2.12"):
        return []
    query = sa.select(model.FileOwner.file_id).where(model.FileOwner.owner_id.in_(owner_ids))
    return list(model.Session.scalars(query))


def extra_values(kind: type, condition: Any) -> list[str]:
    """Values of the extras of the datasets or groups that fit a condition, as text.

    2.12 keeps them in a column, 2.11 in a table of their own.

    Args:
        kind: ``model.Package`` or ``model.Group``.
        condition: on it.
    """
    if tk.check_ckan_version("2.12"):
        # Value by value: as one text, the quotes in a stored list would be escaped.
        query = sa.select(kind.extras)  # type: ignore[attr-defined]
    elif kind is model.Package:
        query = sa.select(model.PackageExtra.value).join(
            model.Package, model.Package.id == model.PackageExtra.package_id
        )
    else:
        query = sa.select(model.GroupExtra.value).join(
            model.Group, model.Group.id == model.GroupExtra.group_id
        )
    found = [value for value in model.Session.scalars(query.where(condition)) if value]
    return [
        str(value)
        for one in found
        for value in (one.values() if isinstance(one, dict) else (one,))
        if value
    ]


def groups_extras(group_ids: Iterable[str]) -> dict[str, dict[str, str]]:
    """Id of a group or organization → its extras, in one query for all of them."""
    ids = sorted(set(group_ids))
    if not ids:
        return {}
    if tk.check_ckan_version("2.12"):
        columns = sa.select(model.Group.id, model.Group.extras)
        rows = model.Session.execute(columns.where(model.Group.id.in_(ids)))
        return {key: dict(extras or {}) for key, extras in rows}
    extra = model.GroupExtra
    pairs = sa.select(extra.group_id, extra.key, extra.value).where(
        extra.group_id.in_(ids), extra.state == "active"
    )
    found: dict[str, dict[str, str]] = {}
    for key, name, value in model.Session.execute(pairs):
        found.setdefault(key, {})[name] = value
    return found


def unwrap(action: Callable[..., Any]) -> Callable[..., Any]:
    """The outermost function that CKAN's wrapper of an action calls.

    2.12 keeps it as ``__wrapped__``, 2.11 only in the wrapper's closure. The self-test
    looks there for the gate's link.
    """
    if tk.check_ckan_version("2.12"):
        return getattr(action, "__wrapped__", action)
    for cell in getattr(action, "__closure__", None) or ():
        if callable(cell.cell_contents):
            return cell.cell_contents
    return action


def index_dataset(package_id: str) -> None:
    """Write a dataset's entry in the search index as the database has it now.

    Raises:
        SearchError: and others, where the index does not take it.
    """
    context = {"ignore_auth": True, "user": "", "use_cache": False, "validate": False}
    if tk.check_ckan_version("2.12"):
        from ckan import logic

        both = logic.package_show_default_and_custom_schemas(context, package_id)
        logic.index_update_package_dicts(both)
    else:
        package = tk.get_action("package_show")(context, {"id": package_id})
        search.index_for("Package").update_dict(package)
