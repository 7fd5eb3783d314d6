"""The code lists in the API."""

from __future__ import annotations

from typing import Any

from ckan.plugins import toolkit as tk
from ckan.plugins.toolkit import _
from ckan.types import Context

from ckanext.satudata.common import files
from ckanext.satudata.common.errors import Conflict, Refusal, refuse
from ckanext.satudata.metadata import (
    codelists,
    completeness,
    indah,
    intake,
    prefill,
    schema,
    tableschema,
    workbook,
)
from ckanext.satudata.metadata import service as metadata

__all__ = [
    "satudata_code_list_list",
    "satudata_code_list_show",
    "satudata_completeness_show",
    "satudata_dataset_prefill",
    "satudata_indah_import",
    "satudata_indah_show",
    "satudata_table_schema_show",
]


@tk.side_effect_free
@tk.validate_action_data(schema.none)
def satudata_code_list_list(context: Context, data_dict: dict[str, Any]) -> list[dict[str, Any]]:
    """List the code lists (kode referensi, Perpres 39/2019 ps 10) with their sources.

    Args:
        context: CKAN's context.
        data_dict: empty.

    Returns:
        For each list ``id``, ``title``, ``about``, ``source``, ``source_date``,
        ``licence``, ``checked_against`` (the second source, and what was compared),
        ``differences`` (that were found, or null), ``columns`` (name to title),
        ``additions`` (of the city, each with its source), ``count`` and ``unchecked``
        (codes that no second source confirms). Texts are objects with ``id`` and ``en``.

    Raises:
        NotAuthorized: never; everybody may read them.
    """
    tk.check_access("satudata_code_list_list", context, data_dict)
    return [codelists.about(one) for one in codelists.every()]


