"""Words of the storage in the reader's language."""

from __future__ import annotations

from ckan.plugins.toolkit import _

from ckanext.satudata.common.csvs import NoCopyError


def no_copy(name: str, error: NoCopyError) -> str:
    """Why a file cannot be given without its withheld columns, with the way out."""
    lines = {
        "link": _("File %(name)s is a link, so its columns cannot be left out. Upload the file."),
        "missing": _("File %(name)s is not there. Upload it again."),
        "format": _(
            "Columns can be left out of a CSV only. Save %(name)s as CSV UTF-8 and upload that."
        ),
        "encoding": _("File %(name)s cannot be read as text. Save it as CSV UTF-8 again."),
        "column": _("File %(name)s has no column %(column)s in its first row. Correct the name."),
        "all": _("No column of file %(name)s would be left. Choose the class closed instead."),
        "row": _(
            "File %(name)s, row %(row)s: %(fields)s cells, but %(wanted)s column names. "
            "Columns can be left out only where every row has as many cells."
        ),
        "table": _(
            "The table of file %(name)s has the column %(column)s, which is not in the public "
            "copy. Load the file into the table again, then submit."
        ),
    }
    return lines[error.code] % {"name": name, **error.values}