@tk.side_effect_free
@tk.validate_action_data(schema.show)
def satudata_code_list_show(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Show one code list: where it comes from, and its codes.

    Args:
        context: CKAN's context.
        data_dict: ``id`` of the list, and optional ``q`` (words that code, label,
            spelling or column have), ``limit`` (100, at most 1000) and ``offset``.

    Returns:
        What ``satudata_code_list_list`` says of it, ``total`` (codes that fit ``q``), and
        ``items``: ``code``, ``label`` (``id`` and ``en``), ``variants`` (other spellings),
        ``checked``, and the columns of the list where the code has them. ``nearest`` are
        the codes most like ``q`` where none fits.

    Raises:
        ObjectNotFound: no such list.
        ValidationError: ``limit`` or ``offset`` is no natural number.
    """
    tk.check_access("satudata_code_list_show", context, data_dict)
    found = codelists.get(data_dict["id"])
    if found is None:
        raise tk.ObjectNotFound(_("There is no code list of this name."))
    text, start = data_dict.get("q") or "", data_dict["offset"]
    items = codelists.search(found, text)
    shown = items[start : start + min(data_dict["limit"], schema.MOST)]
    near = [] if items else codelists.nearest(found.head.key, text)
    return {
        **codelists.about(found),
        "total": len(items),
        "items": [codelists.dictized(one) for one in shown],
        "nearest": [codelists.dictized(one) for one in near],
    }


@tk.side_effect_free
@tk.validate_action_data(schema.dataset)
def satudata_completeness_show(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Show how complete the description of a dataset is (Perpres 39/2019 ps 4, 7, 33(2)).

    Args:
        context: CKAN's context.
        data_dict: ``id`` of the dataset.

    Returns:
        ``score`` (percent of the demanded fields that apply and are filled), ``filled``,
        ``total``; ``draft`` and ``submit``, each ``complete`` and ``missing`` (``field``,
        ``label``, of a file also ``resource``); and ``parts`` of the form, each with
        ``part``, ``label``, ``filled``, ``total``, ``hidden`` (fields that do not apply)
        and ``missing``.

    Raises:
        ObjectNotFound: no such dataset.
        NotAuthorized: the person may not see it.
    """
    tk.check_access("satudata_completeness_show", context, data_dict)
    package = tk.get_action("package_show")({"user": context["user"]}, {"id": data_dict["id"]})
    return completeness.dictized(completeness.of_values(package, package["resources"]))


@tk.side_effect_free
@tk.validate_action_data(schema.dataset)
def satudata_indah_show(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Show a dataset as the metadata workbook of INDAH (BPS Regulation 5/2020).

    Args:
        context: CKAN's context.
        data_dict: ``id`` of the dataset.

    Returns:
        Name of a sheet → its rows, each column → text, in INDAH's order: ``ms_kegiatan``
        (one row), its variables and regions, ``ms_variabel``, ``ms_indikator``, and what
        belongs to them. A field that is empty or does not apply is empty.

    Raises:
        ObjectNotFound: no such dataset.
        NotAuthorized: the person may not see it.
    """
    tk.check_access("satudata_indah_show", context, data_dict)
    return indah.sheets(*_described(context, data_dict["id"]))


@tk.validate_action_data(schema.indah_import)
def satudata_indah_import(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Take a filled workbook of INDAH (BPS) into the description of a dataset.

    A cell counts where it says something else than ``satudata_indah_show`` would; an empty
    cell changes nothing. Indicators and variables are found by their names: unknown
    indicators are added, variables have to be a column of a file already. No workbook opens
    a column that is not open. All changes are stored together or none is.

    Args:
        context: CKAN's context.
        data_dict: ``id`` of the dataset; ``upload``, the workbook (.xlsx) or a ZIP with one
            CSV for each sheet, at most 5 MB; ``confirm``, true to store the changes (else
            they are only told); ``mark`` of the changes that were shown, so that others are
            not stored unseen.

    Returns:
        ``changes``, each ``field``, ``label``, ``before`` and ``after`` in words;
        ``left_out``, each ``label`` and ``text`` (why it is not stored); ``mark`` of the
        changes; and ``stored``.

    Raises:
        ObjectNotFound: no such dataset.
        NotAuthorized: the person may not change it.
        ValidationError: at ``upload`` where the file cannot be read, with sheet, column and
            row of each problem; ``conflict`` where the dataset changed since ``mark``; and
            what ``package_patch`` refuses, e.g. while the dataset is checked.
    """
    package, organization = _described(context, data_dict["id"])
    tk.check_access("satudata_indah_import", context, {"id": package["id"]})
    upload = files.uploaded(data_dict, "upload")
    if upload is None:
        refuse("no-file", _("Choose the workbook."), "upload")
    book = workbook.read(upload)
    try:
        found = intake.compare(package, organization, book.sheets)
    except indah.WrongCellsError as error:
        book.refuse(error.problems)
    stored = bool(data_dict["confirm"] and found.patch)
    if data_dict["confirm"] and data_dict.get("mark") not in (None, found.mark):
        raise Conflict(_("The dataset changed meanwhile. Upload the workbook again and compare."))
    if stored:
        _patch(context, package["id"], found.patch, book)
    return {
        "changes": found.changes,
        "left_out": found.left_out,
        "mark": found.mark,
        "stored": stored,
    }


def _described(context: Context, key: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A dataset and its agency, as the person may see them."""
    package = tk.get_action("package_show")({"user": context["user"]}, {"id": key})
    if package["type"] != "dataset":
        raise tk.ObjectNotFound
    organization = package.get("organization") or {}
    if package.get("owner_org"):
        plain = dict.fromkeys(("include_users", "include_groups", "include_tags"), False)
        data = {"id": package["owner_org"], "include_dataset_count": False, **plain}
        organization = tk.get_action("organization_show")({"user": context["user"]}, data)
    return package, organization


def _patch(context: Context, key: str, values: dict[str, Any], book: workbook.Book) -> None:
    """Store the changes as the person; what the scheme refuses is said by its cell."""
    try:
        tk.get_action("package_patch")({"user": context["user"]}, {**values, "id": key})
    except Refusal:
        raise
    except tk.ValidationError as error:
        problems = intake.problems(error.error_dict)
        if not problems:
            raise
        book.refuse(problems)


@tk.validate_action_data(schema.prefill)
def satudata_dataset_prefill(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Fill the empty fields of a dataset from another one, e.g. that of the last period.

    Nothing that is filled is overwritten; days move by the months between the two periods.

    Args:
        context: CKAN's context.
        data_dict: ``id`` of the dataset to be filled, ``source`` (the other one), and
            ``preview`` (true: only tell what would be filled).

    Returns:
        ``filled``: ``field``, ``label`` and ``value`` of each; ``files``: number of files
        that got the variables of the other one's.

    Raises:
        ObjectNotFound: one of the two is not there for the person.
        NotAuthorized: the person may not change the dataset.
        ValidationError: the dataset is locked, or does not take a value.
    """
    tk.check_access("satudata_dataset_prefill", context, data_dict)
    source, target = (
        tk.get_action("package_show")({"user": context["user"]}, {"id": data_dict[one]})
        for one in ("source", "id")
    )
    tk.check_access("package_update", {"user": context["user"]}, {"id": target["id"]})
    found, files = prefill.values(source, target), prefill.files(source, target)
    patch = {**found, **({"resources": files} if files else {})}
    if patch and not data_dict["preview"]:
        if "tag_string" in patch:
            patch["tags"] = [{"name": one} for one in patch["tag_string"].split(", ")]
        patch["id"] = target["id"]
        tk.get_action("package_patch")({"user": context["user"]}, patch)
    before = {one["id"]: one.get("variabel") for one in target["resources"]}
    changed = [one for one in files or () if one.get("variabel") != before[one["id"]]]
    return {
        "filled": [
            {"field": name, "label": metadata.labels()[name], "value": value}
            for name, value in found.items()
        ],
        "files": len(changed),
    }


@tk.side_effect_free
@tk.validate_action_data(schema.dataset)
def satudata_table_schema_show(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Show the Table Schema of a file, made from its variables (MS-Var).

    Args:
        context: CKAN's context.
        data_dict: ``id`` of the file.

    Returns:
        ``fields``: of the open columns ``name``, ``type``, and where they are described
        ``title``, ``description``, ``unit`` and ``constraints``; ``missingValues``.

    Raises:
        ObjectNotFound: no such file, or none that the person may see.
    """
    tk.check_access("satudata_table_schema_show", context, data_dict)
    found = tk.get_action("resource_show")({"user": context["user"]}, {"id": data_dict["id"]})
    return tableschema.descriptor(found)
